/*
 * rng.h - random numbers that cannot be foretold: SipHash-2-4 over a counter.
 * Deterministic for a seed.  The caller's seed must be secret where it matters.
 */
#ifndef SAMPAN_BASE_RNG_H
#define SAMPAN_BASE_RNG_H

#include "base/siphash.h"

struct sp_rng {
	struct sp_key key;
	uint64_t count;
};

void sp_rng_init(struct sp_rng *r, const uint64_t seed[2]);
uint64_t sp_rng_u64(struct sp_rng *r);

/* Uniform in [0, n), n > 0, without bias. */
uint32_t sp_rng_below(struct sp_rng *r, uint32_t n);

/* A key for a purpose of its own. */
struct sp_key sp_rng_key(struct sp_rng *r);

#endif
