/*
 * tcp_urg.c - urgent data.  RFC 9293 §3.8.5 (MUST-30), RFC 6093.
 *
 * The pointer names the octet behind the urgent data (MUST-62, 5-D6).  Urgent
 * bytes stay in the stream; the application learns that some are ahead
 * (MUST-32) and where they end (MUST-33), and reading stops there once.
 */
#include "tcp/tcp_int.h"

/* Whatever it points at, nothing is read there: R-V-10, R-V-16. */
void
sp_tcp_urg_in(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const tcp_seq up = seq_add(seg->seq, seg->up);
	struct tcp_rare *r;

	if ((seg->flags & TCP_URG) == 0 || seg->up == 0 || !seq_lt(t->rcv.nxt, up) ||
	    (t->state != SAMPAN_TCP_ESTABLISHED && t->state != SAMPAN_TCP_FIN_WAIT_1 &&
		t->state != SAMPAN_TCP_FIN_WAIT_2))
		return;
	r = sp_tcp_rare_need(s, t);
	if (r == NULL || (r->urg_in && !seq_lt(r->rcv_up, up)))
		return;
	r->urg_in = true;
	r->rcv_up = up;
	sp_endpoint_raise(s, &t->ep, SAMPAN_URGENT);
}

bool
sp_tcp_urg_out(const struct sampan *s, const struct tcp_tcb *t, tcp_seq seq, uint16_t *up)
{
	const struct tcp_rare *r;
	uint32_t ahead;

	if (t->rare == 0)
		return false;
	r = tcp_rare_of(s, t);
	if (!r->urg_out || !seq_lt(seq, r->snd_up))
		return false;
	ahead = seq_diff(r->snd_up, seq);
	*up = ahead < UINT16_MAX ? (uint16_t)ahead : UINT16_MAX;	/* MUST-31 */
	return true;
}

/* Everything queued so far is urgent. */
int
sp_tcp_send_urgent(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_rare *r = sp_tcp_rare_need(s, t);

	if (r == NULL)
		return SAMPAN_ENOBUFS;
	r->urg_out = true;
	r->snd_up = seq_add(t->snd.una, tcp_queued_bytes(s, t));
	tcp_set(t, TCP_F_ACK_NOW);	/* the pointer goes even where the text cannot */
	sp_tcp_settle(s, t);
	return 0;
}

uint32_t
sp_tcp_to_mark(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_rare *r = t->rare != 0 ? tcp_rare_of(s, t) : NULL;
	tcp_seq at;

	if (r == NULL || !r->urg_in || tcp_is(t, TCP_F_OOBINLINE))
		return UINT32_MAX;
	at = seq_sub(t->rcv.nxt, tcp_readable_bytes(s, t) + (tcp_is(t, TCP_F_PEER_FIN) ? 1 : 0));
	return seq_lt(at, r->rcv_up) ? seq_diff(r->rcv_up, at) : UINT32_MAX;
}

bool
sp_tcp_at_mark(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_rare *r = t->rare != 0 ? tcp_rare_of(s, t) : NULL;
	const uint32_t fin = tcp_is(t, TCP_F_PEER_FIN) ? 1 : 0;

	return r != NULL && r->urg_in &&
	    seq_eq(seq_sub(t->rcv.nxt, tcp_readable_bytes(s, t) + fin), r->rcv_up);
}
