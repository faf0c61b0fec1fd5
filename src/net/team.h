/*
 * team.h - a stack as one of several that share an address: sampan/team.h.
 *
 * Whose a flow is: the upper bits of the hash that the table of connections is
 * searched by (its buckets use the lower ones), so input computes nothing more.
 * UDP to a port of the automatic range is the port's alone, because a socket
 * there may speak with anybody; what there is one of is the leader's.
 */
#ifndef SAMPAN_NET_TEAM_H
#define SAMPAN_NET_TEAM_H

#include <sampan/team.h>

#include "base/list.h"
#include "net/flow.h"

struct sp_pkt;
struct sp_whole;

struct sp_team {
	uint8_t members;   /* 1: alone */
	uint8_t number;	   /* 0: leads, or is alone */
	bool steers;	   /* what arrives may be another's */
	bool told;	   /* the leader: once at least */
	uint16_t told_gen; /* and then its route_gen was this */
	uint16_t pins;
	uint16_t pin[SAMPAN_TEAM_PINS];
	struct sp_list held; /* struct sp_held: whole packets of others */
	uint32_t held_count;
};

void sp_team_init(struct sampan *s);

/* The member whose it is; hash: of the flow. */
unsigned
sp_team_owner(const struct sampan *s, uint8_t proto, const struct sp_flow *flow, uint32_t hash);

/* Would what comes back be ours? */
bool sp_team_owns(const struct sampan *s, uint8_t proto, const struct sp_flow *flow);

/* Is a UDP port of the automatic range ours? */
bool sp_team_owns_port(const struct sampan *s, uint16_t port);

/* After the first look: marks its frame if it is another's, and takes it out.  Out
 * of line, so that a stack that is alone does not pay for it. */
__attribute__((noinline)) void sp_team_steer(struct sampan *s, struct sp_pkt *pkt);

/* A packet has become whole.  True: it is another's, and will be carried there;
 * `last` is the frame that made it whole. */
__attribute__((noinline)) bool sp_team_hold(struct sampan *s, const struct sp_pkt *pkt,
    const struct sp_whole *whole, struct sampan_frame *last);

#endif
