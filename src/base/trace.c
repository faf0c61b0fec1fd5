/*
 * trace.c - the ring: entry number n is at n modulo the ring's size, so what
 * has been overwritten follows from the numbers alone.
 */
#include "base/trace.h"

#include <string.h>

#include "base/assert.h"

static inline struct sp_trace_entry *
entry_at(const struct sp_trace *t, const struct sp_arena *a, uint64_t number)
{
	return (struct sp_trace_entry *)sp_at(a, t->ring) + (number & (t->count - 1));
}

void
sp_trace_init(struct sp_trace *t, uint32_t ring, uint32_t entries)
{
	SP_ASSERT((entries & (entries - 1)) == 0);
	*t = (struct sp_trace){ .ring = ring, .count = entries };
}

void
sp_trace_add(struct sp_trace *t, const struct sp_arena *a, const struct sp_trace_entry *e)
{
	if (t->count == 0)
		return;
	*entry_at(t, a, t->written) = *e;
	t->written++;
}

uint32_t
sp_trace_read(const struct sp_trace *t, const struct sp_arena *a, uint64_t *seq,
    struct sp_trace_entry *out, uint32_t max)
{
	const uint64_t oldest = t->written > t->count ? t->written - t->count : 0;
	const uint64_t from = *seq < oldest ? oldest : *seq;
	uint32_t n = 0;

	for (; n < max && from + n < t->written; n++)
		out[n] = *entry_at(t, a, from + n);
	*seq = from + n;
	return n;
}
