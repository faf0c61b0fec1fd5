/*
 * lane.h - one direction of a bad line (emulate.h): frames go in, and come out
 * later, altered, twice or never.
 *
 * Knows frames, numbers and the time that it is told; no link, no stack, no
 * clock.  Allocates a block for each frame on its way.
 */
#ifndef SAMPAN_LINK_LANE_H
#define SAMPAN_LINK_LANE_H

#include <sampan/frame.h>

#include "base/rng.h"
#include "link/emulate_spec.h"

/* All that a lane may hold, its own bookkeeping included. */
#define SP_LANE_MOST_BYTES ((size_t)64 << 20)

/* A frame as a wire carries it.  Whoever takes it out frees it. */
struct sp_parcel {
	sampan_time due_at;	/* comes out */
	uint64_t serial;	/* order of those due at the same time */
	uint32_t len;
	uint8_t bytes[];
};

/* What random numbers are drawn for. */
enum sp_lane_lot {
	SP_LOT_LOSS,
	SP_LOT_BURST,
	SP_LOT_DUP,
	SP_LOT_CORRUPT,
	SP_LOT_REORDER,
	SP_LOT_JITTER,
	SP_LOTS,
};

struct sp_lane {
	struct sp_emulate_way way;
	struct sp_rng rng[SP_LOTS];
	bool is_bad;			/* in a burst */
	sampan_time busy_until_at;	/* all accepted so far has passed the rate */
	uint64_t busy_rest;		/* of a nanosecond, in 1 / rate */
	uint64_t serial;
	size_t held_bytes;
	struct sp_parcel **heap;	/* the first to come out is heap[0] */
	size_t parcels, room;
	struct sampan_emulate_counts counts;
};

void sp_lane_open(struct sp_lane *lane, const struct sp_emulate_way *way, uint64_t seed,
    unsigned direction);
void sp_lane_close(struct sp_lane *lane);

/* A frame enters at a time not before that of the one before it.  Copied; big
 * ones are cut. */
void sp_lane_put(struct sp_lane *lane, const struct sampan_frame *frame, sampan_time at);

/* The next one that has come out by now; NULL: none. */
struct sp_parcel *sp_lane_take(struct sp_lane *lane, sampan_time now);

/* When the next one comes out; SAMPAN_NEVER: the lane is empty. */
sampan_time sp_lane_due(const struct sp_lane *lane);

#endif
