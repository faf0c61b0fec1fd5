/*
 * path.c - the way to the peer changes under a connection: routes, links,
 * neighbours that do not answer.  RFC 9293 §3.9.2.2, §3.8.3.
 */
#include "lib/fx.h"
#include "lib/stack_check.h"

/* A second link, and a route to the peer over it. */
static int
reroute(struct fx *f)
{
	const struct sampan_link_config config = { .size = sizeof(config),
		.mac = { 2, 0, 0, 0, 1, 1 },
		.mtu_bytes = 1500,
		.name = "other" };
	const struct sampan_addr addr = fx_addr(1, 1);
	const struct sampan_addr peer = fx_peer();
	const struct sampan_addr gateway = fx_addr(1, 9);
	const int link = sampan_link_add(f->s, &config);

	EXPECT(link > 0);
	EXPECT_EQ(sampan_addr_add(f->s, link, &addr, FX_NET_BITS), 0);
	EXPECT_EQ(sampan_route_add(f->s, link, &peer, FX_HOST_BITS, &gateway), 0);
	return link;
}

/* Frames that wait on a link; the last one's Ethernet type and source. */
static int
frames_on(struct fx *f, int link, uint8_t head[14])
{
	struct sampan_frame fr[4];
	int n, all = 0;

	while ((n = sampan_output(f->s, link, fr, 4, f->now)) > 0) {
		memcpy(head, fr[n - 1].head, 14);
		sampan_sent(f->s, fr, (unsigned)n);
		EXPECT_SOUND(f->s);
		all += n;
	}
	return all;
}

/* What is sent goes over the new link, in frames of the new link. */
TEST_TWICE(established_route_over_other_link_is_followed)
{
	struct fx f = fx_established();
	const int other = reroute(&f);
	uint8_t head[14];

	EXPECT_EQ(fx_write(&f, 100), 100);
	EXPECT_SOUND(f.s);
	EXPECT_EQ(frames_on(&f, f.link, head), 0);
	EXPECT_EQ(frames_on(&f, other, head), 1);
	EXPECT_EQ(head[12], fx_is_v6() ? 0x86 : 0x08);
	EXPECT_EQ(head[13], fx_is_v6() ? 0xdd : 0x06);	/* asks for the gateway */
	EXPECT_EQ(head[10], 1);		/* by its own MAC address */
}

/* It can be given up while it waits for the new link's neighbour. */
TEST_TWICE(established_abort_after_reroute_leaves_nothing)
{
	struct fx f = fx_established();
	const int other = reroute(&f);
	uint8_t head[14];

	EXPECT_EQ(fx_write(&f, 100), 100);
	frames_on(&f, f.link, head);
	frames_on(&f, other, head);
	EXPECT_EQ(sampan_abort(f.s, f.h), 0);
	frames_on(&f, f.link, head);
	frames_on(&f, other, head);
	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	fx_advance(&f, SAMPAN_SEC(10));
	frames_on(&f, other, head);
	EXPECT_SOUND(f.s);
}

/* The peer's MAC address is unknown: connect asks three times, then fails. */
TEST_TWICE(syn_sent_without_neighbour_fails)
{
	struct fx f = fx_listen(.no_arp = true);
	const struct sampan_sockaddr peer = { fx_peer(), FX_PEER_PORT, 0 };

	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &f.h), 0);
	EXPECT_EQ(sampan_connect(f.s, f.h, &peer), SAMPAN_EINPROGRESS);
	fx_advance(&f, SAMPAN_SEC(10));
	expect_event(&f, SAMPAN_FAILED | SAMPAN_CLOSED | SAMPAN_READABLE | SAMPAN_WRITABLE);
	EXPECT_EQ(fx_read(&f, 1), SAMPAN_EHOSTUNREACH);
	expect_count(&f, COUNT_NEIGH_FAILED, 1);
}

/* MUST-56: an established connection survives it, and goes on. */
TEST_TWICE(established_neighbour_away_for_a_minute_is_survived)
{
	struct fx f = fx_established();

	COVERS("MUST-56");
	fx_advance(&f, SAMPAN_SEC(60));
	f.opts.no_arp = true;
	EXPECT_EQ(fx_write(&f, 100), 100);
	fx_advance(&f, SAMPAN_SEC(60));
	expect_state(&f, TCP_ESTABLISHED);
	f.opts.no_arp = false;
	fx_drop(&f);
	fx_wait(&f, SAMPAN_SEC(150));
	expect_text(&f, seq_add(f.iss, 1), 100);
	peer_sends(&f, .flags = TCP_ACK);
	expect_quiet(&f);
}

/* A close while the neighbour is away ends all the same. */
TEST_TWICE(fin_wait_1_orphan_without_neighbour_ends)
{
	struct fx f = fx_established();

	fx_advance(&f, SAMPAN_SEC(60));
	f.opts.no_arp = true;
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	fx_advance(&f, SAMPAN_SEC(7200));
	expect_state(&f, TCP_CLOSED);
	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	EXPECT_EMPTY(f.s);
}

/* A report that cannot ride on text is lost with the way; the text behind it
 * keeps its turn, and a timer. */
TEST_TWICE(established_text_outlives_a_report_without_a_way)
{
	struct fx f = fx_established(.sack = true);

	fx_advance(&f, SAMPAN_SEC(60));
	f.opts.no_arp = true;
	peer_sends(&f, .flags = TCP_ACK, .len = 10);
	while (sampan_counter(f.s, SAMPAN_COUNT_NEIGH_FAILED) == 0)
		fx_advance(&f, SAMPAN_MS(50));
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(f.rcv_nxt, 1000), .len = 10);
	EXPECT_EQ(fx_write(&f, 20), 20);
	expect_quiet(&f);
	EXPECT_SOUND(f.s);
	f.opts.no_arp = false;
	fx_wait(&f, SAMPAN_SEC(120));
	expect_text(&f, seq_add(f.iss, 1), 20);
}

/* MUST-20, R1: the third time-out in a row asks whether the neighbour is still
 * there, long before it would be asked for its age (30 s). */
TEST_TWICE(established_third_timeout_doubts_the_way)
{
	const unsigned asked = fx_is_v6() ? SAMPAN_COUNT_NEIGH_SOLICITS_OUT :
					    SAMPAN_COUNT_ARP_REQUESTS_OUT;
	struct fx f = fx_established();
	uint64_t before;

	COVERS("MUST-20", "SHLD-10");
	EXPECT_EQ(fx_write(&f, 10), 10);
	fx_drop(&f);
	before = sampan_counter(f.s, asked);
	fx_advance(&f, SAMPAN_MS(1300));
	EXPECT_EQ(sampan_counter(f.s, asked), before);
	fx_advance(&f, SAMPAN_SEC(10));
	fx_drop(&f);
	EXPECT_EQ(sampan_counter(f.s, asked), before + 1);
}
