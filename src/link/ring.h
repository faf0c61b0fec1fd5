/*
 * ring.h - records from one thread to another: one writes, one reads, neither
 * ever waits.
 *
 * A record is contiguous and begins on a cache line.  Each side keeps what it
 * last saw of the other's position and looks again only when that does not
 * suffice, so a batch costs one shared line each way.  Full means full: what
 * finds no room is the writer's to count.  C11 §7.17: a position is published
 * behind the bytes and read before them; sequentially consistent where a reader
 * about to sleep must not miss it (relay.c).
 */
#ifndef SAMPAN_LINK_RING_H
#define SAMPAN_LINK_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SP_RING_LINE 64

struct sp_ring {
	uint8_t *bytes;
	uint64_t size; /* a power of two */
	/* The writer's line. */
	_Alignas(SP_RING_LINE) _Atomic uint64_t written; /* published */
	uint64_t put;					 /* and beyond that, not yet */
	uint64_t read_seen;
	/* The reader's. */
	_Alignas(SP_RING_LINE) _Atomic uint64_t read;
	uint64_t got; /* looked at, not yet given back */
	uint64_t written_seen;
};

/* -1: no memory.  size: a power of two, 128 KiB or more. */
int sp_ring_open(struct sp_ring *r, uint64_t size);
void sp_ring_close(struct sp_ring *r);

/* ---- The writer ---- */

/* Room for a record of len bytes, which is the next one from now on; NULL: full. */
uint8_t *sp_ring_put(struct sp_ring *r, uint32_t len);

/* Shows the reader what has been put. */
void sp_ring_publish(struct sp_ring *r);

/* ---- The reader ---- */

/* The next record and its length; NULL: there is none. */
uint8_t *sp_ring_get(struct sp_ring *r, uint32_t *len);

/* Gives back the room of all records that were got. */
void sp_ring_release(struct sp_ring *r);

/* Is there a record that was not got?  For a reader about to sleep. */
bool sp_ring_waits(struct sp_ring *r);

#endif
