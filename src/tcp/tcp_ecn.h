/*
 * tcp_ecn.h - explicit congestion notification: RFC 3168 §6.1, with RFC 8311 §4.2 and
 * the reduction of RFC 8511.
 *
 * Does: agree on it, mark what may be marked, echo what arrives marked, and ask the
 * congestion control for less, once a round trip.  Does not: say how much less
 * (cc_*.c), nor count marks (accurate ECN, RFC 9768).
 */
#ifndef SAMPAN_TCP_TCP_ECN_H
#define SAMPAN_TCP_TCP_ECN_H

#include "net/ip.h"
#include "tcp/tcp_build.h"
#include "tcp/tcp_facts.h"
#include "tcp/tcp_int.h"

/* The ECN field of IP, RFC 3168 §5. */
#define IP_ECN_MASK 3u
#define IP_ECN_ECT0 2u
#define IP_ECN_CE 3u

/* Of net.ipv4.tcp_ecn; anything but 0 accepts. */
#define ECN_REQUEST 1

#define TCP_ECN_FLAGS (TCP_ECE | TCP_CWR)

/* ---- Agreeing ---- */

/* Does a connection that is opened here ask for it?  By the setting, or because its
 * control cannot do without (cc_dctcp.c). */
bool sp_tcp_ecn_asks(const struct sampan *s, const struct tcp_tcb *t);

/* The flags of a SYN or SYN-ACK of t. */
uint8_t sp_tcp_ecn_syn_flags(const struct tcp_tcb *t, uint8_t flags);

/* The peer's SYN or SYN-ACK: from here on t->ecn says what is agreed. */
void sp_tcp_ecn_take_syn(struct tcp_tcb *t, const struct tcp_seg *seg);

/* Does a SYN ask for it, and do we accept? */
bool sp_tcp_ecn_accepts(const struct sampan *s, const struct tcp_seg *syn);

/* ---- Sending ---- */

/* Text that was never sent: what may be marked, and can carry CWR. */
static inline bool
tcp_ecn_is_new_text(const struct tcp_tcb *t, const struct tcp_plan *plan)
{
	return plan->len > 0 && seq_eq(plan->seq, t->snd.nxt);
}

/* DEVIATES: R-3168-7: with DCTCP repairs are marked as well: the queues that it is for
 * drop what is not (RFC 8257 §4.1). */
bool sp_tcp_ecn_marks_repair(const struct tcp_tcb *t, const struct tcp_plan *plan);

/* The octet of IP, of which `tos` is the application's part.  ECT(0) on new text and
 * nothing else: not on SYN, repairs, acknowledgements and probes (RFC 3168 §6.1.1, §6.1.2,
 * §6.1.4 to §6.1.6 (R-3168-3 to R-3168-8); RFC 8311 §4.2). */
static inline uint8_t
tcp_ecn_tos(const struct tcp_tcb *t, const struct tcp_plan *plan, uint8_t tos)
{
	const bool marked = t->ecn &&
	    (tcp_ecn_is_new_text(t, plan) || sp_tcp_ecn_marks_repair(t, plan));
	const unsigned mark = marked ? IP_ECN_ECT0 : 0;

	return (uint8_t)((tos & ~IP_ECN_MASK) | mark);
}

/* The flags of a segment that is no SYN: ECE on every one until the peer answers
 * (§6.1.3 (R-3168-9, R-3168-10)), CWR on the first new text after a reduction
 * (§6.1.2 (R-3168-12)). */
static inline uint8_t
tcp_ecn_flags(const struct tcp_tcb *t, const struct tcp_plan *plan)
{
	return (uint8_t)((t->ece_owed ? TCP_ECE : 0) |
	    (t->cwr_due && tcp_ecn_is_new_text(t, plan) ? TCP_CWR : 0));
}

/* A frame leaves; SND.NXT has not moved yet. */
static inline void
tcp_ecn_sent(struct tcp_tcb *t, const struct tcp_plan *plan)
{
	if (tcp_ecn_is_new_text(t, plan))
		t->cwr_due = 0;
}

/* ---- Receiving ---- */

/* RFC 3168 §5 (R-3168-17). */
static inline bool
tcp_ecn_is_marked(const struct tcp_tcb *t, const struct sp_pkt *pkt)
{
	return (pkt->tos & IP_ECN_MASK) == IP_ECN_CE && t->ecn;
}

/* Does the packet bring something that only sp_tcp_ecn_in() understands, beside the flags
 * of its segment?  The absence of a mark may be such a thing. */
static inline bool
tcp_ecn_is_news(const struct tcp_tcb *t, const struct sp_pkt *pkt)
{
	return t->ecn && (t->ece_owed || tcp_ecn_is_marked(t, pkt));
}

/* An acceptable segment. */
void sp_tcp_ecn_in(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg);

/* ---- Reducing ---- */

/* The window has been reduced, for whatever reason. */
void sp_tcp_ecn_reduced(struct tcp_tcb *t, struct tcp_tx *tx);

/* Was the window reduced already for what is found lost now: since that was sent? */
bool sp_tcp_ecn_covers_loss(const struct sampan *s, const struct tcp_tx *tx);

/* An acknowledgement of something, after its losses have been responded to. */
void sp_tcp_ecn_ack(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg,
    const struct tcp_delivery *d);

/* May the window grow by the acknowledgement?  Not by one that echoes congestion, nor
 * in the round that follows a reduction (RFC 3168 §6.1.2 (R-3168-13)), but where each mark
 * counts (RFC 8257 §3.3).
 *
 * DEVIATES: R-3168-13: after a time-out it may: the echo is of what the time-out has
 * answered, and goes on until new text can say so. */
static inline bool
tcp_ecn_allows_growth(const struct tcp_tcb *t, const struct tcp_tx *tx, const struct tcp_seg *seg)
{
	return !t->ecn || tx->phase == TCP_PHASE_LOSS ||
	    ((!tx->cwr || sp_tcp_cc_marks_each(t)) && (seg->flags & TCP_ECE) == 0);
}

#endif
