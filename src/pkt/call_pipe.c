/*
 * call_pipe.c - pipe() and splice(): bytes from a socket into a pipe, and from
 * there into another one.
 *
 * Bytes are checked where they are read.  Those that leave again are no
 * pattern of their stream any more: they are literal (call_io.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pkt/call.h"
#include "pkt/symbol.h"

#define SPLICE_NONBLOCK 2

int64_t
sp_pkt_call_pipe(struct pkt_attempt *a)
{
	const struct pkt_expr *e = a->arg[0]->kind == PKT_EXPR_ARRAY ? a->arg[0]->items : NULL;
	struct pkt_pipe *pipe;

	if (e == NULL || e->kind != PKT_EXPR_INT || e->next == NULL ||
	    e->next->kind != PKT_EXPR_INT)
		return sp_pkt_bad_arg(a, "two labels are expected");
	pipe = sp_pkt_alloc(&a->r->pool, sizeof(*pipe));
	for (; e != NULL; e = e->next)
		sp_pkt_fd_add(a->r, PKT_FD_PIPE, -1, e->n)->pipe = pipe;
	return 0;
}

struct splice {
	struct pkt_fd *in, *out;
	uint32_t len;
	bool waits;
};

static int64_t
into_pipe(struct pkt_attempt *a, const struct splice *s)
{
	struct pkt_pipe *const pipe = s->out->pipe;
	const uint32_t room = PKT_PIPE_BYTES - pipe->len;
	int64_t n = -EAGAIN;

	if (room > 0)
		n = sp_pkt_move_in(a, s->in, pipe->bytes + pipe->len,
		    s->len < room ? s->len : room);
	if (n > 0)
		pipe->len += (uint32_t)n;
	return n == -EAGAIN && s->waits && !s->in->nonblock ? PKT_WAIT : n;
}

static int64_t
out_of_pipe(struct pkt_attempt *a, const struct splice *s)
{
	struct pkt_pipe *const pipe = s->in->pipe;
	const uint32_t len = s->len < pipe->len ? s->len : pipe->len;
	const int64_t n = len == 0 ? -EAGAIN : sp_pkt_move_out(a, s->out, pipe->bytes, len);

	if (n > 0) {
		pipe->len -= (uint32_t)n;
		memmove(pipe->bytes, pipe->bytes + n, pipe->len);
	}
	return n == -EAGAIN && s->waits && !s->out->nonblock ? PKT_WAIT : n;
}

/* (in, NULL, out, NULL, length, flags) */
int64_t
sp_pkt_call_splice(struct pkt_attempt *a)
{
	struct splice s = { .waits = false };
	int64_t error, label, len, flags;

	s.in = sp_pkt_arg_fd(a, &error);
	if (s.in == NULL)
		return error;
	if (!sp_pkt_arg_int(a, a->arg[2], -1, &label) || !sp_pkt_arg_int(a, a->arg[4], 0, &len) ||
	    !sp_pkt_arg_int(a, a->arg[5], 0, &flags))
		return PKT_BAD_ARG;
	s.out = sp_pkt_fd_find(a->r, label);
	if (s.out == NULL)
		return -EBADF;
	if (len <= 0)
		return len == 0 ? 0 : -EINVAL;
	s.len = len > UINT32_MAX ? UINT32_MAX : (uint32_t)len;
	s.waits = (flags & SPLICE_NONBLOCK) == 0;
	if (s.in->kind == PKT_FD_SOCKET && s.out->kind == PKT_FD_PIPE)
		return into_pipe(a, &s);
	if (s.in->kind == PKT_FD_PIPE && s.out->kind == PKT_FD_SOCKET)
		return out_of_pipe(a, &s);
	return s.in->kind == PKT_FD_PIPE || s.out->kind == PKT_FD_PIPE ?
	    sp_pkt_bad_arg(a, "between these descriptors") : -EINVAL;
}
