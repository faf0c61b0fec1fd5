/*
 * count.h - how many instructions a piece of work takes, counted.
 *
 * By the processor where it lets us (perf_event_open(2)).  In a virtual
 * machine it mostly does not: then a child does the work one instruction at a
 * time (PTRACE_SINGLESTEP), which counts as exactly and needs no other
 * program, at some microseconds an instruction.
 */
#ifndef SAMPAN_BENCH_COUNT_H
#define SAMPAN_BENCH_COUNT_H

#include <stdbool.h>
#include <stdint.h>

struct count {
	uint64_t instructions;
	uint64_t cycles;	/* 0: not counted */
	const char *how;
};

/* Work done in this process or in a child of it; false: it went wrong. */
typedef bool count_fn(void *ctx);

/* True: *out is filled in.  False: neither way works here, out->how says why;
 * or the work went wrong. */
bool count_run(count_fn *fn, void *ctx, struct count *out);

#endif
