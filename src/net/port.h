/*
 * port.h - how many connections each local port has.
 *
 * TCP counts every record with a flow: connections, half-open ones, TIME-WAIT.
 * bind() asks, so that a port is not taken over unawares (SO_REUSEADDR says that
 * it may be).  Costs 1 KiB for each 256 neighbouring ports of which one is in use.
 */
#ifndef SAMPAN_NET_PORT_H
#define SAMPAN_NET_PORT_H

#include "net/stack.h"

void sp_port_init(struct sampan *s);

/* One more; false: no memory. */
bool sp_port_hold(struct sampan *s, uint16_t port);

/* One less. */
void sp_port_drop(struct sampan *s, uint16_t port);

uint32_t sp_port_count(const struct sampan *s, uint16_t port);

#endif
