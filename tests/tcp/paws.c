/*
 * paws.c - timestamps on the wire: echo, TS.Recent, PAWS.  RFC 7323 §3 to §5.
 */
#include "lib/fx.h"

static struct fx
stamped(void)
{
	return fx_established(.ts = true);
}

/* The peer's clock now. */
static int64_t
clock_of(const struct fx *f)
{
	return (uint32_t)(f->peer_tsval + (uint32_t)(f->now / SAMPAN_MS(1)));
}

/* §5.3 R1: older than TS.Recent: acknowledged and dropped.  Equal and newer
 * ones are taken. */
TEST_TWICE(established_old_timestamp_is_refused)
{
	struct fx f = stamped();

	COVERS("R-7323-16");
	peer_sends(&f, .flags = TCP_ACK, .tsval = clock_of(&f) - 1, .len = 10, .refused = true);
	expect_count(&f, DROP_TCP_PAWS, 1);
	expect_segment(&f, .flags = TCP_ACK, .ts = 1);
	EXPECT_EQ(fx_read(&f, 10), SAMPAN_EAGAIN);
}

TEST_TWICE(established_equal_timestamp_is_taken)
{
	struct fx f = stamped();

	COVERS("R-7323-16");
	peer_sends(&f, .flags = TCP_ACK, .tsval = clock_of(&f), .len = 10);
	EXPECT_EQ(fx_read(&f, 10), 10);
}

/* Comparison is modulo 2^32: up to 2^31 - 1 ahead is newer. */
TEST_TWICE(established_timestamp_half_way_around_is_newer)
{
	struct fx f = stamped();

	COVERS("R-7323-16");
	peer_sends(&f, .flags = TCP_ACK, .tsval = (uint32_t)(clock_of(&f) + 0x7fffffff), .len = 10);
	EXPECT_EQ(fx_read(&f, 10), 10);
	peer_sends(&f, .flags = TCP_ACK, .tsval = (uint32_t)(clock_of(&f) + 0x7ffffffe), .len = 10,
	    .refused = true);
	EXPECT_EQ(fx_read(&f, 10), SAMPAN_EAGAIN);
}

TEST_TWICE(established_timestamp_more_than_half_way_is_old)
{
	struct fx f = stamped();

	COVERS("R-7323-16");
	peer_sends(&f, .flags = TCP_ACK, .tsval = (uint32_t)(clock_of(&f) + 0x80000001u), .len = 10,
	    .refused = true);
	expect_count(&f, DROP_TCP_PAWS, 1);
}

/* §3.2: missing: dropped in silence, never a reason to reset. */
TEST_TWICE(established_missing_timestamp_is_dropped)
{
	struct fx f = stamped();

	COVERS("R-7323-10");
	peer_sends(&f, .flags = TCP_ACK, .no_ts = true, .len = 10, .refused = true);
	expect_count(&f, DROP_TCP_NO_TS, 1);
	expect_quiet(&f);
	expect_state(&f, TCP_ESTABLISHED);
	EXPECT_EQ(fx_read(&f, 10), SAMPAN_EAGAIN);
}

/* §3.2: not agreed on: ignored. */
TEST_TWICE(established_unagreed_timestamp_is_ignored)
{
	struct fx f = fx_established();

	COVERS("R-7323-11");
	peer_sends(&f, .flags = TCP_ACK, .tsval = 1, .len = 10);
	peer_sends(&f, .flags = TCP_ACK, .tsval = 0, .len = 10);
	expect_segment(&f, .flags = TCP_ACK, .ts = 0);
	EXPECT_EQ(fx_read(&f, 100), 20);
}

/* §5.5: after 24 days of silence TS.Recent means nothing. */
TEST_TWICE(established_timestamp_after_25_days_is_taken)
{
	struct fx f = stamped();
	const int64_t old = clock_of(&f) - 1000;

	COVERS("R-7323-20");
	for (unsigned day = 0; day < 25; day++)
		fx_advance(&f, SAMPAN_SEC(86400));
	peer_sends(&f, .flags = TCP_ACK, .tsval = old, .len = 10);
	EXPECT_EQ(fx_read(&f, 10), 10);
	fx_advance(&f, SAMPAN_SEC(1));
	fx_drop(&f);
	EXPECT_EQ(f.tsecr, (uint32_t)old);
}

TEST_TWICE(established_timestamp_after_23_days_is_old)
{
	struct fx f = stamped();
	const int64_t old = clock_of(&f) - 1000;

	COVERS("R-7323-20");
	for (unsigned day = 0; day < 23; day++)
		fx_advance(&f, SAMPAN_SEC(86400));
	peer_sends(&f, .flags = TCP_ACK, .tsval = old, .len = 10, .refused = true);
	EXPECT_EQ(fx_read(&f, 10), SAMPAN_EAGAIN);
}

/* ---- What is echoed: §4.3, R-7323-15 ---- */

/* (A) Delayed: the earliest unacknowledged one. */
TEST_TWICE(established_delayed_ack_echoes_the_first)
{
	struct fx f = stamped();
	int64_t first;

	COVERS("R-7323-15");
	fx_advance(&f, SAMPAN_MS(10));
	first = clock_of(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 100, .tsval = first);
	peer_sends(&f, .flags = TCP_ACK, .len = 100, .tsval = first + 5);
	expect_segment(&f, .flags = TCP_ACK, .tsecr = first);
}

/* (B) A gap: the last one that moved the left edge. */
TEST_TWICE(established_gap_echoes_the_last_in_order)
{
	struct fx f = stamped();
	int64_t first;

	COVERS("R-7323-15");
	fx_advance(&f, SAMPAN_MS(10));
	first = clock_of(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 100, .tsval = first);
	expect_segment(&f, .flags = TCP_ACK, .tsecr = first);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(f.rcv_nxt, 100), .len = 100,
	    .tsval = first + 7);
	expect_segment(&f, .flags = TCP_ACK, .tsecr = first);
}

/* (C) The gap filled: the one that fills it. */
TEST_TWICE(established_filled_gap_echoes_the_filler)
{
	struct fx f = stamped();
	const int64_t first = clock_of(&f) + 20;

	COVERS("R-7323-15");
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(f.rcv_nxt, 100), .len = 100,
	    .tsval = first + 7);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 100, .tsval = first);
	f.rcv_nxt = seq_add(f.rcv_nxt, 100);
	expect_segment(&f, .flags = TCP_ACK, .tsecr = first);
}

/* R-V-57: what is not acceptable teaches no timestamp. */
TEST_TWICE(established_unacceptable_segment_teaches_no_timestamp)
{
	struct fx f = stamped();
	const int64_t now = clock_of(&f);

	COVERS("R-V-57", "R-7323-15");
	peer_sends(
	    &f, .flags = TCP_ACK, .seq = seq_sub(f.rcv_nxt, 10), .len = 5, .tsval = now + 1000);
	peer_sends(
	    &f, .flags = TCP_ACK, .seq = seq_add(f.rcv_edge, 1), .len = 5, .tsval = now + 1000);
	peer_sends(&f, .flags = TCP_RST, .seq = seq_add(f.rcv_nxt, 1), .tsval = now + 1000);
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.snd_nxt, 1), .tsval = now + 1000,
	    .refused = true);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 10, .tsval = now + 1);
	EXPECT_EQ(fx_read(&f, 10), 10);
}

/* ---- Our clock: §5.4 ---- */

TEST_TWICE(established_our_clock_ticks_in_milliseconds)
{
	struct fx f = stamped();
	uint32_t first;

	COVERS("R-7323-19");
	peer_sends(&f, .flags = TCP_ACK, .len = 1);
	expect_segment(&f, .flags = TCP_ACK, .ts = 1);
	first = f.tsval;
	fx_advance(&f, SAMPAN_SEC(10));
	peer_sends(&f, .flags = TCP_ACK, .len = 1);
	fx_wait(&f, SAMPAN_SEC(1));
	expect_segment(&f, .flags = TCP_ACK, .ts = 1);
	EXPECT(f.tsval - first >= 10000 && f.tsval - first <= 10500);
}

/* R-7323-9: on every segment but resets. */
TEST_TWICE(established_every_segment_has_a_timestamp)
{
	struct fx f = stamped();

	COVERS("R-7323-9");
	EXPECT_EQ(fx_write(&f, 3000), 3000);
	for (unsigned i = 0; i < 3; i++) {
		EXPECT(fx_next_out(&f) != NULL);
		EXPECT(f.seg.tcp.opts.has_ts);
	}
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK, .ts = 1);
}
