/*
 * run.c - events in their order and time.
 *
 * To reach a time: while the world's next deadline is not after it, go there;
 * what comes out is kept with its time (world.h).  A call that blocks is tried
 * again after every step.
 */
#include "pkt/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pkt/call.h"

#define FIRST_REMOTE_PORT 51234
/* How long `*` waits. */
#define FOREVER_NS ((int64_t)SAMPAN_SEC(3600))
#define FOREVER_KERNEL_NS ((int64_t)SAMPAN_SEC(10))

__attribute__((format(printf, 3, 0)))
static void
settle(struct pkt_run *r, enum pkt_verdict verdict, const char *format, va_list args)
{
	if (r->verdict != PKT_PASS)
		return;
	r->verdict = verdict;
	r->line = r->event == NULL ? 0 : r->event->line;
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): see link/why.c */
	(void)vsnprintf(r->why, sizeof(r->why), format, args);
}

void
sp_pkt_fail(struct pkt_run *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	settle(r, PKT_FAIL, format, args);
	va_end(args);
}

void
sp_pkt_skip(struct pkt_run *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	settle(r, PKT_SKIP, format, args);
	va_end(args);
}

/* ---- Time ---- */

bool
sp_pkt_step(struct pkt_run *r, int64_t at_ns)
{
	int64_t limit = at_ns;

	if (r->parked != NULL && r->parked->wake_ns > r->w->now_ns && r->parked->wake_ns < at_ns)
		limit = r->parked->wake_ns;
	r->w->ops->run(r->w, limit);
	sp_pkt_call_again(r);
	return r->w->now_ns < at_ns;
}

void
sp_pkt_reach(struct pkt_run *r, int64_t at_ns)
{
	if (at_ns < r->w->now_ns)
		at_ns = r->w->now_ns;
	while (r->verdict == PKT_PASS && sp_pkt_step(r, at_ns))
		continue;
}

int64_t
sp_pkt_slack(const struct pkt_run *r, int64_t interval_ns)
{
	const int64_t fixed = (int64_t)SAMPAN_US(r->config.tolerance_us);
	const double share = (double)interval_ns * r->config.tolerance_percent / 100.0;

	return share > (double)fixed ? (int64_t)share : fixed;
}

/* When the event is due, in the script's time. */
static void
place(struct pkt_run *r, const struct pkt_event *e)
{
	const int64_t base = e->when.relative ? r->base_ns : 0;

	r->event = e;
	if (e->when.any) {
		r->first_ns = r->w->now_ns;
		r->last_ns = r->w->now_ns +
		    (r->config.kernel ? FOREVER_KERNEL_NS : FOREVER_NS);
		r->slack_ns = 0;
		return;
	}
	r->first_ns = base + e->when.first_ns;
	r->last_ns = base + e->when.last_ns;
	r->slack_ns = sp_pkt_slack(r, r->last_ns - r->base_ns);
	if (r->first_ns < r->base_ns && r->verdict == PKT_PASS) {
		sp_pkt_fail(r, "time goes back");
		r->verdict = PKT_PARSE;
	}
}

/* ---- Events ---- */

static void
do_event(struct pkt_run *r, const struct pkt_event *e)
{
	const struct pkt_packet *packet = e->packet;

	place(r, e);
	if (e->lacks != NULL)
		sp_pkt_skip(r, "%s", e->lacks);
	if (e->kind == PKT_EVENT_PACKET && packet->out) {
		if (r->verdict == PKT_PASS)
			sp_pkt_expect(r, packet);
		r->base_ns = e->when.any ? r->w->now_ns : r->first_ns;
		return;
	}
	if (!e->when.any)
		sp_pkt_reach(r, r->first_ns);
	r->base_ns = e->when.any ? r->w->now_ns : r->first_ns;
	if (r->verdict != PKT_PASS)
		return;
	switch (e->kind) {
	case PKT_EVENT_PACKET:
		sp_pkt_inject(r, packet);
		break;
	case PKT_EVENT_CALL:
		sp_pkt_do_call(r, e);
		break;
	case PKT_EVENT_SHELL:
		sp_pkt_do_shell(r, e);
		break;
	case PKT_EVENT_CODE:
		sp_pkt_do_code(r, e);
		break;
	}
}

static void
do_init(struct pkt_run *r)
{
	for (const struct pkt_event *e = r->script->init; e != NULL; e = e->next) {
		r->event = e;
		if (r->verdict == PKT_PASS)
			sp_pkt_do_shell(r, e);
	}
}

static void
do_options(struct pkt_run *r)
{
	const char *lacks;

	for (const struct pkt_option *o = r->script->options; o != NULL; o = o->next) {
		if (sp_pkt_config_apply(&r->config, o, &r->pool, &lacks))
			continue;
		sp_pkt_skip(r, "%s", lacks);
		r->line = o->line;
		return;
	}
}

static void
do_script(struct pkt_run *r)
{
	const struct pkt_setup setup = sp_pkt_config_setup(&r->config);

	if (r->w->ops->open(r->w, &setup) != 0) {
		sp_pkt_skip(r, "%s", r->w->lacks);
		return;
	}
	do_init(r);
	for (const struct pkt_event *e = r->script->events; e != NULL && r->verdict == PKT_PASS;
	    e = e->next)
		do_event(r, e);
	if (r->verdict == PKT_PASS)
		sp_pkt_call_await(r);
	if (r->verdict == PKT_PASS && r->config.complete)
		sp_pkt_expect_quiet(r);
}

void
sp_pkt_run(const struct pkt_script *script, const struct pkt_config *config,
    struct pkt_result *result)
{
	struct pkt_run r = {
		.script = script,
		.config = *config,
		.next_remote_port = FIRST_REMOTE_PORT,
		.listen_port = config->local_port,
	};

	do_options(&r);
	if (r.verdict == PKT_PASS) {
		r.w = config->kernel ? sp_pkt_kernel() : sp_pkt_sim();
		do_script(&r);
		sp_pkt_world_end(r.w);
	}
	result->verdict = r.verdict;
	result->line = r.line;
	memcpy(result->why, r.why, sizeof(result->why));
	sp_pkt_pool_free(&r.pool);
}
