/*
 * undo.c - reductions that were for nothing: Eifel (RFC 3522, 4015), D-SACK
 * (RFC 3708), F-RTO (RFC 5682).
 */
#include "lib/fx_loss.h"

#define RTT SAMPAN_MS(100)

/* Ten segments are out and have timed out; `more` bytes wait behind them. */
static struct fx
timed_out(bool ts, uint32_t more)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .ts = ts);

	EXPECT_EQ(fx_write(&f, 10 * f.mss), 10 * f.mss);
	fx_drop(&f);
	fx_advance(&f, SAMPAN_MS(250));		/* the probe goes */
	fx_drop(&f);
	EXPECT_EQ(fx_write(&f, more), more);
	while (fx_info(&f).ca_state != 4)
		fx_advance(&f, SAMPAN_MS(5));
	expect_segment(&f, .flags = TCP_ACK, .seq = fx_our(&f, 0), .len = (int64_t)f.mss);
	EXPECT_EQ(fx_info(&f).snd_cwnd_segs, 1);
	(void)fx_count_out(&f);
	return f;
}

/* RFC 3522: what is acknowledged was sent before the time-out. */
TEST_TWICE(established_timeout_is_undone_by_an_older_echo)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .ts = true);
	uint32_t tsval;

	COVERS("R-3522-1", "R-4015-1", "R-5682-1");
	EXPECT_EQ(fx_write(&f, 10 * f.mss), 10 * f.mss);
	fx_drop(&f);
	tsval = f.tsval;
	while (fx_info(&f).ca_state != 4)
		fx_advance(&f, SAMPAN_MS(5));
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.snd_una, 2 * f.mss), .tsecr = tsval);
	expect_quiet(&f);			/* nothing is sent again */
	EXPECT_EQ(fx_info(&f).lost_segs, 0);
	EXPECT_EQ(fx_info(&f).ca_state, 0);
	EXPECT_EQ(fx_info(&f).snd_cwnd_segs, 10);	/* 8 in flight and 2 acknowledged */
	EXPECT(fx_info(&f).snd_ssthresh_segs > 1000);
	expect_count(&f, COUNT_TCP_UNDONE, 1);
}

TEST_TWICE(established_timeout_is_right_if_the_echo_is_the_repair)
{
	struct fx f = timed_out(true, 0);

	COVERS("R-3522-1");
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.snd_una, f.mss));
	EXPECT_EQ(fx_info(&f).ca_state, 4);
	EXPECT(fx_info(&f).snd_cwnd_segs <= 2);
	expect_count(&f, COUNT_TCP_UNDONE, 0);
}

/* RFC 5682 §2.1: two new segments, and then the originals go on to arrive. */
TEST_TWICE(established_timeout_is_undone_by_frto)
{
	struct fx f = timed_out(false, 10000);

	COVERS("R-5682-1", "R-5682-3", "R-5682-5", "R-5682-6", "R-4015-1");
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 1000));
	expect_seg(&f, 10);
	expect_seg(&f, 11);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 2000));
	expect_count(&f, COUNT_TCP_UNDONE, 1);
	expect_count(&f, COUNT_TCP_RETRANS_SEGS, 2);	/* the probe and the time-out's */
	EXPECT_EQ(fx_info(&f).lost_segs, 0);
	EXPECT(fx_info(&f).snd_cwnd_segs >= 10);
}

/* A duplicate: it was lost, and the rest with it. */
TEST_TWICE(established_timeout_stands_if_frto_sees_a_duplicate)
{
	struct fx f = timed_out(false, 10000);

	COVERS("R-5682-4");
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 1000));
	expect_seg(&f, 10);
	expect_seg(&f, 11);
	fx_advance(&f, RTT);
	peer_sacks(&f, 1000, { 10000, 11000 });
	expect_seg(&f, 1);
	EXPECT(fx_info(&f).snd_cwnd_segs <= 3);
	EXPECT_EQ(fx_info(&f).ca_state, 4);
	expect_count(&f, COUNT_TCP_UNDONE, 0);
}

/* Nothing new to send, or everything acknowledged: as ever. */
TEST_TWICE(established_timeout_without_new_text_is_repaired)
{
	struct fx f = timed_out(false, 0);

	COVERS("R-5682-2");
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 1000));
	expect_seg(&f, 1);
	expect_seg(&f, 2);
	expect_quiet(&f);
	expect_count(&f, COUNT_TCP_UNDONE, 0);
}

/* What Nagle would hold back cannot test anything either. */
TEST_TWICE(established_timeout_with_a_short_rest_is_repaired)
{
	struct fx f = timed_out(false, 0);

	COVERS("R-5682-2");
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_CORK, 1), 0);
	EXPECT_EQ(fx_write(&f, 500), 500);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 1000));
	expect_seg(&f, 1);
	expect_seg(&f, 2);
	expect_quiet(&f);
}

/* After a second time-out in the middle of the test there is no other. */
TEST_TWICE(established_second_timeout_ends_the_test)
{
	struct fx f = timed_out(false, 10000);

	COVERS("R-5682-7", "R-5681-9");
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 1000));
	fx_drop(&f);
	fx_wait(&f, SAMPAN_SEC(10));
	expect_seg(&f, 1);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 2000));
	expect_seg(&f, 2);
}

/* RFC 3708: every repair came twice, so none was needed. */
TEST_TWICE(established_reduction_is_undone_by_dsack)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	COVERS("R-3708-1", "R-2883-5");
	EXPECT_EQ(fx_write(&f, 10000), 10000);
	expect_text(&f, fx_our(&f, 0), 10000);
	fx_advance(&f, RTT);
	peer_sacks(&f, 0, { 1000, 4000 });
	expect_seg(&f, 0);
	EXPECT_EQ(fx_info(&f).snd_ssthresh_segs, 5);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 10000));
	EXPECT(fx_info(&f).snd_cwnd_segs <= 5);
	fx_advance(&f, RTT);
	peer_sacks(&f, 10000, { 0, 1000 });
	EXPECT(fx_info(&f).snd_cwnd_segs >= 10);
	EXPECT(fx_info(&f).snd_ssthresh_segs > 1000);
	expect_count(&f, COUNT_TCP_UNDONE, 1);
}

/* One of two was needed. */
TEST_TWICE(established_reduction_stands_if_one_repair_was_needed)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	COVERS("R-3708-1");
	EXPECT_EQ(fx_write(&f, 10000), 10000);
	expect_text(&f, fx_our(&f, 0), 10000);
	fx_advance(&f, RTT);
	peer_sacks(&f, 0, { 1000, 2000 }, { 3000, 10000 });
	fx_drop(&f);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 10000));
	peer_sacks(&f, 10000, { 0, 1000 });
	EXPECT(fx_info(&f).snd_cwnd_segs <= 5);
	expect_count(&f, COUNT_TCP_UNDONE, 0);
}
