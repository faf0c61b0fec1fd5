/*
 * memory.c - net.ipv4.tcp_mem at its limits: where generosity ends, and where
 * only what is guaranteed is left.
 */
#include <sampan/option.h>

#include "lib/fx.h"
#include "lib/stack_check.h"

static uint64_t
mem_pages(const struct fx *f)
{
	struct sampan_stats st;

	sampan_stats(f->s, &st);
	return st.tcp_mem_bytes / 4096;
}

static void
set_mem(struct fx *f, int64_t pressure, int64_t most)
{
	EXPECT_EQ(sampan_set(f->s, "net.ipv4.tcp_mem_min", pressure), 0);
	EXPECT_EQ(sampan_set(f->s, "net.ipv4.tcp_mem_pressure", pressure), 0);
	EXPECT_EQ(sampan_set(f->s, "net.ipv4.tcp_mem_max", most), 0);
}

TEST(mem_begins_with_shares_of_the_block)
{
	struct fx f = fx_listen();
	struct sampan_stats st;
	int64_t n;

	sampan_stats(f.s, &st);
	EXPECT_EQ(sampan_get(f.s, "net.ipv4.tcp_mem_min", &n), 0);
	EXPECT_EQ(n, st.total_bytes / 4096 / 2);
	EXPECT_EQ(sampan_get(f.s, "net.ipv4.tcp_mem_max", &n), 0);
	EXPECT_EQ(n, st.total_bytes / 4096);
	EXPECT_EQ(mem_pages(&f), 0);
}

/* Past the most a sender gets what tcp_wmem guarantees, no more, and is told
 * when there is room again. */
TEST_TWICE(mem_full_send_takes_the_guaranteed)
{
	struct fx f = fx_established(.peer_wnd = 100);

	COVERS("R-WND-17");
	set_mem(&f, 1, 1);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_wmem_min", 3000), 0);
	EXPECT_EQ(fx_write(&f, 2000), 2000);
	EXPECT(mem_pages(&f) >= 1);
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	EXPECT_EQ(fx_write(&f, 1000), SAMPAN_EAGAIN);
	set_mem(&f, 100, 100);
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	EXPECT_SOUND(f.s);
}

/* A receiver too; what is dropped was not acknowledged, and comes again. */
TEST_TWICE(mem_full_text_past_the_guaranteed_is_dropped)
{
	struct fx f = fx_established();

	set_mem(&f, 1, 1);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_rmem_min", 2304), 0);
	peer_sends(&f, .len = 1400);
	peer_sends(&f, .len = 1400);
	expect_segment(&f, .flags = TCP_ACK);
	peer_sends(&f, .len = 1400, .refused = true);
	expect_segment(&f, .flags = TCP_ACK);
	expect_count(&f, COUNT_TCP_RCV_DROPPED, 1400);
	EXPECT_EQ(fx_read(&f, 5000), 2800);
	fx_drop(&f);
	peer_sends(&f, .len = 1400);
	EXPECT_EQ(fx_read(&f, 5000), 1400);
}

/* Behind a gap nothing is guaranteed. */
TEST_TWICE(mem_full_text_behind_a_gap_is_not_kept)
{
	struct fx f = fx_established();

	set_mem(&f, 1, 1);
	for (unsigned i = 0; i < 3; i++)
		peer_sends(&f, .len = 1400);
	fx_drop(&f);
	EXPECT(mem_pages(&f) >= 1);
	peer_sends(&f, .seq = seq_add(f.rcv_nxt, 1000), .len = 100, .refused = true);
	expect_segment(&f, .flags = TCP_ACK);
	expect_count(&f, DROP_TCP_OUT_OF_ORDER, 1);
}

/* Under pressure the window grows to a few segments and no further. */
TEST_TWICE(mem_pressure_window_does_not_grow)
{
	struct fx f = fx_established(.wscale = true, .rcvbuf = 200000);
	uint32_t wnd;

	set_mem(&f, 1, 1000);
	peer_sends(&f, .len = 1400);
	fx_drop(&f);
	wnd = f.rcv_wnd;
	for (unsigned i = 0; i < 100; i++) {
		peer_sends(&f, .len = 1400);
		fx_drop(&f);
		if (i % 2 == 0)
			EXPECT_EQ(fx_read(&f, 1400), 1400);
	}
	EXPECT(f.rcv_wnd < wnd);
	expect_count(&f, COUNT_TCP_MEM_PRESSURES, 1);
	set_mem(&f, 1000, 1000);
	while (fx_read(&f, 10000) > 0)
		continue;
	for (unsigned i = 0; i < 100; i++) {
		peer_sends(&f, .len = 1400);
		fx_drop(&f);
		EXPECT_EQ(fx_read(&f, 1400), 1400);
	}
	fx_drop(&f);
	EXPECT(f.rcv_wnd > 100000);
}

/* Pressure begins at the second number and lasts until less than the first is taken. */
TEST_TWICE(mem_pressure_ends_below_the_first_number)
{
	struct fx f = fx_established(.peer_wnd = 100);
	uint64_t pages;

	EXPECT_EQ(fx_write(&f, 30000), 30000);
	pages = mem_pages(&f);
	EXPECT(pages > 1);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_mem_min", (int64_t)pages), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_mem_pressure", (int64_t)pages + 1), 0);
	EXPECT_EQ(fx_write(&f, 1), 1);
	expect_count(&f, COUNT_TCP_MEM_PRESSURES, 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_mem_pressure", (int64_t)pages), 0);
	EXPECT_EQ(fx_write(&f, 1), 1);
	expect_count(&f, COUNT_TCP_MEM_PRESSURES, 1);
	/* Between both numbers it goes on: it does not begin again. */
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_mem_pressure", (int64_t)pages + 1), 0);
	EXPECT_EQ(fx_write(&f, 1), 1);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_mem_pressure", (int64_t)pages), 0);
	EXPECT_EQ(fx_write(&f, 1), 1);
	expect_count(&f, COUNT_TCP_MEM_PRESSURES, 0);
	/* Below the first it ends; so it can begin again. */
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_mem_pressure", (int64_t)pages + 1), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_mem_min", (int64_t)pages + 1), 0);
	EXPECT_EQ(fx_write(&f, 1), 1);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_mem_pressure", (int64_t)pages), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_mem_min", (int64_t)pages), 0);
	EXPECT_EQ(fx_write(&f, 1), 1);
	expect_count(&f, COUNT_TCP_MEM_PRESSURES, 1);
}

/* What waits behind gaps gives way: it is no longer reported, and comes again. */
TEST_TWICE(mem_full_text_behind_a_gap_is_let_go)
{
	struct fx f = fx_established(.sack = true);

	peer_sends(&f, .seq = seq_add(f.rcv_nxt, 3000), .len = 1000, .refused = true);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT_EQ(f.seg.tcp.opts.sack_count, 1);
	peer_sends(&f, .seq = seq_add(f.rcv_nxt, 6000), .len = 1000, .refused = true);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT_EQ(f.seg.tcp.opts.sack_count, 2);
	set_mem(&f, 1, 1);
	peer_sends(&f, .len = 1000);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT_EQ(f.seg.tcp.opts.sack_count, 0);
	expect_count(&f, COUNT_TCP_OFO_PRUNED, 1);
	EXPECT_SOUND(f.s);
	set_mem(&f, 1000, 1000);
	peer_sends(&f, .len = 2000);
	fx_drop(&f);
	EXPECT_EQ(fx_read(&f, 9000), 3000);
	peer_sends(&f, .len = 4000);
	EXPECT_EQ(fx_read(&f, 9000), 4000);
}

/* What closes the gap takes along what waited for it, at the limit too. */
TEST_TWICE(mem_full_text_that_closes_the_gap_keeps_what_is_behind)
{
	struct fx f = fx_established(.sack = true);

	peer_sends(&f, .seq = seq_add(f.rcv_nxt, 1000), .len = 1000, .refused = true);
	fx_drop(&f);
	set_mem(&f, 1, 1);
	peer_sends(&f, .len = 1000);
	expect_count(&f, COUNT_TCP_OFO_PRUNED, 0);
	EXPECT_EQ(fx_read(&f, 9000), 2000);
	EXPECT_SOUND(f.s);
}

/* While there is memory, gaps are kept whatever arrives in order. */
TEST_TWICE(mem_pressure_text_behind_a_gap_is_kept)
{
	struct fx f = fx_established(.sack = true);

	peer_sends(&f, .seq = seq_add(f.rcv_nxt, 3000), .len = 1000, .refused = true);
	set_mem(&f, 1, 1000);
	peer_sends(&f, .len = 1000);
	fx_drop(&f);
	expect_count(&f, COUNT_TCP_OFO_PRUNED, 0);
	peer_sends(&f, .len = 2000);
	EXPECT_EQ(fx_read(&f, 9000), 4000);
}

/* Send buffers grow with the congestion window, but not under pressure. */
TEST_TWICE(mem_pressure_send_buffer_does_not_grow)
{
	for (unsigned pressed = 0; pressed < 2; pressed++) {
		struct fx f = fx_established(.peer_wnd = 65535, .sndbuf = 16384);
		int64_t before, after;

		EXPECT_EQ(sampan_getopt(f.s, f.h, SAMPAN_OPT_SNDBUF, &before), 0);
		set_mem(&f, pressed ? 1 : 1000, 2000);
		EXPECT_EQ(fx_write(&f, 14600), 14600);
		fx_drop(&f);
		peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.snd_una, 14600));
		EXPECT_EQ(sampan_getopt(f.s, f.h, SAMPAN_OPT_SNDBUF, &after), 0);
		EXPECT(pressed ? after == before : after > before);
	}
}
