/*
 * rto.c - retransmission by time: RFC 6298, and giving up, RFC 9293 §3.8.3.
 */
#include "lib/fx.h"

/* The retransmission of `len` bytes at seq, and after how long. */
static sampan_dur
next_repeat(struct fx *f, tcp_seq seq, uint32_t len)
{
	const sampan_dur dur = fx_wait(f, SAMPAN_SEC(1000));

	expect_segment(f, .flags = TCP_ACK, .seq = seq, .len = len);
	return dur;
}

static bool
about(sampan_dur dur, sampan_dur want)
{
	return dur >= want - want / 100 && dur <= want + want / 50 + SAMPAN_MS(1);
}

static struct fx
with_rtt(sampan_dur rtt)
{
	struct fx f = fx_syn_received();

	fx_advance(&f, rtt);
	peer_sends(&f, .flags = TCP_ACK);
	fx_accept(&f);
	return f;
}

/* §2.2: SRTT = R, RTTVAR = R/2, RTO = SRTT + 4 RTTVAR = 3 R. */
TEST_TWICE(established_first_rto_is_three_round_trips)
{
	struct fx f = with_rtt(SAMPAN_MS(100));

	COVERS("R-6298-2", "R-7323-24", "MUST-18");
	EXPECT_EQ(fx_write(&f, 100), 100);
	expect_text(&f, seq_add(f.iss, 1), 100);
	EXPECT(about(next_repeat(&f, seq_add(f.iss, 1), 100), SAMPAN_MS(300)));
}

/* 5-D3: not below 200 ms. */
TEST_TWICE(established_rto_is_not_below_its_least)
{
	struct fx f = with_rtt(SAMPAN_US(500));

	COVERS("R-6298-4", "5-D3");
	EXPECT_EQ(fx_write(&f, 100), 100);
	expect_text(&f, seq_add(f.iss, 1), 100);
	EXPECT(about(next_repeat(&f, seq_add(f.iss, 1), 100), SAMPAN_MS(200)));
}

/* §5.5, §2.5: doubling, up to 120 s. */
TEST_TWICE(established_rto_doubles_to_its_most)
{
	struct fx f = with_rtt(SAMPAN_SEC(1));
	sampan_dur want = SAMPAN_SEC(3);

	COVERS("R-6298-11", "R-6298-5", "R-6298-9", "MUST-19");
	EXPECT_EQ(fx_write(&f, 100), 100);
	expect_text(&f, seq_add(f.iss, 1), 100);
	for (unsigned i = 0; i < 9; i++) {
		EXPECT(about(next_repeat(&f, seq_add(f.iss, 1), 100), want));
		want = want * 2 < SAMPAN_SEC(120) ? want * 2 : SAMPAN_SEC(120);
	}
}

/* §5.3: new data acknowledged: the timer starts anew, from then. */
TEST_TWICE(established_ack_of_new_data_restarts_the_timer)
{
	struct fx f = with_rtt(SAMPAN_MS(100));
	const tcp_seq second = seq_add(f.iss, 1461);

	COVERS("R-6298-10", "R-6928-5");
	EXPECT_EQ(fx_write(&f, 2920), 2920);
	expect_text(&f, seq_add(f.iss, 1), 2920);
	fx_advance(&f, SAMPAN_MS(250));
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK, .ack = second);
	EXPECT(next_repeat(&f, second, 1460) > SAMPAN_MS(300));
}

/* §5.2: all acknowledged: the timer is off. */
TEST_TWICE(established_ack_of_all_data_stops_the_timer)
{
	struct fx f = with_rtt(SAMPAN_MS(100));

	COVERS("R-6298-10");
	EXPECT_EQ(fx_write(&f, 100), 100);
	expect_text(&f, seq_add(f.iss, 1), 100);
	peer_sends(&f, .flags = TCP_ACK);
	fx_advance(&f, SAMPAN_SEC(1000));
	expect_quiet(&f);
}

/* §3, Karn: what was repeated measures nothing, and the backed-off RTO stays
 * until something sent once is acknowledged: R-6298-6, R-6298-14. */
TEST_TWICE(established_ack_of_repeated_data_keeps_the_backoff)
{
	struct fx f = with_rtt(SAMPAN_MS(100));
	struct sampan_status st;

	COVERS("R-6298-6", "R-6298-14", "MUST-18", "R-2525-8");
	EXPECT_EQ(fx_write(&f, 100), 100);
	expect_text(&f, seq_add(f.iss, 1), 100);
	EXPECT(about(next_repeat(&f, seq_add(f.iss, 1), 100), SAMPAN_MS(300)));
	EXPECT(about(next_repeat(&f, seq_add(f.iss, 1), 100), SAMPAN_MS(600)));
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_EQ(sampan_status(f.s, f.h, &st), 0);
	EXPECT(about(st.srtt_dur, SAMPAN_MS(100)));
	EXPECT_EQ(fx_write(&f, 100), 100);
	expect_text(&f, seq_add(f.iss, 101), 100);
	EXPECT(about(next_repeat(&f, seq_add(f.iss, 101), 100), SAMPAN_MS(1200)));
}

/* With timestamps a repair measures too: RFC 7323 §4.1. */
TEST_TWICE(established_timestamp_measures_repeated_data)
{
	struct fx f = fx_established(.ts = true);
	struct sampan_status st;

	COVERS("R-6298-6", "R-7323-13");
	EXPECT_EQ(fx_write(&f, 100), 100);
	fx_drop(&f);
	fx_wait(&f, SAMPAN_SEC(10));
	fx_drop(&f);
	fx_advance(&f, SAMPAN_MS(50));
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_EQ(sampan_status(f.s, f.h, &st), 0);
	EXPECT(st.srtt_dur >= SAMPAN_MS(1) && st.srtt_dur <= SAMPAN_MS(52));
}

/* After a time-out everything is sent again, beginning with one segment, and
 * cwnd grows from there: R-5681-10. */
TEST_TWICE(established_timeout_begins_again_with_one_segment)
{
	struct fx f = with_rtt(SAMPAN_MS(100));
	const tcp_seq first = seq_add(f.iss, 1);

	COVERS("R-5681-10", "R-6298-11", "R-2525-10");
	EXPECT_EQ(fx_write(&f, 14600), 14600);
	expect_text(&f, first, 14600);
	next_repeat(&f, first, 1460);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(first, 1460));
	expect_segment(&f, .flags = TCP_ACK, .seq = seq_add(first, 1460), .len = 1460);
	expect_segment(&f, .flags = TCP_ACK, .seq = seq_add(first, 2920), .len = 1460);
	expect_quiet(&f);
}

/* ---- Giving up: MUST-20, SHLD-10, SHLD-11, SHLD-9 ---- */

TEST_TWICE(established_silent_peer_is_given_up)
{
	struct fx f = fx_established();
	const sampan_time begin = f.now;
	unsigned repeats = 0;

	COVERS("MUST-20", "SHLD-10", "SHLD-11");
	EXPECT_EQ(fx_write(&f, 100), 100);
	expect_text(&f, seq_add(f.iss, 1), 100);
	fx_forget_events(&f);
	while (fx_state(&f) == SAMPAN_TCP_ESTABLISHED && repeats < 1000) {
		fx_wait(&f, SAMPAN_SEC(1000));
		repeats += fx_next_out(&f) != NULL;
	}
	EXPECT(repeats >= 3);
	EXPECT(f.now - begin >= SAMPAN_SEC(100));
	expect_event(&f, SAMPAN_FAILED | SAMPAN_CLOSED | SAMPAN_READABLE | SAMPAN_WRITABLE);
	EXPECT_EQ(fx_write(&f, 1), SAMPAN_ETIMEDOUT);
	EXPECT_EQ(fx_write(&f, 1), SAMPAN_EPIPE);
}

/* An acknowledgement of anything new begins the count anew. */
TEST_TWICE(established_progress_resets_the_count)
{
	struct fx f = fx_established();

	EXPECT_EQ(fx_write(&f, 3000), 3000);
	for (uint32_t i = 0; i < 30; i++) {
		fx_advance(&f, SAMPAN_SEC(300));
		fx_drop(&f);
		peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.snd_una, 100));
	}
	fx_drop(&f);
	expect_state(&f, TCP_ESTABLISHED);
}

/* A connection that only receives has nothing to time out: not even when its
 * acknowledgements cannot be sent for a while. */
TEST_TWICE(established_receiver_survives_neighbour_that_was_away)
{
	struct fx f = fx_established();

	for (unsigned i = 0; i < 40; i++) {
		fx_advance(&f, SAMPAN_SEC(40));
		f.opts.no_arp = i < 3;
		peer_sends(&f, .flags = TCP_ACK, .len = 100);
		fx_advance(&f, SAMPAN_SEC(20));
		(void)fx_read(&f, 1000);
		fx_drop(&f);
	}
	f.opts.no_arp = false;
	fx_advance(&f, SAMPAN_SEC(3600));
	expect_state(&f, TCP_ESTABLISHED);
}

/* The persist timer survives the same. */
TEST_TWICE(blocked_neighbour_that_was_away_does_not_end_probing)
{
	struct fx f = fx_established();

	COVERS("R-WND-14");
	peer_sends(&f, .flags = TCP_ACK, .wnd = 0);
	EXPECT_EQ(fx_write(&f, 100), 100);
	f.opts.no_arp = true;
	fx_advance(&f, SAMPAN_SEC(120));
	f.opts.no_arp = false;
	fx_drop(&f);
	fx_wait(&f, SAMPAN_SEC(130));
	EXPECT(fx_next_out(&f) != NULL);
	expect_state(&f, TCP_ESTABLISHED);
}

/* A day of silence, in which nothing is armed: timers are right afterwards. */
TEST_TWICE(established_day_of_silence_then_rto_is_right)
{
	struct fx f = with_rtt(SAMPAN_MS(100));

	fx_advance(&f, SAMPAN_SEC(86400));
	expect_quiet(&f);
	EXPECT_EQ(fx_write(&f, 100), 100);
	expect_text(&f, seq_add(f.iss, 1), 100);
	EXPECT(about(next_repeat(&f, seq_add(f.iss, 1), 100), SAMPAN_MS(300)));
}
