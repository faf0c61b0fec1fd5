/*
 * routing.h - where packets go: prefixes on links, and gateways.
 *
 * Connections remember what they found and look again when route_gen has
 * changed.  The prefixes of our own addresses are not repeated here.
 */
#ifndef SAMPAN_NET_ROUTING_H
#define SAMPAN_NET_ROUTING_H

#include <sampan/sampan.h>

struct sp_local_addr;

#define SP_ROUTES_MAX 48
/* Of one link, so many by what routers say (R-4861-29). */
#define SP_AUTO_ROUTES_MAX 16

enum sp_route_origin {
	SP_ROUTE_STATIC,	/* by the application */
	SP_ROUTE_ROUTER,	/* a default router that advertised itself, RFC 4861 §6.3.4 */
	SP_ROUTE_PREFIX,	/* a prefix that a router says is on the link */
	SP_ROUTE_MORE,		/* a route that a router has advertised, RFC 4191 */
	SP_ROUTE_REDIRECT,	/* a better first hop for one destination */
	SP_ROUTE_LEASED,	/* DHCP */
};

struct sp_route {
	struct sampan_addr dst;		/* 0 */
	struct sampan_addr gateway;	/* 16: ::, what is in the prefix is on the link */
	uint8_t link;		/* 32: 0: unused */
	uint8_t prefix_bits;	/* of the 128 */
	uint8_t origin;		/* enum sp_route_origin */
	int8_t preference;	/* RFC 4191 §2.1: -1, 0, 1 */
	uint32_t metric;	/* 36: the least wins among equals */
	uint16_t mtu_bytes;	/* 40: 0: the link's */
	uint16_t initcwnd_segs;	/* 0: TCP's own */
	uint32_t window_bytes;	/* 44: most that TCP offers; 0: no limit */
	sampan_time expires_at;	/* 48: SAMPAN_NEVER */
	sampan_time dead_until;	/* 56: its gateway did not answer; 0: it does */
	uint16_t initrwnd_segs;	/* 64: most that TCP offers at first; 0: no limit */
	uint16_t advmss_bytes;	/* 0: what fits the link */
	uint16_t rto_min_ms;	/* 0: the setting's */
	bool quickack;
	uint8_t pad;
};
_Static_assert(sizeof(struct sp_route) == 72, "no padding that is not named");

struct sp_path {
	unsigned link;
	struct sampan_addr next_hop;
	const struct sp_route *route;	/* NULL: a prefix of ours */
};

/* The way to dst: longest prefix, then a gateway that answers, preference,
 * metric.  False: none. */
bool sp_route_find(const struct sampan *s, const struct sampan_addr *dst, struct sp_path *path);

/* The route to dst if it says more than the way (an MTU, a window); else NULL.  Costs
 * nothing while there is no such route. */
const struct sp_route *sp_route_metrics(const struct sampan *s, const struct sampan_addr *dst);

/* The address of ours to use towards dst, RFC 6724 §5.  False: no route, or no
 * address on its link.  RFC 9293 §3.9.1.1 (MUST-44). */
bool sp_source_find(const struct sampan *s, const struct sampan_addr *dst, struct sampan_addr *src);

/* The same once the way is known; NULL. */
const struct sp_local_addr *sp_source_on(const struct sampan *s, const struct sampan_addr *dst,
    const struct sp_path *path);

/* Adds a route or changes the one with this prefix, gateway, link and origin.
 * NOSPACE. */
int sp_route_put(struct sampan *s, const struct sp_route *want);
struct sp_route *sp_route_get(struct sampan *s, const struct sp_route *like);
void sp_route_drop(struct sampan *s, struct sp_route *r);

/* A neighbour stopped answering, or answers again: the routes through it. */
void sp_route_gateway_dead(struct sampan *s, unsigned link, const struct sampan_addr *gateway);
void sp_route_gateway_alive(struct sampan *s, unsigned link, const struct sampan_addr *gateway);

/* Ends what has expired; returns when there is more. */
sampan_time sp_routes_due(struct sampan *s);

#endif
