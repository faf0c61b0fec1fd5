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
#include "link/meter.h"
#include "link/queue.h"
#include "link/thin.h"

/* All that a lane may hold, its own bookkeeping included. */
#define SP_LANE_MOST_BYTES ((size_t)64 << 20)

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
	struct sp_key box_key;		/* the same in both directions */
	struct sp_thin thin;
	struct sp_meter police, rate;
	struct sp_capacity_cursor trace_cursor;
	struct sp_queue queue;
	struct sp_parcel *passing;	/* the rate; NULL: it is idle */
	sampan_time passed_at;		/* valid while passing */
	sampan_time spiked_until_at;	/* nothing comes out before */
	uint64_t serial;
	size_t held_bytes;		/* in the heap */
	struct sp_parcel **heap;	/* the first to come out is heap[0] */
	size_t parcels, room;
	struct sampan_emulate_counts counts;
};

/* False: no memory.  A trace that the way names must outlive the lane. */
bool sp_lane_open(struct sp_lane *lane, const struct sp_emulate_way *way, uint64_t seed,
    unsigned direction);
void sp_lane_close(struct sp_lane *lane);

/* A frame enters at a time not before that of the one before it.  Copied; big
 * ones are cut. */
void sp_lane_put(struct sp_lane *lane, const struct sampan_frame *frame, sampan_time at);

/* The next one that has come out by now; NULL: none. */
struct sp_parcel *sp_lane_take(struct sp_lane *lane, sampan_time now);

/* No frame comes out before this time; SAMPAN_NEVER: the lane is empty. */
sampan_time sp_lane_due(const struct sp_lane *lane);

/* From now on the line is another.  Its queue stays of the same kind, and a line
 * without a rate gets none. */
void sp_lane_change(struct sp_lane *lane, const struct sp_emulate_way *way, sampan_time now);

/* Bytes that wait for the rate, as of the last call. */
uint64_t sp_lane_waiting(const struct sp_lane *lane, sampan_time now);

#endif
