/*
 * frame.c - see frame.h.
 */
#include "lib/frame.h"

#include <string.h>

#include "net/flow.h"
#include "wire/arp.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/ip4.h"

uint32_t
frame_sum(const uint8_t *p, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static bool
is_v6(const uint8_t *ip)
{
	return ip[0] >> 4 == 6;
}

uint32_t
frame_ip_hdr_len(const uint8_t *ip)
{
	return is_v6(ip) ? IP6_HDR_LEN : (ip[0] & 15u) * 4;
}

uint32_t
frame_payload_len(const uint8_t *ip)
{
	return is_v6(ip) ? be16_get(ip + 4) : be16_get(ip + 2) - frame_ip_hdr_len(ip);
}

uint8_t
frame_proto(const uint8_t *ip)
{
	return is_v6(ip) ? ip[6] : ip[9];
}

uint32_t
frame_pseudo(const uint8_t *ip)
{
	const uint32_t len = frame_payload_len(ip);
	const uint8_t rest[4] = { 0, frame_proto(ip), (uint8_t)(len >> 8), (uint8_t)len };

	return frame_sum(rest, 4, is_v6(ip) ? frame_sum(ip + 8, 32, 0) : frame_sum(ip + 12, 8, 0));
}

uint32_t
frame_flatten(const struct sampan_frame *f, uint8_t *dst)
{
	uint32_t at = f->head_len;

	memcpy(dst, f->head, f->head_len);
	for (unsigned i = 0; i < f->slices && at + f->slice[i].len <= FRAME_MAX; i++) {
		memcpy(dst + at, f->slice[i].data, f->slice[i].len);
		at += f->slice[i].len;
	}
	return at;
}

static uint32_t
text_at(const uint8_t *bytes)
{
	const uint8_t *ip = bytes + ETH_HDR_LEN;
	const uint8_t *tcp = ip + frame_ip_hdr_len(ip);

	return ETH_HDR_LEN + frame_ip_hdr_len(ip) + (tcp[12] >> 4) * 4u;
}

unsigned
frame_pieces(const struct sampan_frame *f, const uint8_t *bytes)
{
	const uint32_t text = f->tso ? f->len - text_at(bytes) : 0;

	return f->tso ? (text + f->gso_bytes - 1) / f->gso_bytes : 1;
}

/* Lengths, sequence number and flags of piece number i, whose text is len. */
static void
adjust(uint8_t *piece, unsigned i, uint32_t off, uint32_t len, bool last)
{
	uint8_t *ip = piece + ETH_HDR_LEN, *tcp = ip + frame_ip_hdr_len(ip);

	if (is_v6(ip)) {
		be16_put(ip + 4, (uint16_t)(text_at(piece) - ETH_HDR_LEN - IP6_HDR_LEN + len));
	} else {
		be16_put(ip + 2, (uint16_t)(text_at(piece) - ETH_HDR_LEN + len));
		be16_put(ip + 10, 0);
		be16_put(ip + 10, (uint16_t)~frame_sum(ip, frame_ip_hdr_len(ip), 0));
	}
	be32_put(tcp + 4, be32_get(tcp + 4) + off);
	if (!last)
		tcp[13] &= (uint8_t)~(TCP_FIN | TCP_PSH);
	if (i > 0)
		tcp[13] &= (uint8_t)~TCP_CWR;
}

uint32_t
frame_piece(const struct sampan_frame *f, const uint8_t *bytes, unsigned i, uint8_t *dst)
{
	const uint32_t head = f->tso ? text_at(bytes) : f->len;
	const uint32_t text = f->len - head, off = i * f->gso_bytes;
	const uint32_t len = text - off < f->gso_bytes ? text - off : f->gso_bytes;
	uint8_t *ip = dst + ETH_HDR_LEN, *tcp;

	memcpy(dst, bytes, head);
	if (f->tso) {
		memcpy(dst + head, bytes + head + off, len);
		adjust(dst, i, off, len, off + len == text);
	}
	if (f->csum == SAMPAN_CSUM_PARTIAL) {
		tcp = ip + frame_ip_hdr_len(ip);
		be16_put(dst + f->csum_start + f->csum_offset, 0);
		be16_put(dst + f->csum_start + f->csum_offset, (uint16_t)~frame_sum(tcp,
		    frame_payload_len(ip), frame_pseudo(ip)));
	}
	return f->tso ? head + len : f->len;
}

static bool
is_fragment(const uint8_t *ip)
{
	return is_v6(ip) ? frame_proto(ip) == IP_PROTO_FRAGMENT :
	    (be16_get(ip + 6) & 0x3fff) != 0;	/* MF and the offset */
}

static const char *
transport_flaw(const struct sampan_frame *f, const uint8_t *ip)
{
	const uint8_t *l4 = ip + frame_ip_hdr_len(ip);
	const uint32_t len = frame_payload_len(ip);
	const uint32_t pseudo = frame_proto(ip) != IP_PROTO_ICMP ? frame_pseudo(ip) : 0;

	if (is_fragment(ip) || (is_v6(ip) && frame_proto(ip) == IP_PROTO_HOPOPTS))
		return NULL;	/* fragments and MLD, which have tests of their own */
	if (f->csum == SAMPAN_CSUM_PARTIAL) {
		if (frame_proto(ip) != IP_PROTO_TCP || f->csum_offset != TCP_CSUM_OFF ||
		    f->csum_start != ETH_HDR_LEN + frame_ip_hdr_len(ip))
			return "a partial checksum to be the TCP header's";
		return be16_get(l4 + TCP_CSUM_OFF) == pseudo
		    ? NULL
		    : "the pseudo-header's sum in a partial checksum";
	}
	return frame_sum(l4, len, pseudo) == 0xffff ? NULL : "a good TCP or ICMP checksum (MUST-2)";
}

const char *
frame_flaw(const struct sampan_frame *f, const uint8_t *bytes)
{
	const uint8_t *ip = bytes + ETH_HDR_LEN;
	uint32_t total = f->head_len;

	for (unsigned i = 0; i < f->slices; i++)
		total += f->slice[i].len;
	if (total != f->len || f->len < ETH_HDR_LEN)
		return "a frame as long as its parts";
	if (be16_get(bytes + 12) == ETH_TYPE_ARP)
		return f->len == ETH_HDR_LEN + ARP_LEN ? NULL : "an ARP packet of 28 octets";
	if (be16_get(bytes + 12) != (is_v6(ip) ? ETH_TYPE_IP6 : ETH_TYPE_IP4))
		return "an Ethernet type of ours";
	if (f->len < ETH_HDR_LEN + frame_ip_hdr_len(ip) ||
	    frame_ip_hdr_len(ip) + frame_payload_len(ip) != f->len - ETH_HDR_LEN)
		return "a total length that is the frame's";
	if (!is_v6(ip) && frame_sum(ip, frame_ip_hdr_len(ip), 0) != 0xffff)
		return "a good IP header checksum";
	if (f->tso && (f->gso_bytes == 0 || f->len - text_at(bytes) <= f->gso_bytes))
		return "an offloaded frame to be more than one segment";
	return transport_flaw(f, ip);
}

static void
read_addresses(struct frame_tcp *t, const uint8_t *ip)
{
	if (is_v6(ip)) {
		memcpy(t->from.b, ip + 8, 16);
		memcpy(t->to.b, ip + 24, 16);
		return;
	}
	t->src = be32_get(ip + 12);
	t->dst = be32_get(ip + 16);
	t->from = sp_addr_of_v4(t->src);
	t->to = sp_addr_of_v4(t->dst);
}

bool
frame_tcp_read(struct frame_tcp *t, const uint8_t *bytes, uint32_t len)
{
	const uint8_t *ip = bytes + ETH_HDR_LEN, *tcp;
	uint32_t tcp_len;

	if (len < ETH_HDR_LEN + IP4_HDR_LEN || be16_get(bytes + 12) == ETH_TYPE_ARP ||
	    frame_proto(ip) != IP_PROTO_TCP)
		return false;
	tcp = ip + frame_ip_hdr_len(ip);
	tcp_len = frame_payload_len(ip);
	if (!tcp_hdr_parse(&t->h, tcp, tcp_len, tcp_len))
		return false;
	read_addresses(t, ip);
	t->tos = is_v6(ip) ? (uint8_t)(be16_get(ip) >> 4) : ip[1];
	t->flow_label = is_v6(ip) ? be32_get(ip) & 0xfffff : 0;
	tcp_opts_parse(&t->opts, tcp + TCP_HDR_LEN, t->h.data_off_bytes - (size_t)TCP_HDR_LEN);
	t->text = tcp + t->h.data_off_bytes;
	t->len = tcp_len - t->h.data_off_bytes;
	return true;
}
