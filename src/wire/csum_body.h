/*
 * csum_body.h - the loop of the checksum, compiled once per variant.
 *
 * Private to csum*.c.  The file that includes it defines CSUM_VEC_BYTES, the
 * width of a register: the loop is written in the vectors that GCC and Clang
 * offer for every target, so that it is fast at any optimization level.
 *
 * Theory: 2^16 is 1 modulo 2^16 - 1, so words of any width add up to the same
 * sum (RFC 1071 §2).  Words of 64 bits are added without looking at carries;
 * their upper halves are added a second time, on their own.  From the two
 * totals follows the sum of the lower halves, for the carries that were lost
 * are multiples of 2^64.  That is two additions and a shift per register, of
 * which two sets take turns so that no addition waits for the one before.
 */
#ifndef SAMPAN_WIRE_CSUM_BODY_H
#define SAMPAN_WIRE_CSUM_BODY_H

#include <stddef.h>
#include <stdint.h>

#define CSUM_INLINE __attribute__((always_inline)) static inline
#define CSUM_VEC_WORDS (CSUM_VEC_BYTES / 8)

typedef uint64_t csum_vec __attribute__((vector_size(CSUM_VEC_BYTES)));

struct csum_acc {
	csum_vec all, upper;
};

/* Moves n octets, a constant, of src to a register and, unless dst is NULL,
 * to dst.  All of dst's tests are settled at compile time. */
CSUM_INLINE void
csum_move(void *reg, uint8_t *restrict dst, const uint8_t *restrict src, size_t n)
{
	__builtin_memcpy(reg, src, n);
	if (dst != NULL)
		__builtin_memcpy(dst, reg, n);
}

CSUM_INLINE void
csum_take(struct csum_acc *acc, uint8_t *restrict dst, const uint8_t *restrict src, size_t at)
{
	csum_vec v;

	csum_move(&v, dst == NULL ? NULL : dst + at, src + at, sizeof v);
	acc->all += v;
	acc->upper += v >> 32;
}

/* The last octets, fewer than a register has. */
CSUM_INLINE uint64_t
csum_tail(uint8_t *restrict dst, const uint8_t *restrict src, size_t len)
{
	const size_t left = len % CSUM_VEC_BYTES;
	uint8_t last[2] = { 0, 0 };
	uint64_t sum = 0, w64;
	uint32_t w32;
	uint16_t w16;
	size_t i = len - left;

	for (; i + 8 <= len; i += 8) {
		csum_move(&w64, dst == NULL ? NULL : dst + i, src + i, 8);
		sum += (w64 >> 32) + (uint32_t)w64;
	}
	if (left & 4) {
		csum_move(&w32, dst == NULL ? NULL : dst + i, src + i, 4);
		sum += w32;
		i += 4;
	}
	if (left & 2) {
		csum_move(&w16, dst == NULL ? NULL : dst + i, src + i, 2);
		sum += w16;
		i += 2;
	}
	if (left & 1) {
		csum_move(last, dst == NULL ? NULL : dst + i, src + i, 1);
		__builtin_memcpy(&w16, last, 2);
		sum += w16;
	}
	return sum;
}

/* Stores do not pass it: what is copied is written in order, line by line, at twice the
 * speed of the order that GCC 12 finds better. */
CSUM_INLINE void
csum_line_ends(const uint8_t *dst, size_t *at)
{
	if (dst != NULL)
		__asm__ volatile("" : "+r"(*at));
}

/* The sum of len octets, below 2^32 * (len / 4 + 2); copies them to dst unless
 * it is the constant NULL. */
CSUM_INLINE uint64_t
csum_body(uint8_t *restrict dst, const uint8_t *restrict src, size_t len)
{
	struct csum_acc even = { 0 }, odd = { 0 };
	uint64_t sum = csum_tail(dst, src, len);
	size_t i = 0;

	for (; i + 4 * CSUM_VEC_BYTES <= len; i += 4 * CSUM_VEC_BYTES) {
		csum_take(&even, dst, src, i);
		csum_take(&odd, dst, src, i + CSUM_VEC_BYTES);
		csum_line_ends(dst, &i);
		csum_take(&even, dst, src, i + 2 * CSUM_VEC_BYTES);
		csum_take(&odd, dst, src, i + 3 * CSUM_VEC_BYTES);
		csum_line_ends(dst, &i);
	}
	for (; i + CSUM_VEC_BYTES <= len; i += CSUM_VEC_BYTES)
		csum_take(&even, dst, src, i);
	even.all += odd.all;
	even.upper += odd.upper;
	for (size_t w = 0; w < CSUM_VEC_WORDS; w++)
		sum += even.all[w] - (even.upper[w] << 32) + even.upper[w];
	return sum;
}

#endif
