/*
 * table.c - the hash table that connections, neighbours and the like are
 * found by.
 *
 * Theory of operation.
 *
 * Linear hashing (Litwin, 1980).  With n buckets and 2^k <= n < 2^(k+1), an
 * entry is in the bucket of the lowest k + 1 bits of its hash if there is such
 * a bucket, else in that of the lowest k bits.  To grow by one, bucket n comes
 * into use and takes its share of bucket n - 2^k, the only one that can hold
 * any.  To shrink by one, the last bucket's entries go back there.  So the
 * work of growing is spread evenly: one bucket per insertion at most.
 *
 *	directory (the caller's)   segments (whole slabs)
 *	[ slab ref ] ------------> | bucket | bucket | bucket | ...
 *	[ slab ref ] ------------> | ... | in use | never written ...
 *
 * A bucket is a cache line and first of a chain.  What does not fit goes to
 * overflow buckets, of the same form, from a pool.  Chains are compact: only
 * the last bucket of one may have empty entries, they are the rear ones, and
 * an overflow bucket is never empty.  So a search ends at the first empty
 * entry and mostly reads one line.
 *
 * A bucket is written when it comes into use, not before, so a new segment
 * costs no more than an entry in the directory.
 *
 * Memory.  Splitting a chain of c buckets yields two of c + 1 buckets together
 * at most, and the new first bucket is one of these: so a split needs no
 * overflow bucket that the chain does not have already, and every bucket that
 * has been read is spare for what is written.  If there is no slab for a new
 * segment, the split is left out: chains grow longer, and the next insertion
 * tries again.  A merge needs at most one overflow bucket more than the two
 * chains have, in advance, and is left out, too, if there is none.  So only
 * the insertion itself can fail, and removing always succeeds.
 *
 * Load.  Above GROW entries per bucket on average insertions split, below
 * SHRINK removals merge.  The factor between them keeps a population that goes
 * up and down from splitting and merging all the time.
 */
#include "base/table.h"

#include <string.h>

#include "base/assert.h"
#include "base/step.h"

#define GROW 5
#define SHRINK 2
#define TAG_BITS 2
#define TAG_MASK ((1u << TAG_BITS) - 1)
#define BUCKET_SHIFT 6	/* log2 of its bytes */

static inline struct sp_bucket *
bucket_at(const struct sp_arena *a, uint32_t ref)
{
	return (struct sp_bucket *)sp_at(a, ref);
}

static inline uint32_t *
dir_of(const struct sp_table *t, const struct sp_arena *a)
{
	return (uint32_t *)sp_at(a, t->dir);
}

static inline bool
same_hash(uint32_t hash_tag, uint32_t hash)
{
	return (hash_tag ^ hash) <= TAG_MASK;
}

/* The next three look at all entries of a bucket without a branch: where the
 * one in question is cannot be predicted, and guessing costs more. */

/* How many entries of a bucket are in use. */
static inline uint32_t
fill(const struct sp_bucket *b)
{
	uint32_t n = 0;

#pragma GCC unroll 7
	for (uint32_t i = 0; i < SP_TABLE_ENTRIES; i++)
		n += b->entry[i].ref != 0;
	return n;
}

/* Which entries have the hash, one bit each; empty ones may seem to. */
static inline uint32_t
matches(const struct sp_bucket *b, uint32_t hash)
{
	uint32_t bits = 0;

#pragma GCC unroll 7
	for (uint32_t i = 0; i < SP_TABLE_ENTRIES; i++)
		bits |= (uint32_t)same_hash(b->entry[i].hash_tag, hash) << i;
	return bits;
}

/* Which entries have the reference. */
static inline uint32_t
holders(const struct sp_bucket *b, uint32_t ref)
{
	uint32_t bits = 0;

#pragma GCC unroll 7
	for (uint32_t i = 0; i < SP_TABLE_ENTRIES; i++)
		bits |= (uint32_t)(b->entry[i].ref == ref) << i;
	return bits;
}

static inline void
clear(struct sp_bucket *b)
{
	memset(b, 0, sizeof(*b));
}

/* ---- Segments ---- */

static bool
segment_add(struct sp_table *t, struct sp_arena *a)
{
	uint32_t slab;

	if (t->segments == t->segments_max)
		return false;
	slab = sp_slab_take(a, SP_KIND_BUCKETS);
	if (slab == SP_SLAB_NONE)
		return false;
	dir_of(t, a)[t->segments++] = sp_slab_ref(a, slab);
	return true;
}

/* Bucket number n went out of use: gives its segment back if it was the first
 * there. */
static void
segment_drop(struct sp_table *t, struct sp_arena *a, uint32_t n)
{
	if ((n & (((uint32_t)1 << t->segment_shift) - 1)) != 0)
		return;
	t->segments--;
	sp_slab_give(a, sp_slab_of(a, dir_of(t, a)[t->segments]));
}

bool
sp_table_init(struct sp_table *t, struct sp_arena *a, uint32_t dir, uint32_t dir_entries)
{
	*t = (struct sp_table){
		.segment_shift = a->slab_shift - BUCKET_SHIFT,
		.segments_max = dir_entries,
		.dir = dir,
	};
	if (!segment_add(t, a))
		return false;
	t->buckets = 1;
	clear(bucket_at(a, sp_table_bucket(t, a, 0)));
	return true;
}

/* ---- Splitting and merging ---- */

/* The end of a chain that is being written.  Spare buckets are linked by
 * their overflow. */
struct writer {
	struct sp_bucket *b;
	uint32_t n;		/* entries in b */
};

static inline void
put(struct writer *w, const struct sp_arena *a, struct sp_entry e, uint32_t *spare)
{
	if (w->n == SP_TABLE_ENTRIES) {
		SP_ASSERT(*spare != 0);
		w->b->overflow = *spare;
		w->b = bucket_at(a, *spare);
		w->n = 0;
		*spare = w->b->overflow;
		clear(w->b);
	}
	w->b->entry[w->n++] = e;
}

/* Reads the overflow bucket that follows b in a chain into *b and makes it
 * spare; false: there is none. */
static inline bool
advance(struct sp_bucket *b, const struct sp_arena *a, uint32_t *spare)
{
	const uint32_t ref = b->overflow;

	if (ref == 0)
		return false;
	*b = *bucket_at(a, ref);
	bucket_at(a, ref)->overflow = *spare;
	*spare = ref;
	return true;
}

/* A spare bucket from the pool; 0: no memory. */
static uint32_t
spare_take(struct sp_arena *a)
{
	const uint32_t ref = sp_pool_take(a, SP_KIND_OVERFLOW);

	if (ref != 0)
		bucket_at(a, ref)->overflow = 0;
	return ref;
}

static void
give_all(struct sp_arena *a, uint32_t spare)
{
	while (spare != 0) {
		const uint32_t next = bucket_at(a, spare)->overflow;

		sp_pool_give(a, SP_KIND_OVERFLOW, spare);
		spare = next;
	}
}

/* Brings the next bucket into use with its share of the entries. */
static void
split(struct sp_table *t, struct sp_arena *a)
{
	const uint32_t n = t->buckets;
	const uint32_t bit = (t->mask + 1) << TAG_BITS;
	struct writer low, high;
	struct sp_bucket from;
	uint32_t spare = 0;

	if (n >> t->segment_shift == t->segments && !segment_add(t, a))
		return;
	low = (struct writer){ .b = bucket_at(a, sp_table_bucket(t, a, n & t->mask)) };
	high = (struct writer){ .b = bucket_at(a, sp_table_bucket(t, a, n)) };
	from = *low.b;
	clear(low.b);
	clear(high.b);
	do {
		const uint32_t used = fill(&from);

		for (uint32_t i = 0; i < used; i++) {
			const bool up = (from.entry[i].hash_tag & bit) != 0;

			put(up ? &high : &low, a, from.entry[i], &spare);
		}
	} while (advance(&from, a, &spare));
	give_all(a, spare);
	t->buckets = n + 1;
	if (t->buckets == (t->mask + 1) * 2)
		t->mask = t->mask * 2 + 1;
}

/* The last bucket of a chain. */
static struct writer
end_of(const struct sp_arena *a, uint32_t ref)
{
	struct sp_bucket *b = bucket_at(a, ref);

	while (b->overflow != 0)
		b = bucket_at(a, b->overflow);
	return (struct writer){ .b = b, .n = fill(b) };
}

/* Takes the last bucket out of use. */
static void
merge(struct sp_table *t, struct sp_arena *a)
{
	const uint32_t n = t->buckets - 1;
	const uint32_t mask = n <= t->mask ? t->mask >> 1 : t->mask;
	struct sp_bucket from = *bucket_at(a, sp_table_bucket(t, a, n));
	struct writer end = end_of(a, sp_table_bucket(t, a, n & mask));
	uint32_t spare = 0;

	if (end.n + fill(&from) > SP_TABLE_ENTRIES) {
		spare = spare_take(a);
		if (spare == 0)
			return;
	}
	do {
		const uint32_t used = fill(&from);

		for (uint32_t i = 0; i < used; i++)
			put(&end, a, from.entry[i], &spare);
	} while (advance(&from, a, &spare));
	give_all(a, spare);
	t->buckets = n;
	t->mask = mask;
	segment_drop(t, a, n);
}

/* ---- Entries ---- */

bool
sp_table_add(struct sp_table *t, struct sp_arena *a, uint32_t hash, uint32_t ref,
    uint32_t tag)
{
	struct writer end = end_of(a, sp_table_bucket(t, a, sp_table_home(t, hash)));
	uint32_t spare = 0;

	SP_ASSERT(ref != 0 && tag <= TAG_MASK);
	if (end.n == SP_TABLE_ENTRIES) {
		spare = spare_take(a);
		if (spare == 0)
			return false;
	}
	put(&end, a, (struct sp_entry){ .ref = ref, .hash_tag = (hash & ~TAG_MASK) | tag }, &spare);
	t->changes++;
	t->entries++;
	if (t->entries > t->buckets * GROW)
		split(t, a);
	return true;
}

/* The entry of ref in one bucket; NULL. */
static inline struct sp_entry *
look(struct sp_bucket *b, uint32_t hash, uint32_t ref)
{
	uint32_t bits = holders(b, ref);

	for (; bits != 0; bits &= bits - 1) {
		struct sp_entry *e = &b->entry[__builtin_ctz(bits)];

		if (same_hash(e->hash_tag, hash))
			return e;
	}
	return NULL;
}

void
sp_table_remove(struct sp_table *t, struct sp_arena *a, uint32_t hash, uint32_t ref)
{
	struct sp_bucket *b = bucket_at(a, sp_table_bucket(t, a, sp_table_home(t, hash)));
	struct sp_bucket *before = NULL;
	struct sp_entry *hole = look(b, hash, ref);
	uint32_t last;

	while (b->overflow != 0) {
		before = b;
		b = bucket_at(a, b->overflow);
		if (hole == NULL)
			hole = look(b, hash, ref);
	}
	SP_ASSERT(hole != NULL);
	if (hole == NULL)
		return;
	last = fill(b) - 1;
	*hole = b->entry[last];
	b->entry[last] = (struct sp_entry){ 0 };
	if (last == 0 && before != NULL) {
		sp_pool_give(a, SP_KIND_OVERFLOW, before->overflow);
		before->overflow = 0;
	}
	t->changes++;
	t->entries--;
	if (t->buckets > 1 && t->entries < t->buckets * SHRINK)
		merge(t, a);
}

void
sp_table_replace(struct sp_table *t, struct sp_arena *a, uint32_t hash, uint32_t ref,
    struct sp_entry with)
{
	struct sp_bucket *b = bucket_at(a, sp_table_bucket(t, a, sp_table_home(t, hash)));
	struct sp_entry *e = look(b, hash, ref);

	SP_ASSERT(with.ref != 0 && with.hash_tag <= TAG_MASK);
	while (e == NULL && b->overflow != 0) {
		b = bucket_at(a, b->overflow);
		e = look(b, hash, ref);
	}
	SP_ASSERT(e != NULL);
	if (e == NULL)
		return;
	t->changes++;
	e->ref = with.ref;
	e->hash_tag = (hash & ~TAG_MASK) | with.hash_tag;
}

/* ---- Searching ---- */

const struct sp_entry *
sp_table_next(const struct sp_arena *a, struct sp_cursor *c)
{
	while (c->bucket != 0) {
		const struct sp_bucket *b = bucket_at(a, c->bucket);
		const uint32_t bits = matches(b, c->hash) >> c->slot;

		SP_STEP();
		if (bits != 0) {
			const uint32_t i = c->slot + (uint32_t)__builtin_ctz(bits);

			c->slot = i + 1;
			if (b->entry[i].ref != 0)
				return &b->entry[i];
		}
		c->bucket = b->overflow;
		c->slot = 0;
	}
	return NULL;
}

/* ---- The check ---- */

/* Chain number n is compact, its entries belong there; counts them. */
static bool
check_chain(const struct sp_table *t, const struct sp_arena *a, uint32_t n, uint64_t *entries)
{
	const struct sp_bucket *b = bucket_at(a, sp_table_bucket(t, a, n));

	for (;;) {
		const uint32_t used = fill(b);

		for (uint32_t i = 0; i < SP_TABLE_ENTRIES; i++) {
			const struct sp_entry *e = &b->entry[i];

			if (i < used ? sp_table_home(t, e->hash_tag) != n : e->ref != 0)
				return false;
		}
		*entries += used;
		if (b->overflow == 0)
			return true;
		if (used < SP_TABLE_ENTRIES || *entries > t->entries ||
		    !sp_pool_owns(a, SP_KIND_OVERFLOW, b->overflow))
			return false;
		b = bucket_at(a, b->overflow);
		if (b->entry[0].ref == 0)
			return false;
	}
}

bool
sp_table_check(const struct sp_table *t, const struct sp_arena *a)
{
	uint64_t entries = 0;

	if ((t->mask & (t->mask + 1)) != 0 || t->buckets <= t->mask ||
	    t->buckets >= (t->mask + 1) * 2)
		return false;
	if (t->segments != ((t->buckets - 1) >> t->segment_shift) + 1 ||
	    t->segments > t->segments_max)
		return false;
	for (uint32_t n = 0; n < t->buckets; n++) {
		if (!check_chain(t, a, n, &entries))
			return false;
	}
	return entries == t->entries;
}
