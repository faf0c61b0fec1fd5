/*
 * chunk.c - see chunk.h.
 */
#include "buf/chunk.h"

#include <string.h>

#include "wire/csum.h"

/* Less is added up when it is sent: it may go into a frame's head. */
#define SUM_LEAST_BYTES 512u

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
	sp_pool_keep_spares(a, SP_KIND_SMALL);
	sp_pool_init(a, SP_KIND_LARGE, large_bytes(a));
}

uint32_t
sp_chain_append(struct sp_chain *chain, struct sp_arena *a, const uint8_t *data, uint32_t len,
    uint32_t want)
{
	uint32_t done = 0;

	while (done < len) {
		struct sp_chunk *c = sp_chain_room(chain, a, want - done);
		uint32_t n = len - done;

		if (c == NULL)
			break;
		if (sp_chunk_room(c) < n)
			n = sp_chunk_room(c);
		sp_copy(c->data + c->end, data + done, n);
		c->sum = 0;
		c->end = (uint16_t)(c->end + n);
		done += n;
	}
	return done;
}

/* Copies behind the end of a chunk, and keeps its sum if that of what it holds is known. */
static void
copy_sum(struct sp_chunk *c, const uint8_t *data, uint32_t n, unsigned variant)
{
	const bool known = c->end == 0 || c->sum != 0;
	uint64_t sum;

	if (n < SUM_LEAST_BYTES || !known) {
		sp_copy(c->data + c->end, data, n);
		c->sum = 0;
		return;
	}
	sum = sp_csum_copy(c->data + c->end, data, n, 0, variant);
	if (c->end % 2 != 0)
		sum <<= 8;
	c->sum = sp_csum_narrow(c->sum + sum);
	if (c->sum == 0)
		c->sum = 0xffff;	/* the same, RFC 1071 §1; 0 says that it is not known */
}

uint32_t
sp_chain_append_sum(struct sp_chain *chain, struct sp_arena *a, const uint8_t *data, uint32_t len,
    unsigned variant)
{
	uint32_t done = 0;

	while (done < len) {
		struct sp_chunk *c = sp_chain_room(chain, a, len - done);
		uint32_t n = len - done;

		if (c == NULL)
			break;
		if (sp_chunk_room(c) < n)
			n = sp_chunk_room(c);
		copy_sum(c, data + done, n, variant);
		c->end = (uint16_t)(c->end + n);
		done += n;
	}
	return done;
}

void
sp_chain_push(struct sp_chain *chain, struct sp_arena *a, uint32_t ref)
{
	sp_chunk_at(a, ref)->next = 0;
	if (chain->tail != 0)
		sp_chunk_at(a, chain->tail)->next = ref;
	else
		chain->head = ref;
	chain->tail = ref;
}

uint32_t
sp_chain_shift(struct sp_chain *chain, struct sp_arena *a)
{
	const uint32_t ref = chain->head;

	chain->head = sp_chunk_at(a, ref)->next;
	if (chain->head == 0)
		chain->tail = 0;
	sp_chunk_at(a, ref)->next = 0;
	return ref;
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

struct sp_chunk *
sp_chunk_of(const struct sp_arena *a, const uint8_t *p)
{
	const size_t off = (size_t)(p - (const uint8_t *)a);
	const uint32_t slab = sp_slab_of(a, (uint32_t)(off >> SP_GRANULE_SHIFT));
	const size_t slab_off = (size_t)sp_slab_ref(a, slab) << SP_GRANULE_SHIFT;
	const enum sp_kind kind = sp_arena_kind(a, sp_slab_ref(a, slab));
	const size_t bytes = a->pool[kind].object_bytes;
	const size_t start = slab_off + ((off - slab_off) & ~(bytes - 1));

	return sp_at(a, (uint32_t)(start >> SP_GRANULE_SHIFT));
}

void
sp_chunk_pin(struct sp_arena *a, const uint8_t *p)
{
	sp_chunk_of(a, p)->pins++;
}

void
sp_chunk_unpin(struct sp_arena *a, const uint8_t *p)
{
	struct sp_chunk *c = sp_chunk_of(a, p);

	c->pins--;
	sp_chunk_release(a, c);
}

bool
sp_chain_pack(struct sp_chain *chain, struct sp_arena *a, uint32_t bytes)
{
	struct sp_chain packed = { 0, 0 };

	while (chain->head != 0) {
		struct sp_chunk *from = sp_chunk_at(a, chain->head);
		struct sp_chunk *to = sp_chain_room(&packed, a, bytes);
		uint32_t n = sp_chunk_len(from);

		if (to == NULL) {
			sp_chain_join(&packed, a, chain);
			*chain = packed;
			return false;
		}
		n = n < sp_chunk_room(to) ? n : sp_chunk_room(to);
		memcpy(to->data + to->end, from->data + from->start, n);
		to->sum = 0;
		to->end = (uint16_t)(to->end + n);
		bytes -= n;
		if (n == sp_chunk_len(from))
			sp_chain_pop(chain, a);
		else
			from->start = (uint16_t)(from->start + n);
	}
	*chain = packed;
	return true;
}
