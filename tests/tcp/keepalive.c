/*
 * keepalive.c - RFC 9293 §3.8.4; the user time-out, RFC 9293 §3.8.3, RFC 5482.
 */
#include "lib/fx_loss.h"

#define HOUR SAMPAN_SEC(3600)

static void
set(struct fx *f, enum sampan_option option, int64_t value)
{
	EXPECT_EQ(sampan_setopt(f->s, f->h, option, value), 0);
}

/* Probes after 10 s of silence, 5 s apart, 3 of them. */
static struct fx
probing(void)
{
	struct fx f = fx_established();

	set(&f, SAMPAN_OPT_KEEPIDLE, 10);
	set(&f, SAMPAN_OPT_KEEPINTVL, 5);
	set(&f, SAMPAN_OPT_KEEPCNT, 3);
	set(&f, SAMPAN_OPT_KEEPALIVE, 1);
	return f;
}

/* No text, and an old sequence number: SHLD-12. */
static void
expect_probe(struct fx *f, sampan_dur after)
{
	EXPECT(fx_about(fx_wait(f, 10 * HOUR), after));
	expect_segment(f, .flags = TCP_ACK, .seq = seq_sub(f->snd_nxt, 1));
	expect_quiet(f);
}

TEST_TWICE(established_keepalive_is_off_by_default)
{
	struct fx f = fx_established();
	int64_t on = 1;

	COVERS("MUST-25", "MUST-24");
	EXPECT_EQ(sampan_getopt(f.s, f.h, SAMPAN_OPT_KEEPALIVE, &on), 0);
	EXPECT_EQ(on, 0);
	fx_advance(&f, 24 * HOUR);
	expect_quiet(&f);
	expect_state(&f, TCP_ESTABLISHED);
}

TEST_TWICE(established_keepalive_waits_two_hours_by_default)
{
	struct fx f = fx_established();

	COVERS("MUST-28", "MUST-24", "MAY-5", "R-2525-7");
	set(&f, SAMPAN_OPT_KEEPALIVE, 1);
	expect_probe(&f, 2 * HOUR);
	expect_probe(&f, SAMPAN_SEC(75));
}

TEST_TWICE(established_keepalive_probes_without_text)
{
	struct fx f = probing();

	COVERS("SHLD-12", "MUST-27");
	expect_probe(&f, SAMPAN_SEC(10));
	expect_count(&f, COUNT_TCP_KEEPALIVES, 1);
}

/* MUST-29: not by one probe, but by all of them. */
TEST_TWICE(established_unanswered_probes_end_the_connection)
{
	struct fx f = probing();
	struct sampan_status st;

	COVERS("MUST-29", "MUST-27");
	expect_probe(&f, SAMPAN_SEC(10));
	expect_probe(&f, SAMPAN_SEC(5));
	expect_probe(&f, SAMPAN_SEC(5));
	expect_state(&f, TCP_ESTABLISHED);
	EXPECT(fx_about(fx_wait(&f, HOUR), SAMPAN_SEC(5)));
	expect_reset(&f);
	EXPECT_EQ(sampan_status(f.s, f.h, &st), 0);
	EXPECT_EQ(st.state, SAMPAN_TCP_CLOSED);
	EXPECT_EQ(st.error, SAMPAN_ETIMEDOUT);
}

TEST_TWICE(established_answered_probe_starts_anew)
{
	struct fx f = probing();

	COVERS("MUST-29", "MUST-26");
	for (unsigned i = 0; i < 20; i++) {
		expect_probe(&f, SAMPAN_SEC(10));
		expect_probe(&f, SAMPAN_SEC(5));
		peer_sends(&f, .flags = TCP_ACK);
	}
	expect_state(&f, TCP_ESTABLISHED);
}

/* MUST-26: nothing was received for the interval. */
TEST_TWICE(established_text_of_the_peer_puts_probes_off)
{
	struct fx f = probing();

	COVERS("MUST-26");
	for (unsigned i = 0; i < 5; i++) {
		fx_advance(&f, SAMPAN_SEC(9));
		peer_sends(&f, .flags = TCP_ACK, .len = 10);
		expect_segment(&f, .flags = TCP_ACK);
	}
	expect_count(&f, COUNT_TCP_KEEPALIVES, 0);
	expect_probe(&f, SAMPAN_SEC(10));
}

/* MUST-26: while something is outstanding its own timer asks. */
TEST_TWICE(established_no_probe_while_text_is_outstanding)
{
	struct fx f = probing();

	COVERS("MUST-26");
	EXPECT_EQ(fx_write(&f, 100), 100);
	fx_drop(&f);
	for (unsigned i = 0; i < 7; i++) {
		fx_wait(&f, HOUR);
		expect_segment(&f, .flags = TCP_ACK, .seq = fx_our(&f, 0), .len = 100);
	}
	expect_count(&f, COUNT_TCP_KEEPALIVES, 0);
	peer_sends(&f, .flags = TCP_ACK);
	expect_probe(&f, SAMPAN_SEC(10));
}

TEST_TWICE(established_keepalive_switched_off_is_silent)
{
	struct fx f = probing();

	COVERS("MUST-24");
	expect_probe(&f, SAMPAN_SEC(10));
	set(&f, SAMPAN_OPT_KEEPALIVE, 0);
	fx_advance(&f, 24 * HOUR);
	expect_quiet(&f);
	expect_state(&f, TCP_ESTABLISHED);
}

/* A shorter time counts at once, from when the peer was heard last. */
TEST_TWICE(established_keepidle_counts_from_the_last_segment)
{
	struct fx f = fx_established();

	COVERS("MUST-27");
	set(&f, SAMPAN_OPT_KEEPALIVE, 1);
	fx_advance(&f, SAMPAN_SEC(30));
	set(&f, SAMPAN_OPT_KEEPIDLE, 40);
	expect_probe(&f, SAMPAN_SEC(10));
}

TEST_TWICE(close_wait_keepalive_probes)
{
	struct fx f = fx_close_wait();

	COVERS("MUST-24");
	set(&f, SAMPAN_OPT_KEEPIDLE, 10);
	set(&f, SAMPAN_OPT_KEEPALIVE, 1);
	expect_probe(&f, SAMPAN_SEC(10));
}

/* The peer has forgotten the connection. */
TEST_TWICE(established_probe_answered_by_reset_ends_it)
{
	struct fx f = probing();
	struct sampan_status st;

	expect_probe(&f, SAMPAN_SEC(10));
	peer_sends(&f, .flags = TCP_RST, .ack = seq_of(0));
	EXPECT_EQ(sampan_status(f.s, f.h, &st), 0);
	EXPECT_EQ(st.error, SAMPAN_ECONNRESET);
	expect_quiet(&f);
}

/* A probe of the peer's, R-2883-6: it is answered. */
TEST_TWICE(established_probe_of_the_peer_is_answered)
{
	struct fx f = fx_established(.sack = true);

	COVERS("R-2883-6");
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_sub(f.rcv_nxt, 1), .refused = true);
	expect_segment(&f, .flags = TCP_ACK);
	expect_no_blocks(&f);
	expect_quiet(&f);
}

/* ---- User time-out ---- */

/* Passes until the connection has ended; how long that took. */
static sampan_dur
life(struct fx *f)
{
	const sampan_time begin = f->now;
	struct sampan_status st;

	while (f->now < begin + HOUR) {
		EXPECT_EQ(sampan_status(f->s, f->h, &st), 0);
		if (st.state == SAMPAN_TCP_CLOSED)
			break;
		fx_advance(f, SAMPAN_MS(100));
		fx_drop(f);
	}
	EXPECT_EQ(st.error, SAMPAN_ETIMEDOUT);
	return f->now - begin;
}

TEST_TWICE(established_user_timeout_ends_unacknowledged_text)
{
	struct fx f = fx_established();

	COVERS("MUST-21", "R-5482-10");
	set(&f, SAMPAN_OPT_USER_TIMEOUT, 5000);
	EXPECT_EQ(fx_write(&f, 100), 100);
	EXPECT(fx_about(life(&f), SAMPAN_SEC(5)));
}

/* Longer than R2 would be, too: MUST-21. */
TEST_TWICE(established_user_timeout_may_be_longer_than_r2)
{
	struct fx f = fx_established();

	COVERS("MUST-21");
	set(&f, SAMPAN_OPT_USER_TIMEOUT, 2000000);
	EXPECT_EQ(fx_write(&f, 100), 100);
	EXPECT(fx_about(life(&f), SAMPAN_SEC(2000)));
}

/* It counts from the last progress. */
TEST_TWICE(established_progress_restarts_the_user_timeout)
{
	struct fx f = fx_established();

	COVERS("MUST-21");
	set(&f, SAMPAN_OPT_USER_TIMEOUT, 5000);
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	for (uint32_t i = 1; i <= 5; i++) {
		fx_advance(&f, SAMPAN_SEC(4));
		fx_drop(&f);
		peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, i * 100));
	}
	fx_drop(&f);
	EXPECT(fx_about(life(&f), SAMPAN_SEC(5)));
}

/* Silence before the text was written does not count. */
TEST_TWICE(established_idle_time_does_not_count_for_the_user_timeout)
{
	struct fx f = fx_established();

	COVERS("MUST-21");
	set(&f, SAMPAN_OPT_USER_TIMEOUT, 5000);
	fx_advance(&f, HOUR);
	EXPECT_EQ(fx_write(&f, 100), 100);
	EXPECT(fx_about(life(&f), SAMPAN_SEC(5)));
}

/* Set while text is out: from then on at the earliest. */
TEST_TWICE(established_user_timeout_set_late_counts)
{
	struct fx f = fx_established();
	sampan_dur dur;

	COVERS("MUST-21");
	EXPECT_EQ(fx_write(&f, 100), 100);
	fx_advance(&f, SAMPAN_SEC(2));
	set(&f, SAMPAN_OPT_USER_TIMEOUT, 5000);
	dur = life(&f);
	EXPECT(dur >= SAMPAN_SEC(3) - SAMPAN_MS(200) && dur <= SAMPAN_SEC(8));
}

/* R-5482-8, Linux: with it a silent peer is given up by time, not by count. */
TEST_TWICE(established_user_timeout_bounds_keepalive)
{
	struct fx f = probing();

	set(&f, SAMPAN_OPT_USER_TIMEOUT, 40000);
	EXPECT(life(&f) >= SAMPAN_SEC(40));
}

/* A shut window that is answered is not a silent peer: MUST-37. */
TEST_TWICE(established_answered_window_probes_outlive_r2)
{
	struct fx f = fx_established();

	COVERS("MUST-37");
	peer_sends(&f, .flags = TCP_ACK, .wnd = 0);
	EXPECT_EQ(fx_write(&f, 100), 100);
	for (unsigned i = 0; i < 100; i++) {
		fx_wait(&f, HOUR);
		fx_drop(&f);
		peer_sends(&f, .flags = TCP_ACK, .wnd = 0);
	}
	expect_state(&f, TCP_ESTABLISHED);
}
