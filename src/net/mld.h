/*
 * mld.h - groups that our links are in, and telling routers and switches of
 * them: MLDv2 as a listener, RFC 3810.
 */
#ifndef SAMPAN_NET_MLD_H
#define SAMPAN_NET_MLD_H

#include "net/ip.h"

/* Is the link in this group: all nodes, the solicited-node groups of its
 * addresses (R-8200-15, R-4861-7), or one that somebody joined? */
bool sp_mld_is_member(const struct sampan *s, unsigned link, const struct sampan_addr *group);

#endif
