/*
 * chunk.h - where payload bytes lie: chunks of two sizes, chained by reference.
 *
 * A chunk lives while a queue holds it or a frame pins it.  A small message
 * takes a small chunk, so it never occupies a large one.  Both sizes are
 * powers of two, so a byte's address leads back to its chunk.
 */
#ifndef SAMPAN_BUF_CHUNK_H
#define SAMPAN_BUF_CHUNK_H

#include "base/arena.h"

#define SP_CHUNK_SMALL_BYTES 256u
#define SP_CHUNK_LARGE_BYTES 4096u

struct sp_chunk {
	uint32_t next;		/* in its chain, 0: last */
	uint32_t pins;		/* frames that show its bytes and have not been sent yet */
	uint16_t start, end;	/* bytes in use: data[start, end) */
	uint16_t cap;		/* bytes that data[] has */
	uint8_t kind;		/* enum sp_kind */
	bool queued;		/* some chain holds it */
	uint8_t data[];
};
_Static_assert(sizeof(struct sp_chunk) == 16, "one granule");

/* Chunks in order; all zero is empty. */
struct sp_chain {
	uint32_t head, tail;
};

/* Sets up the two pools. */
void sp_chunk_init(struct sp_arena *a);

/* An empty chunk, queued, large if `want` bytes do not fit into a small one
 * (when no large one is left, small all the same); 0: no memory. */
uint32_t sp_chunk_take(struct sp_arena *a, uint32_t want);

/* The chain lets go of the chunk; it is freed when nothing pins it. */
void sp_chunk_drop(struct sp_arena *a, uint32_t ref);

/* The last chunk if it has room, else a new one behind it that fits `want`
 * bytes as far as its size allows; NULL: no memory. */
struct sp_chunk *sp_chain_room(struct sp_chain *chain, struct sp_arena *a, uint32_t want);

/* Puts all of `tail` behind `chain`, and leaves `tail` empty. */
void sp_chain_join(struct sp_chain *chain, struct sp_arena *a, struct sp_chain *tail);

/* Lets go of the first n bytes, fewer than there are. */
void sp_chain_skip(struct sp_chain *chain, struct sp_arena *a, uint32_t n);

/* Lets go of the first chunk, or of all of them. */
void sp_chain_pop(struct sp_chain *chain, struct sp_arena *a);
void sp_chain_clear(struct sp_chain *chain, struct sp_arena *a);

/* One pin less for the chunk that holds the byte at p. */
void sp_chunk_unpin(struct sp_arena *a, const uint8_t *p);

static inline struct sp_chunk *
sp_chunk_at(const struct sp_arena *a, uint32_t ref)
{
	return sp_at(a, ref);
}

static inline uint32_t
sp_chunk_len(const struct sp_chunk *c)
{
	return (uint32_t)(c->end - c->start);
}

static inline uint32_t
sp_chunk_room(const struct sp_chunk *c)
{
	return (uint32_t)(c->cap - c->end);
}

#endif
