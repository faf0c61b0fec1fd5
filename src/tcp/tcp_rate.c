/*
 * tcp_rate.c - see tcp_rate.h.  Delivery-rate estimation as in
 * draft-cheng-iccrg-delivery-rate-estimation, which BBR builds on.
 *
 * Theory of operation.  Every record remembers how many bytes had been delivered
 * when it was sent, and when that was.  When it is delivered itself, the bytes
 * delivered since were delivered in that time.  Acknowledgements may come in
 * bursts, faster than the path delivers; so the time that it took to send those
 * bytes is looked at as well, and the longer of the two counts.  A sample that
 * covers a time in which the application had nothing to send says how fast the
 * application was; it is marked.
 */
#include "tcp/tcp_rate.h"

#include "tcp/tcp_int.h"

void
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

void
sp_tcp_rate_delivered(const struct tcp_sent *r, struct tcp_delivery *d)
{
	if (d->rate.sent_at != 0 && r->sent_at < d->rate.sent_at)
		return;
	d->rate = *r;
}

void
sp_tcp_rate_app_limited(const struct sampan *s, const struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	tx->app_limited = true;
	tx->app_limited_end = (uint32_t)sp_tcp_delivered(s, t) + sp_tcp_pipe(s, t);
}

void
sp_tcp_rate_sample(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_sent *r,
    struct tcp_cc_ack *ack)
{
	const uint64_t delivered = sp_tcp_delivered(s, t);
	struct tcp_tx *tx = tcp_tx_of(s, t);
	sampan_dur send_dur, ack_dur;

	if (tx->app_limited && (int32_t)((uint32_t)delivered - tx->app_limited_end) > 0)
		tx->app_limited = false;
	tx->delivered_at = s->now;
	if (r->sent_at == 0)
		return;
	tx->first_sent_at = r->sent_at;
	send_dur = r->sent_at - r->first_sent_at;
	ack_dur = s->now - r->delivered_at;
	ack->prior_delivered_bytes = delivered - ((uint32_t)delivered - r->delivered_bytes);
	ack->interval_dur = send_dur > ack_dur ? send_dur : ack_dur;
	ack->sent_in_flight_bytes = r->in_flight_bytes;
	ack->sent_lost_bytes = tx->lost_total_bytes - r->lost_bytes;
	ack->app_limited = r->app_limited != 0;
	/* Shorter than any round trip: the acknowledgement of what arrived before it was
	 * sent again. */
	if (ack->interval_dur < SAMPAN_US(t->min_rtt_us))
		ack->interval_dur = 0;
}
