/*
 * call_arg.c - arguments of calls.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pkt/call.h"

__attribute__((format(printf, 3, 0)))
static int64_t
say(struct pkt_attempt *a, int64_t code, const char *format, va_list args)
{
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): see link/why.c */
	(void)vsnprintf(a->why, sizeof(a->why), format, args);
	return code;
}

int64_t
sp_pkt_bad_arg(struct pkt_attempt *a, const char *format, ...)
{
	va_list args;
	int64_t code;

	va_start(args, format);
	code = say(a, PKT_BAD_ARG, format, args);
	va_end(args);
	return code;
}

int64_t
sp_pkt_differs(struct pkt_attempt *a, const char *format, ...)
{
	va_list args;
	int64_t code;

	va_start(args, format);
	code = say(a, PKT_DIFFERS, format, args);
	va_end(args);
	return code;
}

bool
sp_pkt_arg_int(struct pkt_attempt *a, const struct pkt_expr *e, int64_t any, int64_t *n)
{
	*n = any;
	if (e == NULL || e->kind == PKT_EXPR_ANY)
		return true;
	*n = e->n;
	if (e->kind == PKT_EXPR_INT)
		return true;
	if (e->kind == PKT_EXPR_CALL && e->items != NULL &&
	    (strcmp(e->text, "htons") == 0 || strcmp(e->text, "htonl") == 0))
		return sp_pkt_arg_int(a, e->items, any, n);
	if (e->kind == PKT_EXPR_NAME)
		(void)sp_pkt_bad_arg(a, "symbol %s", e->text);
	else
		(void)sp_pkt_bad_arg(a, "a number is expected");
	return false;
}

struct pkt_fd *
sp_pkt_arg_fd(struct pkt_attempt *a, int64_t *error)
{
	struct pkt_fd *fd;
	int64_t label;

	*error = PKT_BAD_ARG;
	if (!sp_pkt_arg_int(a, a->arg[0], -1, &label))
		return NULL;
	*error = -EBADF;
	fd = sp_pkt_fd_find(a->r, label);
	return fd;
}

struct pkt_fd *
sp_pkt_arg_socket(struct pkt_attempt *a, int64_t *error)
{
	struct pkt_fd *fd = sp_pkt_arg_fd(a, error);

	if (fd == NULL || fd->kind == PKT_FD_SOCKET)
		return fd;
	*error = -ENOTSOCK;
	return NULL;
}

const struct pkt_expr *
sp_pkt_field(const struct pkt_expr *s, const char *name, const char *other, unsigned place)
{
	const struct pkt_expr *e = s->items;
	unsigned i = 0;

	for (; e != NULL; e = e->next, i++) {
		if (e->field == NULL ? i == place :
		    strcmp(e->field, name) == 0 || strcmp(e->field, other) == 0)
			return e;
	}
	return NULL;
}

int64_t
sp_pkt_wait(struct pkt_attempt *a, int64_t wait_ns, int64_t given_up)
{
	const int64_t now = a->r->w->now_ns;

	if (wait_ns <= 0)
		return PKT_WAIT;
	if (!a->began)
		a->wake_ns = now + wait_ns;
	return now >= a->wake_ns ? given_up : PKT_WAIT;
}

/* inet_addr("..."), inet_pton(AF_INET6, "..."), INADDR_ANY, or a string. */
static bool
read_ip(struct pkt_attempt *a, const struct pkt_expr *e, struct sampan_addr *addr)
{
	if (e == NULL || e->kind == PKT_EXPR_ANY)
		return true;
	if (e->kind == PKT_EXPR_CALL && e->items != NULL)
		return read_ip(a, e->items->next != NULL ? e->items->next : e->items, addr);
	if (e->kind == PKT_EXPR_INT) {
		*addr = sampan_addr_v4((uint8_t)(e->n >> 24), (uint8_t)(e->n >> 16),
		    (uint8_t)(e->n >> 8), (uint8_t)e->n);
		return true;
	}
	if (e->kind == PKT_EXPR_STRING && sampan_addr_read(addr, e->text) == e->len)
		return true;
	(void)sp_pkt_bad_arg(a, "an address is expected");
	return false;
}

bool
sp_pkt_arg_addr(struct pkt_attempt *a, const struct pkt_expr *e,
    const struct sampan_sockaddr *any, struct sampan_sockaddr *addr)
{
	int64_t port = any->port;

	*addr = *any;
	if (e->kind == PKT_EXPR_ANY)
		return true;
	if (e->kind != PKT_EXPR_STRUCT) {
		(void)sp_pkt_bad_arg(a, "an address is expected");
		return false;
	}
	if (!sp_pkt_arg_int(a, sp_pkt_field(e, "sin_port", "sin6_port", 1), any->port, &port))
		return false;
	addr->port = (uint16_t)port;
	return read_ip(a, sp_pkt_field(e, "sin_addr", "sin6_addr", 2), &addr->addr);
}
