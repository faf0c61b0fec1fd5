/*
 * stacks.h - two empty stacks and a cable, in memory and in one thread: what
 * worlds, streams and short connections are made of.
 *
 * Stack 0 is the client, 10.0.0.1; stack 1 the server, 10.0.0.2.
 */
#ifndef SAMPAN_BENCH_STACKS_H
#define SAMPAN_BENCH_STACKS_H

#include <stdbool.h>

#include <sampan/host.h>

/* All rows go over IPv6: in memory fd00::1 and fd00::2. */
extern bool stacks_ip6;

/* The address of an end. */
struct sampan_addr stacks_addr(bool ip6, unsigned end);
unsigned stacks_prefix_bits(bool ip6);

struct stacks {
	struct sampan *s[2];
	size_t bytes;			/* of each arena */
	struct sampan_pair *pair;
	sampan_time now;
	const char *why;		/* of failure */
};

/* Takes memory and makes them.  False: why says what is missing. */
bool stacks_open(struct stacks *k, size_t bytes, uint32_t caps);
void stacks_close(struct stacks *k);

/* Time passes; what has come due is done. */
void stacks_advance(struct stacks *k, sampan_dur dur);

/* A reason for which s has dropped something that it should not have, -1: none. */
int stacks_dropped(const struct sampan *s, bool ip6);

/* A listener of the server's, 0: none. */
sampan_handle stacks_listen(struct stacks *k, uint16_t port, unsigned backlog);

/* A connect of the client's has begun, 0: it has not. */
sampan_handle stacks_connect(struct stacks *k, uint16_t port);

#endif
