/*
 * ring.c - see ring.h.
 *
 * Positions only grow; where one stands in the memory are its lower bits.  A
 * record that would not fit before the end begins at the start again, behind a
 * mark that fills what is left.
 */
#include "link/ring.h"

#include <stdlib.h>
#include <string.h>

/* In front of each record: its length, or that the rest of the memory is unused. */
#define HEAD 8
#define SKIP UINT32_MAX

static uint64_t
cells(uint32_t len)
{
	return ((uint64_t)len + HEAD + SP_RING_LINE - 1) & ~(uint64_t)(SP_RING_LINE - 1);
}

int
sp_ring_open(struct sp_ring *r, uint64_t size)
{
	memset(r, 0, sizeof(*r));
	r->bytes = aligned_alloc(SP_RING_LINE, size);
	r->size = size;
	atomic_init(&r->written, 0);
	atomic_init(&r->read, 0);
	return r->bytes != NULL ? 0 : -1;
}

void
sp_ring_close(struct sp_ring *r)
{
	free(r->bytes);
	r->bytes = NULL;
}

static uint8_t *
place(const struct sp_ring *r, uint64_t position)
{
	return r->bytes + (position & (r->size - 1));
}

static bool
has_room(struct sp_ring *r, uint64_t want)
{
	if (r->put + want - r->read_seen <= r->size)
		return true;
	r->read_seen = atomic_load_explicit(&r->read, memory_order_acquire);
	return r->put + want - r->read_seen <= r->size;
}

uint8_t *
sp_ring_put(struct sp_ring *r, uint32_t len)
{
	const uint64_t want = cells(len);
	const uint64_t left = r->size - (r->put & (r->size - 1));
	const uint32_t skip = SKIP;
	uint8_t *p;

	if (want > left) {
		if (!has_room(r, left + want))
			return NULL;
		memcpy(place(r, r->put), &skip, sizeof(skip));
		r->put += left;
	} else if (!has_room(r, want)) {
		return NULL;
	}
	p = place(r, r->put);
	memcpy(p, &len, sizeof(len));
	r->put += want;
	return p + HEAD;
}

void
sp_ring_publish(struct sp_ring *r)
{
	atomic_store(&r->written, r->put);
}

uint8_t *
sp_ring_get(struct sp_ring *r, uint32_t *len)
{
	uint8_t *p;

	if (!sp_ring_waits(r))
		return NULL;
	p = place(r, r->got);
	memcpy(len, p, sizeof(*len));
	if (*len == SKIP) {
		r->got += r->size - (r->got & (r->size - 1));
		p = place(r, r->got);
		memcpy(len, p, sizeof(*len));
	}
	r->got += cells(*len);
	return p + HEAD;
}

void
sp_ring_release(struct sp_ring *r)
{
	atomic_store_explicit(&r->read, r->got, memory_order_release);
}

bool
sp_ring_waits(struct sp_ring *r)
{
	if (r->got != r->written_seen)
		return true;
	r->written_seen = atomic_load(&r->written);
	return r->got != r->written_seen;
}
