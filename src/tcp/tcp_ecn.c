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

#include "tcp/tcp_accecn.h"
#include "tcp/tcp_fast.h"
#include "tcp/tcp_facts.h"
#include "tcp/tcp_undo.h"

/* SYN-ACKs in vain, after which none has the flags of accurate ECN: RFC 9768 §3.2.3.2.2. */
#define SILENT_AFTER 2u

/* SHLD-8, 5-D13; RFC 9768 §3.1.1 (R-9768-1). */
void
sp_tcp_ecn_offer(struct sampan *s, struct tcp_tcb *t)
{
	const int64_t setting = sp_setting(s, SAMPAN_SET_TCP_ECN);
	const bool needs = setting != 0 && sp_tcp_cc_marks_each(t);

	t->ece_owed = 0;
	t->cwr_due = 0;
	sp_tcp_accecn_end(s, t);
	t->ecn = needs || setting == ECN_REQUEST || setting == ECN_ACCURATE_REQUEST_CLASSIC;
	if (setting == ECN_ACCURATE || (needs && setting > ECN_ACCURATE))
		(void)sp_tcp_accecn_begin(s, t);	/* without memory it does not ask */
}

/* RFC 3168 §6.1.1.1 (R-3168-15); RFC 9768 §3.1.4: the first time it is asked again. */
void
sp_tcp_ecn_syn_lost(struct tcp_tcb *t)
{
	if (!t->accecn || t->retries > 1)
		t->ecn = 0;
}

bool
sp_tcp_ecn_marks_repair(const struct tcp_tcb *t, const struct tcp_plan *plan)
{
	return plan->len > 0 && plan->why != TCP_WHY_PROBE && sp_tcp_cc_marks_each(t);
}

static void
put_ace(struct tcp_hdr *h, unsigned ace)
{
	h->flags |= tcp_ace_flags(ace);
	h->ae = (ace & 4u) != 0;
}

/* RFC 3168 §6.1.1 (R-3168-1); RFC 9768 §3.1 (R-9768-1).  A SYN-ACK asks for nothing. */
void
sp_tcp_ecn_syn_flags(const struct sampan *s, const struct tcp_tcb *t, struct tcp_hdr *h)
{
	const bool answers = (h->flags & TCP_ACK) != 0;

	if (!t->ecn)
		return;
	if (!t->accecn)
		put_ace(h, answers ? ACE_CLASSIC : ACE_CLASSIC_SYN);
	else
		put_ace(h, answers ? sp_tcp_accecn_answer(tcp_accecn_of(s, t)->syn_mark) :
				     ACE_REQUEST);
}

/* §6.1.1 (R-3168-2, R-3168-3): both must have asked, or one asked and one agreed.  A
 * SYN-ACK with both flags is our SYN, reflected by somebody who does not know them. */
void
sp_tcp_ecn_take_syn(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const unsigned want = (seg->flags & TCP_ACK) != 0 ? TCP_ECE : TCP_ECN_FLAGS;

	if (t->accecn)
		sp_tcp_accecn_take_syn(s, t, seg);
	else
		t->ecn = t->ecn && (seg->flags & TCP_ECN_FLAGS) == want;
}

/* §6.1.1.1 (R-3168-18); RFC 9768 §3.1.2, §3.1.3: flags that nobody sends yet ask for the
 * accurate one, where that is known. */
unsigned
sp_tcp_ecn_answer(const struct sampan *s, const struct tcp_seg *syn)
{
	const int64_t setting = sp_setting(s, SAMPAN_SET_TCP_ECN);
	const uint8_t ace = tcp_ace(syn);

	if (setting == 0 || ace == ACE_NONE)
		return 0;
	if (setting < ECN_ACCURATE)
		return (syn->flags & TCP_ECN_FLAGS) == TCP_ECN_FLAGS ? HALF_OPEN_ECN : 0;
	if (ace == ACE_CLASSIC_SYN)
		return HALF_OPEN_ECN;
	return HALF_OPEN_ACCECN | (syn->pkt->tos & IP_ECN_MASK) << HALF_OPEN_MARK_SHIFT;
}

static void
set_retries(struct tcp_half_open *h, unsigned retries)
{
	h->has &= (uint16_t)~(7u << HALF_OPEN_RETRIES_SHIFT);
	h->has |= (uint16_t)(retries << HALF_OPEN_RETRIES_SHIFT);
}

/* R-3168-2: who repeats a SYN without asking has given up the classic one; the accurate
 * one stays agreed on (RFC 9768 §3.1.5), but is not spoken of any more, as if our SYN-ACK
 * had been sent twice in vain. */
bool
sp_tcp_ecn_syn_again(const struct sampan *s, struct tcp_half_open *h, const struct tcp_seg *syn)
{
	const unsigned asks = sp_tcp_ecn_answer(s, syn), had = h->has & HALF_OPEN_ANY_ECN;
	const unsigned retries = h->has >> HALF_OPEN_RETRIES_SHIFT & 7u;

	if (had == 0)
		return true;
	if (asks == 0 && (had & HALF_OPEN_ACCECN) != 0) {
		set_retries(h, retries > SILENT_AFTER ? retries : SILENT_AFTER);
		return true;
	}
	h->has &= (uint16_t)~HALF_OPEN_ANY_ECN;
	h->has |= (uint16_t)asks;
	return asks == 0 || (asks & HALF_OPEN_ACCECN) == (had & HALF_OPEN_ACCECN);
}

unsigned
sp_tcp_ecn_syn_ack(const struct tcp_half_open *h, unsigned retries)
{
	if ((h->has & HALF_OPEN_ACCECN) == 0)
		return (h->has & HALF_OPEN_ECN) != 0 ? ACE_CLASSIC : ACE_NONE;
	if (retries >= SILENT_AFTER)
		return ACE_NONE;
	return sp_tcp_accecn_answer(h->has >> HALF_OPEN_MARK_SHIFT & IP_ECN_MASK);
}

void
sp_tcp_ecn_inherit(struct sampan *s, struct tcp_tcb *t, const struct tcp_half_open *h)
{
	const unsigned retries = h->has >> HALF_OPEN_RETRIES_SHIFT & 7u;

	if ((h->has & HALF_OPEN_ACCECN) != 0)
		sp_tcp_accecn_accept(s, t, retries >= SILENT_AFTER);
	else
		t->ecn = (h->has & HALF_OPEN_ECN) != 0;
}

uint32_t
sp_tcp_ecn_marked_bytes(const struct sampan *s, const struct tcp_tcb *t,
    const struct tcp_seg *seg, uint32_t fresh_bytes)
{
	uint32_t marked;

	if (!(t->ecn || t->accecn) || (seg->flags & TCP_ECE) == 0)
		return 0;
	marked = t->accecn ? sp_tcp_accecn_fresh(s, t) : fresh_bytes;
	return marked < fresh_bytes ? marked : fresh_bytes;
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

	if (t->accecn)
		sp_tcp_accecn_in(s, t, seg);
	if (t->accecn || !t->ecn || seg->text.len == 0)
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

/* §6.1.2 (R-3168-12); not with accurate ECN, which has no such flag: RFC 9768 §3.1.5. */
void
sp_tcp_ecn_reduced(struct tcp_tcb *t, struct tcp_tx *tx)
{
	if (!t->ecn && !t->accecn)
		return;
	t->cwr_due = !t->accecn;
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
	if (!(t->ecn || t->accecn) || (seg->flags & TCP_ECE) == 0 || d->prior_in_flight_bytes == 0)
		return;
	sp_tcp_undo_end(tx);
	if (tx->phase != TCP_PHASE_OPEN || tx->cwr)
		return;
	sp_tcp_cc_tell(s, t, TCP_CC_ECN, d->prior_in_flight_bytes < t->cc.cwnd_bytes ?
	    d->prior_in_flight_bytes : t->cc.cwnd_bytes);
	tx->cut_at = sp_tick_of(s->now);
	sp_tcp_ecn_reduced(t, tx);
}
