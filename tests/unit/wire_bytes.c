/* Tests of wire/bytes.h. */
#include "lib/test.h"

#include "wire/bytes.h"

#include "wire_util.h"

TEST(bytes_numbers_lie_most_significant_octet_first)
{
	uint8_t b[6];

	be16_put(b, 0x0102);
	be32_put(b + 2, 0xfefdfcfb);

	EXPECT_MEM(b, "\x01\x02\xfe\xfd\xfc\xfb", 6);
	EXPECT_EQ(be16_get(b), 0x0102);
	EXPECT_EQ(be32_get(b + 2), 0xfefdfcfb);
}

TEST(bytes_numbers_survive_the_round_trip_at_any_alignment)
{
	struct sp_rng rng = wire_rng(1);
	uint8_t b[16];

	for (unsigned i = 0; i < 10000; i++) {
		const uint32_t v = (uint32_t)sp_rng_u64(&rng);
		uint8_t *const at = b + i % 8;

		be32_put(at, v);
		EXPECT_EQ(be32_get(at), v);
		be16_put(at, (uint16_t)v);
		EXPECT_EQ(be16_get(at), (uint16_t)v);
	}
}

TEST(bytes_cursor_reads_in_order)
{
	const uint8_t b[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
	struct rd r = rd_init(b, sizeof b);
	uint8_t two[2];

	EXPECT_EQ(rd_u8(&r), 1);
	EXPECT_EQ(rd_be16(&r), 0x0203);
	EXPECT_EQ(rd_be32(&r), 0x04050607);
	EXPECT(rd_skip(&r, 1) == b + 7);
	rd_bytes(&r, two, 2);
	EXPECT_MEM(two, b + 8, 2);
	EXPECT_EQ(rd_left(&r), 1);
	EXPECT(!r.bad);
}

TEST(bytes_cursor_past_the_end_yields_zero_and_stays_bad)
{
	const uint8_t b[] = { 1, 2, 3 };
	struct rd r = rd_init(b, sizeof b);

	EXPECT_EQ(rd_be32(&r), 0);
	EXPECT(r.bad);
	EXPECT_EQ(rd_left(&r), 0);
	EXPECT_EQ(rd_u8(&r), 0);
	EXPECT_EQ(rd_be16(&r), 0);
	EXPECT(rd_skip(&r, 0) != NULL);
	EXPECT(r.bad);
}

TEST(bytes_cursor_at_the_end_has_no_octet)
{
	const uint8_t b[] = { 7 };
	struct rd r = rd_init(b, sizeof b);

	EXPECT_EQ(rd_u8(&r), 7);
	EXPECT(!r.bad);
	EXPECT_EQ(rd_u8(&r), 0);
	EXPECT(r.bad);
}

TEST(bytes_cursor_zeroes_what_it_cannot_copy)
{
	const uint8_t b[] = { 1, 2, 3 };
	struct rd r = rd_init(b, sizeof b);
	uint8_t dst[4] = { 9, 9, 9, 9 };

	rd_bytes(&r, dst, sizeof dst);

	EXPECT_MEM(dst, "\0\0\0\0", 4);
	EXPECT(r.bad);
}

TEST(bytes_cursor_refuses_a_length_that_would_wrap)
{
	const uint8_t b[] = { 1, 2, 3 };
	struct rd r = rd_init(b, sizeof b);

	EXPECT(rd_skip(&r, SIZE_MAX) == NULL);
	EXPECT(r.bad);
}

TEST(bytes_cursor_is_bad_exactly_when_something_is_missing)
{
	const uint8_t b[16] = { 0 };

	for (size_t len = 0; len <= sizeof b; len++) {
		uint8_t *const p = wire_tight(b, len);
		struct rd r = rd_init(p, len);
		uint8_t three[3];

		rd_be32(&r);
		rd_u8(&r);
		rd_bytes(&r, three, sizeof three);
		rd_be16(&r);
		rd_skip(&r, 2);
		EXPECT_EQ(r.bad, len < 12);
		EXPECT_EQ(rd_left(&r), len < 12 ? 0 : len - 12);
		free(p);
	}
}
