/*
 * icmp_error.c - ICMP errors about our segments: RFC 9293 §3.9.2.2, RFC 5927,
 * RFC 1191; 5-D5, 5-D10.
 */
#include "lib/fx_loss.h"
#include "tcp/grid.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"

#define ROUTER 0x0a000063u

/* An error that quotes a segment of ours: its IP header and eight octets. */
struct error {
	uint8_t type, code;
	uint32_t rest;
	uint32_t seq;
	uint16_t quoted_len;	/* what the quoted header says; 0: 1,500 */
	uint16_t port;		/* the peer's; 0: right */
	uint32_t dst;		/* 0: the peer */
	uint32_t cut;		/* octets that are missing at the end */
};

static uint32_t
put_quote(uint8_t *p, const struct error *e)
{
	const struct ip4_hdr ip = { .total_len = e->quoted_len != 0 ? e->quoted_len : 1500,
		.df = true, .ttl = 63, .proto = IP_PROTO_TCP, .src = FX_LOCAL_V4,
		.dst = e->dst != 0 ? e->dst : FX_PEER_V4 };

	ip4_emit(p, &ip);
	be16_put(p + 20, FX_LOCAL_PORT);
	be16_put(p + 22, e->port != 0 ? e->port : FX_PEER_PORT);
	be32_put(p + 24, e->seq);
	return 28 - e->cut;
}

static void
send_error(struct fx *f, struct error e)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	const struct icmp4_hdr icmp = { e.type, e.code, e.rest };
	uint8_t p[128] = { 0 }, *l4 = p + 14 + 20;
	uint32_t len;
	struct ip4_hdr ip = { .ttl = 60, .proto = IP_PROTO_ICMP, .src = ROUTER,
		.dst = FX_LOCAL_V4 };

	memcpy(p, macs, 12);
	be16_put(p + 12, ETH_TYPE_IP4);
	icmp4_emit(l4, &icmp);
	len = 8 + put_quote(l4 + 8, &e);
	ip.total_len = (uint16_t)(20 + len);
	ip4_emit(p + 14, &ip);
	be16_put(l4 + 2, (uint16_t)~frame_sum(l4, len, 0));
	fx_input(f, p, 14 + 20 + len);
}

#define error_arrives(f, ...) \
	(fx_here(__FILE__, __LINE__), send_error(f, (struct error){ __VA_ARGS__ }))

static const uint8_t soft[][2] = { { 3, 0 }, { 3, 1 }, { 3, 5 }, { 3, 6 }, { 3, 7 }, { 3, 9 },
	{ 3, 10 }, { 3, 11 }, { 3, 12 }, { 3, 13 }, { 11, 0 }, { 11, 1 }, { 12, 0 }, { 12, 1 } };
static const uint8_t hard[][2] = { { 3, 2 }, { 3, 3 } };

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* MUST-56, 5-D5, RFC 5927 §5.2: once synchronized nothing aborts. */
static void
expect_survives(const uint8_t kind[2])
{
	for (unsigned i = 0; i < GRID_STATES; i++) {
		struct fx f = grid_make(i);

		error_arrives(&f, .type = kind[0], .code = kind[1], .seq = f.snd_una.raw);
		error_arrives(&f, .type = kind[0], .code = kind[1], .seq = f.snd_nxt.raw);
		grid_expect_unmoved(&f, i);
	}
}

TEST_TWICE(synchronized_errors_do_not_abort)
{
	COVERS("MUST-56", "R-5927-2", "SHLD-26", "MUST-54");
	for (unsigned k = 0; k < COUNT_OF(soft); k++)
		expect_survives(soft[k]);
	for (unsigned k = 0; k < COUNT_OF(hard); k++)
		expect_survives(hard[k]);
}

static int
connect_error(const uint8_t kind[2], int off)
{
	struct fx f = fx_syn_sent();
	struct sampan_status st;

	error_arrives(&f, .type = kind[0], .code = kind[1], .seq = f.iss.raw + (uint32_t)off);
	EXPECT_EQ(sampan_status(f.s, f.h, &st), 0);
	if (st.error == 0)
		expect_state(&f, TCP_SYN_SENT);
	else
		EXPECT_EQ(st.state, SAMPAN_TCP_CLOSED);
	return st.error;
}

/* RFC 5927 §5: an opening is given up, but only for what quotes its SYN. */
TEST_TWICE(syn_sent_hard_error_refuses)
{
	COVERS("R-5927-3", "SHLD-26", "R-5927-1");
	for (unsigned k = 0; k < COUNT_OF(hard); k++) {
		EXPECT_EQ(connect_error(hard[k], 0), SAMPAN_ECONNREFUSED);
		EXPECT_EQ(connect_error(hard[k], -1), 0);
		EXPECT_EQ(connect_error(hard[k], 1), 0);
		EXPECT_EQ(connect_error(hard[k], 1000), 0);
	}
}

/* MUST-56: a soft one is remembered, and the SYN repeated. */
TEST_TWICE(syn_sent_soft_error_goes_on)
{
	COVERS("MUST-56", "R-5927-7");
	for (unsigned k = 0; k < COUNT_OF(soft); k++)
		EXPECT_EQ(connect_error(soft[k], 0), 0);
}

/* MUST-47, SHLD-25: but when it fails, that is why. */
TEST_TWICE(syn_sent_gives_up_for_the_soft_error)
{
	struct fx f = fx_syn_sent();
	struct sampan_status st;

	COVERS("MUST-47", "SHLD-25");
	error_arrives(&f, .type = 3, .code = 1, .seq = f.iss.raw);
	for (unsigned i = 0; i < 30; i++) {
		fx_advance(&f, SAMPAN_SEC(10));
		fx_drop(&f);
	}
	EXPECT_EQ(sampan_status(f.s, f.h, &st), 0);
	EXPECT_EQ(st.error, SAMPAN_EHOSTUNREACH);
}

/* ---- Guesses: R-5927-1, R-5927-6, R-V-32 ---- */

/* Windows come in fours: below, first, last, behind. */
TEST_TWICE(established_error_must_quote_what_is_outstanding)
{
	struct fx f = fx_established();

	COVERS("R-5927-1", "R-V-32");
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	fx_drop(&f);
	error_arrives(&f, .type = 3, .code = 1, .seq = f.iss.raw);
	expect_count(&f, DROP_ICMP_SEQ, 1);
	error_arrives(&f, .type = 3, .code = 1, .seq = f.iss.raw + 1);
	error_arrives(&f, .type = 3, .code = 1, .seq = f.iss.raw + 1000);
	expect_count(&f, DROP_ICMP_SEQ, 0);
	error_arrives(&f, .type = 3, .code = 1, .seq = f.iss.raw + 1001);
	expect_count(&f, DROP_ICMP_SEQ, 1);
}

TEST_TWICE(established_error_about_others_is_dropped)
{
	struct fx f = fx_established();

	COVERS("MUST-54", "R-5927-8", "R-ICMP-18");
	error_arrives(&f, .type = 3, .code = 1, .seq = f.iss.raw + 1, .port = 1);
	expect_count(&f, DROP_ICMP_NO_FLOW, 1);
	error_arrives(&f, .type = 3, .code = 4, .rest = 600, .seq = f.iss.raw + 1,
	    .dst = 0x0a000044);
	expect_count(&f, DROP_ICMP_NO_FLOW, 1);
	error_arrives(&f, .type = 3, .code = 1, .seq = f.iss.raw + 1, .cut = 1);
	expect_count(&f, DROP_ICMP_MALFORMED, 1);
	error_arrives(&f, .type = 3, .code = 1, .seq = f.iss.raw + 1, .cut = 20);
	expect_count(&f, DROP_ICMP_MALFORMED, 1);
	expect_state(&f, TCP_ESTABLISHED);
}

/* MUST-55, RFC 6633. */
TEST_TWICE(established_source_quench_changes_nothing)
{
	struct fx f = fx_established();

	COVERS("MUST-55", "R-5927-4", "R-ICMP-9");
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	fx_drop(&f);
	error_arrives(&f, .type = 4, .code = 0, .seq = f.iss.raw + 1);
	expect_count(&f, DROP_ICMP_TYPE, 1);
	EXPECT_EQ(fx_info(&f).snd_cwnd_segs, 10);
}

/* ---- Fragmentation needed: RFC 1191 ---- */

/* 14,600 bytes are out. */
static struct fx
big_out(void)
{
	struct fx f = fx_established();

	EXPECT_EQ(fx_write(&f, 14600), 14600);
	expect_text(&f, fx_our(&f, 0), 14600);
	return f;
}

/* What is out is sent again in smaller pieces, and ssthresh stays: R-1191-8. */
TEST_TWICE(established_frag_needed_lowers_the_segments)
{
	struct fx f = big_out();

	COVERS("R-1191-2", "R-1191-8", "R-7323-23", "MUST-16");
	error_arrives(&f, .type = 3, .code = 4, .rest = 1000, .seq = f.snd_una.raw);
	expect_segment(&f, .flags = TCP_ACK, .seq = fx_our(&f, 0), .len = 960);
	EXPECT_EQ(fx_info(&f).snd_mss_bytes, 960);
	EXPECT_EQ(fx_info(&f).pmtu_bytes, 1000);
	EXPECT(fx_info(&f).snd_ssthresh_segs > 10000);
	while (seq_lt(f.snd_una, fx_our(&f, 14600))) {
		while (fx_next_out(&f) != NULL)
			EXPECT(f.seg.tcp.len <= 960);
		peer_sends(&f, .flags = TCP_ACK,
		    .ack = seq_min(seq_add(f.snd_una, 960), f.snd_nxt));
		fx_pump(&f);
	}
	expect_count(&f, COUNT_TCP_TIMEOUTS, 0);
}

/* 5-D10: not below 552. */
TEST_TWICE(established_frag_needed_has_a_floor)
{
	static const uint32_t mtu[] = { 551, 300, 68, 67, 1 };

	COVERS("R-1191-2");
	for (unsigned i = 0; i < COUNT_OF(mtu); i++) {
		struct fx f = big_out();

		error_arrives(&f, .type = 3, .code = 4, .rest = mtu[i], .seq = f.snd_una.raw);
		EXPECT_EQ(fx_info(&f).snd_mss_bytes, 512);
		expect_segment(&f, .flags = TCP_ACK, .seq = fx_our(&f, 0), .len = 512);
	}
}

/* R-1191-3, R-1191-7: it never raises, and the same again does nothing. */
TEST_TWICE(established_frag_needed_never_raises)
{
	static const uint32_t mtu[] = { 1500, 9000, 65535, 1000, 1001 };
	struct fx f = big_out();

	COVERS("R-1191-3", "R-1191-7", "R-5927-5");
	error_arrives(&f, .type = 3, .code = 4, .rest = 1000, .seq = f.snd_una.raw);
	fx_drop(&f);
	for (unsigned i = 0; i < COUNT_OF(mtu); i++) {
		error_arrives(&f, .type = 3, .code = 4, .rest = mtu[i], .seq = f.snd_una.raw);
		expect_quiet(&f);
		EXPECT_EQ(fx_info(&f).snd_mss_bytes, 960);
	}
}

/* R-1191-1: 1,500 or more says nothing about a link of 1,500. */
TEST_TWICE(established_frag_needed_above_the_link_is_ignored)
{
	struct fx f = big_out();

	COVERS("R-1191-3", "R-5927-5");
	error_arrives(&f, .type = 3, .code = 4, .rest = 1500, .seq = f.snd_una.raw);
	expect_quiet(&f);
	EXPECT_EQ(fx_info(&f).snd_mss_bytes, 1460);
	error_arrives(&f, .type = 3, .code = 4, .rest = 1000, .seq = f.snd_nxt.raw);
	expect_quiet(&f);
	EXPECT_EQ(fx_info(&f).snd_mss_bytes, 1460);
}

/* R-1191-4: an old router does not say: the next plateau below what was sent. */
TEST_TWICE(established_frag_needed_without_mtu_takes_the_next_plateau)
{
	struct fx f = big_out();

	COVERS("R-1191-4");
	error_arrives(&f, .type = 3, .code = 4, .rest = 0, .seq = f.snd_una.raw);
	EXPECT_EQ(fx_info(&f).pmtu_bytes, 1492);
	error_arrives(&f, .type = 3, .code = 4, .rest = 0, .quoted_len = 1492,
	    .seq = f.snd_una.raw);
	EXPECT_EQ(fx_info(&f).pmtu_bytes, 1006);
	error_arrives(&f, .type = 3, .code = 4, .rest = 0, .quoted_len = 1006,
	    .seq = f.snd_una.raw);
	EXPECT_EQ(fx_info(&f).pmtu_bytes, 552);
}

/* RFC 5681 §4.1: smaller segments, not more of them. */
TEST_TWICE(established_frag_needed_keeps_the_window_in_segments)
{
	struct fx f = big_out();

	COVERS("R-5681-11");
	EXPECT_EQ(fx_info(&f).snd_cwnd_segs, 10);
	error_arrives(&f, .type = 3, .code = 4, .rest = 1000, .seq = f.snd_una.raw);
	EXPECT_EQ(fx_info(&f).snd_cwnd_segs, 10);
}
