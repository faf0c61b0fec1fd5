/*
 * sim.h - networks in virtual time: stacks, links, routers and flows as a text
 * describes them (docs/guide/sim.md), run as fast as the machine can.
 *
 *	sampan_sim_open(&sim, &config, why, sizeof(why));
 *	sampan_sim_run(sim, SAMPAN_SEC(10));
 *	sampan_sim_flow(sim, 0, &flow);
 *	sampan_sim_close(sim);
 *
 * The same text and seed give the same result on every run.  An application of
 * one's own runs on a host's stack between two calls of sampan_sim_run(); what it
 * did leaves with sampan_sim_touch().  A program that uses this links
 * libsampan-sim.  One thread per simulation.
 */
#ifndef SAMPAN_SIM_H
#define SAMPAN_SIM_H

#include <sampan/sampan.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sampan_sim;

struct sampan_sim_config {
	size_t size;		/* sizeof(struct sampan_sim_config) */
	const char *text;	/* the scenario; used until sampan_sim_open() returns */
	size_t len;
	const char *name;	/* of the text, in messages; used as long as the text */
	const char *dir;	/* where traces lie that it names; NULL: none may be read */
	bool has_seed;
	uint64_t seed;		/* instead of the text's */
	sampan_dur from_dur, until_dur;	/* what is plotted; until 0: to the end */
};

/* -1 and errno with a line in why (host.h): EINVAL: the text, with the number of
 * its line, or the config.  ENOMEM.  ENOENT and the like: a trace. */
SAMPAN_API int sampan_sim_open(struct sampan_sim **out, const struct sampan_sim_config *config,
    char *why, size_t why_len);
SAMPAN_API void sampan_sim_close(struct sampan_sim *sim);

/* Lets everything happen until this time from the beginning; 0: to the end that
 * the text says.  Times that are past do nothing. */
SAMPAN_API void sampan_sim_run(struct sampan_sim *sim, sampan_dur until_dur);

/* The time on the stacks' clock. */
SAMPAN_API sampan_time sampan_sim_now(const struct sampan_sim *sim);

/* The stack of a host; NULL: no such host.  Its address is 10.0.0.N for host or
 * router number N of the text. */
SAMPAN_API struct sampan *sampan_sim_stack(struct sampan_sim *sim, const char *host);

/* A host's application has done something.  INVAL: no such host. */
SAMPAN_API int sampan_sim_touch(struct sampan_sim *sim, const char *host);

struct sampan_sim_flow {
	const char *name, *from, *to, *cc;
	uint64_t read_bytes;		/* by the receiving application */
	double goodput_bits;		/* a second, of the time that it ran */
	uint64_t sent_bytes, again_bytes, again_segs;	/* of text; again: more than once */
	uint64_t spurious_bytes;	/* arrived though they had arrived before */
	unsigned transfers, done, failures;
	sampan_dur done_least_dur, done_median_dur, done_greatest_dur;	/* 0: none done */
	sampan_dur rtt_least_dur, rtt_mean_dur;	/* smoothed; 0: none measured */
};

/* NOENT: there are not so many. */
SAMPAN_API int sampan_sim_flow(const struct sampan_sim *sim, unsigned i,
    struct sampan_sim_flow *flow);

struct sampan_sim_lane {
	const char *from, *to;
	uint64_t rate_bits;		/* 0: no limit, or a trace */
	uint64_t frames, lost, queue_drops, early_drops, policed, marked, overtakers;
	double used;			/* share of the rate; 0: no limit */
	double waiting_mean_bytes;	/* before the rate */
	uint64_t waiting_95_bytes, waiting_most_bytes;
};

/* Lane 2 i is link i of the text there, 2 i + 1 the way back.  NOENT. */
SAMPAN_API int sampan_sim_lane(const struct sampan_sim *sim, unsigned i,
    struct sampan_sim_lane *lane);

/* Jain's index of the goodputs of flows without an amount: 1, all the same, to
 * one over how many they are; 0: there is none. */
SAMPAN_API double sampan_sim_jain(const struct sampan_sim *sim);

#ifdef __cplusplus
}
#endif

#endif
