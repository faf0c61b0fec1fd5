/*
 * tcp_rate.h - how fast the path delivers: one sample an acknowledgement.
 */
#ifndef SAMPAN_TCP_TCP_RATE_H
#define SAMPAN_TCP_TCP_RATE_H

#include "tcp/tcp_int.h"

/* A record leaves (again): it takes down how much was delivered until now.
 * in_flight_bytes: with it. */
static inline void
sp_tcp_rate_sent(const struct sampan *s, const struct tcp_tcb *t, struct tcp_sent *r)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	if (tx->by_time.first == 0 && tx->sacked_bytes == 0) {	/* after a pause */
		tx->first_sent_at = s->now;
		tx->delivered_at = s->now;
	}
	r->sent_at = s->now;
	r->delivered_bytes = (uint32_t)sp_tcp_delivered(s, t);
	r->delivered_at = tx->delivered_at;
	r->first_sent_at = tx->first_sent_at;
	r->in_flight_bytes = sp_tcp_pipe(s, t);
	r->lost_bytes = tx->lost_total_bytes;
	r->app_limited = tx->app_limited;
}

/* Mostly it is one. */
static inline uint16_t
tcp_segs_in(const struct tcp_tcb *t, uint32_t len)
{
	return (uint16_t)(len <= t->mss_bytes ? 1 : (len + t->mss_bytes - 1) / t->mss_bytes);
}

/* The record has just left (again), by this plan. */
static inline void
sp_tcp_rtx_stamp(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan,
    struct tcp_sent *r)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	r->segs = tcp_segs_in(t, tcp_sent_len(r));
	if ((plan->flags & TCP_FIN) != 0)
		r->flags |= TCP_SENT_FIN;
	sp_tcp_rate_sent(s, t, r);
	sp_list_push(&s->arena, &tx->by_time, &r->by_time);
}

/* sp_tcp_rtx_sent() of text that is known to be new. */
static inline void
sp_tcp_rtx_sent_new(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan,
    struct tcp_sent *r)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	*r = (struct tcp_sent){ .start = plan->seq, .end = seq_add(plan->seq, plan->len) };
	sp_list_push(&s->arena, &tx->by_seq, &r->by_seq);
	sp_tcp_rtx_stamp(s, t, plan, r);
	if (plan->len < t->mss_bytes || plan->len % t->mss_bytes != 0)
		tx->small_end = r->end;
}

/* A record was delivered, in whole or in part. */
void sp_tcp_rate_delivered(const struct tcp_sent *r, struct tcp_delivery *d);

/* Text has left and there is no more, though the window has room. */
static inline void
sp_tcp_rate_app_limited(const struct sampan *s, const struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	tx->app_limited = true;
	tx->app_limited_end = (uint32_t)sp_tcp_delivered(s, t) + sp_tcp_pipe(s, t);
}

/* An acknowledgement has delivered something; r: what was sent last of that, sent_at 0:
 * nothing is known of it. */
static inline void
sp_tcp_rate_moved(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_sent *r)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	if (tx->app_limited &&
	    (int32_t)((uint32_t)sp_tcp_delivered(s, t) - tx->app_limited_end) > 0)
		tx->app_limited = false;
	tx->delivered_at = s->now;
	if (r->sent_at != 0)
		tx->first_sent_at = r->sent_at;
}

/* Completes its sample; something is known. */
static inline void
sp_tcp_rate_sample(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_sent *r,
    struct tcp_cc_ack *ack)
{
	const uint64_t delivered = sp_tcp_delivered(s, t);
	const sampan_dur send_dur = r->sent_at - r->first_sent_at;
	const sampan_dur ack_dur = s->now - r->delivered_at;

	ack->prior_delivered_bytes = delivered - ((uint32_t)delivered - r->delivered_bytes);
	ack->interval_dur = send_dur > ack_dur ? send_dur : ack_dur;
	ack->sent_in_flight_bytes = r->in_flight_bytes;
	ack->sent_lost_bytes = tcp_tx_of(s, t)->lost_total_bytes - r->lost_bytes;
	ack->app_limited = r->app_limited != 0;
	/* Shorter than any round trip: the acknowledgement of what arrived before it was
	 * sent again. */
	if (ack->interval_dur < SAMPAN_US(t->min_rtt_us))
		ack->interval_dur = 0;
}

#endif
