/*
 * rack.c - loss by time, RFC 8985 §6; limited transmit, RFC 5681 §3.2.
 */
#include "lib/fx_loss.h"

#define RTT SAMPAN_MS(100)
#define WINDOW (RTT / 4)	/* of reordering, to begin with */

/* `written` bytes were written a round trip ago: ten segments of them are out. */
static struct fx
ten_out(uint32_t written)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	EXPECT_EQ(fx_write(&f, written), written);
	expect_text(&f, fx_our(&f, 0), 10000);
	expect_quiet(&f);
	fx_advance(&f, RTT);
	return f;
}

/* Segments 0 and 1 have changed places on the way: reordering is known of, and
 * segments 2 to 9 are out. */
static struct fx
reordered(void)
{
	struct fx f = ten_out(10000);

	peer_sacks(&f, 0, { 1000, 2000 });
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 2000));
	expect_quiet(&f);
	return f;
}

/* §6.2 step 4: three of them: no patience. */
TEST_TWICE(established_three_segments_sacked_repair_at_once)
{
	struct fx f = ten_out(10000);

	COVERS("R-8985-6", "R-8985-8", "R-5681-23", "R-2018-10", "5-D15");
	peer_sacks(&f, 0, { 1000, 2000 });
	expect_quiet(&f);
	peer_sacks(&f, 0, { 1000, 3000 });
	expect_quiet(&f);
	peer_sacks(&f, 0, { 1000, 4000 });
	expect_seg(&f, 0);
	expect_quiet(&f);
}

/* Step 5: fewer: a quarter of the round trip later, by the timer. */
TEST_TWICE(established_one_segment_sacked_repairs_after_the_window)
{
	struct fx f = ten_out(10000);

	COVERS("R-8985-6", "R-8985-9", "R-2018-10");
	peer_sacks(&f, 0, { 1000, 2000 });
	expect_quiet(&f);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), WINDOW));
	expect_seg(&f, 0);
	expect_quiet(&f);
	expect_count(&f, COUNT_TCP_TIMEOUTS, 0);
}

/* What comes late, but within the window, was not lost. */
TEST_TWICE(established_hole_filled_within_the_window_is_not_repaired)
{
	struct fx f = ten_out(10000);

	COVERS("R-8985-6");
	peer_sacks(&f, 0, { 1000, 2000 });
	fx_advance(&f, WINDOW - SAMPAN_MS(3));
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 10000));
	fx_advance(&f, SAMPAN_SEC(100));
	expect_quiet(&f);
	expect_count(&f, COUNT_TCP_RETRANS_SEGS, 0);
}

/* Step 3: once reordering was seen, three segments do not mean loss. */
TEST_TWICE(established_after_reordering_three_segments_wait_for_the_window)
{
	struct fx f = reordered();

	COVERS("R-8985-5", "R-8985-6");
	peer_sacks(&f, 2000, { 3000, 10000 });
	expect_quiet(&f);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), WINDOW));
	expect_seg(&f, 2);
	expect_quiet(&f);
}

TEST_TWICE(established_after_reordering_late_segment_is_not_repaired)
{
	struct fx f = reordered();

	COVERS("R-8985-5", "R-8985-6");
	peer_sacks(&f, 2000, { 3000, 10000 });
	fx_advance(&f, WINDOW - SAMPAN_MS(3));
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 10000));
	fx_advance(&f, SAMPAN_SEC(100));
	expect_quiet(&f);
	expect_count(&f, COUNT_TCP_RETRANS_SEGS, 0);
}

/* Blocks come newest first; two of them in one acknowledgement are not
 * reordering. */
TEST_TWICE(established_two_holes_in_one_ack_are_not_reordering)
{
	struct fx f = ten_out(10000);

	COVERS("R-8985-5");
	peer_sacks(&f, 0, { 3000, 4000 }, { 1000, 2000 });
	peer_sacks(&f, 0, { 3000, 6000 }, { 1000, 2000 });
	expect_seg(&f, 0);
}

/* A repair that arrives where the original was thought lost: no reordering. */
TEST_TWICE(established_repair_arriving_late_is_not_reordering)
{
	struct fx f = ten_out(20000);

	COVERS("R-8985-5");
	peer_sacks(&f, 0, { 1000, 10000 });
	expect_seg(&f, 0);
	fx_drop(&f);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = f.snd_nxt);
	fx_drop(&f);
	fx_advance(&f, RTT);
	peer_sacks(&f, seq_diff(f.snd_una, fx_our(&f, 0)),
	    { seq_diff(f.snd_una, fx_our(&f, 0)) + 1000, seq_diff(f.snd_nxt, fx_our(&f, 0)) });
	expect_segment(&f, .flags = TCP_ACK, .seq = f.snd_una, .len = 1000);
}

/* Step 5: a repair that is lost is found by what was sent after it. */
TEST_TWICE(established_lost_repair_is_repaired_without_timeout)
{
	struct fx f = ten_out(40000);

	COVERS("R-8985-8", "R-8985-18", "R-8985-2");
	peer_sacks(&f, 0, { 1000, 9000 });
	expect_seg(&f, 0);
	fx_drop(&f);
	fx_advance(&f, SAMPAN_MS(5));
	peer_sacks(&f, 0, { 1000, 10000 });
	fx_drop(&f);
	EXPECT(seq_lt(fx_our(&f, 10000), f.snd_nxt));
	fx_advance(&f, RTT);
	peer_sacks(&f, 0, { 1000, 11000 });
	fx_wait(&f, RTT / 2);
	expect_seg(&f, 0);
	expect_count(&f, COUNT_TCP_TIMEOUTS, 0);
}

/* §3.4: what was sent later than what arrived is not judged by it. */
TEST_TWICE(established_text_sent_later_is_not_lost)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	COVERS("R-8985-8");
	EXPECT_EQ(fx_write(&f, 5000), 5000);
	expect_text(&f, fx_our(&f, 0), 5000);
	fx_advance(&f, RTT - SAMPAN_MS(10));
	EXPECT_EQ(fx_write(&f, 5000), 5000);
	expect_text(&f, fx_our(&f, 5000), 5000);
	fx_advance(&f, SAMPAN_MS(10));
	peer_sacks(&f, 0, { 1000, 5000 });
	expect_seg(&f, 0);
	expect_quiet(&f);
}

/* Step 4: a repair that was in vain widens the window by another quarter. */
TEST_TWICE(established_dsack_widens_the_window)
{
	struct fx f = ten_out(40000);
	uint32_t acked;

	COVERS("R-8985-7");
	peer_sacks(&f, 0, { 1000, 2000 });
	fx_drop(&f);
	fx_advance(&f, WINDOW + SAMPAN_MS(5));	/* repaired for nothing */
	fx_drop(&f);
	peer_sacks(&f, 2000, { 0, 1000 });
	fx_drop(&f);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK);	/* everything: recovery is over */
	fx_drop(&f);
	fx_advance(&f, RTT);
	acked = seq_diff(f.snd_una, fx_our(&f, 0));
	peer_sacks(&f, acked, { acked + 1000, acked + 2000 });
	fx_drop(&f);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), 2 * WINDOW));
	expect_segment(&f, .flags = TCP_ACK, .seq = f.snd_una, .len = 1000);
}

/* Short segments: three of them are three (§3.3.2: segments, not bytes). */
TEST_TWICE(established_three_short_segments_repair_at_once)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	COVERS("R-8985-6");
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_NODELAY, 1), 0);
	for (uint32_t i = 0; i < 5; i++) {
		EXPECT_EQ(fx_write(&f, 100), 100);
		expect_text(&f, fx_our(&f, i * 100), 100);
	}
	fx_advance(&f, RTT);
	peer_sacks(&f, 0, { 100, 200 });
	peer_sacks(&f, 0, { 100, 300 });
	expect_quiet(&f);
	peer_sacks(&f, 0, { 100, 400 });
	expect_segment(&f, .flags = TCP_ACK, .seq = fx_our(&f, 0), .len = 100);
}

/* RFC 5681 §3.2: one new segment for each of the first two; cwnd stays. */
TEST_TWICE(established_first_duplicates_let_one_new_segment_go_each)
{
	struct fx f = ten_out(40000);

	COVERS("R-5681-13", "R-6675-7", "R-3042-1", "R-6675-10");
	peer_sacks(&f, 0, { 1000, 2000 });
	expect_seg(&f, 10);
	expect_quiet(&f);
	peer_sacks(&f, 0, { 1000, 3000 });
	expect_seg(&f, 11);
	expect_quiet(&f);
	EXPECT_EQ(fx_info(&f).snd_cwnd_segs, 10);
	peer_sacks(&f, 0, { 1000, 4000 });
	expect_seg(&f, 0);
}

/* With nothing new in it, an acknowledgement lets nothing go: R-5681-13. */
TEST_TWICE(established_duplicate_without_new_blocks_lets_nothing_go)
{
	struct fx f = ten_out(40000);

	COVERS("R-5681-13", "R-V-21", "R-6675-1", "R-3042-3");
	peer_sacks(&f, 0, { 1000, 2000 });
	expect_seg(&f, 10);
	for (unsigned i = 0; i < 100; i++) {
		peer_sacks(&f, 0, { 1000, 2000 });
		expect_quiet(&f);
	}
}

/* §6.3: a time-out says nothing of what was sent less than a round trip ago. */
TEST_TWICE(established_timeout_spares_text_just_sent)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	COVERS("R-8985-10");
	EXPECT_EQ(fx_write(&f, 2000), 2000);
	expect_text(&f, fx_our(&f, 0), 2000);
	fx_advance(&f, SAMPAN_MS(490));		/* the probe went at 200, the RTO is at 500 */
	fx_drop(&f);
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	expect_seg(&f, 2);
	fx_advance(&f, SAMPAN_MS(15));
	expect_seg(&f, 0);
	EXPECT_EQ(fx_info(&f).lost_segs, 2);		/* 0, on its way again, and 1 */
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 2000));
	expect_quiet(&f);			/* number 2 is on its way */
}

/* But the first is lost, however late it left, and what is on its way is watched. */
TEST_TWICE(established_timeout_repairs_the_first_and_watches_the_rest)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	COVERS("R-8985-10", "R-5681-10");
	EXPECT_EQ(fx_write(&f, 2000), 2000);
	expect_text(&f, fx_our(&f, 0), 2000);
	fx_advance(&f, SAMPAN_MS(490));
	fx_drop(&f);
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	expect_seg(&f, 2);
	fx_advance(&f, SAMPAN_MS(15));
	expect_seg(&f, 0);			/* one segment, beside the one on its way */
	expect_quiet(&f);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 2000));
	fx_wait(&f, RTT);
	expect_seg(&f, 2);			/* sent before the repair, which has arrived */
	expect_count(&f, COUNT_TCP_TIMEOUTS, 1);
}

/* Step 2: a repair that cannot have arrived tells nothing; what came with it does. */
TEST_TWICE(established_ack_of_early_repair_counts_for_the_others)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	COVERS("R-8985-4");
	EXPECT_EQ(fx_write(&f, 10000), 10000);
	expect_text(&f, fx_our(&f, 0), 10000);
	fx_advance(&f, RTT);
	peer_sacks(&f, 0, { 1000, 4000 });
	expect_seg(&f, 0);
	fx_advance(&f, SAMPAN_MS(1));
	peer_sacks(&f, 4000, { 5000, 10000 });	/* the first was only late */
	expect_seg(&f, 4);
	expect_count(&f, COUNT_TCP_TIMEOUTS, 0);
}

/* What was learned of the path outlives a pause. */
TEST_TWICE(established_reordering_is_remembered_after_a_pause)
{
	struct fx f = reordered();

	COVERS("R-8985-5", "R-8985-6");
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 10000));
	fx_advance(&f, SAMPAN_SEC(60));
	EXPECT_EQ(fx_write(&f, 5000), 5000);
	expect_text(&f, fx_our(&f, 10000), 5000);
	fx_advance(&f, RTT);
	peer_sacks(&f, 10000, { 11000, 15000 });
	expect_quiet(&f);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), WINDOW));
	expect_seg(&f, 10);
}

/* And does not make everything else that was sent before it look late. */
TEST_TWICE(established_ack_of_early_repair_loses_nothing)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	COVERS("R-8985-4");
	EXPECT_EQ(fx_write(&f, 10000), 10000);
	expect_text(&f, fx_our(&f, 0), 10000);
	fx_advance(&f, RTT);
	peer_sacks(&f, 0, { 1000, 4000 });
	expect_seg(&f, 0);
	fx_advance(&f, SAMPAN_MS(1));
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 4000));
	expect_quiet(&f);
}
