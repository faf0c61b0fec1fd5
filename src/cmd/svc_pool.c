/*
 * svc_pool.c - see svc_pool.h.
 */
#include "cmd/svc_pool.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_RECORDS 256

static struct svc_conn *
record(const struct svc_pool *p, uint64_t number)
{
	const uint64_t i = number - 1;

	return (struct svc_conn *)(void *)(p->chunks[i / CHUNK_RECORDS] +
	    i % CHUNK_RECORDS * p->record_bytes);
}

static bool
add_chunk(struct svc_pool *p, uint32_t record_bytes)
{
	uint8_t **chunks = realloc(p->chunks, (p->chunk_count + 1) * sizeof(*chunks));

	if (chunks == NULL)
		return false;
	p->chunks = chunks;
	p->record_bytes = record_bytes;
	chunks[p->chunk_count] = calloc(CHUNK_RECORDS, record_bytes);
	if (chunks[p->chunk_count] == NULL)
		return false;
	p->chunk_count++;
	return true;
}

/* The number of a free record, 0: no memory. */
static uint64_t
find_free(struct svc_pool *p, uint32_t record_bytes)
{
	const uint64_t number = p->free;

	if (number != 0) {
		p->free = record(p, number)->next_free;
		return number;
	}
	if (p->records == (uint64_t)p->chunk_count * CHUNK_RECORDS && !add_chunk(p, record_bytes))
		return 0;
	return ++p->records;
}

struct svc_conn *
sp_svc_pool_take(struct svc_pool *p, uint32_t record_bytes, sampan_handle h)
{
	const uint64_t number = find_free(p, record_bytes);
	struct svc_conn *c;

	if (number == 0)
		return NULL;
	c = record(p, number);
	memset(c, 0, record_bytes);
	c->handle = h;
	c->number = number;
	c->deadline_at = SAMPAN_NEVER;
	p->used++;
	return c;
}

void
sp_svc_pool_free(struct svc_pool *p, struct svc_conn *c)
{
	c->handle = 0;
	c->next_free = p->free;
	p->free = c->number;
	p->used--;
}

struct svc_conn *
sp_svc_pool_at(const struct svc_pool *p, uint64_t number)
{
	struct svc_conn *c;

	if (number < 1 || number > p->records)
		return NULL;
	c = record(p, number);
	return c->handle != 0 ? c : NULL;
}

struct svc_conn *
sp_svc_pool_next(const struct svc_pool *p, uint64_t number)
{
	while (number < p->records) {
		struct svc_conn *c = sp_svc_pool_at(p, ++number);

		if (c != NULL)
			return c;
	}
	return NULL;
}

struct svc_conn *
sp_svc_pool_sweep(struct svc_pool *p, unsigned *most, sampan_time now)
{
	while (*most > 0 && p->used > 0) {
		struct svc_conn *c;

		(*most)--;
		p->swept = p->swept % p->records + 1;
		c = sp_svc_pool_at(p, p->swept);
		if (c != NULL && c->deadline_at <= now)
			return c;
	}
	return NULL;
}

void
sp_svc_pool_end(struct svc_pool *p)
{
	for (unsigned i = 0; i < p->chunk_count; i++)
		free(p->chunks[i]);
	free(p->chunks);
	*p = (struct svc_pool){ 0 };
}
