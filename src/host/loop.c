/*
 * loop.c - the event loop: one epoll, one stack, its links, some descriptors.
 *
 * The order of a turn is the core's (sampan.h): input, advance, events,
 * output.  Output comes first of all too, so that what was called between
 * turns is on its way before the loop sleeps.
 *
 * Every part of a turn is bounded: one batch of each link in, some events, a
 * few batches out, one callback for each descriptor that is ready.  What is
 * left over makes the next turn not sleep (`more`), or is still ready then,
 * as epoll reports levels.  So a busy link delays a signal or the control
 * socket by one turn, never by more.
 *
 * Sleeping is epoll_pwait2(), whose time-out counts in nanoseconds.
 *
 * A loop of a team (threads.h) owns its stack while it is awake: it holds its
 * guard then, which nobody else takes but the leader, for the control socket.
 * There are two locks to a guard so that whoever waits is next: the second is
 * waited for only under the first.
 */
#include "host/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "host/team.h"
#include "link/link.h"

#define MAX_LINKS 16
#define MAX_READY 64
#define EVENT_BATCH 64

/* In a turn at most: events reported, in batches; frames sent on a link, in
 * batches of 64.  Of big frames the latter are 16 MiB, some milliseconds. */
#define EVENT_ROUNDS 16
#define OUTPUT_ROUNDS 4

/* A descriptor and who wants to hear of it. */
struct watch {
	struct watch *next;
	int fd;			/* -1: removed, to be freed after the turn's callbacks */
	sampan_fd_fn *fn;
	void *ctx;
};

struct served_link {
	struct sampan_link *link;
	bool readable;
	bool wants_room;	/* EPOLLOUT is asked for */
};

struct sampan_loop {
	struct sampan_loop_config config;
	int epoll_fd;
	bool stopped;
	bool more;		/* work is left: do not sleep */
	sampan_time now;
	uint64_t turns;
	struct watch *watches;
	sp_turn_fn *turn;	/* NULL: none */
	void *turn_ctx;
	sampan_time turn_at;	/* it asked for */
	unsigned owned;
	sampan_handle own[SP_LOOP_OWNED];
	unsigned links;
	struct served_link link[MAX_LINKS];
	struct sampan_team *team;	/* NULL: alone */
	struct sp_relay *relay;		/* the team's */
	struct sp_relay_end end;	/* this loop's, there */
	pthread_mutex_t next, guard;
};

int
sampan_loop_open(const struct sampan_loop_config *config, struct sampan_loop **out)
{
	struct sampan_loop *loop;

	if (config->size != sizeof(*config) || config->stack == NULL || config->events == NULL) {
		errno = EINVAL;
		return -1;
	}
	loop = calloc(1, sizeof(*loop));
	if (loop == NULL)
		return -1;
	loop->config = *config;
	loop->now = sampan_clock();
	loop->turn_at = SAMPAN_NEVER;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		free(loop);
		return -1;
	}
	(void)pthread_mutex_init(&loop->next, NULL);
	(void)pthread_mutex_init(&loop->guard, NULL);
	*out = loop;
	return 0;
}

void
sampan_loop_close(struct sampan_loop *loop)
{
	struct watch *w, *next;

	if (loop == NULL)
		return;
	sp_team_leave(loop->team, loop->end.member);
	for (w = loop->watches; w != NULL; w = next) {
		next = w->next;
		free(w);
	}
	(void)close(loop->epoll_fd);
	(void)pthread_mutex_destroy(&loop->guard);
	(void)pthread_mutex_destroy(&loop->next);
	free(loop);
}

/* ---- Descriptors ---- */

static struct watch *
find_watch(const struct sampan_loop *loop, int fd)
{
	struct watch *w = loop->watches;

	while (w != NULL && w->fd != fd)
		w = w->next;
	return w;
}

static int
control_epoll(const struct sampan_loop *loop, int op, struct watch *w, uint32_t interest)
{
	struct epoll_event e = { .events = interest, .data = { .ptr = w } };

	return epoll_ctl(loop->epoll_fd, op, w->fd, &e);
}

int
sampan_loop_add_fd(struct sampan_loop *loop, int fd, uint32_t interest, sampan_fd_fn *fn,
    void *ctx)
{
	struct watch *w = malloc(sizeof(*w));

	if (w == NULL)
		return -1;
	*w = (struct watch){ .next = loop->watches, .fd = fd, .fn = fn, .ctx = ctx };
	if (control_epoll(loop, EPOLL_CTL_ADD, w, interest) != 0) {
		free(w);
		return -1;
	}
	loop->watches = w;
	return 0;
}

int
sampan_loop_set_fd(struct sampan_loop *loop, int fd, uint32_t interest)
{
	struct watch *w = find_watch(loop, fd);

	if (w == NULL) {
		errno = ENOENT;
		return -1;
	}
	return control_epoll(loop, EPOLL_CTL_MOD, w, interest);
}

int
sampan_loop_remove_fd(struct sampan_loop *loop, int fd)
{
	struct watch *w = find_watch(loop, fd);

	if (w == NULL) {
		errno = ENOENT;
		return -1;
	}
	(void)control_epoll(loop, EPOLL_CTL_DEL, w, 0);
	w->fd = -1;
	return 0;
}

static void
free_removed(struct sampan_loop *loop)
{
	struct watch **at = &loop->watches;

	while (*at != NULL) {
		struct watch *w = *at;

		if (w->fd >= 0) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
}

/* ---- Links ---- */

static void
link_ready(void *ctx, int fd, uint32_t ready)
{
	struct served_link *s = ctx;

	(void)fd;
	if (ready & (EPOLLIN | EPOLLERR | EPOLLHUP))
		s->readable = true;
}

/* Of the links, or of all others. */
static void
run_callbacks(const struct epoll_event *ready, int n, bool of_links)
{
	for (int i = 0; i < n; i++) {
		const struct watch *w = ready[i].data.ptr;

		/* Not removed by a callback before. */
		if (w->fd >= 0 && (w->fn == link_ready) == of_links)
			w->fn(w->ctx, w->fd, ready[i].events);
	}
}

int
sampan_loop_add_link(struct sampan_loop *loop, struct sampan_link *link)
{
	struct served_link *s = &loop->link[loop->links];
	const int fd = sampan_link_fd(link);

	if (loop->links == MAX_LINKS) {
		errno = ENOSPC;
		return -1;
	}
	*s = (struct served_link){ .link = link };
	if (fd >= 0 && sampan_loop_add_fd(loop, fd, EPOLLIN, link_ready, s) != 0)
		return -1;
	loop->links++;
	sp_link_relay(link, loop->relay, loop->end.member);
	return 0;
}

static void
input_links(struct sampan_loop *loop)
{
	for (unsigned i = 0; i < loop->links; i++) {
		struct served_link *s = &loop->link[i];

		if (s->readable || sampan_link_deadline(s->link) <= loop->now)
			(void)sampan_link_input(s->link, loop->now);
		s->readable = false;
	}
}

/* Asks to be woken when a link that is full has room again. */
static void
watch_for_room(struct sampan_loop *loop, struct served_link *s)
{
	const bool blocked = sampan_link_blocked(s->link);
	const int fd = sampan_link_fd(s->link);

	if (blocked == s->wants_room || fd < 0)
		return;
	if (sampan_loop_set_fd(loop, fd, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN) == 0)
		s->wants_room = blocked;
}

/* Returns how many frames left.  What the leader of a team has to tell goes first. */
static unsigned
output_links(struct sampan_loop *loop)
{
	unsigned all = 0;

	if (loop->relay != NULL && loop->end.member == 0)
		sp_relay_tell(loop->relay, loop->config.stack);
	for (unsigned i = 0; i < loop->links; i++) {
		struct served_link *s = &loop->link[i];
		unsigned round, sent;

		for (round = 0; round < OUTPUT_ROUNDS; round++) {
			sent = sampan_link_output(s->link, loop->now);
			all += sent;
			if (sent == 0 || sampan_link_blocked(s->link))
				break;
		}
		loop->more |= round == OUTPUT_ROUNDS;
		watch_for_room(loop, s);
	}
	return all;
}

/* ---- Sockets that are not the application's, and the hook of a turn ---- */

int
sp_loop_own(struct sampan_loop *loop, sampan_handle handle)
{
	if (loop->owned == SP_LOOP_OWNED) {
		errno = ENOSPC;
		return -1;
	}
	loop->own[loop->owned++] = handle;
	return 0;
}

void
sp_loop_disown(struct sampan_loop *loop, sampan_handle handle)
{
	for (unsigned i = 0; i < loop->owned; i++) {
		if (loop->own[i] == handle)
			loop->own[i] = loop->own[--loop->owned];
	}
}

static bool
is_owned(const struct sampan_loop *loop, sampan_handle handle)
{
	for (unsigned i = 0; i < loop->owned; i++) {
		if (loop->own[i] == handle)
			return true;
	}
	return false;
}

/* Takes the events out that are not the application's; returns how many are
 * left. */
static unsigned
leave_out_owned(const struct sampan_loop *loop, struct sampan_event *events, unsigned n)
{
	unsigned left = 0;

	if (loop->owned == 0)
		return n;
	for (unsigned i = 0; i < n; i++) {
		if (!is_owned(loop, events[i].handle))
			events[left++] = events[i];
	}
	return left;
}

void
sp_loop_on_turn(struct sampan_loop *loop, sp_turn_fn *fn, void *ctx)
{
	loop->turn = fn;
	loop->turn_ctx = ctx;
	loop->turn_at = SAMPAN_NEVER;
}

struct sampan_link *
sp_loop_link_at(const struct sampan_loop *loop, unsigned i)
{
	return i < loop->links ? loop->link[i].link : NULL;
}

/* ---- Teams ---- */

static void
woken(void *ctx, int fd, uint32_t ready)
{
	uint64_t times;

	(void)ctx;
	(void)ready;
	(void)!read(fd, &times, sizeof(times));
}

int
sp_loop_join(struct sampan_loop *loop, struct sampan_team *team, struct sp_relay *relay,
    unsigned member)
{
	if (loop->relay != NULL || loop->links > 0) {
		errno = EINVAL;
		return -1;
	}
	if (sampan_loop_add_fd(loop, sp_relay_fd(relay, member), EPOLLIN, woken, loop) != 0)
		return -1;
	loop->team = team;
	loop->relay = relay;
	loop->end = (struct sp_relay_end){ member, loop->config.stack };
	return 0;
}

struct sampan_team *
sp_loop_team(const struct sampan_loop *loop)
{
	return loop->team;
}

void
sp_loop_hold(struct sampan_loop *loop)
{
	if (loop->relay == NULL)
		return;
	(void)pthread_mutex_lock(&loop->next);
	(void)pthread_mutex_lock(&loop->guard);
	(void)pthread_mutex_unlock(&loop->next);
}

void
sp_loop_release(struct sampan_loop *loop)
{
	if (loop->relay != NULL)
		(void)pthread_mutex_unlock(&loop->guard);
}

/* What others have handed on. */
static void
input_team(struct sampan_loop *loop)
{
	if (loop->relay == NULL)
		return;
	sp_relay_hear(loop->relay, &loop->end);
	(void)sp_relay_input(loop->relay, &loop->end, loop->now);
}

/* ---- A turn ---- */

/* Returns how many events there were. */
static unsigned
report_events(struct sampan_loop *loop)
{
	struct sampan_event events[EVENT_BATCH];
	unsigned all = 0;

	for (unsigned round = 0; round < EVENT_ROUNDS; round++) {
		const int n = sampan_events(loop->config.stack, events, EVENT_BATCH);

		unsigned theirs;

		if (n <= 0)
			return all;
		theirs = leave_out_owned(loop, events, (unsigned)n);
		if (theirs > 0)
			loop->config.events(loop->config.ctx, events, theirs);
		all += (unsigned)n;
	}
	loop->more = true;
	return all;
}

static sampan_time
next_deadline(const struct sampan_loop *loop)
{
	sampan_time at = sampan_deadline(loop->config.stack);

	if (loop->turn_at < at)
		at = loop->turn_at;
	for (unsigned i = 0; i < loop->links; i++) {
		const sampan_time link_at = sampan_link_deadline(loop->link[i].link);

		if (link_at < at)
			at = link_at;
	}
	return at;
}

static int
sleep_until_ready(struct sampan_loop *loop, struct epoll_event *ready, sampan_dur sleep_dur)
{
	const sampan_time now = sampan_clock();
	const sampan_time deadline_at = next_deadline(loop);
	struct timespec ts;
	int n, error;

	if (loop->more || deadline_at <= now ||
	    (loop->relay != NULL && !sp_relay_rest(loop->relay, loop->end.member)))
		sleep_dur = 0;
	else if (deadline_at != SAMPAN_NEVER && deadline_at - now < sleep_dur)
		sleep_dur = deadline_at - now;
	ts.tv_sec = (time_t)(sleep_dur / SAMPAN_SEC(1));
	ts.tv_nsec = (long)(sleep_dur % SAMPAN_SEC(1));
	sp_loop_release(loop);
	n = epoll_pwait2(loop->epoll_fd, ready, MAX_READY,
	    sleep_dur == SAMPAN_NEVER ? NULL : &ts, NULL);
	error = errno;
	sp_loop_hold(loop);
	if (loop->relay != NULL)
		sp_relay_rise(loop->relay, loop->end.member);
	errno = error;
	return n;
}

static int
check_links(const struct sampan_loop *loop)
{
	for (unsigned i = 0; i < loop->links; i++) {
		const int error = sampan_link_error(loop->link[i].link);

		if (error != 0) {
			errno = error;
			return -1;
		}
	}
	return 0;
}

static int
turn(struct sampan_loop *loop, sampan_dur sleep_dur)
{
	struct epoll_event ready[MAX_READY];
	int n;

	(void)output_links(loop);
	n = sleep_until_ready(loop, ready, sleep_dur);
	if (n < 0 && errno != EINTR)
		return -1;

	loop->turns++;
	loop->more = false;
	loop->now = sampan_clock();
	run_callbacks(ready, n, true);
	input_team(loop);	/* first: what was handed on has been on its way for longer */
	input_links(loop);
	/* Due or not: what callbacks ask of the stack happens now, not at its last frame. */
	sampan_advance(loop->config.stack, loop->now);
	run_callbacks(ready, n, false);
	free_removed(loop);
	(void)report_events(loop);
	if (loop->turn != NULL)
		loop->turn_at = loop->turn(loop->turn_ctx, loop->now);
	/* Frames that left may have made room that an application waits for. */
	if (output_links(loop) > 0 && report_events(loop) > 0)
		loop->more = true;
	return check_links(loop);
}

int
sampan_loop_turn(struct sampan_loop *loop, sampan_dur sleep_dur)
{
	int result;

	sp_loop_hold(loop);
	result = turn(loop, sleep_dur);
	sp_loop_release(loop);
	return result;
}

int
sampan_loop_run(struct sampan_loop *loop)
{
	loop->stopped = false;
	while (!loop->stopped) {
		if (sampan_loop_turn(loop, SAMPAN_NEVER) != 0)
			return -1;
	}
	return 0;
}

void
sampan_loop_stop(struct sampan_loop *loop)
{
	loop->stopped = true;
}

sampan_time
sampan_loop_now(const struct sampan_loop *loop)
{
	return loop->now;
}

struct sampan *
sampan_loop_stack(const struct sampan_loop *loop)
{
	return loop->config.stack;
}

uint64_t
sp_loop_turn_number(const struct sampan_loop *loop)
{
	return loop->turns;
}
