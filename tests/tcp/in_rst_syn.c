/*
 * in_rst_syn.c - the second and fourth check: RST and SYN on a connection.
 * RFC 9293 §3.10.7.4, second and fourth; RFC 5961 §3 and §4.
 */
#include "tcp/grid.h"

/* R-9293-14: what a reset means in each state. */
TEST_TWICE(synchronized_rst_at_rcv_nxt_resets)
{
	COVERS("R-5961-2", "R-9293-14", "R-5961-5");
	for (unsigned i = 0; i < GRID_STATES; i++) {
		struct fx f = grid_make(i);

		grid_peer_sends(&f, .flags = TCP_RST);
		expect_state(&f, TCP_CLOSED);
		expect_quiet(&f);
	}
}

TEST_TWICE(synchronized_rst_ack_at_rcv_nxt_resets)
{
	for (unsigned i = 0; i < GRID_STATES; i++) {
		struct fx f = grid_make(i);

		grid_peer_sends(&f, .flags = TCP_RST | TCP_ACK);
		expect_state(&f, TCP_CLOSED);
		expect_quiet(&f);
	}
}

static void
rst_outside(bool at_edge, int32_t off)
{
	for (unsigned i = 0; i < GRID_STATES; i++) {
		struct fx f = grid_make(i);
		const tcp_seq from = at_edge ? f.rcv_edge : f.rcv_nxt;

		grid_peer_sends(&f, .flags = TCP_RST, .seq = seq_add(from, (uint32_t)off));
		grid_expect_unmoved(&f, i);
	}
}

static void
rst_inside(bool at_edge, int32_t off)
{
	for (unsigned i = 0; i < GRID_STATES; i++) {
		struct fx f = grid_make(i);
		const tcp_seq from = at_edge ? f.rcv_edge : f.rcv_nxt;

		grid_peer_sends(&f, .flags = TCP_RST, .seq = seq_add(from, (uint32_t)off));
		grid_expect_ack(&f, i);
		expect_count(&f, COUNT_TCP_CHALLENGES, 1);
	}
}

/* RFC 5961 §3.2: two of four. */
TEST_TWICE(synchronized_rst_outside_window_is_ignored)
{
	COVERS("R-5961-1", "R-9293-10");
	rst_outside(false, -1);
	rst_outside(true, 0);
	rst_outside(true, 100000);
}

/* The other two. */
TEST_TWICE(synchronized_rst_inside_window_is_challenged)
{
	COVERS("R-5961-3", "R-V-24");
	rst_inside(false, 1);
	rst_inside(true, -1);
}

/* SEG.SEQ is judged as sent: a reset with text that reaches RCV.NXT. */
TEST_TWICE(established_rst_with_text_across_rcv_nxt_is_not_exact)
{
	struct fx f = fx_established();

	peer_sends(&f, .flags = TCP_RST, .seq = seq_sub(f.rcv_nxt, 5), .len = 10, .refused = true);
	fx_drop(&f);
	expect_state(&f, TCP_ESTABLISHED);
}

TEST_TWICE(established_rst_with_text_at_rcv_nxt_resets)
{
	struct fx f = fx_established();

	COVERS("SHLD-2");
	peer_sends(&f, .flags = TCP_RST, .len = 10, .refused = true);
	expect_state(&f, TCP_CLOSED);
	expect_quiet(&f);
}

/* MUST-12: the application learns that it was a reset; R-9293-14. */
TEST_TWICE(established_rst_is_reported)
{
	struct fx f = fx_established();
	struct sampan_status st;

	COVERS("MUST-12", "R-9293-14");
	EXPECT_EQ(fx_write(&f, 100), 100);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_RST);
	expect_event(&f, SAMPAN_FAILED | SAMPAN_CLOSED | SAMPAN_READABLE | SAMPAN_WRITABLE);
	EXPECT_EQ(fx_read(&f, 10), SAMPAN_ECONNRESET);
	EXPECT_EQ(fx_read(&f, 10), 0);
	EXPECT_EQ(fx_write(&f, 10), SAMPAN_EPIPE);
	EXPECT_EQ(sampan_status(f.s, f.h, &st), 0);
	EXPECT_EQ(st.state, SAMPAN_TCP_CLOSED);
	EXPECT_EQ(st.error, SAMPAN_ECONNRESET);
	EXPECT_EQ(st.send_queue_bytes, 0);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_quiet(&f);
}

/* R-7323-17: old timestamps do not protect from a reset, nor does it teach. */
TEST_TWICE(established_rst_with_old_timestamp_resets)
{
	struct fx f = fx_established(.ts = true);

	COVERS("R-7323-17");
	peer_sends(&f, .flags = TCP_RST, .tsval = 1);
	expect_state(&f, TCP_CLOSED);
}

TEST_TWICE(established_rst_without_timestamp_resets)
{
	struct fx f = fx_established(.ts = true);

	COVERS("R-7323-10", "R-7323-9");
	peer_sends(&f, .flags = TCP_RST, .no_ts = true);
	expect_state(&f, TCP_CLOSED);
}

/* RFC 5961 §4.2: whatever the sequence number. */
static void
syn_anywhere(unsigned flags)
{
	static const int32_t off[] = { -100000, -1, 0, 1, 100000 };

	for (unsigned i = 0; i < GRID_STATES; i++) {
		for (unsigned k = 0; k < 5; k++) {
			struct fx f = grid_make(i);

			grid_peer_sends(
			    &f, .flags = flags, .seq = seq_add(f.rcv_nxt, (uint32_t)off[k]));
			grid_expect_ack(&f, i);
		}
	}
}

TEST_TWICE(synchronized_syn_is_challenged)
{
	COVERS("R-5961-4", "R-9293-15");
	syn_anywhere(TCP_SYN);
}

TEST_TWICE(synchronized_syn_ack_is_challenged)
{
	COVERS("R-5961-4");
	syn_anywhere(TCP_SYN | TCP_ACK);
}

/* R-V-51: RST wins over SYN. */
TEST_TWICE(established_syn_rst_is_a_reset)
{
	struct fx f = fx_established();

	COVERS("R-V-51");
	peer_sends(&f, .flags = TCP_SYN | TCP_RST);
	expect_state(&f, TCP_CLOSED);
	expect_quiet(&f);
}

/* RFC 5961 §4.2: a peer that has rebooted answers the challenge with a reset,
 * and its next SYN begins anew.  R-5961-5, R-9293-27. */
TEST_TWICE(established_peer_reboots_and_connects_again)
{
	struct fx f = fx_established();
	const tcp_seq syn = seq_add(f.irs, 0x40000000);

	COVERS("R-5961-5", "R-9293-27");
	peer_sends(&f, .flags = TCP_SYN, .seq = syn, .refused = true);
	expect_segment(&f, .flags = TCP_ACK);
	peer_sends(&f, .flags = TCP_RST, .seq = f.acked);
	expect_state(&f, TCP_CLOSED);
	peer_sends(&f, .flags = TCP_SYN, .seq = syn, .refused = true);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .ack = seq_add(syn, 1));
}

/* R-5961-8, R-5961-9, 5-D11: one challenge in 500 ms for each connection. */
TEST_TWICE(established_challenges_are_limited)
{
	struct fx f = fx_established();

	COVERS("R-5961-8", "R-5961-9", "R-V-25", "5-D11");
	for (unsigned i = 0; i < 100; i++) {
		peer_sends(&f, .flags = TCP_SYN, .refused = true);
		peer_sends(&f, .flags = TCP_RST, .seq = seq_add(f.rcv_nxt, 1 + i));
		fx_pump(&f);
	}
	expect_segment(&f, .flags = TCP_ACK);
	expect_quiet(&f);
	fx_advance(&f, SAMPAN_MS(501));
	peer_sends(&f, .flags = TCP_SYN, .refused = true);
	expect_segment(&f, .flags = TCP_ACK);
}
