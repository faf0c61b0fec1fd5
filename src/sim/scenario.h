/*
 * scenario.h - a network as text: hosts, routers, the links between them, who
 * sends to whom, and what changes meanwhile.  The form: docs/guide/sim.md.
 *
 * Pure but for traces, which are files.  Settings of hosts are words here; who
 * makes the stacks judges them.
 */
#ifndef SAMPAN_SIM_SCENARIO_H
#define SAMPAN_SIM_SCENARIO_H

#include "link/emulate_spec.h"

#define SP_SIM_NODES 64u
#define SP_SIM_LINKS 64u
#define SP_SIM_FLOWS 64u
#define SP_SIM_CHANGES 256u
#define SP_SIM_SETTINGS 256u
#define SP_SIM_TRACES 8u
#define SP_SIM_NAME_BYTES 24u
#define SP_SIM_SETTING_BYTES 128u
#define SP_SIM_DUR_MOST SAMPAN_SEC(366 * 86400)

enum sp_sim_way {
	SP_SIM_THERE,		/* from the link's first end to its second */
	SP_SIM_BACK,
};

struct sp_sim_node {
	char name[SP_SIM_NAME_BYTES];
	bool is_router;
	bool cuts;		/* its link cuts big segments (TSO) */
	uint64_t memory_bytes;
};

/* KEY=VALUE of one host, or of all that come before it in the text. */
struct sp_sim_setting {
	unsigned line, node;
	char name[SP_SIM_SETTING_BYTES], value[SP_SIM_SETTING_BYTES];
};

struct sp_sim_link {
	unsigned end[2];	/* nodes */
	uint16_t mtu_bytes;
	struct sp_emulate_way way[2];	/* by enum sp_sim_way */
};

struct sp_sim_flow {
	char name[SP_SIM_NAME_BYTES];
	char cc[SP_SIM_NAME_BYTES];	/* empty: the host's */
	unsigned line, from, to;
	sampan_dur start_dur, stop_dur;	/* from the beginning; stop 0: the end */
	uint64_t bytes;		/* of each transfer; 0: as many as pass until stop */
	sampan_dur every_dur;	/* transfers begin so often, when the one before is done */
	uint64_t rate_bits;	/* the application sends so much a second; 0: all it can */
	sampan_dur pause_dur, pause_len_dur;	/* the reader rests; len 0: never */
};

struct sp_sim_change {
	sampan_dur after_dur;	/* from the beginning */
	unsigned link;
	struct sp_emulate_way way[2];
};

struct sp_sim_scenario {
	sampan_dur length_dur;
	uint64_t seed;
	unsigned nodes, links, flows, changes, settings, traces;
	struct sp_sim_node node[SP_SIM_NODES];
	struct sp_sim_link link[SP_SIM_LINKS];
	struct sp_sim_flow flow[SP_SIM_FLOWS];
	struct sp_sim_change change[SP_SIM_CHANGES];
	struct sp_sim_setting setting[SP_SIM_SETTINGS];
	struct sp_capacity trace[SP_SIM_TRACES];
	unsigned next[SP_SIM_NODES][SP_SIM_NODES];	/* link from a node toward a host */
};

struct sp_sim_text {
	const char *text;
	size_t len;
	const char *name;	/* stands before the line in what `why` says */
	const char *dir;	/* where traces lie; NULL: none may be read */
};

/* The caller closes what was read.  -1 with a line in why: EINVAL: the text.
 * ENOMEM. */
int sp_sim_scenario_read(struct sp_sim_scenario **out, const struct sp_sim_text *text,
    const struct sp_why *why);
void sp_sim_scenario_close(struct sp_sim_scenario *s);

#endif
