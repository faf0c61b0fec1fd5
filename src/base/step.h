/*
 * step.h - work whose amount a peer has a say in, counted where it is done: one step for
 * each turn of a loop over what came from outside.
 *
 * Only in builds with SP_CHECKS, where tests/tcp/work.c holds it to its bounds; elsewhere
 * it is nothing, and the core has no writable data.
 */
#ifndef SAMPAN_BASE_STEP_H
#define SAMPAN_BASE_STEP_H

#include <stdint.h>

#ifdef SP_CHECKS
extern _Thread_local uint64_t sp_steps;
#define SP_STEP() ((void)sp_steps++)
#define SP_STEPS_SO_FAR sp_steps
#define SP_STEPS_COUNTED 1
#else
#define SP_STEP() ((void)0)
#define SP_STEPS_SO_FAR ((uint64_t)0)
#define SP_STEPS_COUNTED 0
#endif

#endif
