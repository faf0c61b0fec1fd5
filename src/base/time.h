/*
 * time.h - instants and durations inside the core.
 *
 * The interface counts nanoseconds in 64 bits (sampan_time, sampan_dur).
 * Control blocks keep instants as 32-bit ticks of 2^15 ns (32.768 us), which
 * wrap after 39 hours: two ticks may be compared while they lie less than
 * 19.5 hours apart, so deadlines are clamped to SP_TICK_FAR and armed again; the
 * rest is for those that are late (net/stack.h, SP_LATE_MAX).
 */
#ifndef SAMPAN_BASE_TIME_H
#define SAMPAN_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include <sampan/sampan.h>

#define SP_TICK_SHIFT 15
#define SP_TICK_NS ((sampan_dur)1 << SP_TICK_SHIFT)
/* The farthest deadline that a tick can express, in ticks. */
#define SP_TICK_FAR 0x6fff0000u

typedef uint32_t sp_tick;

/* The tick that has begun at t. */
static inline sp_tick
sp_tick_of(sampan_time t)
{
	return (sp_tick)(t >> SP_TICK_SHIFT);
}

/* The first tick not before t + dur, at most SP_TICK_FAR away: a deadline is
 * never early. */
static inline sp_tick
sp_tick_after(sampan_time t, sampan_dur dur)
{
	const sampan_dur far_dur = (sampan_dur)SP_TICK_FAR << SP_TICK_SHIFT;
	const sampan_dur wait_dur = dur < far_dur ? dur : far_dur;

	return (sp_tick)((t + wait_dur + SP_TICK_NS - 1) >> SP_TICK_SHIFT);
}

static inline bool
sp_tick_before(sp_tick a, sp_tick b)
{
	return (int32_t)(a - b) < 0;
}

/* The instant at which a tick begins, given a time less than 19.5 h away. */
static inline sampan_time
sp_tick_time(sp_tick tick, sampan_time near)
{
	const int64_t ahead = (int32_t)(tick - sp_tick_of(near));

	return ((near >> SP_TICK_SHIFT) + (uint64_t)ahead) << SP_TICK_SHIFT;
}

/* Time since a tick, given a now that is not before it. */
static inline sampan_dur
sp_tick_since(sp_tick tick, sampan_time now)
{
	return (sampan_dur)(sp_tick_of(now) - tick) << SP_TICK_SHIFT;
}

#endif
