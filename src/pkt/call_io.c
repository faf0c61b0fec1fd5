/*
 * call_io.c - calls that move data.
 *
 * What is written as `...` is the pattern of the stream (conn.h), so that
 * whatever comes out can be checked, and so is what the script's packets
 * carry, so that whatever is read can be.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "pkt/call.h"

/* TCP_CM_INQ */
#define CM_INQ 36
#define BYTES_MAX ((int64_t)64 << 20)

/* What a call is to move. */
struct cargo {
	struct pkt_fd *fd;
	uint32_t len;
	int flags;
	const struct pkt_expr *list;	/* iovecs, or NULL */
	const struct pkt_expr *single;	/* the only buffer, or NULL */
	const struct pkt_expr *addr;	/* of a datagram, or NULL */
};

/* ---- Out ---- */

/* One buffer's bytes; true: they are literal. */
static bool
fill_one(const struct pkt_expr *e, uint8_t *p, uint32_t len, uint32_t offset)
{
	if (e != NULL && e->kind == PKT_EXPR_STRING) {
		memset(p, 0, len);
		memcpy(p, e->text, e->len < len ? e->len : len);
		return true;
	}
	for (uint32_t i = 0; i < len; i++)
		p[i] = sp_pkt_pattern(offset + i);
	return false;
}

static bool
fill(const struct cargo *c, uint8_t *p)
{
	uint32_t at = 0;
	bool literal = false;

	if (c->list == NULL)
		return fill_one(c->single, p, c->len, c->fd->tx_off);
	for (const struct pkt_expr *v = c->list->items; v != NULL; v = v->next) {
		const struct pkt_expr *len = sp_pkt_field(v, "iov_len", "len", 1);
		const uint32_t n = len == NULL ? 0 : (uint32_t)len->n;

		literal |= fill_one(sp_pkt_field(v, "iov_base", "base", 0), p + at, n,
		    c->fd->tx_off + at);
		at += n;
	}
	return literal;
}

static void
note_literal(struct pkt_run *r, struct pkt_fd *fd, const uint8_t *bytes, uint32_t len)
{
	struct pkt_conn *conn = sp_pkt_fd_conn(r, fd);
	struct pkt_literal *l = sp_pkt_alloc(&r->pool, sizeof(*l));

	if (conn == NULL)
		return;
	l->offset = fd->tx_off;
	l->len = len;
	l->bytes = (const uint8_t *)sp_pkt_copy(&r->pool, (const char *)bytes, len);
	l->next = conn->literals;
	conn->literals = l;
}

static int64_t
send_rest(struct pkt_attempt *a, const struct cargo *c, uint8_t *bytes)
{
	struct pkt_run *r = a->r;
	/* The pattern follows tx_off; so must the place in the buffer. */
	const uint32_t done = a->done_bytes;
	const struct pkt_io io = {
		.data = bytes + done, .len = c->len - done, .flags = c->flags,
	};
	const int64_t n = r->w->ops->send(r->w, c->fd->os, &io);

	if (n > 0)
		a->done_bytes += (uint32_t)n;
	if (n < 0 && n != -EAGAIN)
		return done > 0 ? (int64_t)done : n;
	if (a->done_bytes == c->len)
		return c->len;
	/* n was all that fits now, or -EAGAIN. */
	if (!c->fd->nonblock && (c->flags & MSG_DONTWAIT) == 0)
		return sp_pkt_wait(a, c->fd->send_wait_ns, a->done_bytes > 0 ? a->done_bytes : n);
	return a->done_bytes > 0 ? (int64_t)a->done_bytes : n;
}

static int64_t
send_cargo(struct pkt_attempt *a, const struct cargo *c)
{
	uint8_t *const bytes = malloc(c->len + 1);
	const uint32_t before = a->done_bytes;
	int64_t result;
	bool literal;

	if (bytes == NULL)
		return -ENOMEM;
	/* tx_off counts what was taken in earlier attempts: the buffer begins before that. */
	c->fd->tx_off -= before;
	literal = fill(c, bytes);
	if (c->fd->is_datagram) {
		result = sp_pkt_datagram_send(a, &(struct pkt_datagram){ c->fd, bytes, c->len,
		    c->flags, literal, c->addr, NULL });
		free(bytes);
		return result;
	}
	result = send_rest(a, c, bytes);
	if (literal && a->done_bytes > before)
		note_literal(a->r, c->fd, bytes, a->done_bytes);
	c->fd->tx_off += a->done_bytes;
	free(bytes);
	return result;
}

/* ---- In ---- */

static bool
data_fits(const struct pkt_run *r, const struct cargo *c, const struct pkt_conn *conn,
    const uint8_t *bytes, uint32_t len)
{
	(void)r;
	if ((c->flags & MSG_TRUNC) != 0)
		return true;		/* thrown away, not filled in */
	if (c->single != NULL && c->single->kind == PKT_EXPR_STRING)
		return len <= c->single->len && memcmp(bytes, c->single->text, len) == 0;
	if (conn == NULL || conn->urgent_in)
		return true;
	for (uint32_t i = 0; i < len; i++) {
		if (bytes[i] != sp_pkt_pattern(c->fd->rx_off + i))
			return false;
	}
	return true;
}

static int64_t
recv_into(struct pkt_attempt *a, const struct cargo *c, uint8_t *bytes)
{
	struct pkt_run *r = a->r;
	const struct pkt_io io = {
		.data = bytes, .len = c->len - a->done_bytes, .flags = c->flags,
	};
	const bool waits = !c->fd->nonblock && (c->flags & MSG_DONTWAIT) == 0;
	const int64_t n = r->w->ops->recv(r->w, c->fd->os, &io);

	if (n == -EAGAIN && waits && (c->flags & MSG_ERRQUEUE) == 0)
		return sp_pkt_wait(a, c->fd->recv_wait_ns,
		    a->done_bytes > 0 ? a->done_bytes : n);
	if (n < 0)
		return a->done_bytes > 0 && n != PKT_LACKS ? (int64_t)a->done_bytes : n;
	if ((c->flags & MSG_OOB) == 0 &&
	    !data_fits(r, c, sp_pkt_fd_conn(r, c->fd), bytes, (uint32_t)n))
		return sp_pkt_differs(a, "read wrong data at byte %u of the stream", c->fd->rx_off);
	if ((c->flags & (MSG_PEEK | MSG_OOB)) == 0)
		c->fd->rx_off += (uint32_t)n;
	a->done_bytes += (uint32_t)n;
	if ((c->flags & MSG_WAITALL) != 0 && waits && n > 0 && a->done_bytes < c->len)
		return sp_pkt_wait(a, c->fd->recv_wait_ns, a->done_bytes);
	return a->done_bytes;
}

static int64_t
recv_cargo(struct pkt_attempt *a, const struct cargo *c)
{
	uint8_t *const bytes = malloc(c->len + 1);
	int64_t result;

	if (bytes == NULL)
		return -ENOMEM;
	result = !c->fd->is_datagram ? recv_into(a, c, bytes) :
	    sp_pkt_datagram_recv(a, &(struct pkt_datagram){ c->fd, bytes, c->len, c->flags,
		false, c->addr, c->single });
	free(bytes);
	return result;
}

/* ---- For calls that move bytes elsewhere ---- */

int64_t
sp_pkt_move_in(struct pkt_attempt *a, struct pkt_fd *fd, uint8_t *bytes, uint32_t len)
{
	const struct cargo c = { .fd = fd, .len = len, .flags = MSG_DONTWAIT };
	const int64_t n = recv_into(a, &c, bytes);

	a->done_bytes = 0;
	return n;
}

int64_t
sp_pkt_move_out(struct pkt_attempt *a, struct pkt_fd *fd, const uint8_t *bytes, uint32_t len)
{
	const struct pkt_expr text = {
		.kind = PKT_EXPR_STRING, .text = (const char *)bytes, .len = len,
	};
	const struct cargo c = { .fd = fd, .len = len, .flags = MSG_DONTWAIT, .single = &text };
	const int64_t n = send_cargo(a, &c);

	a->done_bytes = 0;
	return n;
}

/* ---- Arguments ---- */

static bool
read_len(struct pkt_attempt *a, const struct pkt_expr *e, uint32_t *len)
{
	int64_t n;

	if (!sp_pkt_arg_int(a, e, 0, &n))
		return false;
	if (n < 0 || n > BYTES_MAX) {
		(void)sp_pkt_bad_arg(a, "a length of %lld", (long long)n);
		return false;
	}
	*len = (uint32_t)n;
	return true;
}

/* (fd, buffer, length, flags) */
static bool
read_cargo(struct pkt_attempt *a, struct cargo *c, int64_t *error)
{
	int64_t flags;

	*c = (struct cargo){ .fd = sp_pkt_arg_socket(a, error), .single = a->arg[1] };
	if (c->fd == NULL)
		return false;
	*error = PKT_BAD_ARG;
	if (!read_len(a, a->arg[2], &c->len) || !sp_pkt_arg_int(a, a->arg[3], 0, &flags))
		return false;
	c->flags = (int)flags;
	c->addr = a->arg[4];
	return true;
}

/* An array of {base, length}. */
static bool
read_iovec(struct pkt_attempt *a, struct cargo *c, const struct pkt_expr *list)
{
	uint32_t n;

	if (list == NULL || list->kind != PKT_EXPR_ARRAY) {
		(void)sp_pkt_bad_arg(a, "an array of buffers is expected");
		return false;
	}
	c->list = list;
	c->single = NULL;
	c->len = 0;
	for (const struct pkt_expr *v = list->items; v != NULL; v = v->next) {
		if (v->kind != PKT_EXPR_STRUCT ||
		    !read_len(a, sp_pkt_field(v, "iov_len", "len", 1), &n))
			return false;
		c->len += n;
	}
	return true;
}

static bool
read_vector(struct pkt_attempt *a, struct cargo *c, int64_t *error)
{
	*c = (struct cargo){ .fd = sp_pkt_arg_socket(a, error) };
	if (c->fd == NULL)
		return false;
	*error = PKT_BAD_ARG;
	return read_iovec(a, c, a->arg[1]);
}

/* A msghdr: its buffers. */
static bool
read_msg(struct pkt_attempt *a, struct cargo *c, int64_t *error)
{
	const struct pkt_expr *const msg = a->arg[1];
	int64_t flags;

	*c = (struct cargo){ .fd = sp_pkt_arg_socket(a, error) };
	if (c->fd == NULL)
		return false;
	*error = PKT_BAD_ARG;
	if (msg->kind != PKT_EXPR_STRUCT || !sp_pkt_arg_int(a, a->arg[2], 0, &flags) ||
	    !read_iovec(a, c, sp_pkt_field(msg, "msg_iov", "iov", 2)))
		return false;
	c->flags = (int)flags;
	c->addr = sp_pkt_field(msg, "msg_name", "name", 0);
	return true;
}

static const struct pkt_expr *
control_of(const struct pkt_attempt *a)
{
	const struct pkt_expr *e = sp_pkt_field(a->arg[1], "msg_control", "control", 4);

	return e != NULL && e->kind == PKT_EXPR_ARRAY ? e->items : NULL;
}

/* What the script says came beside the data: only what TCP_INQ tells is there. */
static int64_t
check_control(struct pkt_attempt *a, const struct pkt_fd *fd)
{
	const struct pkt_expr *const e = control_of(a);
	int64_t level, type, want, left = 0;

	if (e == NULL)
		return 0;
	if (!fd->tells_inq || e->next != NULL || e->kind != PKT_EXPR_STRUCT)
		return sp_pkt_world_lacks(a->r->w, "call:recvmsg: control messages");
	if (!sp_pkt_arg_int(a, sp_pkt_field(e, "cmsg_level", "level", 0), 0, &level) ||
	    !sp_pkt_arg_int(a, sp_pkt_field(e, "cmsg_type", "type", 1), 0, &type) ||
	    a->r->w->ops->ioctl(a->r->w, fd->os, FIONREAD, &left) != 0 ||
	    !sp_pkt_arg_int(a, sp_pkt_field(e, "cmsg_data", "data", 2), left, &want))
		return PKT_BAD_ARG;
	if (level != SOL_TCP || type != CM_INQ)
		return sp_pkt_differs(a, "no such control message came");
	return want == left ? 0 : sp_pkt_differs(a, "%lld bytes are left", (long long)left);
}

/* A reason to skip that names the flag. */
static int64_t
name_flag(struct pkt_attempt *a, int64_t result)
{
	const struct pkt_expr *flags = a->arg[3] != NULL ? a->arg[3] : a->arg[2];

	if (result == PKT_LACKS && flags != NULL && flags->text != NULL &&
	    strncmp(a->r->w->lacks, "flag:", 5) == 0)
		return sp_pkt_world_lacks(a->r->w, "flag:%s", flags->text);
	return result;
}

/* ---- Calls ---- */

/* sendto() to a given place on a stream: Linux ignores it. */
int64_t
sp_pkt_call_send(struct pkt_attempt *a)
{
	struct cargo c;
	int64_t error;

	return read_cargo(a, &c, &error) ? name_flag(a, send_cargo(a, &c)) : error;
}

int64_t
sp_pkt_call_recv(struct pkt_attempt *a)
{
	struct cargo c;
	int64_t error;

	return read_cargo(a, &c, &error) ? name_flag(a, recv_cargo(a, &c)) : error;
}

int64_t
sp_pkt_call_write(struct pkt_attempt *a)
{
	return sp_pkt_call_send(a);
}

int64_t
sp_pkt_call_read(struct pkt_attempt *a)
{
	return sp_pkt_call_recv(a);
}

int64_t
sp_pkt_call_writev(struct pkt_attempt *a)
{
	struct cargo c;
	int64_t error;

	return read_vector(a, &c, &error) ? send_cargo(a, &c) : error;
}

int64_t
sp_pkt_call_readv(struct pkt_attempt *a)
{
	struct cargo c;
	int64_t error;

	return read_vector(a, &c, &error) ? recv_cargo(a, &c) : error;
}

int64_t
sp_pkt_call_sendmsg(struct pkt_attempt *a)
{
	struct cargo c;
	int64_t error;

	if (!read_msg(a, &c, &error))
		return error;
	if (control_of(a) != NULL)
		return sp_pkt_world_lacks(a->r->w, "call:sendmsg: control messages");
	return name_flag(a, send_cargo(a, &c));
}

/* On a stream msg_flags come back empty, but for MSG_ERRQUEUE, which no message
 * of ours has; of a datagram that was cut with MSG_TRUNC. */
int64_t
sp_pkt_call_recvmsg(struct pkt_attempt *a)
{
	struct cargo c;
	int64_t error, flags, result;

	if (!read_msg(a, &c, &error))
		return error;
	result = name_flag(a, recv_cargo(a, &c));
	if (result < 0)
		return result;
	if (!sp_pkt_arg_int(a, sp_pkt_field(a->arg[1], "msg_flags", "flags", 6), 0, &flags))
		return PKT_BAD_ARG;
	error = check_control(a, c.fd);
	if (error != 0)
		return error;
	return flags == a->msg_flags ? result :
	    sp_pkt_differs(a, "msg_flags are %s", a->msg_flags == 0 ? "0" : "MSG_TRUNC");
}
