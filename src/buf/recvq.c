/*
 * recvq.c - see recvq.h.
 */
#include "buf/recvq.h"

#include <string.h>

uint32_t
sp_recvq_append(struct sp_recvq *q, struct sp_arena *a, struct sp_span span)
{
	const uint32_t want = span.len;

	while (span.len > 0) {
		struct sp_chunk *c = sp_chain_room(&q->chain, a, span.len);
		struct sp_span part;

		if (c == NULL)
			break;
		part = sp_span_part(span, 0, sp_chunk_room(c));
		sp_span_copy(c->data + c->end, part);
		c->end = (uint16_t)(c->end + part.len);
		span = sp_span_part(span, part.len, span.len);
	}
	q->bytes += want - span.len;
	return want - span.len;
}

uint32_t
sp_recvq_read(struct sp_recvq *q, struct sp_arena *a, uint8_t *dst, uint32_t len)
{
	uint32_t done = 0;

	while (done < len && q->chain.head != 0) {
		struct sp_chunk *c = sp_chunk_at(a, q->chain.head);
		const uint32_t have = sp_chunk_len(c);
		const uint32_t n = have < len - done ? have : len - done;

		memcpy(dst + done, c->data + c->start, n);
		c->start = (uint16_t)(c->start + n);
		done += n;
		if (n == have)
			sp_chain_pop(&q->chain, a);
	}
	q->bytes -= done;
	return done;
}

void
sp_recvq_clear(struct sp_recvq *q, struct sp_arena *a)
{
	sp_chain_clear(&q->chain, a);
	*q = (struct sp_recvq){ 0 };
}
