/*
 * tcp_in_other.c - a segment for a synchronized connection, or one in
 * SYN-RECEIVED with a control block: the spine, and its first, second, fourth
 * and eighth step.  RFC 9293 §3.10.7.4.
 *
 * Fifth: tcp_in_ack.c.  Seventh: tcp_in_text.c.
 */
#include "tcp/tcp_accecn.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_sack.h"

/* RFC 9293 §3.10.7.4, first; Table 6 (R-9293-9). */
static bool
acceptable(const struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const uint32_t wnd = tcp_rcv_wnd(t);

	if (seg->len == 0)
		return seq_eq(seg->seq, t->rcv.nxt) || seq_in(seg->seq, t->rcv.nxt, wnd);
	/* With a zero window text is refused, but what comes with it counts
	 * (R-9293-11, MUST-66), if anything does. */
	if (wnd == 0 && (seg->flags & (TCP_ACK | TCP_RST)) == 0)
		return false;
	if (wnd == 0)
		return seq_eq(seg->seq, t->rcv.nxt);
	return seq_overlap(seg->seq, seg->len, t->rcv.nxt, wnd);
}

/* One octet before RCV.NXT, again and again, is a probe for the window or for life.
 * It is answered, but not each one is worth a D-SACK: RFC 2883 §4 (R-2883-6). */
static bool
silent_probe(const struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	return seg->text.len == 1 && seq_eq(seq_add(seg->seq, 1), t->rcv.nxt) &&
	    !sp_tcp_may_challenge(s, t);
}

/* An answer to what is not acceptable.  Segments with text or SYN are always
 * answered: the peer sends them again until we do.  R-9293-10, R-5961-11,
 * R-WND-11; never a reset (R-9293-28). */
static void
refuse(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg, enum sampan_count reason)
{
	sp_drop(s, reason, seg->pkt->link);
	if ((seg->flags & TCP_RST) != 0)
		return;
	if (seg->text.len > 0 && seq_lt(seg->seq, t->rcv.nxt) && !silent_probe(s, t, seg))
		sp_tcp_sack_duplicate(s, t, seg->seq,
		    seq_min(seq_add(seg->seq, seg->text.len), t->rcv.nxt));
	if (t->state == SAMPAN_TCP_TIME_WAIT && (seg->flags & TCP_FIN) != 0 &&	/* R-9293-21 */
	    seq_eq(seq_add(seg->seq, seg->len), t->rcv.nxt))
		sp_tcp_arm(s, t, TCP_AT_LIFE, 2 * SAMPAN_MS(sp_setting(s, SAMPAN_SET_TCP_MSL)));
	if (seg->len > 0)
		tcp_set(t, TCP_F_ACK_NOW);
	else
		sp_tcp_challenge(s, t);
}

/* RFC 7323 §3.2 (R-7323-10, R-7323-11), §5.3 R1 (R-7323-16 to R-7323-18). */
static enum tcp_step
check_timestamp(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	if (!tcp_is(t, TCP_F_TS) || (seg->flags & TCP_RST) != 0)
		return TCP_PASS;
	if (!seg->opts.has_ts) {
		sp_drop(s, SAMPAN_DROP_TCP_NO_TS, seg->pkt->link);
		return TCP_DONE;
	}
	if (sp_tcp_ts_is_old(s, t, seg)) {
		refuse(s, t, seg, SAMPAN_DROP_TCP_PAWS);
		return TCP_DONE;
	}
	return TCP_PASS;
}

/* DEVIATES: R-9293-12: a FIN at RCV.NXT is taken though the window is zero: it
 * needs no room, and Linux does the same.
 *
 * Cuts off what lies outside the window (R-9293-12); what is cut off at its
 * right edge will be sent again, so the peer is told where the edge is. */
static void
trim(const struct sampan *s, struct tcp_tcb *t, struct tcp_seg *seg)
{
	uint32_t cut;

	if (seq_lt(seg->seq, t->rcv.nxt)) {
		cut = seq_diff(t->rcv.nxt, seg->seq);
		seg->up = seg->up > cut ? (uint16_t)(seg->up - cut) : 0;
		if ((seg->flags & TCP_SYN) != 0) {
			seg->flags &= (uint8_t)~TCP_SYN;
			seg->len--;
			cut--;
		}
		if (cut > seg->text.len)	/* only a FIN is left, or nothing */
			cut = seg->text.len;
		if (cut > 0)			/* R-2883-4 */
			sp_tcp_sack_duplicate(s, t, seq_sub(t->rcv.nxt, cut), t->rcv.nxt);
		seg->text = sp_span_part(seg->text, cut, seg->text.len);
		seg->len -= cut;
		seg->seq = t->rcv.nxt;
	}
	if (seq_lt(t->rcv.edge, seq_add(seg->seq, seg->text.len))) {
		seg->text.len = seq_lt(seg->seq, t->rcv.edge) ? seq_diff(t->rcv.edge, seg->seq) : 0;
		seg->len = seg->text.len;
		seg->flags &= (uint8_t)~TCP_FIN;
		tcp_set(t, TCP_F_ACK_NOW);
	}
}

static enum tcp_step
check_seq(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	if (check_timestamp(s, t, seg) == TCP_DONE)
		return TCP_DONE;
	if (!acceptable(t, seg)) {
		refuse(s, t, seg, SAMPAN_DROP_TCP_SEQ);
		return TCP_DONE;
	}
	return TCP_PASS;
}

/* What a reset means in each state (R-9293-13, R-9293-14); the application learns
 * that it was one (MUST-12). */
static void
be_reset(struct sampan *s, struct tcp_tcb *t)
{
	switch ((enum sampan_tcp_state)t->state) {
	case SAMPAN_TCP_SYN_RECEIVED:
		sp_count(s, SAMPAN_COUNT_TCP_ATTEMPT_FAILS);
		sp_tcp_fail(s, t, SAMPAN_ECONNREFUSED);
		break;
	case SAMPAN_TCP_ESTABLISHED:
	case SAMPAN_TCP_FIN_WAIT_1:
	case SAMPAN_TCP_FIN_WAIT_2:
	case SAMPAN_TCP_CLOSE_WAIT:
		sp_count(s, SAMPAN_COUNT_TCP_ESTAB_RESETS);
		sp_tcp_fail(s, t, SAMPAN_ECONNRESET);
		break;
	case SAMPAN_TCP_CLOSING:
	case SAMPAN_TCP_LAST_ACK:
		sp_tcp_enter(s, t, SAMPAN_TCP_CLOSED);
		break;
	case SAMPAN_TCP_TIME_WAIT:	/* RFC 1337 §3 (R-1337-1, R-V-33) */
		sp_count(s, SAMPAN_DROP_TCP_RST_OLD);
		break;
	case SAMPAN_TCP_CLOSED:
	case SAMPAN_TCP_LISTEN:
	case SAMPAN_TCP_SYN_SENT:
	case SAMPAN_TCP_STATE_COUNT:
		break;
	}
}

/* Second; RFC 5961 §3.2 (R-5961-1 to R-5961-3, R-V-24).  SEG.SEQ is judged as sent, with
 * text or without (RFC 9293 §3.5.3 (SHLD-2)): left of RCV.NXT it is outside; the end of
 * what is held behind a gap is not exact (R-5961-10).  TIME-WAIT does not even challenge
 * one (R-1337-1). */
static enum tcp_step
check_rst(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	if ((seg->flags & TCP_RST) == 0)
		return TCP_PASS;
	if (seq_eq(seg->seq, t->rcv.nxt)) {
		be_reset(s, t);
	} else if (seq_lt(seg->seq, t->rcv.nxt) || t->state == SAMPAN_TCP_TIME_WAIT) {
		sp_drop(s, SAMPAN_DROP_TCP_RST_OLD, seg->pkt->link);
	} else {
		sp_drop(s, SAMPAN_DROP_TCP_RST_CHALLENGED, seg->pkt->link);
		sp_tcp_challenge(s, t);
	}
	return TCP_DONE;
}

/* Fourth; RFC 5961 §4.2 (R-5961-4, R-5961-5), RFC 9293 §3.5.1 (R-9293-27):
 * whatever its sequence number, which is why it is looked at before the first
 * step.  A repeated SYN of a simultaneous open gets our SYN-ACK again
 * (R-9293-36). */
static enum tcp_step
check_syn(struct sampan *s, struct tcp_tcb *t, struct tcp_seg *seg)
{
	if ((seg->flags & (TCP_SYN | TCP_RST)) != TCP_SYN)
		return TCP_PASS;
	if (t->state == SAMPAN_TCP_SYN_RECEIVED && seq_eq(seg->seq, t->irs) &&
	    !(tcp_is(t, TCP_F_TS) && seg->opts.has_ts && sp_tcp_ts_is_old(s, t, seg))) {
		if ((seg->flags & TCP_ACK) == 0) {
			tcp_set(t, TCP_F_SYN_DUE);
			return TCP_DONE;
		}
		/* Crossing SYNs: its acknowledgement is all that counts of it
		 * (R-9293-32), and its window is not scaled (R-7323-3). */
		if (!t->accecn)		/* what was agreed on stays: RFC 9768 §3.1.5 */
			sp_tcp_ecn_take_syn(s, t, seg);
		seg->flags &= (uint8_t)~(TCP_SYN | TCP_ECN_FLAGS);
		seg->seq = t->rcv.nxt;
		seg->len--;
		seg->wnd >>= t->snd_scale;
		return TCP_PASS;
	}
	sp_drop(s, SAMPAN_DROP_TCP_SYN_CHALLENGED, seg->pkt->link);
	sp_tcp_challenge(s, t);
	return TCP_DONE;
}

/* Is RCV.NXT at a FIN, of this segment or held from before? */
static bool
at_fin(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const struct tcp_rx *rx = tcp_rx_if_any(s, t);

	if ((seg->flags & TCP_FIN) != 0 &&
	    seq_eq(t->rcv.nxt, seq_add(seg->seq, seg->text.len)))
		return true;
	return rx != NULL && rx->fin_held && seq_eq(rx->fin_at, t->rcv.nxt);
}

/* The FIN has come, and nothing follows it: what a peer sent behind it all the same is let
 * go of, and no block tells of it. */
static void
forget_held(struct sampan *s, struct tcp_rx *rx)
{
	rx->fin_held = false;
	rx->recent_count = 0;
	sp_recvq_drop_parts(&rx->q, &s->arena);
}

/* Eighth (R-9293-23, R-9293-24).  Only once everything before it has been taken. */
void
sp_tcp_check_fin(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	if (t->state == SAMPAN_TCP_CLOSED || tcp_is(t, TCP_F_PEER_FIN) || !at_fin(s, t, seg))
		return;
	tcp_set(t, TCP_F_ACK_NOW);
	tcp_advance_rcv(t, 1);
	if (seq_lt(t->rcv.edge, t->rcv.nxt))
		t->rcv.edge = t->rcv.nxt;
	tcp_set(t, TCP_F_PEER_FIN);
	if (t->rx != 0)
		forget_held(s, tcp_rx_of(s, t));
	sp_tcp_rx_release(s, t);
	sp_endpoint_raise(s, &t->ep, SAMPAN_READABLE | SAMPAN_PEER_CLOSED);
	if (t->state == SAMPAN_TCP_ESTABLISHED)
		sp_tcp_enter(s, t, SAMPAN_TCP_CLOSE_WAIT);
	else if (t->state == SAMPAN_TCP_FIN_WAIT_1)
		sp_tcp_enter(s, t, SAMPAN_TCP_CLOSING);
	else if (t->state == SAMPAN_TCP_FIN_WAIT_2)
		sp_tcp_enter(s, t, SAMPAN_TCP_TIME_WAIT);
}

/* RFC 9293 §3.10.7.4, in its order but for the SYN check of RFC 5961.  A step
 * settles the segment (DONE) or lets it pass.  No step transmits; they leave
 * intent for tcp_out.c. */
void
sp_tcp_arrives_other(struct sampan *s, struct tcp_tcb *t, struct tcp_seg *seg)
{
	const bool is_syn = (seg->flags & TCP_SYN) != 0;

	if (check_syn(s, t, seg) == TCP_DONE)		/* fourth  */
		return;
	if (check_seq(s, t, seg) == TCP_DONE)		/* first   */
		return;
	if (check_rst(s, t, seg) == TCP_DONE)		/* second  */
		return;
	if (t->accecn && !is_syn)
		sp_tcp_accecn_feedback(s, t, seg);
	if (sp_tcp_check_ack(s, t, seg) == TCP_DONE)	/* fifth   */
		return;
	sp_tcp_ts_update(s, t, seg);			/* R-V-57: after all checks */
	sp_tcp_ecn_in(s, t, seg);
	trim(s, t, seg);
	sp_tcp_urg_in(s, t, seg);			/* sixth   */
	sp_tcp_process_text(s, t, seg);			/* seventh */
	sp_tcp_check_fin(s, t, seg);			/* eighth  */
}
