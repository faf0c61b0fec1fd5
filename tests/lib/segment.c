/*
 * segment.c - see segment.h.
 */
#include "lib/segment.h"

#include <string.h>

#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/ip4.h"

#define TCP_AT (ETH_HDR_LEN + IP4_HDR_LEN)

uint32_t
segment_make(uint8_t *bytes, const struct segment *s)
{
	const uint32_t hdr_len = TCP_HDR_LEN + (uint32_t)tcp_opts_len(&s->opts);
	const uint32_t tcp_len = hdr_len + s->len;
	const struct eth_hdr eth = { .type = ETH_TYPE_IP4 };
	const struct ip4_hdr ip = { .total_len = (uint16_t)(IP4_HDR_LEN + tcp_len), .ttl = 64,
		.proto = IP_PROTO_TCP, .tos = s->tos, .src = 0x0a000000 + (s->from ? s->from : 1),
		.dst = 0x0a000000 + (s->to ? s->to : 2) };
	const struct tcp_hdr tcp = { .src_port = s->src_port, .dst_port = s->dst_port,
		.seq = s->seq, .ack = s->ack, .flags = s->flags, .wnd = 1000,
		.data_off_bytes = (uint8_t)hdr_len };

	eth_emit(bytes, &eth);
	ip4_emit(bytes + ETH_HDR_LEN, &ip);
	tcp_hdr_emit(bytes + TCP_AT, &tcp);
	(void)tcp_opts_emit(bytes + TCP_AT + TCP_HDR_LEN, &s->opts);
	memset(bytes + TCP_AT + hdr_len, 0x35, s->len);
	be16_put(bytes + TCP_AT + TCP_CSUM_OFF, (uint16_t)~frame_sum(bytes + TCP_AT, tcp_len,
	    frame_pseudo(bytes + ETH_HDR_LEN)));
	return TCP_AT + tcp_len;
}

bool
segment_is_sound(const uint8_t *bytes, uint32_t len)
{
	const struct sampan_frame f = { .len = len, .slices = 1, .slice[0] = { bytes, len } };

	return frame_flaw(&f, bytes) == NULL;
}
