/*
 * net_path4.c - which way for IPv4: redirects, the way back of what arrives, addresses
 * that are nobody's.  RFC 1122 §3.2.1.3, §3.2.2.2, §3.3.1; RFC 3704.
 */
#include <sampan/address.h>

#include "lib/fx.h"
#include "net/stack.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"

#define FAR_V4 0xc6336401u	/* 198.51.100.1 */
#define GATEWAY_V4 0x0a0000feu
#define BETTER_V4 0x0a0000fdu
#define STRANGER_V4 0x0a0000fcu
#define L4 (ETH_HDR_LEN + IP4_HDR_LEN)

static struct sampan_addr
v4(uint32_t a)
{
	return sp_addr_of_v4(a);
}

/* A host with a default gateway, and another one for another net. */
static struct fx
host(bool accept, bool secure)
{
	const struct sampan_addr everybody = sampan_addr_v4(0, 0, 0, 0), gateway = v4(GATEWAY_V4);
	const struct sampan_addr elsewhere = sampan_addr_v4(203, 0, 113, 0), better = v4(BETTER_V4);
	struct fx f = fx_listen();

	EXPECT_EQ(sampan_route_add(f.s, f.link, &everybody, 0, &gateway), 0);
	EXPECT_EQ(sampan_route_add(f.s, f.link, &elsewhere, 24, &better), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.conf.all.accept_redirects", accept), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.conf.all.secure_redirects", secure), 0);
	return f;
}

/* What a redirect says: from whom, about which packet, to which gateway. */
struct redirect {
	uint32_t from, src, dst, gateway;
	uint8_t code;
	bool broadcast;
};

static void
send_redirect(struct fx *f, struct redirect r)
{
	const struct ip4_hdr ip = { .total_len = IP4_HDR_LEN + 36, .ttl = 64,
		.proto = IP_PROTO_ICMP, .src = r.from, .dst = FX_LOCAL_V4 };
	const struct ip4_hdr quoted = { .total_len = 40, .ttl = 63, .proto = IP_PROTO_TCP,
		.src = r.src, .dst = r.dst };
	uint8_t p[L4 + 36] = { 0 };

	memcpy(p, f->s->link[f->link].mac, 6);
	if (r.broadcast)
		memset(p, 0xff, 6);
	memcpy(p + 6, "\2\0\0\0\0\7", 6);
	be16_put(p + 12, ETH_TYPE_IP4);
	ip4_emit(p + ETH_HDR_LEN, &ip);
	icmp4_emit(p + L4, &(struct icmp4_hdr){ ICMP4_REDIRECT, r.code, r.gateway });
	ip4_emit(p + L4 + 8, &quoted);
	be16_put(p + L4 + 2, (uint16_t)~frame_sum(p + L4, 36, 0));
	fx_input(f, p, sizeof(p));
}

#define redirect_comes(f, ...) \
	send_redirect(f, (struct redirect){ .from = GATEWAY_V4, .src = FX_LOCAL_V4, \
	    .dst = FAR_V4, .gateway = BETTER_V4, .code = 1, __VA_ARGS__ })

/* The next hop towards a host. */
static uint32_t
hop_to(struct fx *f, uint32_t dst)
{
	const struct sampan_addr a = v4(dst);
	struct sp_path path;

	EXPECT(sp_route_find(f->s, &a, &path));
	return sp_addr_v4(&path.next_hop);
}

/* Off by default, and counted. */
TEST(redirect_is_not_obeyed_unless_allowed)
{
	struct fx f = fx_listen();
	const struct sampan_addr everybody = sampan_addr_v4(0, 0, 0, 0), gateway = v4(GATEWAY_V4);

	COVERS("R-ICMP-8", "R-V-32");
	EXPECT_EQ(sampan_route_add(f.s, f.link, &everybody, 0, &gateway), 0);
	redirect_comes(&f, .code = 1);
	EXPECT_EQ(hop_to(&f, FAR_V4), GATEWAY_V4);
	expect_count(&f, DROP_ICMP_REDIRECT, 1);
}

/* For that host only, for ten minutes; one for a network is one for the host. */
TEST(redirect_is_obeyed_for_its_destination)
{
	COVERS("R-ICMP-8", "R-IP4-16");
	COVERS("R-IP4-17");
	for (uint8_t code = 0; code <= 3; code++) {
		struct fx f = host(true, true);

		redirect_comes(&f, .code = code);
		EXPECT_EQ(hop_to(&f, FAR_V4), BETTER_V4);
		EXPECT_EQ(hop_to(&f, FAR_V4 + 1), GATEWAY_V4);
		fx_advance(&f, SAMPAN_SEC(599));
		EXPECT_EQ(hop_to(&f, FAR_V4), BETTER_V4);
		fx_advance(&f, SAMPAN_SEC(2));
		EXPECT_EQ(hop_to(&f, FAR_V4), GATEWAY_V4);
	}
}

/* A second one takes the place of the first. */
TEST(redirect_from_the_new_hop_replaces_the_first)
{
	struct fx f = host(true, false);

	COVERS("R-ICMP-8");
	redirect_comes(&f, .code = 1);
	redirect_comes(&f, .from = BETTER_V4, .gateway = STRANGER_V4);
	EXPECT_EQ(hop_to(&f, FAR_V4), STRANGER_V4);
}

/* From who is not the first hop, to whom is not on the link, or is us, or nobody;
 * about what is not ours. */
TEST(redirect_that_cannot_be_is_dropped)
{
	static const struct redirect wrong[] = {
		{ STRANGER_V4, FX_LOCAL_V4, FAR_V4, BETTER_V4, 1, false },
		{ GATEWAY_V4, FX_LOCAL_V4, FAR_V4, 0xc6336409, 1, false },
		{ GATEWAY_V4, FX_LOCAL_V4, FAR_V4, FX_LOCAL_V4, 1, false },
		{ GATEWAY_V4, FX_LOCAL_V4, FAR_V4, 0, 1, false },
		{ GATEWAY_V4, FX_LOCAL_V4, FAR_V4, 0x0a0000ff, 1, false },
		{ GATEWAY_V4, FX_LOCAL_V4, FAR_V4, 0xe0000001, 1, false },
		{ GATEWAY_V4, FX_LOCAL_V4, FX_PEER_V4, BETTER_V4, 1, false },
		{ GATEWAY_V4, 0x0a000077, FAR_V4, BETTER_V4, 1, false },
		{ GATEWAY_V4, FX_LOCAL_V4, FAR_V4, BETTER_V4, 1, true },
		{ GATEWAY_V4, FX_LOCAL_V4, FAR_V4, GATEWAY_V4 - 16, 1, false },
	};

	COVERS("R-ICMP-8", "R-V-32");
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct fx f = host(true, i == 9);	/* the last is no gateway: secure */

		send_redirect(&f, wrong[i]);
		EXPECT_EQ(hop_to(&f, FAR_V4), GATEWAY_V4);
		EXPECT_EQ(hop_to(&f, FX_PEER_V4), FX_PEER_V4);
	}
}

/* Bounded, whatever comes. */
TEST(redirects_fill_no_more_than_their_share)
{
	struct fx f = host(true, true);
	unsigned redirects = 0;

	COVERS("R-ICMP-8");
	for (uint32_t i = 0; i < 1000; i++)
		redirect_comes(&f, .dst = FAR_V4 + i);
	for (unsigned i = 0; i < SP_ROUTES_MAX && f.s->route[i].link != 0; i++)
		redirects += f.s->route[i].origin == SP_ROUTE_REDIRECT;
	EXPECT(redirects > 0 && redirects <= SP_AUTO_ROUTES_MAX);
}

/* ---- The way back ---- */

/* From the first link, with a source that is reached by: this link, the other, none. */
TEST(rp_filter_asks_for_the_way_back)
{
	static const uint32_t src[] = { FX_PEER_V4, 0x0a090002, FAR_V4 };
	static const bool passes[3][3] = { { true, true, true }, { true, false, false },
		{ true, true, false } };
	const struct sampan_link_config link = { .size = sizeof(link), .mac = { 2, 0, 0, 0, 1, 1 },
		.mtu_bytes = 1500, .name = "other" };
	const struct sampan_addr there = sampan_addr_v4(10, 9, 0, 1);

	COVERS("R-IP4-28");
	for (int64_t filter = 0; filter <= 2; filter++) {
		struct fx f = fx_listen();
		const int other = sampan_link_add(f.s, &link);

		EXPECT_EQ(sampan_addr_add(f.s, other, &there, 24), 0);
		EXPECT_EQ(sampan_set(f.s, "net.ipv4.conf.all.rp_filter", filter), 0);
		for (unsigned i = 0; i < 3; i++) {
			fx_peer_sends(&f, FX_SEG(&f, .flags = TCP_SYN, .port = (uint16_t)(7000 + i),
			    .src = src[i], .refused = true));
			fx_pump(&f);
			expect_count(&f, DROP_IP_RP_FILTER, !passes[filter][i]);
		}
	}
}

/* R-IP4-6: no host has these. */
TEST(addresses_that_are_nobodys_are_refused)
{
	static const uint32_t no[] = { 0x7f000001, 0x7fffffff, 0, 0xe0000001, 0xffffffff,
		0xf0000001 };
	struct fx f = fx_listen();

	COVERS("R-IP4-6");
	for (unsigned i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		const struct sampan_addr a = v4(no[i]);

		EXPECT_EQ(sampan_addr_add(f.s, f.link, &a, 8), SAMPAN_EINVAL);
	}
}
