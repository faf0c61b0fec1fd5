/*
 * tcp_in_text.c - the seventh step: the text.  RFC 9293 §3.10.7.4.
 *
 * The segment has been trimmed to the window: it begins at RCV.NXT or behind a
 * gap.  Text behind a gap is not kept, and the peer is told at once.
 */
#include "tcp/tcp_int.h"

/* RFC 9293 §3.8.6.3 (SHLD-18, SHLD-19), RFC 5681 §4.2: at once for the first
 * ones and for every second full segment, else a moment later. */
static void
owe_ack(struct tcp_tcb *t)
{
	const uint32_t owed = seq_diff(t->rcv.nxt, t->rcv.acked);

	if (t->quick > 0 || owed >= 2u * t->mss_bytes)
		tcp_set(t, TCP_F_ACK_NOW);
	else
		tcp_set(t, TCP_F_ACK_DUE);
}

/* Takes text that nobody will read: half-duplex close, RFC 9293 §3.6.1
 * (SHLD-3).  The peer is told that it is lost. */
static void
reject(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	sp_drop(s, SAMPAN_DROP_TCP_AFTER_CLOSE, seg->pkt->link);
	sp_tcp_send_abort(s, t);
	sp_tcp_enter(s, t, SAMPAN_TCP_CLOSED);
}

static void
take(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	struct tcp_rx *rx = tcp_is(t, TCP_F_SHUT_RD) ? NULL : sp_tcp_rx_need(s, t);
	uint32_t taken = 0;

	if (tcp_is(t, TCP_F_SHUT_RD))
		taken = seg->text.len;
	else if (rx != NULL)
		taken = sp_recvq_append(&rx->q, &s->arena, seg->text);
	if (taken < seg->text.len) {
		s->counter[SAMPAN_COUNT_TCP_RCV_DROPPED] += seg->text.len - taken;
		tcp_set(t, TCP_F_ACK_NOW);
	}
	if (rx != NULL && rx->q.bytes == 0)
		sp_tcp_rx_free(s, t);
	t->rcv.nxt = seq_add(t->rcv.nxt, taken);
	if (taken == 0)
		return;
	owe_ack(t);
	sp_endpoint_raise(s, &t->ep, SAMPAN_READABLE);
}

void
sp_tcp_process_text(struct sampan *s, struct tcp_tcb *t, struct tcp_seg *seg)
{
	const bool held = sp_endpoint_attached(&t->ep) || tcp_is(t, TCP_F_QUEUED);

	if (seg->text.len == 0) {
		if ((seg->flags & TCP_FIN) != 0 && !seq_eq(seg->seq, t->rcv.nxt))
			tcp_set(t, TCP_F_ACK_NOW);
		return;
	}
	if (t->state != SAMPAN_TCP_ESTABLISHED && t->state != SAMPAN_TCP_FIN_WAIT_1 &&
	    t->state != SAMPAN_TCP_FIN_WAIT_2)
		return;					/* R-9293-22 */
	if (!held) {
		reject(s, t, seg);
		return;
	}
	if (!seq_eq(seg->seq, t->rcv.nxt)) {
		sp_drop(s, SAMPAN_DROP_TCP_OUT_OF_ORDER, seg->pkt->link);
		tcp_set(t, TCP_F_ACK_NOW);		/* R-5681-20 */
		return;
	}
	take(s, t, seg);
}
