/*
 * sim.c - sampan/sim.h: a scenario, its network, its flows and their record
 * under one name.
 */
#include "sim/sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sampan/host.h>
#include <sampan/option.h>

static int
check_config(const struct sampan_sim_config *c, const struct sp_why *why)
{
	if (c->size != sizeof(*c))
		return sp_why(why, EINVAL, "config.size is not that of this version");
	return 0;
}

static int
check_span(const struct sampan_sim_config *c, sampan_dur length_dur, const struct sp_why *why)
{
	const sampan_dur until_dur = c->until_dur == 0 ? length_dur : c->until_dur;

	if (c->from_dur >= until_dur || until_dur > length_dur)
		return sp_why(why, EINVAL, "the span to be shown must lie within the %.3f s of "
		    "the scenario", (double)length_dur / 1e9);
	return 0;
}

static const char *
name_of(const struct sampan_sim_config *c)
{
	return c->name == NULL ? "scenario" : c->name;
}

static int
open_parts(struct sampan_sim *sim, const struct sampan_sim_config *c, const struct sp_why *why)
{
	const char *name = name_of(c);
	const sampan_dur length_dur = sim->scenario->length_dur;

	if (check_span(c, length_dur, why) != 0)
		return -1;
	sim->seed = c->has_seed ? c->seed : sim->scenario->seed;
	if (sp_sim_net_open(&sim->net, sim->scenario, sim->seed, name, why) != 0 ||
	    sp_sim_runs_open(&sim->runs, &sim->net, name, why) != 0)
		return -1;
	return sp_sim_record_open(&sim->record, &sim->runs, c->from_dur,
	    c->until_dur == 0 ? length_dur : c->until_dur, why);
}

int
sampan_sim_open(struct sampan_sim **out, const struct sampan_sim_config *config, char *why_text,
    size_t why_len)
{
	const struct sp_why why = { why_text, why_len };
	const struct sp_sim_text text = { config->text, config->len, name_of(config), config->dir };
	struct sampan_sim *sim;
	int error;

	if (check_config(config, &why) != 0)
		return -1;
	sim = calloc(1, sizeof(*sim));
	if (sim == NULL)
		return sp_why(&why, ENOMEM, "no memory for a simulation");
	if (sp_sim_scenario_read(&sim->scenario, &text, &why) == 0 &&
	    open_parts(sim, config, &why) == 0) {
		*out = sim;
		return 0;
	}
	error = errno;
	sampan_sim_close(sim);
	errno = error;
	return -1;
}

void
sampan_sim_close(struct sampan_sim *sim)
{
	if (sim == NULL)
		return;
	sp_sim_record_close(&sim->record);
	sp_sim_runs_close(&sim->runs);
	sp_sim_net_close(&sim->net);
	sp_sim_scenario_close(sim->scenario);
	free(sim);
}

void
sampan_sim_run(struct sampan_sim *sim, sampan_dur until_dur)
{
	const sampan_dur end_dur = sim->scenario->length_dur;

	if (until_dur == 0 || until_dur > end_dur)
		until_dur = end_dur;
	sp_sim_record_run(&sim->record, SP_SIM_BEGIN + until_dur);
}

sampan_time
sampan_sim_now(const struct sampan_sim *sim)
{
	return sim->net.now;
}

/* SP_SIM_NODES: there is none. */
static unsigned
find_host(const struct sampan_sim *sim, const char *name)
{
	for (unsigned i = 0; i < sim->scenario->nodes; i++) {
		if (!sim->scenario->node[i].is_router &&
		    strcmp(sim->scenario->node[i].name, name) == 0)
			return i;
	}
	return SP_SIM_NODES;
}

struct sampan *
sampan_sim_stack(struct sampan_sim *sim, const char *host)
{
	const unsigned node = find_host(sim, host);

	return node == SP_SIM_NODES ? NULL : sim->net.host[node].stack;
}

int
sampan_sim_touch(struct sampan_sim *sim, const char *host)
{
	const unsigned node = find_host(sim, host);

	if (node == SP_SIM_NODES)
		return SAMPAN_EINVAL;
	sp_sim_net_settle(&sim->net, node);
	return 0;
}

/* ---- Results ---- */

static int
compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static const char *
cc_of(const struct sp_sim_run *run)
{
	int64_t number = 0;

	if (run->flow->cc[0] != '\0')
		return run->flow->cc;
	if (sampan_get(run->from, "net.ipv4.tcp_congestion_control", &number) != 0)
		return "";
	return sampan_cc_name((unsigned)number);
}

/* How long a flow ran, or has run. */
static sampan_dur
active_dur(const struct sampan_sim *sim, const struct sp_sim_run *run)
{
	const sampan_time from_at = SP_SIM_BEGIN + run->flow->start_dur;
	sampan_time end_at = sim->net.now;

	if (run->flow->stop_dur > 0 && SP_SIM_BEGIN + run->flow->stop_dur < end_at)
		end_at = SP_SIM_BEGIN + run->flow->stop_dur;
	if (run->flow->bytes > 0 && run->flow->every_dur == 0 && run->done > 0)
		end_at = run->begun_at + run->done_dur[0];
	return end_at > from_at ? end_at - from_at : 0;
}

static void
sum_transfers(const struct sp_sim_run *run, struct sampan_sim_flow *flow)
{
	flow->transfers = run->transfers;
	flow->done = run->done;
	flow->failures = run->failures;
	if (run->done == 0)
		return;
	qsort(run->done_dur, run->done, sizeof(*run->done_dur), compare);
	flow->done_least_dur = run->done_dur[0];
	flow->done_median_dur = run->done_dur[run->done / 2];
	flow->done_greatest_dur = run->done_dur[run->done - 1];
}

int
sampan_sim_flow(const struct sampan_sim *sim, unsigned i, struct sampan_sim_flow *flow)
{
	const struct sp_sim_run *run = &sim->runs.run[i % SP_SIM_FLOWS];
	const struct sp_sim_sums *sums = &sim->record.sums[i % SP_SIM_FLOWS];
	const struct sp_sim_track *track = &sim->record.track[i % SP_SIM_FLOWS];
	sampan_dur dur;

	if (i >= sim->runs.n)
		return SAMPAN_ENOENT;
	dur = active_dur(sim, run);
	*flow = (struct sampan_sim_flow){ .name = run->flow->name, .cc = cc_of(run),
		.from = sim->scenario->node[run->flow->from].name,
		.to = sim->scenario->node[run->flow->to].name, .read_bytes = run->read_bytes,
		.goodput_bits = dur == 0 ? 0 : (double)run->read_bytes * 8e9 / (double)dur,
		.sent_bytes = track->all_bytes, .again_bytes = track->again_bytes,
		.again_segs = track->again_segs, .spurious_bytes = track->spurious_bytes,
		.rtt_least_dur = SAMPAN_US(run->rtt_least_us),
		.rtt_mean_dur = sums->rtt_samples == 0 ? 0 :
		    sums->rtt_total_dur / sums->rtt_samples };
	sum_transfers(run, flow);
	return 0;
}

void
sp_sim_lane_name(const struct sampan_sim *sim, unsigned lane, char name[SP_SIM_LANE_NAME_BYTES])
{
	const struct sp_sim_link *link = &sim->scenario->link[lane / 2];

	(void)snprintf(name, SP_SIM_LANE_NAME_BYTES, "%s-%s",
	    sim->scenario->node[link->end[lane % 2]].name,
	    sim->scenario->node[link->end[1 - lane % 2]].name);
}

bool
sp_sim_lane_waits(const struct sampan_sim *sim, unsigned lane)
{
	const struct sp_emulate_way *way = &sim->scenario->link[lane / 2].way[lane % 2];

	return way->rate_bits > 0 || way->trace != NULL;
}

static void
sum_waiting(const struct sampan_sim *sim, unsigned i, struct sampan_sim_lane *lane)
{
	const size_t n = sim->record.sum_samples;
	uint64_t *waiting = &sim->record.waiting[i * SP_SIM_SUM_SAMPLES];
	double total = 0;

	if (n == 0)
		return;
	qsort(waiting, n, sizeof(*waiting), compare);
	for (size_t k = 0; k < n; k++)
		total += (double)waiting[k];
	lane->waiting_mean_bytes = total / (double)n;
	lane->waiting_95_bytes = waiting[n * 95 / 100];
	lane->waiting_most_bytes = waiting[n - 1];
}

int
sampan_sim_lane(const struct sampan_sim *sim, unsigned i, struct sampan_sim_lane *lane)
{
	const unsigned at = i / 2 % SP_SIM_LINKS;
	const struct sp_sim_link *link = &sim->scenario->link[at];
	const struct sampan_emulate_counts *c = &sim->net.lane[at][i % 2].counts;
	const double seconds = (double)(sim->net.now - SP_SIM_BEGIN) / 1e9;

	if (i >= 2 * sim->scenario->links)
		return SAMPAN_ENOENT;
	*lane = (struct sampan_sim_lane){ .from = sim->scenario->node[link->end[i % 2]].name,
		.to = sim->scenario->node[link->end[1 - i % 2]].name,
		.rate_bits = link->way[i % 2].rate_bits, .frames = c->frames, .lost = c->lost,
		.queue_drops = c->queue_drops, .early_drops = c->early_drops,
		.policed = c->policed, .marked = c->marked, .overtakers = c->overtakers };
	if (lane->rate_bits > 0 && seconds > 0)
		lane->used = (double)sim->net.passed_bytes[at][i % 2] * 8 /
		    ((double)lane->rate_bits * seconds);
	sum_waiting(sim, i, lane);
	return 0;
}

double
sampan_sim_jain(const struct sampan_sim *sim)
{
	double sum = 0, squares = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < sim->runs.n; i++) {
		struct sampan_sim_flow flow;

		if (sim->runs.run[i].flow->bytes > 0 || sampan_sim_flow(sim, i, &flow) != 0)
			continue;
		sum += flow.goodput_bits;
		squares += flow.goodput_bits * flow.goodput_bits;
		n++;
	}
	return n == 0 || squares == 0 ? 0 : sum * sum / ((double)n * squares);
}
