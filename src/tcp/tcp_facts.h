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

static inline const struct tcp_cc_ops *
sp_tcp_cc_of(const struct tcp_tcb *t)
{
	return sp_tcp_cc_ops(t->cc_id);
}

/* RFC 6928 §2 (R-6928-4): where that was too much once, RFC 3390's. */
static inline uint32_t
sp_tcp_restart_window(const struct tcp_tcb *t)
{
	const uint32_t mss = t->mss_bytes, initial = tcp_cc_initial_window(mss);
	const uint32_t three = 2 * mss > 4380 ? 2 * mss : 4380;
	const uint32_t modest = 4 * mss < three ? 4 * mss : three;

	return t->lossy_start && modest < initial ? modest : initial;
}

/* In place, member by member: a struct that is written in small parts and then copied in
 * large ones makes the processor wait. */
static inline void
sp_tcp_facts_fill(const struct sampan *s, const struct tcp_tcb *t, uint32_t in_flight_bytes,
    struct tcp_cc_facts *f)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);

	f->now = s->now;
	f->mss_bytes = t->mss_bytes;
	f->in_flight_bytes = in_flight_bytes;
	f->delivered_bytes = sp_tcp_delivered(s, t);
	f->lost_bytes = tx != NULL ? tx->lost_total_bytes : 0;
	f->srtt = sp_tcp_rtt_srtt(&t->rtt);
	f->min_rtt = SAMPAN_US(t->min_rtt_us);
	f->restart_bytes = 0;
	f->paced = tx != NULL && tx->paced;
	f->selective = tcp_is(t, TCP_F_SACK);
}

/* What a brief control wants to know. */
static inline void
sp_tcp_facts_brief(const struct sampan *s, const struct tcp_tcb *t, struct tcp_cc_facts *f)
{
	f->now = s->now;
	f->mss_bytes = t->mss_bytes;
	f->srtt = sp_tcp_rtt_srtt(&t->rtt);
}

/* Of a connection with a struct tcp_tx. */
static inline struct tcp_cc
sp_tcp_cc_ground(const struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	return (struct tcp_cc){
		.kept = &t->cc,
		.pace = &tx->pace,
		.mem = tx->cc_block != 0 ? sp_at(&s->arena, tx->cc_block) : tx->cc_mem,
	};
}

/* Something new was acknowledged.  ack->at is filled in here.  It was in flight until now, so
 * there is a struct tcp_tx. */
static inline void
sp_tcp_cc_ack(struct sampan *s, struct tcp_tcb *t, struct tcp_cc_ack *ack)
{
	const struct tcp_cc_ops *ops = sp_tcp_cc_of(t);
	struct tcp_cc cc = sp_tcp_cc_ground(s, t);

	if (ops->brief)
		sp_tcp_facts_brief(s, t, &ack->at);
	else
		sp_tcp_facts_fill(s, t, sp_tcp_pipe(s, t), &ack->at);
	ops->ack(&cc, ack);
}

/* Text leaves while nothing is in flight: a pause is over.  RFC 5681 §4.1 (R-5681-18).
 * No RTO is shorter than its least, so mostly it need not be known. */
__attribute__((always_inline)) static inline void
sp_tcp_restart(struct sampan *s, struct tcp_tcb *t)
{
	const sampan_dur pause = sp_tick_since(t->sent_at, s->now);
	const bool idle = pause > SAMPAN_US(tcp_rto_min_us(s, t)) &&
	    sp_setting(s, SAMPAN_SET_TCP_SLOW_START_AFTER_IDLE) != 0 &&
	    pause > tcp_rto(s, t, 0);
	const struct tcp_cc_ops *ops = sp_tcp_cc_of(t);
	struct tcp_cc cc = sp_tcp_cc_ground(s, t);
	struct tcp_cc_facts facts;

	if (ops->brief && !idle)
		sp_tcp_facts_brief(s, t, &facts);
	else
		sp_tcp_facts_fill(s, t, 0, &facts);
	if (idle)
		facts.restart_bytes = sp_tcp_restart_window(t);
	ops->event(&cc, idle ? TCP_CC_IDLE_RESTART : TCP_CC_RESTART, &facts);
}

#endif
