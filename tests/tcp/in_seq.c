/*
 * in_seq.c - the first check: is the segment acceptable?  In every state that
 * has a receive window, on both sides of both edges.  RFC 9293 §3.10.7.4,
 * first; §3.4, table 6.
 */
#include <sampan/option.h>

#include "tcp/grid.h"

/* Four positions of a segment of `len` octets: which are refused. */
struct position {
	bool at_edge;		/* from the right edge, not from RCV.NXT */
	int32_t off;
	bool refused;
};

static void
try_position(unsigned state, struct position p, uint32_t len)
{
	struct fx f = grid_make(state);
	const tcp_seq seq = seq_add(p.at_edge ? f.rcv_edge : f.rcv_nxt, (uint32_t)p.off);

	grid_peer_sends(&f, .flags = TCP_ACK, .seq = seq, .len = len);
	expect_count(&f, DROP_TCP_SEQ, p.refused);
	if (p.refused)
		grid_expect_ack(&f, state);
}

static void
try_positions(const struct position *p, unsigned n, uint32_t len)
{
	for (unsigned state = 0; state < GRID_STATES; state++)
		for (unsigned i = 0; i < n; i++)
			try_position(state, p[i], len);
}

TEST_TWICE(synchronized_empty_segment_at_window_edges)
{
	static const struct position p[] = {
		{ false, -1, true }, { false, 0, false }, { true, -1, false }, { true, 0, true },
	};

	COVERS("R-9293-9", "R-9293-10");
	try_positions(p, 4, 0);
}

TEST_TWICE(synchronized_one_octet_at_window_edges)
{
	static const struct position p[] = {
		{ false, -1, true }, { false, 0, false }, { true, -1, false }, { true, 0, true },
	};

	COVERS("R-9293-9", "R-9293-10");
	try_positions(p, 4, 1);
}

TEST_TWICE(synchronized_long_segment_at_window_edges)
{
	static const struct position p[] = {
		{ false, -1000, true },
		{ false, -999, false },
		{ true, -1, false },
		{ true, 0, true },
		{ true, 100000, true },
		{ false, -100000, true },
	};

	COVERS("R-9293-9", "R-9293-10");
	try_positions(p, 6, 1000);
}

/* Table 6 looks at first and last octet only; a segment around the whole
 * window has neither inside, and all of it (errata; §3.10.7.4: trimmed). */
TEST_TWICE(established_segment_around_whole_window_is_taken)
{
	struct fx f = fx_established(.rcvbuf = 2304, .mtu = 9000, .peer_mss = 8960);
	const uint32_t wnd = f.rcv_wnd;

	COVERS("R-9293-12");
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_sub(f.rcv_nxt, 0), .len = 100);
	EXPECT_EQ(fx_read(&f, 100), 100);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_sub(f.rcv_nxt, 100), .len = wnd + 500,
	    .refused = true);
	EXPECT_EQ(fx_read(&f, 9000), f.rcv_wnd);
}

/* Overlap on the left: only the new part is taken. */
TEST_TWICE(established_segment_across_left_edge_is_trimmed)
{
	struct fx f = fx_established();

	COVERS("R-9293-12");
	peer_sends(&f, .flags = TCP_ACK, .len = 100);
	peer_sends(
	    &f, .flags = TCP_ACK, .seq = seq_sub(f.rcv_nxt, 60), .len = 100, .refused = true);
	f.rcv_nxt = seq_add(f.rcv_nxt, 40);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_read(&f, 1000), 140);
}

/* Overlap on the right: what is beyond the edge is left to be sent again, and
 * so is a FIN there. */
TEST_TWICE(established_segment_across_right_edge_is_trimmed)
{
	struct fx f = fx_established(.rcvbuf = 2920);
	const uint32_t wnd = f.rcv_wnd;

	COVERS("R-9293-12");
	peer_sends(&f, .flags = TCP_ACK | TCP_FIN, .len = wnd + 1, .refused = true);
	f.rcv_nxt = seq_add(f.rcv_nxt, wnd);
	expect_segment(&f, .flags = TCP_ACK, .wnd = 0);
	expect_state(&f, TCP_ESTABLISHED);
	EXPECT_EQ(fx_read(&f, 10000), wnd);
	EXPECT_EQ(fx_read(&f, 1), SAMPAN_EAGAIN);
}

/* A FIN is one octet like others: just inside, and just outside. */
TEST_TWICE(established_fin_at_right_edge)
{
	struct fx f = fx_established(.rcvbuf = 2920);

	peer_sends(&f, .flags = TCP_ACK | TCP_FIN, .len = f.rcv_wnd - 1);
	expect_segment(&f, .flags = TCP_ACK, .wnd = 0);
	expect_state(&f, TCP_CLOSE_WAIT);
}

/* Brings the receive window to zero. */
static struct fx
zero_window(void)
{
	struct fx f = fx_established(.rcvbuf = 2920);

	peer_sends(&f, .flags = TCP_ACK, .len = f.rcv_wnd);
	expect_segment(&f, .flags = TCP_ACK, .wnd = 0);
	fx_forget_events(&f);
	return f;
}

/* RFC 9293 §3.8.6.1: the answer to a probe tells RCV.NXT and the window. */
TEST_TWICE(zero_window_probe_is_answered)
{
	struct fx f = zero_window();

	COVERS("R-WND-11", "MAY-8");
	peer_sends(&f, .flags = TCP_ACK, .len = 1, .refused = true);
	expect_segment(&f, .flags = TCP_ACK, .wnd = 0);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_sub(f.rcv_nxt, 1), .refused = true);
	expect_segment(&f, .flags = TCP_ACK, .wnd = 0);
	EXPECT_EQ(fx_read(&f, 10000), 2920);
}

/* Table 6: with a zero window only SEG.SEQ = RCV.NXT; text elsewhere brings no
 * acknowledgement with it. */
TEST_TWICE(zero_window_positions)
{
	static const int32_t off[] = { -1, 0, 1, 1000 };

	COVERS("R-9293-9");
	for (unsigned i = 0; i < 8; i++) {
		struct fx f = zero_window();

		peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(f.rcv_nxt, (uint32_t)off[i % 4]),
		    .len = i / 4, .refused = true);
		expect_count(&f, DROP_TCP_SEQ, off[i % 4] != 0);
	}
}

/* R-9293-11: with a zero window ACK and RST still count. */
TEST_TWICE(zero_window_ack_frees_the_send_queue)
{
	struct fx f = zero_window();

	COVERS("R-9293-11", "MUST-66");
	EXPECT_EQ(fx_write(&f, 500), 500);
	expect_segment(&f, .flags = TCP_ACK, .len = 500);
	peer_sends(&f, .flags = TCP_ACK, .len = 1, .refused = true);
	expect_segment(&f, .flags = TCP_ACK);
	fx_advance(&f, SAMPAN_SEC(10));
	expect_quiet(&f);		/* not sent again */
}

TEST_TWICE(zero_window_rst_at_rcv_nxt_resets)
{
	struct fx f = zero_window();

	COVERS("MUST-66", "R-5961-2");
	peer_sends(&f, .flags = TCP_RST);
	expect_state(&f, TCP_CLOSED);
	expect_quiet(&f);
}

/* R-5961-11: without text, at most one answer in 500 ms. */
TEST_TWICE(established_flood_of_old_acks_is_answered_once)
{
	struct fx f = fx_established();

	COVERS("R-5961-11", "R-V-34");
	for (unsigned i = 0; i < 100; i++) {
		peer_sends(&f, .flags = TCP_ACK, .seq = seq_sub(f.rcv_nxt, 1), .refused = true);
		fx_pump(&f);
	}
	expect_segment(&f, .flags = TCP_ACK);
	expect_quiet(&f);
	fx_advance(&f, SAMPAN_MS(501));
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_sub(f.rcv_nxt, 1), .refused = true);
	expect_segment(&f, .flags = TCP_ACK);
}

/* RFC 9293 §3.8.6 (SHLD-14): what was promised stays promised when the buffer
 * shrinks.  The fixture looks at the edge of every segment. */
TEST_TWICE(established_smaller_buffer_keeps_the_edge)
{
	struct fx f = fx_established(.rcvbuf = 60000);
	const tcp_seq edge = f.rcv_edge;

	COVERS("SHLD-14", "R-WND-16");
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_RCVBUF, 5000), 0);
	for (unsigned i = 0; i < 5; i++) {
		peer_sends(&f, .flags = TCP_ACK, .len = 1460);
		expect_segment(&f, .flags = TCP_ACK, .wnd = seq_diff(edge, f.rcv_nxt));
	}
}
