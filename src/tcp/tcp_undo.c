/*
 * tcp_undo.c - see tcp_undo.h.
 *
 * Theory of operation.  Text that is sent again may not have been lost at all: it
 * was overtaken, or the path has become slower for a while.  Three witnesses tell:
 *
 * - the echoed timestamp of what acknowledges it is older than the repair: the
 *   original has arrived (Eifel);
 * - the peer reports each repair as a duplicate (D-SACK);
 * - after a time-out, acknowledgements go on to come for what was sent once (F-RTO).
 *
 * Then the congestion control gets back what it had, and what waits to be sent
 * again is taken for being on its way.  The window that an undone time-out
 * restores is bound by what is in flight, so that no burst follows (RFC 4015
 * §3.2).
 */
#include "tcp/tcp_undo.h"

#include "tcp/tcp_facts.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_loss.h"

/* Steps of RFC 5682 §2.1. */
enum { FRTO_OFF, FRTO_REPAIRED, FRTO_TESTING };

void
sp_tcp_undo_begin(const struct tcp_tcb *t, struct tcp_tx *tx, bool timeout)
{
	/* Step 1 (R-5682-1, R-5682-7): not while an earlier loss is being repaired. */
	tx->frto = timeout && tx->phase == TCP_PHASE_OPEN ? FRTO_REPAIRED : FRTO_OFF;
	tx->undo_on = true;
	tx->undo_timeout = timeout;
	tx->undo_start = t->snd.una;
	tx->undo_stop = t->snd.nxt;
	tx->undo_bytes = 0;
	tx->again_at = 0;
}

void
sp_tcp_undo_end(struct tcp_tx *tx)
{
	tx->undo_on = false;
	tx->frto = FRTO_OFF;
}

/* RFC 3708 §3 (R-3708-1): what is sent again twice proves nothing by D-SACK. */
void
sp_tcp_undo_again(const struct sampan *s, struct tcp_tx *tx, const struct tcp_sent *r)
{
	if (!tx->undo_on)
		return;
	/* Eifel asks for the oldest segment, and for its first repair. */
	if (tx->again_at == 0 && seq_eq(r->start, tx->undo_start) &&
	    (r->flags & TCP_SENT_AGAIN) == 0)
		tx->again_at = s->now;
	if ((r->flags & TCP_SENT_AGAIN) != 0)
		tx->undo_bytes = UINT32_MAX;
	else if (tx->undo_bytes != UINT32_MAX)
		tx->undo_bytes += tcp_sent_len(r);
}

/* So late was the original that it was taken for lost.  The reordering window is
 * from now on what would have sufficed, without a D-SACK for each step there. */
static void
learn_reordering(const struct sampan *s, struct tcp_tcb *t, const struct tcp_tx *tx,
    const struct tcp_delivery *d)
{
	const sampan_dur rtt = SAMPAN_US(tx->rack_rtt_us), age = s->now - d->again_by_echo;

	sp_tcp_loss_reordered(t, age > rtt ? age - rtt : 0);
}

/* RFC 4015 §3.2 (R-4015-1). */
static void
restore(struct sampan *s, struct tcp_tcb *t, struct tcp_tx *tx, const struct tcp_delivery *d)
{
	const uint32_t initial = tcp_cc_initial_window(t->mss_bytes);
	const uint32_t acked = d->acked_bytes < initial ? d->acked_bytes : initial;
	uint32_t most;

	sp_tcp_rtx_found(s, t);
	tx->phase = TCP_PHASE_OPEN;
	tx->dup_acks = 0;
	tx->lost_again = false;
	tx->cwr = false;		/* a mark that comes now is news */
	sp_tcp_cc_tell(s, t, TCP_CC_UNDO, sp_tcp_pipe(s, t));
	if (tx->undo_timeout) {
		most = sp_tcp_pipe(s, t) + (acked > t->mss_bytes ? acked : t->mss_bytes);
		if (t->cc.cwnd_bytes > most)
			t->cc.cwnd_bytes = most;
		t->backoff = 0;
	} else {
		learn_reordering(s, t, tx, d);
	}
	sp_tcp_undo_end(tx);
	sp_count(s, SAMPAN_COUNT_TCP_UNDONE);
}

/* RFC 3522 §3.2 (R-3522-1): the first acknowledgement of something new. */
static bool
echo_is_older(struct tcp_tx *tx, const struct tcp_delivery *d)
{
	const bool older = d->again_by_echo < tx->again_at;

	if (d->acked_bytes == 0 || tx->again_at == 0)
		return false;
	tx->again_at = 0;
	return older;
}

/* RFC 3708 §3 (R-3708-1): every repair came twice. */
static bool
all_duplicates(struct tcp_tx *tx, const struct tcp_delivery *d)
{
	const uint32_t len = seq_diff(d->dsack_end, d->dsack_start);

	if (!d->dsack || tx->undo_bytes == 0 || tx->undo_bytes == UINT32_MAX)
		return false;
	if (seq_lt(d->dsack_start, tx->undo_start) || seq_lt(tx->undo_stop, d->dsack_end))
		return false;
	tx->undo_bytes -= len < tx->undo_bytes ? len : tx->undo_bytes;
	return tx->undo_bytes == 0;
}

/* R-5682-3: is there a new segment to send?  A whole one, which nothing holds back. */
static bool
can_test(const struct sampan *s, const struct tcp_tcb *t)
{
	return sp_tcp_unsent(s, t) >= t->mss_bytes &&
	    seq_diff(t->snd.nxt, t->snd.una) + t->mss_bytes <= t->snd.wnd_bytes;
}

/* RFC 5682 §2.1 steps 2 and 3, §3.1 with SACK (R-5682-6): a duplicate before the first
 * new acknowledgement says nothing. */
static bool
original_arrives(struct sampan *s, struct tcp_tcb *t, struct tcp_tx *tx,
    const struct tcp_delivery *d, bool dup)
{
	if (tx->frto == FRTO_REPAIRED) {
		if (d->acked_bytes == 0 && (!dup || tcp_is(t, TCP_F_SACK)))
			return false;
		/* R-5682-2. */
		tx->frto = d->acked_bytes > 0 && seq_lt(t->snd.una, tx->undo_stop) &&
		    can_test(s, t) ? FRTO_TESTING : FRTO_OFF;
		return false;
	}
	if (tx->frto != FRTO_TESTING)
		return false;
	/* R-5682-5: sent once, before the time-out, and it came. */
	if (d->once_at != 0 && d->once_before_timeout)
		return true;
	if (d->acked_bytes == 0 && !dup && d->sacked_bytes == 0)
		return false;
	tx->frto = FRTO_OFF;
	if (t->cc.cwnd_bytes > 3u * t->mss_bytes)	/* R-5682-4 */
		t->cc.cwnd_bytes = 3u * t->mss_bytes;
	return false;
}

bool
sp_tcp_undo_ack(struct sampan *s, struct tcp_tcb *t, const struct tcp_delivery *d, bool dup)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	if (!tx->undo_on)
		return false;
	if (echo_is_older(tx, d) || all_duplicates(tx, d) ||
	    original_arrives(s, t, tx, d, dup)) {
		restore(s, t, tx, d);
		return true;
	}
	if (d->acked_bytes > 0 && seq_diff(t->snd.una, tx->undo_start) >=
	    2 * seq_diff(tx->undo_stop, tx->undo_start) + t->mss_bytes)
		sp_tcp_undo_end(tx);	/* a round after its end: nobody has complained */
	return false;
}

bool
sp_tcp_undo_tests(const struct sampan *s, const struct tcp_tcb *t)
{
	return t->tx != 0 && tcp_tx_of(s, t)->frto == FRTO_TESTING;
}
