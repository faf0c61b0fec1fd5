/*
 * work.c - how much a peer can make the stack do: steps of every loop over what came from
 * outside (base/step.h), for one segment and for one call.  Bounds are of the code, not of
 * this machine: no time is measured.
 */
#include "lib/fx_loss.h"

#include "base/step.h"
#include "buf/recvq.h"

#define RTT SAMPAN_MS(40)
/* tcp_rtx.c: a search and a walk for each of four blocks, of so many records each. */
#define SEARCH_MAX 512u
#define ACK_STEPS_MAX (4u * 2 * SEARCH_MAX)
#define FLOWS 2000u
#define ADVANCE_STEPS_MAX 10000u	/* sock/output.c: a budget of 4096 timers, and levels */

static void
need_steps(void)
{
	if (!SP_STEPS_COUNTED)
		SKIP("steps are counted in builds with assertions only");
}

/* The worst scoreboard there is: every other byte reported, each by itself. */
static struct fx
with_crumbs(uint32_t bytes)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	EXPECT_EQ(fx_write(&f, bytes), bytes);
	fx_drop(&f);
	for (uint32_t i = 0; i < bytes / 2 - 1; i++)
		peer_sacks(&f, 0, { i * 2 + 1, i * 2 + 2 });
	fx_drop(&f);
	return f;
}

/* R-V-2: whatever blocks come, in whatever order. */
TEST_TWICE(established_blocks_over_crumbs_cost_bounded_steps)
{
	const uint32_t bytes = 6000;
	struct fx f = with_crumbs(bytes);
	uint64_t most = 0;

	need_steps();
	COVERS("R-V-2");
	for (uint32_t i = 0; i < 300; i++) {
		const uint32_t at = i * 2657 % (bytes - 2000);

		peer_sacks(&f, 0, { at, at + 1 }, { bytes - 1 - at, bytes - at },
		    { at / 2, at / 2 + 1500 }, { (at + 3000) % bytes, (at + 3000) % bytes + 1 });
		most = f.steps > most ? f.steps : most;
	}
	EXPECT(most > SEARCH_MAX);		/* it was worth a try */
	EXPECT(most <= ACK_STEPS_MAX + bytes);	/* and each byte is lost once */
}

/* What is acknowledged at once costs a step for each record, once. */
TEST_TWICE(established_ack_of_crumbs_costs_a_step_each)
{
	struct fx f = with_crumbs(6000);

	need_steps();
	COVERS("R-V-2");
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 6000));
	EXPECT(f.steps >= 2998 && f.steps <= 6000 + 16);
}

/* Text in crumbs, backwards and to and fro. */
TEST_TWICE(established_crumbs_of_text_cost_bounded_steps)
{
	struct fx f = fx_established();
	const tcp_seq first = f.rcv_nxt;

	need_steps();
	for (uint32_t i = 0; i < 3000; i++) {
		const uint32_t at = 1 + i * 7919 % 20000 * 2;

		peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(first, at), .len = 1,
		    .refused = true);
		EXPECT(f.steps <= SP_RECVQ_SEARCH_MAX + SP_RECVQ_PARTS_MAX);
		fx_drop(&f);
	}
}

/* R-V-31, R-4987-10: thousands of flows that differ in one number, and none is far. */
TEST_TWICE(listen_flows_of_one_peer_are_found_in_few_steps)
{
	struct fx f = fx_listen();
	uint64_t most = 0;

	need_steps();
	COVERS("R-V-31", "R-4987-10");
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_max_syn_backlog", FLOWS), 0);
	for (unsigned twice = 0; twice < 2; twice++) {
		for (unsigned i = 0; i < FLOWS; i++) {
			peer_sends(&f, .flags = TCP_SYN, .port = (uint16_t)(1024 + i),
			    .refused = true);
			most = f.steps > most ? f.steps : most;
			fx_drop(&f);
		}
	}
	EXPECT(most >= 2 && most <= 16);
}

/* Thousands of timers of one moment: no call does more than its budget, and some calls do
 * them all. */
TEST_TWICE(listen_timers_of_one_moment_are_bounded_for_each_call)
{
	struct fx f = fx_listen();
	unsigned calls = 0;

	need_steps();
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_max_syn_backlog", FLOWS), 0);
	for (unsigned i = 0; i < FLOWS; i++) {
		peer_sends(&f, .flags = TCP_SYN, .port = (uint16_t)(1024 + i), .refused = true);
		fx_drop(&f);
	}
	f.now += SAMPAN_SEC(10);
	do {
		const uint64_t before = SP_STEPS_SO_FAR;

		sampan_advance(f.s, f.now);
		EXPECT(SP_STEPS_SO_FAR - before <= ADVANCE_STEPS_MAX);
		fx_drop(&f);
		EXPECT(++calls < 100);
	} while (sampan_deadline(f.s) <= f.now);
}
