/*
 * record.h - what a simulation shows: samples at even times of each flow and
 * each lane, what was sent again and when, sums over all.
 *
 * What was sent again and what arrived once more is seen from outside
 * (track.h); copies that the line made count as the latter.
 */
#ifndef SAMPAN_SIM_RECORD_H
#define SAMPAN_SIM_RECORD_H

#include "sim/flow.h"
#include "sim/track.h"

#define SP_SIM_SAMPLES 1000u		/* kept, of the span that is asked for */
#define SP_SIM_SUM_SAMPLES 4000u	/* of the whole run, for means and quantiles */
#define SP_SIM_AGAINS 20000u		/* repairs kept, all flows together */

/* Of a flow, at one time.  Bytes of all its transfers so far. */
struct sp_sim_flow_sample {
	uint64_t sent_bytes, acked_bytes, read_bytes, again_bytes;
	uint64_t cwnd_bytes;
	sampan_dur rtt_dur;		/* smoothed; 0: not known */
};

struct sp_sim_lane_sample {
	uint64_t waiting_bytes;
	uint64_t drops, marked;		/* of all, so far */
};

/* A segment that was sent again. */
struct sp_sim_again {
	sampan_dur after_dur;
	unsigned flow;
	uint64_t at_bytes;		/* its first byte */
};

struct sp_sim_sums {
	sampan_dur rtt_total_dur;	/* of rtt_samples */
	unsigned rtt_samples;
};

struct sp_sim_record {
	struct sp_sim_net *net;
	struct sp_sim_runs *runs;
	sampan_dur from_dur, until_dur;	/* what is kept */
	sampan_time keep_at, sum_at;	/* the next samples */
	size_t samples;
	sampan_dur *at_dur;
	struct sp_sim_flow_sample *flow;	/* [sample * flows + flow] */
	struct sp_sim_lane_sample *lane;	/* [sample * 2 * links + 2 * link + way] */
	struct sp_sim_again *again;
	size_t agains;			/* kept; SP_SIM_AGAINS: there were more */
	size_t sum_samples;
	uint64_t *waiting;		/* [lane * SP_SIM_SUM_SAMPLES + sample] */
	struct sp_sim_sums sums[SP_SIM_FLOWS];
	struct sp_sim_track track[SP_SIM_FLOWS];
};

/* Looks on from the beginning, and keeps samples of [from, until].  ENOMEM with a
 * line in why. */
int sp_sim_record_open(struct sp_sim_record *r, struct sp_sim_runs *runs, sampan_dur from_dur,
    sampan_dur until_dur, const struct sp_why *why);
void sp_sim_record_close(struct sp_sim_record *r);

/* Runs the network until this time and takes the samples. */
void sp_sim_record_run(struct sp_sim_record *r, sampan_time until);

#endif
