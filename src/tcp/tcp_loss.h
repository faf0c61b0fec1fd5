/*
 * tcp_loss.h - which of what is in flight is lost.
 *
 * Detection only: RACK-TLP with SACK (RFC 8985), duplicate acknowledgements
 * without (RFC 5681 §3.2, RFC 6582).  What to send about it is decided by
 * tcp_recovery.h and tcp_out.c.
 */
#ifndef SAMPAN_TCP_TCP_LOSS_H
#define SAMPAN_TCP_TCP_LOSS_H

#include "tcp/tcp_rtx.h"

struct tcp_seg;

/* RFC 8985 §6.2 step 4: recoveries that a wider reordering window lasts; its most. */
#define TCP_REO_PERSIST 16
#define TCP_REO_MULT_MAX 63

/* Takes what an acknowledgement delivered and marks what it shows to be lost;
 * dup: it is a duplicate in the sense of RFC 5681 §2. */
void sp_tcp_loss_ack(struct sampan *s, struct tcp_tcb *t, const struct tcp_delivery *d, bool dup);

/* RACK knows that what was sent at `at` and ends at `end` has arrived.  RFC 8985 §6.2
 * step 2 (R-8985-4). */
void sp_tcp_rack_update(const struct sampan *s, struct tcp_tx *tx, sampan_time at, tcp_seq end);

/* TCP_AT_LOSS went off: reordering timer or probe time-out. */
void sp_tcp_loss_timer(struct sampan *s, struct tcp_tcb *t);

/* Sets TCP_AT_LOSS after text was sent or acknowledged; what a connection with
 * nothing more to send knows is kept for a while. */
void sp_tcp_loss_rearm(struct sampan *s, struct tcp_tcb *t);

/* Judges a probe that is out by an acknowledgement.  True: it repaired a loss
 * that the congestion control is to hear of.  RFC 8985 §7.4. */
bool sp_tcp_tlp_ack(struct tcp_tx *tx, const struct tcp_seg *seg, const struct tcp_delivery *d);

/* The retransmission timer went off: marks what is lost by that. */
void sp_tcp_loss_timeout(struct sampan *s, struct tcp_tcb *t);

#endif
