/*
 * fx_icmp.c - see fx_icmp.h.
 */
#include "lib/fx_icmp.h"

#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"

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

void
fx_send_error(struct fx *f, struct fx_icmp e)
{
	const uint32_t l4_len = ICMP4_HDR_LEN + 20 + e.quoted;
	const struct ip4_hdr ip = { .total_len = (uint16_t)(20 + l4_len), .ttl = 64,
		.proto = IP_PROTO_ICMP, .src = 0x0a000009, .dst = FX_LOCAL_V4 };
	const struct eth_hdr eth = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 9 }, ETH_TYPE_IP4 };
	uint8_t p[128] = { 0 };
	uint8_t *icmp = p + ETH_HDR_LEN + 20;

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
