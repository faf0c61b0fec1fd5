/*
 * bytes.h - reading and writing numbers in network byte order.
 *
 * Two ways in: a cursor that poisons itself, for anything whose length is not
 * known, and unchecked getters and putters, for fields inside a header whose
 * length has been checked.  Nothing here needs alignment.
 *
 * Network order exists in src/wire/ only; everything above it holds numbers in
 * the machine's order.  IPv4 addresses are numbers, IPv6 addresses octets.
 */
#ifndef SAMPAN_WIRE_BYTES_H
#define SAMPAN_WIRE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint16_t
be16_get(const uint8_t *p)
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t
be32_get(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t
be64_get(const uint8_t *p)
{
	return (uint64_t)be32_get(p) << 32 | be32_get(p + 4);
}

/* A number as the word that lies in memory when it is in network order: equal to
 * it or turned round, as the machine is. */
static inline uint32_t
be32_word(uint32_t v)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap32(v) : v;
}

static inline uint64_t
be64_word(uint64_t v)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap64(v) : v;
}

static inline void
be16_put(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
be32_put(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* A cursor over [p, end).  Reading past the end yields 0, consumes what was
 * left and sets bad for good; callers check once, where it matters. */
struct rd {
	const uint8_t *p, *end;
	bool bad;
};

static inline struct rd
rd_init(const uint8_t *p, size_t len)
{
	return (struct rd){ .p = p, .end = p != NULL ? p + len : NULL, .bad = false };
}

static inline size_t
rd_left(const struct rd *r)
{
	return (size_t)(r->end - r->p);
}

/* Steps over n octets; returns where they begin, NULL when there are fewer. */
static inline const uint8_t *
rd_skip(struct rd *r, size_t n)
{
	const uint8_t *const at = r->p;

	if (rd_left(r) < n) {
		r->p = r->end;
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return at;
}

static inline uint8_t
rd_u8(struct rd *r)
{
	if (r->p == r->end) {
		r->bad = true;
		return 0;
	}
	return *r->p++;
}

static inline uint16_t
rd_be16(struct rd *r)
{
	const uint8_t *const at = rd_skip(r, 2);

	return at == NULL ? 0 : be16_get(at);
}

static inline uint32_t
rd_be32(struct rd *r)
{
	const uint8_t *const at = rd_skip(r, 4);

	return at == NULL ? 0 : be32_get(at);
}

/* Copies n octets; zeroes, all n of them, when there are fewer. */
static inline void
rd_bytes(struct rd *r, uint8_t *dst, size_t n)
{
	const uint8_t *const at = rd_skip(r, n);

	if (at == NULL)
		__builtin_memset(dst, 0, n);
	else
		__builtin_memcpy(dst, at, n);
}

#endif
