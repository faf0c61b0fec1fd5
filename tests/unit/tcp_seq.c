/*
 * tcp_seq.c - sequence arithmetic, RFC 9293 §3.4, against 64-bit numbers.
 */
#include "lib/test.h"
#include "tcp/tcp_seq.h"
#include "unit/base_util.h"

TEST(seq_compares_modulo_two_to_the_32)
{
	struct sp_rng rng = base_rng(1);

	COVERS("R-V-53");
	for (unsigned i = 0; i < 100000; i++) {
		const uint64_t a = sp_rng_u64(&rng) >> 8, step = sp_rng_below(&rng, 0x80000000);
		const tcp_seq x = seq_of((uint32_t)a), y = seq_of((uint32_t)(a + step));

		EXPECT_EQ(seq_lt(x, y), step != 0);
		EXPECT(seq_le(x, y));
		EXPECT_EQ(seq_le(y, x), step == 0);
		EXPECT_EQ(seq_diff(y, x), step);
		EXPECT(seq_eq(seq_add(x, (uint32_t)step), y));
		EXPECT(seq_eq(seq_sub(y, (uint32_t)step), x));
		EXPECT(seq_eq(seq_max(x, y), y));
		EXPECT(seq_eq(seq_min(x, y), x));
	}
}

/* The edges of an interval, everywhere, also across the wrap. */
TEST(seq_in_has_its_first_and_not_its_end)
{
	static const uint32_t first[] = { 0, 1, 1000, 0x7fffffff, 0x80000000, 0xfffffff0,
		0xffffffff };

	for (unsigned i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		const tcp_seq s = seq_of(first[i]);

		EXPECT(!seq_in(s, s, 0));
		EXPECT(seq_in(s, s, 1));
		EXPECT(!seq_in(seq_add(s, 1), s, 1));
		EXPECT(!seq_in(seq_sub(s, 1), s, 100));
		EXPECT(seq_in(seq_add(s, 99), s, 100));
		EXPECT(!seq_in(seq_add(s, 100), s, 100));
	}
}

/* Against every octet of both, near the wrap. */
TEST(seq_overlap_finds_a_common_octet)
{
	for (uint32_t i = 0; i < 12 * 11 * 12 * 11; i++) {
		const uint32_t a = i % 12, b = i / 12 % 12;
		const uint32_t alen = 1 + i / 144 % 11, blen = 1 + i / 1584;

		EXPECT_EQ(seq_overlap(seq_of(a - 6), alen, seq_of(b - 6), blen),
		    a < b + blen && b < a + alen);
	}
}
