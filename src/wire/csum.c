/* csum.c - see csum.h; the loop is in csum_body.h. */
#include "wire/csum.h"

#include "wire/bytes.h"
#include "wire/csum_variant.h"

#if defined(__SSE2__) || defined(__ARM_NEON)
#define CSUM_VEC_BYTES 16
#else
#define CSUM_VEC_BYTES 8
#endif
#include "wire/csum_body.h"

uint64_t
sp_csum_sum_portable(const uint8_t *p, size_t len)
{
	return csum_body(NULL, p, len);
}

uint64_t
sp_csum_copy_portable(uint8_t *restrict dst, const uint8_t *restrict src, size_t len)
{
	return csum_body(dst, src, len);
}

/* The same sum below 2^33, so that any number of slices adds up without
 * overflow. */
static uint64_t
narrow(uint64_t sum)
{
	return (sum >> 32) + (uint32_t)sum;
}

/* A number as the word that it is in a header. */
static uint32_t
word(uint32_t v)
{
	uint8_t b[4];
	uint32_t w;

	be32_put(b, v);
	__builtin_memcpy(&w, b, sizeof w);
	return w;
}

/* Up to this many octets a vector is not worth its set-up: headers, and small
 * messages. */
#define SMALL_BYTES 191

uint64_t
sp_csum_add(const uint8_t *p, size_t len, uint64_t sum, unsigned variant)
{
	if (len <= SMALL_BYTES)
		return narrow(sum + sp_csum_small(p, len));
	if (variant == SP_CSUM_AVX2)
		return narrow(sum + sp_csum_sum_avx2(p, len));
	return narrow(sum + sp_csum_sum_portable(p, len));
}

/* Every octet is in the other half of its word: a factor of 2^8. */
uint64_t
sp_csum_add_odd(const uint8_t *p, size_t len, uint64_t sum, unsigned variant)
{
	return narrow(sum + (sp_csum_add(p, len, 0, variant) << 8));
}

uint64_t
sp_csum_copy(uint8_t *dst, const uint8_t *src, size_t len, uint64_t sum, unsigned variant)
{
	if (variant == SP_CSUM_AVX2)
		return narrow(sum + sp_csum_copy_avx2(dst, src, len));
	return narrow(sum + sp_csum_copy_portable(dst, src, len));
}

void
sp_csum_feed_more(struct sp_csum *c, const uint8_t *p, size_t len, unsigned variant)
{
	if (c->odd)
		c->sum = sp_csum_add_odd(p, len, c->sum, variant);
	else
		c->sum = sp_csum_add(p, len, c->sum, variant);
	c->odd ^= len % 2 != 0;
}

uint64_t
sp_csum_pseudo4(uint32_t src, uint32_t dst, uint8_t proto, uint32_t len)
{
	return (uint64_t)word(src) + word(dst) + word(proto) + word(len);
}

uint64_t
sp_csum_pseudo6(const uint8_t src[16], const uint8_t dst[16], uint8_t proto, uint32_t len)
{
	uint64_t sum = (uint64_t)word(proto) + word(len);

	sum = sp_csum_add(src, 16, sum, SP_CSUM_PORTABLE);
	return sp_csum_add(dst, 16, sum, SP_CSUM_PORTABLE);
}

uint16_t
sp_csum_update16(uint16_t check, uint16_t was, uint16_t is)
{
	uint32_t sum = (uint32_t)(uint16_t)~check + (uint16_t)~was + is;

	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~(sum + (sum >> 16));
}

uint16_t
sp_csum_update32(uint16_t check, uint32_t was, uint32_t is)
{
	check = sp_csum_update16(check, (uint16_t)(was >> 16), (uint16_t)(is >> 16));
	return sp_csum_update16(check, (uint16_t)was, (uint16_t)is);
}
