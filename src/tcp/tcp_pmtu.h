/*
 * tcp_pmtu.h - the path MTU of a connection: what it takes from the cache of
 * net/pmtu.h, and which ICMP errors it believes.  RFC 1191, RFC 8201, RFC 5927 §7.
 */
#ifndef SAMPAN_TCP_TCP_PMTU_H
#define SAMPAN_TCP_TCP_PMTU_H

#include "tcp/tcp_of.h"

/* The path may have changed: the MSS and what hangs on it follow. */
void sp_tcp_pmtu_sync(struct sampan *s, struct tcp_tcb *t);

/* An ICMP error about what is outstanding at seq says that the next hop takes no more
 * than mtu_bytes. */
void sp_tcp_pmtu_report(struct sampan *s, struct tcp_tcb *t, tcp_seq seq, uint16_t mtu_bytes);

/* The retransmission timer has expired: a report that waited for this is true. */
void sp_tcp_pmtu_timeout(struct sampan *s, struct tcp_tcb *t);

#endif
