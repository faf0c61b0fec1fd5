/*
 * tcp_in_text.c - the seventh step: the text.  RFC 9293 §3.10.7.4.
 *
 * The segment has been trimmed to the window: it begins at RCV.NXT or behind a
 * gap.
 */
#include "tcp/tcp_delack.h"
#include "tcp/tcp_fast.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_mem.h"
#include "tcp/tcp_sack.h"

/* Takes text that nobody will read: half-duplex close, RFC 9293 §3.6.1
 * (SHLD-3, R-2525-12).  The peer is told that it is lost. */
static void
reject(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	sp_drop(s, SAMPAN_DROP_TCP_AFTER_CLOSE, seg->pkt->link);
	sp_tcp_send_reset(s, seg);	/* as if there were no connection: §3.10.7.1 */
	sp_tcp_enter(s, t, SAMPAN_TCP_CLOSED);
}

/* SO_RCVLOWAT; a full buffer is always enough. */
static bool
enough_to_read(const struct sampan *s, const struct tcp_tcb *t)
{
	return t->rare == 0 || tcp_rcv_wnd(t) == 0 ||
	    tcp_readable_bytes(s, t) >= tcp_rare_of(s, t)->rcvlowat_bytes;
}

/* Of tcp_mem's last page on a connection has only what it is guaranteed, in
 * order; what is dropped was not acknowledged (R-V-54). */
static bool
has_room(const struct sampan *s, const struct tcp_rx *rx)
{
	return !sp_tcp_mem_full(s) || rx->q.bytes < sp_setting(s, SAMPAN_SET_TCP_RCVBUF_MIN);
}

/* Memory that is spent is for what is in order: what waits behind gaps is let go of, though the
 * peer may have been told that it is here, and comes again (RFC 2018 §8). */
static void
renege(struct sampan *s, struct tcp_rx *rx)
{
	sp_count(s, SAMPAN_COUNT_TCP_OFO_PRUNED);
	sp_recvq_drop_parts(&rx->q, &s->arena);
	rx->recent_count = 0;
}

/* Returns how far the end has moved. */
static uint32_t
append(struct sampan *s, const struct tcp_tcb *t, struct tcp_rx *rx, struct sp_span text)
{
	uint32_t moved = 0;

	if (has_room(s, rx))
		moved = sp_recvq_append(&rx->q, &s->arena, t->rcv.nxt.raw, text);
	if (rx->q.part == 0 || (moved >= text.len && !sp_tcp_mem_full(s)))
		return moved;
	renege(s, rx);
	if (moved < text.len && has_room(s, rx))
		moved += sp_recvq_append(&rx->q, &s->arena, t->rcv.nxt.raw + moved,
		    sp_span_part(text, moved, text.len));
	return moved;
}

/* Text at RCV.NXT, readable with PSH or without (R-WND-18).  It may close a gap,
 * and the FIN may be behind it. */
void
sp_tcp_take_text(struct sampan *s, struct tcp_tcb *t, struct sp_span text)
{
	struct tcp_rx *rx = sp_tcp_rx_need(s, t);
	const bool gap = rx != NULL && rx->q.part != 0;
	uint32_t moved = 0;

	if (rx != NULL)
		moved = append(s, t, rx, text);
	if (moved < text.len) {
		s->counter[SAMPAN_COUNT_TCP_RCV_DROPPED] += text.len - moved;
		tcp_set(t, TCP_F_ACK_NOW);
	}
	tcp_advance_rcv(t, moved);
	sp_tcp_rx_release(s, t);
	if (gap)
		tcp_set(t, TCP_F_ACK_NOW);		/* R-5681-20 */
	sp_tcp_mem_look(s);
	if (moved == 0)
		return;
	sp_tcp_delack_text(s, t);
	if (enough_to_read(s, t))
		sp_endpoint_raise(s, &t->ep, SAMPAN_READABLE);
}

/* Text, or only a FIN, behind a gap: kept (R-2525-3) and reported at once
 * (SHLD-31, MAY-13; R-5681-20).  One acknowledgement says it for all that came together, with
 * SACK (R-2018-5); without, the peer counts them (RFC 5681 §3.2), so each has its
 * own. */
static void
keep(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const tcp_seq end = seq_add(seg->seq, seg->text.len);
	struct tcp_rx *rx = sp_tcp_rx_need(s, t);
	const struct sp_part *known;

	tcp_set(t, TCP_F_ACK_NOW);
	if (!tcp_is(t, TCP_F_SACK) && t->dup_acks_owed < UINT8_MAX)
		t->dup_acks_owed++;
	if (rx == NULL || sp_tcp_mem_full(s)) {
		sp_tcp_rx_release(s, t);
		sp_drop(s, SAMPAN_DROP_TCP_OUT_OF_ORDER, seg->pkt->link);
		return;
	}
	known = sp_recvq_find(&rx->q, &s->arena, seg->seq.raw);
	if (known != NULL && seg->text.len > 0)		/* R-2883-3, R-2883-4 */
		sp_tcp_sack_duplicate(s, t, seg->seq,
		    seq_min(end, seq_of(known->start + known->bytes)));
	if (seg->text.len > 0) {
		if (!sp_recvq_put(&rx->q, &s->arena, seg->seq.raw, seg->text))
			sp_drop(s, SAMPAN_DROP_TCP_OUT_OF_ORDER, seg->pkt->link);
		sp_tcp_sack_arrived(rx, seg->seq);
	}
	if ((seg->flags & TCP_FIN) != 0) {		/* R-9293-23 */
		rx->fin_held = true;
		rx->fin_at = end;
	}
	sp_tcp_rx_release(s, t);
}

/* Our own FIN does not end it (R-9293-25). */
void
sp_tcp_process_text(struct sampan *s, struct tcp_tcb *t, struct tcp_seg *seg)
{
	const bool held = sp_endpoint_attached(&t->ep) || tcp_is(t, TCP_F_QUEUED);

	if (seg->text.len == 0 && (seg->flags & TCP_FIN) == 0)
		return;
	if (t->state == SAMPAN_TCP_TIME_WAIT)		/* R-1337-2 */
		tcp_set(t, TCP_F_ACK_NOW);
	if (t->state != SAMPAN_TCP_ESTABLISHED && t->state != SAMPAN_TCP_FIN_WAIT_1 &&
	    t->state != SAMPAN_TCP_FIN_WAIT_2)
		return;					/* R-9293-22 */
	if (seg->text.len > 0 && !held)
		reject(s, t, seg);
	else if (!seq_eq(seg->seq, t->rcv.nxt))
		keep(s, t, seg);
	else if (seg->text.len > 0)
		sp_tcp_take_text(s, t, seg->text);
}
