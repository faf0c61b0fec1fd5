/*
 * wire_util.h - what the tests of src/wire/ share: random octets from a fixed
 * seed, and blocks of exactly the size that a parser may read.
 */
#ifndef SAMPAN_TESTS_UNIT_WIRE_UTIL_H
#define SAMPAN_TESTS_UNIT_WIRE_UTIL_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

static inline struct sp_rng
wire_rng(uint64_t seed)
{
	struct sp_rng r;

	sp_rng_init(&r, (const uint64_t[2]){ seed, 0 });
	return r;
}

static inline void
wire_fill(struct sp_rng *r, uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)sp_rng_u64(r);
}

/* A copy of len octets with nothing behind it: the sanitizer sees any read
 * beyond.  For free(). */
static inline uint8_t *
wire_tight(const uint8_t *p, size_t len)
{
	uint8_t *const copy = calloc(1, len);

	if (copy == NULL)
		abort();
	memcpy(copy, p, len);
	return copy;
}

#endif
