/*
 * range.c - sets of numbers as a sorted array of ranges.
 *
 * Everything is found by one binary search, first_behind(): the first range
 * that ends behind a number.  Numbers are compared modulo 2^32, which orders
 * them as long as the set and what it is asked for span less than 2^31.
 */
#include "base/range.h"

#include <stddef.h>
#include <string.h>

#include "base/assert.h"

static inline bool
before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline uint32_t
earlier(uint32_t a, uint32_t b)
{
	return before(a, b) ? a : b;
}

static inline uint32_t
later(uint32_t a, uint32_t b)
{
	return before(a, b) ? b : a;
}

/* Index of the first range with end > n, count if there is none. */
static uint32_t
first_behind(struct sp_ranges s, uint32_t n)
{
	uint32_t low = 0;
	uint32_t high = *s.count;

	while (low < high) {
		const uint32_t mid = low + (high - low) / 2;

		if (before(n, s.r[mid].end))
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/* Takes the ranges [i, j) out of the array. */
static void
cut(struct sp_ranges s, uint32_t i, uint32_t j)
{
	if (i == j)
		return;
	memmove(&s.r[i], &s.r[j], (*s.count - j) * sizeof(*s.r));
	*s.count -= j - i;
}

/* Makes room for one range at i. */
static bool
insert(struct sp_ranges s, uint32_t i, struct sp_range r)
{
	if (*s.count == s.cap)
		return false;
	memmove(&s.r[i + 1], &s.r[i], (*s.count - i) * sizeof(*s.r));
	s.r[i] = r;
	(*s.count)++;
	return true;
}

enum sp_range_result
sp_ranges_add(struct sp_ranges s, uint32_t start, uint32_t end)
{
	const uint32_t i = first_behind(s, start - 1);	/* touches or overlaps, if any does */
	uint32_t j = i;

	SP_ASSERT(end - start < (uint32_t)1 << 31);
	if (start == end)
		return SP_RANGE_KNOWN;
	while (j < *s.count && !before(end, s.r[j].start))
		j++;
	if (i == j) {
		return insert(s, i, (struct sp_range){ .start = start, .end = end })
		    ? SP_RANGE_NEW : SP_RANGE_FULL;
	}
	if (!before(start, s.r[i].start) && !before(s.r[i].end, end))
		return SP_RANGE_KNOWN;
	s.r[i].start = earlier(start, s.r[i].start);
	s.r[i].end = later(end, s.r[j - 1].end);
	cut(s, i + 1, j);
	return SP_RANGE_NEW;
}

void
sp_ranges_trim(struct sp_ranges s, uint32_t n)
{
	cut(s, 0, first_behind(s, n));
	if (*s.count > 0)
		s.r[0].start = later(s.r[0].start, n);
}

bool
sp_ranges_remove(struct sp_ranges s, uint32_t start, uint32_t end)
{
	uint32_t i = first_behind(s, start);
	uint32_t j;

	if (start == end || i == *s.count)
		return true;
	if (before(s.r[i].start, start)) {
		const struct sp_range behind = { .start = end, .end = s.r[i].end };

		s.r[i].end = start;
		i++;
		if (before(end, behind.end))
			return insert(s, i, behind);
	}
	for (j = i; j < *s.count && !before(end, s.r[j].end); j++)
		continue;
	if (j < *s.count)
		s.r[j].start = later(s.r[j].start, end);
	cut(s, i, j);
	return true;
}

const struct sp_range *
sp_ranges_at(struct sp_ranges s, uint32_t n)
{
	const uint32_t i = first_behind(s, n);

	return i < *s.count ? &s.r[i] : NULL;
}

bool
sp_ranges_contain(struct sp_ranges s, uint32_t start, uint32_t end)
{
	const struct sp_range *r = sp_ranges_at(s, start);

	if (start == end)
		return true;
	return r != NULL && !before(start, r->start) && !before(r->end, end);
}

uint32_t
sp_ranges_bytes(struct sp_ranges s, uint32_t start, uint32_t end)
{
	uint32_t n = 0;

	for (uint32_t i = first_behind(s, start); i < *s.count; i++) {
		if (!before(s.r[i].start, end))
			break;
		n += earlier(s.r[i].end, end) - later(s.r[i].start, start);
	}
	return n;
}

bool
sp_ranges_check(struct sp_ranges s)
{
	const uint32_t count = *s.count;

	if (count > s.cap)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!before(s.r[i].start, s.r[i].end))
			return false;
		if (i > 0 && !before(s.r[i - 1].end, s.r[i].start))
			return false;
	}
	return count == 0 || before(s.r[0].start, s.r[count - 1].end);
}
