/*
 * insns.h - the row `insns`: instructions per round trip of a world.
 */
#ifndef SAMPAN_BENCH_INSNS_H
#define SAMPAN_BENCH_INSNS_H

#include "row.h"
#include "world.h"

/* Measures and prints the row, whose name and parameters are filled in.  The
 * world has made its connections. */
void insns_measure(struct world *w, struct row *row);

/* What this program does when it runs under valgrind; returns its exit code.
 * job: "N", or "nothing-N" for the program's own part. */
int insns_child(const char *job);

#endif
