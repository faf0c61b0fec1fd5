/*
 * tcp_build.c - from a plan to a frame: header, options, checksum, offload.
 *
 * Segments with a control block go into the link's frame, with the text shown
 * from the send queue; bare ones (resets, SYN-ACKs, TIME-WAIT) become replies.
 */
#include "tcp/tcp_build.h"

#include <string.h>

#include "net/neigh.h"
#include "net/reply.h"
#include "tcp/tcp_accecn.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_sack.h"
#include "wire/eth.h"
#include "wire/ip4.h"

/* The options of the connection's own segments.  RFC 9293 §3.7.1 (MUST-14, MUST-65,
 * SHLD-5, MAY-3); RFC 2018 §2 (R-2018-1); RFC 7323 §3.2 (R-7323-9). */
static struct tcp_opts
options_of(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_plan *plan)
{
	struct tcp_opts o = { 0 };

	if (plan->why == TCP_WHY_SYN) {
		o.has_mss = true;
		o.mss = sp_tcp_announced_mss(s, t);
		o.sack_permitted = tcp_is(t, TCP_F_SACK);
		o.has_wscale = tcp_is(t, TCP_F_WSCALE);
		o.wscale = t->rcv_scale;
	}
	o.has_ts = tcp_is(t, TCP_F_TS);
	if (o.has_ts) {
		o.tsval = sp_tcp_ts_now(s, t->ts_offset);
		o.tsecr = (plan->flags & TCP_ACK) != 0 ? t->ts_recent : 0;	/* R-7323-8 */
	}
	/* Not beside text: their room is the text's. */
	if (plan->why != TCP_WHY_SYN && plan->len == 0)
		sp_tcp_sack_blocks(s, t, &o);
	if (t->accecn)
		sp_tcp_accecn_option(s, t, plan, &o);
	return o;
}

static void
emit_ethernet(const struct sampan *s, const struct tcp_tcb *t, uint8_t *p)
{
	struct eth_hdr eth = {
		.type = sp_addr_is_v4(&t->flow.remote) ? ETH_TYPE_IP4 : ETH_TYPE_IP6,
	};

	memcpy(eth.dst, sp_neigh_at(s, t->neigh)->mac, sizeof(eth.dst));
	memcpy(eth.src, s->link[t->link].mac, sizeof(eth.src));
	eth_emit(p, &eth);
}

/* RFC 9293 §3.1 (MUST-2).  Left to the link where it offers that. */
static void
place_checksum(const struct sampan *s, struct sampan_frame *f, uint32_t l4, uint64_t pseudo,
    uint32_t caps)
{
	struct sp_csum sum = { pseudo, false };

	if ((caps & SAMPAN_LINK_CSUM_OUT) != 0) {
		f->csum = SAMPAN_CSUM_PARTIAL;
		f->csum_start = (uint16_t)l4;
		f->csum_offset = TCP_CSUM_OFF;
		be16_put(f->head + l4 + TCP_CSUM_OFF, sp_csum_fold(pseudo));
		return;
	}
	f->csum = SAMPAN_CSUM_COMPLETE;
	sp_csum_feed(&sum, f->head + l4, f->head_len - l4, s->csum_variant);
	sp_sendq_csum(&sum, &s->arena, f, s->csum_variant);
	be16_put(f->head + l4 + TCP_CSUM_OFF, (uint16_t)~sp_csum_fold(sum.sum));
}

static struct tcp_hdr
header_of(const struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan, bool has_sack)
{
	struct tcp_hdr h = {
		.src_port = t->flow.local_port,
		.dst_port = t->flow.remote_port,
		.seq = plan->seq.raw,
		.flags = plan->flags,
	};

	if ((plan->flags & TCP_ACK) != 0)
		h.ack = t->rcv.nxt.raw;
	if ((plan->flags & TCP_SYN) == 0 && sp_tcp_urg_out(s, t, plan->seq, &h.up))
		h.flags |= TCP_URG;
	if ((plan->flags & TCP_SYN) != 0) {	/* never scaled: R-7323-3 */
		sp_tcp_ecn_syn_flags(s, t, &h);
		h.wnd = (uint16_t)tcp_rcv_wnd(t);
	} else {
		h.flags |= tcp_ecn_flags(t, plan);
		h.wnd = sp_tcp_wnd_advertise(s, t);
	}
	if (t->accecn && (plan->flags & TCP_SYN) == 0) {
		const uint8_t ace = sp_tcp_accecn_ace(s, t, plan->len == 0 && !has_sack);

		h.flags |= tcp_ace_flags(ace);
		h.ae = (ace & 4u) != 0;
	}
	return h;
}

uint32_t
sp_tcp_build(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan,
    struct sampan_frame *f)
{
	const uint32_t ip = ETH_HDR_LEN, l4 = ip + sp_ip_hdr_len(&t->flow.remote);
	const struct tcp_opts opts = options_of(s, t, plan);
	struct tcp_hdr h = header_of(s, t, plan, opts.sack_count > 0);
	struct sp_ip_out out = {
		.src = &t->flow.local,
		.dst = &t->flow.remote,
		.flow = &t->flow,
		.link = t->link,
		.proto = IP_PROTO_TCP,
		/* MUST-48 */
		.tos = tcp_ecn_tos(t, plan, t->rare != 0 ? tcp_rare_of(s, t)->tos : 0),
		.ttl = t->rare != 0 ? tcp_rare_of(s, t)->ttl : 0,	/* MUST-49 */
	};
	uint32_t len = 0;

	h.data_off_bytes = (uint8_t)(TCP_HDR_LEN +
	    tcp_opts_emit(f->head + l4 + TCP_HDR_LEN, &opts));
	f->head_len = (uint16_t)(l4 + h.data_off_bytes);
	f->len = f->head_len;
	f->slices = 0;
	f->owner = SAMPAN_FRAME_STACK;
	if (plan->len > 0)
		len = tcp_put_text(s, t, plan, f);
	if (len < plan->len)
		h.flags &= (uint8_t)~(TCP_FIN | TCP_PSH);
	f->len += len;
	f->tso = len > t->mss_bytes && plan->why != TCP_WHY_MTU;
	f->gso_bytes = f->tso ? t->mss_bytes : 0;
	out.payload_len = h.data_off_bytes + len;
	emit_ethernet(s, t, f->head);
	sp_ip_emit(s, f->head + ip, &out);
	tcp_hdr_emit(f->head + l4, &h);
	place_checksum(s, f, l4, sp_ip_pseudo(&out), s->link[t->link].caps);
	if (t->accecn)
		sp_tcp_accecn_told(s, t, plan, &opts);
	return len;
}

void
sp_tcp_send_bare(struct sampan *s, const struct tcp_bare *bare)
{
	const size_t opts_len = tcp_opts_len(&bare->opts);
	const struct sp_ip_out out = {
		.src = &bare->flow->local,
		.dst = &bare->flow->remote,
		.flow = bare->flow,
		.payload_len = (uint32_t)(TCP_HDR_LEN + opts_len),
		.proto = IP_PROTO_TCP,
		.tos = bare->tos & (uint8_t)~IP_ECN_MASK,	/* R-3168-4, R-3168-6 */
		.ttl = bare->ttl,
	};
	const struct tcp_hdr h = {
		.src_port = bare->flow->local_port,
		.dst_port = bare->flow->remote_port,
		.seq = bare->seq.raw,
		.ack = (bare->flags & TCP_ACK) != 0 ? bare->ack.raw : 0,
		.data_off_bytes = (uint8_t)(TCP_HDR_LEN + opts_len),
		.flags = bare->flags,
		.ae = bare->ae,
		.wnd = bare->wnd,
	};
	struct sp_reply *r;
	uint8_t *p;

	r = sp_ip_take(s, &out);
	if (r == NULL)
		return;
	p = sp_ip_l4(r);
	tcp_hdr_emit(p, &h);
	tcp_opts_emit(p + TCP_HDR_LEN, &bare->opts);
	be16_put(p + TCP_CSUM_OFF, (uint16_t)~sp_csum_fold(sp_csum_add(p, out.payload_len,
	    sp_ip_pseudo(&out), s->csum_variant)));
	sp_ip_send(s, r);
	sp_count(s, SAMPAN_COUNT_TCP_SEGS_OUT);
	if ((bare->flags & TCP_RST) != 0)
		sp_count(s, SAMPAN_COUNT_TCP_RSTS_OUT);
}

void
sp_tcp_send_reset(struct sampan *s, const struct tcp_seg *seg)
{
	struct tcp_bare bare = { .flow = &seg->pkt->flow, .flags = TCP_RST };

	if (!sp_tcp_may_answer(s, bare.flow))
		return;
	if ((seg->flags & TCP_ACK) != 0) {
		bare.seq = seg->ack;
	} else {
		bare.flags |= TCP_ACK;
		bare.ack = seq_add(seg->seq, seg->len);
	}
	if (seg->opts.has_ts) {			/* R-7323-21 */
		bare.opts.has_ts = true;
		bare.opts.tsecr = seg->opts.tsval;
	}
	sp_tcp_send_bare(s, &bare);
}

/* A segment without text of a connection, at SND.NXT. */
static void
send_now(struct sampan *s, struct tcp_tcb *t, uint8_t flags)
{
	struct tcp_bare bare = {
		.flow = &t->flow,
		.seq = t->snd.nxt,
		.ack = t->rcv.nxt,
		.flags = flags,
		.wnd = sp_tcp_wnd_advertise(s, t),	/* as any other, like Linux */
	};

	if (tcp_is(t, TCP_F_TS)) {
		bare.opts.has_ts = true;
		bare.opts.tsval = sp_tcp_ts_now(s, t->ts_offset);
		bare.opts.tsecr = t->ts_recent;
	}
	if (t->accecn) {
		const uint8_t ace = sp_tcp_accecn_ace(s, t, false);

		bare.flags |= tcp_ace_flags(ace);
		bare.ae = (ace & 4u) != 0;
	}
	if (t->rare != 0) {			/* MUST-48, MUST-49 */
		bare.tos = tcp_rare_of(s, t)->tos;
		bare.ttl = tcp_rare_of(s, t)->ttl;
	}
	sp_tcp_send_bare(s, &bare);
}

void
sp_tcp_send_abort(struct sampan *s, struct tcp_tcb *t)
{
	send_now(s, t, TCP_RST | TCP_ACK);
}

void
sp_tcp_send_ack(struct sampan *s, struct tcp_tcb *t, uint8_t flags)
{
	send_now(s, t, TCP_ACK | flags);
}
