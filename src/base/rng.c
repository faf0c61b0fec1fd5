/*
 * rng.c - SipHash-2-4 of a counter that never repeats.  The counter is hashed
 * as eight bytes, lowest first, so that every machine gives the same numbers.
 */
#include "base/rng.h"

void
sp_rng_init(struct sp_rng *r, const uint64_t seed[2])
{
	r->key = (struct sp_key){ { seed[0], seed[1] } };
	r->count = 0;
}

uint64_t
sp_rng_u64(struct sp_rng *r)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(r->count >> (8 * i));
	r->count++;
	return sp_siphash24(&r->key, bytes, sizeof(bytes));
}

/* Lemire, "Fast random integer generation in an interval", 2019: the upper
 * half of x * n, where x is drawn again if the lower half lies in the part
 * that does not divide evenly. */
uint32_t
sp_rng_below(struct sp_rng *r, uint32_t n)
{
	uint64_t m = (sp_rng_u64(r) >> 32) * n;
	uint32_t uneven;

	if ((uint32_t)m >= n)
		return (uint32_t)(m >> 32);
	uneven = (0 - n) % n;
	while ((uint32_t)m < uneven)
		m = (sp_rng_u64(r) >> 32) * n;
	return (uint32_t)(m >> 32);
}

struct sp_key
sp_rng_key(struct sp_rng *r)
{
	struct sp_key key;

	key.k[0] = sp_rng_u64(r);
	key.k[1] = sp_rng_u64(r);
	return key;
}
