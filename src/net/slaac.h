/*
 * slaac.h - addresses that a link gives itself: link-local ones, those of
 * prefixes that routers advertise (RFC 4862), with identifiers that say nothing
 * about the machine and stay the same on a network (RFC 7217), and temporary
 * ones (RFC 8981).
 */
#ifndef SAMPAN_NET_SLAAC_H
#define SAMPAN_NET_SLAAC_H

#include "net/stack.h"

/* Gives the link its link-local address unless it has one: RFC 4291 §2.1. */
void sp_slaac_link_local(struct sampan *s, unsigned link);

/* A router advertises a prefix for addresses.  RFC 4862 §5.5.3. */
struct ndp_prefix;
void sp_slaac_prefix(struct sampan *s, unsigned link, const struct ndp_prefix *p);

/* A temporary address is about to be deprecated: RFC 8981 §3.5.  Returns when to look
 * again. */
sampan_time sp_slaac_renew(struct sampan *s, struct sp_local_addr *l);

/* An address has been found free, or to be somebody else's. */
void sp_slaac_assigned(struct sampan *s, const struct sp_local_addr *l);
void sp_slaac_duplicate(struct sampan *s, struct sp_local_addr *l);

#endif
