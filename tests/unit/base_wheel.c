/*
 * Tests of base/wheel.h against a plain array of 64-bit deadlines: what fires,
 * when, and how much work it takes, with ticks about to wrap.
 */
#include "lib/test.h"

#include "base/wheel.h"

#include "base_util.h"

#define NODES 400
#define PLENTY 1000000u
/* Ticks at which the test starts. */
#define AT_WRAP UINT64_C(0xffffff00)
#define AT_SIGN UINT64_C(0x7fffff00)

/* A wheel, and when its nodes should fire. */
struct fx {
	struct sp_arena *a;
	struct sp_wheel w;
	uint64_t now;			/* tick */
	struct sp_timer *node[NODES];
	uint64_t when[NODES];		/* tick, 0: idle */
};

static struct fx
fx_make(uint64_t now)
{
	struct fx f = { .a = base_arena(64 << 10, 4096), .now = now };

	sp_pool_init(f.a, SP_KIND_TCB, 16);
	for (uint32_t i = 0; i < NODES; i++) {
		f.node[i] = sp_at(f.a, sp_pool_take(f.a, SP_KIND_TCB));
		memset(f.node[i], 0, sizeof(*f.node[i]));
	}
	memset(&f.w, 0xa5, sizeof(f.w));
	sp_wheel_init(&f.w, now << SP_TICK_SHIFT);
	return f;
}

static void
arm(struct fx *f, uint32_t i, uint64_t when)
{
	sp_wheel_add(&f->w, f->a, f->node[i], (sp_tick)when);
	f->when[i] = when;
	EXPECT(sp_timer_armed(f->node[i]));
}

static void
cancel(struct fx *f, uint32_t i)
{
	sp_wheel_remove(&f->w, f->a, f->node[i]);
	f->when[i] = 0;
	EXPECT(!sp_timer_armed(f->node[i]));
}

static uint32_t
index_of(const struct fx *f, const struct sp_timer *t)
{
	uint32_t i = 0;

	while (i < NODES && f->node[i] != t)
		i++;
	return i;
}

static uint64_t
earliest(const struct fx *f)
{
	uint64_t first = UINT64_MAX;

	for (uint32_t i = 0; i < NODES; i++) {
		if (f->when[i] != 0 && f->when[i] < first)
			first = f->when[i];
	}
	return first;
}

/* Expires up to tick now, at most budget steps; returns how many fired. */
static uint32_t
expire(struct fx *f, uint64_t now, uint32_t budget)
{
	struct sp_timer *t;
	uint32_t fired = 0;

	f->now = now;
	while ((t = sp_wheel_expire(&f->w, f->a, now << SP_TICK_SHIFT, &budget)) != NULL) {
		const uint32_t i = index_of(f, t);

		EXPECT(i < NODES && f->when[i] != 0 && !sp_timer_armed(t));
		EXPECT(f->when[i] <= now && f->when[i] <= f->w.now);
		f->when[i] = 0;
		fired++;
	}
	if (budget > 0)
		EXPECT(earliest(f) > now && f->w.now == now);
	return fired;
}

/* What sp_wheel_next() says is not too late, and not in the past without need. */
static void
expect_next(const struct fx *f)
{
	const sampan_time next = sp_wheel_next(&f->w);
	const uint64_t first = earliest(f);

	EXPECT_EQ(next == SAMPAN_NEVER, first == UINT64_MAX);
	if (first == UINT64_MAX)
		return;
	EXPECT(next <= first << SP_TICK_SHIFT || next <= f->now << SP_TICK_SHIFT);
	if (first > f->w.now && f->w.due == 0)
		EXPECT(next > f->w.now << SP_TICK_SHIFT);
}

static uint64_t
any_ticks(struct sp_rng *r)
{
	const uint64_t ticks = sp_rng_u64(r) >> (33 + sp_rng_below(r, 31));

	return ticks < SP_TICK_FAR ? ticks : SP_TICK_FAR;
}

static void
arm_or_cancel(struct fx *f, struct sp_rng *r)
{
	const uint32_t i = sp_rng_below(r, NODES);
	const uint64_t when = f->now + any_ticks(r) - sp_rng_below(r, 3);

	if (f->when[i] != 0)
		cancel(f, i);
	else if (when <= f->w.now + SP_TICK_FAR)
		arm(f, i, when);
}

/* max_jump: log2 of the ticks that time may move at once. */
static void
run(struct fx *f, uint64_t seed, uint32_t max_jump)
{
	struct sp_rng r = base_rng(seed);

	for (int step = 0; step < 30000; step++) {
		const uint32_t bits = 1 + sp_rng_below(&r, max_jump);
		const uint64_t jump = sp_rng_u64(&r) >> (64 - bits);
		const uint32_t what = sp_rng_below(&r, 20);

		if (what > 2)
			arm_or_cancel(f, &r);
		else if (what == 2)
			expire(f, f->now + jump, 1 + sp_rng_below(&r, 9));
		else if (what == 1)
			expire(f, f->now + jump, PLENTY);
		else
			sp_wheel_sync(&f->w, f->now << SP_TICK_SHIFT);
		EXPECT(sp_wheel_check(&f->w, f->a));
		expect_next(f);
	}
	free(f->a);
}

TEST(wheel_agrees_with_an_array)
{
	for (uint32_t max_jump = 2; max_jump < 34; max_jump += 4) {
		struct fx f = fx_make(1 + max_jump);

		run(&f, max_jump, max_jump);
	}
}

TEST(wheel_agrees_with_an_array_at_the_wrap)
{
	for (uint32_t max_jump = 2; max_jump < 20; max_jump += 4) {
		struct fx f = fx_make(AT_WRAP);
		struct fx g = fx_make(AT_SIGN);
		struct fx h = fx_make(7 * (UINT64_C(1) << 32) - 300);

		run(&f, max_jump, max_jump);
		run(&g, max_jump, max_jump);
		run(&h, max_jump, max_jump);
	}
}

/* Every distance around the edges of levels, from awkward starts. */
static void
fires_exactly(uint64_t now, uint64_t ticks)
{
	struct fx f = fx_make(now);

	arm(&f, 0, now + ticks);
	EXPECT_EQ(expire(&f, now + ticks - 1, PLENTY), 0);
	EXPECT_EQ(expire(&f, now + ticks, PLENTY), 1);
	EXPECT_EQ(f.w.armed, 0);
	free(f.a);
}

TEST(wheel_fires_at_the_tick_and_not_before)
{
	static const uint64_t starts[] = { 0, 1, 63, 64, 4095, 4097, AT_WRAP, AT_WRAP + 255 };

	for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
		for (uint32_t level = 0; level <= 5; level++) {
			const uint64_t edge = UINT64_C(1) << (6 * level);

			fires_exactly(starts[s], edge);
			fires_exactly(starts[s], edge + 1);
			fires_exactly(starts[s], edge * 2 - 1);
			if (level > 0)
				fires_exactly(starts[s], edge - 1);
		}
		fires_exactly(starts[s], SP_TICK_FAR);
	}
}

TEST(wheel_node_that_is_not_in_the_future_is_due_at_once)
{
	struct fx f = fx_make(AT_WRAP);

	arm(&f, 0, AT_WRAP);
	arm(&f, 1, AT_WRAP - 1);
	arm(&f, 2, AT_WRAP - 100000);
	arm(&f, 3, AT_WRAP + 1);
	EXPECT_EQ(sp_wheel_next(&f.w), AT_WRAP << SP_TICK_SHIFT);
	EXPECT(sp_wheel_check(&f.w, f.a));
	cancel(&f, 1);
	EXPECT_EQ(expire(&f, AT_WRAP, PLENTY), 2);
	EXPECT_EQ(expire(&f, AT_WRAP + 1, PLENTY), 1);
	free(f.a);
}

TEST(wheel_cancel_of_an_idle_node_does_nothing)
{
	struct fx f = fx_make(5);

	cancel(&f, 0);
	arm(&f, 0, 100);
	cancel(&f, 0);
	cancel(&f, 0);
	EXPECT_EQ(f.w.armed, 0);
	EXPECT_EQ(sp_wheel_next(&f.w), SAMPAN_NEVER);
	EXPECT_EQ(expire(&f, 200, PLENTY), 0);
	free(f.a);
}

/* Six levels, a slot and a node each: nothing is stepped through. */
TEST(wheel_jumps_over_idle_time)
{
	struct fx f = fx_make(AT_SIGN - 77);
	uint32_t budget = 12;

	arm(&f, 0, f.now + SP_TICK_FAR);
	EXPECT(sp_wheel_expire(&f.w, f.a, (f.now + SP_TICK_FAR) << SP_TICK_SHIFT, &budget) ==
	    f.node[0]);
	budget = 1;
	EXPECT(sp_wheel_expire(&f.w, f.a, SAMPAN_NEVER, &budget) == NULL);
	EXPECT_EQ(budget, 1);
	EXPECT_EQ(f.w.now, SAMPAN_NEVER >> SP_TICK_SHIFT);
	EXPECT_EQ(sp_wheel_next(&f.w), SAMPAN_NEVER);
	free(f.a);
}

/* All in one slot of level 3, most on one tick; some are cancelled on the way. */
TEST(wheel_crowded_tick_is_worked_off_by_budget)
{
	struct fx f = fx_make(1000);
	const uint64_t tick = UINT64_C(1) << 20;
	uint32_t fired = 0, calls = 0, cancelled = 0;

	for (uint32_t i = 0; i < NODES; i++)
		arm(&f, i, tick + (i % 8 == 0));
	for (; f.w.armed > 0; calls++) {
		fired += expire(&f, tick + 1, 10);
		EXPECT(sp_wheel_check(&f.w, f.a));
		if (calls % 10 == 0 && f.when[calls] != 0) {
			cancel(&f, calls);
			cancelled++;
		}
	}
	EXPECT_EQ(fired + cancelled, NODES);
	EXPECT(calls > NODES / 10 && calls < NODES);
	EXPECT(cancelled > 0);
	free(f.a);
}

TEST(wheel_budget_of_one_makes_progress)
{
	struct fx f = fx_make(AT_WRAP);
	uint32_t calls = 0;

	for (uint32_t i = 0; i < NODES; i++)
		arm(&f, i, AT_WRAP + 1 + i * 1000);
	for (; f.w.armed > 0 && calls < 100000; calls++)
		expire(&f, AT_WRAP + NODES * 1000, 1);
	EXPECT_EQ(f.w.armed, 0);
	EXPECT(calls < 6 * NODES);
	free(f.a);
}

/* One step for the slot, one for the node. */
TEST(wheel_budget_counts_slots_and_nodes)
{
	struct fx f = fx_make(10);
	uint32_t budget = 10;

	arm(&f, 0, 15);
	arm(&f, 1, 20);
	EXPECT(sp_wheel_expire(&f.w, f.a, (sampan_time)15 << SP_TICK_SHIFT, &budget) == f.node[0]);
	EXPECT_EQ(budget, 8);
	budget = 1;
	EXPECT(sp_wheel_expire(&f.w, f.a, (sampan_time)20 << SP_TICK_SHIFT, &budget) == NULL);
	EXPECT_EQ(budget, 0);
	budget = 1;
	EXPECT(sp_wheel_expire(&f.w, f.a, (sampan_time)20 << SP_TICK_SHIFT, &budget) == f.node[1]);
	EXPECT_EQ(budget, 0);
	free(f.a);
}

TEST(wheel_spent_budget_fires_nothing)
{
	struct fx f = fx_make(10);

	arm(&f, 0, 10);
	EXPECT_EQ(expire(&f, 20, 0), 0);
	EXPECT_EQ(expire(&f, 20, PLENTY), 1);
	free(f.a);
}

/* After three days without a timer 32-bit ticks mean something else. */
TEST(wheel_sync_follows_idle_time)
{
	struct fx f = fx_make(1000);
	const uint64_t later = 1000 + (UINT64_C(5) << 31) + 12345;

	sp_wheel_sync(&f.w, later << SP_TICK_SHIFT);
	EXPECT_EQ(f.w.now, later);
	f.now = later;
	arm(&f, 0, later + SP_TICK_FAR);
	EXPECT_EQ(expire(&f, later + SP_TICK_FAR - 1, PLENTY), 0);
	EXPECT_EQ(expire(&f, later + SP_TICK_FAR, PLENTY), 1);
	free(f.a);
}

TEST(wheel_sync_stops_before_what_is_to_fire)
{
	struct fx f = fx_make(1000);

	arm(&f, 0, 1050);
	sp_wheel_sync(&f.w, (sampan_time)2000 << SP_TICK_SHIFT);
	EXPECT_EQ(f.w.now, 1049);
	EXPECT(sp_timer_armed(f.node[0]) && sp_wheel_check(&f.w, f.a));
	sp_wheel_sync(&f.w, (sampan_time)500 << SP_TICK_SHIFT);
	EXPECT_EQ(f.w.now, 1049);
	EXPECT_EQ(expire(&f, 2000, PLENTY), 1);
	free(f.a);
}

/* An owner that arms its node again from the handler. */
TEST(wheel_node_may_be_armed_again_when_it_fires)
{
	struct fx f = fx_make(AT_WRAP);
	uint32_t budget = PLENTY;
	uint32_t fired = 0;

	arm(&f, 0, AT_WRAP + 70);
	while (sp_wheel_expire(&f.w, f.a, (AT_WRAP + 7000) << SP_TICK_SHIFT, &budget) != NULL) {
		fired++;
		EXPECT_EQ(f.w.now, AT_WRAP + fired * 70);
		sp_wheel_add(&f.w, f.a, f.node[0], (sp_tick)(f.w.now + 70));
	}
	EXPECT_EQ(fired, 100);
	free(f.a);
}

TEST(wheel_check_sees_what_is_wrong)
{
	struct fx f = fx_make(1000);

	arm(&f, 0, 1100);
	arm(&f, 1, 1101);
	f.w.armed++;
	EXPECT(!sp_wheel_check(&f.w, f.a));
	f.w.armed--;
	f.node[0]->at += 64;
	EXPECT(!sp_wheel_check(&f.w, f.a));
	f.node[0]->at -= 64;
	f.w.map[2] ^= 1;
	EXPECT(!sp_wheel_check(&f.w, f.a));
	f.w.map[2] ^= 1;
	f.node[0]->prev ^= 1;
	EXPECT(!sp_wheel_check(&f.w, f.a));
	f.node[0]->prev ^= 1;
	EXPECT(sp_wheel_check(&f.w, f.a));
	free(f.a);
}
