/*
 * tcp_build.h - segments to send: what one carries, and putting it on the wire.
 */
#ifndef SAMPAN_TCP_TCP_BUILD_H
#define SAMPAN_TCP_TCP_BUILD_H

#include "tcp/tcp_of.h"
#include "wire/tcp_opt.h"

struct tcp_seg;

/* A segment that no control block stands behind. */
struct tcp_bare {
	const struct sp_flow *flow;
	tcp_seq seq, ack;
	uint8_t flags;
	uint16_t wnd;
	uint8_t tos, ttl;	/* as struct tcp_rare has them */
	struct tcp_opts opts;
};

void sp_tcp_send_bare(struct sampan *s, const struct tcp_bare *bare);

/* The reset that answers seg where there is no connection.  §3.10.7.1. */
void sp_tcp_send_reset(struct sampan *s, const struct tcp_seg *seg);

/* A reset at SND.NXT of a connection that is being given up.  §3.10.5. */
void sp_tcp_send_abort(struct sampan *s, struct tcp_tcb *t);

/* Acknowledges what has arrived, ahead of what the link pulls; flags: ECE or nothing. */
void sp_tcp_send_ack(struct sampan *s, struct tcp_tcb *t, uint8_t flags);

/* What one frame of a connection carries. */
enum tcp_why {
	TCP_WHY_NOTHING,
	TCP_WHY_SYN,
	TCP_WHY_REPAIR,		/* lost before */
	TCP_WHY_DATA,
	TCP_WHY_MTU,		/* the same, larger than others: tcp_mtu_probe.h */
	TCP_WHY_TAIL,		/* a probe for the loss of a tail */
	TCP_WHY_FIN,
	TCP_WHY_PROBE,
	TCP_WHY_ACK,
};

struct tcp_plan {
	enum tcp_why why;
	tcp_seq seq;
	uint32_t len;		/* of text */
	uint8_t flags;
};

/* Puts the text of a plan behind the headers of a frame: a small one into its head, else
 * shown as slices; returns how much went in. */
static inline uint32_t
tcp_put_text(struct sampan *s, const struct tcp_tcb *t, const struct tcp_plan *plan,
    struct sampan_frame *f)
{
	struct sp_sendq *q = &tcp_tx_of(s, t)->q;
	const uint32_t off = seq_diff(plan->seq, t->snd.una);

	if (plan->len > SAMPAN_FRAME_HEAD - (uint32_t)f->head_len || plan->len > t->mss_bytes)
		return sp_sendq_show(q, &s->arena, off, plan->len, f);
	sp_sendq_copy(q, &s->arena, off, plan->len, f->head + f->head_len);
	f->head_len = (uint16_t)(f->head_len + plan->len);
	return plan->len;
}

/* Writes the frame; returns the bytes of text it carries: fewer than planned
 * when the frame has no room for more slices. */
uint32_t sp_tcp_build(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan,
    struct sampan_frame *f);

#endif
