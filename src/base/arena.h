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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "base/prefetch.h"

#define SP_GRANULE_SHIFT 4
#define SP_GRANULE ((size_t)1 << SP_GRANULE_SHIFT)
/* References keep their top bit for list heads (wheel.h), so 32 GiB. */
#define SP_ARENA_MAX_BYTES ((uint64_t)1 << (31 + SP_GRANULE_SHIFT))
#define SP_ARENA_ALIGN 64
#define SP_SLAB_NONE UINT32_MAX
#define SP_ARENA_MAGIC UINT64_C(0x4e41504d41530a1a)	/* "\x1a\nSAMPAN" in a little-endian dump */
#define SP_ARENA_VERSION 1

/* What a slab holds.  The number is also the pool's index. */
enum sp_kind {
	SP_KIND_FREE,		/* nobody's */
	SP_KIND_BUCKETS,	/* a whole slab of hash buckets */
	SP_KIND_OVERFLOW,	/* hash overflow buckets */
	SP_KIND_TCB,
	SP_KIND_HALF_OPEN,
	SP_KIND_TIME_WAIT,
	SP_KIND_TCP_TX, SP_KIND_TCP_RX, SP_KIND_TCP_SENT,
	SP_KIND_TCP_RARE,
	SP_KIND_TCP_CC,		/* memory of a congestion control that needs much */
	SP_KIND_TCP_TALLY, SP_KIND_TCP_ACCECN,
	SP_KIND_TCP_SOURCE,	/* what one peer has, see tcp/tcp_source.h */
	SP_KIND_LISTEN,
	SP_KIND_UDP,		/* UDP sockets */
	SP_KIND_NEIGH,
	SP_KIND_PMTU,		/* a whole slab of path MTUs, see net/pmtu.c */
	SP_KIND_ECHO,		/* a table of them, see net/echo.h */
	SP_KIND_DHCP, SP_KIND_GROUP, SP_KIND_MEMBER, SP_KIND_NAMES,	/* net/, udp_group.c */
	SP_KIND_PORTS,		/* counts of local ports, see net/port.h */
	SP_KIND_REASS,		/* packets of which fragments are lacking, see net/reass.c */
	SP_KIND_FRAG,		/* edges of one fragment */
	SP_KIND_FRAG_GROUPS,	/* what packets of fragments stand in */
	SP_KIND_HELD,		/* whole packets of other stacks, see net/team.c */
	SP_KIND_PART,		/* stretches of bytes behind a gap, see buf/recvq.h */
	SP_KIND_SMALL, SP_KIND_LARGE,	/* payload chunks, see buf/chunk.h */
	SP_KIND_COUNT,
};

/* One per slab, in an array behind the stack's head. */
struct sp_slab {
	uint32_t next, prev;	/* in the pool's list of slabs with room, or in the free list */
	uint32_t free_ref;	/* first freed object, 0: none; objects link by their first word */
	uint16_t used;		/* objects in use */
	uint16_t carved;	/* objects handed out at least once */
	uint8_t kind;		/* enum sp_kind */
	uint8_t pad[3];
};

struct sp_pool {
	uint32_t object_bytes;	/* a multiple of the granule */
	uint16_t per_slab;
	uint8_t kind;
	uint8_t pad;
	uint32_t inverse;	/* of the object's granules, times 2^SP_INVERSE_SHIFT */
	uint32_t room;		/* first slab with room, SP_SLAB_NONE: none */
	uint32_t slabs;		/* held now */
	uint32_t objects;	/* in use now */
	uint32_t objects_max;	/* in use at once, ever */
};

/* Stands at the very start of the block. */
struct sp_arena {
	uint64_t magic;
	uint32_t version;
	uint32_t layout;	/* hash of the sizes of everything kept in the arena */
	uint64_t bytes;		/* of the whole block */
	uint32_t slab_shift;	/* log2 of the bytes of a slab */
	uint32_t slab_count;
	uint32_t slab_free;	/* first free slab, SP_SLAB_NONE: none */
	uint32_t slabs_used;	/* whole ones, and those with an object in use */
	uint32_t slabs_fresh;	/* slabs from here on were never used */
	uint32_t map_at;	/* granules from the start: array of struct sp_slab */
	uint32_t slabs_at;	/* granules from the start: slab 0 */
	struct sp_pool pool[SP_KIND_COUNT];
};

/* Lays out a block that begins at a, aligned to SP_ARENA_ALIGN.  Its first
 * head_bytes, the arena itself among them, stay the caller's.  False: no room
 * for min_slabs slabs, or more than SP_ARENA_MAX_BYTES. */
bool sp_arena_init(struct sp_arena *a, uint64_t bytes, size_t head_bytes, uint32_t min_slabs);

/* log2 of the slab size that a block of this many bytes gets: 1 KiB to 64 KiB. */
uint32_t sp_arena_slab_shift(uint64_t bytes);

/* Declares the objects of a kind.  object_bytes is rounded up to a granule. */
void sp_pool_init(struct sp_arena *a, enum sp_kind kind, uint32_t object_bytes);

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

static inline void *
sp_at(const struct sp_arena *a, uint32_t ref)
{
	return (uint8_t *)(uintptr_t)a + ((size_t)ref << SP_GRANULE_SHIFT);
}

static inline uint32_t
sp_ref(const struct sp_arena *a, const void *p)
{
	return (uint32_t)(((uintptr_t)p - (uintptr_t)a) >> SP_GRANULE_SHIFT);
}

static inline uint32_t
sp_slab_of(const struct sp_arena *a, uint32_t ref)
{
	return (ref - a->slabs_at) >> (a->slab_shift - SP_GRANULE_SHIFT);
}

static inline uint32_t
sp_slab_ref(const struct sp_arena *a, uint32_t slab)
{
	return a->slabs_at + (slab << (a->slab_shift - SP_GRANULE_SHIFT));
}

static inline struct sp_slab *
sp_slab_at(const struct sp_arena *a, uint32_t slab)
{
	return (struct sp_slab *)sp_at(a, a->map_at) + slab;
}

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

/* The rarer halves of the next two: the pool needs a slab, or has one without
 * objects; the slab is to be first in its pool's list. */
uint32_t sp_pool_take_new(struct sp_arena *a, enum sp_kind kind);
void sp_pool_give_last(struct sp_arena *a, enum sp_kind kind, uint32_t slab);
void sp_pool_raise(struct sp_arena *a, struct sp_pool *p, uint32_t slab);

/* An object of the kind, contents undefined; 0 when the budget is spent. */
static inline uint32_t
sp_pool_take(struct sp_arena *a, enum sp_kind kind)
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
	p->objects++;
	if (p->objects > p->objects_max)
		p->objects_max = p->objects;
	return ref;
}

/* Gives an object back, and its slab with it when that was the last one. */
static inline void
sp_pool_give(struct sp_arena *a, enum sp_kind kind, uint32_t ref)
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

#endif
