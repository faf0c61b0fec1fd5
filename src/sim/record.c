/*
 * record.c - see record.h.
 */
#include "sim/record.h"

#include <errno.h>
#include <stdlib.h>

/* What TCP knows is counted up from all that is in flight, so it is asked seldom. */
#define ASK_EVERY 64u

/* ---- Frames ---- */

/* Of which flow, and is it of the way of its text? */
static bool
is_of_flow(const struct sp_sim_record *r, const struct sp_sim_seen *seen, unsigned *flow,
    bool *is_text_way)
{
	*flow = seen->dst_port - SP_SIM_PORT;
	*is_text_way = *flow < r->runs->n;
	if (!*is_text_way)
		*flow = seen->src_port - SP_SIM_PORT;
	return *flow < r->runs->n;
}

static void
note_again(struct sp_sim_record *r, unsigned flow, const struct sp_sim_seen *seen, sampan_time now)
{
	const struct sp_sim_track *t = &r->track[flow];
	const sampan_dur after_dur = now - SP_SIM_BEGIN;

	if (after_dur < r->from_dur || after_dur > r->until_dur || r->agains == SP_SIM_AGAINS)
		return;
	r->again[r->agains++] = (struct sp_sim_again){ after_dur, flow,
		t->sent_bytes - (t->next - seen->seq) };
}

static void
frame_sent(void *ctx, const uint8_t *head, uint32_t len, sampan_time now)
{
	struct sp_sim_record *r = ctx;
	struct sp_sim_seen seen;
	bool is_text_way;
	unsigned flow;

	if (sp_sim_look(&seen, head, len) && is_of_flow(r, &seen, &flow, &is_text_way) &&
	    is_text_way && sp_sim_track_sent(&r->track[flow], &seen) > 0)
		note_again(r, flow, &seen, now);
}

static void
frame_arrived(void *ctx, const uint8_t *head, uint32_t len, sampan_time now)
{
	struct sp_sim_record *r = ctx;
	struct sp_sim_seen seen;
	bool is_text_way;
	unsigned flow;

	(void)now;
	if (!sp_sim_look(&seen, head, len) || !is_of_flow(r, &seen, &flow, &is_text_way))
		return;
	if (is_text_way)
		sp_sim_track_arrived(&r->track[flow], &seen);
	else
		sp_sim_track_acked(&r->track[flow], &seen);
}

/* ---- Samples ---- */

static void
sample_flow(struct sp_sim_record *r, unsigned i, struct sp_sim_flow_sample *sample)
{
	struct sp_sim_run *run = &r->runs->run[i];
	struct sampan_status status;
	const bool is_there = sp_sim_run_status(run, &status);

	*sample = (struct sp_sim_flow_sample){
		.sent_bytes = r->track[i].sent_bytes, .acked_bytes = r->track[i].acked_bytes,
		.read_bytes = run->read_bytes, .again_bytes = r->track[i].again_bytes };
	if (is_there) {
		sample->cwnd_bytes = status.cwnd_bytes;
		sample->rtt_dur = status.srtt_dur;
	}
}

static void
sample_lane(const struct sp_lane *lane, sampan_time now, struct sp_sim_lane_sample *sample)
{
	const struct sampan_emulate_counts *c = &lane->counts;

	*sample = (struct sp_sim_lane_sample){ .waiting_bytes = sp_lane_waiting(lane, now),
		.drops = c->lost + c->queue_drops + c->early_drops + c->policed + c->memory_drops,
		.marked = c->marked };
}

static void
keep(struct sp_sim_record *r, sampan_time now)
{
	const unsigned flows = r->runs->n, links = r->net->s->links;
	const size_t at = r->samples++;

	r->at_dur[at] = now - SP_SIM_BEGIN;
	for (unsigned i = 0; i < flows; i++)
		sample_flow(r, i, &r->flow[at * flows + i]);
	for (unsigned i = 0; i < 2 * links; i++)
		sample_lane(&r->net->lane[i / 2][i % 2], now, &r->lane[at * 2 * links + i]);
	r->keep_at = r->samples > SP_SIM_SAMPLES ? SAMPAN_NEVER : SP_SIM_BEGIN + r->from_dur +
	    (r->until_dur - r->from_dur) / SP_SIM_SAMPLES * r->samples;
}

static void
sum_up(struct sp_sim_record *r, sampan_time now)
{
	const unsigned links = r->net->s->links;
	const size_t at = r->sum_samples++;

	for (unsigned i = 0; i < r->runs->n; i++) {
		struct sampan_status status;

		if (at % ASK_EVERY == 0)
			(void)sp_sim_run_ask(&r->runs->run[i]);
		if (!sp_sim_run_status(&r->runs->run[i], &status) || status.srtt_dur == 0)
			continue;
		r->sums[i].rtt_total_dur += status.srtt_dur;
		r->sums[i].rtt_samples++;
	}
	for (unsigned i = 0; i < 2 * links; i++)
		r->waiting[i * SP_SIM_SUM_SAMPLES + at] =
		    sp_lane_waiting(&r->net->lane[i / 2][i % 2], now);
	r->sum_at = r->sum_samples == SP_SIM_SUM_SAMPLES ? SAMPAN_NEVER : SP_SIM_BEGIN +
	    r->net->s->length_dur / SP_SIM_SUM_SAMPLES * (r->sum_samples + 1);
}

void
sp_sim_record_run(struct sp_sim_record *r, sampan_time until)
{
	while (r->net->now < until) {
		const sampan_time sample_at = r->keep_at < r->sum_at ? r->keep_at : r->sum_at;
		const sampan_time to_at = sample_at < until ? sample_at : until;

		while (sp_sim_net_step(r->net, to_at))
			continue;
		if (r->keep_at <= to_at)
			keep(r, to_at);
		if (r->sum_at <= to_at)
			sum_up(r, to_at);
	}
}

int
sp_sim_record_open(struct sp_sim_record *r, struct sp_sim_runs *runs, sampan_dur from_dur,
    sampan_dur until_dur, const struct sp_why *why)
{
	const size_t rows = SP_SIM_SAMPLES + 1, lanes = 2 * (size_t)runs->net->s->links;

	*r = (struct sp_sim_record){ .net = runs->net, .runs = runs, .from_dur = from_dur,
		.until_dur = until_dur, .keep_at = SP_SIM_BEGIN + from_dur,
		.sum_at = SP_SIM_BEGIN + runs->net->s->length_dur / SP_SIM_SUM_SAMPLES };
	r->at_dur = calloc(rows, sizeof(*r->at_dur));
	r->flow = calloc(rows * runs->n, sizeof(*r->flow));
	r->lane = calloc(rows * lanes, sizeof(*r->lane));
	r->again = calloc(SP_SIM_AGAINS, sizeof(*r->again));
	r->waiting = calloc(SP_SIM_SUM_SAMPLES * lanes, sizeof(*r->waiting));
	if (r->at_dur == NULL || r->flow == NULL || r->lane == NULL || r->again == NULL ||
	    r->waiting == NULL) {
		sp_sim_record_close(r);
		return sp_why(why, ENOMEM, "no memory for samples");
	}
	runs->net->watch = (struct sp_sim_watch){ .ctx = r, .sent = frame_sent,
		.arrived = frame_arrived };
	return 0;
}

void
sp_sim_record_close(struct sp_sim_record *r)
{
	free(r->at_dur);
	free(r->flow);
	free(r->lane);
	free(r->again);
	free(r->waiting);
	r->at_dur = NULL;
	r->flow = NULL;
	r->lane = NULL;
	r->again = NULL;
	r->waiting = NULL;
}
