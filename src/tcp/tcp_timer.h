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
void sp_tcp_on_sent(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_on_probe_sent(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_on_progress(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_on_blocked(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_on_starved(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_on_ack_owed(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_arm(struct sampan *s, struct tcp_tcb *t, enum tcp_deadline which, sampan_dur dur);
void sp_tcp_disarm(struct tcp_tcb *t, enum tcp_deadline which);
void sp_tcp_timer_sync(struct sampan *s, struct tcp_tcb *t);

/* Takes the node of a connection without deadlines out of the wheel. */
void sp_tcp_timer_rest(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_tcb_timer(struct sampan *s, struct tcp_tcb *t);

static inline bool
tcp_armed(const struct tcp_tcb *t, enum tcp_deadline which)
{
	return (t->armed & 1u << which) != 0;
}

#endif
