/*
 * cut.c - see cut.h.
 */
#include "link/cut.h"

#include <string.h>

#include "wire/bytes.h"
#include "wire/csum.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

#define IP6_HDR_LEN 40
#define IP6_PAYLOAD_LEN_AT 4
#define IP6_ADDRS_AT 8
#define IP4_TOTAL_LEN_AT 2
#define IP4_ID_AT 4
#define IP4_CSUM_AT 10
#define IP4_ADDRS_AT 12
#define TCP_SEQ_AT 4
#define UDP_CSUM_OFF 6
#define TCP_DATA_OFF_AT 12
#define TCP_FLAGS_AT 13

bool
sp_frame_copy(uint8_t *dst, const struct sampan_frame *frame, uint32_t at, uint32_t len)
{
	const uint8_t *part = frame->head;
	uint32_t part_len = frame->head_len;

	for (unsigned i = 0; len > 0; i++) {
		if (at < part_len) {
			const uint32_t n = part_len - at < len ? part_len - at : len;

			memcpy(dst, part + at, n);
			dst += n;
			len -= n;
			at += n;
		}
		if (len > 0 && i == frame->slices)
			return false;
		at -= part_len;
		part = frame->slice[i].data;
		part_len = frame->slice[i].len;
	}
	return true;
}

/* ---- Looking at the frame ---- */

/* Is it TCP in the IP version that its Ethernet type names, the TCP header
 * where csum_start says, and all of it in hdr? */
static bool
hdr_is_tcp(const struct sp_cut *cut)
{
	const uint8_t *ip = cut->hdr + ETH_HDR_LEN;
	const uint32_t ip_len = cut->frame->csum_start - (uint32_t)ETH_HDR_LEN;

	switch (be16_get(cut->hdr + ETH_HDR_LEN - 2)) {
	case ETH_TYPE_IP4:
		return ip[0] >> 4 == 4 && (ip[0] & 15u) * 4 == ip_len && ip[9] == IP_PROTO_TCP;
	case ETH_TYPE_IP6:
		return ip[0] >> 4 == 6 && ip_len >= IP6_HDR_LEN;
	default:
		return false;
	}
}

static bool
begin_big(struct sp_cut *cut)
{
	const struct sampan_frame *f = cut->frame;
	const uint32_t least = (uint32_t)f->csum_start + TCP_HDR_LEN;
	uint32_t room = SP_CUT_HDR_MOST < f->len ? SP_CUT_HDR_MOST : f->len;

	if (f->gso_bytes == 0 || f->csum != SAMPAN_CSUM_PARTIAL || f->csum_offset != TCP_CSUM_OFF ||
	    f->csum_start < ETH_HDR_LEN + IP4_HDR_LEN || least > room ||
	    !sp_frame_copy(cut->hdr, f, 0, room) || !hdr_is_tcp(cut))
		return false;
	cut->hdr_bytes = f->csum_start + (cut->hdr[f->csum_start + TCP_DATA_OFF_AT] >> 4) * 4u;
	if (cut->hdr_bytes < least || cut->hdr_bytes > room)
		return false;
	cut->done_bytes = cut->hdr_bytes;
	cut->piece_bytes = cut->hdr_bytes + f->gso_bytes;
	if (cut->piece_bytes > f->len)
		cut->piece_bytes = f->len;
	return true;
}

bool
sp_cut_begin(struct sp_cut *cut, const struct sampan_frame *frame)
{
	cut->frame = frame;
	cut->hdr_bytes = 0;
	cut->done_bytes = 0;
	cut->ended = false;
	cut->piece_bytes = frame->len;
	if (frame->len < ETH_HDR_LEN || frame->len > SP_CUT_FRAME_MOST)
		return false;
	if (frame->tso)
		return begin_big(cut);
	return frame->csum != SAMPAN_CSUM_PARTIAL ||
	    (uint32_t)frame->csum_start + frame->csum_offset + 2 <= frame->len;
}

/* ---- Pieces ---- */

/* The field holds the pseudo-header's sum.  A sum of zero is written as its
 * other form by UDP (RFC 768), and by UDP only. */
static void
complete_csum(const struct sampan_frame *f, uint8_t *bytes, uint32_t len)
{
	const uint16_t csum = (uint16_t)~sp_csum_fold(sp_csum_add(bytes + f->csum_start,
	    len - f->csum_start, 0, SP_CSUM_PORTABLE));

	be16_put(bytes + f->csum_start + f->csum_offset,
	    csum == 0 && f->csum_offset == UDP_CSUM_OFF ? 0xffff : csum);
}

/* Lengths, identification and the header's checksum of piece number i; returns
 * the sum of the pseudo-header. */
static uint64_t
adjust_ip4(uint8_t *ip, uint32_t ip_bytes, uint32_t ip_hdr_bytes, uint32_t i)
{
	be16_put(ip + IP4_TOTAL_LEN_AT, (uint16_t)ip_bytes);
	be16_put(ip + IP4_ID_AT, (uint16_t)(be16_get(ip + IP4_ID_AT) + i));
	be16_put(ip + IP4_CSUM_AT, 0);
	be16_put(ip + IP4_CSUM_AT,
	    (uint16_t)~sp_csum_fold(sp_csum_add(ip, ip_hdr_bytes, 0, SP_CSUM_PORTABLE)));
	return sp_csum_pseudo4(be32_get(ip + IP4_ADDRS_AT), be32_get(ip + IP4_ADDRS_AT + 4),
	    IP_PROTO_TCP, ip_bytes - ip_hdr_bytes);
}

static uint64_t
adjust_ip6(uint8_t *ip, uint32_t ip_bytes, uint32_t ip_hdr_bytes)
{
	be16_put(ip + IP6_PAYLOAD_LEN_AT, (uint16_t)(ip_bytes - IP6_HDR_LEN));
	return sp_csum_pseudo6(ip + IP6_ADDRS_AT, ip + IP6_ADDRS_AT + 16, IP_PROTO_TCP,
	    ip_bytes - ip_hdr_bytes);
}

/* off: of the piece's text in the frame's. */
static void
adjust_tcp(uint8_t *tcp, uint32_t off, bool last)
{
	be32_put(tcp + TCP_SEQ_AT, be32_get(tcp + TCP_SEQ_AT) + off);
	if (!last)
		tcp[TCP_FLAGS_AT] &= (uint8_t)~(TCP_FIN | TCP_PSH);
	if (off > 0)
		tcp[TCP_FLAGS_AT] &= (uint8_t)~TCP_CWR;
}

/* dst holds header and text of a piece of len bytes. */
static void
adjust(const struct sp_cut *cut, uint8_t *dst, uint32_t len)
{
	const struct sampan_frame *f = cut->frame;
	const uint32_t off = cut->done_bytes - cut->hdr_bytes;
	const uint32_t ip_hdr_bytes = f->csum_start - (uint32_t)ETH_HDR_LEN;
	uint8_t *ip = dst + ETH_HDR_LEN, *tcp = dst + f->csum_start;
	uint64_t sum;

	adjust_tcp(tcp, off, cut->done_bytes + len - cut->hdr_bytes == f->len);
	be16_put(tcp + TCP_CSUM_OFF, 0);
	if (ip[0] >> 4 == 4)
		sum = adjust_ip4(ip, len - ETH_HDR_LEN, ip_hdr_bytes, off / f->gso_bytes);
	else
		sum = adjust_ip6(ip, len - ETH_HDR_LEN, ip_hdr_bytes);
	be16_put(tcp + TCP_CSUM_OFF, (uint16_t)~sp_csum_fold(sp_csum_add(tcp, len - f->csum_start,
	    sum, SP_CSUM_PORTABLE)));
}

static uint32_t
next_big(struct sp_cut *cut, uint8_t *dst)
{
	const struct sampan_frame *f = cut->frame;
	const uint32_t left = f->len - cut->done_bytes;
	const uint32_t text = left < f->gso_bytes ? left : f->gso_bytes;

	memcpy(dst, cut->hdr, cut->hdr_bytes);
	if (!sp_frame_copy(dst + cut->hdr_bytes, f, cut->done_bytes, text))
		return 0;
	adjust(cut, dst, cut->hdr_bytes + text);
	cut->done_bytes += text;
	cut->ended = cut->done_bytes == f->len;
	return cut->hdr_bytes + text;
}

uint32_t
sp_cut_next(struct sp_cut *cut, uint8_t *dst)
{
	const struct sampan_frame *f = cut->frame;

	if (cut->ended)
		return 0;
	if (f->tso)
		return next_big(cut, dst);
	cut->ended = true;
	if (!sp_frame_copy(dst, f, 0, f->len))
		return 0;
	if (f->csum == SAMPAN_CSUM_PARTIAL)
		complete_csum(f, dst, f->len);
	return f->len;
}
