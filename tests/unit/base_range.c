/* Tests of base/range.h against a row of flags, at the wrap of numbers too. */
#include "lib/test.h"

#include "base/range.h"

#include "base_util.h"

#define SPAN 200u
#define CAP_MAX 40

/* A set, and which of the SPAN numbers from base on it should hold. */
struct fx {
	struct sp_range r[CAP_MAX + 1];	/* the last one must stay as it is */
	uint32_t count, cap;
	uint32_t base;
	bool has[SPAN];
};

static struct fx
fx_make(uint32_t cap, uint32_t base)
{
	struct fx f = { .cap = cap, .base = base };

	f.r[cap] = (struct sp_range){ .start = 0xdead, .end = 0xbeef };
	return f;
}

static struct sp_ranges
set_of(struct fx *f)
{
	return (struct sp_ranges){ .r = f->r, .count = &f->count, .cap = f->cap };
}

static uint32_t
runs(const bool *has)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < SPAN; i++)
		n += has[i] && (i == 0 || !has[i - 1]);
	return n;
}

static uint32_t
members(const bool *has, uint32_t start, uint32_t end)
{
	uint32_t n = 0;

	for (uint32_t i = start; i < end; i++)
		n += has[i];
	return n;
}

static void
expect_agrees(struct fx *f)
{
	EXPECT(sp_ranges_check(set_of(f)));
	EXPECT_EQ(f->count, runs(f->has));
	for (uint32_t i = 0; i < f->count; i++) {
		const uint32_t start = f->r[i].start - f->base;
		const uint32_t end = f->r[i].end - f->base;

		EXPECT(start < end && end <= SPAN && members(f->has, start, end) == end - start);
	}
	EXPECT_EQ(sp_ranges_bytes(set_of(f), f->base, f->base + SPAN), members(f->has, 0, SPAN));
	EXPECT(f->r[f->cap].start == 0xdead && f->r[f->cap].end == 0xbeef);
}

static void
add(struct fx *f, uint32_t start, uint32_t end)
{
	const uint32_t known = members(f->has, start, end);
	enum sp_range_result want = SP_RANGE_NEW;
	bool after[SPAN];

	memcpy(after, f->has, sizeof(after));
	for (uint32_t i = start; i < end; i++)
		after[i] = true;
	if (known == end - start)
		want = SP_RANGE_KNOWN;
	else if (runs(after) > f->cap)
		want = SP_RANGE_FULL;
	else
		memcpy(f->has, after, sizeof(after));
	EXPECT_EQ(sp_ranges_add(set_of(f), f->base + start, f->base + end), want);
}

static void
remove_some(struct fx *f, uint32_t start, uint32_t end)
{
	bool fits;

	for (uint32_t i = start; i < end; i++)
		f->has[i] = false;
	fits = runs(f->has) <= f->cap;
	for (uint32_t i = end; !fits && i < SPAN && f->has[i]; i++)
		f->has[i] = false;
	EXPECT_EQ(sp_ranges_remove(set_of(f), f->base + start, f->base + end), fits);
}

static void
trim(struct fx *f, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		f->has[i] = false;
	sp_ranges_trim(set_of(f), f->base + n);
}

static void
ask(struct fx *f, uint32_t start, uint32_t end)
{
	const struct sp_range *r = sp_ranges_at(set_of(f), f->base + start);
	uint32_t i = start;

	EXPECT_EQ(sp_ranges_contain(set_of(f), f->base + start, f->base + end),
	    members(f->has, start, end) == end - start);
	EXPECT_EQ(sp_ranges_bytes(set_of(f), f->base + start, f->base + end),
	    members(f->has, start, end));
	while (i < SPAN && !f->has[i])
		i++;
	EXPECT_EQ(r == NULL, i == SPAN);
	if (r != NULL)
		EXPECT(r->start - f->base <= i && i < r->end - f->base);
}

static void
run(struct fx *f, uint64_t seed, uint32_t longest)
{
	struct sp_rng r = base_rng(seed);

	for (int i = 0; i < 20000; i++) {
		const uint32_t start = sp_rng_below(&r, SPAN);
		const uint32_t len = sp_rng_below(&r, longest + 1);
		const uint32_t end = start + len < SPAN ? start + len : SPAN;
		const uint32_t what = sp_rng_below(&r, 100);

		if (what < 60)
			add(f, start, end);
		else if (what < 97)
			remove_some(f, start, end);
		else
			trim(f, start / 2);
		ask(f, start, end);
		expect_agrees(f);
	}
}

TEST(ranges_agree_with_flags)
{
	static const uint32_t caps[] = { 1, 2, 3, 4, 8, 32, CAP_MAX };

	for (uint32_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		struct fx f = fx_make(caps[i], 1000);

		run(&f, i, 10);
		run(&f, i, 60);
	}
}

TEST(ranges_agree_with_flags_at_the_wrap)
{
	static const uint32_t bases[] = { 0, 0 - SPAN / 2, 0 - SPAN, 0x80000000u - SPAN / 2 };

	for (uint32_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		struct fx f = fx_make(8, bases[i]);

		run(&f, 100 + i, 12);
	}
}

TEST(ranges_of_a_gigabyte_are_fine)
{
	struct fx f = fx_make(4, 0);
	const uint32_t start = 0xe0000000;

	EXPECT_EQ(sp_ranges_add(set_of(&f), start, start + 0x3fffffff), SP_RANGE_NEW);
	EXPECT_EQ(sp_ranges_add(set_of(&f), start + 0x40000000, start + 0x7fffffff), SP_RANGE_NEW);
	EXPECT_EQ(f.count, 2);
	EXPECT_EQ(sp_ranges_add(set_of(&f), start + 0x3fffffff, start + 0x40000000), SP_RANGE_NEW);
	EXPECT_EQ(f.count, 1);
	EXPECT_EQ(sp_ranges_bytes(set_of(&f), start, start + 0x7fffffff), 0x7fffffff);
	EXPECT(sp_ranges_check(set_of(&f)));
}

TEST(ranges_without_room_hold_nothing)
{
	struct fx f = fx_make(0, 5);

	add(&f, 1, 2);
	remove_some(&f, 0, 10);
	trim(&f, 5);
	expect_agrees(&f);
}

TEST(ranges_empty_interval_is_known_and_contained)
{
	struct fx f = fx_make(2, 0);

	EXPECT_EQ(sp_ranges_add(set_of(&f), 7, 7), SP_RANGE_KNOWN);
	EXPECT(sp_ranges_contain(set_of(&f), 7, 7));
	EXPECT(sp_ranges_remove(set_of(&f), 7, 7));
	EXPECT(sp_ranges_at(set_of(&f), 7) == NULL);
}

TEST(ranges_check_sees_what_is_wrong)
{
	static const struct sp_range wrong[][2] = {
		{ { 5, 5 }, { 7, 9 } },	/* empty */
		{ { 5, 6 }, { 6, 9 } },	/* touching */
		{ { 5, 8 }, { 7, 9 } },	/* overlapping */
		{ { 7, 9 }, { 1, 3 } },	/* out of order */
		{ { 0, 0x7ffffff0 }, { 0x7ffffff5, 0x80000001 } },	/* too far apart */
	};
	struct fx f = fx_make(2, 0);

	f.count = 2;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memcpy(f.r, wrong[i], sizeof(wrong[i]));
		EXPECT(!sp_ranges_check(set_of(&f)));
	}
	f.count = 3;
	EXPECT(!sp_ranges_check(set_of(&f)));
}
