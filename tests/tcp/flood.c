/*
 * flood.c - what strangers can make a listener, a closed port or a half-open
 * connection do, and that it has bounds.  RFC 4987.
 */
#include "lib/fx.h"
#include "lib/stack_check.h"
#include "net/stack.h"

static struct fx
closed(void)
{
	struct fx f = fx_listen();

	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	f.listener = 0;
	return f;
}

/* ---- What strangers can make us send: R-4987-14 ---- */

/* Segments to a closed port in one instant: a burst is answered, not all of them. */
TEST_TWICE(closed_flood_is_answered_up_to_a_rate)
{
	struct fx f = closed();
	uint64_t resets;

	COVERS("R-4987-14", "R-V-37");
	for (unsigned i = 0; i < 2000; i++) {
		peer_sends(&f, .flags = TCP_ACK, .port = (uint16_t)(1 + i), .refused = true);
		fx_pump(&f);
		fx_drop(&f);
	}
	resets = sampan_counter(f.s, SAMPAN_COUNT_TCP_RSTS_OUT);
	EXPECT(resets >= 50 && resets <= 110);
	expect_count(&f, COUNT_TCP_ANSWERS_LIMITED, 2000 - resets);
	fx_advance(&f, SAMPAN_SEC(1));
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_of(77), .refused = true);
	expect_segment(&f, .flags = TCP_RST, .seq = seq_of(77));
}

/* A flood from one source costs others nothing, unless they share its group. */
TEST_TWICE(closed_flood_of_one_source_leaves_others_their_answers)
{
	struct fx f = closed();
	unsigned answered = 0;

	COVERS("R-4987-14");
	for (unsigned i = 0; i < 3000; i++) {
		peer_sends(&f, .flags = TCP_ACK, .src = 0x0a000003, .refused = true);
		fx_pump(&f);
		fx_drop(&f);
	}
	for (unsigned host = 10; host < 110; host++) {
		const uint64_t before = sampan_counter(f.s, SAMPAN_COUNT_TCP_RSTS_OUT);

		peer_sends(&f, .flags = TCP_ACK, .src = 0x0a000000 + host, .refused = true);
		fx_pump(&f);
		fx_drop(&f);
		answered += sampan_counter(f.s, SAMPAN_COUNT_TCP_RSTS_OUT) > before;
	}
	EXPECT(answered >= 90);
}

TEST_TWICE(closed_flood_is_answered_whole_without_a_limit)
{
	struct fx f = closed();

	EXPECT_EQ(sampan_set(f.s, "net.sampan.tcp_answers_each_per_sec", 0), 0);
	EXPECT_EQ(sampan_set(f.s, "net.sampan.tcp_answers_per_sec", 0), 0);
	for (unsigned i = 0; i < 3000; i++) {
		peer_sends(&f, .flags = TCP_ACK, .refused = true);
		fx_pump(&f);
		fx_drop(&f);
	}
	expect_count(&f, COUNT_TCP_RSTS_OUT, 3000);
}

/* Half-open connections do not challenge without limit, nor for ever. */
TEST_TWICE(syn_received_challenges_have_a_rate)
{
	struct fx f = fx_syn_received();

	COVERS("R-4987-14");
	for (unsigned i = 0; i < 1000; i++) {
		peer_sends(&f, .flags = TCP_RST, .seq = seq_add(f.rcv_nxt, 100), .refused = true);
		fx_pump(&f);
		fx_drop(&f);
	}
	EXPECT(sampan_counter(f.s, SAMPAN_COUNT_TCP_CHALLENGES) <= 110);
	expect_state(&f, TCP_SYN_RECEIVED);
}

/* R-4987-8: where many wait, SYN-ACKs are repeated less often. */
TEST_TWICE(syn_received_crowd_gives_up_earlier)
{
	struct fx f = fx_listen();

	COVERS("R-4987-8");
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_max_syn_backlog", 10), 0);
	for (uint16_t port = 1; port <= 8; port++)
		peer_sends(&f, .flags = TCP_SYN, .port = port, .refused = true);
	fx_drop(&f);
	fx_advance(&f, SAMPAN_MS(7500));
	fx_drop(&f);
	expect_count(&f, COUNT_TCP_ATTEMPT_FAILS, 3);	/* five are half of ten */
	fx_advance(&f, SAMPAN_SEC(60));
	expect_count(&f, COUNT_TCP_ATTEMPT_FAILS, 5);
}

/* Forged SYNs cannot fill the memory that others work in. */
TEST_TWICE(syn_received_records_have_a_share_of_memory)
{
	struct fx f = fx_listen(.arena_bytes = (size_t)256 << 10);

	COVERS("R-4987-1", "R-V-18");
	for (unsigned i = 0; i < 5000; i++) {
		peer_sends(&f, .flags = TCP_SYN, .port = (uint16_t)(1 + i), .src = 0x0a000003,
		    .refused = true);
		fx_pump(&f);
		fx_drop(&f);
	}
	EXPECT(f.s->arena.pool[SP_KIND_HALF_OPEN].slabs <= f.s->arena.slab_count / 8 + 1);
	EXPECT(!sp_arena_low_for_newcomers(&f.s->arena));
	EXPECT(sampan_counter(f.s, SAMPAN_COUNT_TCP_COOKIES_SENT) > 4000);
}
