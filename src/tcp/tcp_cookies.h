/*
 * tcp_cookies.h - what a stack keeps for SYN cookies: tcp_syncookie.c.
 */
#ifndef SAMPAN_TCP_TCP_COOKIES_H
#define SAMPAN_TCP_TCP_COOKIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/siphash.h"

/* Keys, [1] for odd generations. */
struct tcp_cookies {
	struct sp_key key[2];
	struct sp_key master;		/* that they come from, unless set from outside */
	uint32_t generation;		/* that they are for, and the one before */
	uint32_t sent_generation;	/* when one was sent last, by the clock */
	bool fixed;			/* the keys were set from outside */
	bool sent;
	bool keyed;			/* the keys are those of `generation` */
	uint8_t pad[5];
};

#endif
