/*
 * tcp_seq.h - sequence numbers and their arithmetic modulo 2^32.  RFC 9293 §3.4.
 *
 * A struct, so that a < b does not compile (R-V-53).
 */
#ifndef SAMPAN_TCP_SEQ_H
#define SAMPAN_TCP_SEQ_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
	uint32_t raw;
} tcp_seq;

static inline tcp_seq
seq_of(uint32_t raw)
{
	return (tcp_seq){ raw };
}

static inline tcp_seq
seq_add(tcp_seq a, uint32_t n)
{
	return (tcp_seq){ a.raw + n };
}

static inline tcp_seq
seq_sub(tcp_seq a, uint32_t n)
{
	return (tcp_seq){ a.raw - n };
}

/* How far b is behind a; a is not before b. */
static inline uint32_t
seq_diff(tcp_seq a, tcp_seq b)
{
	return a.raw - b.raw;
}

static inline bool
seq_eq(tcp_seq a, tcp_seq b)
{
	return a.raw == b.raw;
}

static inline bool
seq_lt(tcp_seq a, tcp_seq b)
{
	return (int32_t)(a.raw - b.raw) < 0;
}

static inline bool
seq_le(tcp_seq a, tcp_seq b)
{
	return (int32_t)(a.raw - b.raw) <= 0;
}

static inline tcp_seq
seq_max(tcp_seq a, tcp_seq b)
{
	return seq_lt(a, b) ? b : a;
}

static inline tcp_seq
seq_min(tcp_seq a, tcp_seq b)
{
	return seq_lt(a, b) ? a : b;
}

/* first <= s < first + len; false for an empty interval. */
static inline bool
seq_in(tcp_seq s, tcp_seq first, uint32_t len)
{
	return s.raw - first.raw < len;
}

/* Do [a, a+alen) and [b, b+blen) share an octet?  Both lengths > 0.  Covers
 * the case that RFC 9293 Table 6 omits: a segment that spans the whole window. */
static inline bool
seq_overlap(tcp_seq a, uint32_t alen, tcp_seq b, uint32_t blen)
{
	return seq_lt(a, seq_add(b, blen)) && seq_lt(b, seq_add(a, alen));
}

#endif
