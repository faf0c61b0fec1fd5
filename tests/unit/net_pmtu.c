/*
 * net_pmtu.c - the cache of path MTUs, against a model that forgets nothing.
 */
#include "base/rng.h"
#include "lib/fx.h"
#include "net/pmtu.h"

#define MOST 40000u

/* A destination behind the peer. */
static struct sampan_addr
dst(uint32_t n)
{
	struct sampan_addr a = fx_addr(7, 1);

	a.b[13] = (uint8_t)(n >> 16);
	a.b[14] = (uint8_t)(n >> 8);
	a.b[15] = (uint8_t)n;
	return a;
}

static struct fx
routed(void)
{
	struct fx f = fx_listen();
	const struct sampan_addr any = { { 0 } }, gateway = fx_peer();

	EXPECT_EQ(sampan_route_add(f.s, f.link, &any, 0, &gateway), 0);
	return f;
}

static uint16_t
mtu_to(struct fx *f, uint32_t n)
{
	const struct sampan_addr a = dst(n);

	return sp_path_mtu(f->s, &a, (unsigned)f->link);
}

/* What it says was learned, or is the link's; what was learned last it knows. */
TEST(cache_never_says_what_was_not_learned)
{
	static uint16_t model[MOST];
	struct fx f = routed();
	struct sp_rng rng;
	const uint64_t seed[2] = { 1, 2 };
	const uint16_t link = mtu_to(&f, 0);

	COVERS("R-8201-6", "R-1191-3");
	sp_rng_init(&rng, seed);
	for (unsigned i = 0; i < 20000; i++) {
		const uint32_t n = sp_rng_below(&rng, MOST), asked = sp_rng_below(&rng, MOST);
		const uint16_t mtu = (uint16_t)(1280 + sp_rng_below(&rng, 300));
		const struct sampan_addr a = dst(n);
		const uint16_t before = mtu_to(&f, n);

		EXPECT_EQ(sp_pmtu_learn(f.s, &a, mtu), mtu < before);
		EXPECT_EQ(mtu_to(&f, n), mtu < before ? mtu : before);
		model[n] = mtu < before ? mtu : model[n];
		EXPECT(mtu_to(&f, asked) == link || mtu_to(&f, asked) == model[asked]);
	}
}

static unsigned
tables(struct fx *f)
{
	struct sampan_pool pool;

	for (unsigned i = 0; sampan_pool(f->s, i, &pool) == 0; i++)
		if (strcmp(pool.name, "path MTUs") == 0)
			return (unsigned)pool.objects;
	return 0;
}

/* R-8201-6: a flood takes one slab, and ten minutes later nothing. */
TEST(flood_takes_one_slab)
{
	struct fx f = routed();

	COVERS("R-8201-6", "R-1191-5");
	EXPECT_EQ(tables(&f), 0);
	for (uint32_t n = 0; n < MOST; n++) {
		const struct sampan_addr a = dst(n);

		EXPECT(sp_pmtu_learn(f.s, &a, 1300));
	}
	EXPECT_EQ(tables(&f), 1);
	fx_advance(&f, SAMPAN_SEC(599));
	EXPECT_EQ(tables(&f), 1);
	EXPECT_EQ(mtu_to(&f, MOST - 1), 1300);
	fx_advance(&f, SAMPAN_SEC(2));
	EXPECT_EQ(tables(&f), 0);
}

TEST(settings_are_obeyed)
{
	struct fx f = routed();
	const struct sampan_addr a = dst(1), b = dst(2);

	EXPECT_EQ(sampan_set(f.s, "net.ipv4.route.min_pmtu", 1000), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.route.mtu_expires", 5), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv6.route.mtu_expires", 5), 0);
	EXPECT(sp_pmtu_learn(f.s, &a, 600));
	EXPECT_EQ(mtu_to(&f, 1), fx_is_v6() ? 1280 : 1000);
	fx_advance(&f, SAMPAN_SEC(6));
	EXPECT(mtu_to(&f, 1) >= 1500);
	EXPECT(sp_pmtu_learn(f.s, &b, 1300));
}
