/*
 * recvq.c - see recvq.h.
 *
 * A stretch behind a gap has a chain of chunks of its own.  When a gap closes,
 * chains are joined without touching a byte: chunks may be partly filled at
 * both ends, so any two can follow each other.
 */
#include "buf/recvq.h"

#include <string.h>

#include "base/step.h"

static struct sp_part *
part_at(const struct sp_arena *a, uint32_t ref)
{
	return sp_at(a, ref);
}

static uint32_t
part_end(const struct sp_part *p)
{
	return p->start + p->bytes;
}

/* Is a before b, modulo 2^32? */
static bool
before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

void
sp_recvq_init(struct sp_arena *a)
{
	sp_pool_init(a, SP_KIND_PART, sizeof(struct sp_part));
}

/* Copies as much of the span behind a chain as memory allows. */
static uint32_t
chain_append(struct sp_chain *chain, struct sp_arena *a, struct sp_span span)
{
	const uint8_t *whole = sp_span_whole(span);
	struct sp_pieces pieces;
	struct sampan_slice piece;
	uint32_t done = 0;

	if (whole != NULL)
		return sp_chain_append(chain, a, whole, span.len, span.len);
	pieces = sp_pieces_of(span);
	while (sp_pieces_next(&pieces, &piece)) {
		const uint32_t n = sp_chain_append(chain, a, piece.data, piece.len,
		    span.len - done);

		done += n;
		if (n < piece.len)
			break;
	}
	return done;
}

/* Takes the first stretch, which is not empty, out of the list. */
static struct sp_part *
part_pop(struct sp_recvq *q, struct sp_arena *a)
{
	struct sp_part *p = part_at(a, q->part);

	if (q->part_near == q->part)
		q->part_near = 0;
	q->part = p->next;
	if (q->part == 0)
		q->part_last = 0;
	q->part_count--;
	q->part_bytes -= p->bytes;
	return p;
}

/* The end of what is in order is at pos: moves over stretches that begin there
 * or before.  Returns the new end. */
static uint32_t
absorb(struct sp_recvq *q, struct sp_arena *a, uint32_t pos)
{
	while (q->part != 0 && !before(pos, part_at(a, q->part)->start)) {
		struct sp_part *p = part_pop(q, a);
		const uint32_t known = pos - p->start;

		SP_STEP();
		if (known < p->bytes) {
			sp_chain_skip(&p->chain, a, known);
			sp_chain_join(&q->chain, a, &p->chain);
			q->bytes += p->bytes - known;
			pos = part_end(p);
		}
		sp_chain_clear(&p->chain, a);
		sp_pool_give(a, SP_KIND_PART, sp_ref(a, p));
	}
	return pos;
}

uint32_t
sp_recvq_append_more(struct sp_recvq *q, struct sp_arena *a, uint32_t pos, struct sp_span span)
{
	uint32_t taken = chain_append(&q->chain, a, span);

	if (taken < span.len && q->part != 0) {
		/* What is in order goes first; the rest will be sent again (R-V-54). */
		sp_recvq_drop_parts(q, a);
		taken += chain_append(&q->chain, a, sp_span_part(span, taken, span.len));
	}
	q->bytes += taken;
	return q->part == 0 ? taken : absorb(q, a, pos + taken) - pos;
}

static bool
may_insert(const struct sp_recvq *q)
{
	return q->part_count < SP_RECVQ_PARTS_MAX ||
	    q->part_bytes / SP_RECVQ_PART_BYTES >= q->part_count;
}

/* Puts a new stretch behind `prev` (0: at the front). */
static uint32_t
part_insert(struct sp_recvq *q, struct sp_arena *a, uint32_t prev, uint32_t start)
{
	uint32_t ref = 0;

	if (may_insert(q))
		ref = sp_pool_take(a, SP_KIND_PART);
	if (ref == 0)
		return 0;
	*part_at(a, ref) = (struct sp_part){
		.next = prev != 0 ? part_at(a, prev)->next : q->part,
		.start = start,
	};
	if (prev != 0)
		part_at(a, prev)->next = ref;
	else
		q->part = ref;
	if (q->part_last == prev)
		q->part_last = ref;
	q->part_count++;
	return ref;
}

/* Joins the stretch at ref with the next one if no gap is left between. */
static void
part_join(struct sp_recvq *q, struct sp_arena *a, uint32_t ref)
{
	struct sp_part *p = part_at(a, ref);
	const uint32_t next = p->next;
	struct sp_part *n = part_at(a, next);

	if (next == 0 || part_end(p) != n->start)
		return;
	sp_chain_join(&p->chain, a, &n->chain);
	p->bytes += n->bytes;
	p->next = n->next;
	if (q->part_last == next)
		q->part_last = ref;
	if (q->part_near == next)
		q->part_near = ref;
	q->part_count--;
	sp_pool_give(a, SP_KIND_PART, next);
}

/* Takes a stretch out that is empty, because memory ran out, and has just come
 * behind `prev`. */
static void
part_remove(struct sp_recvq *q, struct sp_arena *a, uint32_t prev, uint32_t ref)
{
	const uint32_t next = part_at(a, ref)->next;

	if (prev != 0)
		part_at(a, prev)->next = next;
	else
		q->part = next;
	if (q->part_last == ref)
		q->part_last = prev;
	q->part_count--;
	sp_pool_give(a, SP_KIND_PART, ref);
}

/* Fills the gap behind `prev` with a span that lies in it.  Returns the
 * stretch that ends with it, 0: it could not all be kept. */
static uint32_t
fill_gap(struct sp_recvq *q, struct sp_arena *a, uint32_t prev, uint32_t pos, struct sp_span span)
{
	uint32_t ref = prev;
	uint32_t taken;

	if (prev == 0 || part_end(part_at(a, prev)) != pos)
		ref = part_insert(q, a, prev, pos);
	if (ref == 0)
		return 0;
	taken = chain_append(&part_at(a, ref)->chain, a, span);
	part_at(a, ref)->bytes += taken;
	q->part_bytes += taken;
	if (part_at(a, ref)->bytes == 0)
		part_remove(q, a, prev, ref);
	return taken == span.len ? ref : 0;
}

/* The last stretch that begins at or before pos, 0: none.  False: it is too far to be
 * searched for. */
static bool
find_before(const struct sp_recvq *q, const struct sp_arena *a, uint32_t pos, uint32_t *found)
{
	uint32_t ref = q->part;

	*found = 0;
	if (q->part_last != 0 && !before(pos, part_at(a, q->part_last)->start)) {
		*found = q->part_last;
		return true;
	}
	if (q->part_near != 0 && !before(pos, part_at(a, q->part_near)->start))
		ref = q->part_near;
	for (unsigned i = 0; ref != 0 && !before(pos, part_at(a, ref)->start); i++) {
		SP_STEP();
		if (i == SP_RECVQ_SEARCH_MAX)
			return false;
		*found = ref;
		ref = part_at(a, ref)->next;
	}
	return true;
}

bool
sp_recvq_put(struct sp_recvq *q, struct sp_arena *a, uint32_t pos, struct sp_span span)
{
	uint32_t prev;

	if (!find_before(q, a, pos, &prev))
		return false;
	if (prev != q->part_last)
		q->part_near = prev;
	while (span.len > 0) {
		const uint32_t next = prev != 0 ? part_at(a, prev)->next : q->part;
		uint32_t len = span.len;

		if (prev != 0 && before(pos, part_end(part_at(a, prev)))) {
			len = part_end(part_at(a, prev)) - pos;	/* held already */
		} else {
			if (next != 0 && part_at(a, next)->start - pos < len)
				len = part_at(a, next)->start - pos;
			if (len > 0)
				prev = fill_gap(q, a, prev, pos, sp_span_part(span, 0, len));
			if (prev == 0 && len > 0)
				return false;
			if (len > 0)
				part_join(q, a, prev);
			else
				prev = next;
		}
		pos += len < span.len ? len : span.len;
		span = sp_span_part(span, len, span.len);
	}
	return true;
}

const struct sp_part *
sp_recvq_find(const struct sp_recvq *q, const struct sp_arena *a, uint32_t pos)
{
	uint32_t ref;

	if (!find_before(q, a, pos, &ref) || ref == 0 || !before(pos, part_end(part_at(a, ref))))
		return NULL;
	return part_at(a, ref);
}

uint32_t
sp_recvq_read_some(struct sp_recvq *q, struct sp_arena *a, uint8_t *dst, uint32_t len)
{
	uint32_t done = 0;

	while (done < len && q->chain.head != 0) {
		struct sp_chunk *c = sp_chunk_at(a, q->chain.head);
		const uint32_t have = sp_chunk_len(c);
		const uint32_t n = have < len - done ? have : len - done;

		sp_copy(dst + done, c->data + c->start, n);
		c->start = (uint16_t)(c->start + n);
		done += n;
		if (n == have)
			sp_chain_pop(&q->chain, a);
	}
	q->bytes -= done;
	return done;
}

uint32_t
sp_recvq_copy(const struct sp_recvq *q, const struct sp_arena *a, uint32_t skip, uint8_t *dst,
    uint32_t len)
{
	uint32_t done = 0;

	for (uint32_t ref = q->chain.head; ref != 0 && done < len;) {
		const struct sp_chunk *c = sp_chunk_at(a, ref);
		const uint32_t have = sp_chunk_len(c);
		const uint32_t from = skip < have ? skip : have;
		const uint32_t n = have - from < len - done ? have - from : len - done;

		memcpy(dst + done, c->data + c->start + from, n);
		skip -= from;
		done += n;
		ref = c->next;
	}
	return done;
}

unsigned
sp_recvq_show(const struct sp_recvq *q, const struct sp_arena *a, uint32_t len,
    struct sampan_slice *slices, unsigned max)
{
	unsigned n = 0;

	for (uint32_t ref = q->chain.head; ref != 0 && n < max && len > 0;) {
		const struct sp_chunk *c = sp_chunk_at(a, ref);
		const uint32_t have = sp_chunk_len(c) < len ? sp_chunk_len(c) : len;

		slices[n++] = (struct sampan_slice){ c->data + c->start, have };
		len -= have;
		ref = c->next;
	}
	return n;
}

void
sp_recvq_skip(struct sp_recvq *q, struct sp_arena *a, uint32_t n)
{
	q->bytes -= n;
	sp_chain_skip(&q->chain, a, n);
}

void
sp_recvq_drop_parts(struct sp_recvq *q, struct sp_arena *a)
{
	while (q->part != 0) {
		struct sp_part *p = part_pop(q, a);

		sp_chain_clear(&p->chain, a);
		sp_pool_give(a, SP_KIND_PART, sp_ref(a, p));
	}
}

void
sp_recvq_clear(struct sp_recvq *q, struct sp_arena *a)
{
	sp_recvq_drop_parts(q, a);
	sp_chain_clear(&q->chain, a);
	*q = (struct sp_recvq){ 0 };
}
