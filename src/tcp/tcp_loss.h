/*
 * tcp_loss.h - which of what is in flight is lost.
 *
 * Detection only: RACK-TLP with SACK (RFC 8985), duplicate acknowledgements
 * without (RFC 5681 §3.2, RFC 6582).  What to send about it is decided by
 * tcp_recovery.h and tcp_out.c.
 */
#ifndef SAMPAN_TCP_TCP_LOSS_H
#define SAMPAN_TCP_TCP_LOSS_H

#include "tcp/tcp_int.h"

struct tcp_seg;

/* How long to remember once everything is acknowledged; an RTO if that is longer. */
#define TCP_TX_REST SAMPAN_SEC(1)

/* RFC 8985 §7.2: the longest that a peer may delay an acknowledgement. */
#define TCP_TLP_MAX_ACK_DELAY SAMPAN_MS(200)

/* RFC 8985 §6.2 step 4: recoveries that a wider reordering window lasts; its most. */
#define TCP_REO_PERSIST 16
#define TCP_REO_MULT_MAX 63

/* Takes what an acknowledgement delivered and marks what it shows to be lost;
 * dup: it is a duplicate in the sense of RFC 5681 §2. */
void sp_tcp_loss_ack(struct sampan *s, struct tcp_tcb *t, const struct tcp_delivery *d, bool dup);

/* Something that was not lost came that much behind its turn: the reordering window
 * follows, RFC 8985 §6.2. */
void sp_tcp_loss_reordered(struct tcp_tcb *t, sampan_dur late);

/* RACK knows that what was sent at `at` and ends at `end` has arrived.  RFC 8985 §6.2
 * step 2 (R-8985-4). */
static inline void
sp_tcp_rack_update(const struct sampan *s, struct tcp_tx *tx, sampan_time at, tcp_seq end)
{
	const sampan_dur rtt = s->now > at ? s->now - at : 0;

	tx->rack_rtt_us = (uint32_t)(rtt / 1000);
	if (tx->rack_valid && (at < tx->rack_at ||
	    (at == tx->rack_at && !seq_lt(tx->rack_end, end))))
		return;
	tx->rack_valid = true;
	tx->rack_at = at;
	tx->rack_end = end;
}

/* TCP_AT_LOSS went off: reordering timer or probe time-out. */
void sp_tcp_loss_timer(struct sampan *s, struct tcp_tcb *t);

/* Sets TCP_AT_LOSS after text was sent or acknowledged; what a connection with
 * nothing more to send knows is kept for a while. */
void sp_tcp_loss_rearm(struct sampan *s, struct tcp_tcb *t);

/* Everything is acknowledged; with our FIN there will be nothing more.  Where memory
 * is short nothing rests. */
static inline void
sp_tcp_loss_rest(struct sampan *s, struct tcp_tcb *t)
{
	sampan_dur rto;

	if ((tcp_is(t, TCP_F_FIN_SENT) && seq_eq(t->snd.una, t->snd.nxt)) ||
	    sp_arena_low_for_newcomers(&s->arena)) {
		sp_tcp_tx_free(s, t);
		return;
	}
	rto = sp_tcp_rtt_rto(s, &t->rtt, 0);
	sp_tcp_arm(s, t, TCP_AT_LOSS, rto > TCP_TX_REST ? rto : TCP_TX_REST);
}

/* Sets TCP_AT_LOSS for a probe; so much is in flight (R-8985-12). */
static inline void
sp_tcp_arm_tlp(struct sampan *s, struct tcp_tcb *t, struct tcp_tx *tx, uint32_t flight_bytes)
{
	const sampan_dur srtt = sp_tcp_rtt_srtt(&t->rtt);
	sampan_dur wait = srtt != 0 ? 2 * srtt : SAMPAN_SEC(1);

	if (srtt != 0 && flight_bytes <= t->mss_bytes)
		wait += TCP_TLP_MAX_ACK_DELAY;
	sp_tcp_arm(s, t, TCP_AT_LOSS, wait);
	/* Not later than the RTO, which then waits for its turn anew. */
	if (tcp_armed(t, TCP_AT_RTX) && sp_tick_before(t->at[TCP_AT_RTX], tx->loss_at))
		tx->loss_at = t->at[TCP_AT_RTX];
}

/* Judges a probe that is out by an acknowledgement.  True: it repaired a loss
 * that the congestion control is to hear of.  RFC 8985 §7.4. */
bool sp_tcp_tlp_ack(struct tcp_tx *tx, const struct tcp_seg *seg, const struct tcp_delivery *d);

/* The retransmission timer went off: marks what is lost by that. */
void sp_tcp_loss_timeout(struct sampan *s, struct tcp_tcb *t);

#endif
