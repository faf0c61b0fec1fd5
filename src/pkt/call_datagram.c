/*
 * call_datagram.c - calls that move datagrams: each is sent whole and read whole, and
 * begins with the first byte of the pattern (conn.h).
 *
 * The two ports of what is sent last are what packets without ports are about.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "pkt/call.h"

/* True: *to is where the script sends it; false: where the socket is connected to. */
static bool
read_to(struct pkt_attempt *a, const struct pkt_datagram *d, struct sampan_sockaddr *to, bool *bad)
{
	struct pkt_run *r = a->r;
	const struct sampan_sockaddr any = {
		.addr = r->w->setup.remote, .port = r->config.local_port,
	};
	struct sampan_sockaddr local, peer = { .port = 0 };
	const struct pkt_expr *e = d->addr;

	*bad = false;
	if (e == NULL || (e->kind == PKT_EXPR_INT && e->n == 0))
		return false;
	(void)r->w->ops->ends(r->w, d->fd->os, &local, &peer);
	if (e->kind == PKT_EXPR_ANY && peer.port != 0)
		return false;
	*bad = !sp_pkt_arg_addr(a, e, &any, to);
	return true;
}

static void
note_sent(struct pkt_attempt *a, const struct pkt_datagram *d, const struct sampan_sockaddr *to)
{
	struct pkt_run *r = a->r;
	struct sampan_sockaddr local, peer;
	struct pkt_literal *l;

	if (r->w->ops->ends(r->w, d->fd->os, &local, &peer) != 0)
		return;
	if (to != NULL) {
		peer = *to;
		r->w->setup.remote = to->addr;	/* that is who the script plays */
	}
	r->current = sp_pkt_conn_get(r, PKT_UDP, local.port, peer.port);
	if (d->is_literal) {
		l = sp_pkt_alloc(&r->pool, sizeof(*l));
		l->offset = r->current->datagrams_out;
		l->len = d->len;
		l->bytes = (const uint8_t *)sp_pkt_copy(&r->pool, (const char *)d->bytes, d->len);
		l->next = r->current->literals;
		r->current->literals = l;
	}
	r->current->datagrams_out++;
}

int64_t
sp_pkt_datagram_send(struct pkt_attempt *a, const struct pkt_datagram *d)
{
	struct sampan_sockaddr to;
	bool bad;
	const bool has_to = read_to(a, d, &to, &bad);
	const struct pkt_io io = {
		.data = d->bytes, .len = d->len, .flags = d->flags, .to = has_to ? &to : NULL,
	};
	int64_t n;

	if (bad)
		return PKT_BAD_ARG;
	n = a->r->w->ops->send(a->r->w, d->fd->os, &io);
	if (n == -EAGAIN && !d->fd->nonblock && (d->flags & MSG_DONTWAIT) == 0)
		return sp_pkt_wait(a, d->fd->send_wait_ns, n);
	if (n >= 0)
		note_sent(a, d, io.to);
	return n;
}

/* ---- In ---- */

static bool
says_what_it_should(const struct pkt_datagram *d, uint32_t len)
{
	if (d->text != NULL && d->text->kind == PKT_EXPR_STRING)
		return len <= d->text->len && memcmp(d->bytes, d->text->text, len) == 0;
	for (uint32_t i = 0; i < len; i++) {
		if (d->bytes[i] != sp_pkt_pattern(i))
			return false;
	}
	return true;
}

static int64_t
check_from(struct pkt_attempt *a, const struct pkt_datagram *d, const struct pkt_from *from)
{
	struct sampan_sockaddr want;

	if (d->addr == NULL || d->addr->kind != PKT_EXPR_STRUCT)
		return 0;
	if (!sp_pkt_arg_addr(a, d->addr, &from->peer, &want))
		return PKT_BAD_ARG;
	if (want.port != from->peer.port ||
	    memcmp(&want.addr, &from->peer.addr, sizeof(want.addr)) != 0)
		return sp_pkt_differs(a, "it came from another address, port %u",
		    from->peer.port);
	return 0;
}

int64_t
sp_pkt_datagram_recv(struct pkt_attempt *a, const struct pkt_datagram *d)
{
	struct pkt_from from = { .is_cut = false };
	const struct pkt_io io = {
		.data = d->bytes, .len = d->len, .flags = d->flags, .from = &from,
	};
	const int64_t n = a->r->w->ops->recv(a->r->w, d->fd->os, &io);
	int64_t error;

	if (n == -EAGAIN && !d->fd->nonblock && (d->flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) == 0)
		return sp_pkt_wait(a, d->fd->recv_wait_ns, n);
	if (n < 0)
		return n;
	if (!says_what_it_should(d, n < d->len ? (uint32_t)n : d->len))
		return sp_pkt_differs(a, "read a datagram with wrong data");
	a->msg_flags = from.is_cut ? MSG_TRUNC : 0;
	error = check_from(a, d, &from);
	return error != 0 ? error : n;
}
