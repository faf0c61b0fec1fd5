/*
 * wire.h - the path itself: frames from one end to the other over two lanes, by
 * the machine's clock, and what that shows.
 */
#ifndef SAMPAN_BENCH_PATH_WIRE_H
#define SAMPAN_BENCH_PATH_WIRE_H

#include "link/lane.h"
#include "path/path.h"
#include "sim/track.h"

#define WIRE_SAMPLES 65536u

struct wire {
	unsigned flows;
	struct path_end end[PATH_FLOWS][2];
	struct path_shared *shared[PATH_FLOWS];
	struct sp_lane lane[2];			/* by enum path_side: from there */
	struct sp_sim_track track[PATH_FLOWS];
	uint64_t arrived_bytes;			/* at the kernel's ends, of all frames */
	uint64_t refused;			/* frames that a TAP did not take */
	uint32_t samples;
	uint32_t waiting[WIRE_SAMPLES];		/* bytes before the rate, every millisecond */
	uint32_t late[WIRE_SAMPLES];		/* microseconds that a frame came out too late */
};

/* The ends are told to go; returns when the time is over. */
void wire_run(struct wire *w, sampan_dur dur);

#endif
