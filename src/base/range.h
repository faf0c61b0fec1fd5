/*
 * range.h - a set of 32-bit numbers as sorted, disjoint, non-touching ranges.
 *
 * For sequence numbers: all comparisons are modulo 2^32, and all members lie
 * within 2^31 of each other.  The storage is the caller's and of fixed
 * capacity; numbers only, never bytes.  Work per call: a binary search and a
 * move of at most cap ranges.
 */
#ifndef SAMPAN_BASE_RANGE_H
#define SAMPAN_BASE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct sp_range {
	uint32_t start, end;	/* [start, end), never empty */
};

struct sp_ranges {
	struct sp_range *r;	/* this struct is made on the fly, never kept in the arena */
	uint32_t *count;
	uint32_t cap;
};

enum sp_range_result {
	SP_RANGE_NEW,		/* some of it was new */
	SP_RANGE_KNOWN,		/* all of it was there already */
	SP_RANGE_FULL,		/* needs one range more than fits: nothing was added */
};

/* Adds [start, end), merging with what it overlaps or touches. */
enum sp_range_result sp_ranges_add(struct sp_ranges s, uint32_t start, uint32_t end);

/* Removes everything before n, and everything in [start, end).  Removing from
 * the middle of a range may need one range more: then the part behind is
 * removed too, and false is returned. */
void sp_ranges_trim(struct sp_ranges s, uint32_t n);
bool sp_ranges_remove(struct sp_ranges s, uint32_t start, uint32_t end);

/* The range that holds n or, if none does, the first one behind n; NULL. */
const struct sp_range *sp_ranges_at(struct sp_ranges s, uint32_t n);

bool sp_ranges_contain(struct sp_ranges s, uint32_t start, uint32_t end);

/* How many numbers of [start, end) are members. */
uint32_t sp_ranges_bytes(struct sp_ranges s, uint32_t start, uint32_t end);

bool sp_ranges_check(struct sp_ranges s);

#endif
