/*
 * port.h - how many connections each local port has, and which ports the stack may choose.
 *
 * TCP counts every record with a flow: connections, half-open ones, TIME-WAIT.
 * bind() asks, so that a port is not taken over unawares (SO_REUSEADDR says that
 * it may be).  A port that is reserved (net/port_list.h) is marked there.  Costs
 * 1 KiB for each 256 neighbouring ports of which one is in use.
 */
#ifndef SAMPAN_NET_PORT_H
#define SAMPAN_NET_PORT_H

#include "net/stack.h"

/* RFC 6335 §6 (R-MISC-18): ports are the system's, services' that are registered, or
 * nobody's for good. */
#define SP_PORT_USER_FIRST 1024
#define SP_PORT_DYNAMIC_FIRST 49152

void sp_port_init(struct sampan *s);

/* One more; false: no memory. */
bool sp_port_hold(struct sampan *s, uint16_t port);

/* One less. */
void sp_port_drop(struct sampan *s, uint16_t port);

/* Keeps a port free, or lets it go; false: no memory. */
bool sp_port_reserve(struct sampan *s, uint16_t port);
void sp_port_unreserve(struct sampan *s, uint16_t port);
bool sp_port_is_reserved(const struct sampan *s, uint16_t port);

/* May the stack choose it for who names none?  RFC 6056 §3.2 (R-6056-1), RFC 6335 §6
 * (R-MISC-18): not one of the system's, nor one that is reserved. */
static inline bool
sp_port_may_choose(const struct sampan *s, uint16_t port)
{
	return port >= sp_setting(s, SAMPAN_SET_UNPRIVILEGED) &&
	    (sp_setting(s, SAMPAN_SET_RESERVED_PORTS) == 0 || !sp_port_is_reserved(s, port));
}

uint32_t sp_port_count(const struct sampan *s, uint16_t port);

#endif
