/*
 * tcp_isn.c - initial sequence numbers, which an outsider must not guess.
 * RFC 6528.
 */
#include "tcp/tcp_int.h"

/* RFC 6528 §3 (R-6528-1, R-6528-2, R-6528-4, R-6528-5), RFC 9293 §3.4.1 (MUST-8,
 * MUST-9, SHLD-1): M + F(flow, key); R-V-14, R-V-26. */
tcp_seq
sp_tcp_isn(struct sampan *s, const struct sp_flow *flow)
{
	const uint64_t clock = s->now / 4000;	/* 4 us */
	const uint64_t f = sp_siphash24(&sp_tcp(s)->isn_key, flow, sizeof(*flow));

	return seq_of((uint32_t)clock + (uint32_t)f);
}
