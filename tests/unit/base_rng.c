/* Tests of base/rng.h: repeatable, even, without bias. */
#include "lib/test.h"

#include "base_util.h"

TEST(rng_repeats_for_a_seed)
{
	struct sp_rng a = base_rng(1);
	struct sp_rng b = base_rng(1);

	for (int i = 0; i < 1000; i++)
		EXPECT_EQ(sp_rng_u64(&a), sp_rng_u64(&b));
}

/* The number itself is part of the promise: replays must not change. */
TEST(rng_is_siphash24_of_a_counter)
{
	const uint64_t seed[2] = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };
	const uint8_t third[8] = { 2, 0, 0, 0, 0, 0, 0, 0 };
	struct sp_rng r;

	sp_rng_init(&r, seed);
	sp_rng_u64(&r);
	sp_rng_u64(&r);
	EXPECT_EQ(sp_rng_u64(&r), sp_siphash24(&r.key, third, sizeof(third)));
}

TEST(rng_differs_between_seeds)
{
	struct sp_rng a = base_rng(1);
	struct sp_rng b = base_rng(2);
	int same = 0;

	for (int i = 0; i < 1000; i++)
		same += sp_rng_u64(&a) == sp_rng_u64(&b);
	EXPECT_EQ(same, 0);
}

TEST(rng_bits_are_even)
{
	struct sp_rng r = base_rng(3);
	int ones[64] = { 0 };

	for (int i = 0; i < 20000; i++) {
		const uint64_t x = sp_rng_u64(&r);

		for (int bit = 0; bit < 64; bit++)
			ones[bit] += (int)(x >> bit & 1);
	}
	/* Six standard deviations are 424. */
	for (int bit = 0; bit < 64; bit++)
		EXPECT(ones[bit] > 10000 - 424 && ones[bit] < 10000 + 424);
}

TEST(rng_below_stays_below)
{
	struct sp_rng r = base_rng(4);

	for (int i = 0; i < 10000; i++) {
		const uint32_t n = (uint32_t)(sp_rng_u64(&r) >> (32 + i % 32)) | 1;

		EXPECT(sp_rng_below(&r, n) < n);
	}
	EXPECT_EQ(sp_rng_below(&r, 1), 0);
}

TEST(rng_below_reaches_all_values_evenly)
{
	struct sp_rng r = base_rng(5);
	int hits[7] = { 0 };

	for (int i = 0; i < 70000; i++)
		hits[sp_rng_below(&r, 7)]++;
	for (int i = 0; i < 7; i++)
		EXPECT(hits[i] > 10000 - 600 && hits[i] < 10000 + 600);
}

/* With 3 * 2^30 and without rejection, a multiple of 3 would come up in half of
 * the draws instead of a third. */
TEST(rng_below_has_no_bias)
{
	const uint32_t n = (uint32_t)3 << 30;
	struct sp_rng r = base_rng(6);
	int hits[3] = { 0 };

	for (int i = 0; i < 60000; i++)
		hits[sp_rng_below(&r, n) % 3]++;
	for (int i = 0; i < 3; i++)
		EXPECT(hits[i] > 20000 - 700 && hits[i] < 20000 + 700);
}

TEST(rng_keys_are_fresh)
{
	struct sp_rng r = base_rng(7);
	const struct sp_key a = sp_rng_key(&r);
	const struct sp_key b = sp_rng_key(&r);

	EXPECT(a.k[0] != b.k[0] && a.k[1] != b.k[1] && a.k[0] != a.k[1]);
	EXPECT_EQ(r.count, 4);
}
