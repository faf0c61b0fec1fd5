/*
 * look.h - what it costs a stack to be looked at: `sampan ss -i` over all of
 * its connections.
 */
#ifndef SAMPAN_BENCH_LOOK_H
#define SAMPAN_BENCH_LOOK_H

#include "samples.h"
#include "world.h"

/* Shows every connection of the server as its control socket would, and adds
 * the longest turn in microseconds.  NULL, or what went wrong. */
const char *look_at_all(const struct world *w, struct samples *longest_us);

#endif
