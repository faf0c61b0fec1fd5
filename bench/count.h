/*
 * count.h - how many instructions a piece of work takes, counted.
 *
 * By the processor where it lets us (perf_event_open(2)).  In a virtual
 * machine it mostly does not: then this program runs once more under valgrind,
 * which counts as exactly, but no cycles.
 */
#ifndef SAMPAN_BENCH_COUNT_H
#define SAMPAN_BENCH_COUNT_H

#include <stdbool.h>
#include <stdint.h>

struct count {
	uint64_t instructions;
	uint64_t cycles;	/* 0: not counted */
};

/* False: it went wrong. */
typedef bool count_fn(void *ctx);

/* Can the processor count?  Then by it: false if the work went wrong. */
bool count_possible(void);
bool count_run(count_fn *fn, void *ctx, struct count *out);

/* Runs this program with one argument under valgrind and counts what happens
 * inside of its count_marked().  False: no valgrind, or the program failed. */
bool count_by_valgrind(const char *argument, struct count *out);
bool count_marked(count_fn *fn, void *ctx);

#endif
