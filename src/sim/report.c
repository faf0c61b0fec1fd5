/*
 * report.c - see report.h.
 */
#include "sim/report.h"

#include <inttypes.h>

#include <sampan/stats.h>

#include <cjson/cJSON.h>

#define MS(dur) ((double)(dur) / 1e6)

static double
share(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : (double)part / (double)whole;
}

/* How long what waits takes at the lane's rate. */
static double
waiting_ms(const struct sampan_sim_lane *lane, double bytes)
{
	return lane->rate_bits == 0 ? 0 : bytes * 8000 / (double)lane->rate_bits;
}

/* ---- Text ---- */

static void
print_flow(const struct sampan_sim_flow *f, FILE *to)
{
	(void)fprintf(to, "%-12s %-8s %10.3f %8.2f %8.2f %9.2f %9.2f", f->name, f->cc,
	    f->goodput_bits / 1e6, 100 * share(f->again_bytes, f->sent_bytes),
	    100 * share(f->spurious_bytes, f->sent_bytes), MS(f->rtt_least_dur),
	    MS(f->rtt_mean_dur));
	if (f->done > 0)
		(void)fprintf(to, "  %u done in %.1f ms (%.1f to %.1f)", f->done,
		    MS(f->done_median_dur), MS(f->done_least_dur), MS(f->done_greatest_dur));
	if (f->failures > 0)
		(void)fprintf(to, "  %u failed", f->failures);
	(void)fputc('\n', to);
}

static void
print_lane(const struct sampan_sim_lane *l, const char *name, FILE *to)
{
	(void)fprintf(to, "%-21s %10" PRIu64 " %8.1f %9.2f %9.2f %8" PRIu64 " %8" PRIu64 " %8"
	    PRIu64 "\n", name, l->frames, 100 * l->used, waiting_ms(l, l->waiting_mean_bytes),
	    waiting_ms(l, (double)l->waiting_95_bytes), l->lost + l->policed,
	    l->queue_drops + l->early_drops, l->marked);
}

void
sp_sim_report_text(const struct sampan_sim *sim, FILE *to)
{
	struct sampan_sim_flow flow;
	struct sampan_sim_lane lane;
	const double jain = sampan_sim_jain(sim);
	char name[SP_SIM_LANE_NAME_BYTES];

	(void)fprintf(to, "%.3f s, seed %" PRIu64 "\n\n%-12s %-8s %10s %8s %8s %9s %9s\n",
	    (double)(sim->net.now - SP_SIM_BEGIN) / 1e9, sim->seed, "flow", "control", "Mbit/s",
	    "again %", "vain %", "rtt ms", "mean ms");
	for (unsigned i = 0; sampan_sim_flow(sim, i, &flow) == 0; i++)
		print_flow(&flow, to);
	if (jain > 0 && sim->runs.n > 1)
		(void)fprintf(to, "Jain's index %.3f\n", jain);
	(void)fprintf(to, "\n%-21s %10s %8s %9s %9s %8s %8s %8s\n", "link", "frames", "used %",
	    "queue ms", "95 % ms", "lost", "dropped", "marked");
	for (unsigned i = 0; sampan_sim_lane(sim, i, &lane) == 0; i++) {
		sp_sim_lane_name(sim, i, name);
		print_lane(&lane, name, to);
	}
}

/* ---- JSON ---- */

static void
add(cJSON *o, const char *name, double value)
{
	(void)cJSON_AddNumberToObject(o, name, value);
}

static cJSON *
flow_json(const struct sampan_sim_flow *f)
{
	cJSON *o = cJSON_CreateObject();

	(void)cJSON_AddStringToObject(o, "name", f->name);
	(void)cJSON_AddStringToObject(o, "from", f->from);
	(void)cJSON_AddStringToObject(o, "to", f->to);
	(void)cJSON_AddStringToObject(o, "control", f->cc);
	add(o, "goodput_bits", f->goodput_bits);
	add(o, "read_bytes", (double)f->read_bytes);
	add(o, "sent_bytes", (double)f->sent_bytes);
	add(o, "again_bytes", (double)f->again_bytes);
	add(o, "again_segs", (double)f->again_segs);
	add(o, "spurious_bytes", (double)f->spurious_bytes);
	add(o, "transfers", f->transfers);
	add(o, "done", f->done);
	add(o, "failures", f->failures);
	add(o, "done_least_ms", MS(f->done_least_dur));
	add(o, "done_median_ms", MS(f->done_median_dur));
	add(o, "done_greatest_ms", MS(f->done_greatest_dur));
	add(o, "rtt_least_ms", MS(f->rtt_least_dur));
	add(o, "rtt_mean_ms", MS(f->rtt_mean_dur));
	return o;
}

static cJSON *
lane_json(const struct sampan_sim_lane *l)
{
	cJSON *o = cJSON_CreateObject();

	(void)cJSON_AddStringToObject(o, "from", l->from);
	(void)cJSON_AddStringToObject(o, "to", l->to);
	add(o, "rate_bits", (double)l->rate_bits);
	add(o, "frames", (double)l->frames);
	add(o, "lost", (double)l->lost);
	add(o, "queue_drops", (double)l->queue_drops);
	add(o, "early_drops", (double)l->early_drops);
	add(o, "policed", (double)l->policed);
	add(o, "marked", (double)l->marked);
	add(o, "overtakers", (double)l->overtakers);
	add(o, "used", l->used);
	add(o, "waiting_mean_bytes", l->waiting_mean_bytes);
	add(o, "waiting_95_bytes", (double)l->waiting_95_bytes);
	add(o, "waiting_most_bytes", (double)l->waiting_most_bytes);
	add(o, "queue_mean_ms", waiting_ms(l, l->waiting_mean_bytes));
	add(o, "queue_95_ms", waiting_ms(l, (double)l->waiting_95_bytes));
	return o;
}

/* All that a stack has counted, but what is 0. */
static cJSON *
host_json(const struct sampan_sim *sim, unsigned node)
{
	static const char *const names[] = {
#define X(id, name, text) name,
		SAMPAN_DROPS(X)
		SAMPAN_COUNTS(X)
#undef X
	};
	cJSON *o = cJSON_CreateObject(), *counts;

	(void)cJSON_AddStringToObject(o, "name", sim->scenario->node[node].name);
	counts = cJSON_AddObjectToObject(o, "counts");
	for (unsigned i = 0; i < SAMPAN_COUNT_COUNT; i++) {
		const uint64_t value = sampan_counter(sim->net.host[node].stack, i);

		if (value > 0)
			add(counts, names[i], (double)value);
	}
	return o;
}

bool
sp_sim_report_json(const struct sampan_sim *sim, FILE *to)
{
	cJSON *o = cJSON_CreateObject();
	cJSON *flows = cJSON_AddArrayToObject(o, "flows");
	cJSON *links = cJSON_AddArrayToObject(o, "links");
	cJSON *hosts = cJSON_AddArrayToObject(o, "hosts");
	struct sampan_sim_flow flow;
	struct sampan_sim_lane lane;
	char *text;

	add(o, "seconds", (double)(sim->net.now - SP_SIM_BEGIN) / 1e9);
	add(o, "seed", (double)sim->seed);
	add(o, "jain", sampan_sim_jain(sim));
	for (unsigned i = 0; sampan_sim_flow(sim, i, &flow) == 0; i++)
		(void)cJSON_AddItemToArray(flows, flow_json(&flow));
	for (unsigned i = 0; sampan_sim_lane(sim, i, &lane) == 0; i++)
		(void)cJSON_AddItemToArray(links, lane_json(&lane));
	for (unsigned i = 0; i < sim->scenario->nodes; i++) {
		if (sim->net.host[i].stack != NULL)
			(void)cJSON_AddItemToArray(hosts, host_json(sim, i));
	}
	text = cJSON_PrintUnformatted(o);
	cJSON_Delete(o);
	if (text == NULL)
		return false;
	(void)fprintf(to, "%s\n", text);
	cJSON_free(text);
	return true;
}

/* ---- Samples ---- */

static void
csv_flow(const struct sp_sim_flow_sample *s, double at, const char *name, FILE *to)
{
	(void)fprintf(to, "%.6f,%s,sent_bytes,%" PRIu64 "\n", at, name, s->sent_bytes);
	(void)fprintf(to, "%.6f,%s,acked_bytes,%" PRIu64 "\n", at, name, s->acked_bytes);
	(void)fprintf(to, "%.6f,%s,read_bytes,%" PRIu64 "\n", at, name, s->read_bytes);
	(void)fprintf(to, "%.6f,%s,again_bytes,%" PRIu64 "\n", at, name, s->again_bytes);
	(void)fprintf(to, "%.6f,%s,cwnd_bytes,%" PRIu64 "\n", at, name, s->cwnd_bytes);
	(void)fprintf(to, "%.6f,%s,rtt_us,%" PRIu64 "\n", at, name, s->rtt_dur / 1000);
}

void
sp_sim_report_csv(const struct sampan_sim *sim, FILE *to)
{
	const struct sp_sim_record *r = &sim->record;
	const unsigned flows = sim->runs.n, lanes = 2 * sim->scenario->links;
	char name[SP_SIM_LANE_NAME_BYTES];

	(void)fputs("time_s,name,what,value\n", to);
	for (size_t i = 0; i < r->samples; i++) {
		const double at = (double)r->at_dur[i] / 1e9;

		for (unsigned k = 0; k < flows; k++)
			csv_flow(&r->flow[i * flows + k], at, sim->runs.run[k].flow->name, to);
		for (unsigned k = 0; k < lanes; k++) {
			const struct sp_sim_lane_sample *s = &r->lane[i * lanes + k];

			sp_sim_lane_name(sim, k, name);
			(void)fprintf(to, "%.6f,%s,waiting_bytes,%" PRIu64 "\n", at, name,
			    s->waiting_bytes);
			(void)fprintf(to, "%.6f,%s,drops,%" PRIu64 "\n", at, name, s->drops);
			(void)fprintf(to, "%.6f,%s,marked,%" PRIu64 "\n", at, name, s->marked);
		}
	}
}
