/*
 * half_open.c - a closed port, a listener, and what stands between its SYN-ACK
 * and ESTABLISHED.  RFC 9293 §3.10.7.1, §3.10.7.2, and §3.10.7.4 for
 * SYN-RECEIVED after a passive open; RFC 4987.
 */
#include "lib/fx.h"
#include "lib/stack_check.h"

/* ---- CLOSED: §3.10.7.1 ---- */

/* No connection, no listener on the port: the peer writes from another one. */
static struct fx
closed(void)
{
	struct fx f = fx_listen();

	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	f.listener = 0;
	return f;
}

TEST_TWICE(closed_segment_without_ack_is_answered_with_reset)
{
	static const struct {
		unsigned flags;
		uint32_t len, seg_len;
	} cases[] = {
		{ TCP_SYN, 0, 1 },
		{ TCP_SYN, 10, 11 },
		{ TCP_FIN, 0, 1 },
		{ TCP_SYN | TCP_FIN, 5, 7 },
		{ 0, 0, 0 },
		{ 0, 100, 100 },
	};
	struct fx f = closed();

	COVERS("R-9293-1");
	for (unsigned i = 0; i < 6; i++) {
		peer_sends(&f, .flags = cases[i].flags, .len = cases[i].len, .refused = true);
		expect_segment(&f, .flags = TCP_RST | TCP_ACK, .seq = seq_of(0),
		    .ack = seq_add(f.rcv_nxt, cases[i].seg_len), .wnd = 0);
	}
	expect_quiet(&f);
}

TEST_TWICE(closed_segment_with_ack_is_answered_with_bare_reset)
{
	static const unsigned flags[] = { TCP_ACK, TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK };
	struct fx f = closed();

	COVERS("R-9293-1");
	for (unsigned i = 0; i < 3; i++) {
		peer_sends(
		    &f, .flags = flags[i], .ack = seq_of(4711 + i), .len = 10, .refused = true);
		expect_segment(&f, .flags = TCP_RST, .seq = seq_of(4711 + i));
		EXPECT_EQ(f.seg.tcp.h.ack, 0);
	}
}

TEST_TWICE(closed_rst_is_dropped)
{
	struct fx f = closed();

	COVERS("R-9293-1", "R-9293-28");
	peer_sends(&f, .flags = TCP_RST);
	peer_sends(&f, .flags = TCP_RST | TCP_ACK, .len = 10);
	peer_sends(&f, .flags = TCP_RST | TCP_SYN);
	expect_count(&f, DROP_TCP_NO_SOCKET, 3);
	expect_quiet(&f);
}

/* R-7323-21: the reset repeats the timestamp it answers. */
TEST_TWICE(closed_reset_echoes_the_timestamp)
{
	struct fx f = closed();

	COVERS("R-7323-21");
	peer_sends(&f, .flags = TCP_SYN, .tsval = 77, .tsecr = 0, .refused = true);
	expect_segment(&f, .flags = TCP_RST | TCP_ACK, .seq = seq_of(0), .ack = seq_add(f.irs, 1),
	    .ts = 1, .tsecr = 77);
	EXPECT_EQ(f.seg.tcp.opts.tsval, 0);
}

/* ---- LISTEN: §3.10.7.2 ---- */

TEST_TWICE(listen_rst_is_ignored)
{
	struct fx f = fx_listen();

	COVERS("R-9293-2");
	peer_sends(&f, .flags = TCP_RST);
	peer_sends(&f, .flags = TCP_RST | TCP_ACK);
	peer_sends(&f, .flags = TCP_RST | TCP_SYN);
	expect_quiet(&f);
	expect_count(&f, COUNT_TCP_PASSIVE_OPENS, 0);
}

TEST_TWICE(listen_ack_is_answered_with_reset)
{
	static const unsigned flags[] = { TCP_ACK, TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK };
	struct fx f = fx_listen();

	COVERS("R-9293-2");
	for (unsigned i = 0; i < 3; i++) {
		peer_sends(&f, .flags = flags[i], .ack = seq_of(4711), .refused = true);
		expect_segment(&f, .flags = TCP_RST, .seq = seq_of(4711));
	}
	expect_count(&f, COUNT_TCP_PASSIVE_OPENS, 0);
}

TEST_TWICE(listen_anything_else_is_dropped)
{
	struct fx f = fx_listen();

	COVERS("R-9293-2", "R-V-51", "R-9293-8");
	peer_sends(&f, .flags = 0, .len = 10, .refused = true);
	peer_sends(&f, .flags = TCP_FIN, .refused = true);
	peer_sends(&f, .flags = TCP_SYN | TCP_FIN, .refused = true);
	expect_quiet(&f);
	expect_count(&f, COUNT_TCP_PASSIVE_OPENS, 0);
}

/* R-9293-3, 5-D20: text of the SYN is left to be sent again. */
TEST_TWICE(listen_syn_with_text_delivers_it_once)
{
	struct fx f = fx_listen();

	COVERS("R-9293-3", "5-D20");
	peer_sends(&f, .flags = TCP_SYN, .len = 20, .mss = 1460, .refused = true);
	f.rcv_nxt = seq_add(f.irs, 1);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true);
	peer_sends(&f, .flags = TCP_ACK, .len = 20);
	fx_accept(&f);
	EXPECT_EQ(fx_read(&f, 100), 20);
}

/* R-7323-2, R-7323-9, R-2018-1: options are answered if they were offered. */
TEST_TWICE(listen_syn_options_are_answered)
{
	struct fx f = fx_listen(.ts = true, .wscale = true);

	COVERS("R-7323-2", "R-7323-9", "R-2018-1");
	peer_sends(&f, .flags = TCP_SYN, .mss = 1460, .wscale = 2, .sack_ok = true, .tsval = 99);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .ts = 1, .tsecr = 99,
	    .sack_ok = 1);
	EXPECT(f.seg.tcp.opts.has_wscale);
}

TEST_TWICE(listen_syn_without_options_gets_none)
{
	struct fx f = fx_listen();

	COVERS("R-7323-2", "R-7323-9");
	peer_sends(&f, .flags = TCP_SYN);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .mss = 1460, .ts = 0,
	    .wscale = -2, .sack_ok = 0);
}

/* R-6928-6: ten segments fit the first window. */
TEST_TWICE(listen_syn_ack_offers_ten_segments)
{
	struct fx f = fx_listen();

	COVERS("R-6928-6");
	peer_sends(&f, .flags = TCP_SYN, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true);
	EXPECT(f.seg.tcp.h.wnd >= 14600);
}

/* MUST-57: to a broadcast frame or address: silence. */
TEST_TWICE(listen_broadcast_syn_is_dropped)
{
	struct fx f = fx_listen();

	COVERS("MUST-57");
	peer_sends(&f, .flags = TCP_SYN, .broadcast = true, .refused = true);
	peer_sends(&f, .flags = TCP_SYN, .broadcast = true, .dst = 0xffffffff);
	peer_sends(&f, .flags = TCP_SYN, .broadcast = true, .dst = 0x0a0000ff);
	peer_sends(&f, .flags = TCP_SYN, .dst = 0xe0000001);
	expect_quiet(&f);
	expect_count(&f, COUNT_TCP_PASSIVE_OPENS, 0);
}

/* MUST-63, R-V-9. */
TEST_TWICE(listen_syn_from_impossible_source_is_dropped)
{
	static const uint32_t src[] = { 0xe0000001, 0xffffffff, 0x00000001, 0x0a0000ff, 0x7f000001,
		0xf0000001, FX_LOCAL_V4 };
	struct fx f = fx_listen();

	FX_ONLY_V4();
	COVERS("MUST-63", "R-V-9");
	for (unsigned i = 0; i < 7; i++)
		peer_sends(&f, .flags = TCP_SYN, .src = src[i]);
	expect_count(&f, DROP_IP_SOURCE, 7);
	expect_quiet(&f);
}

/* ---- SYN-RECEIVED ---- */

/* Four positions of SEG.ACK; one is good.  R-9293-17. */
TEST_TWICE(syn_received_wrong_ack_is_answered_with_reset)
{
	static const int32_t off[] = { -1, 0, 2, 1000 };

	COVERS("R-9293-17");
	for (unsigned i = 0; i < 4; i++) {
		struct fx f = fx_syn_received();
		const tcp_seq ack = seq_add(f.iss, (uint32_t)off[i]);

		peer_sends(&f, .flags = TCP_ACK, .ack = ack, .refused = true);
		expect_segment(&f, .flags = TCP_RST, .seq = ack);
		expect_state(&f, TCP_SYN_RECEIVED);
	}
}

/* R-9293-34. */
TEST_TWICE(syn_received_ack_with_text_and_fin_is_taken)
{
	struct fx f = fx_syn_received();

	COVERS("R-9293-34");
	peer_sends(&f, .flags = TCP_ACK | TCP_FIN, .len = 300);
	expect_segment(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_CLOSE_WAIT);
	fx_accept(&f);
	expect_event(&f, SAMPAN_READABLE | SAMPAN_WRITABLE | SAMPAN_PEER_CLOSED);
	EXPECT_EQ(fx_read(&f, 1000), 300);
	EXPECT_EQ(fx_read(&f, 1000), 0);
}

/* Text behind a lost acknowledgement completes the handshake as well. */
TEST_TWICE(syn_received_later_text_completes_the_handshake)
{
	struct fx f = fx_syn_received();
	const tcp_seq gap = f.rcv_nxt;

	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(gap, 100), .len = 100);
	expect_state(&f, TCP_ESTABLISHED);
	expect_segment(&f, .flags = TCP_ACK, .ack = gap);
}

/* R-9293-16. */
TEST_TWICE(syn_received_segment_without_ack_is_dropped)
{
	struct fx f = fx_syn_received();

	COVERS("R-9293-16");
	peer_sends(&f, .flags = 0, .len = 10, .refused = true);
	peer_sends(&f, .flags = TCP_FIN, .refused = true);
	expect_quiet(&f);
	expect_state(&f, TCP_SYN_RECEIVED);
}

/* R-9293-10, R-9293-36: outside the window, and the SYN again. */
TEST_TWICE(syn_received_unacceptable_segment_is_answered)
{
	struct fx f = fx_syn_received();

	COVERS("R-9293-10", "R-9293-36");
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.iss);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(f.rcv_edge, 0), .len = 10, .refused = true);
	expect_segment(&f, .flags = TCP_ACK, .seq = seq_add(f.iss, 1));
	expect_state(&f, TCP_SYN_RECEIVED);
}

/* R-9293-13: four positions of a reset. */
TEST_TWICE(syn_received_rst_at_rcv_nxt_returns_to_listen)
{
	struct fx f = fx_syn_received();

	COVERS("R-9293-13", "MUST-11", "R-5961-12");
	peer_sends(&f, .flags = TCP_RST);
	expect_state(&f, TCP_CLOSED);
	expect_quiet(&f);
	EXPECT_EQ(sampan_accept(f.s, f.listener, &f.h, NULL), SAMPAN_EAGAIN);
	peer_sends(&f, .flags = TCP_SYN, .seq = seq_add(f.irs, 100000), .refused = true);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .any_ack = true);
}

TEST_TWICE(syn_received_rst_outside_window_is_ignored)
{
	struct fx f = fx_syn_received();

	COVERS("R-5961-1");
	peer_sends(&f, .flags = TCP_RST, .seq = seq_sub(f.rcv_nxt, 1));
	peer_sends(&f, .flags = TCP_RST, .seq = f.rcv_edge);
	expect_state(&f, TCP_SYN_RECEIVED);
	expect_quiet(&f);
}

/* RFC 9293 §3.10.7.4, second, holds for SYN-RECEIVED too. */
TEST_TWICE(syn_received_rst_inside_window_is_challenged)
{
	struct fx f = fx_syn_received();

	COVERS("R-5961-3");
	peer_sends(&f, .flags = TCP_RST, .seq = seq_add(f.rcv_nxt, 1));
	expect_state(&f, TCP_SYN_RECEIVED);
	expect_segment(&f, .flags = TCP_ACK);
}

/* R-9293-15. */
TEST_TWICE(syn_received_syn_inside_window_returns_to_listen)
{
	struct fx f = fx_syn_received();

	COVERS("R-9293-15");
	peer_sends(&f, .flags = TCP_SYN, .seq = seq_add(f.rcv_nxt, 10), .refused = true);
	expect_state(&f, TCP_CLOSED);
}

/* PAWS before the handshake is complete, and timestamps that are missing:
 * RFC 7323 §3.2, §5.3. */
TEST_TWICE(syn_received_old_or_missing_timestamp_does_not_complete)
{
	struct fx f = fx_syn_received(.ts = true);

	COVERS("R-7323-10", "R-7323-16");
	peer_sends(&f, .flags = TCP_ACK, .tsval = 1);
	expect_state(&f, TCP_SYN_RECEIVED);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .no_ts = true);
	expect_state(&f, TCP_SYN_RECEIVED);
	peer_sends(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_ESTABLISHED);
}

/* ---- SYN-ACKs are repeated and given up: R-4987-8, R-4987-12 ---- */

TEST_TWICE(syn_received_syn_acks_are_repeated_and_given_up)
{
	static const unsigned at_s[] = { 1, 3, 7, 15, 31 };
	struct fx f = fx_syn_received();
	const sampan_time begin = f.now;

	COVERS("R-4987-8", "R-4987-12", "R-V-37");
	for (unsigned i = 0; i < 5; i++) {
		fx_wait(&f, SAMPAN_SEC(200));
		expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.iss);
		EXPECT_EQ((f.now - begin) / SAMPAN_MS(100), at_s[i] * 10);
	}
	fx_advance(&f, SAMPAN_SEC(200));
	expect_quiet(&f);
	expect_state(&f, TCP_CLOSED);
	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	EXPECT_EMPTY(f.s);
}

/* A repeated SYN does not start the schedule anew (R-9293-36). */
TEST_TWICE(syn_received_repeated_syn_does_not_prolong)
{
	struct fx f = fx_syn_received();

	COVERS("R-9293-36");
	for (unsigned i = 0; i < 64; i++) {
		fx_advance(&f, SAMPAN_SEC(1));
		if (fx_state(&f) == SAMPAN_TCP_SYN_RECEIVED)
			peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
		fx_drop(&f);
	}
	expect_count(&f, COUNT_TCP_ATTEMPT_FAILS, 1);
}

/* R-4987-1: each is a small record of its own until it is acknowledged. */
TEST_TWICE(syn_received_records_are_small)
{
	struct fx f = fx_listen(.backlog = 4096, .arena_bytes = (size_t)4 << 20);
	struct sampan_stats before, after;

	COVERS("R-4987-1");
	fx_drop(&f);
	sampan_stats(f.s, &before);
	for (uint16_t i = 0; i < 1000; i++) {
		peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .port = 1000 + i, .mss = 1460,
		    .refused = true);
		fx_drop(&f);
	}
	sampan_stats(f.s, &after);
	expect_count(&f, COUNT_TCP_COOKIES_SENT, 0);
	EXPECT(after.used_bytes - before.used_bytes < 200 * 1000);
	EXPECT(after.used_bytes - before.used_bytes > 50 * 1000);
}

/* ---- The accept queue: R-4987-9 ---- */

/* Another connection, from another port of the peer. */
static void
knock(struct fx *f, uint16_t port)
{
	peer_sends(f, .flags = TCP_SYN, .seq = f->irs, .port = port, .mss = 1460);
	expect_segment(f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .any_ack = true);
}

static void
enter(struct fx *f, uint16_t port, tcp_seq iss)
{
	peer_sends(f, .flags = TCP_ACK, .seq = seq_add(f->irs, 1), .ack = seq_add(iss, 1),
	    .port = port);
	fx_drop(f);
}

TEST_TWICE(listen_full_accept_queue_keeps_connections_waiting)
{
	struct fx f = fx_listen(.backlog = 1);
	sampan_handle h;
	tcp_seq iss[3];

	COVERS("R-4987-9");
	for (uint16_t i = 0; i < 3; i++) {
		knock(&f, 1000 + i);
		iss[i] = f.seg.seq;
	}
	for (uint16_t i = 0; i < 3; i++)
		enter(&f, 1000 + i, iss[i]);
	expect_count(&f, DROP_TCP_BACKLOG, 1);
	EXPECT_EQ(sampan_accept(f.s, f.listener, &h, NULL), 0);
	enter(&f, 1002, iss[2]);
	EXPECT_EQ(sampan_accept(f.s, f.listener, &h, NULL), 0);
	EXPECT_EQ(sampan_accept(f.s, f.listener, &h, NULL), 0);
	EXPECT_EQ(sampan_accept(f.s, f.listener, &h, NULL), SAMPAN_EAGAIN);
}

/* A listener that goes takes what waits at it along, with resets. */
TEST_TWICE(listen_close_resets_what_waits)
{
	struct fx f = fx_syn_received();

	peer_sends(&f, .flags = TCP_ACK, .len = 100);
	fx_drop(&f);
	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	f.listener = 0;
	expect_reset(&f);
	expect_state(&f, TCP_CLOSED);
	expect_quiet(&f);
	EXPECT_EMPTY(f.s);
}

/* A half-open one survives it only until its acknowledgement comes. */
TEST_TWICE(syn_received_ack_after_listener_closed_is_answered_with_reset)
{
	struct fx f = fx_syn_received();

	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	f.listener = 0;
	peer_sends(&f, .flags = TCP_ACK);
	expect_segment(&f, .flags = TCP_RST, .seq = f.snd_nxt);
	expect_state(&f, TCP_CLOSED);
	EXPECT_EMPTY(f.s);
}

/* Whoever had the last segment is remembered: not when it has gone, and not when its
 * port has another owner. */
TEST_TWICE(listen_syn_after_the_listener_changed_hands)
{
	const struct sampan_sockaddr here = { .port = FX_LOCAL_PORT };
	struct fx f = fx_syn_received();
	const tcp_seq irs = seq_sub(f.rcv_nxt, 1);

	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	f.listener = 0;
	peer_sends(&f, .flags = TCP_RST);
	peer_sends(&f, .flags = TCP_SYN, .seq = irs, .refused = true);
	expect_segment(&f, .flags = TCP_RST | TCP_ACK, .seq = seq_of(0), .ack = seq_add(irs, 1),
	    .wnd = 0);
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &f.listener), 0);
	EXPECT_EQ(sampan_bind(f.s, f.listener, &here), 0);
	peer_sends(&f, .flags = TCP_SYN, .seq = irs, .refused = true);
	expect_segment(&f, .flags = TCP_RST | TCP_ACK, .seq = seq_of(0), .ack = seq_add(irs, 1),
	    .wnd = 0);
	EXPECT_EQ(sampan_listen(f.s, f.listener, 5), 0);
	peer_sends(&f, .flags = TCP_SYN, .seq = irs);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .ack = seq_add(irs, 1));
}

/* A connection that was reset while it waited is accepted, and says so. */
TEST_TWICE(established_reset_before_accept_is_reported)
{
	struct fx f = fx_syn_received();

	peer_sends(&f, .flags = TCP_ACK, .len = 10);
	peer_sends(&f, .flags = TCP_RST);
	fx_drop(&f);
	fx_accept(&f);
	EXPECT_EQ(fx_read(&f, 100), 10);
	EXPECT_EQ(fx_read(&f, 100), SAMPAN_ECONNRESET);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
}

/* R-9293-35: the whole 4-tuple. */
TEST_TWICE(established_same_ports_other_peer_is_another_connection)
{
	struct fx f = fx_established();

	COVERS("R-9293-35");
	peer_sends(&f, .flags = TCP_ACK, .src = 0x0a000003, .len = 10);
	expect_reset(&f);
	peer_sends(&f, .flags = TCP_RST, .src = 0x0a000003);
	expect_state(&f, TCP_ESTABLISHED);
	EXPECT_EQ(fx_read(&f, 10), SAMPAN_EAGAIN);
}

/* net.ipv4.tcp_abort_on_overflow: a full queue says so. */
TEST_TWICE(syn_received_full_queue_resets_where_the_setting_says)
{
	struct fx f = fx_syn_received(.backlog = 0);

	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_abort_on_overflow", 1), 0);
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .port = 50000, .mss = 1460, .refused = true);
	EXPECT(fx_next_out(&f) != NULL);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(f.irs, 1),
	    .ack = seq_add(f.seg.seq, 1), .port = 50000, .refused = true);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT(fx_next_out(&f) != NULL);
	EXPECT_EQ(f.seg.tcp.h.flags & TCP_RST, TCP_RST);
	expect_count(&f, DROP_TCP_BACKLOG, 1);
}
