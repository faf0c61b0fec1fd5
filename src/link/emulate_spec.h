/*
 * emulate_spec.h - what a user asks of the emulator: the words of emulate.h.
 *
 * Pure: text to struct.  lane.c does it.
 */
#ifndef SAMPAN_LINK_EMULATE_SPEC_H
#define SAMPAN_LINK_EMULATE_SPEC_H

#include <sampan/emulate.h>

#include "link/box.h"
#include "link/capacity.h"
#include "link/queue.h"
#include "link/unit.h"
#include "link/why.h"

/* Probabilities are shares of a billion. */
#define SP_EMULATE_ALL SP_SHARE_ALL

/* Longest word, with its end. */
#define SP_EMULATE_WORD_BYTES 64

/* One direction. */
struct sp_emulate_way {
	uint32_t loss_ppb;
	bool bursts;
	uint32_t burst_begin_ppb, burst_end_ppb, burst_loss_ppb;
	uint32_t reorder_ppb, dup_ppb, corrupt_ppb;
	sampan_dur delay_dur, jitter_dur;
	sampan_dur spike_every_dur, spike_extra_dur, spike_len_dur;	/* every 0: none */
	sampan_dur batch_dur;
	uint64_t rate_bits;	/* a second; 0: no limit */
	uint64_t bucket_bytes;	/* that may pass at once */
	const struct sp_capacity *trace;	/* instead of the rate; NULL */
	struct sp_queue_config queue;	/* limit 0: as the rate suggests */
	uint64_t police_bits, police_bytes;	/* 0: no policer */
	uint32_t thin_acks;
	sampan_dur thin_dur;
	struct sp_box box;
};

struct sp_emulate_spec {
	struct sp_emulate_way way[2];	/* by enum sampan_direction */
	uint64_t seed;
};

/* EINVAL: a word or value that the emulator does not have. */
int sp_emulate_spec_read(struct sp_emulate_spec *spec, const char *text, const struct sp_why *why);

/* The parts of it, for descriptions of other forms.  A way begins with the
 * defaults, takes words KEY=VALUE (without a direction) in any order, and is
 * finished by what only makes sense together, among them defaults that depend
 * on others. */
extern const struct sp_emulate_way sp_emulate_way_default;
int sp_emulate_way_take(struct sp_emulate_way *way, const char *key, const char *value,
    const struct sp_why *why);
int sp_emulate_way_finish(struct sp_emulate_way *way, const struct sp_why *why);

/* Is it a key of a way? */
bool sp_emulate_way_has(const char *key);

#endif
