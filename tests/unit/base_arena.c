/*
 * Tests of base/arena.h: layout and budget, reuse, and random use of several
 * pools at once against an array of what is live, with every octet checked.
 */
#include "lib/test.h"

#include <sys/mman.h>

#include "base/arena.h"

#include "base_util.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define HEAD 2048
#define KINDS 4
#define LIVE_MAX 4000

static const enum sp_kind kinds[KINDS] = {
	SP_KIND_TCB, SP_KIND_TIME_WAIT, SP_KIND_SMALL, SP_KIND_LARGE
};
static const uint32_t sizes[KINDS] = { 250, 64, 16, 1024 };

/* What is live; every object is filled with a pattern of its own. */
struct fx {
	struct sp_arena *a;
	struct {
		uint32_t ref, kind;	/* index in kinds */
		uint8_t fill;
	} live[LIVE_MAX];
	uint32_t n;
	uint32_t slab[64];		/* whole slabs */
	uint32_t slabs;
};

static struct fx
fx_make(size_t bytes)
{
	struct fx f = { .a = base_arena(bytes, HEAD) };

	for (uint32_t k = 0; k < KINDS; k++)
		sp_pool_init(f.a, kinds[k], sizes[k]);
	sp_pool_keep_spares(f.a, SP_KIND_SMALL);
	return f;
}

static bool
take(struct fx *f, uint32_t k)
{
	const uint32_t ref = f->n < LIVE_MAX ? sp_pool_take(f->a, kinds[k]) : 0;

	if (ref == 0)
		return false;
	EXPECT(sp_pool_owns(f->a, kinds[k], ref) && sp_arena_kind(f->a, ref) == kinds[k]);
	f->live[f->n].ref = ref;
	f->live[f->n].kind = k;
	f->live[f->n].fill = (uint8_t)(ref * 37 + k);
	memset(sp_at(f->a, ref), f->live[f->n].fill, sizes[k]);
	f->n++;
	return true;
}

/* Gives object number i back, which must be as it was left. */
static void
give(struct fx *f, uint32_t i)
{
	const uint32_t k = f->live[i].kind;
	const uint8_t *p = sp_at(f->a, f->live[i].ref);
	uint32_t intact = 0;

	for (uint32_t b = 0; b < sizes[k]; b++)
		intact += p[b] == f->live[i].fill;
	EXPECT_EQ(intact, sizes[k]);
	sp_pool_give(f->a, kinds[k], f->live[i].ref);
	f->live[i] = f->live[--f->n];
}

static void
take_slab(struct fx *f)
{
	const uint32_t slab = f->slabs < 64 ? sp_slab_take(f->a, SP_KIND_BUCKETS) : SP_SLAB_NONE;

	if (slab == SP_SLAB_NONE)
		return;
	memset(sp_at(f->a, sp_slab_ref(f->a, slab)), 0x5a, (size_t)1 << f->a->slab_shift);
	f->slab[f->slabs++] = slab;
}

static void
give_slab(struct fx *f)
{
	if (f->slabs > 0)
		sp_slab_give(f->a, f->slab[--f->slabs]);
}

static void
give_all(struct fx *f)
{
	while (f->n > 0)
		give(f, f->n / 2);
	while (f->slabs > 0)
		give_slab(f);
}

/* Slabs in use by the model's count. */
static void
expect_agrees(const struct fx *f)
{
	uint32_t objects[KINDS] = { 0 };

	for (uint32_t i = 0; i < f->n; i++)
		objects[f->live[i].kind]++;
	for (uint32_t k = 0; k < KINDS; k++)
		EXPECT_EQ(f->a->pool[kinds[k]].objects, objects[k]);
	EXPECT_EQ(f->a->pool[SP_KIND_BUCKETS].slabs, f->slabs);
	EXPECT(sp_arena_used_bytes(f->a) <= sp_arena_total_bytes(f->a));
	EXPECT(sp_arena_check(f->a));
}

/* Takes all there is: the same as was there at first. */
static void
expect_nothing_stranded(struct fx *f)
{
	uint32_t n = 0;

	EXPECT_EQ(sp_arena_used_bytes(f->a), 0);
	while (sp_slab_take(f->a, SP_KIND_BUCKETS) != SP_SLAB_NONE)
		n++;
	EXPECT_EQ(n, f->a->slab_count);
	EXPECT_EQ(sp_arena_used_bytes(f->a), sp_arena_total_bytes(f->a));
	EXPECT(sp_arena_check(f->a));
	free(f->a);
}

/* grow: in a hundred, how many steps take rather than give. */
static void
churn(struct fx *f, struct sp_rng *r, int steps, uint32_t grow)
{
	for (int i = 0; i < steps; i++) {
		if (sp_rng_below(r, 20) == 0 && sp_rng_below(r, 100) < grow)
			take_slab(f);
		else if (sp_rng_below(r, 20) == 0)
			give_slab(f);
		else if (sp_rng_below(r, 100) < grow)
			take(f, sp_rng_below(r, KINDS));
		else if (f->n > 0)
			give(f, sp_rng_below(r, f->n));
		if (i % 64 == 0)
			expect_agrees(f);
	}
}

TEST(slab_size_follows_the_size_of_the_block)
{
	EXPECT_EQ(sp_arena_slab_shift(64 * KIB), 10);
	EXPECT_EQ(sp_arena_slab_shift(MIB), 10);
	EXPECT_EQ(sp_arena_slab_shift(MIB + 1), 12);
	EXPECT_EQ(sp_arena_slab_shift(16 * MIB), 12);
	EXPECT_EQ(sp_arena_slab_shift(16 * MIB + 1), 14);
	EXPECT_EQ(sp_arena_slab_shift(256 * MIB), 14);
	EXPECT_EQ(sp_arena_slab_shift(256 * MIB + 1), 16);
	EXPECT_EQ(sp_arena_slab_shift(SP_ARENA_MAX_BYTES), 16);
}

TEST(init_refuses_what_does_not_fit)
{
	struct sp_arena *const a = base_block(64 * KIB);

	EXPECT(!sp_arena_init(a, 64 * KIB, 64 * KIB, 0));
	EXPECT(!sp_arena_init(a, 64 * KIB, 65 * KIB, 0));
	EXPECT(sp_arena_init(a, 64 * KIB, HEAD, 0));
	EXPECT(sp_arena_init(a, 64 * KIB, HEAD, a->slab_count));
	EXPECT(!sp_arena_init(a, 64 * KIB, HEAD, a->slab_count + 1));
	EXPECT(!sp_arena_init(a, SP_ARENA_MAX_BYTES + 1, HEAD, 1));
	free(a);
}

/* All lengths of block and head: slabs are aligned, inside, behind the map, and
 * no whole one is wasted. */
TEST(layout_fits_every_size)
{
	struct sp_arena *const a = base_block(64 * KIB);

	for (size_t bytes = 8 * KIB; bytes <= 64 * KIB; bytes += 61) {
		const size_t head = HEAD + bytes % 977;
		size_t begin;

		EXPECT(sp_arena_init(a, bytes, head, 1));
		begin = (size_t)a->slabs_at << SP_GRANULE_SHIFT;
		EXPECT(begin % 64 == 0 && a->map_at >= head >> SP_GRANULE_SHIFT);
		EXPECT(begin >= ((size_t)a->map_at << SP_GRANULE_SHIFT) +
		    a->slab_count * sizeof(struct sp_slab));
		EXPECT(begin + sp_arena_total_bytes(a) <= bytes);
		EXPECT(begin + sp_arena_total_bytes(a) + 1024 + 128 > bytes);
	}
	free(a);
}

/* Only the first page may be touched: 32 GiB are ready at once. */
TEST(init_touches_nothing_but_the_head)
{
	uint8_t *const block = mmap(NULL, SP_ARENA_MAX_BYTES, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct sp_arena *const a = (struct sp_arena *)(void *)block;

	if (block == MAP_FAILED)
		SKIP("no address space");
	EXPECT_EQ(mprotect(block, 4096, PROT_READ | PROT_WRITE), 0);
	EXPECT(sp_arena_init(a, SP_ARENA_MAX_BYTES, 4096, 524000));
	EXPECT(sp_slab_ref(a, a->slab_count - 1) < 0x80000000u);
	EXPECT(sp_arena_check(a));
	munmap(block, SP_ARENA_MAX_BYTES);
}

TEST(reference_and_address_are_two_names)
{
	struct fx f = fx_make(64 * KIB);
	const uint32_t ref = sp_pool_take(f.a, SP_KIND_TCB);

	EXPECT_EQ(sp_ref(f.a, sp_at(f.a, ref)), ref);
	EXPECT_EQ(sp_slab_ref(f.a, sp_slab_of(f.a, ref)), ref);
	EXPECT_EQ(sp_at(f.a, ref) == (uint8_t *)f.a + ref * SP_GRANULE, true);
	free(f.a);
}

TEST(freed_object_is_the_next_to_go_out)
{
	struct fx f = fx_make(64 * KIB);
	uint32_t ref[200];

	for (int i = 0; i < 200; i++)
		ref[i] = sp_pool_take(f.a, SP_KIND_TIME_WAIT);
	for (int i = 0; i < 200; i += 3)
		sp_pool_give(f.a, SP_KIND_TIME_WAIT, ref[i]);
	EXPECT_EQ(sp_pool_take(f.a, SP_KIND_TIME_WAIT), ref[198]);
	sp_pool_give(f.a, SP_KIND_TIME_WAIT, ref[100]);
	EXPECT_EQ(sp_pool_take(f.a, SP_KIND_TIME_WAIT), ref[100]);
	EXPECT(sp_arena_check(f.a));
	free(f.a);
}

TEST(budget_is_exact)
{
	struct fx f = fx_make(64 * KIB);
	const uint32_t per_slab = 1024 / 64;
	uint32_t n = 0;

	while (sp_pool_take(f.a, SP_KIND_TIME_WAIT) != 0)
		n++;
	EXPECT_EQ(n, f.a->slab_count * per_slab);
	EXPECT_EQ(sp_pool_take(f.a, SP_KIND_SMALL), 0);
	EXPECT_EQ(sp_slab_take(f.a, SP_KIND_BUCKETS), SP_SLAB_NONE);
	EXPECT_EQ(f.a->pool[SP_KIND_TIME_WAIT].objects_max, n);
	EXPECT_EQ(sp_arena_used_bytes(f.a), sp_arena_total_bytes(f.a));
	EXPECT(sp_arena_check(f.a));
	free(f.a);
}

/* Across the edge of a slab there and back: the second slab is kept. */
TEST(one_empty_slab_is_kept_and_is_no_use_of_memory)
{
	struct fx f = fx_make(64 * KIB);
	const uint32_t full = sp_pool_take(f.a, SP_KIND_LARGE);
	const uint32_t next = sp_pool_take(f.a, SP_KIND_LARGE);

	sp_pool_give(f.a, SP_KIND_LARGE, next);
	EXPECT_EQ(f.a->pool[SP_KIND_LARGE].slabs, 2);
	EXPECT_EQ(sp_arena_used_bytes(f.a), 1024);
	EXPECT_EQ(sp_pool_take(f.a, SP_KIND_LARGE), next);
	sp_pool_give(f.a, SP_KIND_LARGE, next);
	sp_pool_give(f.a, SP_KIND_LARGE, full);
	EXPECT_EQ(f.a->pool[SP_KIND_LARGE].slabs, 1);
	EXPECT_EQ(sp_arena_used_bytes(f.a), 0);
	EXPECT(sp_arena_check(f.a));
	free(f.a);
}

TEST(kept_slab_goes_to_whoever_needs_it)
{
	struct fx f = fx_make(64 * KIB);

	for (uint32_t k = 0; k < KINDS; k++)
		sp_pool_give(f.a, kinds[k], sp_pool_take(f.a, kinds[k]));
	EXPECT(f.a->slab_free == SP_SLAB_NONE);
	for (uint32_t i = 0; i < f.a->slab_count; i++)
		EXPECT(sp_pool_take(f.a, SP_KIND_LARGE) != 0);
	EXPECT_EQ(sp_pool_take(f.a, SP_KIND_LARGE), 0);
	EXPECT_EQ(f.a->pool[SP_KIND_TCB].slabs, 0);
	EXPECT_EQ(sp_pool_take(f.a, SP_KIND_TCB), 0);
	EXPECT(sp_arena_check(f.a));
	free(f.a);
}

/* Memory that was never used stays untouched as long as there is other. */
TEST(freed_slab_is_used_before_a_fresh_one)
{
	struct fx f = fx_make(64 * KIB);
	const uint32_t first = sp_slab_take(f.a, SP_KIND_BUCKETS);
	const uint32_t second = sp_slab_take(f.a, SP_KIND_BUCKETS);

	sp_slab_give(f.a, first);
	EXPECT_EQ(sp_slab_of(f.a, sp_pool_take(f.a, SP_KIND_TCB)), first);
	sp_slab_give(f.a, second);
	EXPECT_EQ(sp_slab_take(f.a, SP_KIND_BUCKETS), second);
	EXPECT_EQ(f.a->slabs_fresh, 2);
	free(f.a);
}

/* Everything one pool had is another's afterwards. */
TEST(memory_moves_between_pools)
{
	struct fx f = fx_make(64 * KIB);
	struct sp_rng r = base_rng(1);

	for (int round = 0; round < 20; round++) {
		while (take(&f, (uint32_t)round % KINDS))
			continue;
		if (f.n < LIVE_MAX)
			EXPECT_EQ(sp_arena_used_bytes(f.a), sp_arena_total_bytes(f.a));
		expect_agrees(&f);
		while (f.n > 0)
			give(&f, sp_rng_below(&r, f.n));
	}
	expect_nothing_stranded(&f);
}

TEST(pools_agree_with_an_array)
{
	for (uint64_t seed = 0; seed < 6; seed++) {
		struct fx f = fx_make(seed < 3 ? 64 * KIB : 2 * MIB);
		struct sp_rng r = base_rng(seed);

		churn(&f, &r, 6000, 60);
		churn(&f, &r, 6000, 50);
		churn(&f, &r, 6000, 35);
		give_all(&f);
		expect_nothing_stranded(&f);
	}
}

/* Nothing in the block is an address: a copy goes on where it is. */
TEST(copy_of_the_block_goes_on_elsewhere)
{
	struct fx f = fx_make(64 * KIB);
	struct sp_rng r = base_rng(9);
	struct sp_arena *const copy = base_block(64 * KIB);

	churn(&f, &r, 3000, 55);
	memcpy(copy, f.a, 64 * KIB);
	memset(f.a, 0xee, 64 * KIB);
	free(f.a);
	f.a = copy;
	churn(&f, &r, 3000, 45);
	give_all(&f);
	expect_nothing_stranded(&f);
}

/* What was in the block before looks like a map full of the pool's slabs. */
TEST(owns_nothing_in_fresh_slabs)
{
	struct sp_arena *const a = base_block(64 * KIB);

	memset(a, SP_KIND_TCB, 64 * KIB);
	EXPECT(sp_arena_init(a, 64 * KIB, HEAD, 1));
	sp_pool_init(a, SP_KIND_TCB, 64);
	for (uint32_t ref = 0; ref < 64 * 1024 / 16; ref++)
		EXPECT(!sp_pool_owns(a, SP_KIND_TCB, ref));
	for (uint32_t slab = 0; slab <= a->slab_count; slab++)
		EXPECT_EQ(sp_pool_nth(a, SP_KIND_TCB, slab, 0), 0);
	free(a);
}

/* Which granules are objects that have been handed out, by asking for all. */
TEST(owns_knows_every_reference)
{
	struct fx f = fx_make(64 * KIB);
	static bool given_out[64 * 1024 / 16];
	struct sp_rng r = base_rng(10);

	memset(given_out, 0, sizeof(given_out));
	EXPECT(!sp_pool_owns(f.a, SP_KIND_TCB, f.a->slabs_at));
	for (int i = 0; i < 90; i++)
		given_out[sp_pool_take(f.a, SP_KIND_TCB)] = true;
	for (int i = 0; i < 40; i++)
		EXPECT(take(&f, 1));
	for (uint32_t ref = 0; ref < 64 * 1024 / 16; ref++)
		EXPECT_EQ(sp_pool_owns(f.a, SP_KIND_TCB, ref), given_out[ref]);
	for (int i = 0; i < 100000; i++)
		EXPECT(!sp_pool_owns(f.a, SP_KIND_TCB, (uint32_t)sp_rng_u64(&r) | 0x1000));
	EXPECT(!sp_pool_owns(f.a, SP_KIND_NEIGH, f.live[0].ref));
	EXPECT(!sp_pool_owns(f.a, SP_KIND_TCB, UINT32_MAX));
	free(f.a);
}

TEST(nth_walks_over_all_that_was_handed_out)
{
	struct fx f = fx_make(64 * KIB);
	uint32_t found = 0;

	for (int i = 0; i < 30; i++)
		EXPECT(take(&f, 0) && take(&f, 1));
	give(&f, 0);
	for (uint32_t slab = 0; slab < f.a->slab_count; slab++) {
		for (uint32_t i = 0; i < 20; i++) {
			const uint32_t ref = sp_pool_nth(f.a, SP_KIND_TCB, slab, i);

			found += ref != 0;
			EXPECT(ref == 0 || sp_pool_owns(f.a, SP_KIND_TCB, ref));
		}
	}
	EXPECT_EQ(found, 30);
	EXPECT_EQ(sp_pool_nth(f.a, SP_KIND_TCB, SP_SLAB_NONE, 0), 0);
	free(f.a);
}

TEST(spares_are_at_hand_while_their_pool_is_in_use)
{
	struct fx f = fx_make(64 * KIB);
	uint32_t ref[4];

	for (unsigned i = 0; i < 4; i++)
		ref[i] = sp_pool_take(f.a, SP_KIND_SMALL);
	for (unsigned i = 0; i < 3; i++)
		sp_pool_give(f.a, SP_KIND_SMALL, ref[i]);
	EXPECT(sp_arena_check(f.a));
	EXPECT_EQ(f.a->spares.n, 3);
	EXPECT_EQ(f.a->pool[SP_KIND_SMALL].objects, 1);
	EXPECT_EQ(sp_pool_take(f.a, SP_KIND_SMALL), ref[2]);	/* the last one given */
	sp_pool_give(f.a, SP_KIND_SMALL, ref[2]);
	sp_pool_give(f.a, SP_KIND_SMALL, ref[3]);
	EXPECT_EQ(f.a->spares.n, 0);
	EXPECT_EQ(f.a->slabs_used, 0);
	EXPECT(sp_arena_check(f.a));
	free(f.a);
}

TEST(spares_go_back_when_a_slab_is_wanted)
{
	struct fx f = fx_make(64 * KIB);
	uint32_t ref[65], n = 0;

	for (unsigned i = 0; i < 65; i++)	/* one slab full, and one more */
		ref[i] = sp_pool_take(f.a, SP_KIND_SMALL);
	sp_pool_give(f.a, SP_KIND_SMALL, ref[64]);
	EXPECT_EQ(f.a->spares.n, 1);
	while (sp_pool_take(f.a, SP_KIND_LARGE) != 0)
		n++;
	EXPECT_EQ(n, f.a->slab_count - 1);	/* all but the full one */
	EXPECT_EQ(f.a->spares.n, 0);
	EXPECT(sp_arena_check(f.a));
	free(f.a);
}

TEST(object_size_is_rounded_up_to_a_granule)
{
	struct fx f = fx_make(64 * KIB);

	EXPECT_EQ(f.a->pool[SP_KIND_TCB].object_bytes, 256);
	EXPECT_EQ(f.a->pool[SP_KIND_TCB].per_slab, 4);
	EXPECT_EQ(f.a->pool[SP_KIND_SMALL].per_slab, 64);
	free(f.a);
}

TEST(arena_check_sees_what_is_wrong)
{
	struct fx f = fx_make(64 * KIB);
	const uint32_t ref = sp_pool_take(f.a, SP_KIND_TCB);
	struct sp_slab *const s = sp_at(f.a, f.a->map_at);

	EXPECT(sp_pool_take(f.a, SP_KIND_TCB) != 0);
	EXPECT(sp_arena_check(f.a));
	s->carved++;
	EXPECT(!sp_arena_check(f.a));
	s->carved--;
	s->used = 1;
	EXPECT(!sp_arena_check(f.a));
	s->used = 2;
	s->kind = SP_KIND_NEIGH;
	EXPECT(!sp_arena_check(f.a));
	s->kind = SP_KIND_TCB;
	f.a->slabs_used++;
	EXPECT(!sp_arena_check(f.a));
	f.a->slabs_used--;
	sp_pool_give(f.a, SP_KIND_TCB, ref);
	memset(sp_at(f.a, ref), 1, 4);	/* use after free */
	EXPECT(!sp_arena_check(f.a));
	free(f.a);
}
