/*
 * router.c - see router.h.
 *
 * A router is a default route whose gateway is its link-local address; what else
 * it says are routes too, or addresses (slaac.c).  Whatever a flood of
 * advertisements says, a link gets no more than SP_AUTO_ROUTES_MAX routes and
 * SP_AUTO_ADDRS_MAX addresses of it (R-4861-29, R-V-44).
 */
#include "net/router.h"

#include <string.h>

#include "net/due.h"
#include "net/names.h"
#include "net/ndp.h"
#include "net/reply.h"
#include "net/slaac.h"
#include "wire/dns.h"
#include "wire/eth.h"
#include "wire/icmp6.h"

/* RFC 4861 §10, RFC 7559 §2 */
#define RTR_SOLICITATION_DELAY SAMPAN_SEC(1)
#define RTR_SOLICITATION_INTERVAL SAMPAN_SEC(4)
#define RTR_SOLICITATION_MAX SAMPAN_SEC(3600)
#define REACHABLE_MAX_MS 3600000u
/* A retransmission timer that a router may ask for. */
#define RETRANS_MIN_MS 100u
#define RETRANS_MAX_MS 60000u
#define REDIRECT_LIFE SAMPAN_SEC(600)

static sampan_time
end_of(const struct sampan *s, uint32_t seconds)
{
	return seconds == UINT32_MAX ? SAMPAN_NEVER : s->now + SAMPAN_SEC(seconds);
}

/* ---- Solicitations ---- */

/* RFC 7559 §2: a tenth more or less. */
static sampan_dur
jitter(struct sampan *s, sampan_dur dur)
{
	const uint32_t ms = (uint32_t)(dur / SAMPAN_MS(1));

	return SAMPAN_MS(ms - ms / 10 + sp_rng_below(&s->rng, ms / 5 + 1));
}

/* R-4861-24. */
void
sp_router_solicit(struct sampan *s, unsigned link)
{
	struct sp_link *l = &s->link[link];

	l->solicit_dur = jitter(s, RTR_SOLICITATION_INTERVAL);
	l->solicit_at = s->now + jitter(s, RTR_SOLICITATION_DELAY) / 2;
	sp_due_at(s, l->solicit_at);
}

static void
send_solicit(struct sampan *s, unsigned link)
{
	static const struct sampan_addr all_routers = { { 0xff, 2, [15] = 2 } };
	const struct sp_path path = { link, all_routers, NULL };
	const struct sp_local_addr *src = sp_source_on(s, &all_routers, &path);
	struct sp_ip_out out = { .dst = &all_routers, .link = (uint8_t)link,
		.payload_len = 16, .proto = IP_PROTO_ICMP6, .ttl = 255 };
	struct sp_reply *r;

	if (src == NULL)
		return;
	out.src = &src->addr;
	r = sp_ip_take(s, &out);
	if (r == NULL)
		return;
	(void)ndp_emit_router_solicit(sp_ip_l4(r), s->link[link].mac);
	sp_ip_csum_icmp6(s, r, &out);
	sp_ip_send(s, r);
}

/* RFC 7559 §2 (R-4861-25): for ever, ever more seldom. */
sampan_time
sp_router_due(struct sampan *s)
{
	sampan_time next = SAMPAN_NEVER;

	for (unsigned i = 1; i < SP_LINKS_MAX; i++) {
		struct sp_link *l = &s->link[i];

		if (l->solicit_at == 0)
			continue;
		if (l->solicit_at <= s->now) {
			send_solicit(s, i);
			l->solicit_at = s->now + l->solicit_dur;
			l->solicit_dur = jitter(s, 2 * l->solicit_dur < RTR_SOLICITATION_MAX ?
				2 * l->solicit_dur : RTR_SOLICITATION_MAX);
		}
		next = sp_earlier(next, l->solicit_at);
	}
	return next;
}

/* ---- Advertisements ---- */

static unsigned
auto_routes(const struct sampan *s, unsigned link)
{
	unsigned n = 0;

	for (int i = 0; i < SP_ROUTES_MAX && s->route[i].link != 0; i++)
		n += s->route[i].link == link && s->route[i].origin != SP_ROUTE_STATIC &&
		    s->route[i].origin != SP_ROUTE_LEASED;
	return n;
}

/* A route that lives for so long; 0: it ends now. */
static void
put_route(struct sampan *s, struct sp_route want, uint32_t lifetime_s)
{
	struct sp_route *known = sp_route_get(s, &want);

	want.expires_at = end_of(s, lifetime_s);
	if (lifetime_s == 0) {
		if (known != NULL)
			sp_route_drop(s, known);
	} else if (known != NULL || auto_routes(s, want.link) < SP_AUTO_ROUTES_MAX) {
		(void)sp_route_put(s, &want);
	}
}

/* §6.3.4 (R-4861-21): what is 0 says nothing; what is absurd is cut. */
static void
take_times(struct sampan *s, struct sp_link *l, const struct ndp_ra *ra)
{
	if (ra->hop_limit != 0)
		l->hops = ra->hop_limit;
	if (ra->retrans_ms != 0)
		l->retrans_ms = ra->retrans_ms < RETRANS_MIN_MS ? RETRANS_MIN_MS :
		    ra->retrans_ms > RETRANS_MAX_MS ? RETRANS_MAX_MS : ra->retrans_ms;
	if (ra->reachable_ms == 0 || ra->reachable_ms > REACHABLE_MAX_MS ||
	    ra->reachable_ms == l->reachable_ms)
		return;
	l->reachable_ms = ra->reachable_ms;
	l->reachable_dur = SAMPAN_MS(l->reachable_ms / 2 +
	    sp_rng_below(&s->rng, l->reachable_ms + 1));
}

static struct sampan_addr
addr_of(const uint8_t *octets)
{
	struct sampan_addr a;

	memcpy(a.b, octets, 16);
	return a;
}

/* §6.3.4 (R-4861-22): a prefix is on the link, or says nothing about it. */
static void
take_prefix(struct sampan *s, unsigned link, const struct ndp_prefix *p)
{
	const struct sampan_addr prefix = addr_of(p->prefix);

	if (sp_addr_is_link_local(&prefix) || sp_addr_is_multicast(&prefix) ||
	    sp_addr_is_v4(&prefix))
		return;
	if (p->on_link)
		put_route(s, (struct sp_route){ .dst = prefix, .link = (uint8_t)link,
			.prefix_bits = p->bits, .origin = SP_ROUTE_PREFIX }, p->valid_s);
	if (p->autonomous)
		sp_slaac_prefix(s, link, p);
}

/* RFC 8106 §5.1, §6.1 (R-8200-20): name servers, for so long. */
static void
take_servers(struct sampan *s, unsigned link, const uint8_t *o, size_t len)
{
	struct sp_name_server want = { .link = (uint8_t)link, .origin = SP_NAMES_ROUTER };
	const uint8_t *addrs = NULL;
	uint32_t lifetime_s = 0;
	const unsigned n = ndp_parse_rdnss(&lifetime_s, &addrs, o, len);

	want.until = lifetime_s == 0 ? 0 : end_of(s, lifetime_s);
	for (unsigned i = 0; i < n; i++) {
		want.addr = sp_addr_scoped(addr_of(addrs + 16u * i), link);
		if (sp_addr_is_unicast(s, &want.addr) && !sp_addr_is_v4(&want.addr))
			sp_names_server(s, &want);
	}
}

/* RFC 8106 §5.2: names behind each other, and zeros. */
static void
take_domains(struct sampan *s, unsigned link, const uint8_t *o, size_t len)
{
	const uint32_t lifetime_s = len >= 8 ? be32_get(o + 4) : 0;
	char text[DNS_NAME_TEXT];
	size_t at = 8;

	while (at < len && o[at] != 0 && dns_read_name(text, o, len, &at))
		sp_names_domain_text(s, &(struct sp_domain){ .link = (uint8_t)link,
		    .origin = SP_NAMES_ROUTER,
		    .until = lifetime_s == 0 ? 0 : end_of(s, lifetime_s) }, text);
}

static void
take_option(struct sampan *s, const struct sp_pkt *pkt, const uint8_t *o, size_t len)
{
	struct sp_link *l = &s->link[pkt->link];
	struct ndp_prefix prefix;
	struct ndp_route route;

	if (o[0] == NDP_OPT_PREFIX && ndp_parse_prefix(&prefix, o, len))
		take_prefix(s, pkt->link, &prefix);
	else if (o[0] == NDP_OPT_ROUTE && ndp_parse_route(&route, o, len) && route.bits > 0)
		put_route(s, (struct sp_route){ .dst = addr_of(route.prefix),
			.gateway = pkt->flow.remote, .link = pkt->link,
			.prefix_bits = route.bits, .origin = SP_ROUTE_MORE,
			.preference = route.preference }, route.lifetime_s);
	else if (o[0] == NDP_OPT_MTU && len == 8 && be32_get(o + 4) >= IP6_MTU_MIN &&
	    be32_get(o + 4) <= l->mtu_bytes)
		l->mtu6_bytes = (uint16_t)be32_get(o + 4);
	else if (o[0] == NDP_OPT_RDNSS)
		take_servers(s, pkt->link, o, len);
	else if (o[0] == NDP_OPT_DNSSL)
		take_domains(s, pkt->link, o, len);
	else if (o[0] == NDP_OPT_SOURCE_MAC && len == 8 && !eth_is_multicast(o + 2) &&
	    !eth_is_zero(o + 2))
		sp_neigh_heard(s, pkt->link, &pkt->flow.remote, o + 2);
}

/* Its neighbour entry says that it is a router. */
static void
note_router(struct sampan *s, const struct sp_pkt *pkt)
{
	const uint32_t ref = sp_neigh_find(s, pkt->link, &pkt->flow.remote);

	if (ref != 0)
		sp_neigh_at(s, ref)->router = true;
}

/* Does it say anything new about the link itself? */
static bool
is_changed(const struct sp_link *was, const struct sp_link *is)
{
	return was->hops != is->hops || was->mtu6_bytes != is->mtu6_bytes ||
	    was->retrans_ms != is->retrans_ms || was->reachable_ms != is->reachable_ms;
}

/* §6.1.2 (R-4861-4), §6.3.4 (R-4861-23). */
void
sp_router_advert(struct sampan *s, const struct sp_pkt *pkt, const uint8_t *p, size_t len)
{
	struct sp_link *l = &s->link[pkt->link];
	const struct sp_link before = *l;
	size_t at = NDP_RA_LEN, opt_len;
	const uint8_t *o;
	struct ndp_ra ra;

	if (!sp_addr_is_link_local(&pkt->flow.remote) || !ndp_parse_ra(&ra, p, len)) {
		sp_drop(s, SAMPAN_DROP_ND_MALFORMED, pkt->link);
		return;
	}
	if (!l->autoconf || sp_setting(s, SAMPAN_SET_ACCEPT_RA) == 0) {
		sp_drop(s, SAMPAN_DROP_ND_NOT_OURS, pkt->link);
		return;
	}
	take_times(s, l, &ra);
	put_route(s, (struct sp_route){ .gateway = pkt->flow.remote, .link = pkt->link,
		.origin = SP_ROUTE_ROUTER, .preference = ra.preference }, ra.lifetime_s);
	while (at < len && (o = ndp_next_option(p, len, &at, &opt_len)) != NULL)
		take_option(s, pkt, o, opt_len);
	note_router(s, pkt);
	if (is_changed(&before, l))
		s->route_gen++;
	if (ra.lifetime_s > 0)
		l->solicit_at = 0;
}

/* ---- Redirects ---- */

/* §8.1 (R-4861-5): from the first hop that we use, to our address. */
static bool
redirect_good(const struct sampan *s, const struct sp_pkt *pkt, const struct sampan_addr *dst)
{
	struct sp_path path;

	return sp_setting(s, SAMPAN_SET_ACCEPT_REDIRECTS) != 0 && !pkt->ip_group &&
	    !sp_addr_is_link_local(dst) && sp_route_find(s, dst, &path) &&
	    path.link == pkt->link && sp_addr_equal(&path.next_hop, &pkt->flow.remote);
}

/* One way for a destination: what an earlier redirect said is over. */
static void
take_redirect(struct sampan *s, struct sp_route want)
{
	for (int i = 0; i < SP_ROUTES_MAX && s->route[i].link != 0; i++) {
		struct sp_route *r = &s->route[i];

		if (r->origin == SP_ROUTE_REDIRECT && sp_addr_equal(&r->dst, &want.dst) &&
		    !sp_addr_equal(&r->gateway, &want.gateway)) {
			sp_route_drop(s, r);
			break;
		}
	}
	put_route(s, want, (uint32_t)(REDIRECT_LIFE / SAMPAN_SEC(1)));
}

/* §8.3 (R-4861-26): off by default; hosts never send one. */
void
sp_router_redirect(struct sampan *s, const struct sp_pkt *pkt, const struct ndp_msg *m)
{
	const struct sampan_addr dst = addr_of(m->dst);
	const struct sampan_addr target = sp_addr_scoped(addr_of(m->target), pkt->link);
	struct sp_route want = { .dst = dst, .link = pkt->link, .prefix_bits = 128,
		.origin = SP_ROUTE_REDIRECT };

	if (!redirect_good(s, pkt, &dst)) {
		sp_drop(s, SAMPAN_DROP_ICMP_REDIRECT, pkt->link);
		return;
	}
	if (!sp_addr_equal(&target, &dst))
		want.gateway = target;
	take_redirect(s, want);
	if (m->has_mac)
		sp_neigh_heard(s, pkt->link, &target, m->mac);
}

/* Does a route that was not made by a redirect lead over it? */
static bool
is_gateway(const struct sampan *s, const struct sampan_addr *addr)
{
	for (int i = 0; i < SP_ROUTES_MAX && s->route[i].link != 0; i++)
		if (s->route[i].origin != SP_ROUTE_REDIRECT &&
		    sp_addr_equal(&s->route[i].gateway, addr))
			return true;
	return false;
}

/* RFC 1122 §3.2.2.2 (R-ICMP-8): from the first hop that is used for the destination, to
 * another host of the same network. */
static bool
redirect4_good(const struct sampan *s, const struct sp_pkt *pkt, const struct sampan_addr *dst,
    const struct sampan_addr *gateway)
{
	struct sp_path old, new;

	if (sp_setting(s, SAMPAN_SET_ACCEPT_REDIRECTS4) == 0 || pkt->ip_group || pkt->l2_group)
		return false;
	if (sp_setting(s, SAMPAN_SET_SECURE_REDIRECTS) != 0 && !is_gateway(s, gateway))
		return false;
	return sp_addr_is_unicast(s, gateway) && sp_local_find(s, 0, gateway) == NULL &&
	    sp_route_find(s, dst, &old) && old.link == pkt->link && old.route != NULL &&
	    sp_addr_equal(&old.next_hop, &pkt->flow.remote) &&
	    sp_route_find(s, gateway, &new) && new.route == NULL && new.link == pkt->link;
}

/* A redirect for a network is one for the host (RFC 1122 §3.3.1.2 (R-IP4-17)). */
void
sp_router_redirect4(struct sampan *s, const struct sp_pkt *pkt, const struct sampan_addr *dst,
    const struct sampan_addr *gateway)
{
	if (!redirect4_good(s, pkt, dst, gateway)) {
		sp_drop(s, SAMPAN_DROP_ICMP_REDIRECT, pkt->link);
		return;
	}
	take_redirect(s, (struct sp_route){ .dst = *dst, .gateway = *gateway, .link = pkt->link,
		.prefix_bits = 128, .origin = SP_ROUTE_REDIRECT });
}

void
sp_router_gone(struct sampan *s, unsigned link, const struct sampan_addr *addr)
{
	for (int i = 0; i < SP_ROUTES_MAX && s->route[i].link != 0; i++) {
		struct sp_route *r = &s->route[i];

		if (r->link != link || r->origin == SP_ROUTE_STATIC ||
		    !sp_addr_equal(&r->gateway, addr))
			continue;
		sp_route_drop(s, r);
		i--;
	}
}
