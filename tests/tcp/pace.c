/*
 * pace.c - when acknowledgements and short segments leave: TCP_CORK, delayed
 * acknowledgements (RFC 9293 §3.8.6.3, RFC 5681 §4.2; 5-D24), and how buffers
 * grow.
 */
#include "lib/fx_loss.h"

#define BIG ((size_t)4 << 20)

static void
set(struct fx *f, enum sampan_option option, int64_t value)
{
	EXPECT_EQ(sampan_setopt(f->s, f->h, option, value), 0);
}

/* ---- TCP_CORK ---- */

static struct fx
corked(void)
{
	struct fx f = fx_with_rtt(.rtt = SAMPAN_MS(300), .peer_mss = 1000);

	set(&f, SAMPAN_OPT_CORK, 1);
	return f;
}

TEST_TWICE(established_cork_holds_what_does_not_fill_a_segment)
{
	struct fx f = corked();

	EXPECT_EQ(fx_write(&f, 2500), 2500);
	expect_segment(&f, .flags = TCP_ACK, .seq = fx_our(&f, 0), .len = 1000);
	expect_segment(&f, .flags = TCP_ACK, .seq = fx_our(&f, 1000), .len = 1000);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK);
	expect_quiet(&f);
	EXPECT_EQ(fx_write(&f, 500), 500);
	expect_segment(&f, .flags = TCP_ACK | TCP_PSH, .seq = fx_our(&f, 2000), .len = 1000);
}

TEST_TWICE(established_cork_taken_off_releases_text)
{
	struct fx f = corked();

	EXPECT_EQ(fx_write(&f, 500), 500);
	expect_quiet(&f);
	set(&f, SAMPAN_OPT_CORK, 0);
	expect_segment(&f, .flags = TCP_ACK | TCP_PSH, .seq = fx_our(&f, 0), .len = 500);
}

/* option.h: 200 ms at most, whatever the RTO is. */
TEST_TWICE(established_cork_holds_200_ms_at_most)
{
	struct fx f = corked();

	EXPECT_EQ(fx_write(&f, 500), 500);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(10)), SAMPAN_MS(200)));
	expect_segment(&f, .flags = TCP_ACK | TCP_PSH, .seq = fx_our(&f, 0), .len = 500);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_write(&f, 300), 300);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(10)), SAMPAN_MS(200)));
	expect_segment(&f, .flags = TCP_ACK | TCP_PSH, .seq = fx_our(&f, 500), .len = 300);
}

/* R-WND-6: a FIN is never held, nor what it closes. */
TEST_TWICE(established_close_releases_corked_text)
{
	struct fx f = corked();

	COVERS("R-WND-6");
	EXPECT_EQ(fx_write(&f, 500), 500);
	expect_quiet(&f);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	expect_segment(&f, .flags = TCP_ACK | TCP_PSH | TCP_FIN, .seq = fx_our(&f, 0), .len = 500);
}

/* A shut window is probed at the RTO, not sooner, though corked: SHLD-29. */
TEST_TWICE(established_cork_does_not_hasten_window_probes)
{
	struct fx f = corked();

	COVERS("SHLD-29");
	peer_sends(&f, .flags = TCP_ACK, .wnd = 0);
	fx_drop(&f);
	EXPECT_EQ(fx_write(&f, 500), 500);
	EXPECT(fx_wait(&f, SAMPAN_SEC(10)) >= SAMPAN_MS(800));
}

/* ---- Delayed acknowledgements ---- */

static void
text(struct fx *f, uint32_t len)
{
	peer_sends(f, .flags = TCP_ACK, .len = len);
	fx_pump(f);
	(void)fx_read(f, len);
}

/* Beyond the first ones, which go at once. */
static struct fx
past_quick(sampan_dur rtt)
{
	struct fx f = fx_with_rtt(.rtt = rtt, .sack = false, .peer_mss = 1460);

	text(&f, 1);
	set(&f, SAMPAN_OPT_QUICKACK, 0);
	fx_drop(&f);
	expect_count(&f, COUNT_TCP_DELAYED_ACKS, 0);
	return f;
}

/* 5-D24: the first ones at once, so that slow start gets under way. */
TEST_TWICE(established_first_segments_are_acknowledged_at_once)
{
	struct fx f = fx_established();

	COVERS("R-WND-8");
	for (unsigned i = 0; i < 16; i++) {
		peer_sends(&f, .flags = TCP_ACK, .len = 100);
		expect_segment(&f, .flags = TCP_ACK);
	}
	peer_sends(&f, .flags = TCP_ACK, .len = 100);
	expect_quiet(&f);
}

/* MUST-40. */
TEST_TWICE(established_ack_is_delayed_by_40_ms)
{
	struct fx f = past_quick(0);

	COVERS("MUST-40", "SHLD-18", "R-5681-19", "R-WND-8");
	text(&f, 100);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), SAMPAN_MS(40)));
	expect_segment(&f, .flags = TCP_ACK);
	expect_count(&f, COUNT_TCP_DELAYED_ACKS, 1);
	expect_quiet(&f);
}

/* SHLD-19: the second full segment does not wait. */
TEST_TWICE(established_second_full_segment_is_acknowledged_at_once)
{
	struct fx f = past_quick(0);

	COVERS("SHLD-19", "R-5681-19", "R-WND-15", "R-WND-8");
	for (unsigned i = 0; i < 10; i++) {
		text(&f, 1460);
		expect_quiet(&f);
		text(&f, 1460);
		expect_segment(&f, .flags = TCP_ACK);
		expect_quiet(&f);
	}
}

/* R-WND-9. */
TEST_TWICE(established_answer_carries_the_ack)
{
	struct fx f = past_quick(0);

	COVERS("R-WND-9");
	for (unsigned i = 0; i < 20; i++) {
		text(&f, 100);
		fx_advance(&f, SAMPAN_MS(10));
		EXPECT_EQ(fx_write(&f, 100), 100);
		expect_segment(&f, .flags = TCP_ACK | TCP_PSH, .len = 100,
		    .seq = fx_our(&f, i * 100));
		peer_sends(&f, .flags = TCP_ACK);
		expect_quiet(&f);
	}
	expect_count(&f, COUNT_TCP_DELAYED_ACKS, 0);
}

/* MUST-40: however the pace changes, below half a second. */
TEST_TWICE(established_ack_never_waits_half_a_second)
{
	static const unsigned pause_ms[] = { 300, 190, 180, 150, 199, 100, 250, 60, 30, 199, 198,
		1 };
	struct fx f = past_quick(0);

	COVERS("MUST-40", "R-5681-19");
	for (unsigned i = 0; i < 60; i++) {
		sampan_dur dur;

		text(&f, 100);
		dur = fx_wait(&f, SAMPAN_SEC(1));
		EXPECT(dur <= SAMPAN_MS(201));
		expect_segment(&f, .flags = TCP_ACK);
		fx_advance(&f, SAMPAN_MS(pause_ms[i % 12]) > dur ?
		    SAMPAN_MS(pause_ms[i % 12]) - dur : 0);
	}
}

/* The estimate of the peer's pause goes up to 200 ms, and not around. */
TEST_TWICE(established_long_pauses_keep_the_estimate_long)
{
	struct fx f = past_quick(SAMPAN_MS(300));

	COVERS("R-WND-8");
	for (unsigned i = 0; i < 8; i++) {
		text(&f, 100);
		fx_wait(&f, SAMPAN_SEC(1));
		expect_segment(&f, .flags = TCP_ACK);
	}
	EXPECT_EQ(fx_info(&f).ato_us, 200000);
	fx_advance(&f, SAMPAN_MS(190));
	text(&f, 100);
	EXPECT_EQ(fx_info(&f).ato_us, 200000);
}

/* A FIN is never kept waiting: R-WND-8. */
TEST_TWICE(established_fin_is_acknowledged_at_once)
{
	struct fx f = past_quick(0);

	COVERS("R-WND-8");
	peer_sends(&f, .flags = TCP_ACK | TCP_FIN, .len = 10);
	expect_segment(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_CLOSE_WAIT);
}

TEST_TWICE(established_quickack_sends_what_is_owed)
{
	struct fx f = past_quick(0);

	text(&f, 100);
	expect_quiet(&f);
	set(&f, SAMPAN_OPT_QUICKACK, 1);
	expect_segment(&f, .flags = TCP_ACK);
	text(&f, 100);
	expect_segment(&f, .flags = TCP_ACK);
}

/* ---- Buffers that grow ---- */

/* The application reads as fast as text comes, and the peer uses the window:
 * it grows, and its edge (which the fixture watches) never moves left. */
static uint32_t
window_after_bulk(struct fx *f, uint32_t bytes)
{
	while (bytes > 0) {
		const uint32_t burst = f->rcv_wnd < bytes ? f->rcv_wnd : bytes;

		for (uint32_t done = 0; done < burst; done += 1460)
			peer_sends(f, .flags = TCP_ACK,
			    .len = burst - done < 1460 ? burst - done : 1460);
		fx_drop(f);
		while (fx_read(f, 100000) > 0)
			continue;
		fx_drop(f);
		fx_advance(f, SAMPAN_MS(50));
		fx_drop(f);
		bytes -= burst;
	}
	return f->rcv_wnd;
}

TEST_TWICE(established_receive_buffer_grows_with_the_flow)
{
	struct fx f = fx_established(.wscale = true, .rcvbuf = 20000, .arena_bytes = BIG);

	COVERS("R-WND-16", "SHLD-14");
	EXPECT(window_after_bulk(&f, 2000000) > 100000);
}

/* Set by the application, it stays; so it does with the switch off. */
TEST_TWICE(established_receive_buffer_that_was_set_stays)
{
	struct fx f = fx_established(.wscale = true, .arena_bytes = (size_t)4 << 20);
	int64_t got = 0;

	COVERS("R-WND-16", "SHLD-14");
	set(&f, SAMPAN_OPT_RCVBUF, 10000);
	(void)window_after_bulk(&f, 1000000);
	EXPECT_EQ(sampan_getopt(f.s, f.h, SAMPAN_OPT_RCVBUF, &got), 0);
	EXPECT_EQ(got, 20000);
	EXPECT(f.rcv_wnd <= 20000 + 128);
	f = fx_established(.wscale = true, .rcvbuf = 20000, .arena_bytes = (size_t)4 << 20);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_moderate_rcvbuf", 0), 0);
	EXPECT(window_after_bulk(&f, 1000000) <= 20000 + 128);
}

TEST_TWICE(established_receive_buffer_grows_to_its_most)
{
	struct fx f = fx_established(.wscale = true, .rcvbuf = 20000, .arena_bytes = BIG);

	COVERS("R-WND-16");
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_rmem_max", 50000), 0);
	EXPECT(window_after_bulk(&f, 2000000) <= 50000 + 128);
}

/* A reader that is slow is given no more. */
TEST_TWICE(established_slow_reader_keeps_its_buffer)
{
	struct fx f = fx_established(.wscale = true, .rcvbuf = 40000);
	int64_t got = 0;

	for (unsigned i = 0; i < 200; i++) {
		if (f.rcv_wnd >= 1000)
			text(&f, 1000);
		fx_advance(&f, SAMPAN_MS(50));
		fx_drop(&f);
	}
	EXPECT_EQ(sampan_getopt(f.s, f.h, SAMPAN_OPT_RCVBUF, &got), 0);
	EXPECT(got <= 80000);
}

/* What is in flight and as much again. */
TEST_TWICE(established_send_buffer_grows_with_cwnd)
{
	struct fx f = fx_with_rtt(.rtt = SAMPAN_MS(10), .wscale = true, .peer_scale = 8,
	    .peer_wnd = 4000000, .sndbuf = 20000, .arena_bytes = (size_t)8 << 20);
	int64_t got = 0;

	for (unsigned i = 0; i < 6; i++) {
		while (fx_write(&f, 100000) > 0)
			continue;
		fx_drop(&f);
		fx_advance(&f, SAMPAN_MS(10));
		peer_sends(&f, .flags = TCP_ACK);
		fx_drop(&f);
	}
	EXPECT_EQ(sampan_getopt(f.s, f.h, SAMPAN_OPT_SNDBUF, &got), 0);
	EXPECT(got > 100000);
	set(&f, SAMPAN_OPT_SNDBUF, 10000);
	while (fx_write(&f, 100000) > 0)
		continue;
	fx_drop(&f);
	fx_advance(&f, SAMPAN_MS(10));
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_EQ(sampan_getopt(f.s, f.h, SAMPAN_OPT_SNDBUF, &got), 0);
	EXPECT_EQ(got, 20000);
}
