/*
 * emulate_spec.h - what a user asks of the emulator: the words of emulate.h.
 *
 * Pure: text to struct.  lane.c does it.
 */
#ifndef SAMPAN_LINK_EMULATE_SPEC_H
#define SAMPAN_LINK_EMULATE_SPEC_H

#include <sampan/emulate.h>

#include "link/why.h"

/* Probabilities are shares of a billion. */
#define SP_EMULATE_ALL 1000000000u

/* One direction. */
struct sp_emulate_way {
	uint32_t loss_ppb;
	bool bursts;
	uint32_t burst_begin_ppb, burst_end_ppb, burst_loss_ppb;
	uint32_t reorder_ppb, dup_ppb, corrupt_ppb;
	sampan_dur delay_dur, jitter_dur;
	uint64_t rate_bits;	/* a second; 0: no limit */
	uint64_t queue_bytes;	/* 0: as the rate suggests */
};

struct sp_emulate_spec {
	struct sp_emulate_way way[2];	/* by enum sampan_direction */
	uint64_t seed;
};

/* EINVAL: a word or value that the emulator does not have. */
int sp_emulate_spec_read(struct sp_emulate_spec *spec, const char *text, const struct sp_why *why);

#endif
