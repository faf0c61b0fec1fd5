/*
 * recvq.h - the bytes that arrived: those in order that wait for the
 * application, and those behind a gap that wait for the gap to be filled.
 *
 * Bytes are put at positions, numbers modulo 2^32 that the caller chooses
 * (sequence numbers); what they mean is tcp/'s business.  Holds no memory when
 * empty.  Small arrivals are packed into the room that the last chunk has
 * left, so a small message never pins a large buffer.  Bytes that are held
 * already are never replaced by later ones.
 */
#ifndef SAMPAN_BUF_RECVQ_H
#define SAMPAN_BUF_RECVQ_H

#include "buf/chunk.h"
#include "buf/span.h"

/* Stretches behind gaps that one queue holds whatever their size, and beyond that as
 * long as they hold so many bytes in the mean: what small ones cost beside their bytes
 * is bounded (R-WND-17), and a large flight with a gap every few segments is kept. */
#define SP_RECVQ_PARTS_MAX 128
#define SP_RECVQ_PART_BYTES 512

/* Stretches that one search passes: bounds the work per segment (R-V-4).  It begins at
 * the front, where the last arrival went, or at the end; what is not reached is refused. */
#define SP_RECVQ_SEARCH_MAX 128

/* Bytes [start, start + bytes) behind a gap. */
struct sp_part {
	uint32_t next;		/* the one behind it, 0: none */
	uint32_t start;
	uint32_t bytes;
	struct sp_chain chain;
	uint32_t pad[3];
};
_Static_assert(sizeof(struct sp_part) == 32, "two granules");

/* All zero is an empty queue. */
struct sp_recvq {
	struct sp_chain chain;	/* in order */
	uint32_t bytes;		/* of it */
	uint32_t part;		/* first stretch behind a gap, 0: none */
	uint32_t part_last;
	uint32_t part_count;
	uint32_t part_bytes;	/* of all of them */
	uint32_t part_near;	/* before which or in which the last arrival went, 0: none */
};

/* Declares the pool of parts. */
void sp_recvq_init(struct sp_arena *a);

/* Copies the span behind the end of what is in order, which has position
 * `pos`, and moves over what then follows without a gap.  Returns by how much
 * the end has moved: less than span.len when memory is short. */
uint32_t sp_recvq_append_more(struct sp_recvq *q, struct sp_arena *a, uint32_t pos,
    struct sp_span span);

static inline uint32_t
sp_recvq_append(struct sp_recvq *q, struct sp_arena *a, uint32_t pos, struct sp_span span)
{
	const uint8_t *whole = sp_span_whole(span);

	if (whole == NULL || (q->chain.tail | q->part) != 0 ||
	    !sp_chain_begin(&q->chain, a, whole, span.len))
		return sp_recvq_append_more(q, a, pos, span);
	q->bytes = span.len;		/* a message that is alone */
	return span.len;
}

/* Keeps the span, which begins at pos, behind a gap.  False: some or all of it
 * could not be kept. */
bool sp_recvq_put(struct sp_recvq *q, struct sp_arena *a, uint32_t pos, struct sp_span span);

/* The stretch that holds pos; NULL. */
const struct sp_part *sp_recvq_find(const struct sp_recvq *q, const struct sp_arena *a,
    uint32_t pos);

/* Moves up to len of the oldest bytes out; returns how many. */
uint32_t sp_recvq_read_some(struct sp_recvq *q, struct sp_arena *a, uint8_t *dst, uint32_t len);

static inline uint32_t
sp_recvq_read(struct sp_recvq *q, struct sp_arena *a, uint8_t *dst, uint32_t len)
{
	const uint32_t ref = q->chain.head, n = q->bytes;
	const struct sp_chunk *c;

	if (ref == 0 || ref != q->chain.tail || n > len)
		return sp_recvq_read_some(q, a, dst, len);
	c = sp_chunk_at(a, ref);	/* a message that is alone */
	sp_copy(dst, c->data + c->start, n);
	sp_chunk_drop(a, ref);
	q->chain = (struct sp_chain){ 0, 0 };
	q->bytes = 0;
	return n;
}

/* Copies up to len bytes from `skip` on, and leaves them there; returns how many. */
uint32_t sp_recvq_copy(const struct sp_recvq *q, const struct sp_arena *a, uint32_t skip,
    uint8_t *dst, uint32_t len);

/* Shows up to len of the oldest bytes as up to max slices; returns how many slices. */
unsigned sp_recvq_show(const struct sp_recvq *q, const struct sp_arena *a, uint32_t len,
    struct sampan_slice *slices, unsigned max);

/* Forgets the oldest n bytes (n <= q->bytes). */
void sp_recvq_skip(struct sp_recvq *q, struct sp_arena *a, uint32_t n);

/* Forgets what is behind gaps, or everything. */
void sp_recvq_drop_parts(struct sp_recvq *q, struct sp_arena *a);
void sp_recvq_clear(struct sp_recvq *q, struct sp_arena *a);

static inline bool
sp_recvq_empty(const struct sp_recvq *q)
{
	return q->bytes == 0 && q->part == 0;
}

#endif
