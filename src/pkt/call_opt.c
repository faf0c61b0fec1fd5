/*
 * call_opt.c - getsockopt() and setsockopt().
 *
 * Values are arrays of ints, strings, {onoff, linger} and {sec, usec}.  How long
 * calls wait, and what they fill in beside data, is settled here: the worlds'
 * calls do not block.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "pkt/call.h"
#include "pkt/symbol.h"

#define VALUE_BYTES 512
#define TCP_INQ 36

struct value {
	_Alignas(16) uint8_t bytes[VALUE_BYTES];
	uint32_t len;
};

static bool
put(struct value *v, const void *p, size_t len)
{
	if (v->len + len > sizeof(v->bytes))
		return false;
	memcpy(v->bytes + v->len, p, len);
	v->len += (uint32_t)len;
	return true;
}

static bool
put_int(struct pkt_attempt *a, struct value *v, const struct pkt_expr *e)
{
	int64_t n;
	int32_t narrow;

	if (!sp_pkt_arg_int(a, e, 0, &n))
		return false;
	narrow = (int32_t)n;
	return put(v, &narrow, sizeof(narrow));
}

static bool
put_linger(struct pkt_attempt *a, struct value *v, const struct pkt_expr *e)
{
	return put_int(a, v, sp_pkt_field(e, "onoff", "l_onoff", 0)) &&
	    put_int(a, v, sp_pkt_field(e, "linger", "l_linger", 1));
}

static bool
put_timeval(struct pkt_attempt *a, struct value *v, const struct pkt_expr *e)
{
	struct timeval tv;
	int64_t sec, usec;

	if (!sp_pkt_arg_int(a, sp_pkt_field(e, "tv_sec", "sec", 0), 0, &sec) ||
	    !sp_pkt_arg_int(a, sp_pkt_field(e, "tv_usec", "usec", 1), 0, &usec))
		return false;
	tv.tv_sec = sec;
	tv.tv_usec = usec;
	return put(v, &tv, sizeof(tv));
}

/* FreeBSD's {function_set_name="freebsd", pcbcnt=0}: the name alone. */
static bool
put_name(struct value *v, const struct pkt_expr *name)
{
	return name->kind == PKT_EXPR_STRING && put(v, name->text, name->len + 1);
}

static bool
put_struct(struct pkt_attempt *a, struct value *v, const struct pkt_expr *e)
{
	const char *const first = e->items == NULL ? NULL : e->items->field;

	if (first != NULL && strstr(first, "onoff") != NULL)
		return put_linger(a, v, e);
	if (first != NULL && strstr(first, "sec") != NULL)
		return put_timeval(a, v, e);
	if (first != NULL && strcmp(first, "function_set_name") == 0)
		return put_name(v, e->items);
	(void)sp_pkt_bad_arg(a, "struct with %s", first == NULL ? "no names" : first);
	return false;
}

/* A value as the kernel's bytes. */
static bool
put_value(struct pkt_attempt *a, struct value *v, const struct pkt_expr *e)
{
	v->len = 0;
	switch (e->kind) {
	case PKT_EXPR_STRING:
		return put(v, e->text, e->len);
	case PKT_EXPR_STRUCT:
		return put_struct(a, v, e);
	case PKT_EXPR_ARRAY:
		for (const struct pkt_expr *i = e->items; i != NULL; i = i->next) {
			if (i->kind == PKT_EXPR_STRUCT ? !put_struct(a, v, i) : !put_int(a, v, i))
				return false;
		}
		return true;
	case PKT_EXPR_ANY:
		return true;
	case PKT_EXPR_INT:
	case PKT_EXPR_NAME:
	case PKT_EXPR_CALL:
		return put_int(a, v, e);
	}
	return false;
}

/* Which option.  False: *error tells. */
static bool
read_option(struct pkt_attempt *a, struct pkt_sockopt *opt, int64_t *error)
{
	const struct pkt_expr *const name = a->arg[2];
	int64_t level, number;

	*error = PKT_BAD_ARG;
	if (name->kind == PKT_EXPR_NAME) {
		*error = sp_pkt_world_lacks(a->r->w, "sockopt:%s", name->text);
		return false;
	}
	if (!sp_pkt_arg_int(a, a->arg[1], 0, &level) || !sp_pkt_arg_int(a, name, 0, &number))
		return false;
	opt->level = (int)level;
	opt->name = (int)number;
	return true;
}

/* A reason to skip that names the option. */
static int64_t
name_it(struct pkt_attempt *a, int64_t result)
{
	if (result == PKT_LACKS && a->arg[2]->text != NULL)
		return sp_pkt_world_lacks(a->r->w, "sockopt:%s", a->arg[2]->text);
	return result;
}

/* FreeBSD chooses among several TCPs; the usual one is what every system has. */
static bool
is_usual_stack(const struct pkt_attempt *a, const struct value *v)
{
	return a->arg[2]->text != NULL && strcmp(a->arg[2]->text, "TCP_FUNCTION_BLK") == 0 &&
	    (v->len == 0 || strncmp((const char *)v->bytes, "freebsd", v->len) == 0);
}

static int64_t
wait_of(const struct value *v)
{
	struct timeval tv;

	memcpy(&tv, v->bytes, sizeof(tv));
	return (int64_t)SAMPAN_SEC((uint64_t)tv.tv_sec) + (int64_t)SAMPAN_US((uint64_t)tv.tv_usec);
}

/* What the calls of this descriptor need to know. */
static void
note_option(struct pkt_fd *fd, const struct pkt_sockopt *opt, const struct value *v)
{
	int32_t n[2] = { 0, 0 };

	memcpy(n, v->bytes, v->len < sizeof(n) ? v->len : sizeof(n));
	if (opt->level == SOL_SOCKET && opt->name == SO_LINGER)
		fd->linger_s = n[0] != 0 ? n[1] : -1;
	else if (opt->level == IPPROTO_TCP && opt->name == TCP_INQ)
		fd->tells_inq = n[0] != 0;
}

/* Options that no world is asked for.  1: it is none of them. */
static int64_t
set_own(struct pkt_fd *fd, const struct pkt_sockopt *opt, const struct value *v)
{
	const bool recv = opt->name == SO_RCVTIMEO;

	if (opt->level == IPPROTO_TCP && opt->name == TCP_INQ) {
		note_option(fd, opt, v);
		return 0;
	}
	if (opt->level != SOL_SOCKET || (!recv && opt->name != SO_SNDTIMEO))
		return 1;
	if (v->len != sizeof(struct timeval))
		return -EINVAL;
	*(recv ? &fd->recv_wait_ns : &fd->send_wait_ns) = wait_of(v);
	return 0;
}

int64_t
sp_pkt_call_setsockopt(struct pkt_attempt *a)
{
	struct pkt_sockopt opt = { .value = NULL };
	struct value v = { .len = 0 };
	int64_t error, len;
	struct pkt_fd *fd = sp_pkt_arg_socket(a, &error);

	if (fd == NULL)
		return error;
	if (a->arg[2]->kind == PKT_EXPR_NAME && put_value(a, &v, a->arg[3]) &&
	    is_usual_stack(a, &v))
		return 0;
	if (!read_option(a, &opt, &error))
		return error;
	memset(v.bytes, 0, sizeof(v.bytes));
	if (!put_value(a, &v, a->arg[3]) || !sp_pkt_arg_int(a, a->arg[4], v.len, &len))
		return PKT_BAD_ARG;
	opt.value = v.bytes;
	opt.len = len < 0 ? UINT32_MAX : (uint32_t)len;
	if (opt.len > v.len && opt.len != UINT32_MAX)
		opt.len = v.len;
	error = set_own(fd, &opt, &v);
	if (error <= 0)
		return error;
	error = name_it(a, a->r->w->ops->setopt(a->r->w, fd->os, &opt));
	if (error == 0)
		note_option(fd, &opt, &v);
	return error;
}

/* ---- Results ---- */

static int64_t
check_len(struct pkt_attempt *a, uint32_t len)
{
	const struct pkt_expr *e = a->arg[4];
	int64_t want;

	if (!sp_pkt_arg_int(a, e->kind == PKT_EXPR_ARRAY ? e->items : e, len, &want))
		return PKT_BAD_ARG;
	return want == len ? 0 : sp_pkt_differs(a, "the value has %u bytes", len);
}

/* Linux pads names of congestion controls with zeros. */
static int64_t
check_string(struct pkt_attempt *a, const struct value *got, const struct pkt_expr *want)
{
	const size_t n = strnlen((const char *)got->bytes, got->len);

	if (n == strnlen(want->text, want->len) && memcmp(got->bytes, want->text, n) == 0)
		return 0;
	return sp_pkt_differs(a, "value is \"%.*s\"", (int)(n > 60 ? 60 : n),
	    (const char *)got->bytes);
}

static int64_t
check_ints(struct pkt_attempt *a, const struct value *got, const struct pkt_expr *want)
{
	const struct pkt_expr *e = want->items;

	for (uint32_t i = 0; e != NULL && (i + 1) * 4 <= got->len; i++, e = e->next) {
		int32_t n;
		int64_t expected;

		memcpy(&n, got->bytes + (size_t)i * 4, sizeof(n));
		if (!sp_pkt_arg_int(a, e, n, &expected))
			return PKT_BAD_ARG;
		if (n != (int32_t)expected)
			return sp_pkt_differs(a, "value is %d", n);
	}
	return e == NULL ? 0 : sp_pkt_differs(a, "the value has only %u bytes", got->len);
}

static int64_t
check_value(struct pkt_attempt *a, const struct value *got)
{
	const struct pkt_expr *const want = a->arg[3];
	struct value expected;

	if (want->kind == PKT_EXPR_ANY)
		return 0;
	if (want->kind == PKT_EXPR_STRING)
		return check_string(a, got, want);
	if (want->kind == PKT_EXPR_ARRAY &&
	    (want->items == NULL || want->items->kind != PKT_EXPR_STRUCT))
		return check_ints(a, got, want);
	if (!put_value(a, &expected, want))
		return PKT_BAD_ARG;
	if (expected.len == got->len && memcmp(expected.bytes, got->bytes, got->len) == 0)
		return 0;
	return sp_pkt_differs(a, "the value is another one");
}

/* Room for the value as the script says, if it does. */
static uint32_t
room(struct pkt_attempt *a)
{
	const struct pkt_expr *e = a->arg[4];
	int64_t n = VALUE_BYTES;

	if (e->kind == PKT_EXPR_ARRAY && e->items != NULL && e->items->kind == PKT_EXPR_INT)
		n = e->items->n;
	return n < 0 || n > VALUE_BYTES ? VALUE_BYTES : (uint32_t)n;
}

int64_t
sp_pkt_call_getsockopt(struct pkt_attempt *a)
{
	struct value v = { .len = 0 };
	struct pkt_sockopt opt = { .value = v.bytes, .len = room(a) };
	int64_t error;
	const struct pkt_fd *fd = sp_pkt_arg_socket(a, &error);

	if (fd == NULL)
		return error;
	if (!read_option(a, &opt, &error))
		return error;
	error = a->r->w->ops->getopt(a->r->w, fd->os, &opt);
	if (error != 0)
		return name_it(a, error);
	v.len = opt.len;
	/* Buffer sizes are our own business in all profiles but the strict one. */
	if (a->r->config.profile != PKT_STRICT && opt.level == SOL_SOCKET &&
	    (opt.name == SO_RCVBUF || opt.name == SO_SNDBUF))
		return 0;
	error = check_value(a, &v);
	return error != 0 ? error : check_len(a, v.len);
}
