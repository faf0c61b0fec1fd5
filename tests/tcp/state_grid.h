/*
 * state_grid.h - what RFC 9293 §3.10.7 asks of every state for every kind of
 * segment, wherever it lies.  Written from the documents, not from the code.
 *
 * A line is a kind of segment, the places of SEG.SEQ, and one cell a state.
 *
 * Places:  {  2^30 left of the window		}  2^30 right of it
 *	    <  just outside on the left: the last octet is RCV.NXT - 1
 *	    i  SEG.SEQ = RCV.NXT - 1: the peer's SYN, or its FIN, again
 *	    /  half of the text is old		[  SEG.SEQ = RCV.NXT
 *	    =  RCV.NXT + 1000			]  the window's last octet
 *	    >  just outside on the right
 *
 * Cells begin with what is sent:
 *	-  nothing				A  <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>
 *	C  the same, counted as a challenge	a  that or nothing: no document says
 *	R  <SEQ=SEG.ACK><CTL=RST>		Z  <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>
 *	S  <SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>	N  the same, of a new connection
 * then what becomes of text and FIN (neither: not taken),
 *	t  the new text inside the window is delivered
 *	h  text and FIN are held until the gap is filled, and then taken
 * then what is told (neither: nothing),
 *	e  end of stream  u  urgent  U  urgent, perhaps  w  connected
 *	p  the listener has one to accept  c  closed
 *	x  reset  f  refused  X  closed, by whatever name
 * then the next state behind `>', if it is another one.  `.': not asked here.
 * Rows that the code does not meet yet are in state_grid_known.h.
 */
#ifndef SAMPAN_TESTS_TCP_STATE_GRID_H
#define SAMPAN_TESTS_TCP_STATE_GRID_H

#include "lib/fx.h"

/* X(id, flags, text octets, SEG.ACK, urgent pointer, timestamp). */
#define KINDS(X) \
	X(NO_FLAGS, 0, 0, NONE, 0, NO) \
	X(NO_FLAGS_TEXT, 0, 10, NONE, 0, NO) \
	X(ACK, TCP_ACK, 0, UNA, 0, NO) \
	X(ACK_NEW, TCP_ACK, 0, NXT, 0, NO) \
	X(ACK_TEXT, TCP_ACK, 10, UNA, 0, NO) \
	X(ACK_NEW_TEXT, TCP_ACK, 10, NXT, 0, NO) \
	X(ACK_OLD_TEXT, TCP_ACK, 10, OLD, 0, NO) \
	X(ACK_TOO_OLD_TEXT, TCP_ACK, 10, TOO_OLD, 0, NO) \
	X(ACK_BEYOND, TCP_ACK, 0, BEYOND, 0, NO) \
	X(ACK_BEYOND_TEXT, TCP_ACK, 10, BEYOND, 0, NO) \
	X(FIN, TCP_FIN, 0, NONE, 0, NO) \
	X(FIN_ACK, TCP_FIN | TCP_ACK, 0, UNA, 0, NO) \
	X(FIN_ACK_NEW, TCP_FIN | TCP_ACK, 0, NXT, 0, NO) \
	X(FIN_ACK_BEYOND, TCP_FIN | TCP_ACK, 0, BEYOND, 0, NO) \
	X(FIN_ACK_NEW_TEXT, TCP_FIN | TCP_ACK, 10, NXT, 0, NO) \
	X(RST, TCP_RST, 0, NONE, 0, NO) \
	X(RST_ACK, TCP_RST | TCP_ACK, 0, NXT, 0, NO) \
	X(RST_ACK_BEYOND, TCP_RST | TCP_ACK, 0, BEYOND, 0, NO) \
	X(RST_TEXT, TCP_RST, 10, NONE, 0, NO) \
	X(SYN_RST, TCP_SYN | TCP_RST, 0, NONE, 0, NO) \
	X(SYN, TCP_SYN, 0, NONE, 0, NO) \
	X(SYN_ACK, TCP_SYN | TCP_ACK, 0, NXT, 0, NO) \
	X(SYN_ACK_BEYOND, TCP_SYN | TCP_ACK, 0, BEYOND, 0, NO) \
	X(SYN_FIN, TCP_SYN | TCP_FIN, 0, NONE, 0, NO) \
	X(SYN_TEXT, TCP_SYN, 10, NONE, 0, NO) \
	X(URG_TEXT, TCP_URG | TCP_ACK, 10, UNA, 10, NO) \
	X(TS_ACK_NEW_TEXT, TCP_ACK, 10, NXT, 0, GOOD) \
	X(PAWS_ACK_NEW, TCP_ACK, 0, NXT, 0, OLD) \
	X(PAWS_ACK_NEW_TEXT, TCP_ACK, 10, NXT, 0, OLD) \
	X(PAWS_FIN_ACK_NEW, TCP_FIN | TCP_ACK, 0, NXT, 0, OLD) \
	X(PAWS_RST, TCP_RST, 0, NONE, 0, OLD) \
	X(PAWS_SYN, TCP_SYN, 0, NONE, 0, OLD) \
	X(NO_TS_ACK_NEW, TCP_ACK, 0, NXT, 0, MISSING) \
	X(NO_TS_ACK_NEW_TEXT, TCP_ACK, 10, NXT, 0, MISSING) \
	X(NO_TS_FIN_ACK_NEW, TCP_FIN | TCP_ACK, 0, NXT, 0, MISSING) \
	X(NO_TS_RST, TCP_RST, 0, NONE, 0, MISSING)

enum grid_kind_id {
#define X(id, flags, len, ack, up, ts) K_##id,
	KINDS(X)
#undef X
	K_COUNT,
};

struct grid_line {
	enum grid_kind_id kind;
	const char *at;
	const char *cells;
};

#endif
