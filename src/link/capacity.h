/*
 * capacity.h - a line whose rate was recorded: a trace in the form of mahimahi.
 *
 * Text, one number a line: milliseconds, none less than the one before, at
 * which a frame of 1,514 bytes may pass, or several smaller ones.  What nobody
 * uses then is gone.  At its end the trace begins anew.
 */
#ifndef SAMPAN_LINK_CAPACITY_H
#define SAMPAN_LINK_CAPACITY_H

#include <sampan/types.h>

#include "link/why.h"

#define SP_CAPACITY_CHANCE_BYTES 1514u

struct sp_capacity {
	uint32_t *at_ms;
	size_t n, room;
};

/* A place in a trace, and what is left of the chance there. */
struct sp_capacity_cursor {
	uint64_t chance;	/* chances since the beginning */
	uint32_t left_bytes;	/* begins with SP_CAPACITY_CHANCE_BYTES */
};

/* Reads a file; the caller closes what was read.  -1 with a line in why:
 * EINVAL: not such a trace, longer than 4 million chances or over a length of 0.
 * Else as open() and read(). */
int sp_capacity_open(struct sp_capacity *c, const char *path, const struct sp_why *why);
void sp_capacity_close(struct sp_capacity *c);

/* When the last of len bytes that wait since `at` has passed. */
sampan_time sp_capacity_pass(const struct sp_capacity *c, struct sp_capacity_cursor *cursor,
    uint32_t len, sampan_time at);

#endif
