/*
 * state_grid_known.h - the rows that the code does not meet yet, marked x.  A
 * row that is listed must fail: who mends the code takes it from here.
 */
#ifndef SAMPAN_TESTS_TCP_STATE_GRID_KNOWN_H
#define SAMPAN_TESTS_TCP_STATE_GRID_KNOWN_H

#include "tcp/state_grid.h"

/* TIME-WAIT as a record answers nothing that has no length (first: it should, R-1337-2: at a
 * limited rate); why: src/tcp/tcp_timewait.c. */
static const struct grid_line known_wrong_synchronized[] = {
	{ K_NO_FLAGS, "{<>}", ". . . . . . . . . x" },
	{ K_ACK, "{<>}", ". . . . . . . . . x" },
	{ K_ACK_NEW, "{<>}", ". . . . . . . . . x" },
	{ K_ACK_BEYOND, "{<>}", ". . . . . . . . . x" },
	{ K_PAWS_ACK_NEW, "{<[=]>}", ". . . . . . . . . x" },
};

/* A FIN at RCV.NXT is taken with a window of zero, as Linux does, where table 6 and
 * R-9293-12 leave it to be sent again. */
static const struct grid_line known_wrong_zero_window[] = {
	{ K_FIN_ACK, "[", "x x x" },
	{ K_FIN_ACK_NEW, "[", "x x x" },
};

#endif
