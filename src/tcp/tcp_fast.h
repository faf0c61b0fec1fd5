/*
 * tcp_fast.h - the short way of the segments that a conversation expects: what
 * it does, and what it shares with the long one.
 */
#ifndef SAMPAN_TCP_TCP_FAST_H
#define SAMPAN_TCP_TCP_FAST_H

#include "net/ip.h"
#include "tcp/tcp_build.h"

/* ---- tcp_in_fast.c ---- */

/* Takes the segment if it is what the connection expects next; its header is
 * plain (tcp_hdr_is_plain) and its checksum right.  False: nothing has changed,
 * it goes the long way. */
bool sp_tcp_in_fast(struct sampan *s, struct tcp_tcb *t, const struct sp_pkt *pkt);

/* ---- tcp_in_ack.c, tcp_in_text.c: steps of the long way ---- */

/* The part of the fifth step that is about an acknowledgement in range, not older
 * than SND.UNA - MAX.SND.WND. */
void sp_tcp_take_ack(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg);

/* Takes text at RCV.NXT that lies in the window. */
void sp_tcp_take_text(struct sampan *s, struct tcp_tcb *t, struct sp_span text);

/* ---- tcp_out_fast.c ---- */

/* What the next frame of a connection carries, if that is plain to see; false:
 * decide() of tcp_out.c must say. */
bool sp_tcp_foresee(const struct sampan *s, const struct tcp_tcb *t, struct tcp_plan *plan);

/* Is it a frame that sp_tcp_build_plain() can write as sp_tcp_build() would? */
bool sp_tcp_is_plain(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_plan *plan);
/* Its headers up to TCP's over IPv6; returns the addresses' part of the pseudo-header. */
uint64_t sp_tcp_put_network6(const struct sampan *s, const struct tcp_tcb *t, uint8_t *p,
    uint32_t l4_len, uint8_t tos);
uint32_t sp_tcp_build_plain(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan,
    struct sampan_frame *f);

#endif
