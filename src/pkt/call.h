/*
 * call.h - a system call of a script: its arguments, and what it comes to.
 *
 * A call is a function from an attempt to Linux's result: not negative, or
 * -errno.  One that would block says PKT_WAIT and is tried again after
 * everything that happens; it keeps its progress in the attempt.
 */
#ifndef SAMPAN_PKT_CALL_H
#define SAMPAN_PKT_CALL_H

#include "pkt/fd.h"

#define PKT_WAIT (-2000000)
/* The arguments make no sense to us; the attempt's `why` tells. */
#define PKT_BAD_ARG (-3000000)
/* The call came back with something else than the script has: why. */
#define PKT_DIFFERS (-4000000)

#define PKT_ARGS_MAX 8

struct pkt_attempt {
	struct pkt_run *r;
	const struct pkt_event *event;
	const struct pkt_call *call;
	int64_t (*fn)(struct pkt_attempt *a);
	const struct pkt_expr *arg[PKT_ARGS_MAX];
	int64_t end_ns;			/* when a call that blocks is to end */
	int64_t wake_ns;		/* a time-out of its own; -1: none */
	bool began;			/* tried once already */
	uint32_t done_bytes;		/* of a long write or read */
	bool makes_fd;			/* the result is a new label */
	enum pkt_fd_kind fd_kind;
	bool fd_nonblock;
	bool fd_datagram;
	int msg_flags;			/* that recvmsg comes back with */
	struct pkt_fd *closing;		/* by a close that lingers, NULL */
	char why[200];
};

typedef int64_t pkt_call_fn(struct pkt_attempt *a);

/* ---- Arguments (call_arg.c) ---- */

__attribute__((format(printf, 2, 3)))
int64_t sp_pkt_bad_arg(struct pkt_attempt *a, const char *format, ...);
__attribute__((format(printf, 2, 3)))
int64_t sp_pkt_differs(struct pkt_attempt *a, const char *format, ...);

/* An integer, any for `...`.  False: the attempt tells why. */
bool sp_pkt_arg_int(struct pkt_attempt *a, const struct pkt_expr *e, int64_t any, int64_t *n);

/* The descriptor that argument 0 names.  NULL: *error is -EBADF or worse. */
struct pkt_fd *sp_pkt_arg_fd(struct pkt_attempt *a, int64_t *error);

/* The same, and it must be a socket. */
struct pkt_fd *sp_pkt_arg_socket(struct pkt_attempt *a, int64_t *error);

/* A field of a struct, by one of two names, or else by its place if the
 * struct has no names; NULL: not there. */
const struct pkt_expr *sp_pkt_field(const struct pkt_expr *s, const char *name, const char *other,
    unsigned place);

/* A call that waits gives up after this long; PKT_WAIT or the result that says
 * so.  wait_ns 0: never. */
int64_t sp_pkt_wait(struct pkt_attempt *a, int64_t wait_ns, int64_t given_up);

/* A socket address; `...` is any.  0: bad. */
bool sp_pkt_arg_addr(struct pkt_attempt *a, const struct pkt_expr *e,
    const struct sampan_sockaddr *any, struct sampan_sockaddr *addr);

/* ---- Calls ---- */

pkt_call_fn sp_pkt_call_socket, sp_pkt_call_bind, sp_pkt_call_listen, sp_pkt_call_accept,
    sp_pkt_call_connect, sp_pkt_call_close, sp_pkt_call_shutdown, sp_pkt_call_fcntl,
    sp_pkt_call_ioctl, sp_pkt_call_getsockname;
pkt_call_fn sp_pkt_call_read, sp_pkt_call_write, sp_pkt_call_send, sp_pkt_call_recv,
    sp_pkt_call_readv, sp_pkt_call_writev, sp_pkt_call_sendmsg, sp_pkt_call_recvmsg;
pkt_call_fn sp_pkt_call_getsockopt, sp_pkt_call_setsockopt;
pkt_call_fn sp_pkt_call_poll, sp_pkt_call_epoll_create, sp_pkt_call_epoll_ctl,
    sp_pkt_call_epoll_wait;
pkt_call_fn sp_pkt_call_pipe, sp_pkt_call_splice;

/* One datagram: what a call moves, and where (call_datagram.c).  addr: to whom, or from whom
 * it must have come; NULL or `...`: not said. */
struct pkt_datagram {
	struct pkt_fd *fd;
	uint8_t *bytes;
	uint32_t len;
	int flags;
	bool is_literal;
	const struct pkt_expr *addr;
	const struct pkt_expr *text;	/* recv: what it must say; NULL: the pattern */
};

int64_t sp_pkt_datagram_send(struct pkt_attempt *a, const struct pkt_datagram *d);
int64_t sp_pkt_datagram_recv(struct pkt_attempt *a, const struct pkt_datagram *d);

/* Bytes between a socket and memory, for calls that move them elsewhere: as
 * send() and recv() of len bytes do, checked like those. */
int64_t sp_pkt_move_in(struct pkt_attempt *a, struct pkt_fd *fd, uint8_t *bytes, uint32_t len);
int64_t sp_pkt_move_out(struct pkt_attempt *a, struct pkt_fd *fd, const uint8_t *bytes,
    uint32_t len);

#endif
