/*
 * soft_error.c - what the application hears of errors that end nothing, and whom
 * an error reaches.  RFC 9293 §3.9.1.8, §3.9.2.2; RFC 5461.
 */
#include <sampan/option.h>

#include "lib/fx.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"

/* An unreachable of this code, from a router on the way; it quotes so many octets
 * of a segment from `port` that begins at SND.UNA. */
static void
unreachable(struct fx *f, uint8_t code, uint16_t port, unsigned octets)
{
	const uint32_t l4_len = ICMP4_HDR_LEN + 20 + octets;
	const struct ip4_hdr ip = { .total_len = (uint16_t)(20 + l4_len), .ttl = 64,
		.proto = IP_PROTO_ICMP, .src = 0x0a000009, .dst = FX_LOCAL_V4 };
	const struct ip4_hdr quoted = { .total_len = 40, .df = true, .ttl = 1,
		.proto = IP_PROTO_TCP, .src = FX_LOCAL_V4, .dst = FX_PEER_V4 };
	const struct eth_hdr eth = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 9 }, ETH_TYPE_IP4 };
	uint8_t p[128] = { 0 };
	uint8_t *icmp = p + ETH_HDR_LEN + 20, *tcp = icmp + ICMP4_HDR_LEN + 20;

	eth_emit(p, &eth);
	ip4_emit(p + ETH_HDR_LEN, &ip);
	icmp4_emit(icmp, &(struct icmp4_hdr){ .type = ICMP4_DEST_UNREACHABLE, .code = code });
	ip4_emit(icmp + ICMP4_HDR_LEN, &quoted);
	be16_put(tcp, port);
	be16_put(tcp + 2, FX_PEER_PORT);
	be32_put(tcp + 4, f->snd_una.raw);
	memset(tcp + octets, 0, 8);
	be16_put(icmp + 2, (uint16_t)~frame_sum(icmp, l4_len, 0));
	fx_input(f, p, ETH_HDR_LEN + 20 + l4_len);
}

/* 100 bytes are outstanding. */
static struct fx
outstanding(void)
{
	struct fx f = fx_established();

	EXPECT_EQ(fx_write(&f, 100), 100);
	expect_text(&f, f.snd_una, 100);
	return f;
}

static int64_t
error_of(struct fx *f)
{
	int64_t value = -1;

	EXPECT_EQ(sampan_getopt(f->s, f->h, SAMPAN_OPT_ERROR, &value), 0);
	return value;
}

/* MUST-47: the application can ask, once for each; and is not told otherwise
 * (SHLD-20). */
TEST_TWICE(established_soft_error_is_reported_to_who_asks)
{
	struct fx f = outstanding();

	COVERS("MUST-47", "SHLD-20", "SHLD-25");
	EXPECT_EQ(error_of(&f), 0);
	unreachable(&f, 1, FX_LOCAL_PORT, 8);
	expect_event(&f, 0);
	expect_state(&f, TCP_ESTABLISHED);
	EXPECT_EQ(error_of(&f), SAMPAN_EHOSTUNREACH);
	EXPECT_EQ(error_of(&f), 0);
	unreachable(&f, 0, FX_LOCAL_PORT, 8);
	EXPECT_EQ(error_of(&f), SAMPAN_ENETUNREACH);
}

/* What was wrong is over when the peer acknowledges. */
TEST_TWICE(established_soft_error_is_forgotten_with_progress)
{
	struct fx f = outstanding();

	COVERS("MUST-47");
	unreachable(&f, 1, FX_LOCAL_PORT, 8);
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_EQ(error_of(&f), 0);
}

/* MUST-54: only the connection that is quoted hears of it, and it does. */
TEST_TWICE(syn_sent_error_for_a_neighbour_changes_nothing)
{
	struct fx f = fx_syn_sent();

	COVERS("MUST-54", "R-5927-8");
	unreachable(&f, 3, FX_LOCAL_PORT + 1, 8);
	expect_state(&f, TCP_SYN_SENT);
	EXPECT_EQ(error_of(&f), 0);
	unreachable(&f, 3, FX_LOCAL_PORT, 8);
	expect_state(&f, TCP_CLOSED);
	EXPECT_EQ(fx_read(&f, 1), SAMPAN_ECONNREFUSED);
}

/* R-5927-6: eight octets of TCP are the least. */
TEST_TWICE(syn_sent_error_with_short_quote_is_dropped)
{
	struct fx f = fx_syn_sent();

	COVERS("R-5927-6", "R-ICMP-18");
	unreachable(&f, 3, FX_LOCAL_PORT, 7);
	expect_state(&f, TCP_SYN_SENT);
	expect_count(&f, DROP_ICMP_MALFORMED, 1);
}
