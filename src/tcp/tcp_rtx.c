/*
 * tcp_rtx.c - see tcp_rtx.h.
 *
 * Theory of operation.  Every frame of text that leaves is one record.  All
 * records stand in by_seq, without gaps from SND.UNA to the end of what was
 * sent.  One that may still arrive stands in by_time too, which sending (again)
 * moves it to the end of; one that is lost stands in `lost` instead, in the
 * order in which it is to be sent again; one that was selectively acknowledged
 * stands in neither and melts with neighbours of its kind.  So the oldest
 * candidate for loss, the next repair and the amount in flight are all known
 * without a search.
 *
 * A selective acknowledgement must find its records: the search begins at either
 * end, where the newest block began last time, or at what left first of all that may
 * still arrive, whatever is nearest, and looks at no more than SEARCH_MAX of them.
 * Repairs and new text arrive in turn, at two places of the flight, and each in the
 * order in which it left: so the newest block is found in a flight of any size.  What
 * is not reached is ignored, which is always allowed (RFC 2018 §5: advisory), so no
 * peer can make a segment expensive (R-V-2); what is decided by is bytes in 32 bits,
 * never a count of segments (R-V-1).
 *
 * Records know of how many segments they hold the last octet, for who asks
 * (tcp_info.c): a segment is delivered when its last octet is.  Cutting a record
 * shares them out, melting adds them up, so none is counted twice or lost.
 */
#include "tcp/tcp_rtx.h"

#include "base/step.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_rate.h"
#include "tcp/tcp_undo.h"

#define SEARCH_MAX 512

struct tcp_sent *
sp_tcp_rtx_first(const struct sampan *s, const struct tcp_tx *tx)
{
	return tcp_sent_by_seq(s, tx->by_seq.first);
}

/* Takes a record out of the list that its flags say it is in. */
static void
unlist(struct sampan *s, struct tcp_tx *tx, struct tcp_sent *r)
{
	if ((r->flags & TCP_SENT_SACKED) != 0)
		return;
	if ((r->flags & TCP_SENT_LOST) != 0) {
		sp_list_remove(&s->arena, &tx->lost, &r->by_time);
		tx->lost_bytes -= tcp_sent_len(r);
	} else {
		sp_list_remove(&s->arena, &tx->by_time, &r->by_time);
	}
}

static void
discard(struct sampan *s, struct tcp_tx *tx, struct tcp_sent *r)
{
	if (tx->newest == sp_ref(&s->arena, &r->by_seq))
		tx->newest = r->by_seq.next;
	sp_list_remove(&s->arena, &tx->by_seq, &r->by_seq);
	if (r != &tx->own)
		sp_pool_give(&s->arena, SP_KIND_TCP_SENT, sp_ref(&s->arena, r));
}

void
sp_tcp_rtx_clear(struct sampan *s, struct tcp_tx *tx)
{
	struct tcp_sent *r;

	while ((r = sp_tcp_rtx_first(s, tx)) != NULL)
		discard(s, tx, r);
	tx->by_time = (struct sp_list){ 0, 0 };
	tx->lost = (struct sp_list){ 0, 0 };
	tx->sacked_bytes = 0;
	tx->lost_bytes = 0;
}

/* Of the segments in a record those that end before `at`; its own end stays. */
static uint16_t
segs_before(const struct tcp_tcb *t, const struct tcp_sent *r, tcp_seq at)
{
	const uint32_t n = seq_diff(at, r->start) / t->mss_bytes;

	if (r->segs == 0)
		return 0;
	return (uint16_t)(n < r->segs ? n : r->segs - 1u);
}

/* Cuts a record in two; the front keeps everything, the rest is like it.
 * NULL: no memory, nothing has changed. */
static struct tcp_sent *
split(struct sampan *s, const struct tcp_tcb *t, struct tcp_sent *r, tcp_seq at)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);
	struct tcp_sent *rest = sp_tcp_rtx_record(s, tx);

	if (rest == NULL)
		return NULL;
	*rest = *r;
	rest->by_seq = (struct sp_node){ 0, 0 };
	rest->by_time = (struct sp_node){ 0, 0 };
	rest->start = at;
	r->segs = segs_before(t, r, at);
	rest->segs = (uint16_t)(rest->segs - r->segs);
	r->end = at;
	r->flags &= (uint8_t)~TCP_SENT_FIN;
	sp_list_insert(&s->arena, &tx->by_seq, &r->by_seq, &rest->by_seq);
	if ((r->flags & TCP_SENT_LOST) != 0)
		sp_list_insert(&s->arena, &tx->lost, &r->by_time, &rest->by_time);
	else if ((r->flags & TCP_SENT_SACKED) == 0)
		sp_list_insert(&s->arena, &tx->by_time, &r->by_time, &rest->by_time);
	return rest;
}

void
sp_tcp_rtx_cut(struct sampan *s, const struct tcp_tcb *t, struct tcp_sent *r, uint32_t bytes)
{
	if (tcp_sent_len(r) > bytes)
		split(s, t, r, seq_add(r->start, bytes));
}

struct tcp_sent *
sp_tcp_rtx_last(struct sampan *s, const struct tcp_tcb *t, uint32_t bytes)
{
	struct tcp_sent *r = tcp_sent_last(s, tcp_tx_of(s, t));
	struct tcp_sent *rest = NULL;

	if (tcp_sent_len(r) > bytes)
		rest = split(s, t, r, seq_sub(r->end, bytes));
	return rest != NULL ? rest : r;
}

/* The record, which is lost or the last one, has been sent again. */
static void
sent_again(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan, struct tcp_sent *r)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);
	const bool was_lost = (r->flags & TCP_SENT_LOST) != 0;

	if (tx->phase != TCP_PHASE_OPEN)
		sp_tcp_undo_again(s, tx, r);
	unlist(s, tx, r);
	r->flags = TCP_SENT_AGAIN | (was_lost ? TCP_SENT_REPAIR : 0);
	sp_tcp_rtx_stamp(s, t, plan, r);
	t->retrans_segs++;
	sp_count(s, SAMPAN_COUNT_TCP_RETRANS_SEGS);
}

/* What a plan that repeats text repeats; NULL: it is new text. */
static struct tcp_sent *
repeated(struct sampan *s, const struct tcp_tcb *t, const struct tcp_plan *plan)
{
	const struct tcp_tx *tx = tcp_tx_of(s, t);

	if (plan->why == TCP_WHY_REPAIR)
		return tcp_sent_by_time(s, tx->lost.first);
	if (plan->why == TCP_WHY_TAIL && tx->by_seq.last != 0 &&
	    seq_lt(plan->seq, tcp_sent_last(s, tx)->end))
		return sp_tcp_rtx_last(s, t, plan->len);
	return NULL;
}

void
sp_tcp_rtx_sent(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan,
    struct tcp_sent *r)
{
	struct tcp_sent *old = repeated(s, t, plan);

	if (old != NULL) {
		sp_tcp_rtx_cut(s, t, old, plan->len);
		sent_again(s, t, plan, old);
		return;
	}
	sp_tcp_rtx_sent_new(s, t, plan, r);
}

/* RFC 8985 §6.2 step 3 (R-8985-5): not lost, but overtaken by what was sent last of all
 * that has arrived. */
static void
note_reordered(const struct tcp_tx *tx, const struct tcp_sent *r, struct tcp_delivery *d)
{
	const uint32_t behind_bytes = seq_diff(tx->rack_fack, r->start);

	d->reordered = true;
	if (behind_bytes > d->behind_bytes)
		d->behind_bytes = behind_bytes;
	if (tx->rack_valid && tx->rack_at > r->sent_at + d->late_dur)
		d->late_dur = tx->rack_at - r->sent_at;
}

/* What it means that this record has arrived.  RFC 8985 §6.2 step 2 (R-8985-4):
 * one that seems to have arrived too soon after it was sent again tells nothing,
 * but others of the same acknowledgement do; step 3 (R-8985-5). */
static void
note_delivered(struct tcp_tx *tx, const struct tcp_sent *r, struct tcp_delivery *d,
    sampan_time again_by)
{
	const bool again = (r->flags & TCP_SENT_AGAIN) != 0;

	d->fresh_bytes += tcp_sent_len(r);
	d->fresh_segs += r->segs;
	d->again = d->again || again;
	if (!again && r->sent_at > d->once_at)
		d->once_at = r->sent_at;
	if (!again && seq_le(r->end, d->undo_stop))
		d->once_before_timeout = true;
	sp_tcp_rate_delivered(r, d);
	if ((!again || r->sent_at <= again_by) && (!d->any || r->sent_at > d->newest_at ||
	    (r->sent_at == d->newest_at && seq_lt(d->newest_end, r->end)))) {
		d->any = true;
		d->newest_at = r->sent_at;
		d->newest_end = r->end;
	}
	if (seq_lt(tx->rack_fack, r->end))
		tx->rack_fack = r->end;
	else if (!again && seq_lt(r->end, tx->rack_fack))
		note_reordered(tx, r, d);
}

/* The echo speaks of what arrived in order, so not of what is behind a gap. */
static sampan_time
acked_again_by(const struct tcp_delivery *d)
{
	return d->again_by_echo < d->again_by_rtt ? d->again_by_echo : d->again_by_rtt;
}

/* The part of a record before ack is acknowledged. */
static void
cut_front(const struct tcp_tcb *t, struct tcp_tx *tx, struct tcp_sent *r, tcp_seq ack,
    struct tcp_delivery *d)
{
	const uint32_t len = seq_diff(ack, r->start);
	struct tcp_sent front = *r;

	front.end = ack;
	front.segs = segs_before(t, r, ack);
	r->segs = (uint16_t)(r->segs - front.segs);
	if ((r->flags & TCP_SENT_SACKED) != 0)
		tx->sacked_bytes -= len;
	else
		note_delivered(tx, &front, d, acked_again_by(d));
	if ((r->flags & TCP_SENT_LOST) != 0)
		tx->lost_bytes -= len;
	r->start = ack;
}

static void
drop_acked(struct sampan *s, const struct tcp_tcb *t, tcp_seq ack, struct tcp_delivery *d)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);
	struct tcp_sent *r;

	while ((r = sp_tcp_rtx_first(s, tx)) != NULL && seq_lt(r->start, ack)) {
		if (seq_lt(ack, r->end)) {
			cut_front(t, tx, r, ack, d);
			return;
		}
		SP_STEP();
		if ((r->flags & TCP_SENT_SACKED) != 0)
			tx->sacked_bytes -= tcp_sent_len(r);
		else
			note_delivered(tx, r, d, acked_again_by(d));
		unlist(s, tx, r);
		discard(s, tx, r);
	}
}

/* Without SACK sacked_bytes counts duplicates.  What a cumulative
 * acknowledgement covers beyond the repair that caused it had been counted. */
static void
settle_estimate(const struct tcp_tcb *t, struct tcp_tx *tx, struct tcp_delivery *d)
{
	const uint32_t acked_bytes = d->acked_bytes, before = tx->sacked_bytes;
	const uint32_t counted = acked_bytes > t->mss_bytes ? acked_bytes - t->mss_bytes : 0;
	const uint32_t left = seq_diff(sp_tcp_sent_end(t), t->snd.una);

	tx->sacked_bytes = tx->sacked_bytes > counted ? tx->sacked_bytes - counted : 0;
	d->counted_bytes = before - tx->sacked_bytes;
	if (tx->sacked_bytes > left)
		tx->sacked_bytes = left;
	if (tx->phase == TCP_PHASE_OPEN)
		tx->sacked_bytes = 0;
}

bool
sp_tcp_fin_is_alone(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);

	return tx == NULL || tx->by_seq.last == 0 ||
	    (tcp_sent_last(s, tx)->flags & TCP_SENT_FIN) == 0;
}

/* Only now are bytes let go of: RFC 2018 §5 (R-2018-8); so a repair always has the
 * same ones (R-2525-2). */
void
sp_tcp_rtx_acked(struct sampan *s, struct tcp_tcb *t, tcp_seq ack, struct tcp_delivery *d)
{
	struct tcp_tx *tx = tcp_tx_if_any(s, t);

	d->acked_bytes = seq_diff(ack, t->snd.una);
	if (tcp_is(t, TCP_F_FIN_SENT) && seq_eq(ack, t->snd.nxt)) {
		d->acked_bytes--;
		d->fresh_segs += sp_tcp_fin_is_alone(s, t);
	}
	tcp_advance_una(t, ack);
	if (tx == NULL)
		return;
	if (!tcp_is(t, TCP_F_SACK))
		settle_estimate(t, tx, d);
	drop_acked(s, t, ack, d);
	tx->small_end = seq_max(tx->small_end, ack);
	tx->rack_fack = seq_max(tx->rack_fack, ack);
	sp_sendq_drop(&tx->q, &s->arena, d->acked_bytes);
}

const struct tcp_sent *
sp_tcp_rtx_front(const struct sampan *s, const struct tcp_tx *tx, tcp_seq ack)
{
	const struct tcp_sent *r = sp_tcp_rtx_first(s, tx);

	while (r != NULL && r->flags == 0 && seq_lt(r->end, ack))
		r = tcp_sent_by_seq(s, r->by_seq.next);
	return r != NULL && r->flags == 0 && seq_eq(r->end, ack) && r->sent_at != 0 ? r : NULL;
}

void
sp_tcp_rtx_drop_front(struct sampan *s, struct tcp_tcb *t, tcp_seq ack)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);
	const uint32_t acked_bytes = seq_diff(ack, t->snd.una);
	struct tcp_sent *r;

	while ((r = sp_tcp_rtx_first(s, tx)) != NULL && seq_lt(r->start, ack)) {
		sp_list_remove(&s->arena, &tx->by_time, &r->by_time);
		discard(s, tx, r);
	}
	tcp_advance_una(t, ack);
	tx->small_end = seq_max(tx->small_end, ack);
	tx->rack_fack = ack;
	sp_sendq_drop(&tx->q, &s->arena, acked_bytes);
}

/* Melts a delivered record with the one behind it if that is delivered too. */
static void
melt(struct sampan *s, struct tcp_tx *tx, struct tcp_sent *r)
{
	struct tcp_sent *next = tcp_sent_by_seq(s, r->by_seq.next);

	if (next == NULL || (next->flags & TCP_SENT_SACKED) == 0 ||
	    r->segs + next->segs > UINT16_MAX)
		return;
	r->end = next->end;
	r->segs = (uint16_t)(r->segs + next->segs);
	r->flags |= next->flags & TCP_SENT_FIN;
	discard(s, tx, next);
}

static void
mark_sacked(struct sampan *s, struct tcp_tx *tx, struct tcp_sent *r, struct tcp_delivery *d)
{
	note_delivered(tx, r, d, d->again_by_rtt);
	unlist(s, tx, r);
	r->flags = (uint8_t)((r->flags & ~TCP_SENT_LOST) | TCP_SENT_SACKED);
	if (tx->sacked_bytes == 0)
		tx->sacked_segs = 0;
	if (tx->sacked_segs < UINT8_MAX)
		tx->sacked_segs++;
	tx->sacked_bytes += tcp_sent_len(r);
	d->sacked_bytes += tcp_sent_len(r);
}

static uint32_t
distance(tcp_seq a, tcp_seq b)
{
	return seq_lt(a, b) ? seq_diff(b, a) : seq_diff(a, b);
}

/* Where a search for `at` begins: at either end, where the newest block began last
 * time, or at what was sent first of all that may still arrive, whichever is nearest
 * in the stream. */
static struct tcp_sent *
nearest(struct sampan *s, const struct tcp_tx *tx, tcp_seq at)
{
	struct tcp_sent *const from[] = {
		tcp_sent_by_seq(s, tx->by_seq.first), tcp_sent_by_seq(s, tx->by_seq.last),
		tcp_sent_by_seq(s, tx->newest), tcp_sent_by_time(s, tx->by_time.first),
	};
	struct tcp_sent *best = NULL;

	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		if (from[i] != NULL && (best == NULL ||
		    distance(from[i]->start, at) < distance(best->start, at)))
			best = from[i];
	}
	return best;
}

/* The record that holds `at`; NULL: too far. */
static struct tcp_sent *
search(struct sampan *s, const struct tcp_tx *tx, tcp_seq at)
{
	struct tcp_sent *r = nearest(s, tx, at);

	for (unsigned i = 0; i < SEARCH_MAX && r != NULL; i++) {
		SP_STEP();
		if (seq_le(r->start, at) && seq_lt(at, r->end))
			return r;
		r = seq_lt(at, r->start) ?
		    tcp_sent_by_seq(s, sp_node_prev(&s->arena, &r->by_seq)) :
		    tcp_sent_by_seq(s, r->by_seq.next);
	}
	return NULL;
}

void
sp_tcp_rtx_sacked(struct sampan *s, struct tcp_tcb *t, struct sp_range block, bool is_newest,
    struct tcp_delivery *d)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);
	const tcp_seq start = seq_of(block.start), end = seq_of(block.end);
	struct tcp_sent *r = search(s, tx, start);

	if (is_newest && r != NULL)
		tx->newest = sp_ref(&s->arena, &r->by_seq);
	for (unsigned i = 0; i < SEARCH_MAX && r != NULL && seq_lt(r->start, end); i++) {
		SP_STEP();
		if ((r->flags & TCP_SENT_SACKED) == 0) {
			if (seq_lt(r->start, start))
				r = split(s, t, r, start);
			if (r == NULL || (seq_lt(end, r->end) && split(s, t, r, end) == NULL))
				return;
			mark_sacked(s, tx, r, d);
		}
		melt(s, tx, r);
		r = tcp_sent_by_seq(s, r->by_seq.next);
	}
}

void
sp_tcp_rtx_lost(struct sampan *s, struct tcp_tx *tx, struct tcp_sent *r)
{
	if ((r->flags & (TCP_SENT_SACKED | TCP_SENT_LOST)) != 0)
		return;
	sp_list_remove(&s->arena, &tx->by_time, &r->by_time);
	r->flags |= TCP_SENT_LOST;
	tx->lost_bytes += tcp_sent_len(r);
	tx->lost_total_bytes += tcp_sent_len(r);
	sp_list_push(&s->arena, &tx->lost, &r->by_time);
}

/* After a time-out repairs go in the order of the stream, whatever was thought
 * lost before.  Our FIN was sent with the last text, or after it. */
void
sp_tcp_rtx_all_lost(struct sampan *s, struct tcp_tcb *t, sampan_time last)
{
	struct tcp_tx *tx = tcp_tx_if_any(s, t);

	if (tx == NULL) {
		if (tcp_is(t, TCP_F_FIN_SENT))
			tcp_set(t, TCP_F_FIN_DUE);
		return;
	}
	if (!tcp_is(t, TCP_F_SACK))
		tx->sacked_bytes = 0;
	for (struct tcp_sent *r = sp_tcp_rtx_first(s, tx); r != NULL;
	     r = tcp_sent_by_seq(s, r->by_seq.next)) {
		const bool late = r->sent_at > last && !seq_eq(r->start, t->snd.una) &&
		    (r->flags & TCP_SENT_LOST) == 0;

		SP_STEP();
		if ((r->flags & TCP_SENT_SACKED) != 0 || late)
			continue;
		if ((r->flags & TCP_SENT_LOST) == 0)
			tx->lost_total_bytes += tcp_sent_len(r);
		unlist(s, tx, r);
		r->flags |= TCP_SENT_LOST;
		tx->lost_bytes += tcp_sent_len(r);
		sp_list_push(&s->arena, &tx->lost, &r->by_time);
	}
	if (tcp_is(t, TCP_F_FIN_SENT) && tx->by_time.first == 0)
		tcp_set(t, TCP_F_FIN_DUE);
}

/* What was lost was sent before all that is in by_time. */
void
sp_tcp_rtx_found(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	for (struct tcp_sent *r = tcp_sent_by_time(s, tx->lost.first); r != NULL;
	     r = tcp_sent_by_time(s, r->by_time.next))
		r->flags &= (uint8_t)~TCP_SENT_LOST;
	sp_list_splice(&s->arena, &tx->lost, &tx->by_time);
	tx->by_time = tx->lost;
	tx->lost = (struct sp_list){ 0, 0 };
	tx->lost_bytes = 0;
	t->flags &= ~(uint32_t)TCP_F_FIN_DUE;
}

void
sp_tcp_rtx_renege(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	for (struct tcp_sent *r = sp_tcp_rtx_first(s, tx); r != NULL;
	     r = tcp_sent_by_seq(s, r->by_seq.next)) {
		if ((r->flags & TCP_SENT_SACKED) == 0)
			continue;
		r->flags &= (uint8_t)~TCP_SENT_SACKED;
		sp_list_push(&s->arena, &tx->by_time, &r->by_time);
	}
	tx->sacked_bytes = 0;
}
