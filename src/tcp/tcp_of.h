/*
 * tcp_of.h - from a stack or a control block to what belongs to it: the inline
 * functions that every file of tcp/ uses.
 */
#ifndef SAMPAN_TCP_TCP_OF_H
#define SAMPAN_TCP_TCP_OF_H

#include "tcp/tcp_tcb.h"

static inline struct tcp_globals *
sp_tcp(struct sampan *s)
{
	return (struct tcp_globals *)(void *)s->tcp.bytes;
}

static inline const struct tcp_globals *
sp_tcp_const(const struct sampan *s)
{
	return (const struct tcp_globals *)(const void *)s->tcp.bytes;
}

static inline struct tcp_tcb *
tcp_tcb_at(const struct sampan *s, uint32_t ref)
{
	return sp_at(&s->arena, ref);
}

/* Where t->tx, t->rx are known not to be 0; and where they may be. */
static inline struct tcp_tx *
tcp_tx_of(const struct sampan *s, const struct tcp_tcb *t)
{
	return sp_at(&s->arena, t->tx);
}

static inline struct tcp_rx *
tcp_rx_of(const struct sampan *s, const struct tcp_tcb *t)
{
	return sp_at(&s->arena, t->rx);
}

static inline struct tcp_tx *
tcp_tx_if_any(const struct sampan *s, const struct tcp_tcb *t)
{
	return t->tx != 0 ? tcp_tx_of(s, t) : NULL;
}

static inline struct tcp_rx *
tcp_rx_if_any(const struct sampan *s, const struct tcp_tcb *t)
{
	return t->rx != 0 ? tcp_rx_of(s, t) : NULL;
}

/* Where t->rare is known not to be 0. */
static inline struct tcp_rare *
tcp_rare_of(const struct sampan *s, const struct tcp_tcb *t)
{
	return sp_at(&s->arena, t->rare);
}

/* The floor of the RTO: the setting's, or that of the route. */
static inline uint32_t
tcp_rto_min_us(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t ms = t->rare != 0 ? tcp_rare_of(s, t)->rto_min_ms : 0;

	return ms != 0 ? 1000 * ms : (uint32_t)sp_setting(s, SAMPAN_SET_TCP_RTO_MIN);
}

/* RTO after `backoff` doublings. */
static inline sampan_dur
tcp_rto(const struct sampan *s, const struct tcp_tcb *t, unsigned backoff)
{
	return sp_tcp_rtt_rto_from(s, &t->rtt, tcp_rto_min_us(s, t), backoff);
}

static inline struct tcp_listen *
tcp_listen_of(const struct sampan *s, const struct tcp_tcb *t)
{
	return (struct tcp_listen *)sp_at(&s->arena, tcp_rare_of(s, t)->listen);
}

static inline bool
tcp_is(const struct tcp_tcb *t, enum tcp_flag flag)
{
	return (t->flags & (uint32_t)flag) != 0;
}

static inline void
tcp_set(struct tcp_tcb *t, enum tcp_flag flag)
{
	t->flags |= (uint32_t)flag;
}

static inline void
tcp_clear(struct tcp_tcb *t, enum tcp_flag flag)
{
	t->flags &= ~(uint32_t)flag;
}

/* SND.UNA and RCV.NXT move forward; the wraps count what 32 bits cannot. */
static inline void
tcp_advance_una(struct tcp_tcb *t, tcp_seq to)
{
	t->una_wraps = (uint16_t)(t->una_wraps +
	    (seq_diff(to, t->iss) < seq_diff(t->snd.una, t->iss) ? 1 : 0));
	t->snd.una = to;
}

static inline void
tcp_advance_rcv(struct tcp_tcb *t, uint32_t n)
{
	const tcp_seq to = seq_add(t->rcv.nxt, n);

	t->rcv_wraps = (uint16_t)(t->rcv_wraps +
	    (seq_diff(to, t->irs) < seq_diff(t->rcv.nxt, t->irs) ? 1 : 0));
	t->rcv.nxt = to;
}

/* Bytes queued, sent or not. */
static inline uint32_t
tcp_queued_bytes(const struct sampan *s, const struct tcp_tcb *t)
{
	return t->tx != 0 ? tcp_tx_of(s, t)->q.bytes : 0;
}

static inline uint32_t
tcp_readable_bytes(const struct sampan *s, const struct tcp_tcb *t)
{
	return t->rx != 0 ? tcp_rx_of(s, t)->q.bytes : 0;
}

/* Nothing to read, behind a gap, or at the end: a struct tcp_rx may be kept all the same,
 * for as long as there is a struct tcp_tx (sp_tcp_rx_release()). */
static inline bool
tcp_rx_is_empty(const struct sampan *s, const struct tcp_tcb *t)
{
	return t->rx == 0 || (sp_recvq_empty(&tcp_rx_of(s, t)->q) && !tcp_rx_of(s, t)->fin_held);
}

/* The receive window as last advertised: RCV.WND. */
static inline uint32_t
tcp_rcv_wnd(const struct tcp_tcb *t)
{
	return seq_diff(t->rcv.edge, t->rcv.nxt);
}

#endif
