/*
 * sim.h - a simulation as a whole: what sampan/sim.h hands out.
 */
#ifndef SAMPAN_SIM_SIM_H
#define SAMPAN_SIM_SIM_H

#include <sampan/sim.h>

#include "sim/record.h"

struct sampan_sim {
	struct sp_sim_scenario *scenario;
	struct sp_sim_net net;
	struct sp_sim_runs runs;
	struct sp_sim_record record;
	uint64_t seed;
};

/* Lane number i as FROM-TO. */
#define SP_SIM_LANE_NAME_BYTES (2 * SP_SIM_NAME_BYTES)
void sp_sim_lane_name(const struct sampan_sim *sim, unsigned lane,
    char name[SP_SIM_LANE_NAME_BYTES]);

/* Does this lane have a rate, so that frames wait there? */
bool sp_sim_lane_waits(const struct sampan_sim *sim, unsigned lane);

#endif
