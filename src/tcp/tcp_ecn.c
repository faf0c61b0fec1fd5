/*
 * tcp_ecn.c - see tcp_ecn.h.
 *
 * Theory of operation.  A router that is about to drop marks instead (CE) what says that
 * its ends understand (ECT).  The receiver repeats the news on everything it sends (ECE),
 * because acknowledgements may be lost, until the sender says that it has reduced its
 * window (CWR).  So the same news arrives for a whole round trip, and is answered once:
 * tx->cwr lasts until something beyond what was outstanding then is acknowledged, that is
 * until CWR can have been heard.  A loss in the same window is the same news.
 *
 * What must outlive the text in flight are three bits of the control block: ecn (agreed;
 * while a SYN is out: asked for), ece_owed and cwr_due.
 */
#include "tcp/tcp_ecn.h"

#include "tcp/tcp_fast.h"
#include "tcp/tcp_facts.h"
#include "tcp/tcp_undo.h"

bool
sp_tcp_ecn_asks(const struct sampan *s, const struct tcp_tcb *t)
{
	const int64_t setting = sp_setting(s, SAMPAN_SET_TCP_ECN);

	return setting == ECN_REQUEST || (setting != 0 && sp_tcp_cc_marks_each(t));
}

bool
sp_tcp_ecn_marks_repair(const struct tcp_tcb *t, const struct tcp_plan *plan)
{
	return plan->len > 0 && plan->why != TCP_WHY_PROBE && sp_tcp_cc_marks_each(t);
}

/* RFC 3168 §6.1.1 (R-3168-1).  A SYN-ACK asks for nothing, and so has no CWR. */
uint8_t
sp_tcp_ecn_syn_flags(const struct tcp_tcb *t, uint8_t flags)
{
	if (!t->ecn)
		return flags;
	return flags | ((flags & TCP_ACK) != 0 ? TCP_ECE : TCP_ECN_FLAGS);
}

/* §6.1.1 (R-3168-2, R-3168-3): both must have asked, or one asked and one agreed.  A
 * SYN-ACK with both flags is our SYN, reflected by somebody who does not know them. */
void
sp_tcp_ecn_take_syn(struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const unsigned want = (seg->flags & TCP_ACK) != 0 ? TCP_ECE : TCP_ECN_FLAGS;

	t->ecn = t->ecn && (seg->flags & TCP_ECN_FLAGS) == want;
}

/* §6.1.1.1 (R-3168-18). */
bool
sp_tcp_ecn_accepts(const struct sampan *s, const struct tcp_seg *syn)
{
	return (syn->flags & TCP_ECN_FLAGS) == TCP_ECN_FLAGS &&
	    sp_setting(s, SAMPAN_SET_TCP_ECN) != 0;
}

/* What arrived before now is acknowledged, if it is not yet. */
static void
acknowledge_before(struct sampan *s, struct tcp_tcb *t)
{
	if (seq_eq(t->rcv.acked, t->rcv.nxt) || t->dsack_start != t->dsack_end)
		return;
	sp_tcp_send_ack(s, t, t->ece_owed ? TCP_ECE : 0);
	tcp_acknowledged(t);
}

/* §6.1.3 (R-3168-9): CE in the segment that brings CWR is new news.  Both count with
 * text only, which is all that a sender marks, and the first of them is worth an
 * acknowledgement at once: a peer that reduces may have too little in flight to provoke
 * one.  What is outside the window never comes here (§6.1.5 (R-3168-7)); the octet of a
 * window probe does (§6.1.6 (R-3168-8)).
 *
 * RFC 8257 §3.2: where each mark counts, the echo is of the last segment, and a change of
 * it is acknowledged at once; what came before has an acknowledgement of its own, so that
 * the peer counts right. */
void
sp_tcp_ecn_in(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const bool marked = tcp_ecn_is_marked(t, seg->pkt);
	const bool each = t->ecn && sp_tcp_cc_marks_each(t);
	const bool owed = t->ece_owed;

	if (!t->ecn || seg->text.len == 0)
		return;
	if (each && owed != marked)
		acknowledge_before(s, t);
	if ((seg->flags & TCP_CWR) != 0 || each)
		t->ece_owed = 0;
	if (marked)
		t->ece_owed = 1;
	if (t->ece_owed != owed || (seg->flags & TCP_CWR) != 0)
		tcp_set(t, TCP_F_ACK_NOW);
}

/* §6.1.2 (R-3168-12). */
void
sp_tcp_ecn_reduced(struct tcp_tcb *t, struct tcp_tx *tx)
{
	if (!t->ecn)
		return;
	t->cwr_due = 1;
	tx->cwr = true;
	tx->cwr_end = t->snd.nxt;
}

/* §6.1.2 (R-3168-11, R-3168-13): one reduction for a window of marks and losses. */
bool
sp_tcp_ecn_covers_loss(const struct sampan *s, const struct tcp_tx *tx)
{
	const struct tcp_sent *r = tcp_sent_by_time(s, tx->lost.first);

	return tx->cwr && tx->phase == TCP_PHASE_OPEN && r != NULL &&
	    seq_lt(r->start, tx->cwr_end);
}

/* §6.1.2 (R-3168-11); RFC 8511 §3 (R-8511-1).  While a loss is repaired the window has
 * been reduced for it; but then it was no mistake, and is not undone. */
void
sp_tcp_ecn_ack(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg,
    const struct tcp_delivery *d)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	if (tx->cwr && seq_lt(tx->cwr_end, t->snd.una))
		tx->cwr = false;
	if (!t->ecn || (seg->flags & TCP_ECE) == 0 || d->prior_in_flight_bytes == 0)
		return;
	sp_tcp_undo_end(tx);
	if (tx->phase != TCP_PHASE_OPEN || tx->cwr)
		return;
	sp_tcp_cc_tell(s, t, TCP_CC_ECN, d->prior_in_flight_bytes < t->cc.cwnd_bytes ?
	    d->prior_in_flight_bytes : t->cc.cwnd_bytes);
	tx->cut_at = sp_tick_of(s->now);
	sp_tcp_ecn_reduced(t, tx);
}
