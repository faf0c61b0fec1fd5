/* Tests of wire/csum.h: every variant against a slow obvious model. */
#include "lib/test.h"

#include "wire/bytes.h"
#include "wire/csum.h"

#include "wire_util.h"

#define BIG 70000

#if defined(__x86_64__)
#define HAS_AVX2 __builtin_cpu_supports("avx2")
#else
#define HAS_AVX2 true
#endif

static bool
machine_has(unsigned variant)
{
	return variant != SP_CSUM_AVX2 || HAS_AVX2;
}

/* RFC 1071 §1, by the letter: add a word, add its carry. */
static uint16_t
model(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)sum;
}

static void
expect_model(const uint8_t *p, size_t len)
{
	for (unsigned v = 0; v < SP_CSUM_VARIANTS; v++)
		if (machine_has(v))
			EXPECT_EQ(sp_csum_fold(sp_csum_add(p, len, 0, v)), model(p, len));
}

TEST(csum_of_the_example_in_rfc1071)
{
	const uint8_t b[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	COVERS("R-IP4-32");
	EXPECT_EQ(sp_csum_fold(sp_csum_add(b, sizeof b, 0, SP_CSUM_PORTABLE)), 0xddf2);
	expect_model(b, sizeof b);
}

TEST(csum_of_nothing_is_zero)
{
	EXPECT_EQ(sp_csum_fold(0), 0);
	expect_model(NULL, 0);
}

TEST(csum_of_every_short_length_and_alignment)
{
	struct sp_rng rng = wire_rng(1);
	uint8_t b[600];

	COVERS("R-IP4-32");
	wire_fill(&rng, b, sizeof b);
	for (size_t align = 0; align < 32; align++)
		for (size_t len = 0; align + len <= 560; len++)
			expect_model(b + align, len);
}

TEST(csum_reads_no_octet_beyond)
{
	struct sp_rng rng = wire_rng(2);
	uint8_t b[600];

	wire_fill(&rng, b, sizeof b);
	for (size_t len = 0; len <= sizeof b; len++) {
		uint8_t *const p = wire_tight(b, len);

		expect_model(p, len);
		free(p);
	}
}

TEST(csum_of_random_lengths)
{
	static uint8_t b[BIG];
	struct sp_rng rng = wire_rng(3);

	wire_fill(&rng, b, sizeof b);
	for (unsigned i = 0; i < 200; i++) {
		const size_t at = sp_rng_below(&rng, 64);

		expect_model(b + at, sp_rng_below(&rng, BIG - 64));
	}
}

TEST(csum_loses_no_carry)
{
	static uint8_t b[BIG];

	COVERS("R-IP4-32");
	memset(b, 0xff, sizeof b);
	for (size_t len = BIG - 100; len <= BIG; len++)
		expect_model(b, len);
	EXPECT_EQ(sp_csum_fold(UINT64_MAX), 0xffff);
	EXPECT_EQ(sp_csum_fold(0xfffffffe00000001), 0xffff);
}

/* Random, zero-rich and one-rich numbers, where +0 and -0 get mixed up. */
TEST(csum_keeps_the_two_zeros_apart)
{
	struct sp_rng rng = wire_rng(4);
	uint8_t b[64];

	COVERS("R-IP4-32");
	for (unsigned i = 0; i < 20000; i++) {
		const uint64_t pick = sp_rng_u64(&rng);

		for (size_t k = 0; k < sizeof b; k++)
			b[k] = pick >> k & 1 ? 0xff : 0;
		expect_model(b, sp_rng_below(&rng, sizeof b + 1));
	}
}

/* Some octets cut into slices at random, empty ones too. */
static uint16_t
fed_in_slices(struct sp_rng *rng, const uint8_t *p, size_t len, unsigned variant)
{
	struct sp_csum c = { 0, false };
	size_t at = 0;

	while (at < len) {
		const size_t n = sp_rng_below(rng, 90);
		const size_t slice = n < len - at ? n : len - at;

		sp_csum_feed(&c, p + at, slice, variant);
		at += slice;
	}
	EXPECT_EQ(c.odd, len % 2);
	return sp_csum_fold(c.sum);
}

TEST(csum_of_slices_is_that_of_the_whole)
{
	struct sp_rng rng = wire_rng(5);
	uint8_t b[1500];

	COVERS("R-IP4-32");
	wire_fill(&rng, b, sizeof b);
	for (unsigned i = 0; i < 4000; i++) {
		const unsigned v = i % SP_CSUM_VARIANTS;
		const size_t len = sp_rng_below(&rng, sizeof b + 1);

		if (machine_has(v))
			EXPECT_EQ(fed_in_slices(&rng, b, len, v), model(b, len));
	}
}

TEST(csum_at_an_odd_offset_counts_as_if_a_zero_came_before)
{
	struct sp_rng rng = wire_rng(6);
	uint8_t b[301];

	wire_fill(&rng, b, sizeof b);
	b[0] = 0;
	for (size_t len = 0; len < sizeof b; len++) {
		const uint64_t sum = sp_csum_add_odd(b + 1, len, 0, SP_CSUM_PORTABLE);

		EXPECT_EQ(sp_csum_fold(sum), model(b, len + 1));
	}
}

static void
expect_copy(const uint8_t *src, size_t len, size_t align, unsigned variant)
{
	uint8_t dst[700];
	uint64_t sum;

	memset(dst, 0xa5, sizeof dst);
	sum = sp_csum_copy(dst + align, src, len, 0, variant);

	EXPECT_EQ(sp_csum_fold(sum), model(src, len));
	EXPECT_MEM(dst + align, src, len);
	EXPECT(align == 0 || dst[align - 1] == 0xa5);
	EXPECT_EQ(dst[align + len], 0xa5);
}

TEST(csum_copy_copies_all_and_only_that)
{
	struct sp_rng rng = wire_rng(7);
	uint8_t b[600];

	wire_fill(&rng, b, sizeof b);
	for (unsigned v = 0; v < SP_CSUM_VARIANTS; v++)
		for (size_t len = 0; machine_has(v) && len <= sizeof b; len++) {
			uint8_t *const src = wire_tight(b, len);

			expect_copy(src, len, len % 37, v);
			free(src);
		}
}

TEST(csum_adds_to_the_sum_that_it_is_given)
{
	const uint8_t a[] = { 0x12, 0x34 }, b[] = { 0xff, 0x00, 0x01 };
	const uint8_t whole[] = { 0x12, 0x34, 0xff, 0x00, 0x01 };
	uint8_t dst[sizeof b];
	const uint64_t sum = sp_csum_add(a, sizeof a, 0, SP_CSUM_PORTABLE);
	const uint64_t added = sp_csum_add(b, sizeof b, sum, SP_CSUM_PORTABLE);
	const uint64_t copied = sp_csum_copy(dst, b, sizeof b, sum, SP_CSUM_PORTABLE);

	EXPECT_EQ(sp_csum_fold(added), model(whole, sizeof whole));
	EXPECT_EQ(sp_csum_fold(copied), model(whole, sizeof whole));
}

TEST(csum_of_pseudo4_is_that_of_its_octets)
{
	struct sp_rng rng = wire_rng(8);

	for (unsigned i = 0; i < 1000; i++) {
		const uint32_t src = (uint32_t)sp_rng_u64(&rng);
		const uint32_t dst = (uint32_t)sp_rng_u64(&rng);
		const uint8_t proto = (uint8_t)sp_rng_u64(&rng);
		const uint16_t len = (uint16_t)sp_rng_u64(&rng);
		uint8_t b[12] = { [9] = proto };

		be32_put(b, src);
		be32_put(b + 4, dst);
		be16_put(b + 10, len);
		EXPECT_EQ(sp_csum_fold(sp_csum_pseudo4(src, dst, proto, len)), model(b, sizeof b));
	}
}

TEST(csum_of_pseudo6_is_that_of_its_octets)
{
	struct sp_rng rng = wire_rng(9);
	uint8_t b[40];

	for (unsigned i = 0; i < 1000; i++) {
		const uint32_t len = (uint32_t)sp_rng_u64(&rng);
		uint64_t sum;

		wire_fill(&rng, b, sizeof b);
		be32_put(b + 32, len);
		memset(b + 36, 0, 3);
		sum = sp_csum_pseudo6(b, b + 16, b[39], len);
		EXPECT_EQ(sp_csum_fold(sum), model(b, sizeof b));
	}
}

/* A TCP segment of 100 octets behind its IPv4 pseudo-header. */
static uint64_t
sum_of_segment(const uint8_t *seg, uint32_t src, uint32_t dst)
{
	return sp_csum_add(seg, 100, sp_csum_pseudo4(src, dst, 6, 100), SP_CSUM_PORTABLE);
}

TEST(csum_that_was_put_is_good_and_no_single_flip_is)
{
	const uint32_t src = 0xc0a80001, dst = 0x0a000002;
	struct sp_rng rng = wire_rng(10);
	uint8_t seg[100];

	COVERS("R-IP4-32");
	wire_fill(&rng, seg, sizeof seg);
	be16_put(seg + 16, 0);
	be16_put(seg + 16, (uint16_t)~sp_csum_fold(sum_of_segment(seg, src, dst)));

	EXPECT(sp_csum_good(sum_of_segment(seg, src, dst)));
	for (unsigned bit = 0; bit < 800; bit++) {
		seg[bit / 8] ^= (uint8_t)(1u << bit % 8);
		EXPECT(!sp_csum_good(sum_of_segment(seg, src, dst)));
		seg[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (unsigned bit = 0; bit < 32; bit++)
		EXPECT(!sp_csum_good(sum_of_segment(seg, src ^ 1u << bit, dst)));
}

TEST(csum_update_of_the_example_in_rfc1624)
{
	COVERS("R-IP4-32");
	EXPECT_EQ(sp_csum_update16(0xdd2f, 0x5555, 0x3285), 0x0000);
}

static uint16_t
checksum_of(const uint8_t *p, size_t len)
{
	return (uint16_t)~sp_csum_fold(sp_csum_add(p, len, 0, SP_CSUM_PORTABLE));
}

/* A word at an edge of the arithmetic, or anything. */
static uint16_t
edgy(struct sp_rng *rng)
{
	const uint16_t word[] = { 0, 1, 0xfffe, 0xffff, (uint16_t)sp_rng_u64(rng) };

	return word[sp_rng_below(rng, sizeof word / sizeof word[0])];
}

TEST(csum_update_equals_computing_anew)
{
	struct sp_rng rng = wire_rng(11);
	uint8_t b[8] = { 0 };

	COVERS("R-IP4-32");
	for (unsigned i = 0; i < 20000; i++) {
		const uint16_t is = edgy(&rng);
		uint16_t check;

		be16_put(b, edgy(&rng));
		be16_put(b + 2, edgy(&rng));
		be16_put(b + 6, edgy(&rng) | 1);	/* a header is never all zero */
		check = sp_csum_update16(checksum_of(b, 8), be16_get(b), is);
		be16_put(b, is);
		EXPECT_EQ(check, checksum_of(b, 8));
	}
}

TEST(csum_update_of_32_bits_equals_computing_anew)
{
	struct sp_rng rng = wire_rng(12);
	uint8_t b[8] = { 0 };

	for (unsigned i = 0; i < 20000; i++) {
		const uint32_t is = (uint32_t)edgy(&rng) << 16 | edgy(&rng);
		uint16_t check;

		be32_put(b, (uint32_t)edgy(&rng) << 16 | edgy(&rng));
		be16_put(b + 6, edgy(&rng) | 1);
		check = sp_csum_update32(checksum_of(b, 8), be32_get(b), is);
		be32_put(b, is);
		EXPECT_EQ(check, checksum_of(b, 8));
	}
}
