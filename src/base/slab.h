/*
 * slab.h - what lies in the one block of memory, and where: arena.h's records, and the
 * way from a reference to a place and back.
 *
 * Does not: take or give anything, arena.h does.
 */
#ifndef SAMPAN_BASE_SLAB_H
#define SAMPAN_BASE_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SP_GRANULE_SHIFT 4
#define SP_GRANULE ((size_t)1 << SP_GRANULE_SHIFT)
/* References keep their top bit for list heads (wheel.h), so 32 GiB. */
#define SP_ARENA_MAX_BYTES ((uint64_t)1 << (31 + SP_GRANULE_SHIFT))
#define SP_ARENA_ALIGN 64
#define SP_SLAB_NONE UINT32_MAX
#define SP_SPARES 8		/* freed objects that are kept at hand, at most */
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
	SP_KIND_UDP,		/* UDP and ICMP sockets */
	SP_KIND_FILTER,		/* of the latter, see udp/udp_raw.c */
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

/* Freed objects at hand, of the one pool whose are taken and given all the time; their
 * slabs count them as used. */
struct sp_spares {
	uint32_t kind;		/* enum sp_kind, 0: of none */
	uint32_t n, most;
	uint32_t ref[SP_SPARES];
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
	struct sp_spares spares;
	struct sp_pool pool[SP_KIND_COUNT];
};

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

#endif
