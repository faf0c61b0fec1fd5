/*
 * base_root.c - cube roots against their definition.
 */
#include "base/rng.h"
#include "base/root.h"
#include "lib/test.h"

static void
check(uint64_t x)
{
	const uint64_t y = sp_cube_root(x);

	EXPECT(y * y * y <= x);
	EXPECT(y >= 2642245 || (y + 1) * (y + 1) * (y + 1) > x);
}

TEST(cube_root_is_exact)
{
	struct sp_rng rng;

	COVERS("R-9438-16");
	sp_rng_init(&rng, (const uint64_t[2]){ 1, 2 });
	for (uint64_t y = 0; y <= 2642245; y += y < 3000 ? 1 : 997) {
		check(y * y * y);
		check(y * y * y + 1);
		if (y > 0)
			check(y * y * y - 1);
	}
	for (unsigned i = 0; i < 100000; i++)
		check(sp_rng_u64(&rng) >> sp_rng_below(&rng, 64));
	check(UINT64_MAX);
	EXPECT_EQ(sp_cube_root(UINT64_MAX), 2642245);
}
