/*
 * tcp_challenge.c - challenge acknowledgements.  RFC 5961 §3 to §5, §7.
 *
 * At most one in 500 ms for each connection and no limit over all of them, so
 * that nobody learns about one connection by counting on another (5-D11,
 * R-5961-9, CVE-2016-5696).
 */
#include "tcp/tcp_int.h"

#define CHALLENGE_DISTANCE SAMPAN_MS(500)

void
sp_tcp_challenge(struct sampan *s, struct tcp_tcb *t)
{
	if (t->challenges != 0 && sp_tick_since(t->challenge_at, s->now) < CHALLENGE_DISTANCE)
		return;
	t->challenges = 1;
	t->challenge_at = sp_tick_of(s->now);
	tcp_set(t, TCP_F_ACK_NOW);
	sp_count(s, SAMPAN_COUNT_TCP_CHALLENGES);
}
