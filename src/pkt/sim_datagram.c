/*
 * sim_datagram.c - datagrams in the world in virtual time, with Linux's results.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <sampan/datagram.h>
#include <sampan/host.h>

#include "pkt/sim.h"

/* Room for the largest: what is read is cut here, so that a peek or MSG_TRUNC costs nothing. */
#define WHOLE_MAX 65536

int64_t
sp_pkt_sim_sendto(struct sim *m, const struct sim_socket *k, const struct pkt_io *io)
{
	const int known = MSG_DONTWAIT | MSG_NOSIGNAL;
	int64_t n;

	if ((io->flags & ~known) != 0)
		return sp_pkt_world_lacks(&m->world, "flag:send 0x%x",
		    (unsigned)(io->flags & ~known));
	n = sampan_sendto(m->stack, k->handle, io->data, io->len, io->to);
	if (n == SAMPAN_ENOTCONN)
		return -EDESTADDRREQ;
	return n >= 0 ? n : -sampan_errno((int)n);
}

int64_t
sp_pkt_sim_recvfrom(struct sim *m, const struct sim_socket *k, const struct pkt_io *io)
{
	const int known = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_WAITALL | MSG_TRUNC;
	static uint8_t whole[WHOLE_MAX];
	struct sampan_sockaddr peer;
	int64_t n;

	if ((io->flags & ~known) != 0)
		return sp_pkt_world_lacks(&m->world, "flag:recv 0x%x",
		    (unsigned)(io->flags & ~known));
	n = sampan_recvfrom(m->stack, k->handle, whole, sizeof(whole), &peer);
	if (n < 0)
		return -sampan_errno((int)n);
	memcpy(io->data, whole, n < io->len ? (size_t)n : io->len);
	if (io->from != NULL)
		*io->from = (struct pkt_from){ .peer = peer, .is_cut = n > io->len };
	return n <= io->len || (io->flags & MSG_TRUNC) != 0 ? n : io->len;
}

uint32_t
sp_pkt_sim_datagram_ready(const struct sim_socket *k, const struct sampan_status *st)
{
	uint32_t ready = (k->shut & 1) != 0 ? EPOLLIN | EPOLLRDNORM | EPOLLRDHUP : 0;

	if ((st->level & SAMPAN_FAILED) != 0)
		ready |= EPOLLERR;
	if ((k->shut & 3) == 3)
		ready |= EPOLLHUP;
	if ((st->level & SAMPAN_READABLE) != 0)
		ready |= EPOLLIN | EPOLLRDNORM;
	if ((st->level & SAMPAN_WRITABLE) != 0)
		ready |= EPOLLOUT | EPOLLWRNORM;
	return ready;
}
