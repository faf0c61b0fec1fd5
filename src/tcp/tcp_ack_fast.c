/*
 * tcp_ack_fast.c - the acknowledgement that a conversation expects: of whole segments
 * that were sent once, where nothing is lost, selectively acknowledged, probed for or
 * judged.
 *
 * Theory of operation.  Of what process_ack() of tcp_in_ack.c does little is left
 * then: a round trip was measured, the congestion control hears of it, a timer
 * begins anew.  Mostly there was one segment in flight and it has arrived: then
 * the lists are known to be empty afterwards, and no timer but that of the rest
 * (tcp_loss.c) is needed.  The rules themselves stand in the headers that the long
 * way uses as well; that both ways do the same is shown by tests/sim/fast_path.c.
 */
#include "tcp/tcp_ack.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_loss.h"
#include "tcp/tcp_recovery.h"

/* Nothing is amiss, and the segment brings nothing that would change that. */
static inline bool
is_smooth(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_tx *tx,
    const struct tcp_seg *seg)
{
	return tx->unusual == 0 && (tx->sacked_bytes | tx->lost_bytes) == 0 &&
	    seg->opts.sack_count == 0 && (seg->flags & TCP_ECN_FLAGS) == 0 &&
	    tcp_is(t, TCP_F_SACK) && t->rare == 0 && t->state == SAMPAN_TCP_ESTABLISHED &&
	    !s->long_way_only;
}

/* Could it say that something is lost: was r sent before what is known to have arrived? */
static inline bool
may_tell_loss(const struct tcp_tcb *t, const struct tcp_tx *tx, const struct tcp_sent *r)
{
	return seq_lt(t->snd.una, tx->rack_fack) || (tx->rack_valid && r->sent_at < tx->rack_at);
}

/* Takes the measurements that r gives, which has arrived; SND.UNA has moved. */
__attribute__((always_inline)) static inline void
measure(struct sampan *s, struct tcp_tcb *t, const struct tcp_sent *r, struct tcp_cc_ack *ack)
{
	const uint32_t flight_bytes = ack->prior_in_flight_bytes;
	struct tcp_tx *tx = tcp_tx_of(s, t);

	sp_tcp_take_sample(s, t, ack->rtt, ack->rtt, flight_bytes);
	tx->tlp_spent = false;
	sp_tcp_rack_update(s, tx, r->sent_at, r->end);
	sp_tcp_recovery_report(s, t, r, flight_bytes, ack);
	sp_tcp_go_on(s, t);
}

/* The only segment in flight has arrived. */
static inline void
take_only(struct sampan *s, struct tcp_tcb *t, struct tcp_cc_ack *ack)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);
	struct tcp_sent *r = &tx->own;
	const tcp_seq end = t->snd.nxt;

	tx->by_seq = (struct sp_list){ 0, 0 };
	tx->by_time = (struct sp_list){ 0, 0 };
	r->by_seq = (struct sp_node){ 0, 0 };
	r->by_time = (struct sp_node){ 0, 0 };
	tx->newest = 0;
	tcp_advance_una(t, end);
	tx->small_end = seq_max(tx->small_end, end);
	tx->rack_fack = end;
	sp_sendq_drop(&tx->q, &s->arena, ack->acked_bytes);
	measure(s, t, r, ack);
	sp_tcp_disarm(t, TCP_AT_LOSS);
	if (tx->q.bytes == 0)
		sp_tcp_loss_rest(s, t);
	else
		tx->tlp_timer = false;
}

__attribute__((noinline)) static void
take_some(struct sampan *s, struct tcp_tcb *t, const struct tcp_sent *r, struct tcp_cc_ack *ack)
{
	const struct tcp_sent newest = *r;

	sp_tcp_rtx_drop_front(s, t, newest.end);
	measure(s, t, &newest, ack);
	sp_tcp_loss_rearm(s, t);
}

/* Whole segments have arrived: so nothing that is left in flight can be lost. */
static inline bool
take(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const struct tcp_tx *tx = tcp_tx_of(s, t);
	const struct tcp_sent *r = sp_tcp_rtx_front(s, tx, seg->ack);
	struct tcp_cc_ack ack;

	if (r == NULL || may_tell_loss(t, tx, r))
		return false;
	ack.acked_bytes = seq_diff(seg->ack, t->snd.una);
	ack.prior_in_flight_bytes = seq_diff(t->snd.nxt, t->snd.una);
	ack.lost_bytes = 0;
	ack.rtt = seg->at > r->sent_at ? seg->at - r->sent_at : 1;
	ack.ecn_ce_bytes = 0;
	ack.in_recovery = false;
	if (r == &tx->own && tx->by_seq.first == tx->by_seq.last)
		take_only(s, t, &ack);
	else
		take_some(s, t, r, &ack);
	return true;
}

bool
sp_tcp_ack_fast(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);

	if (tx == NULL || !is_smooth(s, t, tx, seg))
		return false;
	if (seq_eq(t->snd.una, t->snd.nxt))
		return true;			/* nothing is in flight */
	return seq_lt(t->snd.una, seg->ack) && take(s, t, seg);
}
