/*
 * grid.h - the states that a test of RFC 9293 §3.10.7.4 goes through, and how
 * a connection in them looks from outside.
 */
#ifndef SAMPAN_TESTS_TCP_GRID_H
#define SAMPAN_TESTS_TCP_GRID_H

#include "lib/fx.h"

/* With a control block and past the handshake. */
static const enum sampan_tcp_state grid_states[] = {
	SAMPAN_TCP_ESTABLISHED,
	SAMPAN_TCP_FIN_WAIT_1,
	SAMPAN_TCP_FIN_WAIT_2,
	SAMPAN_TCP_CLOSE_WAIT,
	SAMPAN_TCP_CLOSING,
	SAMPAN_TCP_LAST_ACK,
};

#define GRID_STATES (sizeof(grid_states) / sizeof(grid_states[0]))

/* Acknowledges what is acknowledged already, so that the state stays. */
#define grid_peer_sends(f, ...) peer_sends(f, .ack = (f)->snd_una, .refused = true, __VA_ARGS__)

/* The connection in state number i, with an acknowledgement that is sent at
 * once: nothing else will leave by itself for a while. */
static inline struct fx
grid_make(unsigned i)
{
	return fx_make(grid_states[i], FX_OPTS());
}

/* Nothing has happened to it. */
#define grid_expect_unmoved(f, i) \
	do { \
		fx_here(__FILE__, __LINE__); \
		fx_expect_state(f, grid_states[i]); \
		fx_expect_quiet(f); \
	} while (0)

/* One acknowledgement of what it has, and nothing has happened to it. */
#define grid_expect_ack(f, i) \
	do { \
		expect_segment(f, .flags = TCP_ACK); \
		grid_expect_unmoved(f, i); \
	} while (0)

#endif
