/* csum_other.c - variants of csum_x86.c under their names, for other machines. */
#include "wire/csum_variant.h"

#if !defined(__x86_64__)

uint64_t
sp_csum_sum_avx2(const uint8_t *p, size_t len)
{
	return sp_csum_sum_portable(p, len);
}

uint64_t
sp_csum_copy_avx2(uint8_t *restrict dst, const uint8_t *restrict src, size_t len)
{
	return sp_csum_copy_portable(dst, src, len);
}

#endif
