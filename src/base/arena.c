/*
 * arena.c - slabs and pools: take, give, who owns what, and a check of it all.
 *
 * Theory of operation.
 *
 *	| head | slab map | pad to 64 | slab 0 | slab 1 | ... | rest unused |
 *
 * The head is the caller's and begins with the arena itself.  The map has one
 * struct sp_slab per slab: all bookkeeping is there, none inside the slabs, so
 * objects are packed and an object of 64 bytes keeps its own cache line.
 *
 * A slab is in one of four states.
 *
 *	fresh	its number is slabs_fresh or more.  Neither it nor its map
 *		entry was ever written: a block of 4 GiB is ready at once,
 *		and pages that nobody needs are never touched.
 *	free	in the arena's list, kind SP_KIND_FREE.
 *	whole	taken by sp_slab_take(); the caller knows what is in it.
 *	pooled	a pool's.  In the pool's list of slabs with room unless every
 *		object of it is in use.
 *
 * Two things make an object of a pooled slab available: it was freed (then it
 * links the next freed one by its first word, the slab's free_ref is the
 * head), or its number is `carved` or more and it was never handed out since
 * the pool got the slab.  Carving by a counter is why taking a slab costs the
 * same whatever its size.
 *
 * Reuse is last in, first out on both levels: a slab that is freed into moves
 * to the front of the pool's list, and its last freed object is the next to
 * go out.  What comes out is what the cache still holds.
 *
 * A pool whose objects are taken and given all the time may keep a few freed ones at
 * hand (sp_pool_keep_spares()).  To their slabs these are still in use.  They go back when
 * the pool's last object does, and when a slab is wanted and none is free.
 *
 * A slab whose last object is freed goes back to the arena at once, unless it
 * is the only one with room in its pool: then the pool keeps it, so that
 * taking and giving one object across the edge of a slab costs nothing.  It
 * goes back when another slab of the pool gets room, and it is not lost to
 * others meanwhile: when the arena has neither free nor fresh slabs it takes
 * the kept ones from their pools.  So the rule holds that a slab in use
 * (slabs_used) has at least one object in use, and that memory is refused
 * only when every slab is in use.
 */
#include "base/arena.h"

/* ---- The block ---- */

/* Small devices need many slabs, so that ten pools share 64 KiB without
 * starving each other; servers need few, so that the map and the hash table's
 * directory stay in the cache.  The steps keep a block of any size at 64 to
 * 65536 slabs (up to 524288 beyond 4 GiB). */
uint32_t
sp_arena_slab_shift(uint64_t bytes)
{
	if (bytes <= (uint64_t)1 << 20)
		return 10;
	if (bytes <= (uint64_t)16 << 20)
		return 12;
	if (bytes <= (uint64_t)256 << 20)
		return 14;
	return 16;
}

static uint64_t
round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

/* Where slab 0 begins if the map has room for count slabs. */
static uint64_t
slabs_begin(uint64_t map, uint64_t count)
{
	return round_up(map + count * sizeof(struct sp_slab), SP_ARENA_ALIGN);
}

static void
clear_pools(struct sp_arena *a)
{
	for (uint32_t k = 0; k < SP_KIND_COUNT; k++)
		a->pool[k] = (struct sp_pool){ .kind = (uint8_t)k, .room = SP_SLAB_NONE };
}

bool
sp_arena_init(struct sp_arena *a, uint64_t bytes, size_t head_bytes, uint32_t min_slabs)
{
	const uint64_t map = round_up(head_bytes, SP_GRANULE);
	const uint32_t shift = sp_arena_slab_shift(bytes);
	uint64_t count;

	SP_ASSERT(((uintptr_t)a & (SP_ARENA_ALIGN - 1)) == 0);
	SP_ASSERT(head_bytes >= sizeof(*a));
	if (bytes > SP_ARENA_MAX_BYTES || bytes <= map)
		return false;
	count = (bytes - map) / (((uint64_t)1 << shift) + sizeof(struct sp_slab));
	if (count > 0 && slabs_begin(map, count) + (count << shift) > bytes)
		count--;	/* the padding took the last one's room */
	if (count < min_slabs)
		return false;
	a->magic = SP_ARENA_MAGIC;
	a->version = SP_ARENA_VERSION;
	a->layout = 0;
	a->bytes = bytes;
	a->slab_shift = shift;
	a->slab_count = (uint32_t)count;
	a->slab_free = SP_SLAB_NONE;
	a->slabs_used = 0;
	a->slabs_fresh = 0;
	a->spares = (struct sp_spares){ 0 };
	a->map_at = (uint32_t)(map >> SP_GRANULE_SHIFT);
	a->slabs_at = (uint32_t)(slabs_begin(map, count) >> SP_GRANULE_SHIFT);
	clear_pools(a);
	return true;
}

uint64_t
sp_arena_used_bytes(const struct sp_arena *a)
{
	return (uint64_t)a->slabs_used << a->slab_shift;
}

uint64_t
sp_arena_total_bytes(const struct sp_arena *a)
{
	return (uint64_t)a->slab_count << a->slab_shift;
}

enum sp_kind
sp_arena_kind(const struct sp_arena *a, uint32_t ref)
{
	return (enum sp_kind)sp_slab_at(a, sp_slab_of(a, ref))->kind;
}

/* ---- A pool's list of slabs with room ---- */

static inline void
room_push(const struct sp_arena *a, struct sp_pool *p, uint32_t slab)
{
	struct sp_slab *s = sp_slab_at(a, slab);

	s->prev = SP_SLAB_NONE;
	s->next = p->room;
	if (p->room != SP_SLAB_NONE)
		sp_slab_at(a, p->room)->prev = slab;
	p->room = slab;
}

static inline void
room_remove(const struct sp_arena *a, struct sp_pool *p, uint32_t slab)
{
	const struct sp_slab *s = sp_slab_at(a, slab);

	if (s->prev != SP_SLAB_NONE)
		sp_slab_at(a, s->prev)->next = s->next;
	else
		p->room = s->next;
	if (s->next != SP_SLAB_NONE)
		sp_slab_at(a, s->next)->prev = s->prev;
}

/* ---- Slabs, not counted as used ---- */

static void
release(struct sp_arena *a, uint32_t slab)
{
	struct sp_slab *s = sp_slab_at(a, slab);

	a->pool[s->kind].slabs--;
	*s = (struct sp_slab){ .next = a->slab_free, .prev = SP_SLAB_NONE, .kind = SP_KIND_FREE };
	a->slab_free = slab;
}

/* Puts the slab that a pool keeps empty on the free list.  It is the only one
 * in its pool's list. */
static bool
reclaim_kept(struct sp_arena *a)
{
	for (uint32_t k = SP_KIND_FREE + 1; k < SP_KIND_COUNT; k++) {
		const uint32_t slab = a->pool[k].room;

		if (slab == SP_SLAB_NONE || sp_slab_at(a, slab)->used != 0)
			continue;
		a->pool[k].room = SP_SLAB_NONE;
		release(a, slab);
		return true;
	}
	return false;
}

static uint32_t
acquire(struct sp_arena *a, enum sp_kind kind)
{
	uint32_t slab;

	if (a->slab_free == SP_SLAB_NONE && a->slabs_fresh == a->slab_count)
		sp_pool_give_spares(a);
	if (a->slab_free == SP_SLAB_NONE && a->slabs_fresh < a->slab_count) {
		slab = a->slabs_fresh++;
	} else {
		if (a->slab_free == SP_SLAB_NONE && !reclaim_kept(a))
			return SP_SLAB_NONE;
		slab = a->slab_free;
		a->slab_free = sp_slab_at(a, slab)->next;
	}
	*sp_slab_at(a, slab) = (struct sp_slab){
		.next = SP_SLAB_NONE, .prev = SP_SLAB_NONE, .kind = (uint8_t)kind,
	};
	a->pool[kind].slabs++;
	return slab;
}

/* ---- Whole slabs ---- */

uint32_t
sp_slab_take(struct sp_arena *a, enum sp_kind kind)
{
	uint32_t slab;

	SP_ASSERT(kind != SP_KIND_FREE && a->pool[kind].object_bytes == 0);
	slab = acquire(a, kind);
	if (slab == SP_SLAB_NONE)
		return SP_SLAB_NONE;
	sp_slab_at(a, slab)->used = 1;
	a->slabs_used++;
	return slab;
}

void
sp_slab_give(struct sp_arena *a, uint32_t slab)
{
	SP_ASSERT(slab < a->slabs_fresh && sp_slab_at(a, slab)->kind != SP_KIND_FREE);
	a->slabs_used--;
	release(a, slab);
}

/* ---- Objects ---- */

void
sp_pool_init(struct sp_arena *a, enum sp_kind kind, uint32_t object_bytes)
{
	struct sp_pool *p = &a->pool[kind];

	SP_ASSERT(kind != SP_KIND_FREE && p->slabs == 0);
	p->object_bytes = (uint32_t)round_up(object_bytes, SP_GRANULE);
	SP_ASSERT(object_bytes > 0 && p->object_bytes <= (uint32_t)1 << a->slab_shift);
	p->per_slab = (uint16_t)(((uint32_t)1 << a->slab_shift) / p->object_bytes);
	p->inverse = ((uint32_t)1 << SP_INVERSE_SHIFT) / (p->object_bytes >> SP_GRANULE_SHIFT) + 1;
}

void
sp_pool_keep_spares(struct sp_arena *a, enum sp_kind kind)
{
	const uint32_t most = a->pool[kind].per_slab / 8;

	a->spares = (struct sp_spares){ .kind = kind,
		.most = most < SP_SPARES ? most : SP_SPARES };
}

/* Some of their slabs may become empty. */
void
sp_pool_give_spares(struct sp_arena *a)
{
	const enum sp_kind kind = (enum sp_kind)a->spares.kind;

	while (a->spares.n != 0) {
		a->pool[kind].objects++;	/* which giving counts down */
		sp_pool_give_slab(a, kind, a->spares.ref[--a->spares.n]);
	}
}

static inline uint32_t
nth(const struct sp_arena *a, const struct sp_pool *p, uint32_t slab, uint32_t i)
{
	return sp_slab_ref(a, slab) + i * (p->object_bytes >> SP_GRANULE_SHIFT);
}

/* Takes an object that was never handed out, from a slab with room or a new one. */
uint32_t
sp_pool_take_new(struct sp_arena *a, enum sp_kind kind)
{
	struct sp_pool *p = &a->pool[kind];
	struct sp_slab *s;
	uint32_t ref;

	if (p->room == SP_SLAB_NONE) {
		const uint32_t slab = acquire(a, kind);

		if (slab == SP_SLAB_NONE)
			return 0;
		room_push(a, p, slab);
	}
	s = sp_slab_at(a, p->room);
	ref = nth(a, p, p->room, s->carved++);
	if (s->used == 0)
		a->slabs_used++;
	s->used++;
	if (s->used == p->per_slab)
		room_remove(a, p, p->room);
	p->objects++;
	if (p->objects > p->objects_max)
		p->objects_max = p->objects;
	return ref;
}

/* It stands in the list unless it is full. */
void
sp_pool_raise(struct sp_arena *a, struct sp_pool *p, uint32_t slab)
{
	struct sp_slab *s = sp_slab_at(a, slab);
	const uint32_t first = p->room;

	if (s->used != p->per_slab) {		/* not the first one, so there is one before it */
		sp_slab_at(a, s->prev)->next = s->next;
		if (s->next != SP_SLAB_NONE)
			sp_slab_at(a, s->next)->prev = s->prev;
	}
	s->prev = SP_SLAB_NONE;
	s->next = first;
	p->room = slab;
	if (first == SP_SLAB_NONE)
		return;
	sp_slab_at(a, first)->prev = slab;
	if (sp_slab_at(a, first)->used == 0) {	/* it was kept because it was the only one */
		room_remove(a, p, first);
		release(a, first);
	}
}

/* The first slab of the list has become empty: it is kept if it is the only one. */
void
sp_pool_give_last(struct sp_arena *a, enum sp_kind kind, uint32_t slab)
{
	struct sp_pool *p = &a->pool[kind];

	a->slabs_used--;
	if (sp_slab_at(a, slab)->next == SP_SLAB_NONE)
		return;
	room_remove(a, p, slab);
	release(a, slab);
}

uint32_t
sp_pool_nth(const struct sp_arena *a, enum sp_kind kind, uint32_t slab, uint32_t i)
{
	if (slab >= a->slabs_fresh || sp_slab_at(a, slab)->kind != kind ||
	    i >= sp_slab_at(a, slab)->carved)
		return 0;
	return nth(a, &a->pool[kind], slab, i);
}

/* ---- The check ---- */

/* What a walk over the slabs of one pool finds. */
struct tally {
	uint32_t slabs, objects, with_room, empty;
};

/* The slab's freed objects are its own, and as many as used and carved say. */
static bool
check_freed(const struct sp_arena *a, uint32_t slab)
{
	const struct sp_slab *s = sp_slab_at(a, slab);
	uint32_t ref = s->free_ref;
	uint32_t freed = 0;

	while (ref != 0 && freed <= s->carved) {
		if (!sp_pool_owns(a, (enum sp_kind)s->kind, ref) || sp_slab_of(a, ref) != slab)
			return false;
		memcpy(&ref, sp_at(a, ref), sizeof(ref));
		freed++;
	}
	return freed + s->used == s->carved;
}

static bool
check_slab(const struct sp_arena *a, uint32_t slab, struct tally *tallies)
{
	const struct sp_slab *s = sp_slab_at(a, slab);
	const struct sp_pool *p;
	struct tally *tally;

	if (s->kind >= SP_KIND_COUNT)
		return false;
	p = &a->pool[s->kind];
	tally = &tallies[s->kind];
	tally->slabs++;
	if (s->kind == SP_KIND_FREE)
		return s->used == 0 && s->carved == 0;
	if (p->object_bytes == 0)
		return s->used == 1 && s->carved == 0;
	tally->objects += s->used;
	tally->with_room += s->used < p->per_slab;
	tally->empty += s->used == 0;
	return s->carved <= p->per_slab && check_freed(a, slab);
}

/* The list of slabs with room is sound and names all of them; an empty one
 * stands in it alone. */
static bool
check_pool(const struct sp_arena *a, uint32_t kind, const struct tally *tally)
{
	const struct sp_pool *p = &a->pool[kind];
	const uint32_t spares = a->spares.kind == kind ? a->spares.n : 0;
	uint32_t prev = SP_SLAB_NONE;
	uint32_t listed = 0;

	for (uint32_t slab = p->room; slab != SP_SLAB_NONE; slab = sp_slab_at(a, slab)->next) {
		if (slab >= a->slabs_fresh || listed++ == tally->with_room)
			return false;
		if (sp_slab_at(a, slab)->kind != kind || sp_slab_at(a, slab)->prev != prev ||
		    sp_slab_at(a, slab)->used == p->per_slab)
			return false;
		prev = slab;
	}
	return listed == tally->with_room && (tally->empty == 0 || listed == 1) &&
	    p->kind == kind && p->slabs == tally->slabs &&
	    p->objects + spares == tally->objects && p->objects <= p->objects_max &&
	    (spares == 0 || p->objects > 0);
}

static bool
check_free(const struct sp_arena *a, uint32_t count)
{
	uint32_t listed = 0;

	for (uint32_t slab = a->slab_free; slab != SP_SLAB_NONE; slab = sp_slab_at(a, slab)->next) {
		if (slab >= a->slabs_fresh || listed++ == count ||
		    sp_slab_at(a, slab)->kind != SP_KIND_FREE)
			return false;
	}
	return listed == count;
}

bool
sp_arena_check(const struct sp_arena *a)
{
	struct tally tally[SP_KIND_COUNT] = { { 0 } };
	uint32_t used = 0;

	if (a->magic != SP_ARENA_MAGIC || a->slabs_fresh > a->slab_count)
		return false;
	for (uint32_t slab = 0; slab < a->slabs_fresh; slab++) {
		if (!check_slab(a, slab, tally))
			return false;
	}
	for (uint32_t k = SP_KIND_FREE + 1; k < SP_KIND_COUNT; k++) {
		if (!check_pool(a, k, &tally[k]))
			return false;
		used += tally[k].slabs - tally[k].empty;
	}
	return used == a->slabs_used && check_free(a, tally[SP_KIND_FREE].slabs);
}

bool
sp_arena_low_for_newcomers(const struct sp_arena *a)
{
	return a->slab_count - a->slabs_used < a->slab_count / 16 + 4;
}
