/*
 * ll4.c - see ll4.h.
 */
#include "net/ll4.h"

#include <sampan/address.h>

#include <string.h>

#include "net/due.h"

/* RFC 3927 §2.1 (R-3927-1): the first and the last 256 are reserved. */
#define FIRST 0x100u
#define COUNT (65536u - 512)
/* RFC 3927 §9: MAX_CONFLICTS, RATE_LIMIT_INTERVAL */
#define CONFLICTS_MAX 10
#define RATE_LIMIT SAMPAN_SEC(60)

static struct sp_local_addr *
chosen(struct sampan *s, unsigned link)
{
	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++)
		if (s->addr[i].link == link && sp_ll4_chose(&s->addr[i]))
			return &s->addr[i];
	return NULL;
}

/* §2.1: drawn anew after a conflict, else the same whenever the link comes up. */
static struct sampan_addr
candidate(const struct sampan *s, unsigned link)
{
	const struct sp_link *l = &s->link[link];
	uint8_t input[7];

	memcpy(input, l->mac, 6);
	input[6] = l->ll4_tries;
	return sp_addr_of_v4(SP_LL4_NET + FIRST +
	    (uint32_t)(sp_siphash24(&s->iid_key, input, sizeof(input)) % COUNT));
}

static void
try_at(struct sampan *s, unsigned link, sampan_time at)
{
	s->link[link].ll4_at = at;
	sp_due_at(s, at);
}

static void
choose(struct sampan *s, unsigned link)
{
	const struct sp_local_addr want = { .addr = candidate(s, link), .link = (uint8_t)link,
		.prefix_bits = 96 + 16, .origin = SP_ADDR_LINK_LOCAL,
		.valid_until = SAMPAN_NEVER, .preferred_until = SAMPAN_NEVER };

	s->link[link].ll4_at = SAMPAN_NEVER;
	(void)sp_addr_make(s, &want);
}

/* §1.9: where there is a better one it goes. */
void
sp_ll4_need(struct sampan *s, unsigned link, bool needed)
{
	struct sp_link *l = &s->link[link];

	if (l->ll4 == SP_LL4_OFF || l->ll4 == SP_LL4_ALWAYS || (l->ll4 == SP_LL4_NEEDED) == needed)
		return;
	l->ll4 = needed ? SP_LL4_NEEDED : SP_LL4_FALLBACK;
	try_at(s, link, s->now);
}

/* §2.2.1 (R-5227-4), §2.5: another one; not for ever as fast as somebody objects. */
void
sp_ll4_lost(struct sampan *s, struct sp_local_addr *addr)
{
	const unsigned link = addr->link;
	struct sp_link *l = &s->link[link];

	l->ll4_tries++;
	if (l->ll4_conflicts < CONFLICTS_MAX)
		l->ll4_conflicts++;
	sp_addr_drop(s, addr);
	try_at(s, link, l->ll4_conflicts < CONFLICTS_MAX ? s->now : s->now + RATE_LIMIT);
}

static void
step(struct sampan *s, unsigned link)
{
	struct sp_link *l = &s->link[link];
	struct sp_local_addr *have = chosen(s, link);

	l->ll4_at = SAMPAN_NEVER;
	if (l->ll4 == SP_LL4_OFF || l->ll4 == SP_LL4_FALLBACK) {
		if (have != NULL)
			sp_addr_drop(s, have);
		l->ll4_conflicts = 0;
	} else if (have == NULL) {
		choose(s, link);
	}
}

sampan_time
sp_ll4_due(struct sampan *s)
{
	sampan_time next = SAMPAN_NEVER;

	for (unsigned i = 1; i < SP_LINKS_MAX; i++) {
		if (!s->link[i].used)
			continue;
		if (s->link[i].ll4_at <= s->now)
			step(s, i);
		next = sp_earlier(next, s->link[i].ll4_at);
	}
	return next;
}

int
sampan_link_local(struct sampan *s, int link, enum sampan_link_local when)
{
	static const uint8_t modes[] = {
		[SAMPAN_LINK_LOCAL_OFF] = SP_LL4_OFF,
		[SAMPAN_LINK_LOCAL_ALWAYS] = SP_LL4_ALWAYS,
		[SAMPAN_LINK_LOCAL_FALLBACK] = SP_LL4_FALLBACK,
	};
	struct sp_link *l = sp_link_get(s, link);

	if (l == NULL || (unsigned)when >= sizeof(modes))
		return SAMPAN_EINVAL;
	l->ll4 = modes[when];
	try_at(s, (unsigned)link, s->now);
	return 0;
}
