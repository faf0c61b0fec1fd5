/*
 * tcp_challenge.c - challenge acknowledgements.  RFC 5961 §3 to §5, §7.
 *
 * At most one in 500 ms for each connection and no limit over all of them, so
 * that nobody learns about one connection by counting on another (5-D11,
 * R-5961-9, R-V-25).
 *
 * DEVIATES: R-5961-8: number and period are fixed: with a limit for each
 * connection there is nothing that a setting would make better.
 */
#include "tcp/tcp_int.h"

/* Kept in units of 16.8 ms, which wrap after 18 minutes; 0: none sent yet. */
#define UNIT_SHIFT 24
#define DISTANCE ((uint16_t)(SAMPAN_MS(500) >> UNIT_SHIFT))

bool
sp_tcp_may_challenge(const struct sampan *s, struct tcp_tcb *t)
{
	const uint16_t now = (uint16_t)(s->now >> UNIT_SHIFT);

	if (t->challenge_at != 0 && (uint16_t)(now - t->challenge_at) <= DISTANCE)
		return false;
	t->challenge_at = now != 0 ? now : 1;
	return true;
}

void
sp_tcp_challenge(struct sampan *s, struct tcp_tcb *t)
{
	if (!sp_tcp_may_challenge(s, t))
		return;
	tcp_set(t, TCP_F_ACK_NOW);
	sp_count(s, SAMPAN_COUNT_TCP_CHALLENGES);
}
