/*
 * tcp_fast.h - the short way of the segments that a conversation expects: what
 * it does, and what it shares with the long one.
 */
#ifndef SAMPAN_TCP_TCP_FAST_H
#define SAMPAN_TCP_TCP_FAST_H

#include "net/ip.h"
#include "tcp/tcp.h"
#include "tcp/tcp_build.h"
#include "tcp/tcp_delack.h"
#include "tcp/tcp_int.h"

/* ---- tcp_in_fast.c ---- */

/* Takes the segment if it is what the connection expects next; its header is
 * plain (tcp_hdr_is_plain) and its checksum right.  False: nothing has changed,
 * it goes the long way. */
bool sp_tcp_in_fast(struct sampan *s, struct tcp_tcb *t, const struct sp_pkt *pkt);

/* ---- tcp_in_text.c: of the long way ---- */

/* Takes text at RCV.NXT that lies in the window. */
void sp_tcp_take_text(struct sampan *s, struct tcp_tcb *t, struct sp_span text);

/* ---- tcp_out_fast.c ---- */

/* Does what is plain to see: new text leaves, or nothing does.  False: nothing has changed,
 * decide() of tcp_out.c must say. */
bool sp_tcp_out_fast(struct sampan *s, struct tcp_tcb *t, struct sampan_frame *f,
    enum tcp_output *done);

/* Segments of a burst that begins now, tcp_out.c. */
uint8_t sp_tcp_burst_segs(const struct tcp_tcb *t);

/* Is it a frame that sp_tcp_build_plain() can write as sp_tcp_build() would? */
bool sp_tcp_is_plain(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_plan *plan);
/* Its headers up to TCP's over IPv6; returns the addresses' part of the pseudo-header. */
uint64_t sp_tcp_put_network6(const struct sampan *s, const struct tcp_tcb *t, uint8_t *p,
    uint32_t l4_len, uint8_t tos);
uint32_t sp_tcp_build_plain(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan,
    struct sampan_frame *f);

/* sp_tcp_wnd_advertise() without a struct tcp_rare, where the window that was promised is
 * what there is: the right edge moves by rounding at most. */
static inline uint16_t
tcp_wnd_advertise(const struct sampan *s, struct tcp_tcb *t)
{
	const uint32_t unit = 1u << t->rcv_scale, space = t->rcvbuf_bytes / 2;
	const uint32_t now = tcp_rcv_wnd(t), used = tcp_readable_bytes(s, t);
	const uint32_t step = space / 2 < t->mss_bytes ? space / 2 : t->mss_bytes;
	const uint32_t wnd = (now + unit - 1) & ~(unit - 1);

	if (used > space || space - used - now >= step || wnd >> t->rcv_scale > UINT16_MAX ||
	    t->rcv.nxt.raw - t->irs.raw == 1)
		return sp_tcp_wnd_advertise(s, t);
	t->rcv.edge = seq_add(t->rcv.nxt, wnd);
	return (uint16_t)(wnd >> t->rcv_scale);
}

/* Everything that acknowledges settles what was owed, but for duplicates that
 * the peer is to count. */
static inline void
tcp_acknowledged(struct tcp_tcb *t)
{
	const bool again = seq_eq(t->rcv.acked, t->rcv.nxt) && t->dup_acks_owed > 1;

	t->rcv.acked = t->rcv.nxt;
	t->dsack_start = t->dsack_end;	/* reported once: R-2883-4 */
	sp_tcp_disarm(t, TCP_AT_ACK);
	if ((t->flags & (TCP_F_ACK_NOW | TCP_F_ACK_DUE)) != 0)
		sp_tcp_delack_acked(t);
	t->dup_acks_owed = again ? (uint8_t)(t->dup_acks_owed - 1) : 0;
	t->flags &= ~(uint32_t)(TCP_F_ACK_NOW | TCP_F_ACK_DUE);
	if (again)
		tcp_set(t, TCP_F_ACK_NOW);
}

#endif
