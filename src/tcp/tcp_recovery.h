/*
 * tcp_recovery.h - the response to loss: phases, and how much may be sent
 * while they last.  RFC 5681, 6582, 6675, 9937.
 */
#ifndef SAMPAN_TCP_TCP_RECOVERY_H
#define SAMPAN_TCP_TCP_RECOVERY_H

#include "tcp/tcp_facts.h"
#include "tcp/tcp_rate.h"
#include "tcp/tcp_tally.h"

struct tcp_seg;

/* Everything an acceptable acknowledgement means for what is in flight: loss,
 * recovery, congestion control, probes.  SND.UNA and the scoreboard are up to
 * date; rtt: its sample of what arrived in order, 0: none. */
void sp_tcp_recovery_ack(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg,
    struct tcp_delivery *d, sampan_dur rtt);

/* Was the window the limit for what is acknowledged now?  In slow start it is enough
 * that half of it was used: such a window has been tried (RFC 7661 §4.1). */
static inline bool
sp_tcp_window_was_used(const struct tcp_tcb *t, struct tcp_tx *tx, uint32_t flight_bytes)
{
	if (tx->round_flight_bytes < flight_bytes)
		tx->round_flight_bytes = flight_bytes;
	return tx->round_limited || tcp_is(t, TCP_F_CWND_LIMITED) ||
	    (t->cc.cwnd_bytes < t->cc.ssthresh_bytes &&
	    t->cc.cwnd_bytes / 2 < tx->round_flight_bytes);
}

/* What comes now was sent under the limits of the round that ends. */
static inline void
sp_tcp_begin_round(struct tcp_tcb *t, struct tcp_tx *tx, uint32_t flight_bytes)
{
	tx->round_end = t->snd.nxt;
	tx->round_limited = tcp_is(t, TCP_F_CWND_LIMITED);
	tx->round_flight_bytes = flight_bytes;
	tcp_clear(t, TCP_F_CWND_LIMITED);
}

/* Completes the facts of an acknowledgement that delivered something, and tells the
 * congestion control; newest: what was sent last of it, sent_at 0: not known;
 * outstanding_bytes: before it came. */
__attribute__((always_inline)) static inline void
sp_tcp_recovery_report(struct sampan *s, struct tcp_tcb *t, const struct tcp_sent *newest,
    uint32_t outstanding_bytes, struct tcp_cc_ack *ack)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	ack->round_start = seq_le(tx->round_end, t->snd.una);
	ack->cwnd_limited = sp_tcp_window_was_used(t, tx, outstanding_bytes);
	sp_tcp_rate_moved(s, t, newest);
	if (newest->sent_at != 0 && (t->rare != 0 || !sp_tcp_cc_of(t)->brief))
		sp_tcp_rate_sample(s, t, newest, ack);
	if (t->rare != 0)
		sp_tcp_tally_rate(s, t,
		    (uint32_t)(sp_tcp_delivered(s, t) - ack->prior_delivered_bytes),
		    ack->interval_dur);
	sp_tcp_cc_ack(s, t, ack);
	if (ack->round_start)
		sp_tcp_begin_round(t, tx, outstanding_bytes);
}

/* Enters recovery if something has been found lost. */
void sp_tcp_recovery_check(struct sampan *s, struct tcp_tcb *t);

/* The retransmission timer went off. */
void sp_tcp_recovery_timeout(struct sampan *s, struct tcp_tcb *t);

/* Everything in flight is to be sent again at once, without a reduction: it was
 * too big for the path. */
void sp_tcp_recovery_resend(struct sampan *s, struct tcp_tcb *t);

/* What is to be remembered ends: nothing was sent for a while. */
void sp_tcp_recovery_rest(struct sampan *s, struct tcp_tcb *t);

/* Text was sent while recovering. */
void sp_tcp_recovery_sent(struct tcp_tx *tx, uint32_t bytes);

/* Does a duplicate acknowledgement without SACK count for a segment that left
 * the network?  Not after a time-out, when everything is thought to have left,
 * and not beyond what was out when recovery began, or forged ones could go on
 * for ever (R-5681-16, R-9937-4, R-V-21). */
static inline bool
tcp_dup_counts(const struct tcp_tx *tx)
{
	return tx->phase == TCP_PHASE_OPEN || (tx->phase == TCP_PHASE_RECOVERY &&
	    tx->prr_delivered_bytes < tx->prr_flight_bytes);
}

#endif
