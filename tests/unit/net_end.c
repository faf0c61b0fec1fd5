/*
 * net_end.c - local ends of both families: whose packets a socket takes, who stands in
 * whose way, and addresses that need a link.  RFC 3493 §3.7, §5.3, RFC 4007 §6.
 */
#include <stdlib.h>

#include <sampan/address.h>
#include <sampan/option.h>

#include "lib/fx_udp.h"
#include "lib/stack_check.h"

#define PORT 8080

/* What a socket can be bound to, and which packets it then takes: 1: to 10.0.0.1, 2: to
 * another IPv4 address of ours, 4: to fd00::1, 8: to another IPv6 one. */
enum { DUAL, ONLY6, ONLY4, ONE4, ONE6, KINDS };
static const unsigned takes[KINDS] = { 15, 12, 3, 1, 4 };

static struct sampan_addr
one6(void)
{
	return (struct sampan_addr){ { 0xfd, [15] = 1 } };
}

static struct sampan_addr
peer6(void)
{
	return (struct sampan_addr){ { 0xfd, [15] = 2 } };
}

/* A stack with addresses of both families, without sockets. */
static struct fx
both_families(void)
{
	struct fx f = fx_udp_begin();
	const struct sampan_addr v4 = sampan_addr_v4(10, 0, 0, 1), v6 = one6();

	if (fx_is_v6())
		EXPECT_EQ(sampan_addr_add(f.s, f.link, &v4, 24), 0);
	else
		EXPECT_EQ(sampan_addr_add(f.s, f.link, &v6, 64), 0);
	fx_drop(&f);
	return f;
}

static int
bind_kind(struct fx *f, sampan_handle h, unsigned kind, uint16_t port)
{
	struct sampan_sockaddr end = { .port = port };

	if (kind == ONLY4)
		end.addr = sampan_addr_v4(0, 0, 0, 0);
	else if (kind == ONE4)
		end.addr = sampan_addr_v4(10, 0, 0, 1);
	else if (kind == ONE6)
		end.addr = one6();
	EXPECT_EQ(sampan_setopt(f->s, h, SAMPAN_OPT_V6ONLY, kind == ONLY6), 0);
	return sampan_bind(f->s, h, &end);
}

static sampan_handle
make(struct fx *f, enum sampan_type type)
{
	sampan_handle h = 0;

	EXPECT_EQ(sampan_socket(f->s, type, &h), 0);
	return h;
}

/* ---- Who stands in whose way ---- */

static void
expect_pair(enum sampan_type type, unsigned a, unsigned b)
{
	struct fx f = both_families();
	const sampan_handle first = make(&f, type), second = make(&f, type);
	const int want = (takes[a] & takes[b]) != 0 ? SAMPAN_EADDRINUSE : 0;

	EXPECT_EQ(bind_kind(&f, first, a, PORT), 0);
	EXPECT_EQ(bind_kind(&f, second, b, PORT), want);
	if (want == 0)
		EXPECT_EQ(bind_kind(&f, make(&f, type), DUAL, PORT), SAMPAN_EADDRINUSE);
	EXPECT_SOUND(f.s);
}

/* R-MISC-13: two meet if some packet could be for both, and only then. */
TEST(bind_second_of_another_kind_is_refused_where_they_share_packets)
{
	COVERS("R-MISC-13");
	for (unsigned i = 0; i < KINDS * KINDS; i++) {
		expect_pair(SAMPAN_STREAM, i / KINDS, i % KINDS);
		expect_pair(SAMPAN_DGRAM, i / KINDS, i % KINDS);
	}
}

/* The same port, chosen by the stack, of two that share nothing. */
TEST(bind_port_zero_avoids_only_whom_it_meets)
{
	struct fx f = both_families();
	const sampan_handle a = make(&f, SAMPAN_STREAM), b = make(&f, SAMPAN_STREAM);

	EXPECT_EQ(sampan_set(f.s, "net.ipv4.ip_local_port_first", 50000), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.ip_local_port_last", 50000), 0);
	EXPECT_EQ(bind_kind(&f, a, ONLY6, 0), 0);
	EXPECT_EQ(bind_kind(&f, make(&f, SAMPAN_STREAM), DUAL, 0), SAMPAN_EADDRINUSE);
	EXPECT_EQ(bind_kind(&f, b, ONLY4, 0), 0);
	EXPECT_EQ(bind_kind(&f, make(&f, SAMPAN_DGRAM), ONE6, 0), 0);
	EXPECT_EQ(bind_kind(&f, make(&f, SAMPAN_DGRAM), ONLY6, 0), SAMPAN_EADDRINUSE);
	EXPECT_EQ(bind_kind(&f, make(&f, SAMPAN_DGRAM), ONLY4, 0), 0);
}

/* ---- The option ---- */

TEST(v6only_is_set_before_bind_and_begins_with_the_setting)
{
	static const enum sampan_type types[] = { SAMPAN_STREAM, SAMPAN_DGRAM };
	struct fx f = both_families();
	struct sampan_status st;
	int64_t value = -1;

	COVERS("R-MISC-13");
	for (unsigned i = 0; i < 4; i++) {
		sampan_handle h;

		EXPECT_EQ(sampan_set(f.s, "net.ipv6.bindv6only", i / 2), 0);
		h = make(&f, types[i % 2]);
		EXPECT_EQ(sampan_getopt(f.s, h, SAMPAN_OPT_V6ONLY, &value), 0);
		EXPECT_EQ(value, i / 2);
		EXPECT_EQ(bind_kind(&f, h, ONLY6, (uint16_t)(PORT + i)), 0);
		EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_V6ONLY, 0), SAMPAN_EINVAL);
		EXPECT_EQ(sampan_getopt(f.s, h, SAMPAN_OPT_V6ONLY, &value), 0);
		EXPECT_EQ(value, 1);
		EXPECT_EQ(sampan_status(f.s, h, &st), 0);
		EXPECT(st.v6only);
	}
}

/* As Linux: such a socket has nothing to do with IPv4, one bound to IPv4 nothing with IPv6. */
TEST(v6only_socket_refuses_ipv4)
{
	static const enum sampan_type types[] = { SAMPAN_STREAM, SAMPAN_DGRAM };
	const struct sampan_sockaddr v4 = { sampan_addr_v4(10, 0, 0, 2), 7, 0 };
	const struct sampan_sockaddr v6 = { peer6(), 7, 0 };
	struct fx f = both_families();
	struct sampan_sockaddr own = { sampan_addr_v4(10, 0, 0, 1), PORT, 0 };

	for (unsigned i = 0; i < 2; i++) {
		sampan_handle h = make(&f, types[i]);

		EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_V6ONLY, 1), 0);
		EXPECT_EQ(sampan_bind(f.s, h, &own), SAMPAN_EINVAL);
		EXPECT_EQ(sampan_connect(f.s, h, &v4), SAMPAN_ENETUNREACH);
		EXPECT_EQ(sampan_connect(f.s, h, &v6), i == 0 ? SAMPAN_EINPROGRESS : 0);
		h = make(&f, types[i]);
		EXPECT_EQ(bind_kind(&f, h, ONLY4, PORT), 0);
		EXPECT_EQ(sampan_connect(f.s, h, &v6), SAMPAN_EINVAL);
		EXPECT_EQ(sampan_connect(f.s, h, &v4), i == 0 ? SAMPAN_EINPROGRESS : 0);
		h = make(&f, types[i]);
		EXPECT_EQ(bind_kind(&f, h, ONE6, PORT + 1), 0);
		EXPECT_EQ(sampan_connect(f.s, h, &v4), SAMPAN_EINVAL);
	}
}

TEST(v6only_datagram_socket_sends_to_ipv6_only)
{
	const struct sampan_sockaddr v4 = { sampan_addr_v4(10, 0, 0, 2), 7, 0 };
	const struct sampan_sockaddr v6 = { peer6(), 7, 0 };
	struct fx f = both_families();
	const sampan_handle only6 = make(&f, SAMPAN_DGRAM), only4 = make(&f, SAMPAN_DGRAM);

	EXPECT_EQ(bind_kind(&f, only6, ONLY6, PORT), 0);
	EXPECT_EQ(bind_kind(&f, only4, ONLY4, PORT), 0);
	EXPECT_EQ(sampan_sendto(f.s, only6, "x", 1, &v4), SAMPAN_ENETUNREACH);
	EXPECT_EQ(sampan_sendto(f.s, only6, "x", 1, &v6), 1);
	EXPECT_EQ(sampan_sendto(f.s, only4, "x", 1, &v6), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_sendto(f.s, only4, "x", 1, &v4), 1);
}

/* ---- Whose packets ---- */

static void
send_both(struct fx *f)
{
	datagram_comes(f, .dst_port = PORT, .src = sampan_addr_v4(10, 0, 0, 2),
	    .dst = sampan_addr_v4(10, 0, 0, 1), .len = 4);
	datagram_comes(f, .dst_port = PORT, .src = peer6(), .dst = one6(), .len = 6);
}

TEST(datagrams_go_to_who_takes_their_family)
{
	for (unsigned kind = 0; kind < KINDS; kind++) {
		struct fx f = both_families();
		const sampan_handle h = make(&f, SAMPAN_DGRAM);

		COVERS("R-MISC-13");
		EXPECT_EQ(bind_kind(&f, h, kind, PORT), 0);
		send_both(&f);
		if ((takes[kind] & 1) != 0)
			fx_udp_reads(&f, h, 4);
		if ((takes[kind] & 4) != 0)
			fx_udp_reads(&f, h, 6);
		fx_udp_reads(&f, h, FX_ANY);
	}
}

/* Of several the most exact: an address, then any of the family, then any. */
TEST(datagrams_go_to_the_most_exact)
{
	static const struct {
		unsigned a, b;
		int64_t to_a;	/* bytes of what a gets; b gets the other, or both */
	} row[] = { { ONLY4, DUAL, 4 }, { ONLY6, ONLY4, 6 }, { ONE4, DUAL, 4 }, { ONE6, DUAL, 6 },
		{ ONE4, ONLY4, 4 }, { ONE6, ONLY6, 6 } };

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct fx f = both_families();
		const sampan_handle a = make(&f, SAMPAN_DGRAM), b = make(&f, SAMPAN_DGRAM);

		EXPECT_EQ(sampan_setopt(f.s, a, SAMPAN_OPT_REUSEADDR, 1), 0);
		EXPECT_EQ(sampan_setopt(f.s, b, SAMPAN_OPT_REUSEADDR, 1), 0);
		EXPECT_EQ(bind_kind(&f, b, row[i].b, PORT), 0);
		EXPECT_EQ(bind_kind(&f, a, row[i].a, PORT), 0);
		send_both(&f);
		fx_udp_reads(&f, a, row[i].to_a);
		fx_udp_reads(&f, a, FX_ANY);
		if ((takes[row[i].b] & (row[i].to_a == 4 ? 4 : 1)) != 0)
			fx_udp_reads(&f, b, 10 - row[i].to_a);
		fx_udp_reads(&f, b, FX_ANY);
		EXPECT_EQ(sampan_close(f.s, a), 0);
		EXPECT_EQ(sampan_close(f.s, b), 0);
		fx_drop(&f);
		EXPECT(stack_left(f.s) == NULL);
	}
}

/* One listener; is a SYN of that family taken?  The peer speaks the fixture's family. */
static bool
takes_syn(unsigned kind, bool v6)
{
	struct fx f = both_families();
	const sampan_handle h = make(&f, SAMPAN_STREAM);
	const bool was_v6 = fx_is_v6();
	struct sampan_stats stats;

	EXPECT_EQ(bind_kind(&f, h, kind, FX_LOCAL_PORT), 0);
	EXPECT_EQ(sampan_listen(f.s, h, 8), 0);
	EXPECT_EQ(setenv("SAMPAN_FAMILY", v6 ? "6" : "4", 1), 0);
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .port = 777, .mss = 1460, .refused = true);
	EXPECT_EQ(setenv("SAMPAN_FAMILY", was_v6 ? "6" : "4", 1), 0);
	sampan_stats(f.s, &stats);
	EXPECT_SOUND(f.s);
	return stats.half_open == 1;
}

TEST(listeners_take_connections_of_their_family)
{
	COVERS("R-MISC-13");
	for (unsigned kind = 0; kind < KINDS; kind++) {
		EXPECT_EQ(takes_syn(kind, false), (takes[kind] & 1) != 0);
		EXPECT_EQ(takes_syn(kind, true), (takes[kind] & 4) != 0);
	}
}

/* A group of listeners (SO_REUSEPORT) of which some do not take IPv4. */
TEST(datagrams_of_ipv4_pass_v6only_members_of_a_group)
{
	struct fx f = both_families();
	sampan_handle h[4];

	for (unsigned i = 0; i < 4; i++) {
		h[i] = make(&f, SAMPAN_DGRAM);
		EXPECT_EQ(sampan_setopt(f.s, h[i], SAMPAN_OPT_REUSEPORT, 1), 0);
		EXPECT_EQ(bind_kind(&f, h[i], i == 2 ? DUAL : ONLY6, PORT), 0);
	}
	for (uint16_t i = 0; i < 40; i++)
		datagram_comes(&f, .src_port = (uint16_t)(1000 + i), .dst_port = PORT,
		    .src = sampan_addr_v4(10, 0, 0, 2), .dst = sampan_addr_v4(10, 0, 0, 1));
	for (unsigned i = 0; i < 40; i++)
		fx_udp_reads(&f, h[2], 10);
	fx_udp_reads(&f, h[0], FX_ANY);
}

/* ---- Addresses that need a link ---- */

static struct sampan_addr
own_link_local(struct fx *f)
{
	struct sampan_addr_info info;

	for (unsigned i = 0; sampan_addr_get(f->s, i, &info) == 0; i++)
		if (info.addr.b[0] == 0xfe && info.addr.b[1] == 0x80)
			return info.addr;
	EXPECT(!"there is one");
	return (struct sampan_addr){ { 0 } };
}

/* RFC 4007 §6 (R-MISC-13): without its link, or with one that there is not, it means
 * nothing.  257 is not 1. */
TEST(link_local_peer_needs_its_link)
{
	static const uint16_t wrong[] = { 0, 2, 15, 16, 257, 65535 };
	struct sampan_sockaddr peer = { { { 0xfe, 0x80, [15] = 2 } }, 7, 0 };
	struct fx f = both_families();

	COVERS("R-MISC-13");
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		peer.link = wrong[i];
		EXPECT_EQ(sampan_connect(f.s, make(&f, SAMPAN_STREAM), &peer), SAMPAN_EINVAL);
		EXPECT_EQ(sampan_connect(f.s, make(&f, SAMPAN_DGRAM), &peer), SAMPAN_EINVAL);
		EXPECT_EQ(sampan_sendto(f.s, make(&f, SAMPAN_DGRAM), "x", 1, &peer), SAMPAN_EINVAL);
	}
	peer.link = (uint16_t)f.link;
	EXPECT_EQ(sampan_connect(f.s, make(&f, SAMPAN_STREAM), &peer), SAMPAN_EINPROGRESS);
	EXPECT_EQ(sampan_connect(f.s, make(&f, SAMPAN_DGRAM), &peer), 0);
	EXPECT_EQ(sampan_sendto(f.s, make(&f, SAMPAN_DGRAM), "x", 1, &peer), 1);
}

/* Whoever is bound to a link-local address has said which link. */
TEST(link_local_bind_needs_its_link_and_gives_it_to_the_peer)
{
	static const enum sampan_type types[] = { SAMPAN_STREAM, SAMPAN_DGRAM };
	struct fx f = both_families();
	struct sampan_sockaddr own = { own_link_local(&f), PORT, 0 };
	const struct sampan_sockaddr peer = { { { 0xfe, 0x80, [15] = 2 } }, 7, 0 };
	struct sampan_status st;

	COVERS("R-MISC-13");
	for (unsigned i = 0; i < 2; i++) {
		const sampan_handle h = make(&f, types[i]);

		own.link = 0;
		EXPECT_EQ(sampan_bind(f.s, h, &own), SAMPAN_EINVAL);
		own.link = 257;
		EXPECT_EQ(sampan_bind(f.s, h, &own), SAMPAN_EINVAL);
		own.link = (uint16_t)f.link;
		EXPECT_EQ(sampan_bind(f.s, h, &own), 0);
		if (i == 1)
			EXPECT_EQ(sampan_sendto(f.s, h, "x", 1, &peer), 1);
		EXPECT_EQ(sampan_connect(f.s, h, &peer), i == 0 ? SAMPAN_EINPROGRESS : 0);
		EXPECT_EQ(sampan_status(f.s, h, &st), 0);
		EXPECT_EQ(st.local.link, f.link);
		EXPECT_EQ(st.peer.link, f.link);
	}
}

/* Two links have neighbours of the same name. */
TEST(link_local_peer_of_another_link_than_the_own_address_is_refused)
{
	struct fx f = both_families();
	const struct sampan_link_config config = { .size = sizeof(config), .mtu_bytes = 1500,
		.mac = { 2, 0, 0, 0, 0, 9 }, .name = "second" };
	const struct sampan_addr v6 = { { 0xfd, [7] = 9, [15] = 1 } };
	const struct sampan_sockaddr own = { own_link_local(&f), PORT, (uint16_t)f.link };
	struct sampan_sockaddr peer = { { { 0xfe, 0x80, [15] = 2 } }, 7, 0 };
	const sampan_handle h = make(&f, SAMPAN_DGRAM);
	const int second = sampan_link_add(f.s, &config);

	EXPECT(second > 0);
	EXPECT_EQ(sampan_addr_add(f.s, second, &v6, 64), 0);
	EXPECT_EQ(sampan_bind(f.s, h, &own), 0);
	peer.link = (uint16_t)second;
	EXPECT_EQ(sampan_sendto(f.s, h, "x", 1, &peer), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_connect(f.s, h, &peer), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_sendto(f.s, make(&f, SAMPAN_DGRAM), "x", 1, &peer), 1);
}
