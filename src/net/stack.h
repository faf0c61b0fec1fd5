/*
 * stack.h - the head of the arena: everything a stack has one of.
 *
 * Holds no addresses.  What belongs to a transport alone lies in its area,
 * which the transport gives a type (tcp/tcp.h); so this layer does not know it.
 */
#ifndef SAMPAN_NET_STACK_H
#define SAMPAN_NET_STACK_H

#include <sampan/config.h>
#include <sampan/sampan.h>
#include <sampan/stats.h>

#include "base/list.h"
#include "base/rng.h"
#include "base/table.h"
#include "base/trace.h"
#include "base/wheel.h"
#include "net/addr.h"
#include "net/flow.h"
#include "net/limit.h"
#include "net/routing.h"
#include "net/team.h"

#define SP_LINKS_MAX 16		/* a half-open record has 4 bits for its link, 0 is none */
/* Answers without a connection that may wait on one link; more are dropped. */
#define SP_REPLIES_MAX 1024
#define SP_PORTS_IN_PAGE 256

/* What a link has heard from routers that ask for groups: net/group.c. */
struct sp_querier {
	sampan_time old_until;	/* an old version is spoken */
	sampan_time general_at;	/* an answer about all groups; SAMPAN_NEVER: none */
	uint8_t old_version;
	uint8_t robustness;	/* 0: not said */
};

/* Does a link choose an IPv4 link-local address?  net/ll4.h. */
enum sp_ll4 {
	SP_LL4_OFF,
	SP_LL4_ALWAYS,
	SP_LL4_FALLBACK,	/* not now: a DHCP server answers */
	SP_LL4_NEEDED,		/* it does not */
};

struct sp_link {
	bool used;
	uint8_t mac[6];
	uint16_t mtu_bytes;
	uint32_t caps;		/* enum sampan_link_caps */
	struct sp_list replies;	/* struct sp_reply: ready to go */
	struct sp_list held;	/* struct sp_reply: their neighbour is being asked for */
	uint32_t reply_count;	/* in both */
	bool wake;		/* what is parked is to try again */
	struct sp_list run;	/* connections with something to say */
	struct sp_list parked;	/* connections whose neighbour is being asked for */
	char name[16];
	uint32_t dhcp;		/* struct sp_dhcp; 0: no client */

	/* net/group.h */
	struct sp_list groups;	/* struct sp_group */
	uint32_t group_count;
	struct sp_querier querier[2];	/* of IGMP, of MLD */

	/* RFC 3927: ll4.c */
	uint8_t ll4;		/* enum sp_ll4 */
	uint8_t ll4_tries;	/* addresses that somebody else had */
	uint8_t ll4_conflicts;
	sampan_time ll4_at;	/* the next look; SAMPAN_NEVER: none */
	uint16_t mtu4_bytes;	/* a DHCP server's; 0: the link's */

	/* IPv6, RFC 4861 §6.3.2: what routers may change. */
	bool autoconf;		/* they may */
	sampan_time solicit_at;	/* the next router solicitation; 0: none */
	sampan_dur solicit_dur;	/* RFC 7559: how long until the one after it */
	uint8_t hops;		/* hop limit of what is sent; 0: the setting's */
	uint16_t mtu6_bytes;	/* 0: the link's */
	uint32_t reachable_ms;	/* as advertised; 0: REACHABLE_TIME */
	uint32_t retrans_ms;	/* 0: RETRANS_TIMER */
	sampan_dur reachable_dur;	/* drawn from it */
};

/* Room for what a transport has one of. */
struct sp_transport_area {
	_Alignas(16) uint8_t bytes[192];
};

/* More than this nothing is late: 2.4 hours.  See sp_stack_time(). */
#define SP_LATE_MAX ((sampan_dur)0x10000000 << SP_TICK_SHIFT)
_Static_assert((SP_LATE_MAX >> SP_TICK_SHIFT) + SP_TICK_FAR < (sampan_dur)1 << 31,
    "whatever is late, or armed then, compares");

/* What ip_fast.c knows while nothing changes: a link has one usable IPv4 address, and the
 * stack no other. */
struct sp_sole_addr {
	uint32_t v4, broadcast;	/* the same where there is no broadcast address */
	uint16_t route_gen;	/* it was so when this was the stack's */
	uint8_t link;		/* 0: it was not */
};

struct sampan {
	struct sp_arena arena;	/* first: the block starts with its magic number */
	sampan_time now;	/* the caller's, without lost_dur */
	sampan_dur lost_dur;	/* that passed for the caller only */
	uint32_t csum_variant;
	uint32_t generation;	/* of the handle made last */
	uint16_t route_gen;	/* changes whenever a route or an address does */
	uint16_t dropped;	/* 1 + the last reason of sp_drop(): for input.c */
	struct sp_sole_addr sole;
	bool route_metrics;	/* some route says more than where to go */
	bool long_way_only;	/* for tests: no header prediction (tcp_in_fast.c) */
	struct sp_wheel wheel;
	struct sp_table conns;	/* flows: tags are enum sp_conn_tag */
	struct sp_table neighs;
	struct sp_table sources;	/* made when needed: tcp/tcp_source.h */
	uint32_t sources_dir, sources_dir_entries;	/* for it */
	uint32_t neigh_last;		/* that was held last; 0: none */
	struct sp_list neigh_idle;	/* neighbours that nothing refers to, oldest first */
	struct sp_list neigh_unresolved;	/* the same of those without an address */
	_Alignas(16) struct sp_timer due_timer;	/* net/due.h */
	sampan_time due_at;	/* the earliest deadline of the tables below; 0: none */
	struct sp_list ready;	/* endpoints with events to report */
	struct sp_key flow_key;
	struct sp_key label_key;	/* of IPv6 flow labels */
	struct sp_key iid_key;	/* of stable interface identifiers, RFC 7217 */
	struct sp_rng rng;
	struct sp_trace trace;
	uint32_t port_page[65536 / SP_PORTS_IN_PAGE];	/* net/port.c; 0: none of them in use */
	struct sp_limit limit;	/* of ICMP errors */
	uint32_t pmtus;		/* entries of net/pmtu.c; 0: none was learned */
	struct sp_limit answer_limit;	/* of what answers no connection */
	uint32_t names;		/* struct sp_names; 0: none is known */
	uint32_t echoes;	/* struct sp_echo_table; 0: none is waited for */
	uint32_t reass;		/* struct groups of net/reass.c; 0: no fragments */
	struct sp_team team;
	struct sp_transport_area tcp;
	struct sp_transport_area udp;
	struct sp_link link[SP_LINKS_MAX];	/* number 0 is not used */
	struct sp_local_addr addr[SP_ADDRS_MAX];
	struct sp_route route[SP_ROUTES_MAX];
	int64_t setting[SAMPAN_SET_COUNT];
	uint64_t counter[SAMPAN_COUNT_COUNT];
};

static inline void
sp_count(struct sampan *s, enum sampan_count c)
{
	s->counter[c]++;
}

/* A frame or packet is not wanted: one reason, one counter, one trace line
 * (R-MISC-17). */
void sp_drop(struct sampan *s, enum sampan_count reason, unsigned link);

/* Time went on, but nobody came while something was due: so much of it counts as
 * not passed that this is late by SP_LATE_MAX. */
void sp_stack_lose_time(struct sampan *s);

/* Accepts a caller's time; one that goes back counts as the last one.  A machine that
 * slept for hours must not come back to deadlines that it cannot tell from such to
 * come, nor let years of them expire at once (R-MISC-16). */
static inline void
sp_stack_time(struct sampan *s, sampan_time now)
{
	if (now <= s->now + s->lost_dur)
		return;
	s->now = now - s->lost_dur;
	sp_wheel_sync(&s->wheel, s->now);
	if (s->now - (s->wheel.now << SP_TICK_SHIFT) > SP_LATE_MAX)
		sp_stack_lose_time(s);
}

/* As the caller counts; SAMPAN_NEVER stays. */
static inline sampan_time
sp_stack_callers_time(const struct sampan *s, sampan_time at)
{
	return at == SAMPAN_NEVER ? at : at + s->lost_dur;
}

/* When a frame arrived: as it says (0: now), but not after now. */
static inline sampan_time
sp_stack_frame_time(const struct sampan *s, sampan_time at)
{
	return at > s->lost_dur && at - s->lost_dur < s->now ? at - s->lost_dur : s->now;
}

/* Makes the network part of a stack; bytes as given to sampan_init().  False:
 * the block is too small. */
bool sp_stack_init(struct sampan *s, size_t bytes, const struct sampan_config *config);

/* Keys that are not kept over restarts. */
void sp_stack_draw_keys(struct sampan *s);

/* Does another stack have what there is one of (net/team.h)? */
static inline bool
sp_team_follows(const struct sampan *s)
{
	return s->team.number != 0;
}

static inline int64_t
sp_setting(const struct sampan *s, enum sampan_setting i)
{
	return s->setting[i];
}

/* The link of that number, NULL if there is none. */
struct sp_link *sp_link_get(struct sampan *s, int link);

/* The largest packet of that family on the link. */
static inline uint16_t
sp_link_mtu(const struct sampan *s, unsigned link, bool v4)
{
	const struct sp_link *l = &s->link[link];
	const uint16_t said = v4 ? l->mtu4_bytes : l->mtu6_bytes;

	return said != 0 ? said : l->mtu_bytes;
}

#endif
