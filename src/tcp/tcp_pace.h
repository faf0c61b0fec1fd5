/*
 * tcp_pace.h - text leaves at a pace instead of as fast as the window allows.
 *
 * Does: say when the next text may leave and how much of it, and wait for that.
 * Does not: choose a rate where the congestion control does (tcp_cc.h), nor hold
 * back acknowledgements, window probes and what opens a connection.
 * Read first: the essay in tcp_pace.c.
 */
#ifndef SAMPAN_TCP_TCP_PACE_H
#define SAMPAN_TCP_TCP_PACE_H

#include "tcp/tcp_of.h"

/* Does the connection pace from now on?  To be asked again when its control, the
 * application or a new struct tcp_tx may have changed that. */
void sp_tcp_pace_begin(const struct sampan *s, struct tcp_tcb *t);

/* The pace in bytes a second, never 0; UINT64_MAX: none is known.  Of a connection
 * with a struct tcp_tx. */
uint64_t sp_tcp_pace_rate(const struct sampan *s, const struct tcp_tcb *t);

/* The most text that may leave in one frame; of a connection that paces. */
uint32_t sp_tcp_pace_room(const struct sampan *s, const struct tcp_tcb *t);

/* len bytes of text left; of a connection that paces. */
void sp_tcp_pace_sent(struct sampan *s, struct tcp_tcb *t, uint32_t len);

/* Nothing leaves because it is too early: come back for it. */
void sp_tcp_pace_wait(struct sampan *s, struct tcp_tcb *t);

/* Is it too early for text? */
static inline bool
tcp_pace_holds(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);

	return tx != NULL && tx->paced && tx->pace_left_bytes == 0 && tx->pace_at > s->now;
}

#endif
