/*
 * team_tell.c - what the leader of a team knows and the others must: addresses,
 * routes, and what routers say about links.  The whole of it each time that
 * route_gen changes, which is seldom.
 *
 * Whoever follows probes, renews and ages nothing: what has ended the leader
 * leaves out next time.  A gateway that does not answer is everybody's own
 * finding.  The bytes stay in one machine and one library, and say which.
 */
#include <string.h>

#include "net/stack.h"

struct link_words {
	uint32_t reachable_ms, retrans_ms;
	sampan_dur reachable_dur;
	uint16_t mtu4_bytes, mtu6_bytes;
	uint8_t hops;
	uint8_t pad[3];
};

struct words {
	uint32_t layout; /* of the arena: the same library */
	uint32_t addrs, routes;
	uint32_t pad;
	struct link_words link[SP_LINKS_MAX];
};

_Static_assert(sizeof(struct words) + sizeof(struct sp_local_addr) * SP_ADDRS_MAX +
	    sizeof(struct sp_route) * SP_ROUTES_MAX <=
	SAMPAN_TEAM_WORDS,
    "all of it at once");

static uint32_t
addr_count(const struct sampan *s)
{
	uint32_t n = 0;

	while (n < SP_ADDRS_MAX && s->addr[n].link != 0)
		n++;
	return n;
}

static uint32_t
route_count(const struct sampan *s)
{
	uint32_t n = 0;

	while (n < SP_ROUTES_MAX && s->route[n].link != 0)
		n++;
	return n;
}

int
sampan_team_tell(struct sampan *s, void *bytes, size_t room)
{
	struct words w = {
	    .layout = s->arena.layout, .addrs = addr_count(s), .routes = route_count(s)};
	uint8_t *p = bytes;

	if (s->team.members == 1 || sp_team_follows(s))
		return SAMPAN_EOPNOTSUPP;
	if (room < SAMPAN_TEAM_WORDS)
		return SAMPAN_EMSGSIZE;
	if (s->team.told && s->team.told_gen == s->route_gen)
		return 0;
	s->team.told = true;
	s->team.told_gen = s->route_gen;
	for (unsigned i = 0; i < SP_LINKS_MAX; i++)
		w.link[i] = (struct link_words){
		    .reachable_ms = s->link[i].reachable_ms,
		    .retrans_ms = s->link[i].retrans_ms,
		    .reachable_dur = s->link[i].reachable_dur,
		    .mtu4_bytes = s->link[i].mtu4_bytes,
		    .mtu6_bytes = s->link[i].mtu6_bytes,
		    .hops = s->link[i].hops,
		};
	memcpy(p, &w, sizeof(w));
	p += sizeof(w);
	memcpy(p, s->addr, w.addrs * sizeof(s->addr[0]));
	p += w.addrs * sizeof(s->addr[0]);
	memcpy(p, s->route, w.routes * sizeof(s->route[0]));
	p += w.routes * sizeof(s->route[0]);
	return (int)(p - (uint8_t *)bytes);
}

static bool
words_good(const struct sampan *s, const struct words *w, size_t len)
{
	return w->layout == s->arena.layout && w->addrs <= SP_ADDRS_MAX &&
	    w->routes <= SP_ROUTES_MAX &&
	    len == sizeof(*w) + w->addrs * sizeof(s->addr[0]) + w->routes * sizeof(s->route[0]);
}

static void
take_links(struct sampan *s, const struct words *w)
{
	for (unsigned i = 0; i < SP_LINKS_MAX; i++) {
		s->link[i].reachable_ms = w->link[i].reachable_ms;
		s->link[i].retrans_ms = w->link[i].retrans_ms;
		s->link[i].reachable_dur = w->link[i].reachable_dur;
		s->link[i].mtu4_bytes = w->link[i].mtu4_bytes;
		s->link[i].mtu6_bytes = w->link[i].mtu6_bytes;
		s->link[i].hops = w->link[i].hops;
	}
}

/* Only on links that are here already. */
static void
take_addrs(struct sampan *s, const uint8_t *p, uint32_t n)
{
	uint32_t to = 0;

	memset(s->addr, 0, sizeof(s->addr));
	for (uint32_t i = 0; i < n; i++) {
		struct sp_local_addr *l = &s->addr[to];

		memcpy(l, p + i * sizeof(*l), sizeof(*l));
		l->probes = l->announcements = 0;
		l->next_at = l->valid_until = l->preferred_until = SAMPAN_NEVER;
		to += sp_link_get(s, l->link) != NULL;
	}
	if (to < SP_ADDRS_MAX)
		s->addr[to] = (struct sp_local_addr){.link = 0};
}

/* Which gateways do not answer is this stack's own experience. */
static void
take_routes(struct sampan *s, const uint8_t *p, uint32_t n)
{
	sampan_time dead_until[SP_ROUTES_MAX];
	struct sp_route r;

	for (uint32_t i = 0; i < n; i++) {
		const struct sp_route *was;

		memcpy(&r, p + i * sizeof(r), sizeof(r));
		was = sp_route_get(s, &r);
		dead_until[i] = was != NULL ? was->dead_until : 0;
	}
	memset(s->route, 0, sizeof(s->route));
	for (uint32_t i = 0; i < n; i++) {
		memcpy(&r, p + i * sizeof(r), sizeof(r));
		r.expires_at = SAMPAN_NEVER;
		r.dead_until = dead_until[i];
		if (sp_link_get(s, r.link) != NULL)
			(void)sp_route_put(s, &r);
	}
}

int
sampan_team_hear(struct sampan *s, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	struct words w;

	if (!sp_team_follows(s))
		return SAMPAN_EOPNOTSUPP;
	if (len < sizeof(w))
		return SAMPAN_EINVAL;
	memcpy(&w, p, sizeof(w));
	if (!words_good(s, &w, len))
		return SAMPAN_EINVAL;
	p += sizeof(w);
	take_links(s, &w);
	take_addrs(s, p, w.addrs);
	take_routes(s, p + w.addrs * sizeof(s->addr[0]), w.routes);
	s->route_gen++;
	return 0;
}
