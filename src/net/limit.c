/*
 * limit.c - see limit.h.
 */
#include "net/limit.h"

#include "net/stack.h"

/* ICMP errors to one receiver at once, before they are spaced out: traceroute sends
 * three. */
#define GROUP_BURST 10
/* Other answers: so much of a second's may leave at once. */
#define ANSWER_BURST_DUR SAMPAN_MS(100)

/* What fills a bucket: a token every so often, and how many it holds; interval 0: it
 * is never empty. */
struct flow_rate {
	sampan_dur interval;
	uint64_t burst;
};

static bool
take(sampan_time *at, sampan_time now, struct flow_rate rate)
{
	const sampan_time from = *at > now ? *at : now;

	if (from - now > rate.interval * (rate.burst - 1))
		return false;
	*at = from + rate.interval;
	return true;
}

/* The same of a group's. */
static bool
take_of_group(uint32_t *at, sampan_time now, struct flow_rate rate)
{
	const uint32_t now_at = (uint32_t)(now >> SP_LIMIT_SHIFT);
	const uint64_t deepest = (uint64_t)UINT32_MAX / 2 / rate.burst;
	const uint64_t wanted = rate.interval >> SP_LIMIT_SHIFT;
	const uint32_t interval = (uint32_t)(wanted < deepest ? wanted : deepest);
	const uint32_t full = interval * (uint32_t)rate.burst;
	const uint32_t ahead = *at - now_at <= full ? *at - now_at : 0;

	if (ahead > full - interval)
		return false;
	*at = now_at + ahead + interval;
	return true;
}

static bool
take_both(struct sampan *s, struct sp_limit *l, const struct sampan_addr *dst,
    struct flow_rate each, struct flow_rate all)
{
	const struct sp_flow flow = { .remote = *dst };
	const uint32_t group = sp_flow_hash(&s->label_key, &flow) % SP_LIMIT_GROUPS;

	if (!take_of_group(&l->at[group], s->now, each))
		return false;
	all.interval *= s->team.members;	/* each has its share */
	all.burst -= sp_rng_below(&s->rng, (uint32_t)(all.burst / 4) + 1);
	return take(&l->all_at, s->now, all);
}

bool
sp_limit_take(struct sampan *s, const struct sampan_addr *dst)
{
	const uint64_t per_s = (uint64_t)sp_setting(s, SAMPAN_SET_ICMP_MSGS_PER_SEC);
	const sampan_dur interval = SAMPAN_MS(sp_setting(s, sp_addr_is_v4(dst) ?
		SAMPAN_SET_ICMP_RATELIMIT : SAMPAN_SET_ICMP6_RATELIMIT));

	return per_s != 0 && take_both(s, &s->limit, dst,
	    (struct flow_rate){ interval, GROUP_BURST },
	    (struct flow_rate){ SAMPAN_SEC(1) / per_s,
		(uint64_t)sp_setting(s, SAMPAN_SET_ICMP_MSGS_BURST) });
}

/* So many a second, of which the first ones may leave together; 0: no limit. */
static struct flow_rate
rate_of(int64_t per_s)
{
	const sampan_dur interval = per_s > 0 ? SAMPAN_SEC(1) / (uint64_t)per_s : 0;

	if (interval == 0)
		return (struct flow_rate){ 0, 1 };
	return (struct flow_rate){ interval, ANSWER_BURST_DUR / interval + 1 };
}

bool
sp_limit_take_answer(struct sampan *s, const struct sampan_addr *dst)
{
	return take_both(s, &s->answer_limit, dst,
	    rate_of(sp_setting(s, SAMPAN_SET_TCP_ANSWERS_EACH)),
	    rate_of(sp_setting(s, SAMPAN_SET_TCP_ANSWERS)));
}
