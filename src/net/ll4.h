/*
 * ll4.h - IPv4 link-local addresses: RFC 3927.  An address of 169.254/16 that a link
 * chooses by itself, probes for (dad.h), and leaves to whoever insists on it.
 *
 * What is special about such addresses elsewhere: they are spoken to directly and
 * never by a gateway (routing.c), nothing that goes to a gateway comes from them
 * (source.c), and ARP about them is broadcast (arp.c).
 */
#ifndef SAMPAN_NET_LL4_H
#define SAMPAN_NET_LL4_H

#include "net/stack.h"

/* RFC 3927 §2.1 */
#define SP_LL4_NET 0xa9fe0000u

static inline bool
sp_addr_is_ll4(const struct sampan_addr *a)
{
	return sp_addr_is_v4(a) && sp_addr_v4(a) >> 16 == SP_LL4_NET >> 16;
}

/* The address was chosen here, not configured by somebody. */
static inline bool
sp_ll4_chose(const struct sp_local_addr *l)
{
	return l->origin == SP_ADDR_LINK_LOCAL && sp_addr_is_v4(&l->addr);
}

/* For a link with a fall-back: a DHCP server answers, or does not. */
void sp_ll4_need(struct sampan *s, unsigned link, bool needed);

/* Somebody else has the address, or wants it; it is taken away. */
void sp_ll4_lost(struct sampan *s, struct sp_local_addr *addr);

/* What has come due; returns when there is more. */
sampan_time sp_ll4_due(struct sampan *s);

#endif
