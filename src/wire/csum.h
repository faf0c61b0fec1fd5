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

/* The same for a slice that begins at an odd offset. */
uint64_t sp_csum_add_odd(const uint8_t *p, size_t len, uint64_t sum, unsigned variant);

/* Copies len octets and returns sp_csum_add() of them, in one pass.  The two
 * must not overlap. */
uint64_t sp_csum_copy(uint8_t *dst, const uint8_t *src, size_t len, uint64_t sum, unsigned variant);

/* Slices one after the other, of any lengths.  Starts as { sum, false }. */
struct sp_csum {
	uint64_t sum;
	bool odd;		/* the octets so far are odd in number */
};

void sp_csum_feed(struct sp_csum *c, const uint8_t *p, size_t len, unsigned variant);

/* The 16-bit ones' complement sum, not complemented, as the number that
 * be16_put() writes. */
uint16_t sp_csum_fold(uint64_t sum);

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
