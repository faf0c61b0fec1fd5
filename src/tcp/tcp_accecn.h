/*
 * tcp_accecn.h - accurate ECN: RFC 9768.
 *
 * Does: count what arrives marked and say so in three bits of every header (ACE) and in
 * an option; read the same of the peer's; agree on it, and notice a path that erases it.
 * What has been read becomes the ECE flag of the segment, so that tcp_ecn.c and the
 * congestion controls need not know how marks came back.  Does not: reduce (tcp_ecn.c).
 *
 * t->accecn: asked for, in SYN-SENT; else agreed on, and there is a struct tcp_accecn.
 * t->ecn beside it: text may be marked.  Without it (the path was caught lying) the
 * peer's marks are counted and told all the same (§3.1.5).
 */
#ifndef SAMPAN_TCP_TCP_ACCECN_H
#define SAMPAN_TCP_TCP_ACCECN_H

#include "tcp/tcp_int.h"

/* The flags AE, CWR and ECE as the number that they are. */
#define ACE_NONE 0u		/* of a SYN: does not ask; of a SYN-ACK: does not agree */
#define ACE_CLASSIC 1u		/* of a SYN-ACK: agrees to RFC 3168 */
#define ACE_CLASSIC_SYN 3u	/* of a SYN: asks for that */
#define ACE_RESERVED 5u		/* of a SYN-ACK: as if nothing had marked the SYN */
#define ACE_REQUEST 7u		/* of a SYN: asks for accurate ECN */

static inline uint8_t
tcp_ace(const struct tcp_seg *seg)
{
	return (uint8_t)((seg->ae ? 4u : 0u) | ((seg->flags & TCP_CWR) != 0 ? 2u : 0u) |
	    ((seg->flags & TCP_ECE) != 0 ? 1u : 0u));
}

/* The flags of the lower two bits; AE is bit 2. */
static inline uint8_t
tcp_ace_flags(unsigned ace)
{
	return (uint8_t)(((ace & 2u) != 0 ? TCP_CWR : 0) | ((ace & 1u) != 0 ? TCP_ECE : 0));
}

/* How a SYN-ACK tells the IP-ECN field of the SYN, and the pure acknowledgement of a
 * SYN-ACK that of the SYN-ACK: Tables 2 and 3. */
uint8_t sp_tcp_accecn_answer(unsigned mark);

/* What marks 0 to 3 are told as where they become a number; 0 if there is none. */
static inline struct tcp_accecn *
tcp_accecn_of(const struct sampan *s, const struct tcp_tcb *t)
{
	return sp_at(&s->arena, tcp_rare_of(s, t)->accecn);
}

/* ---- Agreeing ---- */

/* Makes the record, with fresh counters; false: no memory, and nothing is agreed.  Then
 * the peer sees an ACE of 0, and marks nothing (§3.2.2.4). */
bool sp_tcp_accecn_begin(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_accecn_end(struct sampan *s, struct tcp_tcb *t);

/* The option of a SYN-ACK, if any is sent. */
void sp_tcp_accecn_first(const struct sampan *s, struct tcp_opt_accecn *o);

/* A listener's handshake is complete, and the next segment completes it here as well.
 * silent: a SYN or SYN-ACK without the flags was part of it (§3.1.5). */
void sp_tcp_accecn_accept(struct sampan *s, struct tcp_tcb *t, bool silent);

/* The peer's SYN or SYN-ACK, where our SYN asked. */
void sp_tcp_accecn_take_syn(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg);

/* ---- Receiving ---- */

/* What the segment says of our marks, before its acknowledgement is processed.  From here
 * on ECE means: it brings news of marks. */
void sp_tcp_accecn_feedback(struct sampan *s, struct tcp_tcb *t, struct tcp_seg *seg);

/* Octets of it that it says have arrived marked. */
uint32_t sp_tcp_accecn_fresh(const struct sampan *s, const struct tcp_tcb *t);

/* An acceptable segment: counts its own mark. */
void sp_tcp_accecn_in(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg);

/* ---- Sending ---- */

/* Has a pure acknowledgement to leave before anything else (§3.2.2.1)? */
bool sp_tcp_accecn_answers(const struct sampan *s, const struct tcp_tcb *t);

/* The three bits of the next segment.  pure: no text, no SACK blocks. */
uint8_t sp_tcp_accecn_ace(const struct sampan *s, const struct tcp_tcb *t, bool pure);

/* The option beside those that are in o already; or none.  §3.2.3.3. */
void sp_tcp_accecn_option(const struct sampan *s, const struct tcp_tcb *t,
    const struct tcp_plan *plan, struct tcp_opts *o);

/* A segment with these options leaves. */
void sp_tcp_accecn_told(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan,
    const struct tcp_opts *o);

#endif
