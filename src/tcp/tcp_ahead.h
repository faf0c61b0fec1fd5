/*
 * tcp_ahead.h - what a batch asks for before it needs it: a cache miss costs 190 ns
 * alone and a twentieth of that in company.  For sock/, which takes batches through these
 * stages; in line, for they are short.
 */
#ifndef SAMPAN_TCP_TCP_AHEAD_H
#define SAMPAN_TCP_TCP_AHEAD_H

#include "tcp/tcp.h"

/* Where a packet's hint names nothing: its hash is not in the table, not only unknown. */
#define TCP_HINT_NOBODY 1u

/* The control block, which may be a shorter record: all that is asked for is in the block
 * of memory. */
static inline void
tcp_ahead_tcb(const void *t)
{
	sp_prefetch(t);
	sp_prefetch((const uint8_t *)t + 64);
	sp_prefetch((const uint8_t *)t + 128);
	sp_prefetch((const uint8_t *)t + 192);
}

/* What a conversation reads and writes of it. */
static inline void
tcp_ahead_tx(const struct tcp_tx *tx)
{
	for (size_t at = 0; at < TCP_TX_HOT_BYTES; at += 64)
		sp_prefetch((const uint8_t *)tx + at);
}

/* A segment has arrived: the bucket. */
static inline void
sp_tcp_ahead(const struct sampan *s, const struct sp_pkt *pkt)
{
	sp_table_prefetch(&s->conns, &s->arena, pkt->hash);
}

/* The bucket has come: the record.  What is found is kept for sp_tcp_find_for(), if it
 * is asked before the table changes. */
static inline void
sp_tcp_ahead_found(const struct sampan *s, struct sp_pkt *pkt)
{
	struct sp_cursor c = sp_table_find(&s->conns, &s->arena, pkt->hash);
	const struct sp_entry *e = sp_table_next(&s->arena, &c);

	pkt->hint_changes = s->conns.changes;
	if (e == NULL) {
		pkt->hint = (struct sp_entry){ 0, TCP_HINT_NOBODY };
		return;
	}
	pkt->hint = *e;
	tcp_ahead_tcb(sp_at(&s->arena, e->ref));
}

/* NULL: none was found. */
static inline const struct tcp_tcb *
tcp_hinted(const struct sampan *s, const struct sp_pkt *pkt)
{
	if (pkt->hint.ref == 0 || sp_entry_tag(&pkt->hint) != TCP_TAG_TCB)
		return NULL;
	return tcp_tcb_at(s, pkt->hint.ref);
}

/* The record has come: what hangs on it. */
static inline void
sp_tcp_ahead_queues(const struct sampan *s, const struct sp_pkt *pkt)
{
	const struct tcp_tcb *t = tcp_hinted(s, pkt);

	if (t != NULL && t->tx != 0)
		tcp_ahead_tx(tcp_tx_of(s, t));
	if (t != NULL && t->rx != 0)
		sp_prefetch(tcp_rx_of(s, t));
}

/* That has come: the text that an acknowledgement lets go of. */
static inline void
sp_tcp_ahead_text(const struct sampan *s, const struct sp_pkt *pkt)
{
	const struct tcp_tcb *t = tcp_hinted(s, pkt);

	if (t != NULL && t->tx != 0 && tcp_tx_of(s, t)->q.chain.head != 0)
		sp_prefetch(sp_at(&s->arena, tcp_tx_of(s, t)->q.chain.head));
}

/* A connection stands next in a run queue; run: its node there.  It was asked for when it
 * was the next but one, which is asked for now. */
static inline void
sp_tcp_ahead_output(const struct sampan *s, uint32_t run)
{
	const struct tcp_tcb *t = sp_container_of(sp_at(&s->arena, run), struct tcp_tcb, run);

	if (t->run.next != 0)
		tcp_ahead_tcb(sp_container_of(sp_at(&s->arena, t->run.next), struct tcp_tcb, run));
	if (t->tx != 0)
		tcp_ahead_tx(tcp_tx_of(s, t));
	if (t->rx != 0)
		sp_prefetch(tcp_rx_of(s, t));
}

/* A timer is the next to go off, of a control block perhaps. */
static inline void
sp_tcp_ahead_timer(const struct sampan *s, uint32_t timer)
{
	tcp_ahead_tcb((const uint8_t *)sp_at(&s->arena, timer) - offsetof(struct tcp_tcb, timer));
}

#endif
