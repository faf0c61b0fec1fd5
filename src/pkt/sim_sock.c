/*
 * sim_sock.c - the calls of the world in virtual time, with Linux's results.
 *
 * What Linux's socket layer adds to TCP's own answers stands here: which error
 * a call gives before any TCP is asked.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <sampan/host.h>
#include <sampan/option.h>
#include <sampan/socket.h>

#include "pkt/sim.h"

static int64_t
result_of(int64_t n)
{
	return n >= 0 ? n : -sampan_errno((int)n);
}

static struct sim_socket *
socket_of(struct sim *m, int s)
{
	return s < 0 || s >= SIM_SOCKETS || m->socket[s].handle == 0 ? NULL : &m->socket[s];
}

static int
keep(struct sim *m, sampan_handle h)
{
	for (int i = 0; i < SIM_SOCKETS; i++) {
		if (m->socket[i].handle != 0)
			continue;
		m->socket[i] = (struct sim_socket){ .handle = h };
		(void)sampan_set_user(m->stack, h, (uint64_t)i + 1);
		return i;
	}
	return -EMFILE;
}

int64_t
sp_pkt_sim_socket(struct pkt_world *w, int type)
{
	struct sim *m = sim_of(w);
	sampan_handle h;
	int error, made;

	if (type != SOCK_STREAM && type != SOCK_DGRAM)
		return sp_pkt_world_lacks(w, "socket:type");
	error = sampan_socket(m->stack, type == SOCK_DGRAM ? SAMPAN_DGRAM : SAMPAN_STREAM, &h);
	made = error != 0 ? (int)result_of(error) : keep(m, h);
	if (made >= 0)
		m->socket[made].is_datagram = type == SOCK_DGRAM;
	return made;
}

int64_t
sp_pkt_sim_bind(struct pkt_world *w, int s, const struct sampan_sockaddr *addr)
{
	struct sim *m = sim_of(w);
	const struct sim_socket *k = socket_of(m, s);

	return k == NULL ? -EBADF : result_of(sampan_bind(m->stack, k->handle, addr));
}

int64_t
sp_pkt_sim_listen(struct pkt_world *w, int s, int backlog)
{
	struct sim *m = sim_of(w);
	const struct sim_socket *k = socket_of(m, s);

	return k == NULL ? -EBADF :
	    result_of(sampan_listen(m->stack, k->handle, backlog < 1 ? 1 : (unsigned)backlog));
}

int64_t
sp_pkt_sim_accept(struct pkt_world *w, int s)
{
	struct sim *m = sim_of(w);
	const struct sim_socket *k = socket_of(m, s);
	sampan_handle h;
	int error, made;

	if (k == NULL)
		return -EBADF;
	error = sampan_accept(m->stack, k->handle, &h, NULL);
	if (error == SAMPAN_EOPNOTSUPP && !k->is_datagram)
		return -EINVAL;
	if (error != 0)
		return result_of(error);
	made = keep(m, h);
	if (made >= 0)
		m->socket[made].was_connected = true;
	return made;
}

/* What connect() answers when one is under way or has ended. */
static int64_t
connect_again(struct sim *m, struct sim_socket *k)
{
	struct sampan_status status;

	if (sampan_status(m->stack, k->handle, &status) != 0)
		return -EBADF;
	if (status.error != 0 && status.state == SAMPAN_TCP_CLOSED) {
		int64_t untold = 0;

		k->connecting = false;
		(void)sampan_getopt(m->stack, k->handle, SAMPAN_OPT_ERROR, &untold);
		return untold != 0 ? -sampan_errno(status.error) : -ECONNABORTED;
	}
	if (status.state == SAMPAN_TCP_SYN_SENT || status.state == SAMPAN_TCP_SYN_RECEIVED)
		return -EALREADY;
	k->connecting = false;
	k->was_connected = true;
	return 0;
}

int64_t
sp_pkt_sim_connect(struct pkt_world *w, int s, const struct sampan_sockaddr *addr)
{
	struct sim *m = sim_of(w);
	struct sim_socket *k = socket_of(m, s);
	int error;

	if (k == NULL)
		return -EBADF;
	if (k->connecting)
		return connect_again(m, k);
	error = sampan_connect(m->stack, k->handle, addr);
	if (error == SAMPAN_EOPNOTSUPP)		/* a listener */
		return -EISCONN;
	k->connecting = error == SAMPAN_EINPROGRESS;
	k->began |= k->connecting;
	return result_of(error);
}

/* A peer that has closed and resets then: in Linux the pipe is broken. */
int64_t
sp_pkt_sim_error_of(const struct sim_socket *k, int64_t error)
{
	const bool half_closed = (k->events & SAMPAN_PEER_CLOSED) != 0 && (k->shut & 2) == 0;

	return error == -ECONNRESET && half_closed ? -EPIPE : error;
}

int64_t
sp_pkt_sim_send(struct pkt_world *w, int s, const struct pkt_io *io)
{
	struct sim *m = sim_of(w);
	struct sim_socket *k = socket_of(m, s);
	/* ZEROCOPY does nothing to a socket without SO_ZEROCOPY. */
	const int known = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_OOB | MSG_MORE | MSG_ZEROCOPY;
	int64_t n;

	if (k == NULL)
		return -EBADF;
	if (k->is_datagram)
		return sp_pkt_sim_sendto(m, k, io);
	if ((io->flags & ~known) != 0)
		return sp_pkt_world_lacks(w, "flag:send 0x%x", (unsigned)(io->flags & ~known));
	if (io->len == 0)
		return 0;
	n = sampan_send_flags(m->stack, k->handle, io->data, io->len,
	    ((io->flags & MSG_OOB) != 0 ? SAMPAN_MSG_OOB : 0u) |
	    ((io->flags & MSG_MORE) != 0 ? SAMPAN_MSG_MORE : 0u));
	return n == SAMPAN_ENOTCONN ? -EPIPE : sp_pkt_sim_error_of(k, result_of(n));
}

int64_t
sp_pkt_sim_recv(struct pkt_world *w, int s, const struct pkt_io *io)
{
	struct sim *m = sim_of(w);
	struct sim_socket *k = socket_of(m, s);
	const int known = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_WAITALL | MSG_TRUNC | MSG_PEEK |
	    MSG_OOB;
	const unsigned flags = ((io->flags & MSG_PEEK) != 0 ? SAMPAN_MSG_PEEK : 0u) |
	    ((io->flags & MSG_OOB) != 0 ? SAMPAN_MSG_OOB : 0u);
	int64_t at_mark = 0, n;

	if (k == NULL)
		return -EBADF;
	if ((io->flags & MSG_ERRQUEUE) != 0)
		return -EAGAIN;		/* what would fill it cannot be switched on */
	if (k->is_datagram)
		return sp_pkt_sim_recvfrom(m, k, io);
	if ((io->flags & ~known) != 0)
		return sp_pkt_world_lacks(w, "flag:recv 0x%x", (unsigned)(io->flags & ~known));
	if (io->len == 0)
		return 0;
	n = sampan_recv_flags(m->stack, k->handle, io->data, io->len, flags);
	/* Past the mark, nothing is urgent any more. */
	if (n > 0 && sampan_getopt(m->stack, k->handle, SAMPAN_OPT_ATMARK, &at_mark) == 0 &&
	    at_mark == 0)
		k->events &= ~(uint32_t)SAMPAN_URGENT;
	return sp_pkt_sim_error_of(k, result_of(n));
}

int64_t
sp_pkt_sim_shutdown(struct pkt_world *w, int s, int how)
{
	static const enum sampan_how hows[] = { SAMPAN_SHUT_RD, SAMPAN_SHUT_WR, SAMPAN_SHUT_RDWR };
	struct sim *m = sim_of(w);
	struct sim_socket *k = socket_of(m, s);
	struct sampan_status status;
	int64_t result;

	if (k == NULL)
		return -EBADF;
	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	if (k->is_datagram)
		return sp_pkt_world_lacks(w, "call:shutdown of a socket for datagrams");
	if (sampan_status(m->stack, k->handle, &status) == 0 &&
	    status.state == SAMPAN_TCP_TIME_WAIT)
		return -ENOTCONN;
	result = result_of(sampan_shutdown(m->stack, k->handle, hows[how]));
	if (result == 0)
		k->shut |= (int)hows[how];
	return result;
}

int64_t
sp_pkt_sim_close_socket(struct pkt_world *w, int s)
{
	struct sim *m = sim_of(w);
	struct sim_socket *k = socket_of(m, s);
	int64_t result;

	if (k == NULL)
		return -EBADF;
	result = result_of(sampan_close(m->stack, k->handle));
	if (result == -EINPROGRESS)	/* it lingers: the caller waits */
		result = 0;
	*k = (struct sim_socket){ .handle = 0 };
	return result;
}

/* ---- Readiness, as tcp(7) and poll(2) have it ---- */

static uint32_t
ready_of(const struct sim_socket *k, const struct sampan_status *st)
{
	const bool closed = st->state == SAMPAN_TCP_CLOSED;
	const bool failed = (st->level & SAMPAN_FAILED) != 0 || (closed && st->error != 0);
	const bool rd_shut = (k->shut & 1) != 0 || (st->level & SAMPAN_PEER_CLOSED) != 0 || failed;
	const bool wr_shut = (k->shut & 2) != 0 || failed;
	uint32_t ready = 0;

	if (st->state == SAMPAN_TCP_LISTEN)
		return (st->level & SAMPAN_ACCEPTABLE) != 0 ? EPOLLIN | EPOLLRDNORM : 0;
	if (failed)
		ready |= EPOLLERR;
	if (closed || (rd_shut && wr_shut))
		ready |= EPOLLHUP;
	if (rd_shut)
		ready |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if (st->state == SAMPAN_TCP_SYN_SENT)
		return ready;
	if ((st->level & SAMPAN_READABLE) != 0)
		ready |= EPOLLIN | EPOLLRDNORM;
	if (((st->level | k->events) & SAMPAN_URGENT) != 0)
		ready |= EPOLLPRI;
	if (wr_shut || closed || (st->level & SAMPAN_WRITABLE) != 0)
		ready |= EPOLLOUT | EPOLLWRNORM;
	return ready;
}

uint32_t
sp_pkt_sim_ready(struct pkt_world *w, int s)
{
	struct sim *m = sim_of(w);
	const struct sim_socket *k = socket_of(m, s);
	struct sampan_status status;

	if (k == NULL || sampan_status(m->stack, k->handle, &status) != 0)
		return 0;
	return k->is_datagram ? sp_pkt_sim_datagram_ready(k, &status) : ready_of(k, &status);
}

uint64_t
sp_pkt_sim_edges(struct pkt_world *w, int s)
{
	const struct sim_socket *k = socket_of(sim_of(w), s);

	return k == NULL ? 0 : k->edges;
}

int64_t
sp_pkt_sim_ends(struct pkt_world *w, int s, struct sampan_sockaddr *local,
    struct sampan_sockaddr *peer)
{
	struct sim *m = sim_of(w);
	const struct sim_socket *k = socket_of(m, s);
	struct sampan_status status;

	if (k == NULL || sampan_status(m->stack, k->handle, &status) != 0)
		return -EBADF;
	*local = status.local;
	*peer = status.peer;
	return 0;
}
