/*
 * wheel.h - hierarchical timer wheel over nodes in the arena.
 *
 * O(1) to arm and to cancel, six levels of 64 slots, one tick (base/time.h)
 * wide at the lowest.  A node fires at its tick exactly, never before; nodes
 * of the same tick fire in no promised but in a deterministic order.  Work is
 * bounded by the caller's budget; what is left over is done by the next call.
 */
#ifndef SAMPAN_BASE_WHEEL_H
#define SAMPAN_BASE_WHEEL_H

#include "base/arena.h"
#include "base/time.h"

#define SP_WHEEL_LEVELS 6
#define SP_WHEEL_SLOTS 64
#define SP_WHEEL_NEVER UINT64_MAX

/* On a granule of its owner.  All zero: not armed. */
struct sp_timer {
	uint32_t next;		/* 0: last of its slot */
	uint32_t prev;		/* a node; for the first of a slot: the top bit, the slot number */
	sp_tick at;
};

struct sp_wheel {
	uint64_t now;		/* tick; everything up to here has fired or stands in `due` */
	uint64_t map[SP_WHEEL_LEVELS];
	uint32_t slot[SP_WHEEL_LEVELS][SP_WHEEL_SLOTS];
	uint32_t due;		/* first node that may fire now */
	uint32_t armed;		/* nodes in the wheel, due ones too */
};

void sp_wheel_init(struct sp_wheel *w, sampan_time now);

/* Moves the wheel's own time up to now, or to just before the first thing that
 * is left to expire() before that.  Fires nothing.  To be called with each new
 * time before nodes are armed for it: the wheel compares 32-bit ticks with its
 * own time, which otherwise stands still while nothing is due. */
void sp_wheel_sync(struct sp_wheel *w, sampan_time now);

/* Arms an idle node for tick `at`, within SP_TICK_FAR of the wheel's time; one
 * that is not after it is due at once. */
void sp_wheel_add(struct sp_wheel *w, const struct sp_arena *a, struct sp_timer *t, sp_tick at);

/* Cancels an armed node; does nothing to an idle one. */
void sp_wheel_remove(struct sp_wheel *w, const struct sp_arena *a, struct sp_timer *t);

/* Moves the wheel towards `now` and takes one node that is due off it, NULL
 * when none is left or *budget (steps of work: slots visited and nodes moved)
 * is spent.  To be called until it returns NULL. */
struct sp_timer *sp_wheel_expire(struct sp_wheel *w, const struct sp_arena *a, sampan_time now,
    uint32_t *budget);

/* The instant before which nothing fires (it may be earlier than the first
 * node's, never later); SAMPAN_NEVER when nothing is armed. */
sampan_time sp_wheel_next(const struct sp_wheel *w);

bool sp_wheel_check(const struct sp_wheel *w, const struct sp_arena *a);

static inline bool
sp_timer_armed(const struct sp_timer *t)
{
	return t->prev != 0;
}

#endif
