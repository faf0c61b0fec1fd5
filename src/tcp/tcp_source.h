/*
 * tcp_source.h - how many half-open and how many accepted connections one source
 * has: an IPv4 address, or the 64 bits of an IPv6 address that name a network.
 *
 * Counted only while there is a limit (net.sampan.tcp_max_*_per_source), in 32 bytes
 * and a hash slot for each source that has any; what was there before the limit is
 * not counted.  By default there is none: behind one address there may be thousands
 * (a proxy, a carrier's address translation).
 */
#ifndef SAMPAN_TCP_TCP_SOURCE_H
#define SAMPAN_TCP_TCP_SOURCE_H

#include "tcp/tcp_of.h"

enum tcp_source_what {
	TCP_SOURCE_HALF_OPEN,
	TCP_SOURCE_CONNECTION,
	TCP_SOURCE_WHATS,
};

struct tcp_source {
	struct sampan_addr addr;	/* of the network */
	uint32_t count[TCP_SOURCE_WHATS];
	uint32_t pad[2];
};
_Static_assert(sizeof(struct tcp_source) == 32, "two in a cache line");

/* The limit; 0: none. */
static inline uint64_t
tcp_source_most(const struct sampan *s, enum tcp_source_what what)
{
	return (uint64_t)sp_setting(s, what == TCP_SOURCE_HALF_OPEN ?
		SAMPAN_SET_TCP_MAX_SYN_SOURCE : SAMPAN_SET_TCP_MAX_SOURCE);
}

/* Has the flow's peer as many as one source may have? */
bool sp_tcp_source_full(const struct sampan *s, const struct sp_flow *flow,
    enum tcp_source_what what);

/* One more; without memory for a record it is not counted. */
void sp_tcp_source_add(struct sampan *s, const struct sp_flow *flow, enum tcp_source_what what);

/* One less; nothing if it was not counted. */
void sp_tcp_source_drop(struct sampan *s, const struct sp_flow *flow, enum tcp_source_what what);

#endif
