/*
 * call.c - makes a script's call, parks it while it blocks, judges its result.
 */
#include "pkt/call.h"

#include <stdio.h>
#include <string.h>

#include "pkt/symbol.h"

struct known_call {
	const char *name;
	unsigned least, most;		/* arguments */
	pkt_call_fn *fn;
};

static const struct known_call calls[] = {
	{ "socket", 3, 3, sp_pkt_call_socket },
	{ "bind", 3, 3, sp_pkt_call_bind },
	{ "listen", 2, 2, sp_pkt_call_listen },
	{ "accept", 3, 3, sp_pkt_call_accept },
	{ "accept4", 4, 4, sp_pkt_call_accept },
	{ "connect", 3, 3, sp_pkt_call_connect },
	{ "close", 1, 1, sp_pkt_call_close },
	{ "shutdown", 2, 2, sp_pkt_call_shutdown },
	{ "fcntl", 2, 3, sp_pkt_call_fcntl },
	{ "ioctl", 2, 3, sp_pkt_call_ioctl },
	{ "getsockname", 3, 3, sp_pkt_call_getsockname },
	{ "getpeername", 3, 3, sp_pkt_call_getsockname },
	{ "read", 3, 3, sp_pkt_call_read },
	{ "readv", 3, 3, sp_pkt_call_readv },
	{ "recv", 4, 4, sp_pkt_call_recv },
	{ "recvfrom", 6, 6, sp_pkt_call_recv },
	{ "recvmsg", 3, 3, sp_pkt_call_recvmsg },
	{ "write", 3, 3, sp_pkt_call_write },
	{ "writev", 3, 3, sp_pkt_call_writev },
	{ "send", 4, 4, sp_pkt_call_send },
	{ "sendto", 6, 6, sp_pkt_call_send },
	{ "sendmsg", 3, 3, sp_pkt_call_sendmsg },
	{ "getsockopt", 5, 5, sp_pkt_call_getsockopt },
	{ "setsockopt", 5, 5, sp_pkt_call_setsockopt },
	{ "poll", 3, 3, sp_pkt_call_poll },
	{ "epoll_create", 1, 1, sp_pkt_call_epoll_create },
	{ "epoll_create1", 1, 1, sp_pkt_call_epoll_create },
	{ "epoll_ctl", 4, 4, sp_pkt_call_epoll_ctl },
	{ "epoll_wait", 4, 4, sp_pkt_call_epoll_wait },
	{ "epoll_pwait", 4, 6, sp_pkt_call_epoll_wait },
	{ "pipe", 1, 1, sp_pkt_call_pipe },
	{ "pipe2", 2, 2, sp_pkt_call_pipe },
	{ "splice", 6, 6, sp_pkt_call_splice },
};

static const struct known_call *
find(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	}
	return NULL;
}

/* ---- Judgement ---- */

static void
print_result(char *text, size_t size, int64_t result)
{
	if (result < 0)
		(void)snprintf(text, size, "-1 %s", sp_pkt_errno_name((int)-result));
	else
		(void)snprintf(text, size, "%lld", (long long)result);
}

static void
add_label(struct pkt_attempt *a, int64_t os, int64_t label)
{
	struct pkt_fd *fd = sp_pkt_fd_add(a->r, a->fd_kind, (int)os, label);

	fd->nonblock = a->fd_nonblock;
	fd->is_datagram = a->fd_datagram;
	if (fd->kind == PKT_FD_SOCKET)
		a->r->subject = fd;
}

static void
judge_value(struct pkt_attempt *a, int64_t result)
{
	const struct pkt_expr *want = a->call->result;
	char got[40];
	bool fits;

	if (want->kind == PKT_EXPR_NAME) {
		sp_pkt_skip(a->r, "symbol:%s", want->text);
		return;
	}
	if (want->kind != PKT_EXPR_ANY && want->kind != PKT_EXPR_INT) {
		sp_pkt_skip(a->r, "call:%s: result", a->call->name);
		return;
	}
	if (a->makes_fd && result >= 0 && (want->kind == PKT_EXPR_ANY || want->n >= 0)) {
		add_label(a, result, want->kind == PKT_EXPR_ANY ? -1 : want->n);
		return;
	}
	if (a->call->error != NULL && sp_pkt_errno_find(a->call->error) == 0) {
		sp_pkt_skip(a->r, "errno:%s", a->call->error);
		return;
	}
	fits = result >= 0 ? want->n == result && a->call->error == NULL :
	    want->n == -1 && a->call->error != NULL &&
	    sp_pkt_errno_find(a->call->error) == (int)-result;
	if (want->kind == PKT_EXPR_ANY || fits)
		return;
	print_result(got, sizeof(got), result);
	sp_pkt_fail(a->r, "returned %s\n    script: %.*s", got, (int)a->event->len, a->event->text);
}

static void
judge(struct pkt_attempt *a, int64_t result)
{
	if (result == PKT_LACKS)
		sp_pkt_skip(a->r, "%s", a->r->w->lacks);
	else if (result == PKT_BAD_ARG)
		sp_pkt_skip(a->r, "call:%s: %s", a->call->name, a->why);
	else if (result == PKT_DIFFERS)
		sp_pkt_fail(a->r, "%s\n    script: %.*s", a->why, (int)a->event->len,
		    a->event->text);
	else
		judge_value(a, result);
}

static void
judge_end(struct pkt_attempt *a)
{
	struct pkt_run *r = a->r;
	const int64_t slack = sp_pkt_slack(r, a->end_ns - r->first_ns);
	const int64_t off = r->w->now_ns - a->end_ns;

	if (!a->event->when.blocks || (off >= -slack && off <= slack))
		return;
	sp_pkt_fail(r, "returned at %.6f s, expected %.6f +- %.6f s\n    script: %.*s",
	    (double)r->w->now_ns / 1e9, (double)a->end_ns / 1e9, (double)slack / 1e9,
	    (int)a->event->len, a->event->text);
}

/* ---- Trying ---- */

/* True: it has ended. */
static bool
try(struct pkt_attempt *a)
{
	const int64_t result = a->fn(a);

	a->began = true;
	if (a->r->verdict == PKT_PASS)
		a->r->w->ops->flush(a->r->w);
	if (result == PKT_WAIT)
		return false;
	judge(a, result);
	judge_end(a);
	return true;
}

void
sp_pkt_call_again(struct pkt_run *r)
{
	struct pkt_attempt *a = r->parked;
	const struct pkt_event *now = r->event;

	if (a == NULL || r->verdict != PKT_PASS)
		return;
	r->event = a->event;
	if (try(a))
		r->parked = NULL;
	if (r->verdict == PKT_PASS)
		r->event = now;
}

void
sp_pkt_call_await(struct pkt_run *r)
{
	while (r->parked != NULL && r->verdict == PKT_PASS) {
		const struct pkt_attempt *a = r->parked;
		int64_t limit = a->end_ns + sp_pkt_slack(r, a->end_ns - r->base_ns);

		if (!a->event->when.blocks && a->wake_ns > limit)
			limit = a->wake_ns;
		if (sp_pkt_step(r, limit + 1) || r->parked == NULL)
			continue;
		r->event = a->event;
		sp_pkt_fail(r, "has not returned at %.6f s\n    script: %.*s",
		    (double)r->w->now_ns / 1e9, (int)a->event->len, a->event->text);
	}
}

static bool
set_args(struct pkt_attempt *a, const struct known_call *known)
{
	const struct pkt_expr *e = a->call->args;

	if (a->call->arg_count < known->least || a->call->arg_count > known->most)
		return false;
	a->fn = known->fn;
	for (unsigned i = 0; i < PKT_ARGS_MAX && e != NULL; i++, e = e->next)
		a->arg[i] = e;
	return true;
}

void
sp_pkt_do_call(struct pkt_run *r, const struct pkt_event *e)
{
	const struct known_call *known = find(e->call->name);
	struct pkt_attempt *a;

	sp_pkt_call_await(r);
	if (r->verdict != PKT_PASS)
		return;
	r->event = e;
	a = sp_pkt_alloc(&r->pool, sizeof(*a));
	*a = (struct pkt_attempt){ .r = r, .event = e, .call = e->call, .wake_ns = -1 };
	a->end_ns = r->first_ns + (e->when.blocks ? e->when.until_ns - e->when.first_ns : 0);
	if (known == NULL) {
		sp_pkt_skip(r, "call:%s", e->call->name);
	} else if (!set_args(a, known)) {
		sp_pkt_skip(r, "call:%s with %u arguments", e->call->name, e->call->arg_count);
	} else if (!try(a)) {
		r->parked = a;
		if (!e->when.blocks)
			sp_pkt_call_await(r);
	}
}
