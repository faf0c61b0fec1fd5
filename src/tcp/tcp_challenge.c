/*
 * tcp_challenge.c - challenge acknowledgements.  RFC 5961 §3 to §5, §7.
 *
 * For a connection: at most one in a time that can be set (R-5961-8), 500 ms by default, for each
 * connection and no limit over all of them, so that nobody learns about one
 * connection by counting on another (5-D11, R-5961-9, R-V-25).
 *
 * What no connection stands behind (resets, half-open records, TIME-WAIT) has the
 * limits of net/limit.h: a flood from forged addresses is not passed on to those
 * whom they belong to (R-4987-14, R-V-37).
 */
#include "net/limit.h"
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

bool
sp_tcp_may_answer(struct sampan *s, const struct sp_flow *flow)
{
	if (sp_limit_take_answer(s, &flow->remote))
		return true;
	sp_count(s, SAMPAN_COUNT_TCP_ANSWERS_LIMITED);
	return false;
}
