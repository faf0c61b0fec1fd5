/*
 * netdev.h - the kernel's side of an interface: MAC, MTU, up, addresses.
 *
 * By ioctl where one call says it all; addresses by rtnetlink, which takes
 * both families, a prefix, and "do not wait for duplicate address detection"
 * in one message.  All of it happens once, at the start: a socket per call.
 * Functions return 0, or -1 with errno.
 */
#ifndef SAMPAN_LINK_NETDEV_H
#define SAMPAN_LINK_NETDEV_H

#include "link/spec.h"

int sp_netdev_mac(const char *name, uint8_t mac[6]);
int sp_netdev_mtu(const char *name, unsigned *mtu_bytes);
int sp_netdev_set_mtu(const char *name, unsigned mtu_bytes);

/* Brings it up; nothing to do, and no permission needed, if it is. */
int sp_netdev_set_up(const char *name);

/* Gives the interface an address; 0 also if it has it already. */
int sp_netdev_add_addr(const char *name, const struct sp_prefix *prefix);

/* Finds another interface that has this address, or an address in the same
 * network with a prefix of the same length: packets would go there. */
bool sp_netdev_find_rival(const char *name, const struct sp_prefix *prefix, char *rival,
    size_t rival_len);

#endif
