/*
 * Tests of base/table.h against a plain array, with hashes that collide, up to
 * 200 thousand entries and back, and with memory running out.
 */
#include "lib/test.h"

#include "base/table.h"

#include "base_util.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define DIR_AT 2048
#define MAX 200000u

/* A table, and what it should hold. */
struct fx {
	struct sp_arena *a;
	struct sp_table t;
	uint32_t hash_bits;	/* these bits of the hash are random, the others 0 */
	struct sp_entry *want;	/* hash_tag: the whole hash, with the tag */
	uint32_t n;
	uint32_t next_ref;
};

static struct fx
fx_make(size_t bytes, uint32_t dir_entries, uint32_t hash_bits)
{
	struct fx f = { .hash_bits = hash_bits, .next_ref = 1 };

	f.a = base_arena(bytes, DIR_AT + dir_entries * sizeof(uint32_t));
	sp_pool_init(f.a, SP_KIND_OVERFLOW, sizeof(struct sp_bucket));
	sp_pool_init(f.a, SP_KIND_LARGE, 1024);
	memset(&f.t, 0xa5, sizeof(f.t));
	EXPECT(sp_table_init(&f.t, f.a, DIR_AT >> SP_GRANULE_SHIFT, dir_entries));
	f.want = malloc(MAX * sizeof(*f.want));
	if (f.want == NULL)
		abort();
	return f;
}

static void
fx_end(struct fx *f)
{
	free(f->want);
	free(f->a);
}

static bool
add(struct fx *f, struct sp_rng *r)
{
	const uint32_t hash = (uint32_t)sp_rng_u64(r) & f->hash_bits;
	const uint32_t tag = sp_rng_below(r, 4);

	if (f->n == MAX || !sp_table_add(&f->t, f->a, hash, f->next_ref, tag))
		return false;
	f->want[f->n].ref = f->next_ref++;
	f->want[f->n++].hash_tag = (hash & ~3u) | tag;
	return true;
}

/* How many entries the table shows for a hash; ref: one of them must be it. */
static uint32_t
find(const struct fx *f, uint32_t hash, uint32_t ref, uint32_t tag)
{
	struct sp_cursor c = sp_table_find(&f->t, f->a, hash);
	const struct sp_entry *e;
	uint32_t n = 0;
	uint32_t hits = 0;

	sp_table_prefetch(&f->t, f->a, hash);
	while ((e = sp_table_next(f->a, &c)) != NULL) {
		EXPECT_EQ(e->hash_tag >> 2, hash >> 2);
		hits += e->ref == ref && sp_entry_tag(e) == tag;
		n++;
	}
	EXPECT(sp_table_next(f->a, &c) == NULL);
	EXPECT_EQ(hits, ref != 0);
	return n;
}

static void
find_again(const struct fx *f, uint32_t i)
{
	find(f, f->want[i].hash_tag ^ (i & 3), f->want[i].ref, f->want[i].hash_tag & 3);
}

static void
remove_at(struct fx *f, uint32_t i)
{
	find_again(f, i);
	sp_table_remove(&f->t, f->a, f->want[i].hash_tag, f->want[i].ref);
	f->want[i] = f->want[--f->n];
}

static void
replace_at(struct fx *f, uint32_t i, uint32_t tag)
{
	const struct sp_entry with = { .ref = f->next_ref++, .hash_tag = tag };

	sp_table_replace(&f->t, f->a, f->want[i].hash_tag, f->want[i].ref, with);
	f->want[i].ref = with.ref;
	f->want[i].hash_tag = (f->want[i].hash_tag & ~3u) | tag;
}

/* As many entries of the hash as the array has, by looking at all of it. */
static void
expect_count(const struct fx *f, uint32_t hash)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n; i++)
		n += f->want[i].hash_tag >> 2 == hash >> 2;
	EXPECT_EQ(find(f, hash, 0, 0), n);
}

static void
expect_all(const struct fx *f)
{
	EXPECT_EQ(f->t.entries, f->n);
	EXPECT(sp_table_check(&f->t, f->a) && sp_arena_check(f->a));
	for (uint32_t i = 0; i < f->n; i++)
		find_again(f, i);
}

static void
expect_nothing(const struct fx *f)
{
	EXPECT_EQ(f->t.entries, 0);
	EXPECT_EQ(f->t.buckets, 1);
	EXPECT_EQ(f->t.segments, 1);
	EXPECT_EQ(f->a->pool[SP_KIND_OVERFLOW].objects, 0);
	EXPECT_EQ(f->a->slabs_used, 1);
	EXPECT(sp_table_check(&f->t, f->a) && sp_arena_check(f->a));
}

/* Leaves rubbish in the overflow bucket that is next to go out. */
static void
soil(struct fx *f)
{
	const uint32_t ref = sp_pool_take(f->a, SP_KIND_OVERFLOW);

	if (ref == 0)
		return;
	memset(sp_at(f->a, ref), 0xa5, sizeof(struct sp_bucket));
	sp_pool_give(f->a, SP_KIND_OVERFLOW, ref);
}

/* grow: in a hundred, how many steps add rather than remove. */
static void
churn(struct fx *f, struct sp_rng *r, int steps, uint32_t grow)
{
	for (int i = 0; i < steps; i++) {
		soil(f);
		if (sp_rng_below(r, 100) < grow)
			add(f, r);
		else if (f->n > 0)
			remove_at(f, sp_rng_below(r, f->n));
		if (i % 8 == 0 && f->n > 0)
			replace_at(f, sp_rng_below(r, f->n), sp_rng_below(r, 4));
		if (i % 16 == 0)
			expect_count(f, (uint32_t)sp_rng_u64(r) & f->hash_bits);
		if (i % 256 == 0)
			expect_all(f);
	}
}

/* All bits; few, so that hashes repeat; only high ones, so that all are in one
 * chain; only the tag's, so that all are equal. */
TEST(table_agrees_with_an_array)
{
	static const uint32_t bits[] = { UINT32_MAX, 0xff, 0xf000000c, 3 };

	for (uint32_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		struct fx f = fx_make(256 * KIB, 200, bits[i]);
		struct sp_rng r = base_rng(i);

		churn(&f, &r, 4000, 70);
		churn(&f, &r, 4000, 50);
		churn(&f, &r, 6000, 30);
		while (f.n > 0)
			remove_at(&f, f.n / 2);
		expect_nothing(&f);
		fx_end(&f);
	}
}

TEST(table_grows_to_200_thousand_and_back_to_nothing)
{
	struct fx f = fx_make(16 * MIB, 4096, UINT32_MAX);
	struct sp_rng r = base_rng(1);

	while (f.n < MAX)
		EXPECT(add(&f, &r));
	expect_all(&f);
	EXPECT(f.t.buckets >= MAX / 5);
	EXPECT(f.a->pool[SP_KIND_OVERFLOW].objects < f.t.buckets / 4);
	while (f.n > 0) {
		remove_at(&f, sp_rng_below(&r, f.n));
		if (f.n % 20000 == 0)
			expect_all(&f);
	}
	expect_nothing(&f);
	fx_end(&f);
}

/* The price of one call is at most one split or merge. */
TEST(table_changes_by_one_bucket_at_a_time)
{
	struct fx f = fx_make(MIB, 1024, UINT32_MAX);
	struct sp_rng r = base_rng(2);
	uint32_t buckets = f.t.buckets;

	for (int i = 0; i < 20000; i++) {
		if (i < 10000)
			EXPECT(add(&f, &r));
		else
			remove_at(&f, sp_rng_below(&r, f.n));
		EXPECT(f.t.buckets + 1 >= buckets && f.t.buckets <= buckets + 1);
		buckets = f.t.buckets;
	}
	expect_nothing(&f);
	fx_end(&f);
}

/* One entry more, one less, at any size: no bucket comes or goes each time. */
TEST(table_does_not_thrash)
{
	struct fx f = fx_make(MIB, 1024, UINT32_MAX);
	struct sp_rng r = base_rng(3);

	while (f.n < 5000) {
		uint32_t buckets;

		EXPECT(add(&f, &r));
		EXPECT(add(&f, &r));
		buckets = f.t.buckets;
		remove_at(&f, 0);
		EXPECT_EQ(f.t.buckets, buckets);
	}
	fx_end(&f);
}

TEST(table_out_of_memory_refuses_and_changes_nothing)
{
	struct fx f = fx_make(64 * KIB, 64, UINT32_MAX);
	struct sp_rng r = base_rng(4);
	uint32_t refused = 0;

	while (refused < 100) {
		if (add(&f, &r))
			continue;
		refused++;
		EXPECT_EQ(f.t.entries, f.n);
	}
	EXPECT_EQ(f.a->slabs_used, f.a->slab_count);
	expect_all(&f);
	churn(&f, &r, 5000, 55);
	while (f.n > 0)
		remove_at(&f, sp_rng_below(&r, f.n));
	expect_nothing(&f);
	fx_end(&f);
}

/* Others take what a removal sets free at once: merging finds no memory. */
TEST(table_removes_without_memory)
{
	struct fx f = fx_make(64 * KIB, 64, UINT32_MAX);
	struct sp_rng r = base_rng(5);
	uint32_t stolen = 0;

	while (add(&f, &r))
		continue;
	while (f.n > 0) {
		remove_at(&f, sp_rng_below(&r, f.n));
		while (sp_pool_take(f.a, SP_KIND_LARGE) != 0)
			stolen++;
		EXPECT(sp_table_check(&f.t, f.a));
	}
	EXPECT(stolen > 20);
	EXPECT(sp_arena_check(f.a));
	fx_end(&f);
}

/* No slab for a segment for a while: chains grow, and the table catches up. */
TEST(table_catches_up_when_memory_comes_back)
{
	struct fx f = fx_make(64 * KIB, 64, UINT32_MAX);
	struct sp_rng r = base_rng(6);
	uint32_t held[64], n = 0;

	while ((held[n] = sp_pool_take(f.a, SP_KIND_LARGE)) != 0)
		n++;
	for (int i = 0; i < 4; i++)
		sp_pool_give(f.a, SP_KIND_LARGE, held[--n]);
	while (add(&f, &r))
		continue;
	EXPECT(f.t.entries > 5 * f.t.buckets);
	while (n > 0)
		sp_pool_give(f.a, SP_KIND_LARGE, held[--n]);
	while (f.t.entries > 5 * f.t.buckets)
		EXPECT(add(&f, &r));
	EXPECT(f.n < 1000);
	expect_all(&f);
	fx_end(&f);
}

TEST(table_with_a_short_directory_grows_in_chains)
{
	struct fx f = fx_make(256 * KIB, 2, UINT32_MAX);
	struct sp_rng r = base_rng(7);

	for (int i = 0; i < 2000; i++)
		EXPECT(add(&f, &r));
	EXPECT_EQ(f.t.segments, 2);
	EXPECT_EQ(f.t.buckets, 32);
	expect_all(&f);
	while (f.n > 0)
		remove_at(&f, sp_rng_below(&r, f.n));
	expect_nothing(&f);
	fx_end(&f);
}

TEST(table_init_needs_one_slab)
{
	struct sp_arena *const a = base_arena(64 * KIB, 4096);
	struct sp_table t;

	EXPECT(!sp_table_init(&t, a, DIR_AT >> SP_GRANULE_SHIFT, 0));
	while (sp_slab_take(a, SP_KIND_BUCKETS) != SP_SLAB_NONE)
		continue;
	EXPECT(!sp_table_init(&t, a, DIR_AT >> SP_GRANULE_SHIFT, 10));
	free(a);
}

/* An entry that is all zero but for its reference, beside empty ones. */
TEST(table_empty_entries_are_not_found)
{
	struct fx f = fx_make(64 * KIB, 64, UINT32_MAX);

	EXPECT_EQ(find(&f, 0, 0, 0), 0);
	EXPECT(sp_table_add(&f.t, f.a, 0, 77, 0));
	EXPECT_EQ(find(&f, 0, 77, 0), 1);
	sp_table_remove(&f.t, f.a, 0, 77);
	EXPECT_EQ(find(&f, 0, 0, 0), 0);
	expect_nothing(&f);
	fx_end(&f);
}

TEST(table_same_reference_under_two_hashes)
{
	struct fx f = fx_make(64 * KIB, 64, UINT32_MAX);

	EXPECT(sp_table_add(&f.t, f.a, 0x100, 9, 1));
	EXPECT(sp_table_add(&f.t, f.a, 0x200, 9, 2));
	sp_table_remove(&f.t, f.a, 0x200, 9);
	EXPECT_EQ(find(&f, 0x100, 9, 1), 1);
	EXPECT_EQ(find(&f, 0x200, 0, 0), 0);
	fx_end(&f);
}

TEST(table_check_sees_what_is_wrong)
{
	struct fx f = fx_make(64 * KIB, 64, UINT32_MAX);
	struct sp_rng r = base_rng(8);
	struct sp_bucket *b;

	for (int i = 0; i < 100; i++)
		EXPECT(add(&f, &r));
	b = sp_at(f.a, sp_table_bucket(&f.t, f.a, 0));
	f.t.entries++;
	EXPECT(!sp_table_check(&f.t, f.a));
	f.t.entries--;
	b->entry[0].hash_tag ^= 4;
	EXPECT(!sp_table_check(&f.t, f.a));
	b->entry[0].hash_tag ^= 4;
	b->overflow = 12345;
	EXPECT(!sp_table_check(&f.t, f.a));
	fx_end(&f);
}
