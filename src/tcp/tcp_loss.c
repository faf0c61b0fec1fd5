/*
 * tcp_loss.c - see tcp_loss.h.
 *
 * Theory of operation.  RACK asks of every record not when its sequence number
 * was passed but when it was sent: what was sent sufficiently long before
 * something that has arrived is lost, be it an original or a repair.  by_time
 * is in that order, so a look at its front settles it.  "Sufficiently" is the
 * reordering window: nothing until reordering was seen (then three segments
 * must have arrived), a part of the round trip after that, more of it each
 * time a repair turns out to have been in vain.  If the front is not old
 * enough yet, a timer comes back for it.
 *
 * A tail has nothing behind it that could arrive.  So when everything has been
 * quiet for two round trips, a probe (new text, or the last segment again)
 * provokes an acknowledgement, and RACK does the rest.
 *
 * Once everything is acknowledged struct tcp_tx rests: it is kept for TX_REST, so
 * that the next text of a conversation finds what was known, and then freed.  What
 * is worth more than that (was there reordering, the least round trip) stands in
 * the control block.
 */
#include "tcp/tcp_loss.h"

#include "base/step.h"
#include "tcp/tcp_facts.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_recovery.h"

#define DUP_THRESH 3

/* Once a round: a repair was in vain, so the window was too small.  Step 4
 * (R-8985-7). */
static void
adapt_window(struct tcp_tcb *t, struct tcp_tx *tx, const struct tcp_delivery *d)
{
	if (tx->dsack_in_round && seq_le(tx->dsack_round, t->snd.una))
		tx->dsack_in_round = false;
	if (!d->dsack || tx->dsack_in_round)
		return;
	tx->dsack_in_round = true;
	tx->dsack_round = t->snd.nxt;
	t->reo_persist = TCP_REO_PERSIST;
	if (t->reo_mult < TCP_REO_MULT_MAX)
		t->reo_mult++;
}

/* By how long something was overtaken is how long waiting for it would have been right;
 * and a quarter more, since queues grow.  RFC 8985 has D-SACK tell, after a repair in vain
 * for each step of the window. */
void
sp_tcp_loss_reordered(struct tcp_tcb *t, sampan_dur late)
{
	const sampan_dur quarters = t->min_rtt_us != 0 ? late * 5 / SAMPAN_US(t->min_rtt_us) : 0;

	t->reordering = 1;
	if (quarters > t->reo_mult)
		t->reo_mult = (quarters < TCP_REO_MULT_MAX ? (unsigned)quarters :
							     TCP_REO_MULT_MAX) & 127u;
	t->reo_persist = TCP_REO_PERSIST;
}

/* Step 4 (R-8985-6).  Bytes count, not blocks or acknowledgements (R-8985-19).
 *
 * DEVIATES: R-2018-10: a single report starts recovery once the reordering window
 * has passed: RFC 8985 judges by time (5-D15). */
static sampan_dur
reordering_window(const struct tcp_tcb *t, const struct tcp_tx *tx)
{
	const sampan_dur srtt = sp_tcp_rtt_srtt(&t->rtt);
	sampan_dur wnd;
	/* Big frames are one record of many segments. */
	const bool three = tx->sacked_bytes > 0 && (tx->sacked_segs >= DUP_THRESH ||
	    tx->sacked_bytes >= DUP_THRESH * (uint32_t)t->mss_bytes);

	if (!t->reordering && (tx->phase != TCP_PHASE_OPEN || three))
		return 0;
	wnd = (t->reo_mult + (sampan_dur)1) * SAMPAN_US(t->min_rtt_us) / 4;
	return wnd < srtt ? wnd : srtt;
}

/* Was it sent before what RACK knows to have arrived? */
static bool
sent_before(const struct tcp_tx *tx, const struct tcp_sent *r)
{
	return r->sent_at < tx->rack_at ||
	    (r->sent_at == tx->rack_at && seq_lt(r->end, tx->rack_end));
}

static sampan_dur
patience(const struct tcp_tcb *t, const struct tcp_tx *tx)
{
	return SAMPAN_US(tx->rack_rtt_us) + reordering_window(t, tx);
}

/* A repair that was sent after the last reduction and lost is another loss. */
static void
lose(struct sampan *s, struct tcp_tcb *t, struct tcp_tx *tx, struct tcp_sent *r)
{
	if ((r->flags & TCP_SENT_AGAIN) != 0 &&
	    !sp_tick_before(sp_tick_of(r->sent_at), tx->cut_at))
		tx->lost_again = true;
	sp_tcp_rtx_lost(s, tx, r);
	sp_tcp_cc_lost(s, t, r);
}

/* Step 5 (R-8985-8): marks what is lost. */
static void
rack_detect(struct sampan *s, struct tcp_tcb *t, struct tcp_tx *tx)
{
	const sampan_dur wait = patience(t, tx);
	struct tcp_sent *r = tcp_sent_by_time(s, tx->by_time.first);

	while (r != NULL && tx->rack_valid && sent_before(tx, r) && r->sent_at + wait <= s->now) {
		const uint32_t next = r->by_time.next;

		SP_STEP();
		lose(s, t, tx, r);
		r = tcp_sent_by_time(s, next);
	}
}

/* How long until the next one will be lost; 0: none waits for that.  Step 5
 * (R-8985-9). */
static sampan_dur
rack_wait(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_tx *tx)
{
	const struct tcp_sent *r = tcp_sent_by_time(s, tx->by_time.first);
	sampan_time lost_at;

	if (r == NULL || !tx->rack_valid || !sent_before(tx, r))
		return 0;
	lost_at = r->sent_at + patience(t, tx);
	return lost_at > s->now ? lost_at - s->now : 1;
}

/* Without SACK only the first segment can be known to be lost.  RFC 6582 §3.2. */
static void
lose_first(struct sampan *s, struct tcp_tcb *t, struct tcp_tx *tx)
{
	struct tcp_sent *r = sp_tcp_rtx_first(s, tx);

	if (r != NULL && (r->flags & TCP_SENT_LOST) == 0) {
		sp_tcp_rtx_cut(s, t, r, t->mss_bytes);
		sp_tcp_rtx_lost(s, tx, r);
		sp_tcp_cc_lost(s, t, r);
	}
}

/* RFC 5681 §3.2 (R-5681-23), RFC 6582 §3.2 (R-6582-1, R-6582-2, R-6582-4).  Every
 * duplicate says that one segment has left the network (R-5681-16: no more than
 * there are), so new text may follow: that is limited transmit (R-5681-13; RFC 3042
 * §2 (R-3042-1, R-3042-2, R-3042-4)). */
static void
dup_ack_detect(struct sampan *s, struct tcp_tcb *t, const struct tcp_delivery *d, bool dup)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);
	const uint32_t outstanding = seq_diff(sp_tcp_sent_end(t), t->snd.una);

	if (d->acked_bytes > 0) {
		tx->dup_acks = 0;
		if (tx->phase == TCP_PHASE_RECOVERY && seq_lt(t->snd.una, tx->recover))
			lose_first(s, t, tx);
		return;
	}
	if (!dup)
		return;
	if (tx->dup_acks < UINT8_MAX)
		tx->dup_acks++;
	if (tcp_dup_counts(tx) && tx->sacked_bytes + 2u * t->mss_bytes <= outstanding)
		tx->sacked_bytes += t->mss_bytes;
	if (tx->dup_acks == DUP_THRESH && tx->phase == TCP_PHASE_OPEN)
		lose_first(s, t, tx);
}

/* RACK-TLP with SACK, NewReno without (RFC 8985 §4 (R-8985-1), 5-D15).  With SACK
 * only what it newly reports lets new text follow (R-3042-3). */
void
sp_tcp_loss_ack(struct sampan *s, struct tcp_tcb *t, const struct tcp_delivery *d, bool dup)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	if (!tcp_is(t, TCP_F_SACK)) {
		dup_ack_detect(s, t, d, dup);
		return;
	}
	if (d->fresh_bytes > 0)
		tx->tlp_due = false;	/* news before the probe has left (R-8985-12) */
	if (d->any)
		sp_tcp_rack_update(s, tx, d->newest_at, d->newest_end);
	if (d->reordered)
		sp_tcp_loss_reordered(t, d->late_dur);
	adapt_window(t, tx, d);
	rack_detect(s, t, tx);
}

/* RFC 8985 §7.2 (R-8985-11), §7.3 (R-8985-13): may a probe be scheduled? */
static bool
tlp_possible(const struct tcp_tcb *t, const struct tcp_tx *tx)
{
	return tcp_is(t, TCP_F_SACK) && tx->phase == TCP_PHASE_OPEN && tx->sacked_bytes == 0 &&
	    !tx->tlp_out && !tx->tlp_due && !tx->tlp_spent && tx->by_time.first != 0 &&
	    !tcp_is(t, TCP_F_PERSIST) && t->state != SAMPAN_TCP_SYN_RECEIVED;
}

void
sp_tcp_loss_rearm(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_if_any(s, t);
	sampan_dur wait;

	sp_tcp_disarm(t, TCP_AT_LOSS);
	if (tx != NULL && tx->q.bytes == 0) {
		sp_tcp_loss_rest(s, t);
		return;
	}
	if (tx == NULL || !tcp_is(t, TCP_F_SACK))
		return;
	tx->tlp_timer = false;
	wait = rack_wait(s, t, tx);
	if (wait != 0) {
		sp_tcp_arm(s, t, TCP_AT_LOSS, wait);
	} else if (sp_setting(s, SAMPAN_SET_TCP_EARLY_RETRANS) != 0 && tlp_possible(t, tx)) {
		tx->tlp_timer = true;
		sp_tcp_arm_tlp(s, t, tx, sp_tcp_pipe(s, t));
	}
}

void
sp_tcp_loss_timer(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_if_any(s, t);

	if (tx == NULL)
		return;
	if (tx->q.bytes == 0) {
		sp_tcp_recovery_rest(s, t);
		sp_tcp_tx_free(s, t);
		return;
	}
	if (tx->tlp_timer && tlp_possible(t, tx)) {
		tx->tlp_due = true;	/* R-8985-14: tcp_out.c sends it */
		tx->tlp_timer = false;
		sp_tcp_on_probe_sent(s, t);
		return;
	}
	rack_detect(s, t, tx);
	sp_tcp_recovery_check(s, t);
	sp_tcp_loss_rearm(s, t);
}

bool
sp_tcp_tlp_ack(struct tcp_tx *tx, const struct tcp_seg *seg, const struct tcp_delivery *d)
{
	if (!tx->tlp_out || seq_lt(seg->ack, tx->tlp_end))
		return false;
	if (!tx->tlp_again || d->dsack) {	/* new text, or the original came too */
		tx->tlp_out = false;
		return false;
	}
	if (seq_lt(tx->tlp_end, seg->ack)) {	/* R-8985-16 */
		tx->tlp_out = false;
		return true;
	}
	if (seg->opts.sack_count == 0 && d->acked_bytes == 0)
		tx->tlp_out = false;
	return false;
}

/* The last moment at which what is lost by a time-out may have been sent. */
static sampan_time
old_enough(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_tx *tx)
{
	sampan_dur wait;

	if (tx == NULL || !tcp_is(t, TCP_F_SACK))
		return s->now;
	wait = reordering_window(t, tx) +
	    (tx->rack_valid ? SAMPAN_US(tx->rack_rtt_us) : sp_tcp_rtt_srtt(&t->rtt));
	return s->now > wait ? s->now - wait : 0;
}

/* RFC 8985 §6.3 (R-8985-10): the first segment is lost, and what was sent so long
 * ago that RACK would think so; without SACK everything is.  RFC 6675 §5.1: what was
 * selectively acknowledged is not (R-6675-12).  If the first byte was and is still not
 * acknowledged, the peer has thrown it away: R-2018-9, 5-D14. */
void
sp_tcp_loss_timeout(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_if_any(s, t);
	struct tcp_sent *first = tx != NULL ? sp_tcp_rtx_first(s, tx) : NULL;

	if (first != NULL && (first->flags & TCP_SENT_SACKED) != 0)
		sp_tcp_rtx_renege(s, t);
	sp_tcp_rtx_all_lost(s, t, old_enough(s, t, tx));
	if (tx == NULL)
		return;
	tx->tlp_out = false;
	tx->tlp_due = false;
	tx->dup_acks = 0;
}
