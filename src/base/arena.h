/*
 * arena.h - the one block of memory that a stack lives in.
 *
 * The block is cut into slabs of equal size.  A pool takes a slab when it has
 * no free object left and gives it back when its last object is freed, so
 * memory moves between uses and the budget is hard.  References are 32-bit
 * offsets in granules of 16 bytes from the block's start; 0 is none.  Nothing
 * in the block is an address: it may be copied elsewhere and used there.
 *
 * Does not: clear objects, know what they hold, or call anything.  Essay: arena.c.
 */
#ifndef SAMPAN_BASE_ARENA_H
#define SAMPAN_BASE_ARENA_H

#include <string.h>

#include "base/assert.h"
#include "base/prefetch.h"
#include "base/slab.h"

/* Lays out a block that begins at a, aligned to SP_ARENA_ALIGN.  Its first
 * head_bytes, the arena itself among them, stay the caller's.  False: no room
 * for min_slabs slabs, or more than SP_ARENA_MAX_BYTES. */
bool sp_arena_init(struct sp_arena *a, uint64_t bytes, size_t head_bytes, uint32_t min_slabs);

/* log2 of the slab size that a block of this many bytes gets: 1 KiB to 64 KiB. */
uint32_t sp_arena_slab_shift(uint64_t bytes);

/* Declares the objects of a kind.  object_bytes is rounded up to a granule. */
void sp_pool_init(struct sp_arena *a, enum sp_kind kind, uint32_t object_bytes);

/* Lets one pool keep a few freed objects at hand, for what is taken and given all the
 * time, while others of it are in use; none where slabs are small. */
void sp_pool_keep_spares(struct sp_arena *a, enum sp_kind kind);

/* The reference of object number i of a slab, for walks over a pool: 0 when
 * the slab is not of this kind or i is past what it has handed out. */
uint32_t sp_pool_nth(const struct sp_arena *a, enum sp_kind kind, uint32_t slab, uint32_t i);

/* A whole slab, or SP_SLAB_NONE; and back. */
uint32_t sp_slab_take(struct sp_arena *a, enum sp_kind kind);
void sp_slab_give(struct sp_arena *a, uint32_t slab);

/* Whose slab the object lies in. */
enum sp_kind sp_arena_kind(const struct sp_arena *a, uint32_t ref);

/* Is so little left that what can wait must wait?  Newcomers give way at a
 * sixteenth of all slabs, generosity to those who are here at a half of that;
 * what is left is for those that must go on (ARCHITECTURE, section 5). */
bool sp_arena_low_for_newcomers(const struct sp_arena *a);

static inline bool
sp_arena_low(const struct sp_arena *a)
{
	return a->slab_count - a->slabs_used < a->slab_count / 32 + 2;
}

/* Bytes in slabs that are in use, and in all slabs. */
uint64_t sp_arena_used_bytes(const struct sp_arena *a);
uint64_t sp_arena_total_bytes(const struct sp_arena *a);

/* Every rule of the layout holds; for tests. */
bool sp_arena_check(const struct sp_arena *a);

/* A slab has 2^12 granules at most, so that a rounded-up inverse of this precision
 * divides them exactly. */
#define SP_INVERSE_SHIFT 24

/* Is ref the start of an object of this kind's slabs?  True for freed objects
 * too: what they hold must tell.  For references that come from outside. */
static inline bool
sp_pool_owns(const struct sp_arena *a, enum sp_kind kind, uint32_t ref)
{
	const struct sp_pool *p = &a->pool[kind];
	const uint32_t slab = sp_slab_of(a, ref);	/* before slab 0: far behind the last */
	uint32_t granules, i;

	if (p->object_bytes == 0 || slab >= a->slabs_fresh || sp_slab_at(a, slab)->kind != kind)
		return false;
	granules = (ref - a->slabs_at) &
	    (((uint32_t)1 << (a->slab_shift - SP_GRANULE_SHIFT)) - 1);
	i = (uint32_t)((uint64_t)granules * p->inverse >> SP_INVERSE_SHIFT);
	return i * (p->object_bytes >> SP_GRANULE_SHIFT) == granules &&
	    i < sp_slab_at(a, slab)->carved;
}

/* The rarer halves of the next four: the pool needs a slab, or has one without
 * objects; the slab is to be first in its pool's list; spares go to their slabs. */
uint32_t sp_pool_take_new(struct sp_arena *a, enum sp_kind kind);
void sp_pool_give_last(struct sp_arena *a, enum sp_kind kind, uint32_t slab);
void sp_pool_raise(struct sp_arena *a, struct sp_pool *p, uint32_t slab);
void sp_pool_give_spares(struct sp_arena *a);

static inline void
sp_pool_count(struct sp_pool *p)
{
	p->objects++;
	if (p->objects > p->objects_max)
		p->objects_max = p->objects;
}

/* An object out of a slab. */
static inline uint32_t
sp_pool_take_slabs(struct sp_arena *a, enum sp_kind kind)
{
	struct sp_pool *p = &a->pool[kind];
	struct sp_slab *s;
	uint32_t ref;

	SP_ASSERT(p->object_bytes != 0);
	if (p->room == SP_SLAB_NONE)
		return sp_pool_take_new(a, kind);
	s = sp_slab_at(a, p->room);
	ref = s->free_ref;
	if (ref == 0)
		return sp_pool_take_new(a, kind);
	memcpy(&s->free_ref, sp_at(a, ref), sizeof(s->free_ref));
	a->slabs_used += s->used == 0;
	s->used++;
	if (s->used == p->per_slab) {
		p->room = s->next;
		if (s->next != SP_SLAB_NONE)
			sp_slab_at(a, s->next)->prev = SP_SLAB_NONE;
	}
	sp_pool_count(p);
	return ref;
}

/* An object of the kind, contents undefined; 0 when the budget is spent. */
static inline uint32_t
sp_pool_take(struct sp_arena *a, enum sp_kind kind)
{
	if (a->spares.n == 0 || a->spares.kind != kind)
		return sp_pool_take_slabs(a, kind);
	sp_pool_count(&a->pool[kind]);
	return a->spares.ref[--a->spares.n];
}

/* Gives an object to its slab, and this back when that was its last one. */
static inline void
sp_pool_give_slab(struct sp_arena *a, enum sp_kind kind, uint32_t ref)
{
	const uint32_t slab = sp_slab_of(a, ref);
	struct sp_pool *p = &a->pool[kind];
	struct sp_slab *s = sp_slab_at(a, slab);

	SP_ASSERT(sp_pool_owns(a, kind, ref) && s->used > 0);
	if (p->room != slab)
		sp_pool_raise(a, p, slab);
	memcpy(sp_at(a, ref), &s->free_ref, sizeof(s->free_ref));
	s->free_ref = ref;
	s->used--;
	p->objects--;
	if (s->used == 0)
		sp_pool_give_last(a, kind, slab);
}

/* Gives an object back.  Of a pool that nobody uses any more nothing is kept. */
static inline void
sp_pool_give(struct sp_arena *a, enum sp_kind kind, uint32_t ref)
{
	struct sp_pool *p = &a->pool[kind];

	if (a->spares.kind != kind) {
		sp_pool_give_slab(a, kind, ref);
	} else if (a->spares.n < a->spares.most && p->objects > 1) {
		SP_ASSERT(sp_pool_owns(a, kind, ref));
		a->spares.ref[a->spares.n++] = ref;
		p->objects--;
	} else {
		sp_pool_give_slab(a, kind, ref);
		if (p->objects == 0 && a->spares.n != 0)
			sp_pool_give_spares(a);
	}
}

#endif
