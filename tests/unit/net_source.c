/*
 * net_source.c - which address to speak from, which way to go: RFC 6724, routes.
 */
#include <stdlib.h>

#include <sampan/address.h>

#include "lib/fx.h"
#include "net/ip.h"
#include "net/stack.h"

__attribute__((constructor)) static void
over_ip6(void)
{
	(void)setenv("SAMPAN_FAMILY", "6", 1);
}

static struct sampan_addr
addr(const char *text)
{
	struct sampan_addr a;

	EXPECT(sampan_addr_read(&a, text) > 0);
	return a;
}

/* Two links: fd00::/64 on the first, and what the test adds. */
static struct fx
host(void)
{
	const struct sampan_link_config config = { .size = sizeof(config), .mtu_bytes = 1500,
		.mac = { 2, 0, 0, 0, 1, 1 }, .name = "other" };
	struct fx f = fx_listen();

	EXPECT_EQ(sampan_link_add(f.s, &config), 2);
	return f;
}

static void
has(struct fx *f, int link, const char *text, unsigned bits)
{
	const struct sampan_addr a = addr(text);

	EXPECT_EQ(sampan_addr_add(f->s, link, &a, bits), 0);
}

/* All go over the first link. */
static void
route(struct fx *f, const char *dst, unsigned bits, const char *gateway, uint32_t metric)
{
	const struct sampan_route r = { .size = sizeof(r), .dst = addr(dst), .prefix_bits = bits,
		.gateway = addr(gateway), .link = 1, .metric = metric };

	EXPECT_EQ(sampan_route_set(f->s, &r), 0);
}

static void
expect_source(struct fx *f, const char *dst, const char *want)
{
	const struct sampan_addr to = addr(dst), from = addr(want);
	struct sampan_addr src;

	EXPECT(sp_source_find(f->s, &to, &src));
	src = sp_addr_wire(src);
	EXPECT_MEM(&src, &from, 16);
}

/* R-6724-1, R-6724-2, R-6724-3: rule by rule. */
TEST(source_is_chosen_by_the_rules)
{
	struct fx f = host();

	COVERS("R-6724-1", "R-6724-2", "R-6724-3", "R-4861-32");
	has(&f, 1, "2001:db8:1::1", 64);
	has(&f, 1, "2001:db8:2::1", 64);
	has(&f, 1, "2002:c000:201::1", 64);
	has(&f, 2, "2001:db8:3::1", 64);
	route(&f, "::", 0, "2001:db8:1::9", 0);
	expect_source(&f, "2001:db8:2::7", "2001:db8:2::1");	/* 8: longest prefix */
	expect_source(&f, "2001:db8:9::7", "2001:db8:1::1");	/* 5.5: the router's prefix */
	expect_source(&f, "2001:db8:3::7", "2001:db8:3::1");	/* 5: outgoing link */
	expect_source(&f, "fd00::7", "fd00::1");
	route(&f, "2002::", 16, "fe80::9", 0);
	expect_source(&f, "2002:c000:202::7", "2002:c000:201::1");	/* 6: label */
	f.s->addr[0].state = SP_ADDR_DEPRECATED;
	expect_source(&f, "fd00::7", "2001:db8:1::1");		/* 3: not a deprecated one */
}

/* R-8200-17, R-4861-31: a link-local address is of a link, and stays there. */
TEST(link_local_addresses_have_a_zone)
{
	const struct sampan_addr peer = addr("fe80::5");
	struct sampan_addr one = sp_addr_scoped(peer, 1), two = sp_addr_scoped(peer, 2);
	struct fx f = host();
	struct sp_path path;

	COVERS("R-8200-17", "R-4861-31");
	has(&f, 2, "fd01::1", 64);
	route(&f, "::", 0, "fd00::9", 0);
	EXPECT(!sp_addr_equal(&one, &two));
	EXPECT(sp_route_find(f.s, &one, &path) && path.link == 1);
	EXPECT(sp_route_find(f.s, &two, &path) && path.link == 2);
	EXPECT(!sp_route_find(f.s, &peer, &path));
	one = sp_addr_wire(one);
	EXPECT_MEM(&one, &peer, 16);
}

/* Longest prefix, then metric; ::/0 is not for IPv4. */
TEST(route_is_chosen_by_prefix_and_metric)
{
	const struct sampan_addr v4 = sampan_addr_v4(192, 0, 2, 1);
	const struct sampan_addr far = addr("2001:db8::1"), near = addr("2001:db8:1::1");
	struct fx f = host();
	struct sp_path path;

	COVERS("R-IP4-15");
	route(&f, "::", 0, "fd00::a", 20);
	route(&f, "::", 0, "fd00::b", 10);
	route(&f, "2001:db8:1::", 48, "fd00::c", 99);
	EXPECT(sp_route_find(f.s, &far, &path) && path.next_hop.b[15] == 0xb);
	EXPECT(sp_route_find(f.s, &near, &path) && path.next_hop.b[15] == 0xc);
	EXPECT(!sp_route_find(f.s, &v4, &path));
}

/* R-IP4-16, R-4861-23: a gateway that does not answer is left for another, and
 * tried again later. */
TEST(route_leaves_a_dead_gateway)
{
	const struct sampan_addr far = addr("2001:db8::1"), gateway = addr("fd00::a");
	struct fx f = host();
	struct sp_path path;

	COVERS("R-IP4-16", "R-4861-23");
	route(&f, "::", 0, "fd00::a", 10);
	route(&f, "::", 0, "fd00::b", 20);
	EXPECT(sp_route_find(f.s, &far, &path) && path.next_hop.b[15] == 0xa);
	sp_route_gateway_dead(f.s, 1, &gateway);
	EXPECT(sp_route_find(f.s, &far, &path) && path.next_hop.b[15] == 0xb);
	fx_pass_time(&f, SAMPAN_SEC(61));
	EXPECT(sp_route_find(f.s, &far, &path) && path.next_hop.b[15] == 0xa);
}

/* R-6724-4, R-6724-5: what can be reached first, then by scope, label, precedence. */
TEST(destinations_are_sorted)
{
	struct sampan_addr to[4] = { addr("3ffe::1"), sampan_addr_v4(192, 0, 2, 1),
		addr("2001:db8::1"), addr("fd00::5") };
	struct fx f = host();

	COVERS("R-6724-4", "R-6724-5");
	has(&f, 1, "2001:db8:1::1", 64);
	route(&f, "::", 0, "fe80::a", 0);
	sampan_sort_destinations(f.s, to, 4);
	EXPECT_EQ(to[0].b[0], 0x20);
	EXPECT_EQ(to[1].b[0], 0xfd);
	EXPECT_EQ(to[2].b[0], 0x3f);
	EXPECT_EQ(to[3].b[12], 192);
}

/* R-8200-18: the same for a flow, SYN-ACK and reset too; another for another. */
TEST(flow_label_is_the_flows)
{
	struct sp_flow flow = { .remote = fx_peer(), .local = fx_local(), .remote_port = 1,
		.local_port = 2 };
	struct fx f = host();
	const uint32_t label = sp_ip_flow_label(f.s, &flow);
	unsigned same = 0;

	COVERS("R-8200-18", "R-V-30");
	EXPECT_EQ(sp_ip_flow_label(f.s, &flow), label);
	EXPECT(label <= 0xfffff);
	for (uint16_t port = 2; port < 1002; port++) {
		flow.remote_port = port;
		same += sp_ip_flow_label(f.s, &flow) == label;
	}
	EXPECT(same <= 1);
	EXPECT_EQ(sampan_set(f.s, "net.ipv6.auto_flowlabels", 0), 0);
	EXPECT_EQ(sp_ip_flow_label(f.s, &flow), 0);
}

/* R-8200-9: no IPv6 where its least packet does not fit. */
TEST(narrow_link_takes_no_ip6)
{
	const struct sampan_link_config config = { .size = sizeof(config), .mtu_bytes = 1279,
		.mac = { 2, 0, 0, 0, 1, 2 }, .name = "narrow" };
	const struct sampan_addr a = addr("fd05::1");
	struct fx f = host();
	const int link = sampan_link_add(f.s, &config);

	COVERS("R-8200-9");
	EXPECT_EQ(sampan_addr_add(f.s, link, &a, 64), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_autoconf(f.s, link), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_addr_add(f.s, 2, &a, 64), 0);
}
