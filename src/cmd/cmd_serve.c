/*
 * cmd_serve.c - `sampan serve`: one stack on one link, with services.
 *
 * With --threads there are several stacks with the one address, each with its loop
 * and services in a thread (serve_worker.h); the first is this one.
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
#include <unistd.h>

#include <sampan/emulate.h>

#include "cmd/cmd.h"
#include "cmd/serve_args.h"
#include "cmd/serve_conf.h"
#include "cmd/serve_emulate.h"
#include "cmd/serve_sandbox.h"
#include "cmd/serve_worker.h"
#include "link/tape.h"

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
	struct sampan_team *team;	/* NULL: one thread */
	struct serve_worker worker[SERVE_THREADS_MOST];
	/* The first worker's. */
	struct sampan *stack;
	struct sampan_loop *loop;
	struct sampan_link *link;
	struct sampan_control *control;
	struct serve_sandbox sandbox;
	int signal_fd;
	atomic_uint signals;		/* that came */
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
start_team(struct server *v)
{
	if (v->args.threads == 1)
		return 0;
	if (sampan_team_open(v->args.threads, &v->team) != 0)
		return fail(errno, strerror(errno));
	for (unsigned i = 0; i < v->args.listeners; i++) {
		const struct serve_listener *l = &v->args.listener[i];

		if (l->svc->single && sampan_team_pin(v->team, l->port) != 0)
			return sp_cmd_fail("sampan serve", EINVAL, "--services %s:%u: with "
			    "--threads at most %d ports of services that are one for all",
			    l->svc->name, (unsigned)l->port, SAMPAN_TEAM_PINS);
	}
	return 0;
}

/* From the stack's first moment on. */
static int
start_tape(struct server *v, struct sampan *stack)
{
	const struct serve_args *a = &v->args;
	const struct sp_why why = { v->why, sizeof(v->why) };

	if (a->record == NULL)
		return 0;
	if (sp_tape_open(a->record, a->record_bytes, stack, SAMPAN_BUILD_VERSION, &why) != 0)
		return fail(errno, v->why);
	return 0;
}

static int
start_workers(struct server *v)
{
	int exit_code = 0;

	for (unsigned i = 0; i < v->args.threads && exit_code == 0; i++) {
		struct serve_worker *w = &v->worker[i];

		*w = (struct serve_worker){ .args = &v->args, .number = i, .tick_fd = -1,
			.signals = &v->signals };
		exit_code = sp_serve_worker_stack(w, v->team);
		if (exit_code == 0 && i == 0)
			exit_code = start_tape(v, w->stack);
		if (exit_code == 0 && i == 0)
			exit_code = sp_serve_conf_apply(w->stack, &v->args);
		else if (exit_code == 0)
			sp_serve_worker_copy(w, v->worker[0].stack);
		if (exit_code == 0)
			exit_code = sp_serve_worker_services(w);
		if (exit_code == 0)
			exit_code = sp_serve_worker_loop(w, v->team);
	}
	v->stack = v->worker[0].stack;
	v->loop = v->worker[0].loop;
	return exit_code;
}

static void
wake_all(const struct server *v)
{
	for (unsigned i = 1; i < v->args.threads; i++)
		sampan_team_wake(v->team, i);
}

static void
signal_came(void *ctx, int fd, uint32_t ready)
{
	struct server *v = ctx;
	struct signalfd_siginfo info;

	(void)ready;
	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	(void)atomic_fetch_add(&v->signals, 1);
	wake_all(v);
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

static int
start_control(struct server *v)
{
	if (watch_signals(v) != 0)
		return fail(errno, strerror(errno));
	if (sampan_control_open(v->loop, v->args.name, &v->control, v->why, sizeof(v->why)) != 0)
		return fail(errno, v->why);
	sp_janitor_charge(&v->sandbox.janitor);
	return 0;
}

static int
open_links(struct server *v)
{
	struct sampan_link *link[SERVE_THREADS_MOST];

	if (sampan_link_open_queues(v->args.link, v->args.threads, link, v->why, sizeof(v->why)) !=
	    0)
		return fail(errno, v->why);
	for (unsigned i = 0; i < v->args.threads; i++)
		v->worker[i].link = link[i];
	if (v->args.emulate != NULL && sampan_link_emulate(link[0], v->args.emulate,
	    &v->worker[0].link, v->why, sizeof(v->why)) != 0)
		return fail(errno, v->why);
	v->link = v->worker[0].link;
	return 0;
}

static int
start_link(struct server *v)
{
	const int exit_code = open_links(v);

	if (exit_code != 0)
		return exit_code;
	for (unsigned i = 0; i < v->args.threads; i++) {
		struct serve_worker *w = &v->worker[i];

		if (sampan_link_attach(w->link, w->stack) < 0 ||
		    sampan_loop_add_link(w->loop, w->link) != 0)
			return fail(errno, strerror(errno));
	}
	return sp_serve_net_apply(&v->args.net, v->stack, v->link);
}

static int
start_threads(struct server *v)
{
	for (unsigned i = 1; i < v->args.threads; i++)
		if (sp_serve_worker_begin(&v->worker[i]) != 0)
			return fail(errno, "the machine gives no more threads: give less "
			    "--threads");
	return 0;
}

/* IPv6 addresses are checked before they are used, and routers may take a while:
 * what is printed is what there is. */
static void
await_addresses(struct server *v)
{
	const sampan_time end_at = sampan_clock() + (v->args.net.dhcp || v->args.net.link_local ?
		LEASE_DUR : SETTLE_DUR);

	while (atomic_load(&v->signals) == 0 && sp_serve_net_waits(&v->args.net, v->stack) &&
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

static void
release_addresses(struct server *v)
{
	const sampan_time end_at = sampan_clock() + RELEASE_DUR;

	while (sp_serve_net_end(&v->args.net, v->stack) && atomic_load(&v->signals) < 2 &&
	    sampan_clock() < end_at)
		if (sampan_loop_turn(v->loop, GLANCE_DUR) != 0)
			return;
}

/* The others say goodbye at the same time; this one goes on for them, as only it
 * answers who asks for the address. */
static void
say_goodbye(struct server *v)
{
	bool waits = v->args.threads > 1;

	sp_serve_worker_goodbye(&v->worker[0]);
	while (waits && sampan_loop_turn(v->loop, GLANCE_DUR) == 0) {
		waits = false;
		for (unsigned i = 1; i < v->args.threads; i++)
			waits |= v->worker[i].running && !atomic_load(&v->worker[i].ended);
	}
	release_addresses(v);
}

/* All threads end, whatever they are at. */
static void
join_threads(struct server *v)
{
	for (unsigned i = 1; i < v->args.threads; i++) {
		if (!v->worker[i].running)
			continue;
		(void)atomic_fetch_add(&v->signals, 2);
		wake_all(v);
		(void)pthread_join(v->worker[i].thread, NULL);
	}
}

static void
clean_up(struct server *v)
{
	join_threads(v);
	sampan_control_close(v->control);
	if (sp_tape_ended())
		(void)sp_cmd_fail("sampan serve", 0, "--record %s ends early: the stack has "
		    "outgrown it; give more --record-size", v->args.record);
	sp_tape_close();
	for (unsigned i = 0; i < v->args.threads; i++)
		if (v->worker[i].args != NULL)
			sp_serve_worker_end(&v->worker[i]);
	if (v->signal_fd >= 0)
		(void)close(v->signal_fd);
	sampan_team_close(v->team);
	sp_janitor_end(&v->sandbox.janitor);
}

/* Until a signal comes. */
static int
run(struct server *v)
{
	if (!sp_serve_net_is_auto(&v->args.net))
		return atomic_load(&v->signals) == 0 ? sampan_loop_run(v->loop) : 0;
	while (atomic_load(&v->signals) == 0) {
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
		exit_code = start_team(v);
	if (exit_code == 0)
		exit_code = start_workers(v);
	if (exit_code == 0)
		exit_code = start_control(v);
	if (exit_code == 0)
		exit_code = start_link(v);
	if (exit_code == 0)
		exit_code = sp_serve_sandbox_enter(&v->sandbox);
	if (exit_code == 0)
		exit_code = start_threads(v);
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
	struct server v = { .signal_fd = -1, .sandbox = { .janitor = { .fd = -1 } },
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
