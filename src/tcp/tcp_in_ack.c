/*
 * tcp_in_ack.c - the fifth step: the acknowledgement.  RFC 9293 §3.10.7.4.
 */
#include "net/neigh.h"
#include "tcp/tcp_int.h"

/* R-9293-17. */
static enum tcp_step
complete_handshake(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	if (!seq_lt(t->snd.una, seg->ack) || !seq_le(seg->ack, t->snd.nxt)) {
		sp_drop(s, SAMPAN_DROP_TCP_ACK_RANGE, seg->pkt->link);
		sp_tcp_send_reset(s, seg);
		return TCP_DONE;
	}
	t->snd.una = seq_add(t->iss, 1);
	t->snd.wnd_bytes = seg->wnd << t->snd_scale;
	t->snd_max_wnd_bytes = t->snd.wnd_bytes;
	t->snd.wl1 = seg->seq;
	t->snd.wl2 = seg->ack;
	sp_tcp_start_sending(s, t, t->retries);
	tcp_clear(t, TCP_F_SYN_DUE);
	sp_tcp_on_progress(s, t);
	t->backoff = 0;
	sp_tcp_enter(s, t, SAMPAN_TCP_ESTABLISHED);
	if (tcp_is(t, TCP_F_FIN_QUEUED))
		sp_tcp_enter(s, t, SAMPAN_TCP_FIN_WAIT_1);
	return TCP_PASS;
}

/* RFC 5961 §5.2 (R-5961-6, MAY-12), R-9293-18. */
static bool
ack_in_range(const struct tcp_tcb *t, const struct tcp_seg *seg)
{
	return seq_le(seq_sub(t->snd.una, t->snd_max_wnd_bytes), seg->ack) &&
	    seq_le(seg->ack, t->snd.nxt);
}

/* R-9293-19. */
static void
update_window(struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const uint32_t wnd = seg->wnd << t->snd_scale;

	if (seq_lt(seg->ack, t->snd.una))
		return;
	if (!seq_lt(t->snd.wl1, seg->seq) &&
	    !(seq_eq(t->snd.wl1, seg->seq) && seq_le(t->snd.wl2, seg->ack)))
		return;
	t->snd.wnd_bytes = wnd;
	t->snd.wl1 = seg->seq;
	t->snd.wl2 = seg->ack;
	if (wnd > t->snd_max_wnd_bytes)
		t->snd_max_wnd_bytes = wnd;
}

/* Room in the send buffer after somebody had asked in vain: a third of it, so
 * that the application is not woken for every segment. */
static void
tell_room(struct sampan *s, struct tcp_tcb *t)
{
	if (!tcp_is(t, TCP_F_WANT_ROOM) ||
	    sp_tcp_writable_bytes(s, t) < t->sndbuf_bytes / 3)
		return;
	tcp_clear(t, TCP_F_WANT_ROOM);
	sp_endpoint_raise(s, &t->ep, SAMPAN_WRITABLE);
}

static void
new_ack(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	sp_tcp_rtx_acked(s, t, seg);
	sp_tcp_on_progress(s, t);
	tell_room(s, t);
	if (t->neigh != 0)
		sp_neigh_confirm(s, t->neigh);
}

/* What follows once our FIN is acknowledged.  R-9293-20. */
static void
fin_acked(struct sampan *s, struct tcp_tcb *t)
{
	switch ((enum sampan_tcp_state)t->state) {
	case SAMPAN_TCP_FIN_WAIT_1:
		sp_tcp_enter(s, t, SAMPAN_TCP_FIN_WAIT_2);
		break;
	case SAMPAN_TCP_CLOSING:
		sp_tcp_enter(s, t, SAMPAN_TCP_TIME_WAIT);
		break;
	case SAMPAN_TCP_LAST_ACK:
		sp_tcp_enter(s, t, SAMPAN_TCP_CLOSED);
		break;
	case SAMPAN_TCP_CLOSED:
	case SAMPAN_TCP_LISTEN:
	case SAMPAN_TCP_SYN_SENT:
	case SAMPAN_TCP_SYN_RECEIVED:
	case SAMPAN_TCP_ESTABLISHED:
	case SAMPAN_TCP_FIN_WAIT_2:
	case SAMPAN_TCP_CLOSE_WAIT:
	case SAMPAN_TCP_TIME_WAIT:
	case SAMPAN_TCP_STATE_COUNT:
		break;
	}
}

enum tcp_step
sp_tcp_check_ack(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	if ((seg->flags & TCP_ACK) == 0) {		/* R-9293-16 */
		sp_drop(s, SAMPAN_DROP_TCP_NO_FLAGS, seg->pkt->link);
		return TCP_DONE;
	}
	if (t->state == SAMPAN_TCP_SYN_RECEIVED &&
	    complete_handshake(s, t, seg) == TCP_DONE)
		return TCP_DONE;
	if (!ack_in_range(t, seg)) {
		sp_drop(s, SAMPAN_DROP_TCP_ACK_RANGE, seg->pkt->link);
		sp_tcp_challenge(s, t);
		return TCP_DONE;
	}
	if (tcp_is(t, TCP_F_PERSIST))
		t->retries = 0;				/* the peer answers: MUST-37 */
	update_window(t, seg);
	if (seq_lt(t->snd.una, seg->ack))
		new_ack(s, t, seg);
	if (tcp_is(t, TCP_F_FIN_SENT) && seq_eq(t->snd.una, t->snd.nxt))
		fin_acked(s, t);
	return t->state == SAMPAN_TCP_CLOSED ? TCP_DONE : TCP_PASS;
}
