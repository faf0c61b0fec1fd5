/*
 * pmtu.c - datagrams and the path MTU: what routers say, what the socket wants.
 * RFC 1191, RFC 8201, RFC 8899 §3.
 */
#include <sampan/option.h>

#include "lib/fx_udp.h"

#define HDRS (fx_is_v6() ? 48u : 28u)
#define PATH 1300u
#define LINK (fx_is_v6() ? FX_MTU + 20u : FX_MTU)

static uint8_t data[3000];

/* Sends len bytes; returns the packets that leave, none longer than most. */
static unsigned
packets(struct fx *f, sampan_handle h, size_t len, uint32_t most)
{
	struct sampan_frame fr[4];
	int n;

	EXPECT_EQ(sampan_send(f->s, h, data, len), (int64_t)len);
	n = sampan_output(f->s, f->link, fr, 4, f->now);
	for (int i = 0; i < n; i++)
		EXPECT(fr[i].len <= 14 + most);
	sampan_sent(f->s, fr, (unsigned)n);
	return (unsigned)n;
}

static int64_t
mtu_of(struct fx *f, sampan_handle h)
{
	int64_t mtu = -1;

	EXPECT_EQ(sampan_getopt(f->s, h, SAMPAN_OPT_MTU, &mtu), 0);
	return mtu;
}

/* What a router says about one socket's datagram holds for all to that peer, TCP too,
 * for ten minutes. */
TEST(too_big_holds_for_the_destination)
{
	struct fx f = fx_udp_begin();
	const sampan_handle a = fx_udp_connected(&f, 5000), b = fx_udp_connected(&f, 5001);

	COVERS("R-8201-6", "R-1191-6", "R-1191-5", "R-8899-1", "R-8899-3", "R-8201-3");
	EXPECT_EQ(packets(&f, b, 1400, LINK), 1);
	fx_udp_too_big(&f, 5000, PATH, 0);
	EXPECT_EQ(mtu_of(&f, a), PATH);
	EXPECT_EQ(mtu_of(&f, b), PATH);
	EXPECT_EQ(packets(&f, b, 1400, PATH), 2);
	fx_udp_too_big(&f, 5000, PATH + 1, 0);	/* never raised */
	EXPECT_EQ(mtu_of(&f, a), PATH);
	fx_advance(&f, SAMPAN_SEC(599));
	EXPECT_EQ(mtu_of(&f, b), PATH);
	fx_advance(&f, SAMPAN_SEC(2));
	EXPECT_EQ(mtu_of(&f, b), LINK);
}

/* A socket that is not connected believes what quotes a packet of ours: its flow label,
 * which nobody else can know. */
TEST(too_big_for_an_unconnected_socket_needs_our_label)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, 5000), other = fx_udp_connected(&f, 5001);
	const struct sampan_sockaddr peer = { fx_peer(), FX_UDP_PEER, 0 };
	struct fx_packet p;

	COVERS("R-5927-8", "R-8201-2", "R-V-32");
	EXPECT_EQ(sampan_sendto(f.s, h, data, 1400, &peer), 1400);
	EXPECT(fx_udp_next(&f, &p));
	if (fx_is_v6()) {
		fx_udp_too_big(&f, 5000, PATH, p.label ^ 1);
		EXPECT_EQ(mtu_of(&f, other), LINK);
	}
	fx_udp_too_big(&f, 5002, PATH, p.label);	/* nobody's port */
	EXPECT_EQ(mtu_of(&f, other), LINK);
	fx_udp_too_big(&f, 5000, PATH, p.label);
	EXPECT_EQ(mtu_of(&f, other), PATH);
}

/* The floor. */
TEST(too_big_is_believed_down_to_the_floor)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_connected(&f, 5000);

	COVERS("R-8201-1", "R-1191-2", "R-V-43");
	fx_udp_too_big(&f, 5000, fx_is_v6() ? 1279 : 67, 0);
	EXPECT_EQ(mtu_of(&f, h), fx_is_v6() ? LINK : 552);
	fx_udp_too_big(&f, 5000, 1280, 0);
	EXPECT_EQ(mtu_of(&f, h), fx_is_v6() ? 1280 : 552);
}

/* RFC 4821 §9: a probe is as large as the link allows, in one piece. */
TEST(probe_ignores_what_is_known_of_the_path)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_connected(&f, 5000);
	struct fx_packet p;

	int64_t error = 0;

	COVERS("R-4821-9", "R-8899-1");
	fx_udp_too_big(&f, 5000, PATH, 0);
	EXPECT_EQ(sampan_getopt(f.s, h, SAMPAN_OPT_ERROR, &error), 0);
	EXPECT_EQ(error, SAMPAN_EMSGSIZE);
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_MTU_DISCOVER, 3), 0);
	EXPECT_EQ(sampan_send(f.s, h, data, LINK - HDRS), LINK - HDRS);
	EXPECT(fx_udp_next(&f, &p));
	EXPECT_EQ(p.ip_len, LINK);
	EXPECT(p.df || fx_is_v6());
	EXPECT(!fx_udp_next(&f, &p));
	EXPECT_EQ(sampan_send(f.s, h, data, LINK - HDRS + 1), SAMPAN_EMSGSIZE);
}

TEST(do_refuses_what_the_path_does_not_take)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_connected(&f, 5000);

	COVERS("R-8899-1");
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_MTU_DISCOVER, 2), 0);
	fx_udp_too_big(&f, 5000, PATH, 0);
	EXPECT_EQ(sampan_send(f.s, h, data, 10), SAMPAN_EMSGSIZE);	/* the report, once */
	EXPECT_EQ(sampan_send(f.s, h, data, PATH - HDRS + 1), SAMPAN_EMSGSIZE);
	EXPECT_EQ(packets(&f, h, PATH - HDRS, PATH), 1);
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_MTU_DISCOVER, 4), SAMPAN_ERANGE);
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_MTU_DISCOVER, -1), SAMPAN_ERANGE);
}

TEST(dont_lets_routers_cut)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_connected(&f, 5000);
	struct fx_packet p;

	EXPECT_EQ(sampan_send(f.s, h, data, 100), 100);
	EXPECT(fx_udp_next(&f, &p) && (p.df || fx_is_v6()));
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_MTU_DISCOVER, 0), 0);
	EXPECT_EQ(sampan_send(f.s, h, data, 100), 100);
	EXPECT(fx_udp_next(&f, &p) && !p.df);
}
