/*
 * arp.h - ARP, RFC 826, with the probes and announcements of RFC 5227.
 */
#ifndef SAMPAN_NET_ARP_H
#define SAMPAN_NET_ARP_H

#include "net/neigh.h"

/* Asks for a neighbour, everybody or (directly) itself. */
void sp_arp_ask(struct sampan *s, const struct sp_neigh *n, bool directly);

/* Does anybody have this address?  RFC 5227 §2.1.1. */
void sp_arp_probe(struct sampan *s, const struct sp_local_addr *l);

/* We have it.  RFC 5227 §2.3. */
void sp_arp_announce(struct sampan *s, const struct sp_local_addr *l);

/* An ARP packet that arrived; p: its contiguous bytes. */
void sp_arp_in(struct sampan *s, unsigned link, const uint8_t *p, size_t len);

#endif
