/*
 * socket.h - calls in the style of BSD sockets, on handles; never blocking.
 *
 * A handle names a socket for as long as it lives; afterwards every call with
 * it answers BADHANDLE.  Calls leave intent: segments leave with the next
 * sampan_output().  Source: RFC 9293 §3.9.1.
 */
#ifndef SAMPAN_SOCKET_H
#define SAMPAN_SOCKET_H

#include <sampan/sampan.h>

#ifdef __cplusplus
extern "C" {
#endif

enum sampan_type {
	SAMPAN_STREAM = 1,	/* TCP */
	SAMPAN_DGRAM = 2,	/* UDP: datagram.h */
	SAMPAN_PING4 = 3,	/* ICMP echo: datagram.h */
	SAMPAN_PING6 = 4,
	SAMPAN_ICMP4 = 5,	/* any ICMP message: datagram.h */
	SAMPAN_ICMP6 = 6,
};

/* A new socket.  INVAL: type.  NOBUFS.  OPNOTSUPP: ICMP is the leader's of the team (team.h). */
SAMPAN_API int sampan_socket(struct sampan *s, enum sampan_type type, sampan_handle *out);

/* Names the local end: the address :: is any of both families, or with V6ONLY of IPv6
 * alone, 0.0.0.0 any of IPv4; a zero port lets the stack choose.  Who stands in whose way
 * is Linux's rule: two sockets of one port, and of addresses that overlap, unless both
 * have REUSEPORT (they may all listen, and share the connections), or both REUSEADDR and
 * neither listens; a connection of the port, in TIME-WAIT too, unless the socket has
 * REUSEADDR.  A link-local address needs its link.  RFC 3493 §3.7, §5.3.
 * INVAL: bound already; link-local without a link that there is; of IPv4, with V6ONLY.
 * ADDRNOTAVAIL.  ADDRINUSE.  NOBUFS. */
SAMPAN_API int sampan_bind(struct sampan *s, sampan_handle h, const struct sampan_sockaddr *local);

/* Waits for connections, up to backlog of them not yet accepted, and at most
 * net.core.somaxconn; without a local end the stack chooses a port.  Again: the
 * backlog changes.  INVAL: connected, or was.  ADDRINUSE.  NOBUFS. */
SAMPAN_API int sampan_listen(struct sampan *s, sampan_handle h, unsigned backlog);

/* The oldest connection that waits; peer may be NULL.  It inherits the
 * listener's word and options.  AGAIN: none.  INVAL: not a listener. */
SAMPAN_API int sampan_accept(struct sampan *s, sampan_handle h, sampan_handle *out,
    struct sampan_sockaddr *peer);

/* Begins a connection: INPROGRESS on success; WRITABLE or FAILED tells how it
 * ended.  After a failure the next call answers its error, unless that was asked
 * for, and the one after it tries again from the same local end.
 * ALREADY, ISCONN, OPNOTSUPP; INVAL: the peer's address, one of the other family than
 * what was bound, link-local without its link or with another one than what was bound;
 * NETUNREACH: also IPv4 with V6ONLY;
 * ADDRNOTAVAIL: no free port, or with the one that was bound the flow would be
 * another stack's of the team (team.h); ADDRINUSE; NOBUFS. */
SAMPAN_API int sampan_connect(struct sampan *s, sampan_handle h,
    const struct sampan_sockaddr *peer);

/* Takes up to len bytes to send and returns how many, at least 1.
 * AGAIN: no room, WRITABLE will tell.  NOTCONN.  PIPE: closed for sending.
 * The error that ended the connection, once; PIPE after that. */
SAMPAN_API int64_t sampan_send(struct sampan *s, sampan_handle h, const void *data, size_t len);

/* The same, and what has been given to send so far is urgent: RFC 9293 §3.8.5.
 * The reader's recv stops there once, unless it took OOBINLINE. */
SAMPAN_API int64_t sampan_send_urgent(struct sampan *s, sampan_handle h, const void *data,
    size_t len);

/* Moves up to len bytes out and returns how many; 0: end of stream.
 * AGAIN.  NOTCONN.  The error that ended the connection, once; 0 after that. */
SAMPAN_API int64_t sampan_recv(struct sampan *s, sampan_handle h, void *data, size_t len);

/* The same with flags; INVAL: one that is none of theirs. */
enum sampan_msg {
	SAMPAN_MSG_OOB = 1 << 0,	/* send: as sampan_send_urgent().  recv: the last
					 * urgent byte, out of its turn, which the stream
					 * then leaves out.  INVAL: none, or OOBINLINE;
					 * AGAIN: it has not arrived yet */
	SAMPAN_MSG_PEEK = 1 << 1,	/* recv: what is read stays */
	SAMPAN_MSG_MORE = 1 << 2,	/* send: more follows, do not send a part of a segment:
					 * as CORK, until the next send */
};
SAMPAN_API int64_t sampan_send_flags(struct sampan *s, sampan_handle h, const void *data,
    size_t len, unsigned flags);
SAMPAN_API int64_t sampan_recv_flags(struct sampan *s, sampan_handle h, void *data, size_t len,
    unsigned flags);

/* ---- Without copying ---- */

/* Lends what sampan_recv() would read next: fills in up to max slices and
 * returns how many; 0 and errors as recv.  They stay the stack's, and as they are
 * until their bytes are taken, read or shut down, or the socket is closed. */
SAMPAN_API int sampan_recv_lend(struct sampan *s, sampan_handle h, struct sampan_slice *slices,
    unsigned max);

/* The oldest n bytes have been used and are read.  INVAL: there are not so many,
 * or the urgent mark is before their end. */
SAMPAN_API int64_t sampan_recv_taken(struct sampan *s, sampan_handle h, size_t n);

/* A piece of the stack's memory to be written. */
struct sampan_room {
	uint8_t *data;
	uint32_t len;
};

/* Lends room for up to len bytes to send: fills in up to max pieces and returns
 * how many; errors as send.  It is the caller's to write until the next reserve
 * of this stack or its commit, whatever else is called meanwhile; what is not
 * committed is not sent. */
SAMPAN_API int sampan_send_reserve(struct sampan *s, sampan_handle h, struct sampan_room *rooms,
    unsigned max, size_t len);

/* Queues the first n bytes of the reservation, as many of them as send would
 * take, and ends it; errors as send.  INVAL: not reserved for this socket, or not
 * so many. */
SAMPAN_API int64_t sampan_send_commit(struct sampan *s, sampan_handle h, size_t n);

/* Hands up to len of the bytes that arrived on one connection over to be sent on
 * another, or the same one, in order, mostly without copying; returns how many.
 * 0: `from` is at its end.  Errors of either, as recv and send have them. */
SAMPAN_API int64_t sampan_splice(struct sampan *s, sampan_handle from, sampan_handle to,
    size_t len);

/* How much sampan_recv() has, and how much sampan_send() would take, now. */
SAMPAN_API int64_t sampan_readable_bytes(const struct sampan *s, sampan_handle h);
SAMPAN_API int64_t sampan_writable_bytes(const struct sampan *s, sampan_handle h);

enum sampan_how {
	SAMPAN_SHUT_RD = 1,
	SAMPAN_SHUT_WR = 2,
	SAMPAN_SHUT_RDWR = 3,
};

/* Ends one direction: WR sends FIN behind what is queued; after RD recv answers 0
 * where it would have answered AGAIN, and the peer is told nothing: what it still
 * sends can be read, and fills the window if it is not.  NOTCONN. */
SAMPAN_API int sampan_shutdown(struct sampan *s, sampan_handle h, enum sampan_how how);

/* One holder more: the socket is given up by the last close, and so FIN leaves
 * with that.  NOBUFS. */
SAMPAN_API int sampan_ref(struct sampan *s, sampan_handle h);

/* Gives the socket up.  What is queued is still delivered, then FIN; unread
 * data makes it a reset (RFC 9293 §3.6.1 (SHLD-3)).  With LINGER on: 0 s make it a
 * reset; with more it answers INPROGRESS if something is still to be delivered,
 * which has that long: then it is a reset.  The handle is gone in any case.  Who
 * must know that all arrived: shutdown, then wait until OUTQ is 0. */
SAMPAN_API int sampan_close(struct sampan *s, sampan_handle h);

/* Gives the socket up at once, for all its holders: the peer gets a reset. */
SAMPAN_API int sampan_abort(struct sampan *s, sampan_handle h);

/* The application's word, reported with each event.  BADHANDLE. */
SAMPAN_API int sampan_set_user(struct sampan *s, sampan_handle h, uint64_t user);
SAMPAN_API int sampan_get_user(const struct sampan *s, sampan_handle h, uint64_t *user);

/* RFC 9293 §3.3.2; the numbers are for tools, not Linux's. */
#define SAMPAN_TCP_STATES(X) \
	X(CLOSED, "CLOSED") \
	X(LISTEN, "LISTEN") \
	X(SYN_SENT, "SYN-SENT") \
	X(SYN_RECEIVED, "SYN-RECEIVED") \
	X(ESTABLISHED, "ESTABLISHED") \
	X(FIN_WAIT_1, "FIN-WAIT-1") \
	X(FIN_WAIT_2, "FIN-WAIT-2") \
	X(CLOSE_WAIT, "CLOSE-WAIT") \
	X(CLOSING, "CLOSING") \
	X(LAST_ACK, "LAST-ACK") \
	X(TIME_WAIT, "TIME-WAIT")

enum sampan_tcp_state {
#define X(id, name) SAMPAN_TCP_##id,
	SAMPAN_TCP_STATES(X)
#undef X
	SAMPAN_TCP_STATE_COUNT,
};

/* What a connection waits for, whichever comes first; names as ss(8) has them
 * where it has one. */
#define SAMPAN_TIMERS(X) \
	X(NONE, "none") \
	X(RTX, "on") \
	X(PERSIST, "persist") \
	X(ACK, "ack") \
	X(LOSS, "loss") \
	X(KEEPALIVE, "keepalive") \
	X(FIN_WAIT, "finwait") \
	X(TIME_WAIT, "timewait")

enum sampan_timer {
#define X(id, name) SAMPAN_TIMER_##id,
	SAMPAN_TIMERS(X)
#undef X
	SAMPAN_TIMER_COUNT,
};

struct sampan_status {
	sampan_handle handle;	/* 0: no socket (orphan, half-open, TIME-WAIT) */
	enum sampan_tcp_state state;
	int error;		/* what ended it, 0: nothing */
	struct sampan_sockaddr local, peer;
	uint32_t recv_queue_bytes;	/* LISTEN: connections that wait to be accepted */
	uint32_t send_queue_bytes;	/* not yet acknowledged, unsent too; LISTEN: backlog */
	uint32_t cwnd_bytes;
	uint32_t mss_bytes;
	sampan_dur srtt_dur;	/* 0: not measured */
	sampan_dur rto_dur;
	uint32_t level;		/* enum sampan_event_bits that hold now */
	enum sampan_timer timer;
	sampan_dur timer_dur;	/* until it goes off; 0 with TIMER_NONE */
	uint32_t retries;	/* time-outs and probes since the last progress */
	uint32_t drops;		/* UDP: datagrams for which its receive buffer had no room */
	bool v6only;		/* IPV6_V6ONLY */
};

/* RFC 9293 §3.9.1.6.  BADHANDLE. */
SAMPAN_API int sampan_status(const struct sampan *s, sampan_handle h, struct sampan_status *status);

/* Walks over everything TCP knows, up to max at a time, from *cursor (0 to
 * begin) on; returns how many, 0 at the end.  Looks at no more than 4 * max
 * places a call and then returns early with *cursor unfinished: the end is
 * reached when *cursor is SAMPAN_WALK_END.  What changes meanwhile may be
 * missed, nothing is reported twice. */
#define SAMPAN_WALK_END UINT64_MAX
SAMPAN_API int sampan_walk(const struct sampan *s, uint64_t *cursor, struct sampan_status *out,
    unsigned max);

/* The same over the UDP sockets that have a port: ESTABLISHED if connected, else
 * CLOSED. */
SAMPAN_API int sampan_walk_udp(const struct sampan *s, uint64_t *cursor,
    struct sampan_status *out, unsigned max);

#ifdef __cplusplus
}
#endif

#endif
