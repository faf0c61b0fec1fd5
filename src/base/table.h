/*
 * table.h - hash table that grows and shrinks a bucket at a time.
 *
 * Linear hashing over cache-line buckets: seven entries of a 30-bit hash, a
 * 2-bit tag and a 32-bit reference, then a link to overflow buckets.  Each
 * insertion splits at most one bucket and each removal merges at most one, so
 * no call stalls, whatever the size.  The table knows hashes only: the caller
 * keys them (base/siphash.h) and compares what the references lead to.
 */
#ifndef SAMPAN_BASE_TABLE_H
#define SAMPAN_BASE_TABLE_H

#include "base/arena.h"

#define SP_TABLE_ENTRIES 7

struct sp_entry {
	uint32_t ref;		/* 0: empty */
	uint32_t hash_tag;	/* hash in the upper 30 bits, tag in the lower 2 */
};

struct sp_bucket {
	struct sp_entry entry[SP_TABLE_ENTRIES];	/* used ones first */
	uint32_t overflow;				/* next bucket of the chain, 0: none */
	uint32_t pad;
};
_Static_assert(sizeof(struct sp_bucket) == 64, "one cache line");

struct sp_table {
	uint32_t entries;
	uint32_t changes;	/* grows with every change of an entry */
	uint32_t buckets;	/* in use, at least 1 */
	uint32_t mask;		/* buckets rounded down to a power of two, minus one */
	uint32_t segment_shift;	/* log2 of buckets per slab */
	uint32_t segments;	/* slabs held */
	uint32_t segments_max;
	uint32_t dir;		/* granule offset of the array of slab references */
};

/* A place in a chain: where the last match was. */
struct sp_cursor {
	uint32_t bucket;	/* reference of the bucket, 0: exhausted */
	uint32_t slot;		/* next entry to look at */
	uint32_t hash;
};

/* dir: reference of dir_entries words of the caller's.  False: no memory. */
bool sp_table_init(struct sp_table *t, struct sp_arena *a, uint32_t dir, uint32_t dir_entries);

/* Adds an entry; there may be others with the same hash.  tag < 4.  False when
 * there is no memory for it; nothing has changed then. */
bool sp_table_add(struct sp_table *t, struct sp_arena *a, uint32_t hash, uint32_t ref,
    uint32_t tag);

/* Removes the entry of ref, which must be there. */
void sp_table_remove(struct sp_table *t, struct sp_arena *a, uint32_t hash, uint32_t ref);

/* Puts another reference and tag in the place of ref, which must be there. */
void sp_table_replace(struct sp_table *t, struct sp_arena *a, uint32_t hash, uint32_t ref,
    struct sp_entry with);	/* with.hash_tag: the tag only */

/* Continues a search that sp_table_find() has begun: the entries whose hash
 * agrees, in a deterministic order; NULL at the end.  The table must not
 * change between. */
const struct sp_entry *sp_table_next(const struct sp_arena *a, struct sp_cursor *c);

bool sp_table_check(const struct sp_table *t, const struct sp_arena *a);

/* The number of the bucket whose chain has the entries of a hash: its lowest
 * bits, one less where there is no such bucket yet.  Without a branch. */
static inline uint32_t
sp_table_home(const struct sp_table *t, uint32_t hash)
{
	const uint32_t n = (hash >> 2) & (t->mask << 1 | 1);
	const uint32_t missing = 0 - (uint32_t)(n >= t->buckets);

	return n & ~(missing & (t->mask + 1));
}

/* The reference of bucket number n. */
static inline uint32_t
sp_table_bucket(const struct sp_table *t, const struct sp_arena *a, uint32_t n)
{
	const uint32_t *dir = sp_at(a, t->dir);
	const uint32_t inside = n & (((uint32_t)1 << t->segment_shift) - 1);

	return dir[n >> t->segment_shift]
	    + inside * (uint32_t)(sizeof(struct sp_bucket) >> SP_GRANULE_SHIFT);
}

/* Starts a search.  Inline and member by member: as a function of its own, or
 * with an initializer, gcc writes the cursor in two parts and reads it back as
 * one, for which the processor waits until all earlier loads are done. */
static inline struct sp_cursor
sp_table_find(const struct sp_table *t, const struct sp_arena *a, uint32_t hash)
{
	struct sp_cursor c;

	c.bucket = sp_table_bucket(t, a, sp_table_home(t, hash));
	c.slot = 0;
	c.hash = hash;
	return c;
}

/* Asks for the cache line that a search for hash will read. */
static inline void
sp_table_prefetch(const struct sp_table *t, const struct sp_arena *a, uint32_t hash)
{
	sp_prefetch(sp_at(a, sp_table_bucket(t, a, sp_table_home(t, hash))));
}

static inline uint32_t
sp_entry_tag(const struct sp_entry *e)
{
	return e->hash_tag & 3;
}

#endif
