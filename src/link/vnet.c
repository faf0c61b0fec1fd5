/*
 * vnet.c - see vnet.h.
 */
#include "link/vnet.h"

#include <string.h>

/* Where TCP keeps its header length and CWR (RFC 9293 §3.1, RFC 3168 §6.1). */
#define TCP_OFFSET_AT 12
#define TCP_FLAGS_AT 13
#define TCP_CWR 0x80

#define ETHERTYPE_AT 12

bool
sp_vnet_to_frame(const struct virtio_net_hdr *hdr, struct sampan_frame *frame)
{
	frame->csum = SAMPAN_CSUM_COMPLETE;
	frame->csum_start = 0;
	frame->csum_offset = 0;
	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		if ((uint32_t)hdr->csum_start + hdr->csum_offset + 2 > frame->len)
			return false;
		frame->csum = SAMPAN_CSUM_PARTIAL;
		frame->csum_start = hdr->csum_start;
		frame->csum_offset = hdr->csum_offset;
	} else if (hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID) {
		frame->csum = SAMPAN_CSUM_VERIFIED;
	}

	frame->tso = hdr->gso_type != VIRTIO_NET_HDR_GSO_NONE;
	frame->gso_bytes = frame->tso ? hdr->gso_size : 0;
	switch (hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return !frame->tso;
	case VIRTIO_NET_HDR_GSO_TCPV4:
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return frame->gso_bytes > 0;
	default:
		return false;
	}
}

/* A byte of a frame; 0 behind its end. */
static uint8_t
byte_at(const struct sampan_frame *frame, uint32_t at)
{
	if (at < frame->head_len)
		return frame->head[at];
	at -= frame->head_len;
	for (unsigned i = 0; i < frame->slices; i++) {
		if (at < frame->slice[i].len)
			return frame->slice[i].data[at];
		at -= frame->slice[i].len;
	}
	return 0;
}

static uint8_t
gso_type(const struct sampan_frame *frame)
{
	const bool v6 = byte_at(frame, ETHERTYPE_AT) == 0x86;
	const bool cwr = byte_at(frame, frame->csum_start + (uint32_t)TCP_FLAGS_AT) & TCP_CWR;
	const unsigned type = v6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;

	return (uint8_t)(cwr ? type | VIRTIO_NET_HDR_GSO_ECN : type);
}

void
sp_vnet_from_frame(const struct sampan_frame *frame, struct virtio_net_hdr *hdr)
{
	memset(hdr, 0, sizeof(*hdr));
	if (frame->csum == SAMPAN_CSUM_PARTIAL) {
		hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr->csum_start = frame->csum_start;
		hdr->csum_offset = frame->csum_offset;
	} else if (frame->csum == SAMPAN_CSUM_VERIFIED) {
		hdr->flags = VIRTIO_NET_HDR_F_DATA_VALID;
	}
	if (frame->tso) {
		const uint32_t offset_at = frame->csum_start + (uint32_t)TCP_OFFSET_AT;

		hdr->gso_type = gso_type(frame);
		hdr->gso_size = frame->gso_bytes;
		hdr->hdr_len = (uint16_t)(frame->csum_start + 4 * (byte_at(frame, offset_at) >> 4));
	}
}
