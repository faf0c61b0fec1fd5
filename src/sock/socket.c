/*
 * socket.c - events, and the calls of socket.h: each goes to the transport whose
 * record the handle names (sock.h).  What only UDP has: datagram.c.
 */
#include <sampan/datagram.h>

#include "net/stack.h"
#include "sock/sock.h"

static sampan_handle
handle_of(const struct sampan *s, const struct sp_endpoint *ep, const void *record)
{
	return (uint64_t)ep->generation << 32 | sp_ref(&s->arena, record);
}

/* The endpoint of a handle, of any transport; NULL if it names none. */
static struct sp_endpoint *
endpoint_of(const struct sampan *s, sampan_handle h)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);
	struct udp_sock *u = t != NULL ? NULL : sp_sock_udp(s, h);

	if (t != NULL)
		return &t->ep;
	return u != NULL ? &u->ep : NULL;
}

/* What an endpoint is a part of. */
static const void *
record_of(const struct sampan *s, const struct sp_endpoint *ep)
{
	if (sp_arena_kind(&s->arena, sp_ref(&s->arena, ep)) == SP_KIND_UDP)
		return sp_container_of(ep, struct udp_sock, ep);
	return sp_container_of(ep, struct tcp_tcb, ep);
}

int
sampan_events(struct sampan *s, struct sampan_event *events, unsigned max)
{
	unsigned n = 0;

	while (n < max) {
		struct sp_node *node = sp_list_pop(&s->arena, &s->ready);
		struct sp_endpoint *ep;

		if (node == NULL)
			break;
		ep = sp_container_of(node, struct sp_endpoint, ready);
		events[n++] = (struct sampan_event){ handle_of(s, ep, record_of(s, ep)), ep->user,
			ep->latched };
		ep->latched = 0;
	}
	return (int)n;
}

int
sampan_socket(struct sampan *s, enum sampan_type type, sampan_handle *out)
{
	struct tcp_tcb *t;
	struct udp_sock *u;

	if (type < SAMPAN_STREAM || type > SAMPAN_ICMP6)
		return SAMPAN_EINVAL;
	if (type > SAMPAN_DGRAM && sp_team_follows(s))
		return SAMPAN_EOPNOTSUPP;
	t = type == SAMPAN_STREAM ? sp_tcp_open(s) : NULL;
	u = type != SAMPAN_STREAM ? sp_udp_open(s, type) : NULL;
	if (t == NULL && u == NULL)
		return SAMPAN_ENOBUFS;
	*out = t != NULL ? handle_of(s, &t->ep, t) : handle_of(s, &u->ep, u);
	return 0;
}

int
sampan_bind(struct sampan *s, sampan_handle h, const struct sampan_sockaddr *local)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);
	struct udp_sock *u;

	if (t != NULL)
		return sp_tcp_bind(s, t, local);
	u = sp_sock_udp(s, h);
	return u != NULL ? sp_udp_bind(s, u, local) : SAMPAN_EBADHANDLE;
}

int
sampan_listen(struct sampan *s, sampan_handle h, unsigned backlog)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);

	return t != NULL ? sp_tcp_listen(s, t, backlog) : sp_sock_not_tcp(s, h);
}

int
sampan_accept(struct sampan *s, sampan_handle h, sampan_handle *out, struct sampan_sockaddr *peer)
{
	struct tcp_tcb *listener = sp_sock_tcb(s, h), *t;

	if (listener == NULL)
		return sp_sock_not_tcp(s, h);
	if (listener->state != SAMPAN_TCP_LISTEN)
		return SAMPAN_EINVAL;
	t = sp_tcp_accept(s, listener);
	if (t == NULL)
		return SAMPAN_EAGAIN;
	*out = handle_of(s, &t->ep, t);
	if (peer != NULL)
		*peer = sp_sockaddr_of(&t->flow.remote, t->flow.remote_port, t->link);
	return 0;
}

int
sampan_connect(struct sampan *s, sampan_handle h, const struct sampan_sockaddr *peer)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);
	struct udp_sock *u;

	if (t != NULL)
		return sp_tcp_connect(s, t, peer);
	u = sp_sock_udp(s, h);
	return u != NULL ? sp_udp_connect(s, u, peer) : SAMPAN_EBADHANDLE;
}

int64_t
sampan_send(struct sampan *s, sampan_handle h, const void *data, size_t len)
{
	return sampan_send_flags(s, h, data, len, 0);
}

int64_t
sampan_send_urgent(struct sampan *s, sampan_handle h, const void *data, size_t len)
{
	return sampan_send_flags(s, h, data, len, SAMPAN_MSG_OOB);
}

int64_t
sampan_send_flags(struct sampan *s, sampan_handle h, const void *data, size_t len, unsigned flags)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);

	if (t == NULL)
		return flags == 0 ? sampan_sendmsg(s, h, data, len, NULL) : sp_sock_not_tcp(s, h);
	if ((flags & ~(unsigned)(SAMPAN_MSG_OOB | SAMPAN_MSG_MORE)) != 0)
		return SAMPAN_EINVAL;
	return sp_tcp_send(s, t, &(struct tcp_write){ data, len, flags });
}

int64_t
sampan_recv(struct sampan *s, sampan_handle h, void *data, size_t len)
{
	return sampan_recv_flags(s, h, data, len, 0);
}

int64_t
sampan_recv_flags(struct sampan *s, sampan_handle h, void *data, size_t len, unsigned flags)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);

	if (t == NULL)
		return flags == 0 ? sampan_recvmsg(s, h, data, len, NULL) : sp_sock_not_tcp(s, h);
	if ((flags & ~(unsigned)(SAMPAN_MSG_OOB | SAMPAN_MSG_PEEK)) != 0)
		return SAMPAN_EINVAL;
	return sp_tcp_recv(s, t, &(struct tcp_read){ data, len, flags });
}

int
sampan_recv_lend(struct sampan *s, sampan_handle h, struct sampan_slice *slices, unsigned max)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);

	return t != NULL ? sp_tcp_recv_lend(s, t, slices, max) : sp_sock_not_tcp(s, h);
}

int64_t
sampan_recv_taken(struct sampan *s, sampan_handle h, size_t n)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);

	return t != NULL ? sp_tcp_recv_taken(s, t, n) : sp_sock_not_tcp(s, h);
}

int
sampan_send_reserve(struct sampan *s, sampan_handle h, struct sampan_room *rooms, unsigned max,
    size_t len)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);

	return t != NULL ? sp_tcp_send_reserve(s, t, rooms, max, len) : sp_sock_not_tcp(s, h);
}

int64_t
sampan_send_commit(struct sampan *s, sampan_handle h, size_t n)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);

	return t != NULL ? sp_tcp_send_commit(s, t, n) : sp_sock_not_tcp(s, h);
}

int64_t
sampan_splice(struct sampan *s, sampan_handle from, sampan_handle to, size_t len)
{
	struct tcp_tcb *a = sp_sock_tcb(s, from), *b = sp_sock_tcb(s, to);

	return a != NULL && b != NULL ? sp_tcp_splice(s, a, b, len) : SAMPAN_EBADHANDLE;
}

int64_t
sampan_readable_bytes(const struct sampan *s, sampan_handle h)
{
	const struct tcp_tcb *t = sp_sock_tcb(s, h);
	const struct udp_sock *u;

	if (t != NULL)
		return (int64_t)tcp_readable_bytes(s, t);
	u = sp_sock_udp(s, h);
	return u != NULL ? sp_udp_readable_bytes(s, u) : SAMPAN_EBADHANDLE;
}

int64_t
sampan_writable_bytes(const struct sampan *s, sampan_handle h)
{
	const struct tcp_tcb *t = sp_sock_tcb(s, h);
	const struct udp_sock *u;

	if (t != NULL)
		return (int64_t)sp_tcp_writable_bytes(s, t);
	u = sp_sock_udp(s, h);
	return u != NULL ? (int64_t)u->sndbuf_bytes : SAMPAN_EBADHANDLE;
}

int
sampan_shutdown(struct sampan *s, sampan_handle h, enum sampan_how how)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);

	return t != NULL ? sp_tcp_shutdown(s, t, how) : sp_sock_not_tcp(s, h);
}

static int
close_udp(struct sampan *s, sampan_handle h)
{
	struct udp_sock *u = sp_sock_udp(s, h);

	if (u == NULL)
		return SAMPAN_EBADHANDLE;
	sp_udp_close(s, u);
	return 0;
}

int
sampan_close(struct sampan *s, sampan_handle h)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);

	return t != NULL ? sp_tcp_close(s, t) : close_udp(s, h);
}

int
sampan_ref(struct sampan *s, sampan_handle h)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);

	return t != NULL ? sp_tcp_ref(s, t) : sp_sock_not_tcp(s, h);
}

int
sampan_abort(struct sampan *s, sampan_handle h)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);

	if (t == NULL)
		return close_udp(s, h);
	sp_tcp_abort(s, t);
	return 0;
}

int
sampan_set_user(struct sampan *s, sampan_handle h, uint64_t user)
{
	struct sp_endpoint *ep = endpoint_of(s, h);

	if (ep == NULL)
		return SAMPAN_EBADHANDLE;
	ep->user = user;
	return 0;
}

int
sampan_get_user(const struct sampan *s, sampan_handle h, uint64_t *user)
{
	const struct sp_endpoint *ep = endpoint_of(s, h);

	if (ep == NULL)
		return SAMPAN_EBADHANDLE;
	*user = ep->user;
	return 0;
}

int
sampan_status(const struct sampan *s, sampan_handle h, struct sampan_status *status)
{
	const struct tcp_tcb *t = sp_sock_tcb(s, h);
	const struct udp_sock *u = t != NULL ? NULL : sp_sock_udp(s, h);

	if (t == NULL && u == NULL)
		return SAMPAN_EBADHANDLE;
	if (t != NULL)
		sp_tcp_status(s, t, status);
	else
		sp_udp_status(s, u, status);
	return 0;
}

int
sampan_setopt(struct sampan *s, sampan_handle h, enum sampan_option option, int64_t value)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);
	struct udp_sock *u;

	if (t != NULL)
		return sp_tcp_setopt(s, t, option, value);
	u = sp_sock_udp(s, h);
	return u != NULL ? sp_udp_setopt(s, u, option, value) : SAMPAN_EBADHANDLE;
}

int
sampan_getopt(struct sampan *s, sampan_handle h, enum sampan_option option, int64_t *value)
{
	struct tcp_tcb *t = sp_sock_tcb(s, h);
	struct udp_sock *u;

	if (t != NULL)
		return sp_tcp_getopt(s, t, option, value);
	u = sp_sock_udp(s, h);
	return u != NULL ? sp_udp_getopt(s, u, option, value) : SAMPAN_EBADHANDLE;
}

int
sampan_tcp_info(const struct sampan *s, sampan_handle h, struct sampan_tcp_info *info)
{
	const struct tcp_tcb *t = sp_sock_tcb(s, h);

	if (t == NULL)
		return sp_sock_not_tcp(s, h);
	sp_tcp_info(s, t, info);
	return 0;
}

static bool
text_equal(const char *a, const char *b)
{
	for (; *a != '\0' && *a == *b; b++)
		a++;
	return *a == *b;
}

int
sampan_cc_find(const char *name)
{
	for (unsigned i = 0; i < TCP_CC_COUNT; i++)
		if (text_equal(sp_tcp_cc_ops(i)->name, name))
			return (int)i;
	return text_equal("reno", name) ? TCP_CC_newreno : SAMPAN_ENOENT;	/* Linux's name */
}

const char *
sampan_cc_name(unsigned number)
{
	return number < TCP_CC_COUNT ? sp_tcp_cc_ops(number)->name : NULL;
}
