/*
 * sim.h - two stacks and a bad link between them, in virtual time.
 *
 * The link copies frames, cuts them as a NIC would where that is asked for,
 * and then loses, duplicates, corrupts, delays and thereby reorders them, all
 * from one seed; or it is the emulator's (link/lane.h), with a bottleneck.
 * Applications are the caller's: the loop is
 *
 *	while (!done && sim_step(&sim, until))
 *		run the applications;
 */
#ifndef SAMPAN_TESTS_LIB_SIM_H
#define SAMPAN_TESTS_LIB_SIM_H

#include <sampan/socket.h>

#include "base/rng.h"
#include "link/lane.h"

/* One direction of the link. */
struct sim_path {
	uint32_t loss_ppm, dup_ppm, corrupt_ppm;
	uint32_t forge_ppm;		/* a word of a header is another, and its checksum right */
	uint32_t ce_ppm;		/* of what may be marked: congestion experienced */
	sampan_dur delay_dur;		/* always */
	sampan_dur jitter_dur;		/* up to so much more, anew for each frame */
	bool whole;			/* big frames pass uncut, partial checksums as they are */
};

struct sim_config {
	uint64_t seed;
	struct sim_path path[2];	/* [i]: from stack i */
	uint16_t mtu_bytes[2];
	uint32_t caps[2];		/* enum sampan_link_caps */
	size_t arena_bytes;		/* of each */
	sampan_time begin;
	const struct sp_emulate_way *line[2];	/* instead of path: with a rate and a queue */
	bool print;			/* every segment, to standard output */
	unsigned check_every;		/* steps between complete checks; 0: none but at the end */
	bool ip6;
	bool scatter;			/* what arrives lies in pieces, cut at random */
};

struct sim {
	struct sim_config config;
	struct sampan *s[2];
	int link[2];
	sampan_time now;
	struct sp_rng rng;
	uint64_t steps, sent, lost;
	uint64_t digest;	/* of all that the stacks sent so far, in order */
};

/* The address of stack i: 10.0.0.(1+i)/24, or fd00::(1+i)/64. */
struct sampan_addr sim_addr(const struct sim_config *config, unsigned i);

/* One simulation at a time. */
void sim_open(struct sim *sim, const struct sim_config *config);

/* What is on its way is dropped. */
void sim_close(void);

/* Moves to the next thing that happens, not after `until`, and lets it happen;
 * then all that the stacks have to send is on its way.  False: nothing happens
 * any more before that; the time is `until` then. */
bool sim_step(struct sim *sim, sampan_time until);

/* What the stacks have to send now, after an application has run. */
void sim_send(struct sim *sim);

uint32_t sim_below(struct sim *sim, uint32_t n);

/* True once in a million/ppm. */
bool sim_chance(struct sim *sim, uint32_t ppm);

#endif
