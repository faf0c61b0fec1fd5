/*
 * csum_variant.h - the builds of the loop besides the portable one.
 *
 * Private to csum*.c.  Each architecture's file defines all of them: its own
 * for real, the others by the portable loop (csum_other.c).
 */
#ifndef SAMPAN_WIRE_CSUM_VARIANT_H
#define SAMPAN_WIRE_CSUM_VARIANT_H

#include <stddef.h>
#include <stdint.h>

uint64_t sp_csum_sum_avx2(const uint8_t *p, size_t len);
uint64_t sp_csum_copy_avx2(uint8_t *restrict dst, const uint8_t *restrict src, size_t len);

/* What every machine has. */
uint64_t sp_csum_sum_portable(const uint8_t *p, size_t len);
uint64_t sp_csum_copy_portable(uint8_t *restrict dst, const uint8_t *restrict src, size_t len);

#endif
