/*
 * tcp_user.h - what the files behind the user calls call of each other, and what
 * arrival and timers call of them.
 */
#ifndef SAMPAN_TCP_TCP_USER_H
#define SAMPAN_TCP_TCP_USER_H

#include "tcp/tcp.h"

struct tcp_seg;

/* ---- tcp_close.c ---- */

/* Is it a connection that no socket holds and none waits to accept? */
bool sp_tcp_is_orphan(const struct tcp_tcb *t);

/* It is one no more, if it was: it is about to be freed. */
void sp_tcp_orphan_end(struct sampan *s, struct tcp_tcb *t);

/* Its life is over before all was delivered. */
void sp_tcp_orphan_expired(struct sampan *s, struct tcp_tcb *t);

/* ---- tcp_option.c ---- */

/* A segment came to a connection that has a struct tcp_rare: what its options want
 * to know of it.  RFC 9293 §3.9.2 (MAY-9). */
void sp_tcp_note_segment(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg);

void sp_tcp_inherit_options(struct sampan *s, struct tcp_tcb *t, const struct tcp_tcb *listener);

/* ---- tcp_user.c: what its ways to send and to receive have in common ---- */

/* How much of len may be queued now, at least 1; 0 for nothing, or the error. */
int64_t sp_tcp_send_room(struct sampan *s, struct tcp_tcb *t, size_t len);

/* So much of len was: what the call answers. */
int64_t sp_tcp_send_done(struct sampan *s, struct tcp_tcb *t, size_t len, uint32_t done);

/* 1: there is something to read; 0: the end of the stream, or the error. */
int sp_tcp_recv_ready(struct tcp_tcb *t, const struct tcp_rx *rx);

/* Some was taken out. */
void sp_tcp_recv_done(struct sampan *s, struct tcp_tcb *t);

/* ---- tcp_urg.c: RFC 9293 §3.8.5 ---- */

void sp_tcp_urg_in(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg);

/* The URG flag and the urgent pointer of a segment that begins at seq. */
bool sp_tcp_urg_out(const struct sampan *s, const struct tcp_tcb *t, tcp_seq seq, uint16_t *up);

/* Everything queued so far is urgent; there is a struct tcp_rare. */
void sp_tcp_send_urgent(struct sampan *s, struct tcp_tcb *t);

/* MSG_OOB. */
int64_t sp_tcp_recv_urgent(struct sampan *s, struct tcp_tcb *t, const struct tcp_read *r);

/* The byte that MSG_OOB has taken is not read again. */
void sp_tcp_urg_skip(struct sampan *s, struct tcp_tcb *t);

/* Bytes to read up to the urgent mark; UINT32_MAX: there is none ahead. */
uint32_t sp_tcp_to_mark(const struct sampan *s, const struct tcp_tcb *t);

#endif
