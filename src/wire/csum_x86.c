/* csum_x86.c - the checksum's loop for x86-64; elsewhere csum_other.c. */
#include "wire/csum_variant.h"

#if defined(__x86_64__)

#define CSUM_VEC_BYTES 32
#include "wire/csum_body.h"

__attribute__((target("avx2"))) uint64_t
sp_csum_sum_avx2(const uint8_t *p, size_t len)
{
	return csum_body(NULL, p, len);
}

__attribute__((target("avx2"))) uint64_t
sp_csum_copy_avx2(uint8_t *restrict dst, const uint8_t *restrict src, size_t len)
{
	return csum_body(dst, src, len);
}

#endif
