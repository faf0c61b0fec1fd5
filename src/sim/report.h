/*
 * report.h - a simulation that has run, as text, as JSON and as a table of
 * samples.
 */
#ifndef SAMPAN_SIM_REPORT_H
#define SAMPAN_SIM_REPORT_H

#include <stdio.h>

#include "sim/sim.h"

void sp_sim_report_text(const struct sampan_sim *sim, FILE *to);

/* One object on one line; false: no memory. */
bool sp_sim_report_json(const struct sampan_sim *sim, FILE *to);

/* Lines time_s,name,what,value under such a head. */
void sp_sim_report_csv(const struct sampan_sim *sim, FILE *to);

#endif
