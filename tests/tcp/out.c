/*
 * out.c - what leaves, and when: segment sizes, PSH, Nagle, silly windows,
 * FIN, zero windows.  RFC 9293 §3.7, §3.8.6; RFC 1122 §4.2.3.4.
 */
#include <sampan/option.h>

#include "lib/fx.h"

/* ---- Sizes: MUST-16, SHLD-28 ---- */

TEST_TWICE(established_bulk_leaves_in_full_segments)
{
	struct fx f = fx_established();

	COVERS("SHLD-28", "MUST-16");
	EXPECT_EQ(fx_write(&f, 1460 * 5), 1460 * 5);
	for (unsigned i = 0; i < 5; i++)
		expect_segment(
		    &f, .flags = TCP_ACK, .seq = seq_add(f.iss, 1 + i * 1460), .len = 1460);
	expect_quiet(&f);
}

static void
expect_first_segment_of(struct fx f, uint32_t len)
{
	EXPECT_EQ(f.mss, len);
	EXPECT_EQ(fx_write(&f, 20000), 20000);
	expect_segment(&f, .flags = TCP_ACK, .seq = seq_add(f.iss, 1), .len = len);
}

/* MUST-14 to MUST-16: the smaller of what we and the peer can take. */
TEST_TWICE(established_segment_size_follows_both_mss)
{
	COVERS("MUST-14", "MUST-15", "MUST-16");
	expect_first_segment_of(fx_established(.peer_mss = 1000), 1000);
	expect_first_segment_of(fx_established(.peer_mss = 9000), 1460);
	expect_first_segment_of(fx_established(.peer_mss = FX_ANY), FX_MSS_DEFAULT);
	expect_first_segment_of(fx_established(.mtu = 1300), 1260);
	expect_first_segment_of(fx_established(.ts = true), 1448);
	expect_first_segment_of(fx_established(.ts = true, .peer_mss = 1000), 988);
	expect_first_segment_of(fx_established_active(.peer_mss = FX_ANY), FX_MSS_DEFAULT);
}

/* R-V-3, CVE-2019-11479: a peer cannot force crumbs. */
TEST_TWICE(established_tiny_peer_mss_has_a_floor)
{
	struct fx f = fx_established(.peer_mss = 1);

	COVERS("R-V-3");
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	EXPECT(fx_next_out(&f) != NULL);
	EXPECT(f.seg.tcp.len >= 36);
}

/* A link that cuts gets it in one piece. */
TEST_TWICE(established_offload_sends_one_big_frame)
{
	struct fx f = fx_established(.caps = SAMPAN_LINK_CSUM_OUT | SAMPAN_LINK_TSO4 |
	    SAMPAN_LINK_TSO6);

	EXPECT_EQ(fx_write(&f, 14600), 14600);
	expect_segment(&f, .flags = TCP_ACK, .len = 14600, .seq = seq_add(f.iss, 1));
	expect_quiet(&f);
}

/* R-6928-1, R-5681-1: IW = min(10 MSS, max(2 MSS, 14,600)). */
static uint32_t
first_flight(struct fx f)
{
	EXPECT(fx_write(&f, 100000) > 60000);
	fx_drop(&f);
	return seq_diff(f.snd_nxt, f.iss) - 1;
}

TEST_TWICE(established_first_flight_is_the_initial_window)
{
	COVERS("R-6928-1", "R-5681-1", "R-5681-3");
	EXPECT_EQ(first_flight(fx_established()), 14600);
	EXPECT_EQ(first_flight(fx_established(.peer_mss = 536)), 5360);
	EXPECT_EQ(first_flight(fx_established(.mtu = 9000, .peer_mss = 8960)), 17920);
	EXPECT_EQ(first_flight(fx_established(.mtu = 4000, .peer_mss = 3960)), 3 * 3960);
	EXPECT_EQ(first_flight(fx_established_active()), 14600);
	EXPECT_EQ(first_flight(fx_established(.ts = true)), 14480);
}

/* ---- PSH: MUST-60, MUST-61, SHLD-27 ---- */

TEST_TWICE(established_last_segment_has_psh)
{
	struct fx f = fx_established();

	COVERS("MUST-60", "MUST-61", "SHLD-27");
	EXPECT_EQ(fx_write(&f, 1460), 1460);
	EXPECT_EQ(fx_write(&f, 1460), 1460);
	expect_segment(&f, .flags = TCP_ACK, .len = 1460, .seq = seq_add(f.iss, 1));
	EXPECT_EQ(f.seg.tcp.h.flags & TCP_PSH, 0);
	expect_segment(&f, .flags = TCP_ACK | TCP_PSH, .len = 1460, .seq = seq_add(f.iss, 1461));
}

TEST_TWICE(established_successive_writes_share_a_segment)
{
	struct fx f = fx_established();

	COVERS("SHLD-27", "MAY-16");
	for (unsigned i = 0; i < 10; i++)
		EXPECT_EQ(fx_write(&f, 100), 100);
	expect_segment(&f, .flags = TCP_ACK | TCP_PSH, .len = 1000, .seq = seq_add(f.iss, 1));
	expect_quiet(&f);
}

/* ---- Nagle: SHLD-7, MUST-17, R-WND-6, R-WND-7 ---- */

TEST_TWICE(established_small_write_waits_for_outstanding_small_segment)
{
	struct fx f = fx_established();

	COVERS("SHLD-7", "R-WND-6", "R-WND-7", "MUST-60");
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_segment(&f, .flags = TCP_ACK | TCP_PSH, .len = 10, .seq = seq_add(f.iss, 1));
	EXPECT_EQ(fx_write(&f, 10), 10);
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK);
	expect_segment(&f, .flags = TCP_ACK | TCP_PSH, .len = 20, .seq = seq_add(f.iss, 11));
	expect_quiet(&f);
}

TEST_TWICE(established_full_segment_does_not_wait)
{
	struct fx f = fx_established();

	COVERS("R-WND-6", "R-WND-1");
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_text(&f, seq_add(f.iss, 1), 10);
	EXPECT_EQ(fx_write(&f, 1460 + 10), 1470);
	expect_segment(&f, .flags = TCP_ACK, .len = 1460, .seq = seq_add(f.iss, 11));
	expect_quiet(&f);
}

TEST_TWICE(established_nodelay_small_write_does_not_wait)
{
	struct fx f = fx_established();

	COVERS("MUST-17", "R-WND-2");
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_NODELAY, 1), 0);
	for (unsigned i = 0; i < 3; i++) {
		EXPECT_EQ(fx_write(&f, 10), 10);
		expect_segment(&f, .flags = TCP_ACK | TCP_PSH, .len = 10,
		    .seq = seq_add(f.iss, 1 + i * 10));
	}
}

/* Turning Nagle off lets go what it held. */
TEST_TWICE(established_nodelay_releases_held_text)
{
	struct fx f = fx_established();

	COVERS("MUST-17");
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_text(&f, seq_add(f.iss, 1), 10);
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_quiet(&f);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_NODELAY, 1), 0);
	expect_text(&f, seq_add(f.iss, 11), 10);
}

/* ---- FIN ---- */

TEST_TWICE(established_fin_rides_on_the_last_segment)
{
	struct fx f = fx_established();

	EXPECT_EQ(fx_write(&f, 2000), 2000);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	expect_segment(&f, .flags = TCP_ACK, .len = 1460, .seq = seq_add(f.iss, 1));
	expect_segment(&f, .flags = TCP_ACK | TCP_PSH | TCP_FIN, .len = 540,
	    .seq = seq_add(f.iss, 1461));
	expect_quiet(&f);
}

/* R-WND-6: a FIN is never held, nor what it closes. */
TEST_TWICE(established_close_releases_held_text)
{
	struct fx f = fx_established();

	COVERS("R-WND-6", "R-2525-11");
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_text(&f, seq_add(f.iss, 1), 10);
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_quiet(&f);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	expect_segment(&f, .flags = TCP_ACK | TCP_PSH | TCP_FIN, .len = 10,
	    .seq = seq_add(f.iss, 11));
}

/* Text that the window holds back goes before the FIN. */
TEST_TWICE(fin_wait_1_fin_waits_for_text_behind_the_window)
{
	struct fx f = fx_established(.peer_wnd = 1000);

	EXPECT_EQ(fx_write(&f, 1500), 1500);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	expect_segment(&f, .flags = TCP_ACK, .len = 1000, .seq = seq_add(f.iss, 1));
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK);
	expect_segment(&f, .flags = TCP_ACK | TCP_PSH | TCP_FIN, .len = 500,
	    .seq = seq_add(f.iss, 1001));
}

/* ---- Sender's silly windows: MUST-38, R-WND-1 to R-WND-4 ---- */

/* A window that opens a byte at a time is not worth a segment. */
TEST_TWICE(established_trickling_window_is_not_followed)
{
	struct fx f = fx_established(.peer_wnd = 4000);

	COVERS("MUST-38", "R-WND-1");
	EXPECT_EQ(fx_write(&f, 10000), 10000);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .wnd = 0);
	for (unsigned wnd = 1; wnd <= 100; wnd++) {
		peer_sends(&f, .flags = TCP_ACK, .wnd = wnd);
		expect_quiet(&f);
	}
}

/* R-WND-3: half of the largest window is worth one. */
TEST_TWICE(established_half_of_the_largest_window_is_used)
{
	struct fx f = fx_established(.peer_wnd = 1000);

	COVERS("R-WND-3", "MUST-38");
	EXPECT_EQ(fx_write(&f, 10000), 10000);
	expect_segment(&f, .flags = TCP_ACK, .len = 1000, .seq = seq_add(f.iss, 1));
	peer_sends(&f, .flags = TCP_ACK, .wnd = 499);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK, .wnd = 500);
	expect_segment(&f, .flags = TCP_ACK, .len = 500, .seq = seq_add(f.iss, 1001));
}

/* R-WND-4: if it never opens further, what fits is sent in the end. */
TEST_TWICE(established_small_window_is_used_in_the_end)
{
	struct fx f = fx_established(.peer_wnd = 4000);

	COVERS("R-WND-4", "MUST-38");
	EXPECT_EQ(fx_write(&f, 10000), 10000);
	fx_drop(&f);
	f.wnd = 100;
	for (unsigned i = 0; i < 20 && seq_diff(f.snd_nxt, f.iss) <= 4001; i++) {
		peer_sends(&f, .flags = TCP_ACK);
		fx_wait(&f, SAMPAN_SEC(5));
		fx_drop(&f);
	}
	EXPECT(seq_diff(f.snd_nxt, f.iss) > 4001);
}

/* ---- Receiver's silly windows: MUST-39, R-WND-5, R-WND-13 ---- */

TEST_TWICE(zero_window_small_reads_do_not_open_it)
{
	struct fx f = fx_established(.rcvbuf = 8760);
	uint32_t freed = 0;

	COVERS("MUST-39", "R-WND-5");
	while (f.rcv_wnd > 0) {
		peer_sends(&f, .flags = TCP_ACK, .len = f.rcv_wnd < 1460 ? f.rcv_wnd : 1460);
		fx_drop(&f);
	}
	while (freed < 1400) {
		EXPECT_EQ(fx_read(&f, 100), 100);
		freed += 100;
		expect_quiet(&f);
		peer_sends(&f, .flags = TCP_ACK, .len = 1, .refused = true);
		expect_segment(&f, .flags = TCP_ACK, .wnd = 0);
	}
}

TEST_TWICE(zero_window_reading_all_opens_it_at_once)
{
	struct fx f = fx_established(.rcvbuf = 10000);

	COVERS("R-WND-13", "MUST-39");
	while (f.rcv_wnd > 0) {
		peer_sends(&f, .flags = TCP_ACK, .len = f.rcv_wnd < 1460 ? f.rcv_wnd : 1460);
		fx_drop(&f);
	}
	EXPECT(fx_read(&f, 20000) > 0);
	fx_pump(&f);
	EXPECT(f.rcv_wnd >= 1460);
	expect_segment(&f, .flags = TCP_ACK);
	expect_quiet(&f);
}

/* R-WND-17: bytes that nobody reads never exceed the buffer, however small the
 * segments; with a scale the promise is rounded. */
TEST_TWICE(established_tiny_segments_do_not_exceed_the_buffer)
{
	struct fx f = fx_established(.rcvbuf = 10000, .wscale = true, .peer_scale = 0);

	COVERS("R-WND-17", "R-7323-7");
	for (unsigned i = 0; i < 30000 && f.rcv_wnd > 0; i++) {
		peer_sends(&f, .flags = TCP_ACK, .len = 1);
		fx_drop(&f);
	}
	EXPECT(sampan_readable_bytes(f.s, f.h) < 10000 + 256);
}

/* ---- Zero windows of the peer: MUST-36, MUST-37, SHLD-29, SHLD-30 ---- */

static struct fx
blocked(void)
{
	struct fx f = fx_established();

	peer_sends(&f, .flags = TCP_ACK, .wnd = 0);
	EXPECT_EQ(fx_write(&f, 5000), 5000);
	expect_quiet(&f);
	f.wnd = 0;
	return f;
}

/* A probe asks for an answer: one byte of text, or an old sequence number. */
static void
expect_probe(struct fx *f)
{
	const struct fx_out *o = fx_next_out(f);

	EXPECT(o != NULL);
	EXPECT((seq_eq(o->seq, seq_sub(f->snd_una, 1)) && o->tcp.len <= 1) ||
	    (seq_eq(o->seq, f->snd_una) && o->tcp.len == 1));
	f->snd_nxt = f->snd_una;
}

TEST_TWICE(blocked_probes_begin_after_rto_and_double)
{
	struct fx f = blocked();
	sampan_dur dur, last = 0;

	COVERS("MUST-36", "SHLD-29", "SHLD-30", "R-WND-10");
	for (unsigned i = 0; i < 6; i++) {
		dur = fx_wait(&f, SAMPAN_SEC(1000));
		expect_probe(&f);
		expect_quiet(&f);
		if (i == 0)
			EXPECT(dur >= SAMPAN_MS(199) && dur < SAMPAN_MS(1100));
		else
			EXPECT(dur > last * 19 / 10 && dur < last * 21 / 10);
		last = dur;
		peer_sends(&f, .flags = TCP_ACK);
	}
}

/* MUST-37, MUST-35: as long as they are answered, for hours. */
TEST_TWICE(blocked_answered_probes_keep_the_connection)
{
	struct fx f = blocked();

	COVERS("MUST-37", "MUST-36");
	for (unsigned i = 0; i < 200; i++) {
		EXPECT(fx_wait(&f, SAMPAN_SEC(1000)) <= SAMPAN_SEC(241));
		expect_probe(&f);
		peer_sends(&f, .flags = TCP_ACK);
	}
	expect_state(&f, TCP_ESTABLISHED);
	peer_sends(&f, .flags = TCP_ACK, .wnd = 65535);
	expect_text(&f, f.snd_una, 5000);
}

/* Unanswered ones do not: R2. */
TEST_TWICE(blocked_unanswered_probes_end_the_connection)
{
	struct fx f = blocked();

	fx_advance(&f, SAMPAN_SEC(7200));
	fx_drop(&f);
	expect_state(&f, TCP_CLOSED);
	EXPECT_EQ(fx_read(&f, 1), SAMPAN_ETIMEDOUT);
}

/* R-WND-14: the update that opens it may be lost; probes find out. */
TEST_TWICE(blocked_lost_window_update_is_found_by_probe)
{
	struct fx f = blocked();

	COVERS("R-WND-14", "R-WND-10", "R-2525-9");
	fx_wait(&f, SAMPAN_SEC(10));
	expect_probe(&f);
	peer_sends(&f, .flags = TCP_ACK, .wnd = 65535);
	expect_text(&f, f.snd_una, 5000);
	expect_quiet(&f);
}

/* MUST-35: a window that shrinks to zero with text outstanding is probed, and
 * a peer that answers is not given up (SHLD-17). */
TEST_TWICE(established_window_shrunk_to_zero_is_survived)
{
	struct fx f = fx_established();

	COVERS("MUST-35", "SHLD-17", "MUST-34");
	EXPECT_EQ(fx_write(&f, 5000), 5000);
	fx_drop(&f);
	f.wnd = 0;
	peer_sends(&f, .flags = TCP_ACK, .ack = f.snd_una);
	for (unsigned i = 0; i < 100; i++) {
		fx_wait(&f, SAMPAN_SEC(1000));
		fx_drop(&f);
		peer_sends(&f, .flags = TCP_ACK, .ack = f.snd_una);
	}
	expect_state(&f, TCP_ESTABLISHED);
}

/* SHLD-15: no new text beyond a shrunk edge. */
TEST_TWICE(established_window_shrunk_sends_nothing_new)
{
	struct fx f = fx_established();

	COVERS("MUST-34", "SHLD-15", "SHLD-14");
	EXPECT_EQ(fx_write(&f, 1460 * 4), 1460 * 4);
	fx_drop(&f);
	EXPECT_EQ(fx_write(&f, 5000), 5000);
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.iss, 1461), .wnd = 1460);
	while (fx_next_out(&f) != NULL)
		EXPECT(seq_le(seq_add(f.seg.seq, f.seg.tcp.len), seq_add(f.iss, 1 + 4 * 1460)));
}

/* A FIN that the window forbids, acknowledged as such for hours: the peer is
 * there and may open it (MUST-37). */
TEST_TWICE(fin_wait_1_fin_at_zero_window_is_not_given_up)
{
	struct fx f = fx_established(.peer_wnd = 1000);

	COVERS("MUST-37");
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	expect_text(&f, seq_add(f.iss, 1), 1000);
	f.wnd = 0;
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	for (unsigned i = 0; i < 100; i++) {
		fx_wait(&f, SAMPAN_SEC(1000));
		fx_drop(&f);
		peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.iss, 1001));
	}
	expect_state(&f, TCP_FIN_WAIT_1);
}
