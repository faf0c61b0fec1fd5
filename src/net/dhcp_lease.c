/*
 * dhcp_lease.c - what a DHCP server's answer means: is it to be believed, which
 * address, prefix, times, routes and MTU does it bring?  RFC 2132, RFC 3442.
 *
 * A server's word is the word of anybody on the link who is quick.  So all of it is
 * looked at (R-2131-19), and what makes no sense is left out or refused.
 */
#include <string.h>

#include "net/dhcp.h"
#include "net/names.h"
#include "wire/dns.h"
#include "wire/ip4.h"

/* Routes of a lease, and routers. */
#define ROUTES_MAX 16
#define ROUTERS_MAX 4
#define MTU_MIN 576
/* RFC 3442: the longest list that is looked at. */
#define ROUTES_OPTION_MAX 255

/* ---- Reading ---- */

/* Could a host have this address? */
static bool
host_addr(const struct sampan *s, uint32_t v4)
{
	const struct sampan_addr a = sp_addr_of_v4(v4);

	return sp_addr_is_unicast(s, &a) && !ip4_is_loopback(v4);
}

static uint32_t
mask_of(unsigned bits)
{
	return bits == 0 ? 0 : UINT32_MAX << (32 - bits);
}

/* RFC 791 §2.3's classes, where the server says nothing. */
static uint8_t
class_bits(uint32_t v4)
{
	return v4 >> 31 == 0 ? 8 : v4 >> 30 == 2 ? 16 : 24;
}

/* Contiguous, and not everybody. */
static bool
read_prefix(const struct dhcp_msg *m, struct sp_lease *lease)
{
	uint8_t octets[4];
	const int len = dhcp_option(m, DHCP_OPT_MASK, octets, sizeof(octets));
	uint32_t hosts;

	lease->prefix_bits = class_bits(lease->addr);
	if (len == -1)
		return true;
	hosts = len == 4 ? ~be32_get(octets) : UINT32_MAX;
	if (hosts == UINT32_MAX || (hosts & (hosts + 1)) != 0)
		return false;
	lease->prefix_bits = 32;
	for (; hosts != 0; hosts >>= 1)
		lease->prefix_bits--;
	return true;
}

/* Neither the network's own address nor its broadcast (RFC 3021: of 31 bits both are hosts). */
static bool
is_host_of_prefix(const struct sp_lease *lease)
{
	const uint32_t hosts = ~mask_of(lease->prefix_bits);

	return lease->prefix_bits > 30 ||
	    ((lease->addr & hosts) != 0 && (lease->addr & hosts) != hosts);
}

/* RFC 2131 §4.4.5 (R-2131-10): T1 before T2 before the end, whatever the server says. */
static bool
read_times(const struct dhcp_msg *m, struct sp_lease *lease)
{
	const bool said = dhcp_option_u32(m, DHCP_OPT_T1, &lease->t1_s) &&
	    dhcp_option_u32(m, DHCP_OPT_T2, &lease->t2_s);

	if (!dhcp_option_u32(m, DHCP_OPT_LEASE, &lease->lease_s) || lease->lease_s == 0)
		return false;
	if (said && lease->t1_s < lease->t2_s && lease->t2_s < lease->lease_s)
		return true;
	lease->t1_s = lease->t2_s = lease->lease_s;
	if (lease->lease_s != UINT32_MAX) {
		lease->t1_s = lease->lease_s / 2;
		lease->t2_s = lease->lease_s - lease->lease_s / 8;
	}
	return true;
}

bool
sp_lease_read(const struct sampan *s, const struct dhcp_msg *m, struct sp_lease *lease)
{
	*lease = (struct sp_lease){ .addr = m->yiaddr };
	if (!host_addr(s, lease->addr) || !read_prefix(m, lease) || !is_host_of_prefix(lease) ||
	    !dhcp_option_u32(m, DHCP_OPT_SERVER, &lease->server) ||
	    !host_addr(s, lease->server) || !read_times(m, lease))
		return false;
	if (!dhcp_option_u16(m, DHCP_OPT_MTU, &lease->mtu_bytes) || lease->mtu_bytes < MTU_MIN)
		lease->mtu_bytes = 0;
	return true;
}

/* ---- Routes ---- */

/* What is being put down. */
struct routes {
	struct sampan *s;
	const struct sp_lease *lease;
	sampan_time until;
	unsigned link;
	unsigned n;
};

static void
put(struct routes *r, const struct dhcp_route *route, uint32_t metric)
{
	struct sp_route want = {
		.dst = sp_addr_of_v4(route->dst),
		.link = (uint8_t)r->link,
		.prefix_bits = (uint8_t)(96 + route->bits),
		.origin = SP_ROUTE_LEASED,
		.metric = metric,
		.expires_at = r->until,
	};

	if (route->gateway != 0)
		want.gateway = sp_addr_of_v4(route->gateway);
	if (r->n < ROUTES_MAX && sp_route_put(r->s, &want) == 0)
		r->n++;
}

/* Is it on the link: in the leased prefix, or in one that the routes so far say is? */
static bool
on_link(const struct routes *r, uint32_t v4)
{
	const uint32_t mask = mask_of(r->lease->prefix_bits);
	const struct sampan_addr a = sp_addr_of_v4(v4);

	if (((v4 ^ r->lease->addr) & mask) == 0)
		return true;
	for (int i = 0; i < SP_ROUTES_MAX && r->s->route[i].link != 0; i++) {
		const struct sp_route *known = &r->s->route[i];

		if (known->origin == SP_ROUTE_LEASED && known->link == r->link &&
		    known->expires_at == r->until && !sp_addr_is_v4(&known->gateway) &&
		    known->prefix_bits > 96 && sp_prefix_equal(&known->dst, &a, known->prefix_bits))
			return true;
	}
	return false;
}

static bool
gateway_good(const struct routes *r, uint32_t v4)
{
	return host_addr(r->s, v4) && v4 != r->lease->addr && on_link(r, v4);
}

/* RFC 3442 (R-2131-21): false: there is no such option, so routers count.  Whoever
 * answers first can draw traffic to himself with it (CVE-2024-3661, R-V-55); a
 * setting keeps to the routers. */
static bool
put_classless(struct routes *r, const struct dhcp_msg *m)
{
	uint8_t option[ROUTES_OPTION_MAX];
	const int len = sp_setting(r->s, SAMPAN_SET_DHCP_ROUTES) != 0 ?
	    dhcp_option(m, DHCP_OPT_ROUTES, option, sizeof(option)) : -1;
	const size_t have = len > (int)sizeof(option) ? sizeof(option) : len > 0 ? (size_t)len : 0;
	struct dhcp_route route;
	size_t at = 0;

	while (dhcp_next_route(&route, option, have, &at))
		if ((route.gateway == 0 && route.bits > 0) || gateway_good(r, route.gateway))
			put(r, &route, 0);
	return len >= 0;
}

/* RFC 2132 §3.5: in the order of preference. */
static void
put_routers(struct routes *r, const struct dhcp_msg *m)
{
	uint8_t option[4 * ROUTERS_MAX];
	const int len = dhcp_option(m, DHCP_OPT_ROUTER, option, sizeof(option));

	for (int at = 0; at + 4 <= len && at < (int)sizeof(option); at += 4) {
		const struct dhcp_route route = { .gateway = be32_get(option + at) };

		if (gateway_good(r, route.gateway))
			put(r, &route, (uint32_t)at / 4);
	}
}

/* Those of the link that do not end at that time: the ones of before. */
static void
drop_others(struct sampan *s, unsigned link, sampan_time until)
{
	for (int i = 0; i < SP_ROUTES_MAX && s->route[i].link != 0; i++) {
		struct sp_route *known = &s->route[i];

		if (known->link != link || known->origin != SP_ROUTE_LEASED ||
		    known->expires_at == until)
			continue;
		sp_route_drop(s, known);
		i--;
	}
}

/* ---- Names ---- */

/* RFC 2132 §3.8. */
static void
put_servers(struct sampan *s, const struct sp_name_server *like, const struct dhcp_msg *m)
{
	uint8_t option[4 * SP_NAME_SERVERS_EACH];
	const int len = dhcp_option(m, DHCP_OPT_DNS, option, sizeof(option));
	struct sp_name_server want = *like;

	for (int at = 0; at + 4 <= len && at < (int)sizeof(option); at += 4) {
		if (!host_addr(s, be32_get(option + at)))
			continue;
		want.addr = sp_addr_of_v4(be32_get(option + at));
		sp_names_server(s, &want);
	}
}

/* RFC 3397: names that may point to each other, all within the option (R-V-15); else the
 * domain of RFC 2132 §3.17, which is text. */
static void
put_domains(struct sampan *s, const struct sp_domain *like, const struct dhcp_msg *m)
{
	uint8_t option[DNS_NAME_TEXT], wire[DNS_QUERY_MAX];
	char text[DNS_NAME_TEXT];
	int len = dhcp_option(m, DHCP_OPT_SEARCH, option, sizeof(option));
	size_t at = 0;

	if (len > 0) {
		const size_t have = len < (int)sizeof(option) ? (size_t)len : sizeof(option);

		while (at < have && dns_read_name(text, option, have, &at))
			sp_names_domain_text(s, like, text);
		return;
	}
	len = dhcp_option(m, DHCP_OPT_DOMAIN, option, sizeof(option));
	if (len <= 0 || len >= (int)sizeof(option))
		return;
	memset(text, 0, sizeof(text));
	memcpy(text, option, (size_t)len);
	if (dns_emit_query(wire, 0, text, DNS_TYPE_A) != 0)
		sp_names_domain_text(s, like, text);
}

static void
put_names(struct sampan *s, unsigned link, const struct dhcp_msg *m, sampan_time until)
{
	sp_names_end(s, link, SP_NAMES_LEASED);
	put_servers(s, &(struct sp_name_server){ .until = until, .link = (uint8_t)link,
	    .origin = SP_NAMES_LEASED }, m);
	put_domains(s, &(struct sp_domain){ .until = until, .link = (uint8_t)link,
	    .origin = SP_NAMES_LEASED }, m);
}

void
sp_lease_apply(struct sampan *s, unsigned link, const struct dhcp_msg *m,
    const struct sp_lease *lease, sampan_time until)
{
	struct routes r = { s, lease, until, link, 0 };
	struct sp_link *l = &s->link[link];

	if (!put_classless(&r, m))
		put_routers(&r, m);
	drop_others(s, link, until);
	put_names(s, link, m, until);
	l->mtu4_bytes = lease->mtu_bytes < l->mtu_bytes ? lease->mtu_bytes : 0;
}

void
sp_lease_end(struct sampan *s, unsigned link)
{
	drop_others(s, link, 0);
	sp_names_end(s, link, SP_NAMES_LEASED);
	s->link[link].mtu4_bytes = 0;
}
