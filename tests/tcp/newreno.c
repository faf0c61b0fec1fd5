/*
 * newreno.c - loss and recovery without SACK: RFC 5681 §3.2, RFC 6582 §3.2; the
 * receiver's side of it, RFC 5681 §4.2.
 */
#include "lib/fx_loss.h"

#define RTT SAMPAN_MS(100)

static struct fx
ten_out(uint32_t written)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .sack = false);

	EXPECT_EQ(fx_write(&f, written), written);
	expect_text(&f, fx_our(&f, 0), 10000);
	expect_quiet(&f);
	fx_advance(&f, RTT);
	return f;
}

static void
duplicates(struct fx *f, uint32_t ack, unsigned n)
{
	while (n-- > 0)
		peer_sends(f, .flags = TCP_ACK, .ack = fx_our(f, ack));
}

/* RFC 5681 §3.2: the third, and not before. */
TEST_TWICE(established_third_duplicate_repairs_the_first_segment)
{
	struct fx f = ten_out(10000);

	COVERS("R-5681-15", "R-5681-23", "R-5681-12", "R-6582-2", "R-6582-1", "5-D15");
	duplicates(&f, 0, 2);
	expect_quiet(&f);
	duplicates(&f, 0, 1);
	expect_seg(&f, 0);
	expect_quiet(&f);
	expect_count(&f, COUNT_TCP_TIMEOUTS, 0);
	EXPECT_EQ(fx_info(&f).snd_ssthresh_segs, 5);
}

/* §3.2: the first two let a new segment go each. */
TEST_TWICE(established_two_duplicates_let_two_new_segments_go)
{
	struct fx f = ten_out(30000);

	COVERS("R-5681-13", "R-3042-1");
	duplicates(&f, 0, 1);
	expect_seg(&f, 10);
	expect_quiet(&f);
	duplicates(&f, 0, 1);
	expect_seg(&f, 11);
	expect_quiet(&f);
	EXPECT_EQ(fx_info(&f).snd_cwnd_segs, 10);
	duplicates(&f, 0, 1);
	expect_seg(&f, 0);
	EXPECT_EQ(fx_info(&f).snd_ssthresh_segs, 5);
}

/* §2: what brings text, another window, or new data is no duplicate. */
TEST_TWICE(established_other_acks_are_no_duplicates)
{
	struct fx f = ten_out(10000);

	COVERS("R-5681-12");
	for (unsigned i = 0; i < 5; i++) {
		peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 0), .wnd = 60000 - (int)i * 100);
		fx_drop(&f);
	}
	for (unsigned i = 0; i < 5; i++) {
		peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 0), .len = 10,
		    .wnd = 60000 - 400);
		fx_pump(&f);
	}
	EXPECT_EQ(fx_info(&f).ca_state, 0);
	expect_count(&f, COUNT_TCP_RETRANS_SEGS, 0);
}

TEST_TWICE(established_old_acks_are_no_duplicates)
{
	struct fx f = ten_out(10000);

	COVERS("R-5681-12");
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 3000));
	for (unsigned i = 0; i < 5; i++)
		peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 2000));
	expect_quiet(&f);
	EXPECT_EQ(fx_info(&f).ca_state, 0);
}

/* RFC 6582 §3.2: a partial acknowledgement repairs the next hole at once. */
TEST_TWICE(established_partial_ack_repairs_the_next_hole)
{
	struct fx f = ten_out(10000);

	COVERS("R-6582-4", "R-6582-2");
	duplicates(&f, 0, 8);
	expect_seg(&f, 0);
	fx_drop(&f);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 4000));
	expect_seg(&f, 4);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 7000));
	expect_seg(&f, 7);
	EXPECT_EQ(fx_info(&f).ca_state, 3);
	EXPECT_EQ(fx_info(&f).snd_ssthresh_segs, 5);
	expect_count(&f, COUNT_TCP_TIMEOUTS, 0);
}

/* A full one ends it: cwnd is ssthresh. */
TEST_TWICE(established_full_ack_ends_recovery)
{
	struct fx f = ten_out(30000);

	COVERS("R-6582-3", "R-5681-17");
	duplicates(&f, 0, 4);
	fx_drop(&f);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT(fx_count_out(&f) <= 5);
	EXPECT_EQ(fx_info(&f).ca_state, 0);
	EXPECT_EQ(fx_info(&f).snd_cwnd_segs, 5);
}

/* Duplicates that are left over from before a time-out repair nothing: what was
 * outstanding then has to be acknowledged first. */
TEST_TWICE(established_duplicates_after_timeout_do_not_start_recovery)
{
	struct fx f = ten_out(10000);

	COVERS("R-6582-6", "R-6582-2");
	fx_drop(&f);
	fx_wait(&f, SAMPAN_SEC(10));
	expect_seg(&f, 0);
	fx_advance(&f, SAMPAN_MS(50));
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 1000));
	fx_drop(&f);
	expect_count(&f, COUNT_TCP_RETRANS_SEGS, 3);
	duplicates(&f, 1000, 5);
	EXPECT_EQ(fx_info(&f).ca_state, 4);
	expect_count(&f, COUNT_TCP_RETRANS_SEGS, 0);
}

/* R-5681-16, R-V-21: forged duplicates let no more go than what was out could
 * account for. */
TEST_TWICE(established_spoofed_duplicates_are_bounded)
{
	struct fx f = ten_out(200000);

	COVERS("R-5681-16", "R-9937-4", "R-V-21");
	duplicates(&f, 0, 3);
	fx_drop(&f);
	for (unsigned i = 0; i < 1000; i++) {
		duplicates(&f, 0, 1);
		fx_drop(&f);
	}
	EXPECT(seq_le(f.snd_nxt, fx_our(&f, 22000)));
}

/* ---- The receiver ---- */

/* RFC 5681 §4.2: one duplicate for each segment behind a gap, though they came
 * together: the peer counts them. */
TEST_TWICE(established_without_sack_each_segment_behind_gap_is_answered)
{
	struct fx f = fx_established();

	COVERS("R-5681-20", "R-5681-21");
	for (uint32_t i = 1; i <= 5; i++)
		peer_sends(&f, .flags = TCP_ACK, .seq = fx_their(&f, i * 100), .len = 100);
	for (unsigned i = 0; i < 5; i++)
		expect_segment(&f, .flags = TCP_ACK);
	expect_quiet(&f);
}

/* The window of a duplicate is that of the one before, or it would be none. */
TEST_TWICE(established_duplicates_have_one_window)
{
	struct fx f = fx_established(.wscale = true, .rcvbuf = 100000);
	uint16_t wnd;

	COVERS("R-5681-12", "R-5681-20");
	peer_sends(&f, .flags = TCP_ACK, .seq = fx_their(&f, 1000), .len = 777);
	expect_segment(&f, .flags = TCP_ACK);
	wnd = f.seg.tcp.h.wnd;
	for (uint32_t i = 2; i <= 9; i++) {
		peer_sends(&f, .flags = TCP_ACK, .seq = fx_their(&f, i * 1000), .len = 777);
		expect_segment(&f, .flags = TCP_ACK);
		EXPECT_EQ(f.seg.tcp.h.wnd, wnd);
	}
}

/* What fills a part of a gap is acknowledged at once. */
TEST_TWICE(established_gap_filling_segment_is_acknowledged_at_once)
{
	struct fx f = fx_established();

	COVERS("R-5681-20");
	peer_sends(&f, .flags = TCP_ACK, .seq = fx_their(&f, 500), .len = 100);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 100);
	expect_segment(&f, .flags = TCP_ACK);
	expect_quiet(&f);
}
