/*
 * tcp.h - what net/'s callers and sock/ may call of TCP.
 *
 * The control block's layout is tcp_tcb.h's; inside tcp/ read tcp_int.h next.
 */
#ifndef SAMPAN_TCP_TCP_H
#define SAMPAN_TCP_TCP_H

#include <sampan/option.h>

#include "net/ip.h"
#include "tcp/tcp_of.h"

/* Declares the pools and draws the keys; draws them again. */
void sp_tcp_init(struct sampan *s);
void sp_tcp_draw_keys(struct sampan *s);

/* SEGMENT ARRIVES, RFC 9293 §3.10.7. */
void sp_tcp_in(struct sampan *s, const struct sp_pkt *pkt);

enum tcp_output {
	TCP_OUTPUT_NONE,	/* nothing to say now */
	TCP_OUTPUT_FRAME,	/* a frame; ask again, there may be more */
	TCP_OUTPUT_PARK,	/* its neighbour is being asked for */
	TCP_OUTPUT_MOVED,	/* it belongs to another link now */
};

/* Builds the connection's next frame; it has just left the run queue. */
enum tcp_output sp_tcp_output(struct sampan *s, struct tcp_tcb *t, struct sampan_frame *f);

/* To be called last by whoever has changed a connection: frees it when nobody
 * needs it, shrinks it to a TIME-WAIT record, queues it for output, arms its
 * timer.  t may be gone afterwards.  sp_tcp_rest(): the same, but without
 * queueing it: it has just said that it has nothing to send. */
void sp_tcp_settle(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_rest(struct sampan *s, struct tcp_tcb *t);

/* A timer of TCP's went off; kind: what it lies in. */
void sp_tcp_timer(struct sampan *s, enum sp_kind kind, struct sp_timer *timer);

/* The user calls of RFC 9293 §3.10.1-6.  Negative: SAMPAN_E*, as socket.h
 * lists them for the call of the same name. */
struct tcp_tcb *sp_tcp_open(struct sampan *s);
int sp_tcp_bind(struct sampan *s, struct tcp_tcb *t, const struct sampan_sockaddr *local);
int sp_tcp_listen(struct sampan *s, struct tcp_tcb *t, uint32_t backlog);
struct tcp_tcb *sp_tcp_accept(struct sampan *s, struct tcp_tcb *listener);
int sp_tcp_connect(struct sampan *s, struct tcp_tcb *t, const struct sampan_sockaddr *peer);
struct tcp_write {
	const uint8_t *data;
	size_t len;
	unsigned flags;		/* enum sampan_msg */
};
int64_t sp_tcp_send(struct sampan *s, struct tcp_tcb *t, const struct tcp_write *w);
struct tcp_read {
	uint8_t *data;
	size_t len;
	unsigned flags;		/* enum sampan_msg */
};
int64_t sp_tcp_recv(struct sampan *s, struct tcp_tcb *t, const struct tcp_read *r);
/* tcp_lend.c */
int sp_tcp_recv_lend(struct sampan *s, struct tcp_tcb *t, struct sampan_slice *slices,
    unsigned max);
int64_t sp_tcp_recv_taken(struct sampan *s, struct tcp_tcb *t, size_t n);
int sp_tcp_send_reserve(struct sampan *s, struct tcp_tcb *t, struct sampan_room *rooms,
    unsigned max, size_t len);
int64_t sp_tcp_send_commit(struct sampan *s, struct tcp_tcb *t, size_t n);
int64_t sp_tcp_splice(struct sampan *s, struct tcp_tcb *from, struct tcp_tcb *to, size_t len);
int sp_tcp_shutdown(struct sampan *s, struct tcp_tcb *t, unsigned how);
int sp_tcp_close(struct sampan *s, struct tcp_tcb *t);
int sp_tcp_ref(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_abort(struct sampan *s, struct tcp_tcb *t);
int sp_tcp_setopt(struct sampan *s, struct tcp_tcb *t, enum sampan_option option, int64_t value);
int sp_tcp_getopt(const struct sampan *s, struct tcp_tcb *t, enum sampan_option option,
    int64_t *value);
void sp_tcp_info(const struct sampan *s, const struct tcp_tcb *t, struct sampan_tcp_info *info);
bool sp_tcp_at_mark(const struct sampan *s, const struct tcp_tcb *t);

/* An ICMP error about a segment of ours.  RFC 9293 §3.9.2.2, RFC 5927. */
void sp_tcp_icmp(struct sampan *s, const struct sp_icmp_error *error);

/* What may be queued now; whether that is enough to wake somebody for, which is done
 * for who had asked in vain. */
uint32_t sp_tcp_writable_bytes(const struct sampan *s, const struct tcp_tcb *t);
bool sp_tcp_has_room(const struct sampan *s, const struct tcp_tcb *t);
void sp_tcp_tell_room(struct sampan *s, struct tcp_tcb *t);
unsigned sp_tcp_level(const struct sampan *s, const struct tcp_tcb *t);
void sp_tcp_status(const struct sampan *s, const struct tcp_tcb *t, struct sampan_status *st);

/* The same of the compact records; and its part about timers. */
void sp_tcp_status_half_open(const struct sampan *s, const struct tcp_half_open *h,
    struct sampan_status *st);
void sp_tcp_status_time_wait(const struct sampan *s, const struct tcp_time_wait *w,
    struct sampan_status *st);
void sp_tcp_status_timer(const struct sampan *s, const struct tcp_tcb *t,
    struct sampan_status *st);

/* All invariants of a connection hold; for tests and fuzzers.  NULL, or the
 * first rule that is broken. */
const char *sp_tcp_check(const struct sampan *s, const struct tcp_tcb *t);

#endif
