/*
 * chunk.c - see chunk.h.
 */
#include "buf/chunk.h"

static uint32_t
large_bytes(const struct sp_arena *a)
{
	const uint32_t slab_bytes = 1u << a->slab_shift;

	return slab_bytes < SP_CHUNK_LARGE_BYTES ? slab_bytes : SP_CHUNK_LARGE_BYTES;
}

void
sp_chunk_init(struct sp_arena *a)
{
	sp_pool_init(a, SP_KIND_SMALL, SP_CHUNK_SMALL_BYTES);
	sp_pool_init(a, SP_KIND_LARGE, large_bytes(a));
}

static uint32_t
take_kind(struct sp_arena *a, enum sp_kind kind)
{
	const uint32_t ref = sp_pool_take(a, kind);
	struct sp_chunk *c = sp_at(a, ref);

	if (ref == 0)
		return 0;
	*c = (struct sp_chunk){
		.cap = (uint16_t)(a->pool[kind].object_bytes - sizeof(*c)),
		.kind = (uint8_t)kind,
		.queued = true,
	};
	return ref;
}

uint32_t
sp_chunk_take(struct sp_arena *a, uint32_t want)
{
	uint32_t ref = 0;

	if (want > SP_CHUNK_SMALL_BYTES - sizeof(struct sp_chunk))
		ref = take_kind(a, SP_KIND_LARGE);
	return ref != 0 ? ref : take_kind(a, SP_KIND_SMALL);
}

static void
free_if_unused(struct sp_arena *a, struct sp_chunk *c)
{
	if (!c->queued && c->pins == 0)
		sp_pool_give(a, (enum sp_kind)c->kind, sp_ref(a, c));
}

void
sp_chunk_drop(struct sp_arena *a, uint32_t ref)
{
	struct sp_chunk *c = sp_chunk_at(a, ref);

	c->queued = false;
	free_if_unused(a, c);
}

struct sp_chunk *
sp_chain_room(struct sp_chain *chain, struct sp_arena *a, uint32_t want)
{
	struct sp_chunk *last = chain->tail != 0 ? sp_chunk_at(a, chain->tail) : NULL;
	uint32_t ref;

	if (last != NULL && sp_chunk_room(last) > 0)
		return last;
	ref = sp_chunk_take(a, want);
	if (ref == 0)
		return NULL;
	if (last != NULL)
		last->next = ref;
	else
		chain->head = ref;
	chain->tail = ref;
	return sp_chunk_at(a, ref);
}

void
sp_chain_pop(struct sp_chain *chain, struct sp_arena *a)
{
	const uint32_t ref = chain->head;

	chain->head = sp_chunk_at(a, ref)->next;
	if (chain->head == 0)
		chain->tail = 0;
	sp_chunk_drop(a, ref);
}

void
sp_chain_join(struct sp_chain *chain, struct sp_arena *a, struct sp_chain *tail)
{
	if (tail->head == 0)
		return;
	if (chain->tail != 0)
		sp_chunk_at(a, chain->tail)->next = tail->head;
	else
		chain->head = tail->head;
	chain->tail = tail->tail;
	*tail = (struct sp_chain){ 0, 0 };
}

void
sp_chain_skip(struct sp_chain *chain, struct sp_arena *a, uint32_t n)
{
	while (n > 0) {
		struct sp_chunk *c = sp_chunk_at(a, chain->head);

		if (sp_chunk_len(c) > n) {
			c->start = (uint16_t)(c->start + n);
			return;
		}
		n -= sp_chunk_len(c);
		sp_chain_pop(chain, a);
	}
}

void
sp_chain_clear(struct sp_chain *chain, struct sp_arena *a)
{
	while (chain->head != 0)
		sp_chain_pop(chain, a);
}

void
sp_chunk_unpin(struct sp_arena *a, const uint8_t *p)
{
	const size_t off = (size_t)(p - (const uint8_t *)a);
	const uint32_t slab = sp_slab_of(a, (uint32_t)(off >> SP_GRANULE_SHIFT));
	const size_t slab_off = (size_t)sp_slab_ref(a, slab) << SP_GRANULE_SHIFT;
	const enum sp_kind kind = sp_arena_kind(a, sp_slab_ref(a, slab));
	const size_t bytes = a->pool[kind].object_bytes;
	const size_t start = slab_off + ((off - slab_off) & ~(bytes - 1));
	struct sp_chunk *c = sp_at(a, (uint32_t)(start >> SP_GRANULE_SHIFT));

	c->pins--;
	free_if_unused(a, c);
}
