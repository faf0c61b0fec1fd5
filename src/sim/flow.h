/*
 * flow.h - what the applications of a scenario do: they connect, send, read,
 * rest and begin again, as `flow` says.
 *
 * Flow number i connects to port SP_SIM_PORT + i.
 */
#ifndef SAMPAN_SIM_FLOW_H
#define SAMPAN_SIM_FLOW_H

#include <sampan/option.h>

#include "sim/net.h"

#define SP_SIM_PORT 5000u

/* One flow as it runs. */
struct sp_sim_run {
	const struct sp_sim_flow *flow;
	struct sampan *from, *to;	/* their stacks */
	sampan_handle listener, sender, reader;	/* 0: none */
	sampan_time due_at;		/* has something to do */
	sampan_time begun_at;		/* the transfer that runs, or the last one */
	uint64_t given_bytes;		/* to the stack, of this transfer */
	uint64_t read_bytes;		/* of all */
	bool said_all;			/* FIN is queued */
	unsigned transfers;		/* begun */
	unsigned failures;		/* ended by an error, or could not begin */
	struct sampan_tcp_info info;	/* of the connection, as last asked */
	uint64_t rtt_least_us;		/* of all of them; 0: none measured */
	sampan_dur *done_dur;		/* how long each took that ended well */
	unsigned done, done_room;
};

struct sp_sim_runs {
	struct sp_sim_net *net;
	unsigned n;
	sampan_time end_at;
	struct sp_sim_run run[SP_SIM_FLOWS];
};

/* Attaches the scenario's flows to its network.  -1 with a line in why: EINVAL:
 * a congestion control that does not exist; ENOMEM. */
int sp_sim_runs_open(struct sp_sim_runs *runs, struct sp_sim_net *net, const char *name,
    const struct sp_why *why);
void sp_sim_runs_close(struct sp_sim_runs *runs);

/* Its connection's state, soon told; false: there is none. */
bool sp_sim_run_status(const struct sp_sim_run *run, struct sampan_status *status);

/* Asks what TCP knows of a flow's connection now; false: there is none. */
bool sp_sim_run_ask(struct sp_sim_run *run);

#endif
