/*
 * siphash.h - SipHash-1-3 and SipHash-2-4, keyed hashes of short inputs.
 *
 * 1-3 finds things (connections, neighbours): an outsider cannot aim at a
 * bucket.  2-4 makes numbers that must not be guessed (initial sequence
 * numbers, ports, cookies).  Source: Aumasson and Bernstein, 2012.
 */
#ifndef SAMPAN_BASE_SIPHASH_H
#define SAMPAN_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct sp_key {
	uint64_t k[2];
};

uint64_t sp_siphash24(const struct sp_key *key, const void *data, size_t len);
uint64_t sp_siphash13(const struct sp_key *key, const void *data, size_t len);

/* Of n 64-bit words, in the machine's own order. */
uint64_t sp_siphash24_words(const struct sp_key *key, const uint64_t *words, size_t n);
uint64_t sp_siphash13_words(const struct sp_key *key, const uint64_t *words, size_t n);

#endif
