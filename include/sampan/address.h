/*
 * address.h - addresses and routes: what sampan.h has no room for.
 */
#ifndef SAMPAN_ADDRESS_H
#define SAMPAN_ADDRESS_H

#include <sampan/sampan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Addresses ---- */

/* Takes one away; its connections stay until they fail or are closed.
 * INVAL: no such link.  ADDRNOTAVAIL: the link does not have it. */
SAMPAN_API int sampan_addr_remove(struct sampan *s, int link, const struct sampan_addr *addr);

enum sampan_addr_state {
	SAMPAN_ADDR_TENTATIVE,	/* asking whether anybody else has it */
	SAMPAN_ADDR_PREFERRED,
	SAMPAN_ADDR_DEPRECATED,	/* goes on for what uses it, not for what begins */
	SAMPAN_ADDR_DUPLICATE,	/* somebody else has it: not used */
};

struct sampan_addr_info {
	struct sampan_addr addr;
	int link;
	unsigned prefix_bits;
	enum sampan_addr_state state;
	sampan_time valid_until, preferred_until;	/* SAMPAN_NEVER: for ever */
};

/* Address number i of all links, 0 and up.  NOENT: there are fewer. */
SAMPAN_API int sampan_addr_get(const struct sampan *s, unsigned i, struct sampan_addr_info *info);

/* Lets routers on the link say which IPv6 addresses and routes it has (RFC 4862); the
 * link-local address comes at once.  The setting net.ipv6.conf.default.accept_ra
 * keeps them from it.
 * INVAL: no such link, or its MTU is below 1280. */
SAMPAN_API int sampan_autoconf(struct sampan *s, int link);

enum sampan_link_local {
	SAMPAN_LINK_LOCAL_OFF,
	SAMPAN_LINK_LOCAL_ALWAYS,
	SAMPAN_LINK_LOCAL_FALLBACK,	/* while the link's DHCP client (dhcp.h) hears nothing */
};

/* Lets a link choose an IPv4 address of 169.254/16 by itself (RFC 3927); it is used once
 * nobody has objected, and another one taken if somebody insists on it.
 * INVAL: no such link, or `when`. */
SAMPAN_API int sampan_link_local(struct sampan *s, int link, enum sampan_link_local when);

/* ---- Routes ---- */

struct sampan_route {
	size_t size;			/* sizeof(struct sampan_route) */
	struct sampan_addr dst;
	unsigned prefix_bits;
	struct sampan_addr gateway;	/* zero: the prefix is on the link itself */
	int link;
	uint32_t metric;		/* of routes with the same prefix the least wins */
	uint16_t mtu_bytes;		/* 0: the link's */
	uint16_t initcwnd_segs;		/* initial congestion window; 0: RFC 6928's */
	uint32_t window_bytes;		/* most that TCP offers; 0: no limit */
	uint16_t initrwnd_segs;		/* most that it offers until something comes; 0: no limit */
	uint16_t advmss_bytes;		/* most that it announces as MSS; 0: what fits the link */
	uint16_t rto_min_ms;		/* its least time-out; 0: net.ipv4.tcp_rto_min_us */
	bool quickack;			/* acknowledgements are never delayed */
};

/* Adds a route, or changes the one with this prefix, gateway and link; takes it
 * away.  A gateway that does not answer is avoided where there is another.
 * INVAL.  NOSPACE.  NOENT: no such route. */
SAMPAN_API int sampan_route_set(struct sampan *s, const struct sampan_route *route);
SAMPAN_API int sampan_route_remove(struct sampan *s, const struct sampan_route *route);

/* Sorts addresses of a peer's, best first: RFC 6724 §6. */
SAMPAN_API void sampan_sort_destinations(const struct sampan *s, struct sampan_addr *addrs,
    unsigned n);

#ifdef __cplusplus
}
#endif

#endif
