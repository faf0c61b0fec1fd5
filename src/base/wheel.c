/*
 * wheel.c - timers: arm, cancel, expire.
 *
 * Theory of operation.
 *
 * Level L has 64 slots of 64^L ticks each.  A node for tick `at` that lies
 * d ticks ahead stands on level 0 if d < 64, on level 1 if d < 64^2, and so
 * on: far ones are sorted coarsely.  Its slot is the digit of `at` to the base
 * of 64 for that level.  All arithmetic is on 64-bit ticks; a node stores 32
 * bits, which the wheel's own 64-bit `now` completes, since no node is 2^31
 * ticks or more away.
 *
 * A slot has one event: the tick at which it begins.  On level 0 its nodes
 * fire then.  On a higher level they are placed anew, and as they all lie less
 * than 64^L ahead by then, each goes to a lower level: that is a cascade.  A
 * node is moved five times at most, and one that is cancelled before, as
 * most are, less often.
 *
 * At most 64 slots lie ahead on a level, counted from the one after the slot
 * of now: the slot with now's own digit is the last of them, one full turn
 * ahead, never the present one.  A bitmap per level says which slots hold
 * nodes, so the earliest event of all is six rotations and bit searches, and
 * time that passes without events is skipped in one go, whatever its length.
 *
 * expire() handles one event tick t at a time.  It sets now to t - 1, which
 * is allowed as there is no event before t; cascades every slot that begins at
 * t, the highest level first, with places computed as seen from t; then sets
 * now to t and hands the slot of t on level 0, whole, to the list of due
 * nodes.  When the budget ends in the middle, the next call finds the same t
 * again: either the slot under cascade still holds nodes, or level 0's slot of
 * t does, or nothing is left to do at t.  Nodes armed or cancelled in between
 * do no harm, as the wheel is sound after every single move.
 *
 * The first node of a slot has no node before it; its prev says which slot it
 * is first of.  So a cancel needs neither the time of the node nor a search,
 * and every armed node has a prev that is not 0.
 */
#include "base/wheel.h"

#include "base/assert.h"
#include "base/step.h"

/* In prev: the rest is the number of a slot, level by level, or DUE. */
#define HEAD 0x80000000u
#define DUE ((uint32_t)(SP_WHEEL_LEVELS * SP_WHEEL_SLOTS))
#define DIGIT_BITS 6

static inline struct sp_timer *
timer_at(const struct sp_arena *a, uint32_t ref)
{
	return (struct sp_timer *)sp_at(a, ref);
}

/* Where the list of a slot number begins. */
static inline uint32_t *
head_of(struct sp_wheel *w, uint32_t number)
{
	if (number == DUE)
		return &w->due;
	return &w->slot[number / SP_WHEEL_SLOTS][number % SP_WHEEL_SLOTS];
}

/* In the map of its level. */
static inline uint64_t
bit_of(uint32_t number)
{
	return (uint64_t)1 << number % SP_WHEEL_SLOTS;
}

/* A tick in 64 bits, given one less than 2^31 away. */
static inline uint64_t
widen(sp_tick at, uint64_t near)
{
	return near + (uint64_t)(int64_t)(int32_t)(at - (sp_tick)near);
}

static inline unsigned
digit(uint64_t tick, unsigned level)
{
	return (unsigned)(tick >> (DIGIT_BITS * level)) & (SP_WHEEL_SLOTS - 1);
}

/* The level for a distance below 2^32. */
static inline unsigned
level_of(uint64_t ticks)
{
	return (63 - (unsigned)__builtin_clzll(ticks | 1)) / DIGIT_BITS;
}

static inline void
link_first(struct sp_wheel *w, const struct sp_arena *a, struct sp_timer *t, uint32_t number)
{
	uint32_t *head = head_of(w, number);
	const uint32_t ref = sp_ref(a, t);

	t->next = *head;
	t->prev = HEAD | number;
	if (*head != 0)
		timer_at(a, *head)->prev = ref;
	*head = ref;
}

/* Puts a node where it belongs as seen from the tick `from`. */
static inline void
place(struct sp_wheel *w, const struct sp_arena *a, struct sp_timer *t, uint64_t from)
{
	const uint64_t tick = widen(t->at, from);
	const unsigned level = level_of(tick - from);
	const unsigned slot = digit(tick, level);

	w->map[level] |= (uint64_t)1 << slot;
	link_first(w, a, t, level * SP_WHEEL_SLOTS + slot);
}

static inline void
detach(struct sp_wheel *w, const struct sp_arena *a, struct sp_timer *t)
{
	const uint32_t number = t->prev & ~HEAD;

	if (t->next != 0)
		timer_at(a, t->next)->prev = t->prev;
	if ((t->prev & HEAD) == 0) {
		timer_at(a, t->prev)->next = t->next;
	} else {
		*head_of(w, number) = t->next;
		if (t->next == 0 && number != DUE)
			w->map[number / SP_WHEEL_SLOTS] &= ~bit_of(number);
	}
	t->next = 0;
	t->prev = 0;
}

void
sp_wheel_init(struct sp_wheel *w, sampan_time now)
{
	*w = (struct sp_wheel){ .now = now >> SP_TICK_SHIFT };
}

void
sp_wheel_add(struct sp_wheel *w, const struct sp_arena *a, struct sp_timer *t, sp_tick at)
{
	SP_ASSERT(t->prev == 0);
	t->at = at;
	w->armed++;
	if (sp_tick_before((sp_tick)w->now, at))
		place(w, a, t, w->now);
	else
		link_first(w, a, t, DUE);
}

void
sp_wheel_remove(struct sp_wheel *w, const struct sp_arena *a, struct sp_timer *t)
{
	if (t->prev == 0)
		return;
	detach(w, a, t);
	w->armed--;
}

/* When the slot of the level that is next to begin does so. */
static inline uint64_t
level_event(const struct sp_wheel *w, unsigned level)
{
	const uint64_t next = (w->now >> (DIGIT_BITS * level)) + 1;
	const unsigned turn = (unsigned)next & (SP_WHEEL_SLOTS - 1);
	const uint64_t ahead = w->map[level] >> turn | w->map[level] << (-turn & 63);

	return (next + (unsigned)__builtin_ctzll(ahead)) << (DIGIT_BITS * level);
}

/* The earliest tick at which there is something to do; SP_WHEEL_NEVER. */
static uint64_t
next_event(const struct sp_wheel *w)
{
	uint64_t first = SP_WHEEL_NEVER;

	for (unsigned level = 0; level < SP_WHEEL_LEVELS; level++) {
		uint64_t event;

		if (w->map[level] == 0)
			continue;
		event = level_event(w, level);
		if (event < first)
			first = event;
	}
	return first;
}

/* Empties the slot of t on a level into lower ones; false: budget spent. */
static bool
cascade(struct sp_wheel *w, const struct sp_arena *a, unsigned level, uint64_t t, uint32_t *budget)
{
	const uint32_t *head = &w->slot[level][digit(t, level)];

	while (*head != 0) {
		struct sp_timer *node = timer_at(a, *head);

		if (*budget == 0)
			return false;
		SP_STEP();
		(*budget)--;
		if (node->next != 0)
			sp_prefetch(timer_at(a, node->next));
		detach(w, a, node);
		place(w, a, node, t);
	}
	return true;
}

/* Moves on to the event tick t: what is for it becomes due. */
static void
enter(struct sp_wheel *w, const struct sp_arena *a, uint64_t t, uint32_t *budget)
{
	const unsigned highest = (unsigned)__builtin_ctzll(t) / DIGIT_BITS;
	const unsigned slot = digit(t, 0);

	w->now = t - 1;
	for (unsigned level = SP_WHEEL_LEVELS - 1; level > 0; level--) {
		if (level <= highest && !cascade(w, a, level, t, budget))
			return;
	}
	if (*budget == 0)
		return;
	(*budget)--;
	w->now = t;
	w->due = w->slot[0][slot];
	w->slot[0][slot] = 0;
	w->map[0] &= ~((uint64_t)1 << slot);
	if (w->due != 0)
		timer_at(a, w->due)->prev = HEAD | DUE;
}

void
sp_wheel_sync(struct sp_wheel *w, sampan_time now)
{
	const uint64_t target = now >> SP_TICK_SHIFT;
	uint64_t event;

	if (target <= w->now)
		return;
	event = next_event(w);
	w->now = event <= target ? event - 1 : target;
}

struct sp_timer *
sp_wheel_expire(struct sp_wheel *w, const struct sp_arena *a, sampan_time now, uint32_t *budget)
{
	const uint64_t target = now >> SP_TICK_SHIFT;
	struct sp_timer *t;

	while (w->due == 0 && *budget != 0) {
		const uint64_t event = next_event(w);

		SP_STEP();
		if (event > target) {
			if (target > w->now)
				w->now = target;
			return NULL;
		}
		enter(w, a, event, budget);
	}
	if (*budget == 0)
		return NULL;
	(*budget)--;
	t = timer_at(a, w->due);
	detach(w, a, t);
	w->armed--;
	return t;
}

sampan_time
sp_wheel_next(const struct sp_wheel *w)
{
	const uint64_t tick = w->due != 0 ? w->now : next_event(w);

	return tick > SAMPAN_NEVER >> SP_TICK_SHIFT ? SAMPAN_NEVER : tick << SP_TICK_SHIFT;
}

/* ---- The check ---- */

/* Is the node where it belongs?  Its slot must not begin after its tick, nor
 * end before. */
static bool
check_node(const struct sp_wheel *w, const struct sp_timer *t, uint32_t number)
{
	const uint64_t tick = widen(t->at, w->now);
	const unsigned level = number / SP_WHEEL_SLOTS;
	uint64_t ahead;

	if (number == DUE)
		return tick <= w->now;
	ahead = (tick >> (DIGIT_BITS * level)) - (w->now >> (DIGIT_BITS * level));
	return tick > w->now && ahead >= 1 && ahead <= SP_WHEEL_SLOTS &&
	    digit(tick, level) == number % SP_WHEEL_SLOTS;
}

/* Counts a slot's nodes into *n. */
static bool
check_slot(const struct sp_wheel *w, const struct sp_arena *a, uint32_t number, uint32_t *n)
{
	uint32_t prev = HEAD | number;
	uint32_t ref;

	if (number == DUE) {
		ref = w->due;
	} else {
		ref = w->slot[number / SP_WHEEL_SLOTS][number % SP_WHEEL_SLOTS];
		if ((ref != 0) != ((w->map[number / SP_WHEEL_SLOTS] & bit_of(number)) != 0))
			return false;
	}
	for (; ref != 0; ref = timer_at(a, ref)->next) {
		const struct sp_timer *t = timer_at(a, ref);

		if (t->prev != prev || !check_node(w, t, number) || (*n)++ == w->armed)
			return false;
		prev = ref;
	}
	return true;
}

bool
sp_wheel_check(const struct sp_wheel *w, const struct sp_arena *a)
{
	uint32_t n = 0;

	for (uint32_t number = 0; number <= DUE; number++) {
		if (!check_slot(w, a, number, &n))
			return false;
	}
	return n == w->armed;
}
