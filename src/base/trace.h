/*
 * trace.h - a ring of the latest events, kept in the arena.
 *
 * Fixed entries, no text: names are looked up when somebody reads.  A reader
 * asks for everything since a sequence number and learns how much it missed.
 */
#ifndef SAMPAN_BASE_TRACE_H
#define SAMPAN_BASE_TRACE_H

#include "base/arena.h"
#include "base/time.h"

struct sp_trace_entry {
	sampan_time at;
	uint32_t object;	/* reference of what it happened to, 0: nothing in particular */
	uint16_t event;		/* meaning is the caller's */
	uint16_t link;
	uint64_t arg[2];
};
_Static_assert(sizeof(struct sp_trace_entry) == 32, "half a cache line");

struct sp_trace {
	uint64_t written;	/* entries ever; the next one's number */
	uint32_t ring;		/* reference of the entries */
	uint32_t count;		/* a power of two, or 0: tracing is off */
};

/* Uses entries (a power of two) at ring. */
void sp_trace_init(struct sp_trace *t, uint32_t ring, uint32_t entries);
void sp_trace_add(struct sp_trace *t, const struct sp_arena *a, const struct sp_trace_entry *e);

/* Copies up to max entries from number *seq on, oldest first, returns how many
 * and moves *seq behind them.  Entries that had been overwritten are skipped:
 * as many as *seq moved further than entries were copied. */
uint32_t sp_trace_read(const struct sp_trace *t, const struct sp_arena *a, uint64_t *seq,
    struct sp_trace_entry *out, uint32_t max);

#endif
