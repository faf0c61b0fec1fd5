/*
 * copy.h - memcpy() of what is mostly a small message: in line for up to 64 bytes.
 */
#ifndef SAMPAN_BASE_COPY_H
#define SAMPAN_BASE_COPY_H

#include <stdint.h>
#include <string.h>

/* The two must not overlap.  From 16 to 64 bytes: the first and the last ones, which may
 * meet in the middle. */
static inline void
sp_copy(uint8_t *dst, const uint8_t *src, size_t n)
{
	if (n - 16 > 64 - 16) {
		memcpy(dst, src, n);
		return;
	}
	memcpy(dst, src, 16);
	if (n > 32) {
		memcpy(dst + 16, src + 16, 16);
		memcpy(dst + n - 32, src + n - 32, 16);
	}
	memcpy(dst + n - 16, src + n - 16, 16);
}

#endif
