/*
 * socket.c - handles, events, and the calls of socket.h.
 *
 * A handle is the control block's reference and a generation.  It is believed
 * only if the reference lies on an object of the right pool whose generation
 * agrees, so a stale or invented one is an error and never a crash (R-V-52).
 */
#include <sampan/socket.h>

#include "net/stack.h"
#include "tcp/tcp.h"

static sampan_handle
handle_of(const struct sampan *s, const struct tcp_tcb *t)
{
	return (uint64_t)t->ep.generation << 32 | sp_ref(&s->arena, t);
}

/* The control block of a handle, NULL if it names none. */
static struct tcp_tcb *
tcb_of(const struct sampan *s, sampan_handle h)
{
	const uint32_t ref = (uint32_t)h;
	const uint32_t generation = (uint32_t)(h >> 32);
	struct tcp_tcb *t;

	if (generation == 0 || !sp_pool_owns(&s->arena, SP_KIND_TCB, ref))
		return NULL;
	t = tcp_tcb_at(s, ref);
	return t->ep.generation == generation ? t : NULL;
}

int
sampan_events(struct sampan *s, struct sampan_event *events, unsigned max)
{
	unsigned n = 0;

	while (n < max) {
		struct sp_node *node = sp_list_pop(&s->arena, &s->ready);
		struct tcp_tcb *t;

		if (node == NULL)
			break;
		t = sp_container_of(node, struct tcp_tcb, ep.ready);
		events[n++] = (struct sampan_event){ handle_of(s, t), t->ep.user, t->ep.latched };
		t->ep.latched = 0;
	}
	return (int)n;
}

int
sampan_socket(struct sampan *s, enum sampan_type type, sampan_handle *out)
{
	struct tcp_tcb *t;

	if (type != SAMPAN_STREAM)
		return SAMPAN_EINVAL;
	t = sp_tcp_open(s);
	if (t == NULL)
		return SAMPAN_ENOBUFS;
	*out = handle_of(s, t);
	return 0;
}

int
sampan_bind(struct sampan *s, sampan_handle h, const struct sampan_sockaddr *local)
{
	struct tcp_tcb *t = tcb_of(s, h);

	return t != NULL ? sp_tcp_bind(s, t, local) : SAMPAN_EBADHANDLE;
}

int
sampan_listen(struct sampan *s, sampan_handle h, unsigned backlog)
{
	struct tcp_tcb *t = tcb_of(s, h);

	return t != NULL ? sp_tcp_listen(s, t, backlog) : SAMPAN_EBADHANDLE;
}

int
sampan_accept(struct sampan *s, sampan_handle h, sampan_handle *out, struct sampan_sockaddr *peer)
{
	struct tcp_tcb *listener = tcb_of(s, h), *t;

	if (listener == NULL)
		return SAMPAN_EBADHANDLE;
	if (listener->state != SAMPAN_TCP_LISTEN)
		return SAMPAN_EINVAL;
	t = sp_tcp_accept(s, listener);
	if (t == NULL)
		return SAMPAN_EAGAIN;
	*out = handle_of(s, t);
	if (peer != NULL)
		*peer = sp_sockaddr_of(&t->flow.remote, t->flow.remote_port, t->link);
	return 0;
}

int
sampan_connect(struct sampan *s, sampan_handle h, const struct sampan_sockaddr *peer)
{
	struct tcp_tcb *t = tcb_of(s, h);

	return t != NULL ? sp_tcp_connect(s, t, peer) : SAMPAN_EBADHANDLE;
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
	struct tcp_tcb *t = tcb_of(s, h);

	if (t == NULL)
		return SAMPAN_EBADHANDLE;
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
	struct tcp_tcb *t = tcb_of(s, h);

	if (t == NULL)
		return SAMPAN_EBADHANDLE;
	if ((flags & ~(unsigned)(SAMPAN_MSG_OOB | SAMPAN_MSG_PEEK)) != 0)
		return SAMPAN_EINVAL;
	return sp_tcp_recv(s, t, &(struct tcp_read){ data, len, flags });
}

int
sampan_recv_lend(struct sampan *s, sampan_handle h, struct sampan_slice *slices, unsigned max)
{
	struct tcp_tcb *t = tcb_of(s, h);

	return t != NULL ? sp_tcp_recv_lend(s, t, slices, max) : SAMPAN_EBADHANDLE;
}

int64_t
sampan_recv_taken(struct sampan *s, sampan_handle h, size_t n)
{
	struct tcp_tcb *t = tcb_of(s, h);

	return t != NULL ? sp_tcp_recv_taken(s, t, n) : SAMPAN_EBADHANDLE;
}

int
sampan_send_reserve(struct sampan *s, sampan_handle h, struct sampan_room *rooms, unsigned max,
    size_t len)
{
	struct tcp_tcb *t = tcb_of(s, h);

	return t != NULL ? sp_tcp_send_reserve(s, t, rooms, max, len) : SAMPAN_EBADHANDLE;
}

int64_t
sampan_send_commit(struct sampan *s, sampan_handle h, size_t n)
{
	struct tcp_tcb *t = tcb_of(s, h);

	return t != NULL ? sp_tcp_send_commit(s, t, n) : SAMPAN_EBADHANDLE;
}

int64_t
sampan_splice(struct sampan *s, sampan_handle from, sampan_handle to, size_t len)
{
	struct tcp_tcb *a = tcb_of(s, from), *b = tcb_of(s, to);

	return a != NULL && b != NULL ? sp_tcp_splice(s, a, b, len) : SAMPAN_EBADHANDLE;
}

int64_t
sampan_readable_bytes(const struct sampan *s, sampan_handle h)
{
	const struct tcp_tcb *t = tcb_of(s, h);

	return t != NULL ? (int64_t)tcp_readable_bytes(s, t) : SAMPAN_EBADHANDLE;
}

int64_t
sampan_writable_bytes(const struct sampan *s, sampan_handle h)
{
	const struct tcp_tcb *t = tcb_of(s, h);

	return t != NULL ? (int64_t)sp_tcp_writable_bytes(s, t) : SAMPAN_EBADHANDLE;
}

int
sampan_shutdown(struct sampan *s, sampan_handle h, enum sampan_how how)
{
	struct tcp_tcb *t = tcb_of(s, h);

	return t != NULL ? sp_tcp_shutdown(s, t, how) : SAMPAN_EBADHANDLE;
}

int
sampan_close(struct sampan *s, sampan_handle h)
{
	struct tcp_tcb *t = tcb_of(s, h);

	return t != NULL ? sp_tcp_close(s, t) : SAMPAN_EBADHANDLE;
}

int
sampan_ref(struct sampan *s, sampan_handle h)
{
	struct tcp_tcb *t = tcb_of(s, h);

	return t != NULL ? sp_tcp_ref(s, t) : SAMPAN_EBADHANDLE;
}

int
sampan_abort(struct sampan *s, sampan_handle h)
{
	struct tcp_tcb *t = tcb_of(s, h);

	if (t == NULL)
		return SAMPAN_EBADHANDLE;
	sp_tcp_abort(s, t);
	return 0;
}

int
sampan_set_user(struct sampan *s, sampan_handle h, uint64_t user)
{
	struct tcp_tcb *t = tcb_of(s, h);

	if (t == NULL)
		return SAMPAN_EBADHANDLE;
	t->ep.user = user;
	return 0;
}

int
sampan_get_user(const struct sampan *s, sampan_handle h, uint64_t *user)
{
	const struct tcp_tcb *t = tcb_of(s, h);

	if (t == NULL)
		return SAMPAN_EBADHANDLE;
	*user = t->ep.user;
	return 0;
}

int
sampan_status(const struct sampan *s, sampan_handle h, struct sampan_status *status)
{
	const struct tcp_tcb *t = tcb_of(s, h);

	if (t == NULL)
		return SAMPAN_EBADHANDLE;
	sp_tcp_status(s, t, status);
	return 0;
}

int
sampan_setopt(struct sampan *s, sampan_handle h, enum sampan_option option, int64_t value)
{
	struct tcp_tcb *t = tcb_of(s, h);

	return t != NULL ? sp_tcp_setopt(s, t, option, value) : SAMPAN_EBADHANDLE;
}

int
sampan_getopt(struct sampan *s, sampan_handle h, enum sampan_option option, int64_t *value)
{
	struct tcp_tcb *t = tcb_of(s, h);

	return t != NULL ? sp_tcp_getopt(s, t, option, value) : SAMPAN_EBADHANDLE;
}

int
sampan_tcp_info(const struct sampan *s, sampan_handle h, struct sampan_tcp_info *info)
{
	const struct tcp_tcb *t = tcb_of(s, h);

	if (t == NULL)
		return SAMPAN_EBADHANDLE;
	sp_tcp_info(s, t, info);
	return 0;
}

int
sampan_cc_find(const char *name)
{
	for (unsigned i = 0; i < TCP_CC_COUNT; i++) {
		const char *a = sp_tcp_cc_ops(i)->name, *b = name;

		for (; *a != '\0' && *a == *b; b++)
			a++;
		if (*a == *b)
			return (int)i;
	}
	return SAMPAN_ENOENT;
}

const char *
sampan_cc_name(unsigned number)
{
	return number < TCP_CC_COUNT ? sp_tcp_cc_ops(number)->name : NULL;
}
