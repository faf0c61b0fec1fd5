/*
 * accecn_marks.c - accurate ECN, how marks are counted, told and answered: RFC 9768 §3.2.
 */
#include "lib/fx_accecn.h"

/* ---- What arrives marked ---- */

/* §3.2.2.5.1: the first mark behind what has none is told at once. */
TEST_TWICE(established_accurate_counts_each_mark)
{
	static const unsigned ace[] = { SIX, SEVEN, 0, ECE, CWR, CWR | ECE, AE, FIVE, SIX };
	struct fx f = served(CWR);

	COVERS("R-9768-2");
	for (unsigned i = 0; i < 9; i++) {
		peer_sends(&f, .flags = TCP_ACK | FIVE, .len = 1000, .tos = CE);
		expect_segment(&f, .flags = TCP_ACK | ace[i]);
		EXPECT(option(&f)->has && option(&f)->field[1] == 1000 * (i + 1));
		peer_sends(&f, .flags = TCP_ACK | FIVE, .len = 1000, .tos = ECT0);
		fx_drop(&f);
	}
}

/* What waits for the timer else. */
TEST_TWICE(established_accurate_change_and_second_mark_are_told_at_once)
{
	struct fx f = served(CWR);

	COVERS("R-9768-2");
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_QUICKACK, 0), 0);
	peer_sends(&f, .flags = TCP_ACK | FIVE, .len = 100, .tos = ECT0);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK | FIVE, .len = 100, .tos = CE);
	expect_segment(&f, .flags = TCP_ACK | SIX);
	peer_sends(&f, .flags = TCP_ACK | FIVE, .len = 100, .tos = CE);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK | FIVE, .len = 100, .tos = CE);
	expect_segment(&f, .flags = TCP_ACK);		/* 8: round once */
	peer_sends(&f, .flags = TCP_ACK | FIVE, .len = 100, .tos = ECT0);
	expect_quiet(&f);
}

/* Marked acknowledgements are counted too, and every third is told. */
TEST_TWICE(established_accurate_marked_acknowledgements_are_told)
{
	struct fx f = served(CWR);

	COVERS("R-9768-2");
	peer_sends(&f, .flags = TCP_ACK | FIVE, .tos = CE);
	peer_sends(&f, .flags = TCP_ACK | FIVE, .tos = CE);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK | FIVE, .tos = CE);
	expect_segment(&f, .flags = TCP_ACK);
}

/* §3.2.3.3: the fields that have ever changed, in the order that is shorter. */
TEST_TWICE(established_accurate_option_has_what_changed)
{
	struct fx f = served(CWR);

	COVERS("R-9768-2");
	peer_sends(&f, .flags = TCP_ACK | FIVE, .len = 1000, .tos = ECT1);
	expect_segment(&f, .flags = TCP_ACK | FIVE);	/* the first has all */
	EXPECT(option(&f)->order1 && option(&f)->count == 3 && option(&f)->field[0] == 1001);
	peer_sends(&f, .flags = TCP_ACK | FIVE, .len = 1000, .tos = ECT1);
	expect_segment(&f, .flags = TCP_ACK | FIVE);
	EXPECT(option(&f)->order1 && option(&f)->count == 1 && option(&f)->field[0] == 2001);
	peer_sends(&f, .flags = TCP_ACK | FIVE, .len = 1000, .tos = NOT_ECT);
	expect_segment(&f, .flags = TCP_ACK | FIVE);
	EXPECT(!option(&f)->has);
	peer_sends(&f, .flags = TCP_ACK | FIVE, .len = 1000, .tos = ECT0);
	expect_segment(&f, .flags = TCP_ACK | FIVE);
	EXPECT(!option(&f)->order1 && option(&f)->count == 3 && option(&f)->field[0] == 1001 &&
	    option(&f)->field[2] == 2001);
}

TEST_TWICE(established_accurate_option_can_be_switched_off)
{
	struct fx f = served(CWR);

	COVERS("R-9768-2");
	set_to(&f, "net.ipv4.tcp_ecn_option", 0);
	peer_sends(&f, .flags = TCP_ACK | FIVE, .len = 1000, .tos = CE);
	expect_segment(&f, .flags = TCP_ACK | SIX);
	EXPECT(!option(&f)->has);
	set_to(&f, "net.ipv4.tcp_ecn_option", 1);
	peer_sends(&f, .flags = TCP_ACK | FIVE, .len = 1000, .tos = CE);
	expect_segment(&f, .flags = TCP_ACK | SEVEN);
	EXPECT(option(&f)->has);
	peer_sends(&f, .flags = TCP_ACK | FIVE, .len = 1000, .tos = ECT0);
	expect_segment(&f, .flags = TCP_ACK | SEVEN);
	EXPECT(!option(&f)->has);
}

/* Two SACK blocks go first (§3.2.3.3), whatever else is to be told. */
TEST_TWICE(established_accurate_option_leaves_room_for_two_blocks)
{
	struct fx f = served(CWR);

	COVERS("R-9768-2");
	for (unsigned i = 1; i <= 4; i++) {
		peer_sends(&f, .flags = TCP_ACK | FIVE, .seq = seq_add(f.rcv_nxt, i * 2000),
		    .len = 1000, .tos = CE, .refused = true);
		expect_segment(&f, .any_ack = true, .flags = TCP_ACK |
		    (const unsigned[]){ SIX, SEVEN, 0, ECE }[i - 1]);
		EXPECT(option(&f)->has);
		EXPECT(f.seg.tcp.opts.sack_count >= (i < 2 ? i : 2));
	}
}

/* ---- What the peer says of our marks ---- */

/* Once a round, by ABE's share; no flag says so (§3.1.5). */
TEST_TWICE(established_accurate_mark_reduces_once_a_round)
{
	struct fx f = ten_out(CWR, ECT0);

	COVERS("R-9768-2", "R-8511-1");
	peer_acks(&f, 1000, SIX);
	EXPECT_EQ(cwnd(&f), 8);
	expect_quiet(&f);
	peer_acks(&f, 2000, SEVEN);
	peer_acks(&f, 3000, 0);
	EXPECT_EQ(cwnd(&f), 8);
	expect_segment(&f, .flags = TCP_ACK | FIVE, .seq = fx_our(&f, 10000), .len = 1000);
	expect_tos(&f, ECT0);
	peer_acks(&f, 3000, 0);		/* says nothing new */
	for (uint32_t at = 4000; at <= 11000; at += 1000)
		peer_acks(&f, at, 0);
	EXPECT_EQ(cwnd(&f), 8);
	EXPECT_EQ(fx_info(&f).ca_state, 0);
}

/* The same ACE is no news, however often it comes. */
TEST_TWICE(established_accurate_unchanged_count_lets_the_window_grow)
{
	struct fx f = ten_out(CWR, ECT0);

	COVERS("R-9768-2");
	for (uint32_t at = 1000; at <= 10000; at += 1000)
		peer_acks(&f, at, FIVE);
	EXPECT_EQ(cwnd(&f), 20);
}

/* §3.2.2.5.2, A.2.1: ten segments may hide eight marks: without octets they are taken for
 * marked; with octets they are not. */
TEST_TWICE(established_accurate_count_that_may_have_gone_round)
{
	struct fx f = ten_out(CWR, ECT0);

	COVERS("R-9768-2");
	peer_acks(&f, 10000, FIVE);
	EXPECT_EQ(cwnd(&f), 8);
	f = ten_out(CWR, ECT0);
	peer_tells(&f, 10000, FIVE, 10001, 0);
	EXPECT_EQ(cwnd(&f), 20);
	f = ten_out(CWR, ECT0);
	peer_tells(&f, 10000, FIVE, 2001, 8000);
	EXPECT_EQ(cwnd(&f), 8);
}

/* An older acknowledgement, or one outside of what may be acknowledged. */
TEST_TWICE(established_accurate_late_count_is_ignored)
{
	struct fx f = ten_out(CWR, ECT0);

	COVERS("R-9768-2");
	peer_acks(&f, 2000, FIVE);
	peer_acks(&f, 1000, AE);
	peer_sends(&f, .flags = TCP_ACK | AE, .ack = seq_add(f.snd_nxt, 1));
	peer_acks(&f, 3000, FIVE);
	EXPECT_EQ(cwnd(&f), 13);
}

/* DCTCP has the octets that were marked. */
TEST_TWICE(established_accurate_octets_are_dctcps)
{
	struct fx f = ten_out(CWR, ECT0);

	COVERS("R-9768-2");
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_CONGESTION, sampan_cc_find("dctcp")), 0);
	peer_tells(&f, 2000, SIX, 1001, 1000);
	EXPECT_EQ(cwnd(&f), 5);
}

/* ---- Paths that lie ---- */

/* §3.2.2.3: our SYN-ACK had no mark. */
TEST_TWICE(handshake_mark_from_nowhere_stops_marking)
{
	COVERS("R-9768-1");
	for (unsigned mark = 1; mark < 4; mark++) {
		struct fx f = ten_out(answer_of(mark), NOT_ECT);

		peer_acks(&f, 1000, mark == CE ? SEVEN : SIX);
		EXPECT_EQ(cwnd(&f), 8);		/* the news counts all the same */
	}
}

/* §3.2.2.1, note 1; §3.2.2.4: what begins with 0 was erased, and means nothing. */
TEST_TWICE(handshake_erased_count_is_not_listened_to)
{
	struct fx f = ten_out(0, NOT_ECT);

	COVERS("R-9768-2");
	peer_acks(&f, 1000, ECE);
	EXPECT(cwnd(&f) > 10);
	expect_count(&f, COUNT_TCP_ACCECN_MANGLED, 1);
	peer_sends(&f, .flags = TCP_ACK, .len = 100, .tos = CE);
	fx_drop(&f);
	EXPECT_EQ(fx_write(&f, 100), 100);
}

TEST_TWICE(syn_sent_erased_count_stops_marking)
{
	struct fx f = connecting(3, ASK);

	COVERS("R-9768-2");
	peer_answers(&f, CWR, NOT_ECT);
	expect_segment(&f, .flags = TCP_ACK | CWR);
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	expect_segment(&f, .flags = TCP_ACK | FIVE, .len = 1000);
	expect_tos(&f, ECT0);
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	expect_segment(&f, .flags = TCP_ACK | FIVE, .len = 1000);
	expect_tos(&f, NOT_ECT);
}

/* §3.2.3.2.4: octets that begin with 0 are not believed. */
TEST_TWICE(established_erased_octets_are_ignored)
{
	struct fx f = ten_out(CWR, ECT0);

	COVERS("R-9768-2");
	peer_tells(&f, 1000, FIVE, 0, 0);
	peer_tells(&f, 2000, FIVE, 1, 5000);
	EXPECT(cwnd(&f) > 10);
}

/* §3.2.3.2.5: octets arrive marked, but no packet. */
TEST_TWICE(established_octets_without_packets_stop_marking)
{
	struct fx f = ten_out(CWR, ECT0);

	COVERS("R-9768-2");
	peer_tells(&f, 1000, FIVE, 1, 1000);
	EXPECT_EQ(cwnd(&f), 8);
	peer_tells(&f, 4000, FIVE, 3001, 1000);
	expect_segment(&f, .flags = TCP_ACK | FIVE, .seq = fx_our(&f, 10000), .len = 1000);
	expect_tos(&f, NOT_ECT);
}

/* ---- Anything at all ---- */

/* Whatever a peer says of our marks and however its own arrive: the connection lives, its
 * invariants hold (the fixture asks after each segment), and the window keeps two
 * segments. */
TEST_TWICE(established_accurate_nonsense_does_no_harm)
{
	struct fx f = served(CWR);
	uint32_t at = 0, sent = 0, x = 1;

	COVERS("R-9768-2");
	for (unsigned i = 0; i < 2000; i++) {
		uint8_t raw[12] = { 1, 1, 1, 172, 2, 0 };

		x = x * 1664525 + 1013904223;
		if (sent - at < 20000 && fx_write(&f, 1000) == 1000)
			sent += 1000;
		at += fx_count_out(&f) > 0 && (x >> 28 & 1) != 0 && at < sent ? 1000 : 0;
		raw[3] = (x >> 27 & 1) != 0 ? 172 : 174;
		raw[4] = (uint8_t)(2 + (x >> 24) % 8);
		for (unsigned n = 5; n < 12; n++)
			raw[n] = (uint8_t)(x >> n);
		peer_sends(&f, .flags = TCP_ACK | (x >> 10 & 0x1c0u), .len = x >> 20 & 63,
		    .ack = seq_min(fx_our(&f, at), f.snd_nxt), .tos = x >> 8 & 3u, .raw = raw,
		    .raw_len = 12);
		fx_advance(&f, SAMPAN_MS(x >> 9 & 7));
		fx_drop(&f);
		(void)fx_read(&f, 4096);
	}
	expect_state(&f, TCP_ESTABLISHED);
	EXPECT(cwnd(&f) >= 1);
}
