/*
 * tcp_recovery.c - see tcp_recovery.h.
 *
 * The congestion control is told of one loss a round and answers with a target
 * (ssthresh).  From then on, until everything that was outstanding is
 * acknowledged, Proportional Rate Reduction (RFC 9937, 5-D16) meters what may
 * leave for what has arrived, so that the window glides down instead of stopping.
 *
 * DEVIATES: R-5681-15, R-5681-16: the window is not inflated by three segments and
 * one for every duplicate: PRR does without SACK what that did.
 */
#include "tcp/tcp_recovery.h"

#include "tcp/tcp_ecn.h"
#include "tcp/tcp_facts.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_loss.h"
#include "tcp/tcp_mtu_probe.h"
#include "tcp/tcp_rate.h"
#include "tcp/tcp_tally.h"
#include "tcp/tcp_undo.h"

static uint32_t
larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t
smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* A loss among the first text (RFC 6928 §2 (R-6928-4)). */
static void
note_lossy_start(struct tcp_tcb *t)
{
	if (t->una_wraps == 0 &&
	    seq_diff(t->snd.una, t->iss) <= tcp_cc_initial_window(t->mss_bytes))
		t->lossy_start = 1;
}

/* RFC 9937 §6.1 (R-9937-1 to R-9937-3), RFC 6675 §5 (R-6675-8). */
static void
enter(struct sampan *s, struct tcp_tcb *t, struct tcp_tx *tx, uint32_t delivered_bytes)
{
	const uint32_t outstanding = seq_diff(t->snd.nxt, t->snd.una);
	const uint32_t flight = outstanding - tx->sacked_bytes + delivered_bytes;
	const bool reduced = sp_tcp_ecn_covers_loss(s, tx);

	if (tx->lost_again || reduced)	/* a repair was lost, or the window cut: no mistake */
		sp_tcp_undo_end(tx);
	else
		sp_tcp_undo_begin(t, tx, false);
	tx->phase = TCP_PHASE_RECOVERY;
	tx->recover = t->snd.nxt;
	tx->prr_delivered_bytes = 0;
	tx->prr_out_bytes = 0;
	tx->prr_flight_bytes = flight > 0 ? flight : 1;
	tx->tlp_due = false;
	tx->tlp_out = false;		/* RFC 8985 §7.1 */
	/* FlightSize counts what was selectively acknowledged, but not what limited
	 * transmit added beyond the window: RFC 5681 §3.2 (R-5681-14). */
	if (!reduced)
		sp_tcp_cc_tell(s, t, TCP_CC_RECOVERY_ENTER,
		    smaller(larger(outstanding, flight), t->cc.cwnd_bytes));
	sp_tcp_ecn_reduced(t, tx);
	tx->cut_at = sp_tick_of(s->now);
	tx->lost_again = false;
	note_lossy_start(t);
}

/* What is sent in segments is counted in them, rounded up as the formula is; or
 * the window would hold back the first segment of each pair that it halves. */
static uint32_t
whole_segments(const struct tcp_tcb *t, uint64_t bytes)
{
	const uint32_t mss = t->mss_bytes;

	return (uint32_t)((bytes + mss - 1) / mss) * mss;
}

/* RFC 9937 §6.2 (R-9937-5 to R-9937-9, R-9937-11).  safe: SND.UNA moved and nothing more
 * was found lost. */
static void
prr(const struct sampan *s, struct tcp_tcb *t, struct tcp_tx *tx, uint32_t delivered_bytes,
    bool safe)
{
	const uint32_t in_flight = sp_tcp_pipe(s, t);
	const uint32_t target = t->cc.ssthresh_bytes;
	const uint32_t out = tx->prr_out_bytes;
	uint32_t sndcnt = 0;

	if ((delivered_bytes == 0 && tx->prr_delivered_bytes != 0) || sp_tcp_cc_owns_window(t))
		return;
	tx->prr_delivered_bytes += delivered_bytes;
	if (in_flight > target) {
		const uint32_t want = whole_segments(t, ((uint64_t)tx->prr_delivered_bytes *
		    target + tx->prr_flight_bytes - 1) / tx->prr_flight_bytes);

		sndcnt = want > out ? want - out : 0;
	} else {
		const uint32_t lag = tx->prr_delivered_bytes > out ?
		    tx->prr_delivered_bytes - out : 0;

		sndcnt = larger(lag, delivered_bytes) + (safe ? t->mss_bytes : 0);
		if (sndcnt > target - in_flight)
			sndcnt = target - in_flight;
	}
	if (out == 0 && sndcnt < t->mss_bytes)
		sndcnt = t->mss_bytes;
	t->cc.cwnd_bytes = larger(in_flight + sndcnt, t->mss_bytes);
}

/* Is something lost for which congestion is to be blamed? */
static bool
lost_by_congestion(struct sampan *s, struct tcp_tcb *t, const struct tcp_tx *tx)
{
	return tx->lost_bytes > (t->rare != 0 ? sp_tcp_mtup_excused(s, t) : 0);
}

/* Is there a loss that was not yet responded to?  One that is found while
 * recovering is part of the same event, but a repair that is lost is a second one
 * (RFC 5681 §4.3 (R-5681-22); R-8985-18). */
static bool
must_reduce(struct sampan *s, struct tcp_tcb *t, const struct tcp_tx *tx)
{
	return (tx->phase == TCP_PHASE_OPEN && tx->lost_bytes > 0 &&
		   lost_by_congestion(s, t, tx)) ||
	    (tx->phase == TCP_PHASE_RECOVERY && tx->lost_again);
}

void
sp_tcp_recovery_check(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_if_any(s, t);

	if (tx == NULL || !must_reduce(s, t, tx))
		return;
	enter(s, t, tx, 0);
	prr(s, t, tx, 0, false);
}

void
sp_tcp_recovery_sent(struct tcp_tx *tx, uint32_t bytes)
{
	tx->prr_out_bytes += bytes;
}

/* Everything that was outstanding when it began is acknowledged (R-6675-9,
 * R-6582-3); the window is what PRR has led to (R-9937-10, R-2525-6). */
static void
leave(struct sampan *s, struct tcp_tcb *t, struct tcp_tx *tx)
{
	const bool recovering = tx->phase == TCP_PHASE_RECOVERY;

	tx->phase = TCP_PHASE_OPEN;
	tx->dup_acks = 0;
	if (t->reo_persist > 0 && --t->reo_persist == 0)	/* RFC 8985 §6.2 step 4 */
		t->reo_mult = 0;
	sp_tcp_cc_tell(s, t, recovering ? TCP_CC_RECOVERY_EXIT : TCP_CC_RTO_EXIT,
	    sp_tcp_pipe(s, t));
}

/* The window falls to one segment, so that one is sent (R-2525-10). */
void
sp_tcp_recovery_timeout(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_if_any(s, t);
	const bool in_recovery = tx != NULL && tx->phase == TCP_PHASE_RECOVERY;
	const uint32_t before = t->cc.ssthresh_bytes;
	/* In recovery little is in the network, but what it began with has been answered
	 * already: FlightSize, RFC 5681 §2, is all that is not acknowledged. */
	const uint32_t flight = in_recovery ? seq_diff(t->snd.nxt, t->snd.una) :
	    sp_tcp_pipe(s, t);

	/* RFC 5681 §3.1 (R-5681-9): a second time-out of the same text leaves
	 * ssthresh as it is. */
	if (t->retries <= 1)
		sp_tcp_cc_tell(s, t, TCP_CC_RTO, flight);
	else
		t->cc.cwnd_bytes = t->mss_bytes;
	if (in_recovery)
		t->cc.ssthresh_bytes = smaller(t->cc.ssthresh_bytes, before);
	note_lossy_start(t);
	if (tx != NULL && t->retries <= 1)
		sp_tcp_undo_begin(t, tx, true);
	sp_tcp_loss_timeout(s, t);
	/* What was sent only just now is still on its way: one segment more than that. */
	t->cc.cwnd_bytes = larger(t->cc.cwnd_bytes, sp_tcp_pipe(s, t) + t->mss_bytes);
	if (tx == NULL)
		return;
	tx->cut_at = sp_tick_of(s->now);
	tx->lost_again = false;
	tx->phase = TCP_PHASE_LOSS;
	sp_tcp_ecn_reduced(t, tx);
	tx->recover = t->snd.nxt;		/* R-6675-11, R-6582-6 */
}

void
sp_tcp_recovery_resend(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_if_any(s, t);

	if (tx == NULL || tx->by_seq.first == 0)
		return;
	sp_tcp_rtx_all_lost(s, t, s->now);
	tx->phase = TCP_PHASE_LOSS;
	tx->recover = t->snd.nxt;
	sp_tcp_disarm(t, TCP_AT_LOSS);
}

/* A loss that is repaired already: RFC 8985 §7.4 (R-8985-16).  prr_flight_bytes is what
 * was in flight when the probe left. */
static void
respond_to_probe(struct sampan *s, struct tcp_tcb *t, struct tcp_tx *tx)
{
	sp_tcp_cc_tell(s, t, TCP_CC_RECOVERY_ENTER,
	    smaller(tx->prr_flight_bytes, t->cc.cwnd_bytes));
	sp_tcp_cc_tell(s, t, TCP_CC_RECOVERY_EXIT, sp_tcp_pipe(s, t));
	sp_tcp_undo_end(tx);
	sp_tcp_ecn_reduced(t, tx);
	tx->cut_at = sp_tick_of(s->now);
	note_lossy_start(t);
}

/* A probe that was sent again is the only one acknowledged, and nobody has said
 * that it was a duplicate: a loss (RFC 8985 §7.4 (R-8985-16)). */
void
sp_tcp_recovery_rest(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	if (tx->tlp_out && tx->tlp_again && tx->phase == TCP_PHASE_OPEN)
		respond_to_probe(s, t, tx);
}

static void
report(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg,
    const struct tcp_delivery *d, sampan_dur rtt)
{
	const struct tcp_tx *tx = tcp_tx_of(s, t);
	struct tcp_cc_ack ack = {
		.acked_bytes = d->fresh_bytes,
		.prior_in_flight_bytes = d->prior_in_flight_bytes,
		.lost_bytes = tx->lost_total_bytes - d->prior_lost_bytes,
		.rtt = rtt,
		.ecn_ce_bytes = sp_tcp_ecn_marked_bytes(s, t, seg, d->fresh_bytes),
		/* Duplicates let no window grow, nor does what ends recovery:
		 * RFC 5681 §3.2 (R-5681-13, R-5681-17). */
		.in_recovery = tx->phase == TCP_PHASE_RECOVERY || d->acked_bytes == 0 ||
		    d->ends_recovery || !tcp_ecn_allows_growth(t, tx, seg),
	};

	sp_tcp_recovery_report(s, t, &d->rate,
	    seq_diff(t->snd.nxt, t->snd.una) + d->acked_bytes, &ack);
}

/* What the acknowledgement delivered, for PRR (R-9937-4): without SACK every
 * duplicate counts for a segment, which what acknowledges it counts no more. */
static uint32_t
delivered_by(const struct tcp_tcb *t, const struct tcp_tx *tx, const struct tcp_delivery *d,
    bool dup)
{
	if (tcp_is(t, TCP_F_SACK))
		return d->fresh_bytes;
	if (!dup)
		return d->acked_bytes - d->counted_bytes;
	return tcp_dup_counts(tx) ? t->mss_bytes : 0;
}

/* R-5681-12; with SACK a duplicate is what brings news (R-6675-1). */
static bool
is_duplicate(const struct tcp_tcb *t, const struct tcp_seg *seg, const struct tcp_delivery *d)
{
	return d->acked_bytes == 0 && seg->len == 0 && seq_eq(seg->ack, t->snd.una) &&
	    seg->wnd << t->snd_scale == t->snd.wnd_bytes && !seq_eq(t->snd.una, t->snd.nxt);
}

void
sp_tcp_recovery_ack(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg,
    struct tcp_delivery *d, sampan_dur rtt)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);
	const bool dup = is_duplicate(t, seg, d);
	const uint32_t lost_before = tx->lost_bytes;
	const uint32_t delivered = delivered_by(t, tx, d, dup);

	d->ends_recovery = sp_tcp_undo_ack(s, t, d, dup);
	if (tx->phase != TCP_PHASE_OPEN && seq_le(tx->recover, t->snd.una)) {
		d->ends_recovery = tx->phase == TCP_PHASE_RECOVERY;
		leave(s, t, tx);
	}
	sp_tcp_loss_ack(s, t, d, dup);
	if (sp_tcp_tlp_ack(tx, seg, d) && tx->phase == TCP_PHASE_OPEN)
		respond_to_probe(s, t, tx);
	if (must_reduce(s, t, tx))
		enter(s, t, tx, delivered);
	sp_tcp_ecn_ack(s, t, seg, d);
	if (tx->phase == TCP_PHASE_RECOVERY)
		prr(s, t, tx, delivered, d->acked_bytes > 0 && tx->lost_bytes <= lost_before);
	if (d->fresh_bytes > 0)
		report(s, t, seg, d, rtt);
}
