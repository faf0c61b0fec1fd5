/*
 * ss_filter.h - which connections somebody wants to see, in the language of
 * ss(8):
 *
 *	[state STATE | exclude STATE]... [EXPRESSION]
 *
 *	STATE       established, time-wait ..., all, connected, synchronized
 *	EXPRESSION  dport = :80      sport, dport with = != < > <= >= or eq ne lt gt le ge
 *	            dst 10.0.0.0/8   src, dst: ADDRESS[/BITS][:PORT], [IPV6]:PORT, :PORT
 *	            not, and, or, parentheses; tests side by side mean and
 *
 * Pure: text to a program of a bounded length that runs in a bounded time.
 * Does not: names of services and hosts, interfaces, marks.
 */
#ifndef SAMPAN_HOST_SS_FILTER_H
#define SAMPAN_HOST_SS_FILTER_H

#include <sampan/socket.h>

#include "link/why.h"

#define SP_SS_TERMS 64

enum sp_ss_op {
	SP_SS_AND,
	SP_SS_OR,
	SP_SS_NOT,
	SP_SS_PORT,
	SP_SS_ADDR,
};

enum sp_ss_compare { SP_SS_EQ, SP_SS_NE, SP_SS_LT, SP_SS_GT, SP_SS_LE, SP_SS_GE };

struct sp_ss_term {
	uint8_t op;		/* enum sp_ss_op */
	uint8_t compare;	/* enum sp_ss_compare, of a port */
	bool peer;		/* the other end, not ours */
	uint8_t bits;		/* of the 128 of addr */
	uint16_t port;
	struct sampan_addr addr;
};

struct sp_ss_filter {
	uint32_t states;	/* 1 << enum sampan_tcp_state; 0: the text names none */
	unsigned n;
	struct sp_ss_term term[SP_SS_TERMS];	/* operands first */
};

/* EINVAL: not of that form, too long, or too deep. */
int sp_ss_filter_read(struct sp_ss_filter *f, const char *text, const struct sp_why *why);

/* By the expression; states are the caller's to look at. */
bool sp_ss_filter_holds(const struct sp_ss_filter *f, const struct sampan_status *st);

#endif
