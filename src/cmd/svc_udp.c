/*
 * svc_udp.c - services over UDP: each datagram has at most one answer, from the
 * address that was asked.
 *
 * No loops, and no service for somebody else's attack (R-768-13, R-V-56, R-V-36):
 * what comes from a port below 1024, where services are that may answer an answer,
 * or from one of our own, or by broadcast or multicast, is thrown away.
 */
#include "cmd/svc.h"

#include <sampan/datagram.h>

#define SERVICE_PORTS 1024

static bool
may_answer(const struct svc_host *x, const struct sampan_datagram *d)
{
	if (d->group || d->peer.port < SERVICE_PORTS)
		return false;
	for (unsigned i = 0; i < x->udp_sockets; i++)
		if (x->udp[i].port == d->peer.port)
			return false;
	return true;
}

void
sp_svc_datagrams(struct svc_host *x, const struct svc *svc, sampan_handle h)
{
	static _Thread_local uint8_t said[SVC_ANSWER_MAX], answer[SVC_ANSWER_MAX];
	struct sampan_datagram d;
	int64_t n, len;

	while ((n = sampan_recvmsg(x->stack, h, said, sizeof(said), &d)) >= 0) {
		len = may_answer(x, &d) ? svc->answer(x, said, (size_t)n, answer) : -1;
		d.tos = 0;
		d.ttl = 0;
		/* What finds no room is lost, as on every other hop. */
		if (len >= 0)
			(void)sampan_sendmsg(x->stack, h, answer, (size_t)len, &d);
	}
}

int
sp_svc_listen_udp(struct svc_host *x, uint16_t port)
{
	const struct sampan_sockaddr local = { .port = port };
	sampan_handle h;
	int error;

	if (x->udp_sockets == SVC_UDP_MOST)
		return SAMPAN_ENOSPACE;
	error = sampan_socket(x->stack, SAMPAN_DGRAM, &h);
	if (error != 0)
		return error;
	error = sampan_bind(x->stack, h, &local);
	if (error != 0)
		(void)sampan_close(x->stack, h);
	else
		x->udp[x->udp_sockets++] = (struct svc_udp){ h, port };
	return error;
}

void
sp_svc_stop_udp(struct svc_host *x)
{
	for (unsigned i = 0; i < x->udp_sockets; i++)
		(void)sampan_close(x->stack, x->udp[i].handle);
	x->udp_sockets = 0;
}
