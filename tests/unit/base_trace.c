/* Tests of base/trace.h: what a reader gets, what it is told it missed. */
#include "lib/test.h"

#include "base/trace.h"

#include "base_util.h"

#define HEAD ((size_t)4096)

static struct sp_trace
trace_of(uint32_t entries)
{
	struct sp_trace t;

	memset(&t, 0xa5, sizeof(t));
	sp_trace_init(&t, 2048 >> SP_GRANULE_SHIFT, entries);
	return t;
}

/* Entries are numbered in `at`. */
static void
write_to(struct sp_trace *t, const struct sp_arena *a, uint64_t n)
{
	while (t->written < n) {
		const struct sp_trace_entry e = { .at = t->written, .event = 7 };

		sp_trace_add(t, a, &e);
	}
}

TEST(trace_reads_what_was_written_in_order)
{
	struct sp_arena *const a = base_arena(64 << 10, HEAD);
	struct sp_trace t = trace_of(16);
	struct sp_trace_entry out[16];
	uint64_t seq = 0;

	write_to(&t, a, 5);
	EXPECT_EQ(sp_trace_read(&t, a, &seq, out, 3), 3);
	EXPECT_EQ(out[0].at, 0);
	EXPECT_EQ(out[2].at, 2);
	EXPECT_EQ(sp_trace_read(&t, a, &seq, out, 16), 2);
	EXPECT_EQ(out[1].at, 4);
	EXPECT_EQ(out[1].event, 7);
	EXPECT_EQ(seq, 5);
	EXPECT_EQ(sp_trace_read(&t, a, &seq, out, 16), 0);
	free(a);
}

TEST(trace_skips_what_was_overwritten)
{
	struct sp_arena *const a = base_arena(64 << 10, HEAD);
	struct sp_trace t = trace_of(8);
	struct sp_trace_entry out[8];
	uint64_t seq = 1;

	write_to(&t, a, 20);
	EXPECT_EQ(sp_trace_read(&t, a, &seq, out, 8), 8);
	EXPECT_EQ(out[0].at, 12);
	EXPECT_EQ(out[7].at, 19);
	EXPECT_EQ(seq, 20);	/* moved by 19 for 8 entries: 11 missed */
	free(a);
}

TEST(trace_keeps_exactly_as_many_as_it_has_room_for)
{
	struct sp_arena *const a = base_arena(64 << 10, HEAD);
	struct sp_trace t = trace_of(8);
	struct sp_trace_entry out[9];
	uint8_t behind[sizeof(out[0])];

	memset(behind, 0xa5, sizeof(behind));
	for (uint64_t n = 0; n < 30; n++) {
		uint64_t seq = 0;

		EXPECT_EQ(sp_trace_read(&t, a, &seq, out, 9), n < 8 ? n : 8);
		EXPECT_EQ(seq, n);
		write_to(&t, a, n + 1);
	}
	EXPECT_MEM((uint8_t *)sp_at(a, t.ring) + 8 * sizeof(out[0]), behind, sizeof(behind));
	free(a);
}

TEST(trace_without_entries_is_off)
{
	struct sp_arena *const a = base_arena(64 << 10, HEAD);
	struct sp_trace t = trace_of(0);
	const struct sp_trace_entry e = { .at = 1 };
	struct sp_trace_entry out;
	uint64_t seq = 0;

	sp_trace_add(&t, a, &e);
	EXPECT_EQ(sp_trace_read(&t, a, &seq, &out, 1), 0);
	EXPECT_EQ(seq, 0);
	free(a);
}

TEST(trace_reader_from_the_future_gets_nothing)
{
	struct sp_arena *const a = base_arena(64 << 10, HEAD);
	struct sp_trace t = trace_of(8);
	struct sp_trace_entry out[8];
	uint64_t seq = 100;

	write_to(&t, a, 20);
	EXPECT_EQ(sp_trace_read(&t, a, &seq, out, 8), 0);
	EXPECT_EQ(seq, 100);
	free(a);
}
