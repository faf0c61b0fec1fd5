/*
 * tcp_in_fast.c - header prediction: the segment that a conversation expects.
 *
 * Theory of operation.  Nearly every segment of nearly every connection is an
 * acknowledgement with timestamps and nothing unusual, whose text is the next
 * in order (Jacobson 1988; RFC 9293 §3.10.7 asks for the result, not for the
 * way).  For these the eight steps of tcp_in_other.c come down to a few
 * comparisons, and the header need not be taken apart.
 *
 * This file only predicts.  What follows from a segment is done by the same
 * functions that the long way uses, so that each rule stands in one place; and
 * the result is the same in every bit, which tests/sim/fast_path.c shows by
 * sending the same traffic both ways (struct sampan, long_way_only).
 *
 * Does not: check the header's lengths or the checksum; the caller has.
 */
#include "tcp/tcp_ack.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_fast.h"
#include "tcp/tcp_int.h"

/* What the header says; long options it has not (tcp_hdr_is_plain). */
static inline void
read_header(const struct sp_pkt *pkt, struct tcp_seg *seg)
{
	const uint8_t *p = pkt->body;

	seg->seq = seq_of(be32_get(p + 4));
	seg->ack = seq_of(be32_get(p + 8));
	seg->text = (struct sp_span){ pkt->span.frame, pkt->span.off + TCP_PLAIN_HDR_LEN,
		pkt->span.len - TCP_PLAIN_HDR_LEN };
	seg->len = seg->text.len;
	seg->wnd = be16_get(p + 14);
	seg->up = 0;
	seg->flags = p[13];
	seg->ae = false;
	seg->opts.has_ts = true;
	seg->opts.tsval = be32_get(p + TCP_PLAIN_TSVAL_OFF);
	seg->opts.tsecr = be32_get(p + TCP_PLAIN_TSVAL_OFF + 4);
	seg->opts.sack_count = 0;
	seg->at = pkt->at;
	seg->pkt = pkt;
}

/* Established, in order, inside the window, not older than what was seen, with an
 * acknowledgement in range: what the first five steps let pass without a trace. */
static inline bool
is_next(const struct tcp_tcb *t, const struct tcp_seg *seg)
{
	return t->state == SAMPAN_TCP_ESTABLISHED && tcp_is(t, TCP_F_TS) &&
	    seq_eq(seg->seq, t->rcv.nxt) && seg->len <= tcp_rcv_wnd(t) &&
	    (int32_t)(seg->opts.tsval - t->ts_recent) >= 0 &&
	    seq_diff(seg->ack, t->snd.una) <= seq_diff(t->snd.nxt, t->snd.una);
}

/* The text has an owner, and no FIN waits behind it. */
static inline bool
takes_text(const struct sampan *s, const struct tcp_tcb *t)
{
	return sp_endpoint_attached(&t->ep) && (t->rx == 0 || !tcp_rx_of(s, t)->fin_held);
}

/* A message where nothing waits to be read, and no memory is short: what
 * sp_tcp_take_text() would do with it.  False: it is not so, nothing has changed. */
static inline bool
take_message(struct sampan *s, struct tcp_tcb *t, struct sp_span text)
{
	const uint8_t *whole = sp_span_whole(text);
	struct tcp_rx *rx = tcp_rx_if_any(s, t);

	if (rx == NULL || (rx->q.chain.tail | rx->q.part) != 0 || whole == NULL ||
	    t->rare != 0 || !tcp_mem_calm(s) ||
	    !sp_chain_begin(&rx->q.chain, &s->arena, whole, text.len))
		return false;
	rx->q.bytes = text.len;
	tcp_advance_rcv(t, text.len);
	sp_tcp_mem_look(s);
	sp_tcp_delack_text(s, t);
	sp_endpoint_raise(s, &t->ep, SAMPAN_READABLE);
	return true;
}

/* sp_tcp_settle() of a connection that owes an acknowledgement. */
static inline void
settle(struct sampan *s, struct tcp_tcb *t)
{
	if ((t->flags & (TCP_F_ACK_DUE | TCP_F_ACK_NOW)) == 0 || t->rare != 0 ||
	    t->state == SAMPAN_TCP_CLOSED) {
		sp_tcp_settle(s, t);
		return;
	}
	if (!sp_node_linked(&t->run))
		sp_list_push(&s->arena, &s->link[t->link].run, &t->run);
	if (tcp_is(t, TCP_F_DIRTY))
		sp_tcp_timer_sync(s, t);
}

bool
sp_tcp_in_fast(struct sampan *s, struct tcp_tcb *t, const struct sp_pkt *pkt)
{
	struct tcp_seg seg;

	read_header(pkt, &seg);
	if (!is_next(t, &seg) || tcp_ecn_is_news(t, pkt) || (seg.len > 0 && !takes_text(s, t)))
		return false;
	t->heard_at = sp_tick_of(s->now);
	if (t->rare != 0)
		sp_tcp_note_segment(s, t, &seg);
	sp_tcp_take_ack(s, t, &seg);
	sp_tcp_ts_update(s, t, &seg);
	if (seg.len > 0 && !take_message(s, t, seg.text))
		sp_tcp_take_text(s, t, seg.text);
	settle(s, t);
	return true;
}
