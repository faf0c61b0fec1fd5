/*
 * state_grid_known.h - the rows that the code does not meet yet, marked x.  A
 * row that is listed must fail: who mends the code takes it from here.
 */
#ifndef SAMPAN_TESTS_TCP_STATE_GRID_KNOWN_H
#define SAMPAN_TESTS_TCP_STATE_GRID_KNOWN_H

#include "tcp/state_grid.h"

/* SYN-RECEIVED as a record answers what is outside the window with its SYN-ACK, not with
 * <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK> (first).
 * TIME-WAIT as a record answers nothing that has no length (first: it should, R-1337-2: at a
 * limited rate), and does not look for the ACK bit (fifth).
 * TIME-WAIT that a socket holds is not revived by a SYN (RFC 6191 §2). */
static const struct grid_line known_wrong_synchronized[] = {
	{ K_NO_FLAGS, "{<>}", "x . . . . . . . . x" },
	{ K_ACK, "{<>}", "x . . . . . . . . x" },
	{ K_ACK_NEW, "{<>}", "x . . . . . . . . x" },
	{ K_ACK_BEYOND, "{<>}", "x . . . . . . . . x" },
	{ K_NO_FLAGS_TEXT, "{<>}", "x . . . . . . . . ." },
	{ K_FIN, "{<>}", "x . . . . . . . . ." },
	{ K_ACK_TEXT, "{<>}", "x . . . . . . . . ." },
	{ K_ACK_NEW_TEXT, "{<>}", "x . . . . . . . . ." },
	{ K_ACK_OLD_TEXT, "{<>}", "x . . . . . . . . ." },
	{ K_ACK_BEYOND_TEXT, "{<>}", "x . . . . . . . . ." },
	{ K_FIN_ACK, "{<>}", "x . . . . . . . . ." },
	{ K_FIN_ACK_NEW, "{<>}", "x . . . . . . . . ." },
	{ K_FIN_ACK_BEYOND, "{<>}", "x . . . . . . . . ." },
	{ K_FIN_ACK_NEW_TEXT, "{<>}", "x . . . . . . . . ." },
	{ K_URG_TEXT, "{<>}", "x . . . . . . . . ." },
	{ K_TS_ACK_NEW_TEXT, "{<>}", "x . . . . . . . . ." },
	{ K_SYN, "{>}", "x . . . . . . . . ." },
	{ K_SYN_TEXT, "{<>}", "x . . . . . . . . ." },
	{ K_SYN_ACK, "{<>}", "x . . . . . . . . ." },
	{ K_SYN_ACK_BEYOND, "{<>}", "x . . . . . . . . ." },
	{ K_SYN_FIN, "{<>}", "x . . . . . . . . ." },
	{ K_NO_FLAGS_TEXT, "/[=]", ". . . . . . . . . x" },
	{ K_FIN, "[=]", ". . . . . . . . . x" },
	{ K_PAWS_ACK_NEW, "{<[=]>}", ". . . . . . . . . x" },
	{ K_SYN, "[=]>}", ". . . . . . . . x ." },
	{ K_SYN_TEXT, "[=]>}", ". . . . . . . . x ." },
};

/* A FIN at RCV.NXT is taken with a window of zero, as Linux does, where table 6 and
 * R-9293-12 leave it to be sent again. */
static const struct grid_line known_wrong_zero_window[] = {
	{ K_FIN_ACK, "[", "x x x" },
	{ K_FIN_ACK_NEW, "[", "x x x" },
};

#endif
