/*
 * flood.h - frames that strangers send, by the million: forged SYNs, segments for
 * nobody, fragments, echo requests, datagrams to closed ports.
 *
 * For tests and benchmarks.  They come from random addresses by a gateway on a link of
 * their own, over either family.  All have whole checksums, which the stack verifies.
 */
#ifndef SAMPAN_TESTS_LIB_FLOOD_H
#define SAMPAN_TESTS_LIB_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

#include <sampan/sampan.h>

#define FLOOD_BATCH 256

enum flood_kind {
	FLOOD_SYN,
	FLOOD_ACK,
	FLOOD_RST,
	FLOOD_FIN,
	FLOOD_FRAGMENT,
	FLOOD_ECHO,
	FLOOD_UDP,
	FLOOD_KINDS,
};

struct flood {
	struct sampan *s;		/* whom it hits */
	bool ip6;			/* it comes over IPv6 */
	int link;
	uint64_t random;
	uint64_t sent;			/* frames */
	uint64_t answers;		/* frames that the stack sent back */
	uint8_t bytes[FLOOD_BATCH][128];
	struct sampan_frame frames[FLOOD_BATCH];
};

/* Adds the link, its address and the route; s stays the caller's.  False: it cannot. */
bool flood_open(struct flood *f, struct sampan *s, bool ip6);

/* Makes the next FLOOD_BATCH frames. */
void flood_fill(struct flood *f, enum flood_kind kind);

/* Gives them to the stack and takes what it answers, which goes nowhere. */
void flood_pour(struct flood *f, sampan_time now);

/* Takes what the stack has to send. */
void flood_drain(struct flood *f, sampan_time now);

/* Like flood_pour(), but from each SYN-ACK among the answers the acknowledgement is made that
 * completes the handshake; returns how many stand in frames[] then. */
unsigned flood_shake(struct flood *f, sampan_time now);

#endif
