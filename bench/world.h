/*
 * world.h - two stacks in memory, in one thread, with N connections between
 * them: made by real handshakes, used by round trips of 64 bytes.
 *
 * Time in a world is virtual and costs nothing to read: 1 us for each round
 * trip and each handshake, about what they take, so that delayed
 * acknowledgements, retransmission timers and revisits of a connection stand
 * to each other as they do in a stack that does a million round trips a
 * second.  What happens in a world depends on its configuration alone.
 *
 * Connections are used `window` at a time: chosen at random, all of them send,
 * and when every echo has been verified the next ones are chosen.
 *
 * A function that returns false has left the reason in `why`.
 */
#ifndef SAMPAN_BENCH_WORLD_H
#define SAMPAN_BENCH_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include <sampan/host.h>

#define WORLD_WINDOW_MAX 256

struct world_config {
	uint32_t connections;
	uint32_t window;	/* 0: as many as there are, at most WORLD_WINDOW_MAX */
	uint32_t caps;		/* enum sampan_link_caps of the memory pair */
	bool ip6;		/* fd00::1 and fd00::2, not 10.0.0.1 and 10.0.0.2 */
};

struct conn {
	sampan_handle handle;
	uint32_t round;		/* of its last message */
	bool awaited;		/* its echo has not come yet */
};

struct world {
	struct world_config config;
	size_t bytes;			/* of each arena */
	struct sampan *client, *server;
	struct sampan_pair *pair;
	struct conn *conns;
	sampan_time now;
	uint64_t random;
	uint32_t connected, accepted;
	uint64_t verified;		/* echoes */
	uint64_t empty_bytes;		/* of the server's arena, without connections */
	char why[160];
};

/* Takes memory.  False: the machine has not that much (errno). */
bool world_open(const struct world_config *config, struct world *w);

/* Makes both stacks anew: no connection, no time passed. */
bool world_reset(struct world *w);

/* Makes all connections. */
bool world_connect(struct world *w);

/* Every connection carries one message, in order. */
bool world_each(struct world *w);

/* At least so many round trips on connections chosen at random. */
bool world_round_trips(struct world *w, uint64_t count);

/* The program's own part of so many round trips: messages made and verified,
 * no stack. */
bool world_nothing(struct world *w, uint64_t count);

/* Lets time pass until no timer runs.  *bytes: what a connection costs the
 * server's arena then, everything counted. */
bool world_settle(struct world *w, double *bytes);

/* Have only things happened that should? */
bool world_check(struct world *w);

void world_close(struct world *w);

#endif
