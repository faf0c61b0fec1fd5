/*
 * serve_worker.c - see serve_worker.h.
 */
#include "cmd/serve_worker.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <sampan/config.h>

#include "cmd/cmd.h"
#include "host/loop.h"

#define GOODBYE_DUR SAMPAN_SEC(2)
/* How often it is looked whether all are gone. */
#define GLANCE_DUR SAMPAN_MS(5)

static int
fail(int error, const char *what)
{
	return sp_cmd_fail("sampan serve", error, "%s", what);
}

/* ---- Start ---- */

int
sp_serve_worker_stack(struct serve_worker *w, struct sampan_team *team)
{
	const struct serve_args *a = w->args;
	struct sampan_config config;
	int error;

	if (sampan_config_fill(&config) != 0)
		return fail(errno, "the kernel gives no random numbers");
	if (a->seeded) {
		config.seed[0] = a->seed;
		config.seed[1] = 0;
		config.secret[0] = 0;
		config.secret[1] = 0;
	}
	w->memory_bytes = a->memory_bytes / a->threads;
	w->stack = sampan_memory_alloc(w->memory_bytes, false);
	if (w->stack == NULL)
		return fail(ENOMEM, "not that much memory in this machine: give less --memory");
	error = sampan_init(w->stack, w->memory_bytes, &config, sampan_clock());
	if (error == SAMPAN_ENOBUFS)
		return fail(EINVAL,
		    "--memory is too small for a stack: give more, such as 64M "
		    "for each thread");
	if (error == 0 && team != NULL && sampan_team_enlist(team, w->stack) < 0)
		return fail(errno, strerror(errno));
	if (error != 0)
		return fail(ENOTRECOVERABLE, sampan_strerror(error));
	return 0;
}

void
sp_serve_worker_copy(struct serve_worker *w, const struct sampan *from)
{
	struct sampan_setting_info info;
	char value[SAMPAN_SETTING_TEXT];

	for (unsigned i = 0; sampan_setting_at(i, &info) == 0; i++)
		if (sampan_setting_read(from, info.name, value, sizeof(value)) >= 0)
			(void)sampan_setting_write(w->stack, info.name, value);
}

static int
start_service(struct serve_worker *w, const struct serve_listener *l)
{
	const struct sp_why why = {w->why, sizeof(w->why)};
	int error;

	if (sp_svc_start(&w->services, l->svc, &why) != 0)
		return fail(errno, w->why);
	error = sp_svc_listen(&w->services, l->svc, l->port);
	if (error == SAMPAN_ENOBUFS)
		return fail(EINVAL,
		    "--memory is too small for the services: give more, such as "
		    "64M");
	return error == 0 ? 0
			  : sp_cmd_fail("sampan serve", EINVAL,
				"--services %s:%u: %s: choose "
				"another port",
				l->svc->name, (unsigned)l->port, sampan_strerror(error));
}

/* A service that is one for all has its flows in the first (sampan_team_pin()). */
int
sp_serve_worker_services(struct serve_worker *w)
{
	int exit_code = 0;

	w->services.stack = w->stack;
	w->services.options = w->args->services;
	for (unsigned i = 0; i < w->args->listeners && exit_code == 0; i++)
		if (w->number == 0 || !w->args->listener[i].svc->single)
			exit_code = start_service(w, &w->args->listener[i]);
	return exit_code;
}

/* What time it is for the services. */
static void
tell_time(struct serve_worker *w)
{
	struct timespec wall;

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &wall);
	w->services.now = sampan_loop_now(w->loop);
	w->services.wall_s = wall.tv_sec;
}

/* Ticks only while there are records with deadlines. */
static void
set_ticking(struct serve_worker *w)
{
	const bool on = sp_svc_wants_tick(&w->services);
	const struct timespec tick = {.tv_nsec = on ? (long)SVC_TICK_DUR : 0};
	const struct itimerspec every = {tick, tick};

	if (on == w->ticking || timerfd_settime(w->tick_fd, 0, &every, NULL) != 0)
		return;
	w->ticking = on;
	if (!on)
		sp_svc_tick(&w->services); /* the last: what was gathered is written */
}

static void
tick_came(void *ctx, int fd, uint32_t ready)
{
	struct serve_worker *w = ctx;
	uint64_t times;

	(void)ready;
	if (read(fd, &times, sizeof(times)) != (ssize_t)sizeof(times))
		return;
	tell_time(w);
	sp_svc_tick(&w->services);
	set_ticking(w);
}

static void
events_came(void *ctx, const struct sampan_event *events, unsigned n)
{
	struct serve_worker *w = ctx;

	tell_time(w);
	sp_svc_events(&w->services, events, n);
	set_ticking(w);
}

int
sp_serve_worker_loop(struct serve_worker *w, struct sampan_team *team)
{
	const struct sampan_loop_config config = {
	    .size = sizeof(config),
	    .stack = w->stack,
	    .events = events_came,
	    .ctx = w,
	};

	if (sampan_loop_open(&config, &w->loop) != 0)
		return fail(errno, strerror(errno));
	if (team != NULL && sampan_team_run(team, w->number, w->loop) != 0)
		return fail(errno, strerror(errno));
	w->tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (w->tick_fd < 0 || sampan_loop_add_fd(w->loop, w->tick_fd, EPOLLIN, tick_came, w) != 0)
		return fail(errno, strerror(errno));
	return 0;
}

/* ---- Run ---- */

static void *
work(void *ctx)
{
	struct serve_worker *w = ctx;

	int result = 0;

	while (atomic_load(w->signals) == 0 && result == 0)
		result = sampan_loop_turn(w->loop, SAMPAN_NEVER);
	if (result == 0)
		sp_serve_worker_goodbye(w);
	atomic_store(&w->ended, true);
	return NULL;
}

int
sp_serve_worker_begin(struct serve_worker *w)
{
	const int error = pthread_create(&w->thread, NULL, work, w);

	w->running = error == 0;
	errno = error;
	return error == 0 ? 0 : -1;
}

/* ---- The end ---- */

/* Who is still there hears a reset, not silence. */
static void
reset_rest(struct serve_worker *w)
{
	struct sampan_status found[64];
	uint64_t cursor = 0;

	while (cursor != SAMPAN_WALK_END) {
		const int n = sampan_walk(w->stack, &cursor, found, 64);

		for (int i = 0; i < n; i++) {
			if (found[i].handle != 0)
				(void)sampan_abort(w->stack, found[i].handle);
		}
		if (n < 0)
			return;
	}
}

void
sp_serve_worker_goodbye(struct serve_worker *w)
{
	const sampan_time end_at = sampan_clock() + GOODBYE_DUR;
	struct sampan_stats stats;

	sp_loop_hold(w->loop);
	tell_time(w);
	sp_svc_stop(&w->services);
	sp_loop_release(w->loop);
	do {
		if (sampan_loop_turn(w->loop, GLANCE_DUR) != 0)
			return;
		sampan_stats(w->stack, &stats);
	} while (stats.connections > 0 && atomic_load(w->signals) < 2 && sampan_clock() < end_at);
	sp_loop_hold(w->loop);
	reset_rest(w);
	sp_loop_release(w->loop);
	(void)sampan_loop_turn(w->loop, 0);
}

void
sp_serve_worker_end(struct serve_worker *w)
{
	sampan_link_close(w->link);
	sampan_loop_close(w->loop);
	sp_svc_end(&w->services);
	if (w->tick_fd >= 0)
		(void)close(w->tick_fd);
	if (w->stack != NULL)
		sampan_memory_free(w->stack, w->memory_bytes);
}
