/*
 * net.h - a scenario's network as it runs: stacks, the lines between them, and
 * one clock that jumps from what happens to what happens next.
 *
 * Every host is a stack of its own with one link; every link two lanes
 * (link/lane.h), the emulator's.  Routers look at the Ethernet destination
 * only, know all ways and take no time.  Hosts are told each other's Ethernet
 * addresses at once, when they ask.  The same scenario and seed give the same
 * frames at the same times.
 */
#ifndef SAMPAN_SIM_NET_H
#define SAMPAN_SIM_NET_H

#include <sampan/socket.h>

#include "link/lane.h"
#include "sim/scenario.h"

/* The clock at the beginning. */
#define SP_SIM_BEGIN SAMPAN_SEC(1)

/* Who looks on.  A frame's head of at least 54 bytes, and its length. */
struct sp_sim_watch {
	void *ctx;
	void (*sent)(void *ctx, const uint8_t *head, uint32_t len, sampan_time now);
	void (*arrived)(void *ctx, const uint8_t *head, uint32_t len, sampan_time now);
};

/* What runs on the hosts. */
struct sp_sim_apps {
	void *ctx;
	sampan_time (*due)(void *ctx);
	/* Lets act what is due, and says on which nodes: a bit each. */
	uint64_t (*act)(void *ctx, sampan_time now);
	/* Something happened on a node: its events wait. */
	void (*event)(void *ctx, unsigned node, sampan_time now);
};

struct sp_sim_host {
	struct sampan *stack;	/* NULL: a router */
	void *memory;
	size_t memory_bytes;
	int link;
	sampan_time deadline_at;
};

struct sp_sim_net {
	const struct sp_sim_scenario *s;
	sampan_time now;
	unsigned changes_done;
	struct sp_lane lane[SP_SIM_LINKS][2];
	sampan_time due_at[SP_SIM_LINKS][2];	/* of each lane */
	uint64_t passed_bytes[SP_SIM_LINKS][2];
	struct sp_sim_host host[SP_SIM_NODES];
	uint64_t dirty;		/* nodes that have something to do now */
	struct sp_sim_apps apps;
	struct sp_sim_watch watch;
	uint64_t steps;
};

/* The scenario must outlive the network.  -1 with a line in why: EINVAL: a
 * setting, with its line of the scenario; ENOMEM. */
int sp_sim_net_open(struct sp_sim_net *net, const struct sp_sim_scenario *s, uint64_t seed,
    const char *name, const struct sp_why *why);
void sp_sim_net_close(struct sp_sim_net *net);

/* Moves to what happens next, not after `until`, and lets it happen.  False:
 * nothing does before that; the time is `until` then. */
bool sp_sim_net_step(struct sp_sim_net *net, sampan_time until);

/* What an application has done outside of a step leaves. */
void sp_sim_net_settle(struct sp_sim_net *net, unsigned node);

/* Stack number i has 10.0.0.(1 + i). */
struct sampan_addr sp_sim_net_addr(unsigned node);

#endif
