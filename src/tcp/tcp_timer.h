/*
 * tcp_timer.h - the deadlines of a connection.  RFC 9293 §3.10.8, RFC 6298 §5.
 *
 * Other files report what happened (sp_tcp_on_*); what that means for the
 * deadlines is decided in tcp_timer.c.
 */
#ifndef SAMPAN_TCP_TCP_TIMER_H
#define SAMPAN_TCP_TCP_TIMER_H

#include "tcp/tcp_of.h"

void sp_tcp_on_syn_due(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_start_rtx(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_on_probe_sent(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_on_blocked(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_on_starved(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_on_ack_owed(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_timer_sync(struct sampan *s, struct tcp_tcb *t);

/* The rarer halves of sp_tcp_arm_rtx() and sp_tcp_on_progress(). */
void sp_tcp_arm_rtx_rare(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_note_progress(struct sampan *s, struct tcp_tcb *t);

/* Takes the node of a connection without deadlines out of the wheel. */
void sp_tcp_timer_rest(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_tcb_timer(struct sampan *s, struct tcp_tcb *t);

static inline bool
tcp_armed(const struct tcp_tcb *t, enum tcp_deadline which)
{
	return (t->armed & 1u << which) != 0;
}

static inline void
sp_tcp_disarm(struct tcp_tcb *t, enum tcp_deadline which)
{
	t->armed &= (uint8_t)~(1u << which);
}

/* Where a deadline is kept; TCP_AT_LOSS and TCP_AT_PACE are armed only with a struct
 * tcp_tx. */
static inline sp_tick *
tcp_deadline(const struct sampan *s, struct tcp_tcb *t, enum tcp_deadline which)
{
	if (which < TCP_AT_COUNT)
		return &t->at[which];
	return which == TCP_AT_LOSS ? &tcp_tx_of(s, t)->loss_at : &tcp_tx_of(s, t)->pace_due_at;
}

/* A node that goes off before this need not move: then nothing is left to be done. */
static inline void
sp_tcp_arm(struct sampan *s, struct tcp_tcb *t, enum tcp_deadline which, sampan_dur dur)
{
	const sp_tick at = sp_tick_after(s->now, dur);

	*tcp_deadline(s, t, which) = at;
	t->armed |= (uint8_t)(1u << which);
	if (!sp_timer_armed(&t->timer) || sp_tick_before(at, t->timer.at))
		tcp_set(t, TCP_F_DIRTY);
}

/* One RTO from now (RFC 6298 §5 (R-6298-9)). */
static inline void
sp_tcp_arm_rtx(struct sampan *s, struct tcp_tcb *t)
{
	if (t->rare != 0)
		sp_tcp_arm_rtx_rare(s, t);
	else
		sp_tcp_arm(s, t, TCP_AT_RTX, sp_tcp_rtt_rto(s, &t->rtt, t->backoff));
}

/* Something new was acknowledged.  RFC 6298 §5.2, §5.3 (R-6298-10; R-6928-5).
 *
 * DEVIATES: R-6582-5: every partial acknowledgement starts the timer anew, not
 * only the first: RFC 6298 §5.3 makes no difference between them. */
static inline void
sp_tcp_on_progress(struct sampan *s, struct tcp_tcb *t)
{
	t->retries = 0;
	t->ep.soft_error = 0;		/* whatever it was, it is over */
	if (t->rare != 0)
		sp_tcp_note_progress(s, t);
	if (seq_eq(t->snd.una, t->snd.nxt))
		sp_tcp_disarm(t, TCP_AT_RTX);
	else
		sp_tcp_arm_rtx(s, t);
}

static inline void
sp_tcp_on_sent(struct sampan *s, struct tcp_tcb *t)
{
	if (tcp_is(t, TCP_F_PERSIST) || t->rare != 0)
		sp_tcp_start_rtx(s, t);
	else if (!tcp_armed(t, TCP_AT_RTX))
		sp_tcp_arm_rtx(s, t);
}

#endif
