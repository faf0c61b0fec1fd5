/*
 * cmd_serve.c - `sampan serve`: one stack on one link, with services.
 *
 * Starts in the order in which mistakes are cheapest: memory, listeners, the
 * name, the link; nothing is left behind when a step fails.
 *
 * SIGINT, SIGTERM or SIGHUP ends it: listeners are closed, services finish
 * what they were sending, and the loop goes on until all connections have said
 * goodbye, for 2 seconds at most or until a second signal.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <sampan/emulate.h>

#include "cmd/cmd.h"
#include "cmd/serve_args.h"
#include "cmd/serve_conf.h"
#include "cmd/serve_emulate.h"
#include "cmd/serve_sandbox.h"
#include "link/tape.h"

#define GOODBYE_DUR SAMPAN_SEC(2)
/* How long the start waits for addresses: two seconds for a link-local one, and where
 * the first solicitation is lost four until the next (RFC 4861 §10), two for what is
 * made of its answer; a leased one is checked for up to seven. */
#define SETTLE_DUR SAMPAN_SEC(9)
#define LEASE_DUR SAMPAN_SEC(12)
/* How often addresses that come and go are looked at. */
#define LOOK_DUR SAMPAN_SEC(1)
#define RELEASE_DUR SAMPAN_MS(500)
#define ADDRS_BYTES 1000
/* How often it is looked whether all are gone. */
#define GLANCE_DUR SAMPAN_MS(5)

struct server {
	struct serve_args args;
	const char *program;		/* as it was started, for the hints */
	struct sampan *stack;		/* args.memory_bytes */
	struct sampan_loop *loop;
	struct sampan_control *control;
	struct sampan_link *link;
	struct svc_host services;
	struct serve_sandbox sandbox;
	int signal_fd;
	int tick_fd;			/* a timer for deadlines of services */
	bool ticking;
	unsigned signals;		/* that came */
	char addrs[ADDRS_BYTES];	/* as they were told last */
	char why[SAMPAN_WHY_BYTES];
};

static int
fail(int error, const char *what)
{
	return sp_cmd_fail("sampan serve", error, "%s", what);
}

/* ---- Start: each step returns 0, or the exit code after a message ---- */

static int
start_stack(struct server *v)
{
	const struct serve_args *a = &v->args;
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
	v->stack = sampan_memory_alloc(a->memory_bytes, false);
	if (v->stack == NULL)
		return fail(ENOMEM, "not that much memory in this machine: give less --memory");
	error = sampan_init(v->stack, a->memory_bytes, &config, sampan_clock());
	if (error == SAMPAN_ENOBUFS)
		return fail(EINVAL, "--memory is too small for a stack: give more, such as 64M");
	return error == 0 ? 0 : fail(ENOTRECOVERABLE, sampan_strerror(error));
}

/* From the stack's first moment on. */
static int
start_tape(struct server *v)
{
	const struct serve_args *a = &v->args;
	const struct sp_why why = { v->why, sizeof(v->why) };

	if (a->record == NULL)
		return 0;
	if (sp_tape_open(a->record, a->record_bytes, v->stack, SAMPAN_BUILD_VERSION, &why) != 0)
		return fail(errno, v->why);
	return 0;
}

static int
start_service(struct server *v, const struct serve_listener *l)
{
	const struct sp_why why = { v->why, sizeof(v->why) };
	int error;

	if (sp_svc_start(&v->services, l->svc, &why) != 0)
		return fail(errno, v->why);
	error = sp_svc_listen(&v->services, l->svc, l->port);
	if (error == SAMPAN_ENOBUFS)
		return fail(EINVAL, "--memory is too small for the services: give more, such as "
		    "64M");
	return error == 0 ? 0 : sp_cmd_fail("sampan serve", EINVAL, "--services %s:%u: %s: choose "
	    "another port", l->svc->name, (unsigned)l->port, sampan_strerror(error));
}

static int
start_services(struct server *v)
{
	int exit_code = 0;

	v->services.stack = v->stack;
	v->services.options = v->args.services;
	for (unsigned i = 0; i < v->args.listeners && exit_code == 0; i++)
		exit_code = start_service(v, &v->args.listener[i]);
	return exit_code;
}

static void
signal_came(void *ctx, int fd, uint32_t ready)
{
	struct server *v = ctx;
	struct signalfd_siginfo info;

	(void)ready;
	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	v->signals++;
	sampan_loop_stop(v->loop);
}

static int
watch_signals(struct server *v)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	v->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (v->signal_fd < 0)
		return -1;
	return sampan_loop_add_fd(v->loop, v->signal_fd, EPOLLIN, signal_came, v);
}

/* What time it is for the services. */
static void
tell_time(struct server *v)
{
	struct timespec wall;

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &wall);
	v->services.now = sampan_loop_now(v->loop);
	v->services.wall_s = wall.tv_sec;
}

/* Ticks only while there are records with deadlines. */
static void
set_ticking(struct server *v)
{
	const bool on = sp_svc_wants_tick(&v->services);
	const struct timespec tick = { .tv_nsec = on ? (long)SVC_TICK_DUR : 0 };
	const struct itimerspec every = { tick, tick };

	if (on == v->ticking || timerfd_settime(v->tick_fd, 0, &every, NULL) != 0)
		return;
	v->ticking = on;
	if (!on)
		sp_svc_tick(&v->services);	/* the last: what was gathered is written */
}

static void
tick_came(void *ctx, int fd, uint32_t ready)
{
	struct server *v = ctx;
	uint64_t times;

	(void)ready;
	if (read(fd, &times, sizeof(times)) != (ssize_t)sizeof(times))
		return;
	tell_time(v);
	sp_svc_tick(&v->services);
	set_ticking(v);
}

static int
watch_time(struct server *v)
{
	v->tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return v->tick_fd < 0 ? -1 : sampan_loop_add_fd(v->loop, v->tick_fd, EPOLLIN, tick_came, v);
}

static void
events_came(void *ctx, const struct sampan_event *events, unsigned n)
{
	struct server *v = ctx;

	tell_time(v);
	sp_svc_events(&v->services, events, n);
	set_ticking(v);
}

static int
start_loop(struct server *v)
{
	const struct sampan_loop_config config = {
		.size = sizeof(config),
		.stack = v->stack,
		.events = events_came,
		.ctx = v,
	};

	if (sampan_loop_open(&config, &v->loop) != 0 || watch_signals(v) != 0 ||
	    watch_time(v) != 0)
		return fail(errno, strerror(errno));
	if (sampan_control_open(v->loop, v->args.name, &v->control, v->why, sizeof(v->why)) != 0)
		return fail(errno, v->why);
	sp_janitor_charge(&v->sandbox.janitor);
	return 0;
}

static int
start_link(struct server *v)
{
	if (sampan_link_open(v->args.link, &v->link, v->why, sizeof(v->why)) != 0)
		return fail(errno, v->why);
	if (v->args.emulate != NULL && sampan_link_emulate(v->link, v->args.emulate, &v->link,
	    v->why, sizeof(v->why)) != 0)
		return fail(errno, v->why);
	if (sampan_link_attach(v->link, v->stack) < 0 ||
	    sampan_loop_add_link(v->loop, v->link) != 0)
		return fail(errno, strerror(errno));
	return sp_serve_net_apply(&v->args.net, v->stack, v->link);
}

/* IPv6 addresses are checked before they are used, and routers may take a while:
 * what is printed is what there is. */
static void
await_addresses(struct server *v)
{
	const sampan_time end_at = sampan_clock() + (v->args.net.dhcp || v->args.net.link_local ?
		LEASE_DUR : SETTLE_DUR);

	while (v->signals == 0 && sp_serve_net_waits(&v->args.net, v->stack) &&
	    sampan_clock() < end_at)
		if (sampan_loop_turn(v->loop, SAMPAN_MS(50)) != 0)
			return;
}

/* ---- What to try ---- */

static void
print_hints(const char *addr, const struct serve_listener *l)
{
	char text[160];

	for (unsigned i = 0; i < SVC_HINTS && l->svc->hints[i] != NULL; i++) {
		sp_svc_hint(text, sizeof(text), l->svc->hints[i], addr, l->port);
		(void)printf("  %s\n", text);
	}
}

/* All addresses, as "a, b, c"; those that find no room are left out. */
static void
write_addresses(const struct sampan *s, char *text)
{
	struct sampan_addr addr;
	size_t at = 0;

	*text = '\0';
	for (unsigned i = 0; sp_serve_net_addr(s, i, &addr) &&
	    at + SAMPAN_ADDR_TEXT + 2 < ADDRS_BYTES; i++) {
		if (i > 0)
			at = (size_t)(stpcpy(text + at, ", ") - text);
		at += sampan_addr_write(&addr, text + at);
	}
	if (at == 0)
		(void)stpcpy(text, "no address yet");
}

/* RFC 2131 §4.4.5: whoever looks on hears of addresses that change. */
static void
tell_addresses(struct server *v)
{
	char addrs[ADDRS_BYTES];

	write_addresses(v->stack, addrs);
	if (strcmp(addrs, v->addrs) == 0)
		return;
	memcpy(v->addrs, addrs, sizeof(addrs));
	(void)printf("Now serving on %s\n", addrs);
	(void)fflush(stdout);
}

static void
print_start(struct server *v)
{
	const bool named = strcmp(v->args.name, SERVE_NAME) != 0;
	const bool sudo = geteuid() == 0 && getenv("SUDO_USER") != NULL;
	struct sampan_addr first;
	char addr[SAMPAN_ADDR_TEXT] = "ADDRESS";

	if (sp_serve_net_addr(v->stack, 0, &first))
		(void)sampan_addr_write(&first, addr);
	write_addresses(v->stack, v->addrs);
	(void)printf("Serving on %s, link %s:", v->addrs, sampan_link_name(v->link));
	for (unsigned i = 0; i < v->args.listeners; i++)
		(void)printf(" %s:%u", v->args.listener[i].svc->name,
		    (unsigned)v->args.listener[i].port);
	(void)printf("\nTry, in another terminal:\n");
	for (unsigned i = 0; i < v->args.listeners; i++)
		print_hints(addr, &v->args.listener[i]);
	(void)printf("  ping %s\n", addr);
	(void)printf("  %s%s ss%s%s\n", sudo ? "sudo " : "", v->program, named ? " --name " : "",
	    named ? v->args.name : "");
	sp_serve_sandbox_print(&v->sandbox);
	(void)printf("Ctrl-C ends it.\n");
	(void)fflush(stdout);
}

/* ---- The end ---- */

/* Who is still there hears a reset, not silence. */
static void
reset_rest(struct server *v)
{
	struct sampan_status found[64];
	uint64_t cursor = 0;

	while (cursor != SAMPAN_WALK_END) {
		const int n = sampan_walk(v->stack, &cursor, found, 64);

		for (int i = 0; i < n; i++) {
			if (found[i].handle != 0)
				(void)sampan_abort(v->stack, found[i].handle);
		}
		if (n < 0)
			return;
	}
	(void)sampan_loop_turn(v->loop, 0);
}

static void
release_addresses(struct server *v)
{
	const sampan_time end_at = sampan_clock() + RELEASE_DUR;

	while (sp_serve_net_end(&v->args.net, v->stack) && v->signals < 2 &&
	    sampan_clock() < end_at)
		if (sampan_loop_turn(v->loop, GLANCE_DUR) != 0)
			return;
}

/* Lets what is queued leave, and FINs be answered. */
static void
say_goodbye(struct server *v)
{
	const sampan_time end_at = sampan_clock() + GOODBYE_DUR;
	struct sampan_stats stats;

	tell_time(v);
	sp_svc_stop(&v->services);
	do {
		if (sampan_loop_turn(v->loop, GLANCE_DUR) != 0)
			return;
		sampan_stats(v->stack, &stats);
	} while (stats.connections > 0 && v->signals < 2 && sampan_clock() < end_at);
	reset_rest(v);
	release_addresses(v);
}

static void
clean_up(struct server *v)
{
	sampan_control_close(v->control);
	sampan_link_close(v->link);
	sampan_loop_close(v->loop);
	sp_svc_end(&v->services);
	if (v->signal_fd >= 0)
		(void)close(v->signal_fd);
	if (v->tick_fd >= 0)
		(void)close(v->tick_fd);
	if (sp_tape_ended())
		(void)sp_cmd_fail("sampan serve", 0, "--record %s ends early: the stack has "
		    "outgrown it; give more --record-size", v->args.record);
	sp_tape_close();
	sampan_memory_free(v->stack, v->args.memory_bytes);
	sp_janitor_end(&v->sandbox.janitor);
}

/* Until a signal comes. */
static int
run(struct server *v)
{
	if (!sp_serve_net_is_auto(&v->args.net))
		return v->signals == 0 ? sampan_loop_run(v->loop) : 0;
	while (v->signals == 0) {
		if (sampan_loop_turn(v->loop, LOOK_DUR) != 0)
			return -1;
		tell_addresses(v);
	}
	return 0;
}

static int
serve(struct server *v)
{
	int exit_code = sp_serve_sandbox_prepare(&v->sandbox, &v->args);

	if (exit_code == 0)
		exit_code = start_stack(v);
	if (exit_code == 0)
		exit_code = start_tape(v);
	if (exit_code == 0)
		exit_code = sp_serve_conf_apply(v->stack, &v->args);
	if (exit_code == 0)
		exit_code = start_services(v);
	if (exit_code == 0)
		exit_code = start_loop(v);
	if (exit_code == 0)
		exit_code = start_link(v);
	if (exit_code == 0)
		exit_code = sp_serve_sandbox_enter(&v->sandbox);
	if (exit_code != 0)
		return exit_code;
	await_addresses(v);
	print_start(v);
	if (run(v) != 0)
		return sp_cmd_fail("sampan serve", ENODEV, "the link %s has ended: %s",
		    sampan_link_name(v->link),
		    errno == EBADFD ? "its interface was removed" : strerror(errno));
	say_goodbye(v);
	sp_serve_emulate_report(v->link);
	return 0;
}

static int
serve_run(int argc, char **argv)
{
	struct server v = { .signal_fd = -1, .tick_fd = -1, .sandbox = { .janitor = { .fd = -1 } },
		.program = program_invocation_name };
	int exit_code = sp_serve_args_read(&v.args, argc, argv);

	if (exit_code == 0) {
		exit_code = serve(&v);
		clean_up(&v);
	}
	return exit_code;
}

const struct cmd sp_cmd_serve = {
	.name = "serve",
	.text = "run services on a stack of its own",
	.about = "Serves on one link until Ctrl-C, which ends every connection with a FIN; a "
	    "second Ctrl-C does not wait for that.",
	.options = sp_serve_options,
	.describe = sp_serve_describe,
	.examples = {
		{ "", "Everything as it is by default, at 10.77.0.2." },
		{ "--service echo:7777 --name b --link tap:sampan1,host=10.78.0.1/24 "
		  "--addr 10.78.0.2/24", "A second instance." },
	},
	.run = serve_run,
};
