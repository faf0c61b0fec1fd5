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
#include "base/copy.h"

#define SP_CHUNK_SMALL_SHIFT 8u
#define SP_CHUNK_SMALL_BYTES (1u << SP_CHUNK_SMALL_SHIFT)
#define SP_CHUNK_LARGE_BYTES 4096u

struct sp_chunk {
	uint32_t next;		/* in its chain, 0: last */
	uint32_t pins;		/* frames that show its bytes and have not been sent yet */
	uint16_t start, end;	/* bytes in use: [start, end) of its bytes */
	uint16_t sum;		/* Internet checksum of [0, end), 0: not known (sendq.h) */
	uint8_t shift;		/* log2 of its size */
	bool queued;		/* some chain holds it */
	uint8_t data[];
};
_Static_assert(sizeof(struct sp_chunk) == 16, "one granule");

/* Chunks in order; all zero is empty. */
struct sp_chain {
	uint32_t head, tail;
};

/* Copies up to len bytes behind a chain's end, into chunks that fit `want` bytes as far as
 * their size allows; returns how many memory allowed. */
uint32_t sp_chain_append(struct sp_chain *chain, struct sp_arena *a, const uint8_t *data,
    uint32_t len, uint32_t want);

/* The same for len bytes that will be sent: their checksum is made on the way, if they are
 * many, and kept by the chunks.  variant: of csum.h. */
uint32_t sp_chain_append_sum(struct sp_chain *chain, struct sp_arena *a, const uint8_t *data,
    uint32_t len, unsigned variant);

/* Sets up the two pools. */
void sp_chunk_init(struct sp_arena *a);

/* Puts a chunk behind the last one. */
void sp_chain_push(struct sp_chain *chain, struct sp_arena *a, uint32_t ref);

/* Takes the first chunk out; it stays queued. */
uint32_t sp_chain_shift(struct sp_chain *chain, struct sp_arena *a);

/* Puts its bytes together, so that chunks are full and few; false: no memory,
 * the bytes are there all the same. */
bool sp_chain_pack(struct sp_chain *chain, struct sp_arena *a, uint32_t bytes);

/* Puts all of `tail` behind `chain`, and leaves `tail` empty. */
void sp_chain_join(struct sp_chain *chain, struct sp_arena *a, struct sp_chain *tail);

/* Lets go of the first n bytes, fewer than there are. */
void sp_chain_skip(struct sp_chain *chain, struct sp_arena *a, uint32_t n);

/* Lets go of all of them. */
void sp_chain_clear(struct sp_chain *chain, struct sp_arena *a);

/* The chunk that holds the byte at p. */
struct sp_chunk *sp_chunk_of(const struct sp_arena *a, const uint8_t *p);

/* One pin more, or less, for the chunk that holds the byte at p. */
void sp_chunk_pin(struct sp_arena *a, const uint8_t *p);
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

/* Bytes that data[] has. */
static inline uint32_t
sp_chunk_cap(const struct sp_chunk *c)
{
	return (1u << c->shift) - (uint32_t)sizeof(*c);
}

static inline enum sp_kind
sp_chunk_kind(const struct sp_chunk *c)
{
	return c->shift == SP_CHUNK_SMALL_SHIFT ? SP_KIND_SMALL : SP_KIND_LARGE;
}

static inline uint32_t
sp_chunk_room(const struct sp_chunk *c)
{
	return sp_chunk_cap(c) - c->end;
}

/* An empty chunk of the kind, queued; 0: no memory. */
static inline uint32_t
sp_chunk_take_kind(struct sp_arena *a, enum sp_kind kind)
{
	const uint32_t ref = sp_pool_take(a, kind);
	struct sp_chunk *c = sp_chunk_at(a, ref);

	if (ref == 0)
		return 0;
	*c = (struct sp_chunk){
		.shift = (uint8_t)__builtin_ctz(a->pool[kind].object_bytes),
		.queued = true,
	};
	return ref;
}

/* An empty chunk, queued, large if `want` bytes do not fit into a small one
 * (when no large one is left, small all the same); 0: no memory. */
static inline uint32_t
sp_chunk_take(struct sp_arena *a, uint32_t want)
{
	uint32_t ref = 0;

	if (want > SP_CHUNK_SMALL_BYTES - sizeof(struct sp_chunk))
		ref = sp_chunk_take_kind(a, SP_KIND_LARGE);
	return ref != 0 ? ref : sp_chunk_take_kind(a, SP_KIND_SMALL);
}

/* Gives the chunk back if nobody has anything in it any more. */
static inline void
sp_chunk_release(struct sp_arena *a, struct sp_chunk *c)
{
	if (!c->queued && c->pins == 0)
		sp_pool_give(a, sp_chunk_kind(c), sp_ref(a, c));
}

/* The chain lets go of the chunk; it is freed when nothing pins it. */
static inline void
sp_chunk_drop(struct sp_arena *a, uint32_t ref)
{
	struct sp_chunk *c = sp_chunk_at(a, ref);

	c->queued = false;
	sp_chunk_release(a, c);
}

/* The last chunk if it has room, else a new one behind it that fits `want`
 * bytes as far as its size allows; NULL: no memory. */
static inline struct sp_chunk *
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

/* What fits into a small chunk. */
#define SP_CHUNK_SMALL_ROOM (SP_CHUNK_SMALL_BYTES - (uint32_t)sizeof(struct sp_chunk))

/* A message, not empty, in a chunk of its own, the first of an empty chain; false: it
 * is too large for a small one, or there is no memory. */
static inline bool
sp_chain_begin(struct sp_chain *chain, struct sp_arena *a, const uint8_t *data, uint32_t len)
{
	struct sp_chunk *c;
	uint32_t ref;

	if (len - 1 >= SP_CHUNK_SMALL_ROOM)
		return false;
	ref = sp_pool_take(a, SP_KIND_SMALL);
	if (ref == 0)
		return false;
	c = sp_chunk_at(a, ref);
	*c = (struct sp_chunk){
		.end = (uint16_t)len,
		.shift = SP_CHUNK_SMALL_SHIFT,
		.queued = true,
	};
	sp_copy(c->data, data, len);
	chain->head = ref;
	chain->tail = ref;
	return true;
}

/* Lets go of the first chunk. */
static inline void
sp_chain_pop(struct sp_chain *chain, struct sp_arena *a)
{
	const uint32_t ref = chain->head;

	chain->head = sp_chunk_at(a, ref)->next;
	if (chain->head == 0)
		chain->tail = 0;
	sp_chunk_drop(a, ref);
}

#endif
