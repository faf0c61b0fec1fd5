/*
 * siphash.c - SipHash-c-d after Aumasson and Bernstein, "SipHash: a fast
 * short-input PRF", 2012, section 2.  The numbers of rounds are constants in
 * each caller, so the compiler unrolls them.
 */
#include "base/siphash.h"

struct state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
rotl(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void
rounds(struct state *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotl(s->v1, 13) ^ s->v0;
		s->v3 = rotl(s->v3, 16) ^ s->v2;
		s->v0 = rotl(s->v0, 32);
		s->v2 += s->v1;
		s->v0 += s->v3;
		s->v1 = rotl(s->v1, 17) ^ s->v2;
		s->v3 = rotl(s->v3, 21) ^ s->v0;
		s->v2 = rotl(s->v2, 32);
	}
}

static inline struct state
begin(const struct sp_key *key)
{
	return (struct state){
		.v0 = key->k[0] ^ UINT64_C(0x736f6d6570736575),
		.v1 = key->k[1] ^ UINT64_C(0x646f72616e646f6d),
		.v2 = key->k[0] ^ UINT64_C(0x6c7967656e657261),
		.v3 = key->k[1] ^ UINT64_C(0x7465646279746573),
	};
}

static inline void
compress(struct state *s, uint64_t word, unsigned c)
{
	s->v3 ^= word;
	rounds(s, c);
	s->v0 ^= word;
}

static inline uint64_t
finish(struct state *s, unsigned d)
{
	s->v2 ^= 0xff;
	rounds(s, d);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* Up to 8 bytes, the first one lowest. */
static inline uint64_t
load(const uint8_t *p, size_t n)
{
	uint64_t word = 0;

	for (size_t i = 0; i < n; i++)
		word |= (uint64_t)p[i] << (8 * i);
	return word;
}

static inline uint64_t
hash_bytes(const struct sp_key *key, const uint8_t *p, size_t len, unsigned c, unsigned d)
{
	struct state s = begin(key);
	size_t left = len;

	for (; left >= 8; left -= 8, p += 8)
		compress(&s, load(p, 8), c);
	compress(&s, load(p, left) | (uint64_t)len << 56, c);
	return finish(&s, d);
}

uint64_t
sp_siphash24(const struct sp_key *key, const void *data, size_t len)
{
	return hash_bytes(key, data, len, 2, 4);
}

uint64_t
sp_siphash13(const struct sp_key *key, const void *data, size_t len)
{
	return hash_bytes(key, data, len, 1, 3);
}

static inline uint64_t
hash_words(const struct sp_key *key, const uint64_t *words, size_t n, unsigned c, unsigned d)
{
	struct state s = begin(key);

	for (size_t i = 0; i < n; i++)
		compress(&s, words[i], c);
	compress(&s, (uint64_t)n << 59, c);	/* n * 8 bytes, as in the byte-wise form */
	return finish(&s, d);
}

uint64_t
sp_siphash24_words(const struct sp_key *key, const uint64_t *words, size_t n)
{
	return hash_words(key, words, n, 2, 4);
}

uint64_t
sp_siphash13_words(const struct sp_key *key, const uint64_t *words, size_t n)
{
	return hash_words(key, words, n, 1, 3);
}
