/*
 * tcp_facts.h - between a connection and its congestion control: what happened
 * goes in as facts (tcp_cc.h), a window and a pace come back.
 */
#ifndef SAMPAN_TCP_TCP_FACTS_H
#define SAMPAN_TCP_TCP_FACTS_H

#include "tcp/tcp_rtx.h"

/* The connection begins to send.  A window that is there already is kept. */
void sp_tcp_cc_init(struct sampan *s, struct tcp_tcb *t);

/* Another control takes over, at any time.  id < TCP_CC_COUNT.  False: no memory. */
bool sp_tcp_cc_change(struct sampan *s, struct tcp_tcb *t, uint8_t id);

/* A struct tcp_tx was made; false: there is no memory for the control's own.  It
 * goes away. */
bool sp_tcp_cc_wake(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_cc_rest(struct sampan *s, struct tcp_tcb *t);

/* Something happened; flight_bytes is what was in flight then. */
void sp_tcp_cc_tell(struct sampan *s, struct tcp_tcb *t, enum tcp_cc_event event,
    uint32_t flight_bytes);

/* A record in flight was marked as lost. */
void sp_tcp_cc_lost(struct sampan *s, struct tcp_tcb *t, const struct tcp_sent *r);

/* Does PRR leave its window alone?  Does it want each mark? */
bool sp_tcp_cc_owns_window(const struct tcp_tcb *t);
bool sp_tcp_cc_marks_each(const struct tcp_tcb *t);

/* Text leaves while nothing is in flight: a pause is over. */
void sp_tcp_restart(struct sampan *s, struct tcp_tcb *t);

/* Something new was acknowledged.  ack->at is filled in here. */
void sp_tcp_cc_ack(struct sampan *s, struct tcp_tcb *t, struct tcp_cc_ack *ack);

#endif
