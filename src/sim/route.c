/*
 * route.c - see route.h.
 */
#include "sim/route.h"

/* Goes outward from `to`, a ring of nodes at a time. */
static void
route_to(struct sp_sim_scenario *s, unsigned to)
{
	unsigned queue[SP_SIM_NODES], first = 0, n = 0;
	bool seen[SP_SIM_NODES] = { false };

	for (unsigned i = 0; i < s->nodes; i++)
		s->next[i][to] = SP_SIM_NOWHERE;
	seen[to] = true;
	queue[n++] = to;
	for (; first < n; first++) {
		const unsigned here = queue[first];

		if (here != to && !s->node[here].is_router)
			continue;
		for (unsigned i = 0; i < s->links; i++) {
			const unsigned *end = s->link[i].end;
			const unsigned other = end[0] == here ? end[1] : end[0];

			if ((end[0] != here && end[1] != here) || seen[other])
				continue;
			seen[other] = true;
			s->next[other][to] = i;
			queue[n++] = other;
		}
	}
}

void
sp_sim_route(struct sp_sim_scenario *s)
{
	for (unsigned i = 0; i < s->nodes; i++)
		route_to(s, i);
}

bool
sp_sim_reaches(const struct sp_sim_scenario *s, unsigned from, unsigned to)
{
	return s->next[from][to] != SP_SIM_NOWHERE;
}
