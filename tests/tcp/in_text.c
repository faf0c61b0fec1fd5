/*
 * in_text.c - the seventh and eighth check: text and FIN.  RFC 9293
 * §3.10.7.4, seventh and eighth; §3.8.6.3; RFC 5681 §4.2.
 */
#include "lib/stack_check.h"
#include "tcp/grid.h"

/* ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2. */
#define TAKES_TEXT 3u

TEST_TWICE(receiving_states_text_is_delivered)
{
	for (unsigned i = 0; i < TAKES_TEXT; i++) {
		struct fx f = grid_make(i);

		peer_sends(&f, .flags = TCP_ACK, .ack = f.snd_una, .len = 100);
		expect_segment(&f, .flags = TCP_ACK);
		expect_event(&f, SAMPAN_READABLE);
		EXPECT_EQ(sampan_readable_bytes(f.s, f.h), 100);
		EXPECT_EQ(fx_read(&f, 1000), 100);
		EXPECT_EQ(fx_read(&f, 1000), SAMPAN_EAGAIN);
		grid_expect_unmoved(&f, i);
	}
}

/* R-9293-22: after the peer's FIN there is no text. */
TEST_TWICE(states_after_peer_fin_ignore_text)
{
	COVERS("R-9293-22");
	for (unsigned i = TAKES_TEXT; i < GRID_STATES; i++) {
		struct fx f = grid_make(i);

		grid_peer_sends(&f, .flags = TCP_ACK, .len = 100);
		fx_drop(&f);
		grid_expect_unmoved(&f, i);
		EXPECT_EQ(fx_read(&f, 1000), 0);
	}
}

/* R-MISC-1, RFC 9293 Appendix A.1: nor its class of service, which may change. */
TEST_TWICE(established_text_of_any_class_is_taken)
{
	struct fx f = fx_established();

	COVERS("R-MISC-1");
	for (unsigned tos = 0; tos < 256; tos += 4) {
		peer_sends(&f, .flags = TCP_ACK, .len = 10, .tos = (uint8_t)tos);
		fx_drop(&f);
		EXPECT_EQ(fx_read(&f, 100), 10);
	}
	expect_state(&f, TCP_ESTABLISHED);
	expect_count(&f, COUNT_TCP_RSTS_OUT, 0);
}

/* R-WND-18: PSH does not matter for delivery. */
TEST_TWICE(established_text_without_psh_is_readable_at_once)
{
	struct fx f = fx_established();

	COVERS("R-WND-18");
	peer_sends(&f, .flags = TCP_ACK, .len = 1);
	expect_event(&f, SAMPAN_READABLE);
	EXPECT_EQ(fx_read(&f, 10), 1);
}

/* ---- FIN: R-9293-23 ---- */

/* The state that a FIN leads to from each of the grid's, with our own FIN not
 * acknowledged by it. */
static const enum sampan_tcp_state after_fin[GRID_STATES] = {
	SAMPAN_TCP_CLOSE_WAIT,
	SAMPAN_TCP_CLOSING,
	SAMPAN_TCP_TIME_WAIT,
	SAMPAN_TCP_CLOSE_WAIT,
	SAMPAN_TCP_CLOSING,
	SAMPAN_TCP_LAST_ACK,
};

TEST_TWICE(receiving_states_fin_moves_on)
{
	COVERS("R-9293-23");
	for (unsigned i = 0; i < TAKES_TEXT; i++) {
		struct fx f = grid_make(i);

		peer_sends(&f, .flags = TCP_FIN | TCP_ACK, .ack = f.snd_una, .len = 10);
		expect_segment(&f, .flags = TCP_ACK);
		fx_expect_state(&f, after_fin[i]);
		EXPECT_EQ(fx_read(&f, 100), 10);
		EXPECT_EQ(fx_read(&f, 100), 0);
	}
}

/* A repeated FIN is acknowledged again and changes nothing. */
TEST_TWICE(states_after_peer_fin_repeated_fin_is_acknowledged)
{
	for (unsigned i = TAKES_TEXT; i < GRID_STATES; i++) {
		struct fx f = grid_make(i);

		grid_peer_sends(&f, .flags = TCP_FIN | TCP_ACK, .seq = seq_sub(f.rcv_nxt, 1));
		grid_expect_ack(&f, i);
	}
}

TEST_TWICE(fin_wait_1_fin_that_acknowledges_ours_leads_to_time_wait)
{
	struct fx f = fx_fin_wait_1();

	peer_sends(&f, .flags = TCP_FIN | TCP_ACK);
	expect_segment(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_TIME_WAIT);
}

/* Nothing follows a FIN: what was kept behind it is let go of, and not reported. */
TEST_TWICE(established_fin_before_text_that_is_kept)
{
	struct fx f = fx_established();
	const tcp_seq fin = f.rcv_nxt;

	COVERS("R-9293-23");
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(fin, 1), .len = 100);
	expect_segment(&f, .flags = TCP_ACK, .ack = fin);
	peer_sends(&f, .flags = TCP_FIN | TCP_ACK, .seq = fin);
	expect_segment(&f, .flags = TCP_ACK, .ack = seq_add(fin, 1));
	expect_state(&f, TCP_CLOSE_WAIT);
	EXPECT_EQ(fx_read(&f, 1000), 0);
	EXPECT_SOUND(f.s);
}

/* FIN before missing text is held until the gap closes. */
TEST_TWICE(established_fin_behind_a_gap_waits)
{
	struct fx f = fx_established();
	const tcp_seq gap = f.rcv_nxt;

	COVERS("R-9293-23", "SHLD-31", "MAY-13");
	peer_sends(&f, .flags = TCP_FIN | TCP_ACK, .seq = seq_add(gap, 100), .len = 50);
	expect_segment(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_ESTABLISHED);
	EXPECT_EQ(fx_read(&f, 1000), SAMPAN_EAGAIN);
	peer_sends(&f, .flags = TCP_ACK, .len = 100);
	expect_segment(&f, .flags = TCP_ACK, .ack = seq_add(gap, 151));
	expect_state(&f, TCP_CLOSE_WAIT);
	EXPECT_EQ(fx_read(&f, 1000), 150);
	EXPECT_EQ(fx_read(&f, 1000), 0);
}

/* ---- Text behind a gap: SHLD-31, R-5681-20 ---- */

TEST_TWICE(established_text_behind_a_gap_is_kept_and_reported)
{
	struct fx f = fx_established();
	const tcp_seq gap = f.rcv_nxt;

	COVERS("SHLD-31", "MAY-13", "R-5681-20", "R-2525-3");
	for (uint32_t i = 3; i > 0; i--) {
		peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(gap, i * 1000), .len = 1000);
		expect_segment(&f, .flags = TCP_ACK, .ack = gap);
	}
	EXPECT_EQ(fx_read(&f, 1000), SAMPAN_EAGAIN);
	expect_event(&f, 0);
	peer_sends(&f, .flags = TCP_ACK, .len = 1000);
	expect_segment(&f, .flags = TCP_ACK, .ack = seq_add(gap, 4000));
	expect_event(&f, SAMPAN_READABLE);
	EXPECT_EQ(fx_read(&f, 10000), 4000);
	expect_quiet(&f);
}

/* R-5681-21: no more than one acknowledgement for each segment. */
TEST_TWICE(established_segments_behind_a_gap_have_one_ack_each)
{
	struct fx f = fx_established();
	const tcp_seq gap = f.rcv_nxt;

	COVERS("R-5681-20", "R-5681-21");
	for (uint32_t i = 1; i <= 3; i++)
		peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(gap, i * 1000), .len = 1000);
	for (uint32_t i = 1; i <= 3; i++)
		expect_segment(&f, .flags = TCP_ACK, .ack = gap);
	expect_quiet(&f);
}

/* Text that is held twice, in part, or overlapping is delivered once. */
TEST_TWICE(established_overlapping_text_is_delivered_once)
{
	struct fx f = fx_established();
	const tcp_seq gap = f.rcv_nxt;

	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(gap, 200), .len = 100);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(gap, 150), .len = 100);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(gap, 100), .len = 300);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(gap, 100), .len = 300);
	peer_sends(&f, .flags = TCP_ACK, .seq = gap, .len = 250, .refused = true);
	f.rcv_nxt = seq_add(gap, 400);
	fx_drop(&f);
	EXPECT(seq_eq(f.acked, f.rcv_nxt));
	EXPECT_EQ(fx_read(&f, 10000), 400);
}

/* ---- Half-duplex close: SHLD-3 ---- */

TEST_TWICE(fin_wait_2_orphan_text_is_answered_with_reset)
{
	struct fx f = fx_fin_wait_2(.orphan = true);

	COVERS("SHLD-3");
	peer_sends(&f, .flags = TCP_ACK, .len = 10, .refused = true);
	expect_reset(&f);
	expect_state(&f, TCP_CLOSED);
	expect_quiet(&f);
}

TEST_TWICE(established_close_with_unread_text_is_a_reset)
{
	struct fx f = fx_established();

	COVERS("SHLD-3", "R-2525-12");
	peer_sends(&f, .flags = TCP_ACK, .len = 10);
	fx_drop(&f);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_reset(&f);
	expect_state(&f, TCP_CLOSED);
	expect_quiet(&f);
}

/* ---- When acknowledgements leave: MUST-40, MUST-58, SHLD-18, SHLD-19 ---- */

/* A connection that is past its first acknowledgements, which leave at once. */
static struct fx
settled(void)
{
	struct fx f = fx_established();

	for (unsigned i = 0; i < 40; i++) {
		peer_sends(&f, .flags = TCP_ACK, .len = 1460);
		EXPECT_EQ(fx_read(&f, 1460), 1460);
		fx_advance(&f, SAMPAN_MS(50));	/* no pause: that would start it anew */
		fx_drop(&f);
	}
	return f;
}

TEST_TWICE(settled_lone_segment_is_acknowledged_within_500_ms)
{
	struct fx f = settled();
	sampan_dur took;

	COVERS("MUST-40", "SHLD-18", "R-5681-19", "R-WND-8");
	peer_sends(&f, .flags = TCP_ACK, .len = 100);
	expect_quiet(&f);
	took = fx_wait(&f, SAMPAN_SEC(1));
	EXPECT(took >= SAMPAN_MS(10) && took < SAMPAN_MS(500));
	expect_segment(&f, .flags = TCP_ACK);
	expect_quiet(&f);
}

TEST_TWICE(settled_second_full_segment_is_acknowledged_at_once)
{
	struct fx f = settled();

	COVERS("SHLD-19", "R-5681-19", "R-WND-15", "5-D24");
	peer_sends(&f, .flags = TCP_ACK, .len = 1460);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 1460);
	expect_segment(&f, .flags = TCP_ACK);
	expect_quiet(&f);
	fx_advance(&f, SAMPAN_SEC(1));
	expect_quiet(&f);
}

/* MUST-58, MUST-59: one acknowledgement for a batch. */
TEST_TWICE(settled_batch_has_one_ack)
{
	struct fx f = settled();

	COVERS("MUST-58", "MUST-59");
	for (unsigned i = 0; i < 10; i++)
		peer_sends(&f, .flags = TCP_ACK, .len = 1460);
	expect_segment(&f, .flags = TCP_ACK);
	expect_quiet(&f);
}

/* R-WND-9. */
TEST_TWICE(settled_ack_rides_on_text)
{
	struct fx f = settled();

	COVERS("R-WND-9");
	peer_sends(&f, .flags = TCP_ACK, .len = 100);
	expect_quiet(&f);
	EXPECT_EQ(fx_write(&f, 50), 50);
	expect_segment(&f, .flags = TCP_ACK, .len = 50);
	peer_sends(&f, .flags = TCP_ACK);
	fx_advance(&f, SAMPAN_SEC(1));
	expect_quiet(&f);
}

/* R-5681-20: what fills a gap, even in part, is acknowledged at once. */
TEST_TWICE(settled_segment_that_fills_a_gap_is_acknowledged_at_once)
{
	struct fx f = settled();
	const tcp_seq gap = f.rcv_nxt;

	COVERS("R-5681-20", "R-WND-8");
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(gap, 200), .len = 100);
	expect_segment(&f, .flags = TCP_ACK, .ack = gap);
	peer_sends(&f, .flags = TCP_ACK, .len = 100);
	expect_segment(&f, .flags = TCP_ACK);
	peer_sends(&f, .flags = TCP_ACK, .len = 100);
	expect_segment(&f, .flags = TCP_ACK, .ack = seq_add(gap, 300));
	expect_quiet(&f);
}

/* ---- Options on any segment ---- */

/* MUST-5, MUST-6, MUST-64: known and unknown ones, oddly aligned. */
TEST_TWICE(established_unknown_options_are_skipped)
{
	static const uint8_t raw[] = { 200, 6, 1, 2, 3, 4, 253, 3, 9, 1, 2, 4, 0, 100, 0, 0 };
	struct fx f = fx_established();

	COVERS("MUST-5", "MUST-6", "MUST-64");
	peer_sends(&f, .flags = TCP_ACK, .len = 10, .raw = raw, .raw_len = sizeof(raw));
	EXPECT_EQ(fx_read(&f, 10), 10);
}

/* MUST-7, R-V-11: illegal lengths end the reading, not the connection. */
TEST_TWICE(established_malformed_options_do_no_harm)
{
	static const uint8_t raw[][4] = {
		{ 2, 0, 0, 0 }, { 2, 1, 0, 0 }, { 8, 255, 0, 0 }, { 200, 40, 0, 0 }, { 1, 1, 1, 2 },
		{ 5, 9, 0, 0 },
	};

	COVERS("MUST-7", "R-V-11", "R-V-13");
	for (unsigned i = 0; i < sizeof(raw) / sizeof(raw[0]); i++) {
		struct fx f = fx_established();

		peer_sends(&f, .flags = TCP_ACK, .len = 10, .raw = raw[i], .raw_len = 4);
		expect_state(&f, TCP_ESTABLISHED);
		EXPECT_EQ(fx_read(&f, 10), 10);
	}
}

/* MUST-3. */
TEST_TWICE(established_bad_checksum_is_dropped_in_silence)
{
	struct fx f = fx_established();

	COVERS("MUST-3");
	peer_sends(&f, .flags = TCP_ACK, .len = 10, .bad_csum = true);
	peer_sends(&f, .flags = TCP_RST, .bad_csum = true);
	expect_count(&f, DROP_TCP_CSUM, 2);
	expect_state(&f, TCP_ESTABLISHED);
	expect_quiet(&f);
}
