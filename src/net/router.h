/*
 * router.h - what routers tell hosts: RFC 4861 §6.3, RFC 4191, RFC 8106, and
 * redirects, §8.3.
 */
#ifndef SAMPAN_NET_ROUTER_H
#define SAMPAN_NET_ROUTER_H

#include "net/ip.h"
#include "wire/ndp.h"

/* A router advertisement; p: the message, contiguous. */
void sp_router_advert(struct sampan *s, const struct sp_pkt *pkt, const uint8_t *p, size_t len);

/* A redirect that is well formed. */
void sp_router_redirect(struct sampan *s, const struct sp_pkt *pkt, const struct ndp_msg *m);

/* The same over IPv4, about a packet of ours to dst. */
void sp_router_redirect4(struct sampan *s, const struct sp_pkt *pkt,
    const struct sampan_addr *dst, const struct sampan_addr *gateway);

/* Begins to ask for routers, §6.3.7; the link has an address to ask from. */
void sp_router_solicit(struct sampan *s, unsigned link);

/* Sends what has come due; returns when there is more. */
sampan_time sp_router_due(struct sampan *s);

/* It is a router no longer: its routes end. */
void sp_router_gone(struct sampan *s, unsigned link, const struct sampan_addr *addr);

#endif
