/*
 * tcp_rtx.c - what is in flight: outstanding, lost, measured.
 *
 * Knows sequence numbers only; the bytes are in the send queue, whose first
 * one is SND.UNA.  After a time-out all that is outstanding counts as lost and
 * is sent again in order, as the congestion window allows (RFC 6298 §5.4, 5681
 * §3.1): lost.next runs from SND.UNA to where SND.NXT was.
 */
#include "tcp/tcp_int.h"

/* The end of the bytes sent: SND.NXT without our FIN. */
static tcp_seq
sent_end(const struct tcp_tcb *t)
{
	return tcp_is(t, TCP_F_FIN_SENT) ? seq_sub(t->snd.nxt, 1) : t->snd.nxt;
}

uint32_t
sp_tcp_pipe(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);
	const uint32_t fin_lost = tcp_is(t, TCP_F_FIN_DUE) ? 1 : 0;
	const uint32_t outstanding = seq_diff(t->snd.nxt, t->snd.una) - fin_lost;

	return tx != NULL ? outstanding - seq_diff(tx->lost.end, tx->lost.next) : outstanding;
}

uint32_t
sp_tcp_unsent(const struct sampan *s, const struct tcp_tcb *t)
{
	return t->tx != 0 ? tcp_tx_of(s, t)->q.bytes - seq_diff(sent_end(t), t->snd.una) : 0;
}

struct tcp_cc_facts
sp_tcp_cc_facts(const struct sampan *s, const struct tcp_tcb *t)
{
	return (struct tcp_cc_facts){
		.now = s->now,
		.mss_bytes = t->mss_bytes,
		.in_flight_bytes = sp_tcp_pipe(s, t),
		.delivered_bytes = t->delivered_bytes,
		.srtt = sp_tcp_rtt_srtt(&t->rtt),
		.min_rtt = SAMPAN_US(t->min_rtt_us),
	};
}

/* SND.NXT has been moved behind what the plan carried. */
void
sp_tcp_rtx_sent(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan)
{
	struct tcp_tx *tx = tcp_tx_if_any(s, t);
	const tcp_seq end = seq_add(plan->seq, plan->len);

	if (tx == NULL || plan->len == 0)
		return;
	if (plan->why == TCP_WHY_REPAIR) {
		tx->lost.next = end;
		tx->timing = false;	/* Karn: RFC 6298 §3 (R-6298-6) */
		t->retrans_segs++;
		sp_count(s, SAMPAN_COUNT_TCP_RETRANS_SEGS);
		return;
	}
	if (plan->len % t->mss_bytes != 0)
		tx->small_end = end;
	if (!tx->timing) {		/* RFC 6298 §3 (R-6298-7) */
		tx->timing = true;
		tx->timed = end;
		tx->timed_at = s->now;
	}
}

void
sp_tcp_rtx_all_lost(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_if_any(s, t);

	if (tcp_is(t, TCP_F_FIN_SENT))
		tcp_set(t, TCP_F_FIN_DUE);
	if (tx == NULL)
		return;
	tx->lost.next = t->snd.una;
	tx->lost.end = sent_end(t);
	tx->timing = false;
}

static void
take_sample(struct tcp_tcb *t, sampan_dur rtt)
{
	const uint32_t us = rtt < SAMPAN_SEC(60) ? (uint32_t)(rtt / 1000) : 60000000u;

	sp_tcp_rtt_sample(&t->rtt, rtt);
	if (t->min_rtt_us == 0 || us < t->min_rtt_us)
		t->min_rtt_us = us != 0 ? us : 1;
	t->backoff = 0;			/* RFC 6298 §5 (R-6298-14) */
}

/* The round trip that this acknowledgement shows; 0: none.  A measured segment
 * first, else the echoed timestamp, which also tells what a retransmission
 * cannot (RFC 7323 §4.1 (R-7323-13); RFC 6298 §3). */
static sampan_dur
sample_of(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);
	uint32_t ms;

	if (tx != NULL && tx->timing && seq_le(tx->timed, seg->ack))
		return seg->at > tx->timed_at ? seg->at - tx->timed_at : 1;
	if ((tx != NULL && tx->timing) || !tcp_is(t, TCP_F_TS) || !seg->opts.has_ts ||
	    seg->opts.tsecr == 0)
		return 0;
	ms = sp_tcp_ts_now(s, t->ts_offset) - seg->opts.tsecr;
	return ms < 60000 ? SAMPAN_MS(ms > 0 ? ms : 1) : 0;
}

/* Tells the congestion control about n newly acknowledged bytes. */
static void
report(struct sampan *s, struct tcp_tcb *t, const struct tcp_cc_ack *ack)
{
	sp_tcp_cc_ops(t->cc_id)->ack(&t->cc, ack);
	if (ack->round_start)
		tcp_clear(t, TCP_F_CWND_LIMITED);
	(void)s;
}

/* seg->ack is beyond SND.UNA and not beyond SND.NXT. */
void
sp_tcp_rtx_acked(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const sampan_dur rtt = sample_of(s, t, seg);
	struct tcp_tx *tx = tcp_tx_if_any(s, t);
	struct tcp_cc_ack ack = { .rtt = rtt, .prior_in_flight_bytes = sp_tcp_pipe(s, t) };

	ack.acked_bytes = seq_diff(seg->ack, t->snd.una);
	if (tcp_is(t, TCP_F_FIN_SENT) && seq_eq(seg->ack, t->snd.nxt))
		ack.acked_bytes--;
	if (rtt != 0)
		take_sample(t, rtt);
	t->snd.una = seg->ack;
	if (tx == NULL)
		return;
	if (tx->timing && seq_le(tx->timed, seg->ack))
		tx->timing = false;
	tx->lost.next = seq_max(tx->lost.next, seg->ack);
	tx->lost.end = seq_max(tx->lost.end, tx->lost.next);
	tx->small_end = seq_max(tx->small_end, seg->ack);
	ack.round_start = seq_le(tx->round_end, seg->ack);
	if (ack.round_start)
		tx->round_end = t->snd.nxt;
	sp_sendq_drop(&tx->q, &s->arena, ack.acked_bytes);
	ack.prior_delivered_bytes = t->delivered_bytes;
	t->delivered_bytes += ack.acked_bytes;
	ack.cwnd_limited = tcp_is(t, TCP_F_CWND_LIMITED);
	ack.at = sp_tcp_cc_facts(s, t);
	report(s, t, &ack);
	if (tx->q.bytes == 0)
		sp_tcp_tx_free(s, t);
}
