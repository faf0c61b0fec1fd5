/*
 * ndp.h - neighbour discovery, RFC 4861: solicitations, advertisements, redirects.
 * Routers' part is router.h, the neighbours' states are neigh.h.
 */
#ifndef SAMPAN_NET_NDP_H
#define SAMPAN_NET_NDP_H

#include "net/ip.h"
#include "net/neigh.h"

/* Asks for a neighbour, its group or (directly) itself.  §7.2.2. */
void sp_ndp_ask(struct sampan *s, const struct sp_neigh *n, bool directly);

/* Does anybody have this address?  RFC 4862 §5.4.2. */
void sp_ndp_probe(struct sampan *s, const struct sp_local_addr *l);

/* A message of types 133 to 137 that arrived with a good checksum.  p: the whole
 * message, contiguous. */
void sp_ndp_in(struct sampan *s, const struct sp_pkt *pkt, const uint8_t *p, size_t len);

/* The link's RetransTimer and ReachableTime, §6.3.2. */
sampan_dur sp_ndp_retrans_dur(const struct sampan *s, unsigned link);
sampan_dur sp_ndp_reachable_dur(const struct sampan *s, unsigned link);

#endif
