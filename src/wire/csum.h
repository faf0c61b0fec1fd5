/*
 * csum.h - the Internet checksum, RFC 1071, and its update, RFC 1624 (R-IP4-32).
 *
 * A sum is an unfolded 64-bit number whose parts may be added in any order; it
 * counts 16-bit words as they lie in memory, so its value depends on the
 * machine's byte order and means something only to the functions here.  It
 * starts at 0 or at a pseudo-header, takes in slices, and ends in
 * sp_csum_fold(), whose result is an ordinary number, the same on every
 * machine:
 *
 *	sum = sp_csum_pseudo4(src, dst, IP_PROTO_TCP, len);
 *	sum = sp_csum_add(seg, len, sum, variant);	(its field is 0)
 *	be16_put(seg + 16, (uint16_t)~sp_csum_fold(sum));
 *
 * To verify, sum everything, the field as it came, and ask sp_csum_good().
 * A pseudo-header's fold stored without complement is what a device that
 * completes checksums wants to find in the field.
 *
 * variant: which build of the loops to use; the caller knows the processor.
 * Every variant is compiled into every build and gives the same result; one
 * that this architecture does not have is the portable one under another name.
 *
 * Does not: turn 0 into 0xffff for UDP (RFC 768); know any header's layout.
 */
#ifndef SAMPAN_WIRE_CSUM_H
#define SAMPAN_WIRE_CSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sp_csum_variant {
	SP_CSUM_PORTABLE,
	SP_CSUM_AVX2,		/* x86-64 with AVX2 */
	SP_CSUM_VARIANTS,
};

/* sum plus the words of p, which begins at an even offset of what is being
 * summed (the address may be odd).  An odd last octet counts as if a zero
 * followed (RFC 1071 §1). */
uint64_t sp_csum_add(const uint8_t *p, size_t len, uint64_t sum, unsigned variant);

/* The sum of a few octets, below 2^34, without a vector and without a call: words of 64
 * bits, and the carries on their own, for 2^64 is 1 as well (RFC 1071 §2). */
static inline uint64_t
sp_csum_small(const uint8_t *p, size_t len)
{
	uint64_t sum = 0, carries = 0, w64;
	uint8_t last[2] = { 0, 0 };
	uint32_t w32;
	uint16_t w16;

	for (; len >= 32; len -= 32, p += 32) {
#pragma GCC unroll 4
		for (size_t i = 0; i < 32; i += 8) {
			__builtin_memcpy(&w64, p + i, 8);
			sum += w64;
			carries += sum < w64;
		}
	}
	for (; len >= 8; len -= 8, p += 8) {
		__builtin_memcpy(&w64, p, 8);
		sum += w64;
		carries += sum < w64;
	}
	carries += (sum >> 32) + (uint32_t)sum;
	if ((len & 4) != 0) {
		__builtin_memcpy(&w32, p, 4);
		carries += w32;
		p += 4;
	}
	if ((len & 2) != 0) {
		__builtin_memcpy(&w16, p, 2);
		carries += w16;
		p += 2;
	}
	if ((len & 1) != 0) {
		last[0] = *p;
		__builtin_memcpy(&w16, last, 2);
		carries += w16;
	}
	return carries;
}

/* The same as sp_csum_add() for a slice that begins at an odd offset. */
uint64_t sp_csum_add_odd(const uint8_t *p, size_t len, uint64_t sum, unsigned variant);

/* Copies len octets and returns sp_csum_add() of them, in one pass.  The two
 * must not overlap. */
uint64_t sp_csum_copy(uint8_t *dst, const uint8_t *src, size_t len, uint64_t sum, unsigned variant);

/* Slices one after the other, of any lengths.  Starts as { sum, false }. */
struct sp_csum {
	uint64_t sum;
	bool odd;		/* the octets so far are odd in number */
};

/* Up to this many octets are added up without a call. */
#define SP_CSUM_SMALL_BYTES 128

/* Adds len octets whose own sum is known. */
static inline void
sp_csum_feed_sum(struct sp_csum *c, uint16_t sum, size_t len)
{
	c->sum += c->odd ? (uint64_t)sum << 8 : sum;
	c->odd ^= len % 2 != 0;
}

void sp_csum_feed_more(struct sp_csum *c, const uint8_t *p, size_t len, unsigned variant);

/* sp_csum_small() of a message of 64 octets, or of headers and one: whole words. */
static inline uint64_t
sp_csum_words(const uint8_t *p, size_t len)
{
	uint64_t sum = 0, carries = 0, w;

	for (; len != 0; len -= 32, p += 32) {
#pragma GCC unroll 4
		for (size_t i = 0; i < 32; i += 8) {
			__builtin_memcpy(&w, p + i, 8);
			sum += w;
			carries += sum < w;
		}
	}
	return carries + (sum >> 32) + (uint32_t)sum;
}

static inline void
sp_csum_feed(struct sp_csum *c, const uint8_t *p, size_t len, unsigned variant)
{
	if (len <= SP_CSUM_SMALL_BYTES && !c->odd && len % 32 == 0)
		c->sum += sp_csum_words(p, len);
	else if (len <= SP_CSUM_SMALL_BYTES && !c->odd && len % 2 == 0)
		c->sum += sp_csum_small(p, len);
	else
		sp_csum_feed_more(c, p, len, variant);
}

/* A sum in 16 bits, to be kept and added to another one later; 0 only for 0. */
static inline uint16_t
sp_csum_narrow(uint64_t sum)
{
	uint32_t half;

	/* Added to itself turned by half, the upper half is the sum of both and of the
	 * carry out of it. */
	sum += sum << 32 | sum >> 32;
	half = (uint32_t)(sum >> 32);
	half += half << 16 | half >> 16;
	return (uint16_t)(half >> 16);
}

/* The 16-bit ones' complement sum, not complemented, as the number that
 * be16_put() writes. */
static inline uint16_t
sp_csum_fold(uint64_t sum)
{
	const uint16_t w = sp_csum_narrow(sum);
	uint8_t b[2];

	__builtin_memcpy(b, &w, sizeof w);
	return (uint16_t)(b[0] << 8 | b[1]);
}

/* True if the sum over everything including the checksum is right. */
static inline bool
sp_csum_good(uint64_t sum)
{
	return sp_csum_fold(sum) == 0xffff;
}

/* RFC 9293 §3.1, RFC 768.  len: of the transport header and its data. */
uint64_t sp_csum_pseudo4(uint32_t src, uint32_t dst, uint8_t proto, uint32_t len);

/* RFC 8200 §8.1 */
uint64_t sp_csum_pseudo6(const uint8_t src[16], const uint8_t dst[16], uint8_t proto, uint32_t len);

/* The field that replaces check when one word changes from was to is
 * (RFC 1624 §3, equation 3).  All are numbers as be16_get() reads them. */
uint16_t sp_csum_update16(uint16_t check, uint16_t was, uint16_t is);
uint16_t sp_csum_update32(uint16_t check, uint32_t was, uint32_t is);

#endif
