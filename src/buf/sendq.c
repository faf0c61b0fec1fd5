/*
 * sendq.c - see sendq.h.
 *
 * Reads go forward almost always (new data), sometimes back to the start
 * (retransmission), so a cursor remembers the chunk of the last read and a
 * search starts there or at the head, whichever is not behind the target.
 */
#include "buf/sendq.h"

#include <string.h>

uint32_t
sp_sendq_append_more(struct sp_sendq *q, struct sp_arena *a, const uint8_t *data, uint32_t len)
{
	const uint32_t done = sp_chain_append(&q->chain, a, data, len, len);

	q->bytes += done;
	return done;
}

uint32_t
sp_sendq_append_sum(struct sp_sendq *q, struct sp_arena *a, const uint8_t *data, uint32_t len,
    unsigned variant)
{
	const uint32_t done = sp_chain_append_sum(&q->chain, a, data, len, variant);

	q->bytes += done;
	return done;
}

void
sp_sendq_join(struct sp_sendq *q, struct sp_arena *a, struct sp_chain *chain, uint32_t bytes)
{
	sp_chain_join(&q->chain, a, chain);
	q->bytes += bytes;
}

void
sp_sendq_drop_some(struct sp_sendq *q, struct sp_arena *a, uint32_t n)
{
	uint32_t left = n;

	q->bytes -= n;
	while (left > 0) {
		struct sp_chunk *c = sp_chunk_at(a, q->chain.head);
		const uint32_t len = sp_chunk_len(c);

		if (len > left) {
			c->start = (uint16_t)(c->start + left);
			break;
		}
		left -= len;
		if (q->cursor == q->chain.head)
			q->cursor = 0;
		sp_chain_pop(&q->chain, a);
	}
	if (q->cursor == q->chain.head)
		q->cursor_off = 0;
	else if (q->cursor != 0)
		q->cursor_off -= n;
}

/* Moves the cursor to the chunk that holds the byte at off. */
static struct sp_chunk *
seek(struct sp_sendq *q, struct sp_arena *a, uint32_t off)
{
	struct sp_chunk *c;

	if (q->cursor == 0 || q->cursor_off > off) {
		q->cursor = q->chain.head;
		q->cursor_off = 0;
	}
	c = sp_chunk_at(a, q->cursor);
	while (off - q->cursor_off >= sp_chunk_len(c)) {
		q->cursor_off += sp_chunk_len(c);
		q->cursor = c->next;
		c = sp_chunk_at(a, q->cursor);
	}
	return c;
}

void
sp_sendq_copy(struct sp_sendq *q, struct sp_arena *a, uint32_t off, uint32_t len, uint8_t *dst)
{
	const struct sp_chunk *c = seek(q, a, off);
	uint32_t skip = off - q->cursor_off;

	for (;;) {
		const uint32_t have = sp_chunk_len(c) - skip;
		const uint32_t n = have < len ? have : len;

		sp_copy(dst, c->data + c->start + skip, n);
		len -= n;
		if (len == 0)
			return;
		dst += n;
		c = sp_chunk_at(a, c->next);
		skip = 0;
	}
}

uint32_t
sp_sendq_show(struct sp_sendq *q, struct sp_arena *a, uint32_t off, uint32_t len,
    struct sampan_frame *f)
{
	struct sp_chunk *c;
	uint32_t done = 0, skip;

	if (len == 0)
		return 0;
	c = seek(q, a, off);
	skip = off - q->cursor_off;
	while (done < len && f->slices < SAMPAN_FRAME_SLICES) {
		const uint32_t have = sp_chunk_len(c) - skip;
		const uint32_t n = have < len - done ? have : len - done;

		f->slice[f->slices++] = (struct sampan_slice){ c->data + c->start + skip, n };
		c->pins++;
		done += n;
		if (done < len)
			c = sp_chunk_at(a, c->next);
		skip = 0;
	}
	return done;
}

void
sp_sendq_csum(struct sp_csum *sum, const struct sp_arena *a, const struct sampan_frame *f,
    unsigned variant)
{
	for (unsigned i = 0; i < f->slices; i++) {
		const struct sampan_slice *slice = &f->slice[i];
		const struct sp_chunk *c = sp_chunk_of(a, slice->data);

		if (c->sum != 0 && slice->data == c->data && slice->len == c->end)
			sp_csum_feed_sum(sum, c->sum, slice->len);
		else
			sp_csum_feed(sum, slice->data, slice->len, variant);
	}
}

void
sp_sendq_clear(struct sp_sendq *q, struct sp_arena *a)
{
	sp_chain_clear(&q->chain, a);
	*q = (struct sp_sendq){ 0 };
}
