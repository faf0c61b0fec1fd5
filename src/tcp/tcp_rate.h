/*
 * tcp_rate.h - how fast the path delivers: one sample an acknowledgement.
 */
#ifndef SAMPAN_TCP_TCP_RATE_H
#define SAMPAN_TCP_TCP_RATE_H

#include "tcp/tcp_rtx.h"

/* A record leaves (again): it takes down how much was delivered until now.
 * in_flight_bytes: with it. */
void sp_tcp_rate_sent(const struct sampan *s, const struct tcp_tcb *t, struct tcp_sent *r);

/* A record was delivered, in whole or in part. */
void sp_tcp_rate_delivered(const struct tcp_sent *r, struct tcp_delivery *d);

/* Text has left and there is no more, though the window has room. */
void sp_tcp_rate_app_limited(const struct sampan *s, const struct tcp_tcb *t);

/* Completes the sample of an acknowledgement that delivered something; r: what was sent
 * last of that, sent_at 0: nothing is known of it. */
void sp_tcp_rate_sample(const struct sampan *s, const struct tcp_tcb *t,
    const struct tcp_sent *r, struct tcp_cc_ack *ack);

#endif
