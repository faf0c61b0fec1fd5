/*
 * net_router.c - what routers say: prefixes, routes, lifetimes, redirects.
 * RFC 4861 §6.3, RFC 4862 §5.5, RFC 8981.
 */
#include <stdlib.h>

#include <sampan/names.h>

#include "lib/fx_ip6.h"
#include "net/stack.h"

static const struct sampan_addr router = { { 0xfe, 0x80, [15] = 0xaa } };

__attribute__((constructor)) static void
over_ip6(void)
{
	(void)setenv("SAMPAN_FAMILY", "6", 1);
}

struct ra {
	uint16_t lifetime_s;
	uint8_t flags;		/* of the prefix: 0xc0 */
	uint32_t valid_s, preferred_s;
	uint8_t net;
	uint8_t bits;
	struct sampan_addr src;
};

static void
router_says(struct fx *f, struct ra ra)
{
	uint8_t p[NDP_RA_LEN + 32] = { ICMP6_ROUTER_ADVERT, 0, 0, 0, 33, 0 };
	uint8_t *o = p + NDP_RA_LEN;

	be16_put(p + 6, ra.lifetime_s);
	o[0] = NDP_OPT_PREFIX;
	o[1] = 4;
	o[2] = ra.bits;
	o[3] = ra.flags;
	be32_put(o + 4, ra.valid_s);
	be32_put(o + 8, ra.preferred_s);
	o[16] = 0x20;
	o[17] = 0x01;
	o[23] = ra.net;
	fx_input(f, frame, make_icmp(ra.src, group(2, 1), p, sizeof(p)));
}

#define router_says(f, ...) \
	router_says(f, (struct ra){ .lifetime_s = 1800, .flags = 0xc0, .valid_s = 7200 * 10, \
	    .preferred_s = 7200, .bits = 64, .src = router, __VA_ARGS__ })

static struct fx
autoconf(void)
{
	struct fx f = fx_listen();

	EXPECT_EQ(sampan_autoconf(f.s, f.link), 0);
	return f;
}

/* How many addresses there are of that network of the routers', and the first. */
static unsigned
addresses_of(struct fx *f, uint8_t net, struct sampan_addr_info *first)
{
	struct sampan_addr_info info;
	unsigned n = 0;

	for (unsigned i = 0; sampan_addr_get(f->s, i, &info) == 0; i++)
		if (info.addr.b[0] == 0x20 && info.addr.b[7] == net && n++ == 0)
			*first = info;
	return n;
}

/* R-4862-7, R-7217-1, R-7217-4, R-4861-21, R-4861-22. */
TEST(router_brings_an_address_and_a_way_out)
{
	const struct sampan_addr far = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	struct fx f = autoconf(), g;
	struct sampan_addr_info a, b, c;
	struct sp_path path;

	COVERS("R-4862-7", "R-7217-1", "R-7217-4", "R-4861-21", "R-4861-22", "R-4861-4");
	router_says(&f, .net = 1);
	router_says(&f, .net = 2);
	EXPECT_EQ(addresses_of(&f, 1, &a), 1);
	EXPECT_EQ(addresses_of(&f, 2, &b), 1);
	EXPECT(memcmp(a.addr.b + 8, b.addr.b + 8, 8) != 0);
	EXPECT(sp_route_find(f.s, &far, &path));
	EXPECT_EQ(path.next_hop.b[15], 0xaa);
	EXPECT_EQ(f.s->link[f.link].hops, 33);
	g = autoconf();
	router_says(&g, .net = 1);
	EXPECT_EQ(addresses_of(&g, 1, &c), 1);
	EXPECT_MEM(&c.addr, &a.addr, 16);
	router_says(&g, .net = 3, .src = fx_peer());	/* not link-local */
	EXPECT_EQ(addresses_of(&g, 3, &c), 0);
	EXPECT_EQ(sampan_counter(g.s, SAMPAN_DROP_ND_MALFORMED), 1);
}

/* What makes no sense makes no address. */
TEST(prefixes_without_sense_make_no_address)
{
	struct fx f = autoconf();
	struct sampan_addr_info a;

	COVERS("R-4862-7", "R-4861-22", "R-4862-10");
	router_says(&f, .net = 1, .valid_s = 100, .preferred_s = 101);
	router_says(&f, .net = 1, .valid_s = 0, .preferred_s = 0);
	router_says(&f, .net = 1, .bits = 63);
	router_says(&f, .net = 1, .bits = 65);
	router_says(&f, .net = 1, .bits = 200);
	router_says(&f, .net = 1, .flags = 0x80);
	EXPECT_EQ(addresses_of(&f, 1, &a), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv6.conf.default.autoconf", 0), 0);
	router_says(&f, .net = 1);
	EXPECT_EQ(addresses_of(&f, 1, &a), 0);
}

/* R-4862-8: one forged packet does not end an address; R-4862-9: time does. */
TEST(lifetimes_end_and_are_not_cut_short)
{
	struct fx f = autoconf();
	struct sampan_addr_info a;
	struct sampan_addr src;
	const struct sampan_addr far = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };

	COVERS("R-4862-8", "R-4862-9", "R-4862-12");
	router_says(&f, .net = 1);
	router_says(&f, .net = 1, .valid_s = 0, .preferred_s = 0);
	EXPECT_EQ(addresses_of(&f, 1, &a), 1);
	EXPECT_EQ(a.valid_until, f.now + SAMPAN_SEC(7200));
	fx_pass_time(&f, SAMPAN_SEC(1));
	EXPECT_EQ(addresses_of(&f, 1, &a), 1);
	EXPECT_EQ(a.state, SAMPAN_ADDR_DEPRECATED);
	EXPECT(sp_source_find(f.s, &far, &src));
	EXPECT(memcmp(&src, &a.addr, 16) != 0);
	router_says(&f, .net = 1, .valid_s = 60, .preferred_s = 60);
	EXPECT_EQ(addresses_of(&f, 1, &a), 1);
	EXPECT(a.valid_until > f.now + SAMPAN_SEC(7000));
	fx_pass_time(&f, SAMPAN_SEC(7300));
	EXPECT_EQ(addresses_of(&f, 1, &a), 0);
}

/* R-4861-23: a router that says so, or falls silent, is none any more. */
TEST(router_lifetime_ends)
{
	const struct sampan_addr far = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	struct fx f = autoconf();
	struct sp_path path;

	COVERS("R-4861-23", "R-4861-21");
	router_says(&f, .net = 1);
	EXPECT(sp_route_find(f.s, &far, &path));
	router_says(&f, .net = 1, .lifetime_s = 0);
	EXPECT(!sp_route_find(f.s, &far, &path));
	router_says(&f, .net = 1, .lifetime_s = 10);
	EXPECT(sp_route_find(f.s, &far, &path));
	fx_pass_time(&f, SAMPAN_SEC(11));
	EXPECT(!sp_route_find(f.s, &far, &path));
}

/* R-4861-16: one that answers and says that it is a host now is no way out. */
TEST(router_that_becomes_a_host_is_left)
{
	const struct sampan_addr far = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	struct ndp_msg m = { .type = ICMP6_NEIGH_SOLICIT, .has_mac = true, .override = true,
		.mac = { 2, 0, 0, 0, 0, 0xaa } };
	struct fx f = autoconf();
	uint8_t message[NDP_MAX];
	struct sp_path path;
	uint32_t len;

	COVERS("R-4861-16");
	memcpy(m.target, fx_local().b, 16);
	len = (uint32_t)ndp_emit(message, &m);
	fx_input(&f, frame, make_icmp(router, fx_local(), message, len));
	router_says(&f, .net = 1);
	m.type = ICMP6_NEIGH_ADVERT;
	memcpy(m.target, router.b, 16);
	for (unsigned i = 0; i < 2; i++) {
		m.router = i == 0;
		len = (uint32_t)ndp_emit(message, &m);
		fx_input(&f, frame, make_icmp(router, fx_local(), message, len));
		EXPECT_EQ(sp_route_find(f.s, &far, &path), m.router);
	}
}

/* R-4861-29, R-V-44: a thousand routers with a prefix each. */
TEST(router_flood_is_bounded)
{
	struct fx f = autoconf();
	struct sampan_addr_info info;
	struct sampan_addr src = router;
	unsigned addrs = 0, routes = 0;

	COVERS("R-4861-29", "R-V-44");
	for (unsigned i = 0; i < 1000; i++) {
		be16_put(src.b + 10, (uint16_t)i);
		router_says(&f, .net = (uint8_t)i, .src = src);
	}
	while (sampan_addr_get(f.s, addrs, &info) == 0)
		addrs++;
	while (routes < SP_ROUTES_MAX && f.s->route[routes].link != 0)
		routes++;
	EXPECT(addrs <= 2 + SP_AUTO_ADDRS_MAX);
	EXPECT_EQ(routes, SP_AUTO_ROUTES_MAX);
}

/* R-4861-24, R-4861-25: asked within a second, then ever more seldom, until one
 * answers. */
TEST(routers_are_asked_for)
{
	struct fx f = autoconf();
	unsigned asked = 0;

	COVERS("R-4861-24", "R-4861-25");
	EXPECT_EQ(sampan_addr_remove(f.s, f.link,
	    &(struct sampan_addr[]){ info_of(&f, 1).addr }[0]), 0);
	EXPECT_EQ(sampan_autoconf(f.s, f.link), 0);
	for (unsigned s = 0; s < 60; s++) {
		pass(&f, SAMPAN_SEC(1));
		while (next_frame(&f) > 0)
			asked += out[L4] == ICMP6_ROUTER_SOLICIT;
	}
	EXPECT(asked >= 3 && asked <= 6);
	router_says(&f, .net = 1);
	pass(&f, SAMPAN_SEC(4000));
	while (next_frame(&f) > 0)
		EXPECT(out[L4] != ICMP6_ROUTER_SOLICIT);
}

/* The next probe of an address of network `net` out, in *probed; false: none comes. */
static bool
next_probe(struct fx *f, uint8_t net, struct sampan_addr *probed)
{
	struct ndp_msg m;

	for (unsigned ms = 0; ms < 10000; ms += 10) {
		pass(f, SAMPAN_MS(10));
		while (next_frame(f) > 0)
			if (out[L4] == ICMP6_NEIGH_SOLICIT && ndp_parse(&m, out + L4, 24) &&
			    m.target[0] == 0x20 && m.target[7] == net) {
				memcpy(probed->b, m.target, 16);
				return true;
			}
	}
	return false;
}

/* Somebody has it. */
static void
refuse(struct fx *f, const struct sampan_addr *addr)
{
	struct ndp_msg m = { .type = ICMP6_NEIGH_ADVERT, .override = true, .has_mac = true,
		.mac = { 2, 0, 0, 0, 0, 9 } };
	uint8_t message[NDP_MAX];
	uint32_t len;

	memcpy(m.target, addr->b, 16);
	len = (uint32_t)ndp_emit(message, &m);
	fx_input(f, frame, make_icmp(*addr, group(2, 1), message, len));
}

/* R-7217-3: the first and three more; then none, in no other way. */
TEST(identifiers_that_others_have_are_changed_three_times)
{
	struct fx f = autoconf();
	struct sampan_addr seen[8];
	struct sampan_addr_info info;
	unsigned n = 0;

	COVERS("R-7217-3");
	EXPECT_EQ(sampan_set(f.s, "net.ipv6.conf.default.dad_transmits", 1), 0);
	router_says(&f, .net = 1);
	while (n < 8 && next_probe(&f, 1, &seen[n])) {
		for (unsigned i = 0; i < n; i++)
			EXPECT(memcmp(seen[i].b + 8, seen[n].b + 8, 8) != 0);
		refuse(&f, &seen[n++]);
	}
	EXPECT_EQ(n, 4);
	EXPECT_EQ(addresses_of(&f, 1, &info), 1);
	EXPECT_EQ(info.state, SAMPAN_ADDR_DUPLICATE);
	EXPECT_EQ(sampan_counter(f.s, SAMPAN_COUNT_ADDR_CONFLICTS), 4);
}

/* R-8981-4: a temporary address that somebody has is not used, and there is an end. */
TEST(temporary_addresses_that_others_have_are_given_up)
{
	struct fx f = autoconf();
	struct sampan_addr seen;
	struct sampan_addr_info info;
	unsigned n = 0;

	COVERS("R-8981-4");
	EXPECT_EQ(sampan_set(f.s, "net.ipv6.conf.default.dad_transmits", 1), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv6.conf.default.use_tempaddr", 2), 0);
	router_says(&f, .net = 1);
	for (; n < 20 && next_probe(&f, 1, &seen); n++)
		refuse(&f, &seen);
	EXPECT(n >= 5 && n <= 4 + 3);
	for (unsigned i = 0; sampan_addr_get(f.s, i, &info) == 0; i++)
		if (info.addr.b[0] == 0x20)
			EXPECT_EQ(info.state, SAMPAN_ADDR_DUPLICATE);
}

/* R-7217-2: without the secret nobody can tell it; with it the same after a restart,
 * whatever else is drawn at random. */
TEST(identifiers_depend_on_the_secret)
{
	struct sampan_addr_info a[3];

	COVERS("R-7217-2");
	for (unsigned i = 0; i < 3; i++) {
		struct fx f = fx_listen();

		f.s->iid_key.k[0] ^= i == 1;
		if (i == 2)
			(void)sp_rng_u64(&f.s->rng);
		EXPECT_EQ(sampan_autoconf(f.s, f.link), 0);
		router_says(&f, .net = 1);
		EXPECT_EQ(addresses_of(&f, 1, &a[i]), 1);
	}
	EXPECT(memcmp(a[0].addr.b + 8, a[1].addr.b + 8, 8) != 0);
	EXPECT_MEM(&a[0].addr, &a[2].addr, 16);
}

/* R-8981-1 to R-8981-5: off by default; different each time; renewed in time. */
TEST(temporary_addresses_come_and_go)
{
	struct fx f = autoconf();
	struct sampan_addr_info a;

	COVERS("R-8981-1", "R-8981-2", "R-8981-3", "R-8981-5", "5-D19");
	router_says(&f, .net = 1, .valid_s = UINT32_MAX, .preferred_s = UINT32_MAX);
	EXPECT_EQ(addresses_of(&f, 1, &a), 1);
	EXPECT_EQ(sampan_set(f.s, "net.ipv6.conf.default.use_tempaddr", 2), 0);
	router_says(&f, .net = 2, .valid_s = UINT32_MAX, .preferred_s = UINT32_MAX);
	EXPECT_EQ(addresses_of(&f, 2, &a), 2);
	fx_pass_time(&f, SAMPAN_SEC(86400 - 1));
	EXPECT_EQ(addresses_of(&f, 2, &a), 3);
	fx_pass_time(&f, SAMPAN_SEC(3 * 86400));
	EXPECT(addresses_of(&f, 2, &a) >= 2 && addresses_of(&f, 2, &a) <= 5);
}

/* R-4861-26, R-4861-5: redirects are not heard by default. */
TEST(redirects_are_off_by_default)
{
	const struct sampan_addr far = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	uint8_t p[40] = { ICMP6_REDIRECT, [8] = 0xfe, [9] = 0x80, [23] = 0xbb };
	struct fx f = autoconf();
	struct sp_path path;

	COVERS("R-4861-26", "R-4861-5");
	router_says(&f, .net = 1);
	memcpy(p + 24, far.b, 16);
	expect_dropped(&f, make_icmp(router, fx_local(), p, 40), SAMPAN_DROP_ICMP_REDIRECT);
	EXPECT_EQ(sampan_set(f.s, "net.ipv6.conf.default.accept_redirects", 1), 0);
	expect_dropped(&f, make_icmp(fx_peer(), fx_local(), p, 40), SAMPAN_DROP_ICMP_REDIRECT);
	fx_input(&f, frame, make_icmp(router, fx_local(), p, 40));
	EXPECT(sp_route_find(f.s, &far, &path));
	EXPECT_EQ(path.next_hop.b[15], 0xbb);
}

/* An advertisement with one option. */
static void
router_adds(struct fx *f, const uint8_t *option, size_t len)
{
	uint8_t p[NDP_RA_LEN + 64] = { ICMP6_ROUTER_ADVERT, 0, 0, 0, 33, 0, 7, 8 };

	memcpy(p + NDP_RA_LEN, option, len);
	fx_input(f, frame, make_icmp(router, group(2, 1), p, (uint32_t)(NDP_RA_LEN + len)));
}

/* R-8200-20, R-V-39: RFC 8106; lengths that cannot be bring nothing. */
TEST(router_brings_name_servers_and_domains)
{
	uint8_t servers[40] = { NDP_OPT_RDNSS, 5, 0, 0, 0, 0, 0, 60, 0x20, 1, [23] = 0x53,
		0xfe, 0x80, [39] = 0x54 };
	uint8_t domains[24] = { NDP_OPT_DNSSL, 3, 0, 0, 0, 0, 0, 60, 3, 'o', 'n', 'e', 1, 'x', 0,
		3, 't', 'w', 'o', 0 };
	struct sampan_sockaddr server;
	char text[SAMPAN_DOMAIN_TEXT];
	struct fx f = autoconf();

	COVERS("R-8200-20", "R-V-39");
	servers[1] = 4;			/* one and a half */
	router_adds(&f, servers, 32);
	EXPECT_EQ(sampan_name_server_get(f.s, 0, &server), SAMPAN_ENOENT);
	servers[1] = 5;
	router_adds(&f, servers, 40);
	EXPECT_EQ(sampan_name_server_get(f.s, 0, &server), 0);
	EXPECT_EQ(server.addr.b[15], 0x53);
	EXPECT_EQ(sampan_name_server_get(f.s, 1, &server), 0);
	EXPECT_EQ(server.link, f.link);
	EXPECT_EQ(server.addr.b[3], 0);
	router_adds(&f, domains, 24);
	EXPECT_EQ(sampan_search_domain_get(f.s, 0, text), 0);
	EXPECT_STR(text, "one.x");
	EXPECT_EQ(sampan_search_domain_get(f.s, 1, text), 0);
	EXPECT_STR(text, "two");
	servers[7] = 0;			/* no longer */
	router_adds(&f, servers, 40);
	EXPECT_EQ(sampan_name_server_get(f.s, 0, &server), SAMPAN_ENOENT);
	f.now += SAMPAN_SEC(61);
	sampan_advance(f.s, f.now);
	EXPECT_EQ(sampan_search_domain_get(f.s, 0, text), SAMPAN_ENOENT);
}
