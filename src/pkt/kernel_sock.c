/*
 * kernel_sock.c - the calls of the kernel's world: system calls on sockets that
 * never block.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pkt/kernel.h"

static int64_t
result_of(ssize_t n)
{
	return n < 0 ? -errno : n;
}

static int64_t
keep(struct kernel *k, int fd)
{
	struct epoll_event e = {
		.events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET, .data.fd = fd,
	};

	if (fd < 0)
		return -errno;
	if (fd >= KERNEL_SOCKETS) {
		(void)close(fd);
		return -EMFILE;
	}
	k->is_open[fd] = true;
	k->edges[fd] = 0;
	(void)epoll_ctl(k->epoll, EPOLL_CTL_ADD, fd, &e);
	return fd;
}

void
sp_pkt_kernel_take_edges(struct kernel *k)
{
	struct epoll_event events[16];
	int n;

	while ((n = epoll_wait(k->epoll, events, 16, 0)) > 0) {
		for (int i = 0; i < n; i++)
			k->edges[events[i].data.fd]++;
		if (n < 16)
			return;
	}
}

/* ---- Addresses ---- */

static bool
is_v4(const struct sampan_addr *a)
{
	const struct sampan_addr zero = sampan_addr_v4(0, 0, 0, 0);

	return memcmp(a->b, zero.b, 12) == 0;
}

static socklen_t
to_kernel(const struct pkt_world *w, const struct sampan_sockaddr *from,
    struct sockaddr_storage *to)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(from->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(from->port) };

	if (w->setup.v6_sockets || !is_v4(&from->addr)) {
		memcpy(&in6.sin6_addr, from->addr.b, 16);
		memcpy(to, &in6, sizeof(in6));
		return sizeof(in6);
	}
	memcpy(&in.sin_addr, from->addr.b + 12, 4);
	memcpy(to, &in, sizeof(in));
	return sizeof(in);
}

static void
from_kernel(const struct sockaddr_storage *from, struct sampan_sockaddr *to)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (from->ss_family == AF_INET6) {
		memcpy(&in6, from, sizeof(in6));
		memcpy(to->addr.b, &in6.sin6_addr, 16);
		to->port = ntohs(in6.sin6_port);
		return;
	}
	memcpy(&in, from, sizeof(in));
	to->addr = sampan_addr_v4(0, 0, 0, 0);
	memcpy(to->addr.b + 12, &in.sin_addr, 4);
	to->port = ntohs(in.sin_port);
}

/* ---- Calls ---- */

int64_t
sp_pkt_kernel_socket(struct pkt_world *w, int type)
{
	const int domain = w->setup.v6_sockets ? AF_INET6 : AF_INET;

	return keep(kernel_of(w), socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int64_t
sp_pkt_kernel_bind(struct pkt_world *w, int s, const struct sampan_sockaddr *addr)
{
	struct sockaddr_storage to;
	const socklen_t len = to_kernel(w, addr, &to);

	return result_of(bind(s, (const struct sockaddr *)&to, len));
}

int64_t
sp_pkt_kernel_listen(struct pkt_world *w, int s, int backlog)
{
	(void)w;
	return result_of(listen(s, backlog));
}

int64_t
sp_pkt_kernel_accept(struct pkt_world *w, int s)
{
	return keep(kernel_of(w), accept4(s, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

/* How a connect that is under way went, asked by connecting again to where it
 * goes already. */
static int64_t
connect_again(int s)
{
	struct pollfd p = { .fd = s, .events = POLLOUT };
	int error = 0;
	socklen_t len = sizeof(error);

	if (poll(&p, 1, 0) == 0)
		return -EALREADY;
	if (getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return -errno;
	return -error;
}

int64_t
sp_pkt_kernel_connect(struct pkt_world *w, int s, const struct sampan_sockaddr *addr)
{
	struct sockaddr_storage to;
	const socklen_t len = to_kernel(w, addr, &to);

	if (addr->port == 0)
		return connect_again(s);
	return result_of(connect(s, (const struct sockaddr *)&to, len));
}

int64_t
sp_pkt_kernel_send(struct pkt_world *w, int s, const struct pkt_io *io)
{
	struct sockaddr_storage to;
	const socklen_t len = io->to != NULL ? to_kernel(w, io->to, &to) : 0;

	return result_of(sendto(s, io->data, io->len, io->flags | MSG_NOSIGNAL,
	    len > 0 ? (const struct sockaddr *)&to : NULL, len));
}

int64_t
sp_pkt_kernel_recv(struct pkt_world *w, int s, const struct pkt_io *io)
{
	struct sockaddr_storage from = { .ss_family = AF_INET };
	struct iovec iov = { io->data, io->len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	(void)w;
	if (io->from == NULL)
		return result_of(recv(s, io->data, io->len, io->flags & ~MSG_WAITALL));
	msg.msg_name = &from;
	msg.msg_namelen = sizeof(from);
	n = recvmsg(s, &msg, io->flags & ~MSG_WAITALL);
	from_kernel(&from, &io->from->peer);
	io->from->is_cut = (msg.msg_flags & MSG_TRUNC) != 0;
	return result_of(n);
}

int64_t
sp_pkt_kernel_shutdown(struct pkt_world *w, int s, int how)
{
	(void)w;
	return result_of(shutdown(s, how));
}

int64_t
sp_pkt_kernel_close_socket(struct pkt_world *w, int s)
{
	kernel_of(w)->is_open[s] = false;
	return result_of(close(s));
}

int64_t
sp_pkt_kernel_setopt(struct pkt_world *w, int s, const struct pkt_sockopt *opt)
{
	(void)w;
	return result_of(setsockopt(s, opt->level, opt->name, opt->value, opt->len));
}

int64_t
sp_pkt_kernel_getopt(struct pkt_world *w, int s, struct pkt_sockopt *opt)
{
	socklen_t len = opt->len;
	const int error = getsockopt(s, opt->level, opt->name, opt->value, &len);

	(void)w;
	opt->len = len;
	return result_of(error);
}

int64_t
sp_pkt_kernel_ioctl(struct pkt_world *w, int s, int request, int64_t *value)
{
	int n = (int)*value;
	const int error = ioctl(s, (unsigned long)(unsigned)request, &n);

	(void)w;
	*value = n;
	return result_of(error);
}

uint32_t
sp_pkt_kernel_ready(struct pkt_world *w, int s)
{
	struct pollfd p = { .fd = s, .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP |
		POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND };

	(void)w;
	return poll(&p, 1, 0) <= 0 ? 0 : (uint32_t)(uint16_t)p.revents;
}

uint64_t
sp_pkt_kernel_edges(struct pkt_world *w, int s)
{
	sp_pkt_kernel_take_edges(kernel_of(w));
	return s < 0 || s >= KERNEL_SOCKETS ? 0 : kernel_of(w)->edges[s];
}

int64_t
sp_pkt_kernel_ends(struct pkt_world *w, int s, struct sampan_sockaddr *local,
    struct sampan_sockaddr *peer)
{
	struct sockaddr_storage sa = { .ss_family = AF_INET };
	socklen_t len = sizeof(sa);

	(void)w;
	*local = (struct sampan_sockaddr){ .port = 0 };
	*peer = *local;
	if (getsockname(s, (struct sockaddr *)&sa, &len) != 0)
		return -errno;
	from_kernel(&sa, local);
	len = sizeof(sa);
	if (getpeername(s, (struct sockaddr *)&sa, &len) == 0)
		from_kernel(&sa, peer);
	return 0;
}
