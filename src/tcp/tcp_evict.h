/*
 * tcp_evict.h - connections that only hold memory: who gives way, and when.
 */
#ifndef SAMPAN_TCP_TCP_EVICT_H
#define SAMPAN_TCP_TCP_EVICT_H

#include "tcp/tcp_of.h"

/* A handshake is complete: if memory is short, looks at a few connections, and resets
 * those that have been silent too long.  Bounded work. */
void sp_tcp_evict_idle(struct sampan *s);

/* The retransmission or persist timer has gone off: does the peer take less than it
 * must?  Then the connection has been reset, and t is in CLOSED. */
bool sp_tcp_evict_slow(struct sampan *s, struct tcp_tcb *t);

#endif
