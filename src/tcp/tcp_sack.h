/*
 * tcp_sack.h - selective acknowledgement, both ways.  RFC 2018, RFC 2883.
 */
#ifndef SAMPAN_TCP_TCP_SACK_H
#define SAMPAN_TCP_TCP_SACK_H

#include "tcp/tcp_rtx.h"
#include "wire/tcp_opt.h"

struct tcp_seg;

/* Text behind a gap came at `at`: its block is the next one's first. */
void sp_tcp_sack_arrived(struct tcp_rx *rx, tcp_seq at);

/* [start, end) came although it was there: to be reported once. */
void sp_tcp_sack_duplicate(const struct sampan *s, struct tcp_tcb *t, tcp_seq start, tcp_seq end);

/* Fills in the blocks of an acknowledgement sent now; o->has_ts is set. */
void sp_tcp_sack_blocks(const struct sampan *s, const struct tcp_tcb *t, struct tcp_opts *o);

/* Takes the blocks of an acknowledgement that arrived; SND.UNA is up to date. */
void sp_tcp_sack_in(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg,
    struct tcp_delivery *d);

#endif
