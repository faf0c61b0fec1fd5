/*
 * tcp_pmtu.h - the path MTU of a connection.  RFC 1191, RFC 5927 §7.
 */
#ifndef SAMPAN_TCP_TCP_PMTU_H
#define SAMPAN_TCP_TCP_PMTU_H

#include "tcp/tcp_of.h"

/* A router says that packets must not be larger than this; 0: it does not say
 * how large.  Unbelievable values are raised to the floor. */
void sp_tcp_pmtu_learn(struct sampan *s, struct tcp_tcb *t, uint16_t mtu_bytes);

#endif
