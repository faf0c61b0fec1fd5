/*
 * datagram.c - the calls of datagram.h.
 */
#include <sampan/datagram.h>

#include "sock/sock.h"
#include "udp/udp_raw.h"

/* Why it is no socket for datagrams. */
static int
not_udp(const struct sampan *s, sampan_handle h)
{
	return sp_sock_tcb(s, h) != NULL ? SAMPAN_EOPNOTSUPP : SAMPAN_EBADHANDLE;
}

int64_t
sampan_sendmsg(struct sampan *s, sampan_handle h, const void *data, size_t len,
    const struct sampan_datagram *d)
{
	struct udp_sock *u = sp_sock_udp(s, h);

	return u != NULL ? sp_udp_send(s, u, data, len, d) : not_udp(s, h);
}

int64_t
sampan_sendto(struct sampan *s, sampan_handle h, const void *data, size_t len,
    const struct sampan_sockaddr *peer)
{
	struct sampan_datagram d = { .tos = 0 };

	if (peer != NULL)
		d.peer = *peer;
	return sampan_sendmsg(s, h, data, len, &d);
}

int64_t
sampan_recvmsg(struct sampan *s, sampan_handle h, void *data, size_t len,
    struct sampan_datagram *d)
{
	struct udp_sock *u = sp_sock_udp(s, h);

	return u != NULL ? sp_udp_recv(s, u, data, len, d) : not_udp(s, h);
}

int64_t
sampan_recvfrom(struct sampan *s, sampan_handle h, void *data, size_t len,
    struct sampan_sockaddr *peer)
{
	struct sampan_datagram d;
	const int64_t n = sampan_recvmsg(s, h, data, len, &d);

	if (n >= 0 && peer != NULL)
		*peer = d.peer;
	return n;
}

int
sampan_icmp_filter_set(struct sampan *s, sampan_handle h, const struct sampan_icmp_filter *filter)
{
	struct udp_sock *u = sp_sock_udp(s, h);

	return u != NULL ? sp_raw_set_filter(s, u, filter) : not_udp(s, h);
}

int
sampan_icmp_filter_get(const struct sampan *s, sampan_handle h, struct sampan_icmp_filter *filter)
{
	const struct udp_sock *u = sp_sock_udp(s, h);

	return u != NULL ? sp_raw_get_filter(s, u, filter) : not_udp(s, h);
}

int
sampan_join(struct sampan *s, sampan_handle h, const struct sampan_sockaddr *group)
{
	struct udp_sock *u = sp_sock_udp(s, h);

	return u != NULL ? sp_udp_join(s, u, group) : not_udp(s, h);
}

int
sampan_leave(struct sampan *s, sampan_handle h, const struct sampan_sockaddr *group)
{
	struct udp_sock *u = sp_sock_udp(s, h);

	return u != NULL ? sp_udp_leave(s, u, group) : not_udp(s, h);
}
