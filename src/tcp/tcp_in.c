/*
 * tcp_in.c - SEGMENT ARRIVES: validate, parse once, find, dispatch.
 * RFC 9293 §3.10.7.  The DSCP of what arrives is not looked at (R-MISC-1).
 */
#include "tcp/tcp_fast.h"
#include "tcp/tcp_int.h"
#include "wire/ip4.h"

/* RFC 9293 §3.1 (MUST-3).  A partial checksum was made on this machine and has
 * not left it. */
static bool
checksum_good(const struct sampan *s, const struct sp_pkt *pkt)
{
	struct sp_csum sum;

	if (pkt->frame->csum != SAMPAN_CSUM_COMPLETE)
		return true;
	sum = (struct sp_csum){ sp_flow_pseudo(&pkt->flow, IP_PROTO_TCP, pkt->span.len), false };
	sp_csum_feed(&sum, pkt->body, pkt->body_len, s->csum_variant);
	if (pkt->body_len < pkt->span.len)
		sp_span_csum(&sum, sp_span_part(pkt->span, pkt->body_len, pkt->span.len),
		    s->csum_variant);
	return sp_csum_good(sum.sum);
}

/* The header fits. */
static void
parse(struct tcp_seg *seg, const struct sp_pkt *pkt)
{
	struct tcp_hdr h = { 0 };

	(void)tcp_hdr_parse(&h, pkt->body, pkt->body_len, pkt->span.len);
	*seg = (struct tcp_seg){
		.seq = seq_of(h.seq),
		.ack = seq_of(h.ack),
		.wnd = h.wnd,
		.up = h.up,
		.flags = h.flags,
		.ae = h.ae,
		.text = sp_span_part(pkt->span, h.data_off_bytes, pkt->span.len),
		.at = pkt->at,
		.pkt = pkt,
	};
	seg->len = seg->text.len + ((h.flags & TCP_SYN) != 0) + ((h.flags & TCP_FIN) != 0);
	tcp_opts_parse(&seg->opts, pkt->body + TCP_HDR_LEN, h.data_off_bytes - (size_t)TCP_HDR_LEN);
}

/* The short way, for what may be just what the connection expects: true if it
 * was that. */
static bool
predicted(struct sampan *s, struct sp_entry e, const struct sp_pkt *pkt)
{
	return e.ref != 0 && sp_entry_tag(&e) == TCP_TAG_TCB && !s->long_way_only &&
	    tcp_hdr_is_plain(pkt->body, pkt->body_len) &&
	    sp_tcp_in_fast(s, tcp_tcb_at(s, e.ref), pkt);
}

static void
to_connection(struct sampan *s, struct tcp_tcb *t, struct tcp_seg *seg)
{
	t->heard_at = sp_tick_of(s->now);
	if (t->rare != 0)
		sp_tcp_note_segment(s, t, seg);
	if (t->state == SAMPAN_TCP_SYN_SENT)
		sp_tcp_arrives_syn_sent(s, t, seg);
	else if (t->state != SAMPAN_TCP_TIME_WAIT || !sp_tcp_time_wait_revive(s, t, seg))
		sp_tcp_arrives_other(s, t, seg);
	sp_tcp_settle(s, t);
}

static void
to_listener(struct sampan *s, struct tcp_seg *seg)
{
	struct tcp_tcb *listener = sp_tcp_find_listener_again(s, &seg->pkt->flow);

	if (listener != NULL)
		sp_tcp_arrives_listen(s, listener, seg);
	else
		sp_tcp_arrives_closed(s, seg);
}

/* R-9293-35. */
static void
dispatch(struct sampan *s, struct sp_entry e, struct tcp_seg *seg)
{
	if (e.ref == 0) {
		to_listener(s, seg);
		return;
	}
	switch ((enum sp_conn_tag)sp_entry_tag(&e)) {
	case TCP_TAG_TCB:
		to_connection(s, tcp_tcb_at(s, e.ref), seg);
		break;
	case TCP_TAG_HALF_OPEN:
		sp_tcp_arrives_half_open(s, sp_at(&s->arena, e.ref), seg);
		break;
	case TCP_TAG_TIME_WAIT:
		sp_tcp_arrives_time_wait(s, sp_at(&s->arena, e.ref), seg);
		break;
	case TCP_TAG_BOUND:
		break;
	}
}

void
sp_tcp_in(struct sampan *s, const struct sp_pkt *pkt)
{
	struct sp_entry e;
	struct tcp_seg seg;

	sp_count(s, SAMPAN_COUNT_TCP_SEGS_IN);
	if (pkt->ip_group || pkt->l2_group) {	/* RFC 9293 §3.9.2.3 (MUST-57) */
		sp_drop(s, SAMPAN_DROP_IP_BROADCAST, pkt->link);
		return;
	}
	if (!tcp_hdr_fits(pkt->body, pkt->body_len, pkt->span.len)) {
		sp_drop(s, SAMPAN_DROP_TCP_MALFORMED, pkt->link);
		return;
	}
	if (!checksum_good(s, pkt)) {
		sp_drop(s, SAMPAN_DROP_TCP_CSUM, pkt->link);
		return;
	}
	e = sp_tcp_find_for(s, pkt);
	if (predicted(s, e, pkt))
		return;
	parse(&seg, pkt);
	dispatch(s, e, &seg);
}
