/*
 * evict.c - connections that only hold memory give way when it is short: those that
 * are silent, and those that read too slowly.  Naptha, sockstress, zero windows.
 */
#include <sampan/option.h>

#include "lib/fx.h"
#include "lib/stack_check.h"

#include "net/stack.h"

static void
set(struct fx *f, const char *name, int64_t value)
{
	EXPECT_EQ(sampan_set(f->s, name, value), 0);
}

static uint64_t
evicted(const struct fx *f)
{
	return sampan_counter(f->s, SAMPAN_COUNT_TCP_EVICTED_IDLE);
}

static void
join(struct fx *f, uint16_t port)
{
	peer_sends(f, .flags = TCP_SYN, .port = port, .seq = f->irs, .refused = true);
	expect_segment(f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .any_ack = true);
	peer_sends(f, .flags = TCP_ACK, .port = port, .seq = seq_add(f->irs, 1),
	    .ack = seq_add(f->seg.seq, 1), .refused = true);
	fx_pump(f);
	fx_drop(f);
}

/* Text that nobody reads, until newcomers have to give way. */
static void
fill(struct fx *f)
{
	while (!sp_arena_low_for_newcomers(&f->s->arena)) {
		peer_sends(f, .len = 1400);
		fx_pump(f);
		fx_drop(f);
	}
}

/* One connection that reads nothing, and three more that say nothing for so long. */
static struct fx
crowded(sampan_dur silence)
{
	struct fx f = fx_established(.rcvbuf = 1 << 20, .wscale = true, .backlog = 1000);

	for (uint16_t port = 1; port <= 3; port++)
		join(&f, port);
	fx_advance(&f, silence);
	fill(&f);
	return f;
}

TEST_TWICE(silent_connections_give_way_to_newcomers)
{
	struct fx f = crowded(SAMPAN_SEC(310));

	COVERS("R-V-19");
	for (uint16_t port = 100; port < 160; port++)
		join(&f, port);
	EXPECT_EQ(evicted(&f), 3);
	expect_count(&f, DROP_MEMORY, 0);
	expect_state(&f, TCP_ESTABLISHED);
	EXPECT_SOUND(f.s);
}

TEST_TWICE(silent_connections_stay_for_their_time)
{
	struct fx f = crowded(SAMPAN_SEC(290));

	COVERS("R-V-19");
	for (uint16_t port = 100; port < 160; port++)
		join(&f, port);
	EXPECT_EQ(evicted(&f), 0);
}

TEST_TWICE(silent_connections_stay_if_told_so)
{
	struct fx f = crowded(SAMPAN_SEC(3000));

	set(&f, "net.sampan.tcp_evict_idle_s", 0);
	for (uint16_t port = 100; port < 160; port++)
		join(&f, port);
	EXPECT_EQ(evicted(&f), 0);
}

/* Whoever can forge an address must not get others evicted. */
TEST_TWICE(silent_connections_stay_in_a_flood_of_syns)
{
	struct fx f = crowded(SAMPAN_SEC(310));

	COVERS("R-V-19", "R-V-18");
	for (uint16_t port = 1000; port < 2000; port++) {
		peer_sends(&f, .flags = TCP_SYN, .port = port, .seq = f.irs, .refused = true);
		fx_pump(&f);
		fx_drop(&f);
	}
	EXPECT_EQ(evicted(&f), 0);
}

TEST_TWICE(silent_connections_stay_while_there_is_memory)
{
	struct fx f = fx_established(.backlog = 1000);

	for (uint16_t port = 1; port <= 3; port++)
		join(&f, port);
	fx_advance(&f, SAMPAN_SEC(5000));
	for (uint16_t port = 100; port < 200; port++)
		join(&f, port);
	EXPECT_EQ(evicted(&f), 0);
}

/* ---- Slow readers ---- */

/* What is queued waits for a peer that takes `bytes` each time it is asked, until it
 * is reset or `dur` is over: was it reset? */
static bool
reads_slowly(struct fx *f, uint32_t bytes, sampan_dur dur)
{
	const sampan_time end = f->now + dur;

	EXPECT_EQ(fx_write(f, 60000), 60000);
	fx_pump(f);
	while (f->now < end && fx_state(f) == SAMPAN_TCP_ESTABLISHED) {
		fx_drop(f);
		peer_sends(f, .flags = TCP_ACK, .ack = f->snd_nxt, .wnd = bytes);
		fx_pump(f);
		fx_drop(f);
		fx_advance(f, SAMPAN_SEC(1));
	}
	return fx_state(f) != SAMPAN_TCP_ESTABLISHED;
}

TEST_TWICE(established_zero_window_is_kept_while_there_is_memory)
{
	struct fx f = fx_established();

	COVERS("MUST-37");
	EXPECT(!reads_slowly(&f, 0, SAMPAN_SEC(3600)));
}

TEST_TWICE(established_zero_window_is_reset_when_memory_is_short)
{
	struct fx f = fx_established();

	COVERS("R-V-19", "R-WND-12");
	set(&f, "net.ipv4.tcp_mem_pressure", 1);
	EXPECT(reads_slowly(&f, 0, SAMPAN_SEC(180)));
	expect_count(&f, COUNT_TCP_EVICTED_SLOW, 1);
	EXPECT_EQ(f.s->arena.pool[SP_KIND_TCP_TX].objects, 0);
	EXPECT_SOUND(f.s);
}

/* A window of a few octets is no better. */
TEST_TWICE(established_dribbling_reader_is_reset_if_so_set)
{
	struct fx f = fx_established();

	COVERS("R-V-19");
	set(&f, "net.sampan.tcp_slow_reader_always", 1);
	EXPECT(reads_slowly(&f, 4, SAMPAN_SEC(180)));
	expect_count(&f, COUNT_TCP_EVICTED_SLOW, 1);
}

TEST_TWICE(established_reader_that_is_fast_enough_is_kept)
{
	struct fx f = fx_established();

	set(&f, "net.sampan.tcp_slow_reader_always", 1);
	set(&f, "net.sampan.tcp_slow_reader_rate", 100);
	EXPECT(!reads_slowly(&f, 1000, SAMPAN_SEC(59)));
	expect_count(&f, COUNT_TCP_EVICTED_SLOW, 0);
}

TEST_TWICE(established_slow_reader_is_kept_if_told_so)
{
	struct fx f = fx_established();

	set(&f, "net.sampan.tcp_slow_reader_always", 1);
	set(&f, "net.sampan.tcp_slow_reader_s", 0);
	EXPECT(!reads_slowly(&f, 0, SAMPAN_SEC(3600)));
}
