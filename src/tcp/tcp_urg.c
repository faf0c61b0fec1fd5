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
	r->oob_taken = false;
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

void
sp_tcp_send_urgent(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_rare *r = tcp_rare_of(s, t);

	r->urg_out = true;
	r->snd_up = seq_add(t->snd.una, tcp_queued_bytes(s, t));
	tcp_set(t, TCP_F_ACK_NOW);	/* the pointer goes even where the text cannot */
}

/* Where the next byte to be read stands. */
static tcp_seq
read_at(const struct sampan *s, const struct tcp_tcb *t)
{
	return seq_sub(t->rcv.nxt,
	    tcp_readable_bytes(s, t) + (tcp_is(t, TCP_F_PEER_FIN) ? 1 : 0));
}

uint32_t
sp_tcp_to_mark(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_rare *r = t->rare != 0 ? tcp_rare_of(s, t) : NULL;
	tcp_seq at;

	if (r == NULL || !r->urg_in || tcp_is(t, TCP_F_OOBINLINE))
		return UINT32_MAX;
	at = read_at(s, t);
	if (!seq_lt(at, r->rcv_up))
		return UINT32_MAX;
	return seq_diff(r->rcv_up, at) - (r->oob_taken ? 1 : 0);
}

void
sp_tcp_urg_skip(struct sampan *s, struct tcp_tcb *t)
{
	const struct tcp_rare *r = t->rare != 0 ? tcp_rare_of(s, t) : NULL;

	if (r != NULL && r->oob_taken && t->rx != 0 &&
	    seq_eq(seq_add(read_at(s, t), 1), r->rcv_up))
		sp_recvq_skip(&tcp_rx_of(s, t)->q, &s->arena, 1);
}

/* RFC 6093 §3 warns of it; who wants the last urgent byte out of its turn gets it,
 * and the stream goes on behind it. */
int64_t
sp_tcp_recv_urgent(struct sampan *s, struct tcp_tcb *t, const struct tcp_read *read)
{
	struct tcp_rare *r = t->rare != 0 ? tcp_rare_of(s, t) : NULL;
	uint32_t off;

	if (t->state == SAMPAN_TCP_LISTEN || !tcp_is(t, TCP_F_USED))
		return SAMPAN_ENOTCONN;
	if (r == NULL || !r->urg_in || r->oob_taken || tcp_is(t, TCP_F_OOBINLINE) ||
	    !seq_lt(read_at(s, t), r->rcv_up))
		return SAMPAN_EINVAL;
	off = seq_diff(r->rcv_up, read_at(s, t)) - 1;
	if (off >= tcp_readable_bytes(s, t))
		return SAMPAN_EAGAIN;
	if (read->len == 0)
		return 0;
	(void)sp_recvq_copy(&tcp_rx_of(s, t)->q, &s->arena, off, read->data, 1);
	if ((read->flags & SAMPAN_MSG_PEEK) == 0) {
		r->oob_taken = true;
		sp_tcp_recv_done(s, t);
	}
	return 1;
}

bool
sp_tcp_at_mark(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_rare *r = t->rare != 0 ? tcp_rare_of(s, t) : NULL;

	return r != NULL && r->urg_in && seq_eq(read_at(s, t), r->rcv_up);
}
