/*
 * client.h - a client on the kernel's TCP: what it does is the same whoever
 * answers.
 *
 * Each run is one connection, used for so many seconds and then ended in both
 * directions; the rate covers all of it.  A run in which bytes are missing or
 * different, or nothing moves for 10 seconds, is false and says why.
 */
#ifndef SAMPAN_BENCH_CLIENT_H
#define SAMPAN_BENCH_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

struct client_run {
	const char *address;
	double seconds;
	double rate;			/* out: as each function says */
	uint64_t retransmissions;	/* out: segments that the kernel sent again */
	char why[96];			/* out: of failure */
};

/* 10^6 bytes a second to discard; all of them are acknowledged at the end. */
bool client_stream(struct client_run *run);

/* 10^6 bytes a second in each direction at once, with echo, verified. */
bool client_echo(struct client_run *run);

/* 64 bytes there and back, verified, round trips a second. */
bool client_ping(struct client_run *run);

/* Does anybody answer on the echo port? */
bool client_knock(const char *address);

#endif
