/*
 * limit.c - see limit.h.
 */
#include "net/limit.h"

#include "net/stack.h"

/* Packets to one receiver at once, before they are spaced out: traceroute sends
 * three. */
#define GROUP_BURST 10

/* Takes a token that comes back every `interval`, of up to `burst`. */
static bool
take(sampan_time *at, sampan_time now, sampan_dur interval, unsigned burst)
{
	const sampan_time from = *at > now ? *at : now;

	if (from - now > interval * (burst - 1))
		return false;
	*at = from + interval;
	return true;
}

static bool
take_global(struct sampan *s)
{
	const uint64_t per_s = (uint64_t)sp_setting(s, SAMPAN_SET_ICMP_MSGS_PER_SEC);
	const uint32_t burst = (uint32_t)sp_setting(s, SAMPAN_SET_ICMP_MSGS_BURST);

	return per_s != 0 &&
	    take(&s->limit.all_at, s->now, SAMPAN_SEC(1) * s->team.members / per_s,
		burst - sp_rng_below(&s->rng, burst / 4 + 1));
}

bool
sp_limit_take(struct sampan *s, const struct sampan_addr *dst)
{
	const struct sp_flow flow = { .remote = *dst };
	const bool v4 = sp_addr_is_v4(dst);
	const sampan_dur interval = SAMPAN_MS(sp_setting(s,
	    v4 ? SAMPAN_SET_ICMP_RATELIMIT : SAMPAN_SET_ICMP6_RATELIMIT));
	const uint32_t group = sp_flow_hash(&s->label_key, &flow) % SP_LIMIT_GROUPS;

	return take_global(s) && take(&s->limit.at[group], s->now, interval, GROUP_BURST);
}
