/*
 * call_poll.c - poll() and epoll, over the world's readiness.
 *
 * epoll is ours: level and edge (what arrived anew since it was reported) are
 * both there to be asked (world.h).
 */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>

#include "pkt/call.h"

/* Always reported. */
#define ALWAYS (EPOLLERR | EPOLLHUP)
#define EVENTS_MAX 64

/* -1: not yet; the call waits until its time-out. */
static int64_t
wait_for(struct pkt_attempt *a, int64_t timeout_ms)
{
	const int64_t now = a->r->w->now_ns;

	if (!a->began && timeout_ms >= 0)
		a->wake_ns = now + (int64_t)SAMPAN_MS(timeout_ms);
	return a->wake_ns >= 0 && now >= a->wake_ns ? 0 : PKT_WAIT;
}

/* ---- poll ---- */

static bool
poll_one(struct pkt_attempt *a, const struct pkt_expr *e, int64_t *revents)
{
	const struct pkt_fd *fd;
	int64_t label, events;

	if (e->kind != PKT_EXPR_STRUCT) {
		(void)sp_pkt_bad_arg(a, "{fd, events, revents} is expected");
		return false;
	}
	if (!sp_pkt_arg_int(a, sp_pkt_field(e, "fd", "fd", 0), -1, &label) ||
	    !sp_pkt_arg_int(a, sp_pkt_field(e, "events", "events", 1), 0, &events))
		return false;
	fd = sp_pkt_fd_find(a->r, label);
	*revents = 0;
	if (fd == NULL)
		*revents = label < 0 ? 0 : POLLNVAL;
	else if (fd->kind == PKT_FD_SOCKET)
		*revents = a->r->w->ops->ready(a->r->w, fd->os) & ((uint32_t)events | ALWAYS);
	return true;
}

static int64_t
check_revents(struct pkt_attempt *a, const struct pkt_expr *list)
{
	for (const struct pkt_expr *e = list->items; e != NULL; e = e->next) {
		int64_t revents, want;

		if (!poll_one(a, e, &revents) ||
		    !sp_pkt_arg_int(a, sp_pkt_field(e, "revents", "revents", 2), revents, &want))
			return PKT_BAD_ARG;
		if (revents != want)
			return sp_pkt_differs(a, "revents are 0x%x", (unsigned)revents);
	}
	return 0;
}

int64_t
sp_pkt_call_poll(struct pkt_attempt *a)
{
	const struct pkt_expr *const list = a->arg[0];
	int64_t timeout, ready = 0, error;

	if (list->kind != PKT_EXPR_ARRAY || !sp_pkt_arg_int(a, a->arg[2], 0, &timeout))
		return PKT_BAD_ARG;
	for (const struct pkt_expr *e = list->items; e != NULL; e = e->next) {
		int64_t revents;

		if (!poll_one(a, e, &revents))
			return PKT_BAD_ARG;
		ready += revents != 0;
	}
	if (ready == 0 && wait_for(a, timeout) == PKT_WAIT)
		return PKT_WAIT;
	error = check_revents(a, list);
	return error != 0 ? error : ready;
}

/* ---- epoll ---- */

int64_t
sp_pkt_call_epoll_create(struct pkt_attempt *a)
{
	a->makes_fd = true;
	a->fd_kind = PKT_FD_EPOLL;
	return 0;
}

static struct pkt_watch *
find_watch(const struct pkt_fd *ep, const struct pkt_fd *fd)
{
	struct pkt_watch *w = ep->watches;

	while (w != NULL && w->fd != fd)
		w = w->next;
	return w;
}

/* The union's value by whatever member the script names; the label otherwise. */
static bool
read_event(struct pkt_attempt *a, const struct pkt_expr *e, uint32_t *events, uint64_t *data)
{
	static const char *const members[] = { "fd", "u32", "u64", "ptr" };
	const struct pkt_expr *value = NULL;
	int64_t n;

	*events = 0;
	*data = 0;
	if (e == NULL || e->kind == PKT_EXPR_ANY)
		return true;
	if (e->kind == PKT_EXPR_ARRAY && e->items != NULL)
		e = e->items;
	if (e->kind != PKT_EXPR_STRUCT) {
		(void)sp_pkt_bad_arg(a, "{events, data} is expected");
		return false;
	}
	if (!sp_pkt_arg_int(a, sp_pkt_field(e, "events", "events", 0), 0, &n))
		return false;
	*events = (uint32_t)n;
	for (unsigned i = 0; value == NULL && i < 4; i++)
		value = sp_pkt_field(e, members[i], "data", 1);
	if (!sp_pkt_arg_int(a, value, 0, &n))
		return false;
	*data = (uint64_t)n;
	return true;
}

static int64_t
change_watch(struct pkt_attempt *a, struct pkt_fd *ep, struct pkt_fd *fd, int64_t op)
{
	struct pkt_watch *w = find_watch(ep, fd);

	if (op == EPOLL_CTL_ADD ? w != NULL : w == NULL)
		return op == EPOLL_CTL_ADD ? -EEXIST : -ENOENT;
	if (op == EPOLL_CTL_DEL) {
		w->fd = NULL;
		return 0;
	}
	if (w == NULL) {
		struct pkt_watch **at = &ep->watches;

		w = sp_pkt_alloc(&a->r->pool, sizeof(*w));
		while (*at != NULL)
			at = &(*at)->next;
		*at = w;
	}
	w->fd = fd;
	w->fresh = true;
	return read_event(a, a->arg[3], &w->events, &w->data) ? 0 : PKT_BAD_ARG;
}

int64_t
sp_pkt_call_epoll_ctl(struct pkt_attempt *a)
{
	int64_t error, op, label;
	struct pkt_fd *ep = sp_pkt_arg_fd(a, &error), *fd;

	if (ep == NULL)
		return error;
	if (!sp_pkt_arg_int(a, a->arg[1], 0, &op) || !sp_pkt_arg_int(a, a->arg[2], -1, &label))
		return PKT_BAD_ARG;
	if (ep->kind != PKT_FD_EPOLL)
		return -EINVAL;
	fd = sp_pkt_fd_find(a->r, label);
	if (fd == NULL)
		return -EBADF;
	if (fd->kind != PKT_FD_SOCKET)
		return -EINVAL;
	return change_watch(a, ep, fd, op);
}

/* What a watch would report now. */
static uint32_t
due(struct pkt_run *r, const struct pkt_watch *w)
{
	uint32_t ready;

	if (w->fd == NULL || w->fd->closed)
		return 0;
	if ((w->events & EPOLLET) != 0 && !w->fresh &&
	    w->seen_edges == r->w->ops->edges(r->w, w->fd->os))
		return 0;
	if ((w->events & ~(uint32_t)(EPOLLET | EPOLLONESHOT)) == 0)
		return 0;	/* one shot, fired */
	ready = r->w->ops->ready(r->w, w->fd->os);
	return ready & (w->events | ALWAYS);
}

static int64_t
check_event(struct pkt_attempt *a, const struct pkt_expr *want, const struct pkt_watch *w,
    uint32_t events)
{
	uint32_t want_events;
	uint64_t want_data;

	if (want == NULL || want->kind == PKT_EXPR_ANY)
		return 0;
	if (!read_event(a, want, &want_events, &want_data))
		return PKT_BAD_ARG;
	if (want_events != events || want_data != w->data)
		return sp_pkt_differs(a, "reports events 0x%x, data %llu", events,
		    (unsigned long long)w->data);
	return 0;
}

static int64_t
take_due(struct pkt_attempt *a, struct pkt_fd *ep, int64_t most)
{
	const struct pkt_expr *list = a->arg[1];
	const struct pkt_expr *want = list->kind == PKT_EXPR_ARRAY ? list->items :
	    list->kind == PKT_EXPR_STRUCT ? list : NULL;
	int64_t taken = 0, error;

	for (struct pkt_watch *w = ep->watches; w != NULL && taken < most; w = w->next) {
		const uint32_t events = due(a->r, w);

		if (events == 0)
			continue;
		error = check_event(a, want, w, events);
		if (error != 0)
			return error;
		w->fresh = false;
		w->seen_edges = a->r->w->ops->edges(a->r->w, w->fd->os);
		if ((w->events & EPOLLONESHOT) != 0)
			w->events &= EPOLLET | EPOLLONESHOT;
		want = want == NULL ? NULL : want->next;
		taken++;
	}
	return taken;
}

int64_t
sp_pkt_call_epoll_wait(struct pkt_attempt *a)
{
	int64_t error, most, timeout, taken;
	struct pkt_fd *ep = sp_pkt_arg_fd(a, &error);

	if (ep == NULL)
		return error;
	if (!sp_pkt_arg_int(a, a->arg[2], EVENTS_MAX, &most) ||
	    !sp_pkt_arg_int(a, a->arg[3], 0, &timeout))
		return PKT_BAD_ARG;
	if (ep->kind != PKT_FD_EPOLL || most <= 0)
		return -EINVAL;
	taken = take_due(a, ep, most);
	return taken != 0 ? taken : wait_for(a, timeout);
}
