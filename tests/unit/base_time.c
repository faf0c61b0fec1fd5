/* Tests of base/time.h: rounding, comparing and widening of ticks, at the wrap
 * too. */
#include "lib/test.h"

#include "base/time.h"

#include "base_util.h"

/* Where the 32 bits of ticks wrap. */
#define WRAP ((sampan_time)1 << (32 + SP_TICK_SHIFT))

TEST(tick_of_an_instant_is_the_one_that_has_begun)
{
	EXPECT_EQ(sp_tick_of(0), 0);
	EXPECT_EQ(sp_tick_of(SP_TICK_NS - 1), 0);
	EXPECT_EQ(sp_tick_of(SP_TICK_NS), 1);
	EXPECT_EQ(sp_tick_of(WRAP - 1), UINT32_MAX);
	EXPECT_EQ(sp_tick_of(WRAP), 0);
}

TEST(tick_after_is_never_early_and_less_than_one_tick_late)
{
	struct sp_rng r = base_rng(1);

	for (int i = 0; i < 100000; i++) {
		const sampan_time now = WRAP - SAMPAN_SEC(1) + sp_rng_below(&r, 2000000000);
		const sampan_dur dur = sp_rng_u64(&r) >> (30 + i % 34);
		const sampan_time fires = sp_tick_time(sp_tick_after(now, dur), now);

		EXPECT(fires >= now + dur);
		EXPECT(fires < now + dur + SP_TICK_NS);
	}
}

TEST(tick_after_is_clamped_to_the_farthest)
{
	EXPECT_EQ(sp_tick_after(0, SAMPAN_NEVER), SP_TICK_FAR);
	EXPECT_EQ(sp_tick_after(0, SAMPAN_SEC(1000000)), SP_TICK_FAR);
	EXPECT_EQ(sp_tick_after(WRAP - SP_TICK_NS, SAMPAN_NEVER), SP_TICK_FAR - 1);
}

TEST(tick_before_holds_across_the_wrap)
{
	EXPECT(sp_tick_before(1, 2));
	EXPECT(!sp_tick_before(2, 2));
	EXPECT(!sp_tick_before(3, 2));
	EXPECT(sp_tick_before(UINT32_MAX, 0));
	EXPECT(sp_tick_before(UINT32_MAX - 5, SP_TICK_FAR - 10));
	EXPECT(!sp_tick_before(0, UINT32_MAX));
}

TEST(tick_time_is_exact_in_both_directions)
{
	struct sp_rng r = base_rng(2);

	for (int i = 0; i < 100000; i++) {
		const sampan_time near = 3 * WRAP - SAMPAN_SEC(1) + sp_rng_below(&r, 2000000000);
		const sampan_dur ahead = sp_rng_u64(&r) % SAMPAN_SEC(60000);
		const sampan_time there = near + ahead - SAMPAN_SEC(30000);

		EXPECT_EQ(sp_tick_time(sp_tick_of(there), near), there & ~(SP_TICK_NS - 1));
	}
}

TEST(tick_since_counts_whole_ticks)
{
	const sampan_time then = WRAP - SAMPAN_SEC(1);

	EXPECT_EQ(sp_tick_since(sp_tick_of(then), then), 0);
	EXPECT_EQ(sp_tick_since(sp_tick_of(then), then + SP_TICK_NS), SP_TICK_NS);
	EXPECT_EQ(sp_tick_since(sp_tick_of(then), then + 100000 * SP_TICK_NS), 100000 * SP_TICK_NS);
}
