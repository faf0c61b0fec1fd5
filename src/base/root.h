/*
 * root.h - cube roots without floating point.
 */
#ifndef SAMPAN_BASE_ROOT_H
#define SAMPAN_BASE_ROOT_H

#include <stdint.h>

/* The greatest number whose cube is not above x; 22 steps.  For RFC 9438 §4.2
 * (R-9438-16). */
static inline uint32_t
sp_cube_root(uint64_t x)
{
	uint64_t y = 0;

	for (int shift = 63; shift >= 0; shift -= 3) {
		uint64_t step;

		y *= 2;
		step = 3 * y * (y + 1) + 1;
		if (x >> shift >= step) {
			x -= step << shift;
			y++;
		}
	}
	return (uint32_t)y;
}

#endif
