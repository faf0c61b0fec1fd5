/*
 * tcp_delack.h - when to acknowledge.  RFC 9293 §3.8.6.3, RFC 5681 §4.2
 * (R-5681-19); the pace is Linux's (5-D24).
 */
#ifndef SAMPAN_TCP_TCP_DELACK_H
#define SAMPAN_TCP_TCP_DELACK_H

#include "tcp/tcp_of.h"

/* Text came: RCV.NXT has moved over it. */
void sp_tcp_delack_text(struct sampan *s, struct tcp_tcb *t);

/* Text left, and an acknowledgement with it. */
void sp_tcp_delack_sent_text(struct sampan *s, struct tcp_tcb *t);

/* An acknowledgement left. */
void sp_tcp_delack_acked(struct tcp_tcb *t);

/* One is owed, nothing carried it: how long may it wait? */
sampan_dur sp_tcp_delack_dur(const struct sampan *s, const struct tcp_tcb *t);

/* It waited in vain. */
void sp_tcp_delack_expired(struct sampan *s, struct tcp_tcb *t);

/* TCP_QUICKACK: the application wants them at once, or not. */
void sp_tcp_delack_quick(struct tcp_tcb *t, bool on);

#endif
