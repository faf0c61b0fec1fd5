/*
 * in_ack.c - the fifth check: the acknowledgement, and the window that comes
 * with it.  RFC 9293 §3.10.7.4, fifth; RFC 5961 §5.
 */
#include "tcp/grid.h"

/* R-9293-16: not even in-order text without ACK. */
TEST_TWICE(synchronized_segment_without_ack_is_dropped)
{
	COVERS("R-9293-16");
	for (unsigned i = 0; i < GRID_STATES; i++) {
		struct fx f = grid_make(i);

		grid_peer_sends(&f, .flags = TCP_FIN, .len = 10);
		expect_count(&f, DROP_TCP_NO_FLAGS, 1);
		grid_expect_unmoved(&f, i);
		EXPECT(fx_read(&f, 10) <= 0);
	}
}

/* R-V-51: no flags at all. */
TEST_TWICE(established_null_segment_is_dropped)
{
	struct fx f = fx_established();

	COVERS("R-V-51");
	peer_sends(&f, .flags = 0, .len = 10, .refused = true);
	expect_count(&f, DROP_TCP_NO_FLAGS, 1);
	expect_quiet(&f);
	EXPECT_EQ(fx_read(&f, 10), SAMPAN_EAGAIN);
}

/* An established connection that has had all of `total` acknowledged, was
 * offered 1,000 bytes at most, and has 500 outstanding. */
static struct fx
with_history(uint32_t total)
{
	struct fx f = fx_established(.peer_wnd = 1000);

	for (uint32_t done = 0; done < total; done += 500) {
		EXPECT_EQ(fx_write(&f, 500), 500);
		expect_text(&f, f.snd_nxt, 500);
		peer_sends(&f, .flags = TCP_ACK);
	}
	EXPECT_EQ(fx_write(&f, 500), 500);
	expect_text(&f, seq_add(f.iss, 1 + total), 500);
	return f;
}

/* RFC 5961 §5.2: [SND.UNA - MAX.SND.WND, SND.NXT]; the window was 1,000. */
TEST_TWICE(established_ack_left_of_range_is_challenged)
{
	struct fx f = with_history(3000);

	COVERS("R-5961-6", "R-5961-7", "MAY-12");
	peer_sends(
	    &f, .flags = TCP_ACK, .ack = seq_sub(f.snd_una, 1001), .len = 10, .refused = true);
	expect_count(&f, DROP_TCP_ACK_RANGE, 1);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_read(&f, 10), SAMPAN_EAGAIN);
	expect_quiet(&f);
}

TEST_TWICE(established_ack_at_left_edge_of_range_is_taken)
{
	struct fx f = with_history(3000);

	COVERS("R-5961-6", "R-5961-7");
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_sub(f.snd_una, 1000), .len = 10);
	EXPECT_EQ(fx_read(&f, 10), 10);
	expect_count(&f, DROP_TCP_ACK_RANGE, 0);
}

TEST_TWICE(established_ack_of_all_is_taken)
{
	struct fx f = with_history(3000);

	peer_sends(&f, .flags = TCP_ACK, .ack = f.snd_nxt, .len = 10);
	EXPECT_EQ(fx_read(&f, 10), 10);
	fx_advance(&f, SAMPAN_SEC(10));
	expect_segment(&f, .flags = TCP_ACK);
	expect_quiet(&f);		/* nothing is sent again */
}

TEST_TWICE(established_ack_right_of_range_is_refused)
{
	struct fx f = with_history(3000);
	const tcp_seq una = f.snd_una;

	COVERS("R-9293-18", "R-V-22");
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.snd_nxt, 1), .len = 10, .refused = true);
	expect_count(&f, DROP_TCP_ACK_RANGE, 1);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_read(&f, 10), SAMPAN_EAGAIN);
	fx_wait(&f, SAMPAN_SEC(10));
	expect_segment(&f, .flags = TCP_ACK, .seq = una, .len = 500);	/* still outstanding */
}

/* The same in all states: what acknowledges the future settles nothing. */
TEST_TWICE(synchronized_ack_of_the_future_is_refused)
{
	COVERS("R-9293-18");
	for (unsigned i = 0; i < GRID_STATES; i++) {
		struct fx f = grid_make(i);

		peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.snd_nxt, 1), .refused = true);
		grid_expect_ack(&f, i);
	}
}

/* R-9293-20. */
TEST_TWICE(closing_states_ack_of_fin_moves_on)
{
	struct fx f = fx_fin_wait_1();

	COVERS("R-9293-20");
	peer_sends(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_FIN_WAIT_2);
	f = fx_closing();
	peer_sends(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_TIME_WAIT);
	f = fx_last_ack();
	peer_sends(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_CLOSED);
	expect_event(&f, SAMPAN_CLOSED);
	expect_quiet(&f);
}

/* Text is acknowledged, the FIN behind it is not. */
TEST_TWICE(fin_wait_1_ack_of_text_only_stays)
{
	struct fx f = fx_established();

	EXPECT_EQ(fx_write(&f, 10), 10);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK, .len = 10);
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_sub(f.snd_nxt, 1));
	expect_state(&f, TCP_FIN_WAIT_1);
	fx_wait(&f, SAMPAN_SEC(3));
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK, .seq = seq_sub(f.snd_nxt, 1));
}

/* ---- The window: R-9293-19 ---- */

/* The peer offers nothing; we have 100 bytes to send. */
static struct fx
blocked(void)
{
	struct fx f = fx_established();

	peer_sends(&f, .flags = TCP_ACK, .wnd = 0, .len = 1);
	EXPECT_EQ(fx_write(&f, 100), 100);
	fx_drop(&f);
	return f;
}

TEST_TWICE(blocked_newer_segment_opens_the_window)
{
	struct fx f = blocked();

	COVERS("R-9293-19");
	peer_sends(&f, .flags = TCP_ACK, .wnd = 1000);
	expect_segment(&f, .flags = TCP_ACK, .len = 100);
}

/* SEG.SEQ before SND.WL1: an old one, delayed in the network. */
TEST_TWICE(blocked_older_segment_does_not_open_the_window)
{
	struct fx f = fx_established();

	COVERS("R-9293-19");
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(f.rcv_nxt, 10), .len = 1, .wnd = 0);
	EXPECT_EQ(fx_write(&f, 100), 100);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .wnd = 1000);
	expect_quiet(&f);
}

/* SND.WL1 = SEG.SEQ and SEG.ACK before SND.WL2. */
TEST_TWICE(established_older_ack_does_not_change_the_window)
{
	struct fx f = fx_established();

	COVERS("R-9293-19");
	EXPECT_EQ(fx_write(&f, 100), 100);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .wnd = 0);
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_sub(f.snd_nxt, 100), .wnd = 1000);
	EXPECT_EQ(fx_write(&f, 100), 100);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK, .wnd = 1000);
	expect_segment(&f, .flags = TCP_ACK, .len = 100);
}

/* MUST-1: 65,535 is not -1. */
TEST_TWICE(established_largest_unscaled_window_is_used)
{
	struct fx f = fx_established(.peer_wnd = 65535, .sndbuf = 200000);
	const tcp_seq first = f.snd_nxt;

	COVERS("MUST-1");
	EXPECT_EQ(fx_write(&f, 100000), 100000);
	for (unsigned i = 0; i < 8; i++) {	/* slow start */
		fx_drop(&f);
		peer_sends(&f, .flags = TCP_ACK, .wnd = seq_diff(seq_add(first, 65535), f.snd_nxt));
	}
	fx_drop(&f);
	EXPECT(seq_diff(f.snd_nxt, first) > 65535 - 1460);
}

/* R-7323-4: the peer's shift is applied, but never to a SYN's window. */
TEST_TWICE(established_scaled_window_bounds_what_is_sent)
{
	struct fx f = fx_established(.wscale = true, .peer_scale = 3, .peer_wnd = 8000);

	COVERS("R-7323-3", "R-7323-4", "REC-1");
	EXPECT_EQ(fx_write(&f, 20000), 20000);
	expect_text(&f, f.snd_nxt, 7300);	/* five segments */
	expect_quiet(&f);
	EXPECT_EQ(seq_diff(f.snd_nxt, f.iss), 7301);
}

/* R-7323-5: a shift above 14 counts as 14. */
TEST_TWICE(established_window_shift_above_14_is_14)
{
	struct fx f = fx_listen(.wscale = true, .peer_scale = 14);

	COVERS("R-7323-5");
	peer_sends(&f, .flags = TCP_SYN, .mss = 1460, .wscale = 15, .wnd = 1000);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true);
	peer_sends(&f, .flags = TCP_ACK, .wnd = 1 << 14);	/* 1 in the header */
	fx_accept(&f);
	EXPECT_EQ(fx_write(&f, 60000), 60000);
	fx_drop(&f);
	EXPECT_EQ(seq_diff(f.snd_nxt, f.iss), 1 + 14600);	/* the initial window */
	peer_sends(&f, .flags = TCP_ACK, .wnd = 1 << 14);
	fx_drop(&f);
	EXPECT_EQ(seq_diff(f.snd_nxt, f.snd_una), 11 * 1460);	/* whole ones of 16,384 */
}

/* ---- Retransmission queue ---- */

/* A partial acknowledgement frees what it covers; the rest is repeated. */
TEST_TWICE(established_partial_ack_frees_its_part)
{
	struct fx f = fx_established();
	const tcp_seq first = f.snd_nxt;

	COVERS("R-6298-10");
	EXPECT_EQ(fx_write(&f, 1460 * 3), 1460 * 3);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(first, 2000));
	EXPECT_EQ(sampan_writable_bytes(f.s, f.h), 262144 - (4380 - 2000));
	fx_wait(&f, SAMPAN_SEC(3));
	expect_segment(&f, .flags = TCP_ACK, .seq = seq_add(first, 2000), .len = 920);
}

/* An old duplicate acknowledgement: nothing. */
TEST_TWICE(established_duplicate_ack_is_ignored)
{
	struct fx f = fx_established();

	EXPECT_EQ(fx_write(&f, 100), 100);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK);
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_sub(f.snd_nxt, 100));
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_sub(f.snd_nxt, 50));
	expect_quiet(&f);
	expect_state(&f, TCP_ESTABLISHED);
}

/* RFC 4861 §7.3.1: whose acknowledgements come is there; nobody need ask it. */
TEST(established_progress_confirms_the_neighbour)
{
	struct fx f = fx_established();

	COVERS("R-4861-18");
	expect_count(&f, COUNT_ARP_REQUESTS_OUT, 0);
	expect_count(&f, COUNT_NEIGH_SOLICITS_OUT, 0);
	for (unsigned s = 0; s < 100; s++) {
		EXPECT_EQ(fx_write(&f, 100), 100);
		fx_drop(&f);
		peer_sends(&f, .flags = TCP_ACK);
		fx_advance(&f, SAMPAN_SEC(1));
	}
	expect_count(&f, COUNT_ARP_REQUESTS_OUT, 0);
	expect_count(&f, COUNT_NEIGH_SOLICITS_OUT, 0);
}
