/*
 * fx_icmp.c - see fx_icmp.h.
 */
#include "lib/fx_icmp.h"

#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/icmp4.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

static void
put_quote(uint8_t *p, const struct fx_icmp *e)
{
	const struct ip4_hdr ip = { .total_len = 40, .df = true, .ttl = 1, .proto = IP_PROTO_TCP,
		.src = FX_LOCAL_V4, .dst = FX_PEER_V4 };

	ip4_emit(p, &ip);
	be16_put(p + 20, e->port != 0 ? e->port : FX_LOCAL_PORT);
	be16_put(p + 22, FX_PEER_PORT);
	be32_put(p + 24, e->seq.raw);
}

/* The ICMPv6 error that says what the ICMP one does. */
static struct icmp6_hdr
translate(const struct fx_icmp *e)
{
	static const uint8_t codes[16] = { [1] = ICMP6_UNREACH_ADDRESS, [2] = 1,
		[3] = ICMP6_UNREACH_PORT, [5] = ICMP6_UNREACH_POLICY };

	if (e->type == ICMP4_DEST_UNREACHABLE && e->code == ICMP4_UNREACH_FRAG_NEEDED)
		return (struct icmp6_hdr){ ICMP6_PACKET_TOO_BIG, 0, e->mtu + 20u };
	if (e->type == ICMP4_DEST_UNREACHABLE && e->code == ICMP4_UNREACH_PROTO)
		return (struct icmp6_hdr){ ICMP6_PARAM_PROBLEM, 1, 6 };
	if (e->type == ICMP4_DEST_UNREACHABLE)
		return (struct icmp6_hdr){ ICMP6_DEST_UNREACHABLE, codes[e->code & 15], 0 };
	if (e->type == ICMP4_TIME_EXCEEDED)
		return (struct icmp6_hdr){ ICMP6_TIME_EXCEEDED, e->code, 0 };
	return (struct icmp6_hdr){ ICMP6_PARAM_PROBLEM, 0, 0 };
}

static void
send_error6(struct fx *f, const struct fx_icmp *e)
{
	const struct eth_hdr eth = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 9 }, ETH_TYPE_IP6 };
	const struct icmp6_hdr h = translate(e);
	struct ip6_hdr ip = { .payload_len = (uint16_t)(48 + e->quoted), .next = IP_PROTO_ICMP6,
		.hop_limit = 64, .src = { 0xfd, [15] = 9 } };
	struct ip6_hdr quoted = { .payload_len = 20, .next = IP_PROTO_TCP, .hop_limit = 1 };
	uint8_t p[200] = { 0 };
	uint8_t *icmp = p + ETH_HDR_LEN + IP6_HDR_LEN, *tcp = icmp + 48;

	memcpy(ip.dst, fx_local().b, 16);
	memcpy(quoted.src, fx_local().b, 16);
	memcpy(quoted.dst, fx_peer().b, 16);
	eth_emit(p, &eth);
	ip6_emit(p + ETH_HDR_LEN, &ip);
	icmp6_emit(icmp, &h);
	ip6_emit(icmp + 8, &quoted);
	be16_put(tcp, e->port != 0 ? e->port : FX_LOCAL_PORT);
	be16_put(tcp + 2, FX_PEER_PORT);
	be32_put(tcp + 4, e->seq.raw);
	be16_put(icmp + 2, (uint16_t)~frame_sum(icmp, 48 + e->quoted, frame_pseudo(p + 14)));
	fx_input(f, p, ETH_HDR_LEN + IP6_HDR_LEN + 48 + e->quoted);
}

void
fx_send_error(struct fx *f, struct fx_icmp e)
{
	const uint32_t l4_len = ICMP4_HDR_LEN + 20 + e.quoted;
	const struct ip4_hdr ip = { .total_len = (uint16_t)(20 + l4_len), .ttl = 64,
		.proto = IP_PROTO_ICMP, .src = 0x0a000009, .dst = FX_LOCAL_V4 };
	const struct eth_hdr eth = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 9 }, ETH_TYPE_IP4 };
	uint8_t p[128] = { 0 };
	uint8_t *icmp = p + ETH_HDR_LEN + 20;

	if (fx_is_v6()) {
		send_error6(f, &e);
		return;
	}
	eth_emit(p, &eth);
	ip4_emit(p + ETH_HDR_LEN, &ip);
	icmp4_emit(icmp, &(struct icmp4_hdr){ e.type, e.code, e.mtu });
	put_quote(icmp + ICMP4_HDR_LEN, &e);
	be16_put(icmp + 2, (uint16_t)~frame_sum(icmp, l4_len, 0));
	fx_input(f, p, ETH_HDR_LEN + 20 + l4_len);
}

struct fx
fx_outstanding(void)
{
	struct fx f = fx_established();

	EXPECT_EQ(fx_write(&f, 100), 100);
	expect_text(&f, f.snd_una, 100);
	return f;
}

int64_t
fx_error_of(struct fx *f)
{
	int64_t value = -1;

	EXPECT_EQ(sampan_getopt(f->s, f->h, SAMPAN_OPT_ERROR, &value), 0);
	return value;
}
