/*
 * tcp_challenge.c - challenge acknowledgements.  RFC 5961 §3 to §5, §7.
 *
 * At most one in a time that can be set (R-5961-8), 500 ms by default, for each
 * connection and no limit over all of them, so that nobody learns about one
 * connection by counting on another (5-D11, R-5961-9, R-V-25).
 */
#include "tcp/tcp_int.h"

/* Kept in units of 16.8 ms, which wrap after 18 minutes; 0: none sent yet. */
#define UNIT_SHIFT 24

bool
sp_tcp_may_challenge(const struct sampan *s, struct tcp_tcb *t)
{
	const sampan_dur apart = SAMPAN_MS(sp_setting(s, SAMPAN_SET_TCP_INVALID_RATELIMIT));
	const uint16_t now = (uint16_t)(s->now >> UNIT_SHIFT);

	if (apart == 0)
		return true;
	if (t->challenge_at != 0 && (uint16_t)(now - t->challenge_at) <= apart >> UNIT_SHIFT)
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
