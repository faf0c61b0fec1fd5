/*
 * tlp.c - tail loss probes, RFC 8985 §7.
 */
#include "lib/fx_loss.h"

#define RTT SAMPAN_MS(100)

/* n segments have just been sent, and everything before was acknowledged. */
static struct fx
tail(uint32_t n)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	EXPECT_EQ(fx_write(&f, n * 1000), n * 1000);
	expect_text(&f, fx_our(&f, 0), n * 1000);
	return f;
}

/* §7.2: two round trips; §7.3: the last segment, once, then the RTO. */
TEST_TWICE(established_quiet_tail_is_probed_after_two_round_trips)
{
	struct fx f = tail(3);

	COVERS("R-8985-11", "R-8985-12", "R-8985-14");
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), 2 * RTT));
	expect_seg(&f, 2);
	expect_quiet(&f);
	expect_count(&f, COUNT_TCP_TIMEOUTS, 0);
}

/* After the probe the retransmission timer, started anew: SRTT + 4 RTTVAR. */
TEST_TWICE(established_unanswered_probe_is_followed_by_the_rto)
{
	struct fx f = tail(3);

	COVERS("R-8985-13", "R-8985-15", "R-8985-17");
	fx_wait(&f, SAMPAN_SEC(1));
	expect_seg(&f, 2);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), 3 * RTT));
	expect_seg(&f, 0);
	expect_quiet(&f);
	expect_count(&f, COUNT_TCP_TIMEOUTS, 1);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(2)), 6 * RTT));
	expect_seg(&f, 0);
}

/* §7.2: one segment in flight may be acknowledged late, so the probe waits
 * longer, but not longer than the RTO; then it is a probe that leaves. */
TEST_TWICE(established_lone_segment_is_probed_at_the_rto_at_the_latest)
{
	struct fx f = tail(1);

	COVERS("R-8985-12");
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), 3 * RTT));
	expect_seg(&f, 0);
	expect_count(&f, COUNT_TCP_TIMEOUTS, 0);
	EXPECT(fx_info(&f).snd_cwnd_segs >= 10);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), 3 * RTT));
	expect_seg(&f, 0);
	expect_count(&f, COUNT_TCP_TIMEOUTS, 1);
}

/* §7.3: new text goes first, if the window takes it; cwnd does not count. */
TEST_TWICE(established_probe_is_new_text_where_there_is_some)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	COVERS("R-8985-14");
	EXPECT_EQ(fx_write(&f, 12000), 12000);
	expect_text(&f, fx_our(&f, 0), 10000);
	expect_quiet(&f);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), 2 * RTT));
	expect_seg(&f, 10);
	expect_quiet(&f);
}

/* The peer's window does count. */
TEST_TWICE(established_probe_does_not_exceed_the_window)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .peer_wnd = 3000);

	COVERS("R-8985-14", "R-5681-1");
	EXPECT_EQ(fx_write(&f, 12000), 12000);
	expect_text(&f, fx_our(&f, 0), 3000);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), 2 * RTT));
	expect_seg(&f, 2);
	expect_quiet(&f);
}

/* §7.2: an acknowledgement starts the wait anew; all acknowledged ends it. */
TEST_TWICE(established_ack_restarts_the_probe_timer)
{
	struct fx f = tail(4);

	COVERS("R-8985-11");
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 2000));
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), 2 * RTT));
	expect_seg(&f, 3);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 4000));
	fx_advance(&f, SAMPAN_SEC(100));
	expect_quiet(&f);
}

/* §7.2: what was selectively acknowledged is RACK's. */
TEST_TWICE(established_sacked_tail_is_not_probed)
{
	struct fx f = tail(4);

	COVERS("R-8985-11", "R-8985-17");
	fx_advance(&f, RTT);
	peer_sacks(&f, 0, { 3000, 4000 });
	EXPECT(fx_wait(&f, SAMPAN_SEC(1)) < RTT / 2);
	expect_seg(&f, 0);
}

/* §7.4.1: the probe shows what else of the tail was lost: no time-out. */
TEST_TWICE(established_answered_probe_repairs_the_tail)
{
	struct fx f = tail(4);

	COVERS("R-8985-8", "R-8985-14");
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 1000));
	fx_wait(&f, SAMPAN_SEC(1));
	expect_seg(&f, 3);
	fx_advance(&f, RTT);
	peer_sacks(&f, 1000, { 3000, 4000 });
	fx_wait(&f, RTT / 2);
	expect_seg(&f, 1);
	fx_advance(&f, RTT);
	peer_sacks(&f, 2000, { 3000, 4000 });
	expect_seg(&f, 2);
	expect_quiet(&f);
	expect_count(&f, COUNT_TCP_TIMEOUTS, 0);
}

/* §7.3: without a sample since the last probe the next tail is the RTO's. */
TEST_TWICE(established_no_second_probe_without_a_sample)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .peer_wnd = 3000);

	COVERS("R-8985-13");
	EXPECT_EQ(fx_write(&f, 6000), 6000);
	expect_text(&f, fx_our(&f, 0), 3000);
	fx_wait(&f, SAMPAN_SEC(1));
	expect_seg(&f, 2);
	peer_sacks(&f, 3000, { 2000, 3000 });	/* both came; nothing can be measured */
	expect_text(&f, fx_our(&f, 3000), 3000);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), 3 * RTT));
	expect_seg(&f, 3);
	expect_count(&f, COUNT_TCP_TIMEOUTS, 1);
}

/* §7.4.2: the repair of a single loss by the probe is one to be reacted to,
 * once, when something beyond it is acknowledged. */
TEST_TWICE(established_loss_repaired_by_probe_reduces_cwnd)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .peer_wnd = 4000);

	COVERS("R-8985-16");
	EXPECT_EQ(fx_write(&f, 8000), 8000);
	expect_text(&f, fx_our(&f, 0), 4000);
	fx_wait(&f, SAMPAN_SEC(1));
	expect_seg(&f, 3);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 4000));
	expect_text(&f, fx_our(&f, 4000), 4000);
	EXPECT(fx_info(&f).snd_cwnd_segs >= 10);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 8000));
	EXPECT(fx_info(&f).snd_cwnd_segs <= 5);
}

/* Both arrived, so nothing was lost: a duplicate is reported. */
TEST_TWICE(established_probe_in_vain_keeps_cwnd)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .peer_wnd = 4000);

	COVERS("R-8985-16", "R-2883-5");
	EXPECT_EQ(fx_write(&f, 8000), 8000);
	expect_text(&f, fx_our(&f, 0), 4000);
	fx_wait(&f, SAMPAN_SEC(1));
	expect_seg(&f, 3);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 4000));
	fx_drop(&f);
	peer_sacks(&f, 4000, { 3000, 4000 });
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 8000));
	EXPECT(fx_info(&f).snd_cwnd_segs >= 10);
}

/* Without SACK there are no probes. */
TEST_TWICE(established_without_sack_tail_waits_for_the_rto)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .sack = false);

	COVERS("R-8985-1");
	EXPECT_EQ(fx_write(&f, 3000), 3000);
	expect_text(&f, fx_our(&f, 0), 3000);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), 3 * RTT));
	expect_seg(&f, 0);
	expect_count(&f, COUNT_TCP_TIMEOUTS, 1);
}

/* The same when the connection was idle between the two. */
TEST_TWICE(established_loss_repaired_by_probe_reduces_cwnd_after_idle)
{
	struct fx f = tail(4);

	COVERS("R-8985-16");
	fx_wait(&f, SAMPAN_SEC(1));
	expect_seg(&f, 3);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 4000));
	EXPECT_EQ(fx_write(&f, 2000), 2000);
	expect_text(&f, fx_our(&f, 4000), 2000);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 6000));
	EXPECT(fx_info(&f).snd_cwnd_segs <= 5);
}

/* Nobody has said that the probe was in vain: a loss, though nothing follows. */
TEST_TWICE(established_loss_repaired_by_the_last_probe_reduces_ssthresh)
{
	struct fx f = tail(8);

	COVERS("R-8985-16");
	fx_wait(&f, SAMPAN_SEC(1));
	expect_seg(&f, 7);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 8000));
	fx_advance(&f, SAMPAN_SEC(10));
	EXPECT_EQ(fx_info(&f).snd_ssthresh_segs, 4);
}

/* The same with a probe in vain. */
TEST_TWICE(established_last_probe_in_vain_keeps_ssthresh)
{
	struct fx f = tail(8);

	COVERS("R-8985-16");
	fx_wait(&f, SAMPAN_SEC(1));
	expect_seg(&f, 7);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 8000));
	peer_sacks(&f, 8000, { 7000, 8000 });
	fx_advance(&f, SAMPAN_SEC(10));
	EXPECT(fx_info(&f).snd_ssthresh_segs > 1000);
}

/* That there was no sample since the last probe is not forgotten in a pause. */
TEST_TWICE(established_pause_does_not_allow_a_second_probe)
{
	struct fx f = tail(3);

	COVERS("R-8985-13");
	fx_wait(&f, SAMPAN_SEC(1));
	expect_seg(&f, 2);
	peer_sacks(&f, 3000, { 2000, 3000 });	/* nothing can be measured */
	fx_advance(&f, RTT);
	EXPECT_EQ(fx_write(&f, 3000), 3000);
	expect_text(&f, fx_our(&f, 3000), 3000);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), 3 * RTT));
	expect_seg(&f, 3);
	expect_count(&f, COUNT_TCP_TIMEOUTS, 1);
}

/* §7.3: its time came, but news did before it left: nothing is sent for nothing. */
TEST_TWICE(established_probe_that_has_not_left_is_taken_back)
{
	struct fx f = tail(3);

	COVERS("R-8985-12");
	f.now += SAMPAN_MS(250);
	sampan_advance(f.s, f.now);
	peer_sacks(&f, 0, { 2000, 3000 });
	expect_quiet(&f);
	EXPECT_EQ(fx_info(&f).sacked_segs, 1);
}
