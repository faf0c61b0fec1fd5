/*
 * call_sock.c - calls that make, name, connect and end sockets.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "pkt/call.h"

int64_t
sp_pkt_call_socket(struct pkt_attempt *a)
{
	int64_t domain, type, proto;

	if (!sp_pkt_arg_int(a, a->arg[0], AF_INET, &domain) ||
	    !sp_pkt_arg_int(a, a->arg[1], SOCK_STREAM, &type) ||
	    !sp_pkt_arg_int(a, a->arg[2], 0, &proto))
		return PKT_BAD_ARG;
	if (proto != 0 && proto != IPPROTO_TCP && proto != IPPROTO_UDP)
		return sp_pkt_world_lacks(a->r->w, "socket:protocol %lld", (long long)proto);
	a->makes_fd = true;
	a->fd_kind = PKT_FD_SOCKET;
	a->fd_nonblock = (type & SOCK_NONBLOCK) != 0;
	a->fd_datagram = (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_DGRAM;
	return a->r->w->ops->socket(a->r->w, (int)(type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)));
}

int64_t
sp_pkt_call_bind(struct pkt_attempt *a)
{
	struct pkt_run *r = a->r;
	const struct sampan_sockaddr any = {
		.addr = r->w->setup.local, .port = r->config.local_port,
	};
	struct sampan_sockaddr addr, peer;
	int64_t error;
	const struct pkt_fd *fd = sp_pkt_arg_socket(a, &error);

	if (fd == NULL)
		return error;
	if (!sp_pkt_arg_addr(a, a->arg[1], &any, &addr))
		return PKT_BAD_ARG;
	error = r->w->ops->bind(r->w, fd->os, &addr);
	if (error == 0 && r->w->ops->ends(r->w, fd->os, &addr, &peer) == 0)
		r->listen_port = addr.port;
	if (error == 0 && fd->is_datagram)
		r->current = NULL;
	return error;
}

int64_t
sp_pkt_call_listen(struct pkt_attempt *a)
{
	struct pkt_run *r = a->r;
	int64_t error, backlog;
	struct pkt_fd *fd = sp_pkt_arg_socket(a, &error);

	if (fd == NULL)
		return error;
	if (!sp_pkt_arg_int(a, a->arg[1], 1, &backlog))
		return PKT_BAD_ARG;
	error = r->w->ops->listen(r->w, fd->os, (int)backlog);
	if (error == 0 && !fd->is_listener) {
		fd->is_listener = true;
		r->current = NULL;
	}
	return error;
}

/* The address that a call fills in, where the script has one; the result is
 * then os. */
static int64_t
check_peer(struct pkt_attempt *a, int os)
{
	struct sampan_sockaddr local, peer, want;

	if (a->arg[1]->kind != PKT_EXPR_STRUCT ||
	    a->r->w->ops->ends(a->r->w, os, &local, &peer) != 0)
		return os;
	if (!sp_pkt_arg_addr(a, a->arg[1], &peer, &want))
		return PKT_BAD_ARG;
	if (want.port != peer.port || memcmp(&want.addr, &peer.addr, sizeof(want.addr)) != 0)
		return sp_pkt_differs(a, "the address is another one, port %u", peer.port);
	return os;
}

int64_t
sp_pkt_call_accept(struct pkt_attempt *a)
{
	struct pkt_run *r = a->r;
	int64_t result, flags;
	const struct pkt_fd *fd = sp_pkt_arg_socket(a, &result);

	if (fd == NULL)
		return result;
	if (!sp_pkt_arg_int(a, a->arg[3], 0, &flags))
		return PKT_BAD_ARG;
	result = r->w->ops->accept(r->w, fd->os);
	if (result == -EAGAIN && !fd->nonblock)
		return sp_pkt_wait(a, fd->recv_wait_ns, -EAGAIN);
	a->makes_fd = true;
	a->fd_kind = PKT_FD_SOCKET;
	a->fd_nonblock = (flags & SOCK_NONBLOCK) != 0;
	return result < 0 ? result : check_peer(a, (int)result);
}

/* A connect that blocks goes on asking the socket how it went. */
static int64_t
connect_ended(struct pkt_attempt *a, const struct pkt_fd *fd)
{
	struct pkt_world *w = a->r->w;
	const struct sampan_sockaddr none = { .port = 0 };
	const int64_t result = w->ops->connect(w, fd->os, &none);

	return result == -EALREADY || result == -EINPROGRESS ?
	    sp_pkt_wait(a, fd->send_wait_ns, -EINPROGRESS) : result;
}

int64_t
sp_pkt_call_connect(struct pkt_attempt *a)
{
	struct pkt_run *r = a->r;
	const struct sampan_sockaddr any = {
		.addr = r->w->setup.remote, .port = r->config.local_port,
	};
	struct sampan_sockaddr addr, local, peer;
	int64_t result;
	const struct pkt_fd *fd = sp_pkt_arg_socket(a, &result);

	if (fd == NULL)
		return result;
	if (a->began)
		return connect_ended(a, fd);
	if (!sp_pkt_arg_addr(a, a->arg[1], &any, &addr))
		return PKT_BAD_ARG;
	result = r->w->ops->connect(r->w, fd->os, &addr);
	if (result == -EINPROGRESS || (result == 0 && fd->is_datagram)) {
		r->current = NULL;
		r->w->setup.remote = addr.addr;	/* that is who the script plays */
	}
	if (result == 0 && fd->is_datagram && r->w->ops->ends(r->w, fd->os, &local, &peer) == 0)
		r->current = sp_pkt_conn_get(r, PKT_UDP, local.port, peer.port);
	return result == -EINPROGRESS && !fd->nonblock ?
	    sp_pkt_wait(a, fd->send_wait_ns, result) : result;
}

/* SO_LINGER with a time: until the FIN is acknowledged, or the time is over;
 * either way it succeeds. */
static int64_t
linger(struct pkt_attempt *a, const struct pkt_fd *fd)
{
	if (!a->r->w->ops->is_ending(a->r->w, fd->local_port, fd->remote_port))
		return 0;
	return sp_pkt_wait(a, (int64_t)SAMPAN_SEC(fd->linger_s), 0);
}

int64_t
sp_pkt_call_close(struct pkt_attempt *a)
{
	struct pkt_run *r = a->r;
	int64_t error = 0;
	struct pkt_fd *fd = a->closing != NULL ? a->closing : sp_pkt_arg_fd(a, &error);

	if (fd == NULL)
		return error;
	if (a->closing != NULL)
		return linger(a, fd);
	fd->closed = true;
	if (fd->kind != PKT_FD_SOCKET)
		return 0;
	(void)sp_pkt_fd_conn(r, fd);	/* while it can be asked */
	error = r->w->ops->close_socket(r->w, fd->os);
	if (error != 0 || fd->linger_s <= 0 || fd->remote_port == 0)
		return error;
	if (r->config.kernel)
		return sp_pkt_world_lacks(r->w, "kernel:close() that waits");
	a->closing = fd;
	return linger(a, fd);
}

int64_t
sp_pkt_call_shutdown(struct pkt_attempt *a)
{
	int64_t error, how;
	const struct pkt_fd *fd = sp_pkt_arg_socket(a, &error);

	if (fd == NULL)
		return error;
	if (!sp_pkt_arg_int(a, a->arg[1], SHUT_RDWR, &how))
		return PKT_BAD_ARG;
	return a->r->w->ops->shutdown(a->r->w, fd->os, (int)how);
}

int64_t
sp_pkt_call_fcntl(struct pkt_attempt *a)
{
	int64_t error, command, value;
	struct pkt_fd *fd = sp_pkt_arg_fd(a, &error);

	if (fd == NULL)
		return error;
	if (!sp_pkt_arg_int(a, a->arg[1], 0, &command) ||
	    !sp_pkt_arg_int(a, a->arg[2], 0, &value))
		return PKT_BAD_ARG;
	if (command == F_GETFL)
		return O_RDWR | (fd->nonblock ? O_NONBLOCK : 0);
	if (command == F_GETFD || command == F_SETFD)
		return 0;
	if (command != F_SETFL)
		return sp_pkt_bad_arg(a, "command %lld", (long long)command);
	fd->nonblock = (value & O_NONBLOCK) != 0;
	return 0;
}

static int64_t
set_nonblock(struct pkt_attempt *a, struct pkt_fd *fd)
{
	const struct pkt_expr *e = a->arg[2];
	int64_t on;

	if (!sp_pkt_arg_int(a, e != NULL && e->kind == PKT_EXPR_ARRAY ? e->items : e, 1, &on))
		return PKT_BAD_ARG;
	fd->nonblock = on != 0;
	return 0;
}

int64_t
sp_pkt_call_ioctl(struct pkt_attempt *a)
{
	int64_t error, request, value = 0, want;
	struct pkt_fd *fd = sp_pkt_arg_fd(a, &error);
	const struct pkt_expr *e = a->arg[2];

	if (fd == NULL)
		return error;
	if (!sp_pkt_arg_int(a, a->arg[1], 0, &request))
		return PKT_BAD_ARG;
	if (request == FIONBIO)
		return set_nonblock(a, fd);
	error = a->r->w->ops->ioctl(a->r->w, fd->os, (int)request, &value);
	if (error != 0 || e == NULL || e->kind == PKT_EXPR_ANY)
		return error;
	if (!sp_pkt_arg_int(a, e->kind == PKT_EXPR_ARRAY ? e->items : e, value, &want))
		return PKT_BAD_ARG;
	return value == want ? 0 : sp_pkt_differs(a, "value is %lld", (long long)value);
}

int64_t
sp_pkt_call_getsockname(struct pkt_attempt *a)
{
	const bool peer = strcmp(a->call->name, "getpeername") == 0;
	struct sampan_sockaddr ends[2], want;
	int64_t error;
	const struct pkt_fd *fd = sp_pkt_arg_socket(a, &error);

	if (fd == NULL)
		return error;
	error = a->r->w->ops->ends(a->r->w, fd->os, &ends[0], &ends[1]);
	if (error != 0)
		return error;
	if (peer && ends[1].port == 0)
		return -ENOTCONN;
	if (!sp_pkt_arg_addr(a, a->arg[1], &ends[peer], &want))
		return PKT_BAD_ARG;
	if (want.port != ends[peer].port ||
	    memcmp(&want.addr, &ends[peer].addr, sizeof(want.addr)) != 0)
		return sp_pkt_differs(a, "the address is another one, port %u", ends[peer].port);
	return 0;
}
