/*
 * flow.c - see flow.h.
 *
 * A transfer is one connection.  It is done when the reader has read to the end
 * of the stream; a flow without an amount sends until it stops, or the scenario
 * ends.
 */
#include "sim/flow.h"

#include <errno.h>
#include <stdlib.h>

#define PIECE_BYTES 65536u
#define RATE_PIECE_BYTES 1448u	/* an application with a rate gives so much at a time */
#define TO_READER 1u

static const uint8_t zeros[PIECE_BYTES];

static uint64_t
word_of(const struct sp_sim_runs *runs, const struct sp_sim_run *run, unsigned side)
{
	return (uint64_t)(run - runs->run) * 2 + side;
}

/* ---- Opening ---- */

static int
open_run(struct sp_sim_runs *runs, const struct sp_sim_flow *f, const char *name,
    const struct sp_why *why)
{
	struct sp_sim_run *run = &runs->run[runs->n];
	const struct sampan_sockaddr here = { .port = (uint16_t)(SP_SIM_PORT + runs->n) };

	*run = (struct sp_sim_run){ .flow = f, .due_at = SP_SIM_BEGIN + f->start_dur,
		.from = runs->net->host[f->from].stack, .to = runs->net->host[f->to].stack };
	runs->n++;
	if (f->cc[0] != '\0' && sampan_cc_find(f->cc) < 0)
		return sp_why(why, EINVAL, "%s:%u: cc=%s: there is no such congestion control",
		    name, f->line, f->cc);
	if (sampan_socket(run->to, SAMPAN_STREAM, &run->listener) != 0 ||
	    sampan_bind(run->to, run->listener, &here) != 0 ||
	    sampan_listen(run->to, run->listener, 8) != 0 ||
	    sampan_set_user(run->to, run->listener, word_of(runs, run, TO_READER)) != 0)
		return sp_why(why, ENOMEM, "no memory for a listener");
	return 0;
}

/* ---- A transfer ---- */

static void
give_up(struct sp_sim_runs *runs, struct sp_sim_run *run)
{
	if (run->sender != 0)
		(void)sampan_abort(run->from, run->sender);
	if (run->reader != 0)
		(void)sampan_abort(run->to, run->reader);
	run->sender = run->reader = 0;
	run->failures++;
	runs->net->dirty |= (uint64_t)1 << run->flow->from | (uint64_t)1 << run->flow->to;
}

static void
begin_transfer(struct sp_sim_runs *runs, struct sp_sim_run *run, sampan_time now)
{
	const struct sp_sim_flow *f = run->flow;
	const struct sampan_sockaddr peer = { .addr = sp_sim_net_addr(f->to),
		.port = (uint16_t)(SP_SIM_PORT + (run - runs->run)) };

	run->transfers++;
	run->begun_at = now;
	run->given_bytes = 0;
	run->said_all = false;
	run->due_at = f->stop_dur > 0 ? SP_SIM_BEGIN + f->stop_dur : SAMPAN_NEVER;
	if (sampan_socket(run->from, SAMPAN_STREAM, &run->sender) != 0 ||
	    (f->cc[0] != '\0' && sampan_setopt(run->from, run->sender, SAMPAN_OPT_CONGESTION,
	    sampan_cc_find(f->cc)) != 0) ||
	    sampan_set_user(run->from, run->sender, word_of(runs, run, 0)) != 0 ||
	    sampan_connect(run->from, run->sender, &peer) != SAMPAN_EINPROGRESS)
		give_up(runs, run);
}

static bool
is_over(const struct sp_sim_run *run, sampan_time now)
{
	const struct sp_sim_flow *f = run->flow;

	return (f->bytes > 0 && run->given_bytes == f->bytes) ||
	    (f->stop_dur > 0 && now >= SP_SIM_BEGIN + f->stop_dur);
}

/* How much the application has to give now. */
static uint64_t
to_give(const struct sp_sim_run *run, sampan_time now)
{
	const struct sp_sim_flow *f = run->flow;
	uint64_t left = f->bytes > 0 ? f->bytes - run->given_bytes : UINT64_MAX;

	if (f->rate_bits > 0) {
		const double made = (double)(now - run->begun_at) * (double)f->rate_bits / 8e9;
		const uint64_t due = (uint64_t)made - run->given_bytes;

		if ((uint64_t)made <= run->given_bytes)
			return 0;
		left = left < due ? left : due;
	}
	return left;
}

static void
set_due(struct sp_sim_run *run, sampan_time at)
{
	if (at < run->due_at)
		run->due_at = at;
}

static void
send_more(struct sp_sim_run *run, sampan_time now)
{
	const struct sp_sim_flow *f = run->flow;

	if (run->sender == 0 || run->said_all)
		return;
	while (!is_over(run, now)) {
		const uint64_t want = to_give(run, now);
		const size_t len = want < PIECE_BYTES ? (size_t)want : PIECE_BYTES;
		const int64_t n = len == 0 ? 0 : sampan_send(run->from, run->sender, zeros, len);

		if (n <= 0)
			break;
		run->given_bytes += (uint64_t)n;
	}
	if (is_over(run, now))
		run->said_all = sampan_shutdown(run->from, run->sender, SAMPAN_SHUT_WR) == 0;
	else if (f->rate_bits > 0)
		set_due(run, now + RATE_PIECE_BYTES * SAMPAN_SEC(8) / f->rate_bits + 1);
}

static bool
remember(struct sp_sim_run *run, sampan_dur dur)
{
	if (run->done == run->done_room) {
		const unsigned room = run->done_room == 0 ? 16 : run->done_room * 2;
		sampan_dur *more = realloc(run->done_dur, room * sizeof(*more));

		if (more == NULL)
			return false;
		run->done_dur = more;
		run->done_room = room;
	}
	run->done_dur[run->done++] = dur;
	return true;
}

/* When the next transfer begins; SAMPAN_NEVER: that was the last. */
static sampan_time
next_begin(const struct sp_sim_run *run, sampan_time now)
{
	const struct sp_sim_flow *f = run->flow;
	const sampan_time wanted_at = run->begun_at + f->every_dur;
	const sampan_time next_at = wanted_at > now ? wanted_at : now;

	if (f->every_dur == 0 || (f->stop_dur > 0 && next_at >= SP_SIM_BEGIN + f->stop_dur))
		return SAMPAN_NEVER;
	return next_at;
}

static void
end_transfer(struct sp_sim_runs *runs, struct sp_sim_run *run, sampan_time now)
{
	(void)sp_sim_run_ask(run);
	if (run->sender != 0)
		(void)sampan_close(run->from, run->sender);
	(void)sampan_close(run->to, run->reader);
	run->sender = run->reader = 0;
	if (!remember(run, now - run->begun_at))
		run->failures++;
	run->due_at = next_begin(run, now);
	runs->net->dirty |= (uint64_t)1 << run->flow->from | (uint64_t)1 << run->flow->to;
}

/* Does the reader rest?  Then it is called when that is over. */
static bool
rests(struct sp_sim_run *run, sampan_time now)
{
	const sampan_time from_at = SP_SIM_BEGIN + run->flow->pause_dur;
	const sampan_time to_at = from_at + run->flow->pause_len_dur;

	if (now < from_at || now >= to_at)
		return false;
	set_due(run, to_at);
	return true;
}

static void
read_more(struct sp_sim_runs *runs, struct sp_sim_run *run, sampan_time now)
{
	static uint8_t bytes[PIECE_BYTES];
	int64_t n = 1;

	if (run->reader == 0 && sampan_accept(run->to, run->listener, &run->reader, NULL) != 0)
		run->reader = 0;
	if (run->reader == 0 || rests(run, now))
		return;
	while (n > 0) {
		n = sampan_recv(run->to, run->reader, bytes, sizeof(bytes));
		run->read_bytes += n > 0 ? (uint64_t)n : 0;
	}
	if (n == 0)
		end_transfer(runs, run, now);
	else if (n != SAMPAN_EAGAIN)
		give_up(runs, run);
}

/* ---- Called by the network ---- */

static sampan_time
runs_due(void *ctx)
{
	const struct sp_sim_runs *runs = ctx;
	sampan_time due_at = SAMPAN_NEVER;

	for (unsigned i = 0; i < runs->n; i++) {
		if (runs->run[i].due_at < due_at)
			due_at = runs->run[i].due_at;
	}
	return due_at;
}

static uint64_t
runs_act(void *ctx, sampan_time now)
{
	struct sp_sim_runs *runs = ctx;
	uint64_t nodes = 0;

	for (unsigned i = 0; i < runs->n; i++) {
		struct sp_sim_run *run = &runs->run[i];

		if (run->due_at > now)
			continue;
		run->due_at = SAMPAN_NEVER;
		if (run->sender == 0 && run->reader == 0)
			begin_transfer(runs, run, now);
		send_more(run, now);
		read_more(runs, run, now);
		nodes |= (uint64_t)1 << run->flow->from | (uint64_t)1 << run->flow->to;
	}
	return nodes;
}

static void
take_event(struct sp_sim_runs *runs, const struct sampan_event *e, sampan_time now)
{
	struct sp_sim_run *run = &runs->run[e->user / 2 % SP_SIM_FLOWS];

	if ((e->user & TO_READER) != 0) {
		read_more(runs, run, now);
	} else if (e->handle == run->sender) {
		if ((e->what & SAMPAN_FAILED) != 0)
			give_up(runs, run);
		else
			send_more(run, now);
	}
}

static void
runs_event(void *ctx, unsigned node, sampan_time now)
{
	struct sp_sim_runs *runs = ctx;
	struct sampan_event events[32];
	int n;

	while ((n = sampan_events(runs->net->host[node].stack, events, 32)) > 0) {
		for (int i = 0; i < n; i++)
			take_event(runs, &events[i], now);
	}
}

int
sp_sim_runs_open(struct sp_sim_runs *runs, struct sp_sim_net *net, const char *name,
    const struct sp_why *why)
{
	*runs = (struct sp_sim_runs){ .net = net };
	for (unsigned i = 0; i < net->s->flows; i++) {
		if (open_run(runs, &net->s->flow[i], name, why) != 0)
			return -1;
	}
	net->apps = (struct sp_sim_apps){ .ctx = runs, .due = runs_due, .act = runs_act,
		.event = runs_event };
	return 0;
}

void
sp_sim_runs_close(struct sp_sim_runs *runs)
{
	for (unsigned i = 0; i < runs->n; i++)
		free(runs->run[i].done_dur);
	runs->n = 0;
}

bool
sp_sim_run_status(const struct sp_sim_run *run, struct sampan_status *status)
{
	return run->sender != 0 && sampan_status(run->from, run->sender, status) == 0;
}

bool
sp_sim_run_ask(struct sp_sim_run *run)
{
	const uint64_t *least_us = &run->info.min_rtt_us;

	if (run->sender == 0 || sampan_tcp_info(run->from, run->sender, &run->info) != 0)
		return false;
	if (*least_us != 0 && (run->rtt_least_us == 0 || *least_us < run->rtt_least_us))
		run->rtt_least_us = *least_us;
	return true;
}
