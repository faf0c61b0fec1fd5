/*
 * multicast.c - where what is sent to groups goes, and how far.  RFC 1112 §6.1, RFC 3493 §5.2.
 */
#include <sampan/option.h>

#include "lib/fx_udp.h"
#include "wire/bytes.h"

static struct sampan_sockaddr
group(void)
{
	struct sampan_sockaddr to = { sampan_addr_v4(239, 1, 2, 3), 7, 0 };

	if (fx_is_v6())
		to.addr = (struct sampan_addr){ { 0xff, 0x0e, [15] = 9 } };
	return to;
}

/* A second link with an address, under which nothing is routed but its own network. */
static int
second_link(struct fx *f)
{
	const struct sampan_link_config config = { .size = sizeof(config), .mtu_bytes = 1500,
		.mac = { 2, 0, 0, 0, 0, 9 }, .name = "second" };
	const struct sampan_addr addr = fx_addr(9, 1);
	const int link = sampan_link_add(f->s, &config);

	EXPECT(link > 0);
	EXPECT_EQ(sampan_addr_add(f->s, link, &addr, FX_NET_BITS), 0);
	return link;
}

/* The hop limit of the next packet to UDP's groups that leaves by the link; 0: none does. */
static unsigned
next_ttl(struct fx *f, int link)
{
	const unsigned next_at = 14 + (fx_is_v6() ? 6 : 9), ttl_at = 14 + (fx_is_v6() ? 7 : 8);
	struct sampan_frame out;

	while (sampan_output(f->s, link, &out, 1, f->now) == 1) {
		const bool udp = out.head[next_at] == 17;
		const unsigned ttl = out.head[ttl_at];

		sampan_sent(f->s, &out, 1);
		if (udp)
			return ttl;
	}
	return 0;
}

TEST(group_datagram_leaves_by_the_link_that_is_set)
{
	struct fx f = fx_udp_begin();
	const int second = second_link(&f);
	const sampan_handle h = fx_udp_socket(&f, 5000);
	struct sampan_sockaddr to = group();
	int64_t value;

	EXPECT_EQ(sampan_getopt(f.s, h, SAMPAN_OPT_MULTICAST_IF, &value), 0);
	EXPECT_EQ(value, 0);
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_MULTICAST_IF, second), 0);
	EXPECT_EQ(sampan_getopt(f.s, h, SAMPAN_OPT_MULTICAST_IF, &value), 0);
	EXPECT_EQ(value, second);
	EXPECT_EQ(sampan_sendto(f.s, h, "x", 1, &to), 1);
	EXPECT_EQ(next_ttl(&f, f.link), 0);
	EXPECT_EQ(next_ttl(&f, second), 1);
	to.link = (uint16_t)f.link;	/* who names one knows better */
	EXPECT_EQ(sampan_sendto(f.s, h, "x", 1, &to), 1);
	EXPECT_EQ(next_ttl(&f, f.link), 1);
	EXPECT_EQ(next_ttl(&f, second), 0);
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_MULTICAST_IF, 0), 0);
}

TEST(group_options_have_bounds)
{
	static const int64_t links[] = { -1, 5, 15, 16, 257 }, hops[] = { -2, 0, 256 };
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, 5000);
	int64_t value;

	for (unsigned i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_MULTICAST_IF, links[i]), SAMPAN_ERANGE);
	for (unsigned i = 0; i < sizeof(hops) / sizeof(hops[0]); i++)
		EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_MULTICAST_TTL, hops[i]), SAMPAN_ERANGE);
	EXPECT_EQ(sampan_getopt(f.s, h, SAMPAN_OPT_MULTICAST_TTL, &value), 0);
	EXPECT_EQ(value, 1);
}

/* One socket speaks to hosts and to groups, each with its own reach. */
TEST(group_datagram_has_a_hop_limit_of_its_own)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, 5000);
	const struct sampan_sockaddr to = group(), host = { fx_peer(), 7, 0 };
	const struct sampan_datagram said = { .peer = to, .ttl = 99 };

	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_MULTICAST_TTL, 5), 0);
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_TTL, 77), 0);
	EXPECT_EQ(sampan_sendto(f.s, h, "x", 1, &to), 1);
	EXPECT_EQ(next_ttl(&f, f.link), 5);
	EXPECT_EQ(sampan_sendto(f.s, h, "x", 1, &host), 1);
	EXPECT_EQ(next_ttl(&f, f.link), 77);
	EXPECT_EQ(sampan_sendmsg(f.s, h, "x", 1, &said), 1);
	EXPECT_EQ(next_ttl(&f, f.link), 99);
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_MULTICAST_TTL, -1), 0);
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_TTL, -1), 0);
	EXPECT_EQ(sampan_sendto(f.s, h, "x", 1, &to), 1);
	EXPECT_EQ(next_ttl(&f, f.link), 1);
}
