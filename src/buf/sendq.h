/*
 * sendq.h - the bytes that a connection has yet to see acknowledged.
 *
 * Bytes only: offsets count from the oldest one; which sequence number that
 * is, and what is in flight, is tcp/'s business.  Holds no memory when empty.
 */
#ifndef SAMPAN_BUF_SENDQ_H
#define SAMPAN_BUF_SENDQ_H

#include <sampan/sampan.h>

#include "buf/chunk.h"
#include "wire/csum.h"

/* All zero is an empty queue. */
struct sp_sendq {
	struct sp_chain chain;
	uint32_t bytes;
	uint32_t cursor;	/* a chunk near the last read, 0: none */
	uint32_t cursor_off;	/* offset of its first byte */
};

/* Copies up to len bytes behind the end; returns how many memory allowed. */
uint32_t sp_sendq_append_more(struct sp_sendq *q, struct sp_arena *a, const uint8_t *data,
    uint32_t len);

static inline uint32_t
sp_sendq_append(struct sp_sendq *q, struct sp_arena *a, const uint8_t *data, uint32_t len)
{
	if (q->chain.tail != 0 || !sp_chain_begin(&q->chain, a, data, len))
		return sp_sendq_append_more(q, a, data, len);
	q->bytes = len;			/* a message that is alone */
	return len;
}

/* The same for bytes whose checksum will be asked for: made while they are copied, by that
 * variant of csum.h. */
uint32_t sp_sendq_append_sum(struct sp_sendq *q, struct sp_arena *a, const uint8_t *data,
    uint32_t len, unsigned variant);

/* Puts chunks that hold so many bytes, none of them empty, behind the end. */
void sp_sendq_join(struct sp_sendq *q, struct sp_arena *a, struct sp_chain *chain,
    uint32_t bytes);

/* Forgets the oldest n bytes (n <= q->bytes). */
void sp_sendq_drop_some(struct sp_sendq *q, struct sp_arena *a, uint32_t n);

static inline void
sp_sendq_drop(struct sp_sendq *q, struct sp_arena *a, uint32_t n)
{
	if (n != q->bytes || q->chain.head != q->chain.tail || n == 0) {
		sp_sendq_drop_some(q, a, n);
		return;
	}
	sp_chunk_drop(a, q->chain.head);	/* a message that was alone */
	*q = (struct sp_sendq){ 0 };
}

/* Copies [off, off + len), which must be in the queue. */
void sp_sendq_copy(struct sp_sendq *q, struct sp_arena *a, uint32_t off, uint32_t len,
    uint8_t *dst);

/* Shows [off, off + len), which must be in the queue, as slices of the frame
 * and pins what they show.  Returns the bytes shown: fewer when the frame has
 * no slice left. */
uint32_t sp_sendq_show(struct sp_sendq *q, struct sp_arena *a, uint32_t off, uint32_t len,
    struct sampan_frame *f);

/* Adds the frame's slices, which are chunks of send queues, to a checksum: those of whole
 * chunks by the sums that these keep. */
void sp_sendq_csum(struct sp_csum *sum, const struct sp_arena *a, const struct sampan_frame *f,
    unsigned variant);

void sp_sendq_clear(struct sp_sendq *q, struct sp_arena *a);

#endif
