/*
 * icmp.c - ICMP errors about segments of ours.  RFC 9293 §3.9.2.2, RFC 5927,
 * RFC 5461, RFC 1191.
 */
#include "lib/fx_icmp.h"
#include "wire/icmp4.h"

/* MUST-56: what ends no connection. */
TEST_TWICE(established_soft_errors_do_not_abort)
{
	static const uint8_t soft[][2] = { { 3, 0 }, { 3, 1 }, { 3, 5 }, { 11, 0 }, { 11, 1 },
		{ 12, 0 } };

	COVERS("MUST-56", "SHLD-25", "MUST-54", "R-4443-9", "R-4443-11", "R-4443-3",
	    "R-ICMP-6", "R-ICMP-10");
	for (unsigned i = 0; i < 6; i++) {
		struct fx f = fx_outstanding();

		error_sends(&f, .type = soft[i][0], .code = soft[i][1]);
		expect_state(&f, TCP_ESTABLISHED);
		expect_quiet(&f);
		EXPECT(fx_error_of(&f) != 0);
		peer_sends(&f, .flags = TCP_ACK);
		EXPECT_EQ(fx_write(&f, 10), 10);
	}
}

/* MUST-56, R-5927-7: nor an opening. */
TEST_TWICE(syn_sent_soft_errors_do_not_abort)
{
	static const uint8_t soft[][2] = { { 3, 0 }, { 3, 1 }, { 3, 5 }, { 11, 0 }, { 11, 1 },
		{ 12, 0 } };

	COVERS("MUST-56", "R-5927-7");
	for (unsigned i = 0; i < 6; i++) {
		struct fx f = fx_syn_sent();

		error_sends(&f, .type = soft[i][0], .code = soft[i][1]);
		expect_state(&f, TCP_SYN_SENT);
	}
}

/* MUST-47: the application can ask, once for each; and is not told otherwise
 * (SHLD-20). */
TEST_TWICE(established_soft_error_is_reported_to_who_asks)
{
	struct fx f = fx_outstanding();

	COVERS("MUST-47", "SHLD-20", "SHLD-25");
	EXPECT_EQ(fx_error_of(&f), 0);
	error_sends(&f, .type = 3, .code = 1);
	expect_event(&f, 0);
	EXPECT_EQ(fx_error_of(&f), SAMPAN_EHOSTUNREACH);
	EXPECT_EQ(fx_error_of(&f), 0);
	error_sends(&f, .type = 3, .code = 0);
	EXPECT_EQ(fx_error_of(&f), SAMPAN_ENETUNREACH);
}

/* What was wrong is over when the peer acknowledges. */
TEST_TWICE(established_soft_error_is_forgotten_with_progress)
{
	struct fx f = fx_outstanding();

	COVERS("MUST-47");
	error_sends(&f, .type = 3, .code = 1);
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_error_of(&f), 0);
}

/* MUST-54: only the connection that is quoted hears of it. */
TEST_TWICE(syn_sent_error_for_another_connection_changes_nothing)
{
	struct fx f = fx_syn_sent();

	COVERS("MUST-54", "R-5927-8");
	error_sends(&f, .type = 3, .code = 3, .port = FX_LOCAL_PORT + 1);
	expect_state(&f, TCP_SYN_SENT);
	EXPECT_EQ(fx_error_of(&f), 0);
	expect_count(&f, DROP_ICMP_NO_FLOW, 1);
}

/* R-5927-3: a hard error that quotes our ISN ends an opening; MUST-54. */
TEST_TWICE(syn_sent_hard_errors_abort)
{
	COVERS("R-5927-3", "MUST-54");
	for (uint8_t code = 2; code <= 3; code++) {
		struct fx f = fx_syn_sent();

		error_sends(&f, .type = 3, .code = code);
		expect_state(&f, TCP_CLOSED);
		EXPECT_EQ(fx_read(&f, 1), SAMPAN_ECONNREFUSED);
		expect_quiet(&f);
	}
}

/* 5-D5: once synchronized none is hard. */
TEST_TWICE(established_hard_errors_are_soft)
{
	COVERS("R-5927-2", "5-D5", "SHLD-26");
	for (uint8_t code = 2; code <= 3; code++) {
		struct fx f = fx_outstanding();

		error_sends(&f, .type = 3, .code = code);
		expect_state(&f, TCP_ESTABLISHED);
		EXPECT_EQ(fx_error_of(&f), SAMPAN_ECONNREFUSED);
	}
}

/* R-5927-1: only what quotes something outstanding.  Four of four. */
TEST_TWICE(established_error_outside_of_what_is_outstanding_is_ignored)
{
	struct fx f = fx_outstanding();

	COVERS("R-5927-1", "R-V-32", "R-8201-2", "R-4443-14");
	error_sends(&f, .type = 3, .code = 1, .seq = seq_sub(f.snd_una, 1));
	EXPECT_EQ(fx_error_of(&f), 0);
	error_sends(&f, .type = 3, .code = 1, .seq = f.snd_nxt);
	EXPECT_EQ(fx_error_of(&f), 0);
	expect_count(&f, DROP_ICMP_SEQ, 2);
	error_sends(&f, .type = 3, .code = 1);
	EXPECT(fx_error_of(&f) != 0);
	error_sends(&f, .type = 3, .code = 1, .seq = seq_sub(f.snd_nxt, 1));
	EXPECT(fx_error_of(&f) != 0);
}

/* R-5927-6: eight octets of TCP are the least. */
TEST_TWICE(syn_sent_error_with_short_quote_is_dropped)
{
	struct fx f = fx_syn_sent();

	COVERS("R-5927-6", "R-ICMP-18");
	error_sends(&f, .type = 3, .code = 3, .quoted = 7);
	expect_state(&f, TCP_SYN_SENT);
	expect_count(&f, DROP_ICMP_MALFORMED, 1);
}

/* MUST-55, RFC 6633. */
TEST_TWICE(established_source_quench_is_discarded)
{
	struct fx f = fx_outstanding();
	struct sampan_status before, after;

	FX_ONLY_V4();
	COVERS("MUST-55", "R-5927-4", "5-D21");
	EXPECT_EQ(sampan_status(f.s, f.h, &before), 0);
	error_sends(&f, .type = ICMP4_SOURCE_QUENCH);
	EXPECT_EQ(sampan_status(f.s, f.h, &after), 0);
	EXPECT_EQ(after.cwnd_bytes, before.cwnd_bytes);
	EXPECT_EQ(fx_error_of(&f), 0);
	expect_count(&f, DROP_ICMP_TYPE, 1);
	expect_quiet(&f);
}

/* RFC 1191 §3, §6.4: what was too big is sent again at once in smaller pieces,
 * and all that follows.  MUST-16: the path's limit is part of it. */
TEST_TWICE(established_too_big_makes_smaller_segments)
{
	struct fx f = fx_established();

	COVERS("MUST-16", "R-1191-2", "R-7323-23", "R-4443-10", "R-8201-4", "R-8201-5");
	EXPECT_EQ(fx_write(&f, 2920), 2920);
	expect_text(&f, f.snd_una, 2920);
	error_sends(&f, .type = 3, .code = 4, .mtu = 1300);
	for (uint32_t sent = 0; sent < 2920; sent += f.seg.tcp.len)
		EXPECT(fx_next_out(&f) != NULL && f.seg.tcp.len <= 1260 && f.seg.tcp.len > 0);
	expect_state(&f, TCP_ESTABLISHED);
}

/* R-1191-3: never larger; R-1191-2, 5-D10: never below the floor. */
TEST_TWICE(established_too_big_has_bounds)
{
	struct fx f = fx_outstanding();
	int64_t mss = 0;

	COVERS("R-1191-2", "R-1191-3", "R-1191-7", "5-D10", "R-8201-1", "R-8201-3", "R-V-43");
	error_sends(&f, .type = 3, .code = 4, .mtu = 9000);
	expect_quiet(&f);
	/* R-8201-1: what no link may have is not believed. */
	error_sends(&f, .type = 3, .code = 4, .mtu = 68);
	fx_drop(&f);
	EXPECT_EQ(sampan_getopt(f.s, f.h, SAMPAN_OPT_MAXSEG, &mss), 0);
	EXPECT_EQ(mss, fx_is_v6() ? 1460 : 552 - 40);
	error_sends(&f, .type = 3, .code = 4, .mtu = 1500);
	expect_quiet(&f);
}
