/*
 * routing.c - see routing.h.  RFC 1122 §3.3.1, RFC 4861 §5.2, §6.3.6.
 */
#include "net/routing.h"

#include <sampan/address.h>

#include "net/due.h"
#include "net/ll4.h"
#include "net/neigh.h"
#include "net/pmtu.h"
#include "net/stack.h"

/* RFC 791 §3.2: what every module must be able to forward. */
#define MTU_LEAST4 68

/* How long a gateway that did not answer is avoided where there is another. */
#define DEAD_DUR SAMPAN_SEC(60)

static bool
is_same(const struct sp_route *a, const struct sp_route *b)
{
	return a->link == b->link && a->prefix_bits == b->prefix_bits && a->origin == b->origin &&
	    sp_prefix_equal(&a->dst, &b->dst, a->prefix_bits) &&
	    sp_addr_equal(&a->gateway, &b->gateway);
}

struct sp_route *
sp_route_get(struct sampan *s, const struct sp_route *like)
{
	for (int i = 0; i < SP_ROUTES_MAX && s->route[i].link != 0; i++)
		if (is_same(&s->route[i], like))
			return &s->route[i];
	return NULL;
}

static struct sp_route *
free_slot(struct sampan *s)
{
	for (int i = 0; i < SP_ROUTES_MAX; i++)
		if (s->route[i].link == 0)
			return &s->route[i];
	return NULL;
}

static bool
has_metrics(const struct sp_route *r)
{
	return r->mtu_bytes != 0 || r->initcwnd_segs != 0 || r->window_bytes != 0 ||
	    r->initrwnd_segs != 0 || r->advmss_bytes != 0 || r->rto_min_ms != 0 || r->quickack;
}

/* A route came, went or changed: who remembers a way looks again. */
static void
changed(struct sampan *s)
{
	s->route_gen++;
	s->route_metrics = false;
	for (int i = 0; i < SP_ROUTES_MAX && s->route[i].link != 0; i++)
		s->route_metrics |= has_metrics(&s->route[i]);
}

/* What is renewed changes no path. */
static bool
differs(const struct sp_route *a, const struct sp_route *b)
{
	return a->preference != b->preference || a->metric != b->metric ||
	    a->mtu_bytes != b->mtu_bytes || a->initcwnd_segs != b->initcwnd_segs ||
	    a->window_bytes != b->window_bytes || a->initrwnd_segs != b->initrwnd_segs ||
	    a->advmss_bytes != b->advmss_bytes || a->rto_min_ms != b->rto_min_ms ||
	    a->quickack != b->quickack;
}

int
sp_route_put(struct sampan *s, const struct sp_route *want)
{
	struct sp_route *r = sp_route_get(s, want);
	const bool known = r != NULL;
	bool news = !known;

	if (!known)
		r = free_slot(s);
	if (r == NULL)
		return SAMPAN_ENOSPACE;
	if (known) {
		const sampan_time dead_until = r->dead_until;

		news = differs(r, want);
		*r = *want;
		r->dead_until = dead_until;
	} else {
		*r = *want;
	}
	if (news)
		changed(s);
	sp_due_at(s, r->expires_at);
	return 0;
}

void
sp_route_drop(struct sampan *s, struct sp_route *r)
{
	struct sp_route *last = s->route;

	while (last + 1 < s->route + SP_ROUTES_MAX && last[1].link != 0)
		last++;
	*r = *last;
	last->link = 0;
	changed(s);
}

/* Is a the better of two that match equally long?  RFC 4861 §6.3.6 (R-4861-23),
 * RFC 1122 §3.3.1.4 (R-IP4-16): one whose gateway answers, then as configured. */
static bool
is_better(const struct sampan *s, const struct sp_route *a, const struct sp_route *b)
{
	const bool dead_a = a->dead_until > s->now, dead_b = b->dead_until > s->now;

	if (dead_a != dead_b)
		return dead_b;
	if (a->metric != b->metric)
		return a->metric < b->metric;
	if (a->preference != b->preference)
		return a->preference > b->preference;
	return dead_a && a->dead_until < b->dead_until;	/* all dead: in turn */
}

/* ::/0 is not for IPv4, whose own prefixes are those of ::ffff:0:0/96. */
static bool
matches(const struct sampan_addr *prefix, const struct sampan_addr *dst, unsigned bits)
{
	return sp_prefix_equal(prefix, dst, bits) &&
	    (bits >= 96 || sp_addr_is_v4(prefix) == sp_addr_is_v4(dst));
}

static const struct sp_route *
best_route(const struct sampan *s, const struct sampan_addr *dst)
{
	const struct sp_route *best = NULL;

	for (int i = 0; i < SP_ROUTES_MAX && s->route[i].link != 0; i++) {
		const struct sp_route *r = &s->route[i];

		if (!matches(&r->dst, dst, r->prefix_bits))
			continue;
		if (best == NULL || r->prefix_bits > best->prefix_bits ||
		    (r->prefix_bits == best->prefix_bits && is_better(s, r, best)))
			best = r;
	}
	return best;
}

static const struct sp_local_addr *
best_prefix(const struct sampan *s, const struct sampan_addr *dst)
{
	const struct sp_local_addr *best = NULL;

	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++) {
		const struct sp_local_addr *l = &s->addr[i];

		if (matches(&l->addr, dst, l->prefix_bits) &&
		    (best == NULL || l->prefix_bits > best->prefix_bits))
			best = l;
	}
	return best;
}

/* R-IP4-15.  What is link-local never leaves its link (R-4861-31). */
bool
sp_route_find(const struct sampan *s, const struct sampan_addr *dst, struct sp_path *path)
{
	const struct sp_local_addr *l;
	const struct sp_route *r;

	if (sp_addr_is_link_local(dst)) {
		*path = (struct sp_path){ sp_addr_link(dst), *dst, NULL };
		return path->link != 0;
	}
	l = best_prefix(s, dst);
	r = best_route(s, dst);
	if (l != NULL && (r == NULL || l->prefix_bits >= r->prefix_bits)) {
		*path = (struct sp_path){ l->link, *dst, NULL };
		return true;
	}
	if (r == NULL)
		return false;
	if (sp_addr_is_ll4(dst)) {	/* RFC 3927 §2.6.2 (R-3927-1): never by a gateway */
		*path = (struct sp_path){ r->link, *dst, NULL };
		return true;
	}
	*path = (struct sp_path){ r->link, sp_addr_is_any(&r->gateway) ? *dst : r->gateway, r };
	return true;
}

const struct sp_route *
sp_route_metrics(const struct sampan *s, const struct sampan_addr *dst)
{
	struct sp_path path;

	if (!s->route_metrics || !sp_route_find(s, dst, &path) || path.route == NULL)
		return NULL;
	return has_metrics(path.route) ? path.route : NULL;
}

void
sp_route_gateway_dead(struct sampan *s, unsigned link, const struct sampan_addr *gateway)
{
	for (int i = 0; i < SP_ROUTES_MAX && s->route[i].link != 0; i++) {
		struct sp_route *r = &s->route[i];

		if (r->link != link || !sp_addr_equal(&r->gateway, gateway))
			continue;
		r->dead_until = s->now + DEAD_DUR;
		s->route_gen++;
		sp_due_at(s, r->dead_until);
	}
}

void
sp_route_gateway_alive(struct sampan *s, unsigned link, const struct sampan_addr *gateway)
{
	for (int i = 0; i < SP_ROUTES_MAX && s->route[i].link != 0; i++) {
		struct sp_route *r = &s->route[i];

		if (r->dead_until == 0 || r->link != link || !sp_addr_equal(&r->gateway, gateway))
			continue;
		r->dead_until = 0;
		s->route_gen++;
	}
}

sampan_time
sp_routes_due(struct sampan *s)
{
	sampan_time next = SAMPAN_NEVER;

	for (int i = 0; i < SP_ROUTES_MAX && s->route[i].link != 0; i++) {
		struct sp_route *r = &s->route[i];

		if (r->expires_at <= s->now) {
			sp_route_drop(s, r);
			i--;
			continue;
		}
		if (r->dead_until != 0 && r->dead_until <= s->now) {
			r->dead_until = 0;
			s->route_gen++;
		}
		next = sp_earlier(next, r->expires_at);
		if (r->dead_until != 0)
			next = sp_earlier(next, r->dead_until);
	}
	return next;
}

static struct sampan_addr
masked(struct sampan_addr a, unsigned bits)
{
	for (unsigned i = 0; i < 16; i++) {
		const unsigned in_prefix = bits > 8 * i ? bits - 8 * i : 0;

		if (in_prefix < 8)
			a.b[i] &= (uint8_t)(0xff00u >> in_prefix);
	}
	return a;
}

/* A zero prefix is all of its gateway's family. */
static struct sampan_addr
whole_family(const struct sampan_route *from)
{
	if (from->prefix_bits == 0 && sp_addr_is_any(&from->dst) && sp_addr_is_v4(&from->gateway))
		return sampan_addr_v4(0, 0, 0, 0);
	return from->dst;
}

/* The application's route as ours; false: it makes no sense. */
static bool
translate(struct sampan *s, const struct sampan_route *from, struct sp_route *to)
{
	const bool direct = sp_addr_is_any(&from->gateway);
	const struct sampan_addr dst = whole_family(from);
	const uint16_t least = sp_addr_is_v4(&dst) ? MTU_LEAST4 : SP_PMTU_FLOOR6;
	unsigned bits = from->prefix_bits;

	if (sp_link_get(s, from->link) == NULL || !sp_prefix_bits(&dst, &bits) ||
	    (from->mtu_bytes != 0 && from->mtu_bytes < least))
		return false;
	*to = (struct sp_route){
		.dst = masked(dst, bits),
		.link = (uint8_t)from->link,
		.prefix_bits = (uint8_t)bits,
		.origin = SP_ROUTE_STATIC,
		.metric = from->metric,
		.mtu_bytes = from->mtu_bytes,
		.initcwnd_segs = from->initcwnd_segs,
		.window_bytes = from->window_bytes,
		.initrwnd_segs = from->initrwnd_segs,
		.advmss_bytes = from->advmss_bytes,
		.rto_min_ms = from->rto_min_ms,
		.quickack = from->quickack,
		.expires_at = SAMPAN_NEVER,
	};
	if (direct)
		return true;
	to->gateway = sp_addr_scoped(from->gateway, (unsigned)from->link);
	return sp_addr_is_unicast(s, &to->gateway) && sp_local_find(s, 0, &to->gateway) == NULL &&
	    sp_addr_is_v4(&dst) == sp_addr_is_v4(&from->gateway);
}

int
sampan_route_set(struct sampan *s, const struct sampan_route *route)
{
	struct sp_route r;

	if (sp_team_follows(s))
		return SAMPAN_EOPNOTSUPP;
	if (route->size != sizeof(*route) || !translate(s, route, &r))
		return SAMPAN_EINVAL;
	return sp_route_put(s, &r);
}

int
sampan_route_remove(struct sampan *s, const struct sampan_route *route)
{
	struct sp_route like, *r;

	if (sp_team_follows(s))
		return SAMPAN_EOPNOTSUPP;
	if (route->size != sizeof(*route) || !translate(s, route, &like))
		return SAMPAN_EINVAL;
	r = sp_route_get(s, &like);
	if (r == NULL)
		return SAMPAN_ENOENT;
	sp_route_drop(s, r);
	return 0;
}

int
sampan_route_add(struct sampan *s, int link, const struct sampan_addr *dst, unsigned prefix_bits,
    const struct sampan_addr *gateway)
{
	const struct sampan_route route = { .size = sizeof(route), .dst = *dst,
		.prefix_bits = prefix_bits, .gateway = *gateway, .link = link };

	return sp_addr_is_any(gateway) ? SAMPAN_EINVAL : sampan_route_set(s, &route);
}
