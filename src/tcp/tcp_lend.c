/*
 * tcp_lend.c - text without copying: what arrived is lent to the application in
 * slices, room behind what is queued is lent to be written, and what arrived on
 * one connection is handed over to be sent on another.
 *
 * Slices stay what they are until their bytes are taken or the socket is closed.
 * Room is made of chunks that no queue holds yet, so whatever happens meanwhile
 * cannot free it; a stack lends one reservation at a time.
 */
#include "tcp/tcp_int.h"

int
sp_tcp_recv_lend(struct sampan *s, struct tcp_tcb *t, struct sampan_slice *slices, unsigned max)
{
	const struct tcp_rx *rx = tcp_rx_if_any(s, t);
	const int ready = sp_tcp_recv_ready(t, rx);

	if (ready <= 0)
		return ready;
	return (int)sp_recvq_show(&rx->q, &s->arena, sp_tcp_to_mark(s, t), slices, max);
}

/* What may be taken at once. */
static uint32_t
takeable(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t to_mark = sp_tcp_to_mark(s, t);
	const uint32_t bytes = tcp_readable_bytes(s, t);

	return bytes < to_mark ? bytes : to_mark;
}

int64_t
sp_tcp_recv_taken(struct sampan *s, struct tcp_tcb *t, size_t n)
{
	if (n > takeable(s, t))
		return SAMPAN_EINVAL;
	if (n == 0)
		return 0;
	sp_recvq_skip(&tcp_rx_of(s, t)->q, &s->arena, (uint32_t)n);
	sp_tcp_recv_done(s, t);
	return (int64_t)n;
}

/* ---- Room to write ---- */

static uint64_t
name_of(const struct sampan *s, const struct tcp_tcb *t)
{
	return (uint64_t)t->ep.generation << 32 | sp_ref(&s->arena, t);
}

static void
drop_reserved(struct sampan *s)
{
	struct tcp_globals *const g = sp_tcp(s);

	sp_chain_clear(&g->reserved, &s->arena);
	g->reserved_bytes = 0;
	g->reserved_for = 0;
}

int
sp_tcp_send_reserve(struct sampan *s, struct tcp_tcb *t, struct sampan_room *rooms, unsigned max,
    size_t len)
{
	struct tcp_globals *const g = sp_tcp(s);
	const int64_t want = sp_tcp_send_room(s, t, len);
	unsigned n = 0;

	drop_reserved(s);
	if (want <= 0 || max == 0)
		return want <= 0 ? (int)want : 0;
	g->reserved_for = name_of(s, t);
	for (; n < max && g->reserved_bytes < (uint32_t)want; n++) {
		const uint32_t left = (uint32_t)want - g->reserved_bytes;
		const uint32_t ref = sp_chunk_take(&s->arena, left);
		struct sp_chunk *c = sp_chunk_at(&s->arena, ref);

		if (ref == 0)
			break;
		sp_chain_push(&g->reserved, &s->arena, ref);
		rooms[n] = (struct sampan_room){ c->data,
			sp_chunk_cap(c) < left ? sp_chunk_cap(c) : left };
		g->reserved_bytes += rooms[n].len;
	}
	return n > 0 ? (int)n : (int)sp_tcp_send_done(s, t, len, 0);
}

/* Moves the first n bytes of what was reserved into a chain. */
static void
fill(struct sampan *s, struct sp_chain *chain, uint32_t n)
{
	while (n > 0) {
		const uint32_t ref = sp_chain_shift(&sp_tcp(s)->reserved, &s->arena);
		struct sp_chunk *c = sp_chunk_at(&s->arena, ref);
		const uint32_t here = sp_chunk_cap(c) < n ? sp_chunk_cap(c) : n;

		c->sum = 0;		/* nobody has added up what was written */
		c->end = (uint16_t)here;
		n -= here;
		sp_chain_push(chain, &s->arena, ref);
	}
}

int64_t
sp_tcp_send_commit(struct sampan *s, struct tcp_tcb *t, size_t n)
{
	struct sp_chain chain = { 0, 0 };
	struct tcp_tx *tx = NULL;
	int64_t want = 0;

	if (sp_tcp(s)->reserved_for != name_of(s, t) || n > sp_tcp(s)->reserved_bytes)
		return SAMPAN_EINVAL;
	if (n > 0)
		want = sp_tcp_send_room(s, t, n);
	if (want > 0)
		tx = sp_tcp_tx_need(s, t);
	if (tx != NULL) {
		tx->more = false;
		fill(s, &chain, (uint32_t)want);
		sp_sendq_join(&tx->q, &s->arena, &chain, (uint32_t)want);
	}
	drop_reserved(s);
	if (want <= 0)
		return want;
	return sp_tcp_send_done(s, t, n, tx != NULL ? (uint32_t)want : 0);
}

/* ---- From one connection to another ---- */

/* A chunk that is less than half full is not worth keeping whole. */
static bool
worth_moving(const struct sp_chunk *c, uint32_t left)
{
	return sp_chunk_len(c) <= left && sp_chunk_len(c) >= sp_chunk_cap(c) / 2u;
}

/* Moves up to n of the oldest bytes from one queue to the other, whole chunks
 * where that pays; returns how many. */
static uint32_t
move(struct sampan *s, struct sp_recvq *from, struct sp_sendq *to, uint32_t n)
{
	uint32_t done = 0;

	while (done < n) {
		struct sp_chunk *c = sp_chunk_at(&s->arena, from->chain.head);
		const uint32_t left = n - done;
		const uint32_t bytes = sp_chunk_len(c) < left ? sp_chunk_len(c) : left;
		struct sp_chain chain = { 0, 0 };
		uint32_t copied;

		if (worth_moving(c, left)) {
			sp_chain_push(&chain, &s->arena, sp_chain_shift(&from->chain, &s->arena));
			from->bytes -= bytes;
			sp_sendq_join(to, &s->arena, &chain, bytes);
			done += bytes;
			continue;
		}
		copied = sp_sendq_append(to, &s->arena, c->data + c->start, bytes);
		sp_recvq_skip(from, &s->arena, copied);
		done += copied;
		if (copied < bytes)
			break;
	}
	return done;
}

int64_t
sp_tcp_splice(struct sampan *s, struct tcp_tcb *from, struct tcp_tcb *to, size_t len)
{
	struct tcp_rx *rx = tcp_rx_if_any(s, from);
	const int ready = sp_tcp_recv_ready(from, rx);
	const uint32_t have = takeable(s, from);
	const uint32_t most = len < have ? (uint32_t)len : have;
	struct tcp_tx *tx;
	uint32_t done = 0;
	int64_t want;

	if (ready <= 0)
		return ready;
	want = sp_tcp_send_room(s, to, most);
	if (want <= 0)
		return want;
	tx = sp_tcp_tx_need(s, to);
	if (tx != NULL) {
		tx->more = false;
		done = move(s, &rx->q, &tx->q, (uint32_t)want);
		sp_tcp_recv_done(s, from);
	}
	return sp_tcp_send_done(s, to, most, done);
}
