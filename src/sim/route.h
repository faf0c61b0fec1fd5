/*
 * route.h - which link leads from each node toward each host: the fewest
 * links, of equals the first in the text.
 */
#ifndef SAMPAN_SIM_ROUTE_H
#define SAMPAN_SIM_ROUTE_H

#include "sim/scenario.h"

#define SP_SIM_NOWHERE SP_SIM_LINKS

/* Fills in scenario->next. */
void sp_sim_route(struct sp_sim_scenario *s);

/* Only routers pass on what is not for them. */
bool sp_sim_reaches(const struct sp_sim_scenario *s, unsigned from, unsigned to);

#endif
