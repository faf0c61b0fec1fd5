/* Tests of base/siphash.h against published and foreign values. */
#include "lib/test.h"

#include "base/siphash.h"

/* The authors' key and message: octets 0, 1, 2, ... */
static const struct sp_key paper_key = {
	{ UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) }
};

static void
count_up(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)i;
}

/* SipHash reference code, vectors.h, by length of message. */
TEST(siphash24_gives_the_published_values)
{
	static const uint64_t want[] = {
		UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd),
		UINT64_C(0x0d6c8009d9a94f5a), UINT64_C(0x85676696d7fb7e2d),
		UINT64_C(0xcf2794e0277187b7), UINT64_C(0x18765564cd99a68d),
		UINT64_C(0xcbc9466e58fee3ce), UINT64_C(0xab0200f58b01d137),
		UINT64_C(0x93f5f5799a932462), UINT64_C(0x9e0082df0ba9e4b0),
		UINT64_C(0x7a5dbbc594ddb9f3), UINT64_C(0xf4b32f46226bada7),
		UINT64_C(0x751e8fbc860ee5fb), UINT64_C(0x14ea5627c0843d90),
		UINT64_C(0xf723ca908e7af2ee), UINT64_C(0xa129ca6149be45e5),
	};
	uint8_t b[63];

	count_up(b, sizeof(b));
	for (size_t n = 0; n < sizeof(want) / sizeof(want[0]); n++)
		EXPECT_EQ(sp_siphash24(&paper_key, b, n), want[n]);
	EXPECT_EQ(sp_siphash24(&paper_key, b, 63), UINT64_C(0x958a324ceb064572));
}

/* What CPython 3.11 says for hash(bytes(range(n))) with PYTHONHASHSEED=0. */
TEST(siphash13_agrees_with_cpython)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} want[] = {
		{ 1, UINT64_C(0x68a914128e01e473) }, { 7, UINT64_C(0x2f098ab0c751325a) },
		{ 8, UINT64_C(0xead411e67ebe2eea) }, { 9, UINT64_C(0x75927f9d95124362) },
		{ 15, UINT64_C(0xf30eb725bb91c9ea) }, { 16, UINT64_C(0x8972188433a5c5b7) },
		{ 40, UINT64_C(0x95bc321ab41d8206) },
	};
	const struct sp_key zero = { { 0, 0 } };
	uint8_t b[40];

	count_up(b, sizeof(b));
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		EXPECT_EQ(sp_siphash13(&zero, b, want[i].n), want[i].hash);
}

/* On machines of either order: the words are laid out as octets here. */
TEST(siphash_of_words_is_that_of_their_octets)
{
	uint64_t words[9];
	uint8_t b[sizeof(words)];

	for (size_t i = 0; i < 9; i++)
		words[i] = i * UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)(words[i / 8] >> (i % 8 * 8));
	for (size_t n = 0; n <= 9; n++) {
		EXPECT_EQ(sp_siphash13_words(&paper_key, words, n),
		    sp_siphash13(&paper_key, b, n * 8));
		EXPECT_EQ(sp_siphash24_words(&paper_key, words, n),
		    sp_siphash24(&paper_key, b, n * 8));
	}
}

TEST(siphash_does_not_care_about_alignment)
{
	uint8_t b[61], copy[61 + 8];

	count_up(b, sizeof(b));
	for (size_t shift = 0; shift < 8; shift++) {
		memcpy(copy + shift, b, sizeof(b));
		EXPECT_EQ(sp_siphash24(&paper_key, copy + shift, sizeof(b)),
		    sp_siphash24(&paper_key, b, sizeof(b)));
	}
}

TEST(siphash_depends_on_both_halves_of_the_key)
{
	const struct sp_key keys[] = { { { 0, 0 } }, { { 1, 0 } }, { { 0, 1 } } };
	const uint8_t b[] = "sampan";

	for (size_t i = 0; i < 3; i++) {
		for (size_t j = 0; j < i; j++) {
			EXPECT(sp_siphash13(&keys[i], b, 6) != sp_siphash13(&keys[j], b, 6));
			EXPECT(sp_siphash24(&keys[i], b, 6) != sp_siphash24(&keys[j], b, 6));
		}
	}
}
