/*
 * base_util.h - what the tests of src/base/ share: random numbers from a fixed
 * seed, and blocks of memory full of rubbish.
 */
#ifndef SAMPAN_TESTS_UNIT_BASE_UTIL_H
#define SAMPAN_TESTS_UNIT_BASE_UTIL_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/rng.h"

static inline struct sp_rng
base_rng(uint64_t seed)
{
	struct sp_rng r;

	sp_rng_init(&r, (const uint64_t[2]){ seed, 0 });
	return r;
}

/* A block as a caller may hand it over: aligned, never cleared.  For free(). */
static inline struct sp_arena *
base_block(size_t bytes)
{
	void *const block = aligned_alloc(SP_ARENA_ALIGN, bytes);

	if (block == NULL)
		abort();
	memset(block, 0xa5, bytes);
	return block;
}

/* An arena with head_bytes at its start for the test.  For free(). */
static inline struct sp_arena *
base_arena(size_t bytes, size_t head_bytes)
{
	struct sp_arena *const a = base_block(bytes);

	if (!sp_arena_init(a, bytes, head_bytes, 1))
		abort();
	return a;
}

#endif
