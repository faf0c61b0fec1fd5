/*
 * tcp_undo.h - was a reduction of the window for nothing?  RFC 3522, 4015
 * (Eifel), RFC 3708 (D-SACK), RFC 5682 (F-RTO).
 */
#ifndef SAMPAN_TCP_TCP_UNDO_H
#define SAMPAN_TCP_TCP_UNDO_H

#include "tcp/tcp_rtx.h"

struct tcp_seg;

/* The window was reduced for a loss, or for a time-out, and might be restored. */
void sp_tcp_undo_begin(const struct tcp_tcb *t, struct tcp_tx *tx, bool timeout);

/* It was certainly right. */
void sp_tcp_undo_end(struct tcp_tx *tx);

/* A record is about to be sent again. */
void sp_tcp_undo_again(const struct sampan *s, struct tcp_tx *tx, const struct tcp_sent *r);

/* Judges an acknowledgement, before recovery does: restores the window and takes
 * nothing for lost any more if all of that was a mistake: true. */
bool sp_tcp_undo_ack(struct sampan *s, struct tcp_tcb *t, const struct tcp_delivery *d, bool dup);

/* After a time-out, text that was never sent is to show whether it was a mistake;
 * repairs wait for that.  RFC 5682 §2.1 step 2b. */
bool sp_tcp_undo_tests(const struct sampan *s, const struct tcp_tcb *t);

#endif
