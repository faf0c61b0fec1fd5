/*
 * route.c - what a route says about connections that go by it: initrwnd, advmss,
 * rto_min, quickack, as ip-route(8) has them.  (MTU, initcwnd, window: pmtu.c.)
 */
#include <sampan/address.h>
#include <sampan/option.h>

#include "lib/fx_loss.h"

#define MSS 1460u

static void
route_to_peer(struct fx *f, struct sampan_route r)
{
	r.size = sizeof(r);
	r.dst = fx_peer();
	r.prefix_bits = FX_HOST_BITS;
	r.link = f->link;
	EXPECT_EQ(sampan_route_set(f->s, &r), 0);
}

/* ESTABLISHED after a handshake that took so long. */
static struct fx
established_by(struct sampan_route r, sampan_dur rtt)
{
	struct fx f = fx_listen();

	route_to_peer(&f, r);
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .ack = seq_of(0), .mss = MSS);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .any_ack = true);
	fx_advance(&f, rtt);
	peer_sends(&f, .flags = TCP_ACK);
	fx_accept(&f);
	return f;
}

/* A route cannot be narrower than every path: RFC 791 §3.2, RFC 8200 §5. */
TEST(route_of_no_mtu_is_refused)
{
	struct fx f = fx_listen();
	struct sampan_route r = { .size = sizeof(r), .dst = fx_peer(), .prefix_bits = FX_HOST_BITS,
		.link = f.link, .mtu_bytes = (uint16_t)(fx_is_v6() ? 1279 : 67) };

	EXPECT_EQ(sampan_route_set(f.s, &r), SAMPAN_EINVAL);
	r.mtu_bytes++;
	EXPECT_EQ(sampan_route_set(f.s, &r), 0);
}

/* initrwnd: so much until something has come, in the SYN-ACK and behind it. */
TEST_TWICE(listen_route_initrwnd_is_the_first_window)
{
	struct fx f = established_by((struct sampan_route){ .initrwnd_segs = 3 }, 0);

	EXPECT_EQ(f.rcv_wnd, 3 * MSS);
	peer_sends(&f, .len = 10);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT(f.rcv_wnd > 10 * MSS);
	f = established_by((struct sampan_route){ .initrwnd_segs = 60000 }, 0);
	EXPECT(f.rcv_wnd > 10 * MSS);
}

TEST_TWICE(syn_sent_route_initrwnd_is_the_first_window)
{
	struct fx f = fx_listen();

	route_to_peer(&f, (struct sampan_route){ .initrwnd_segs = 2 });
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &f.h), 0);
	EXPECT_EQ(sampan_connect(f.s, f.h, &(struct sampan_sockaddr){ fx_peer(), FX_PEER_PORT, 0 }),
	    SAMPAN_EINPROGRESS);
	expect_segment(&f, .flags = TCP_SYN, .any_seq = true, .wnd = 2 * MSS);
}

/* advmss: what is announced, not what is sent. */
TEST_TWICE(listen_route_advmss_is_announced)
{
	struct fx f = fx_listen();

	route_to_peer(&f, (struct sampan_route){ .advmss_bytes = 1000 });
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .ack = seq_of(0), .mss = MSS);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .any_ack = true,
	    .mss = 1000);
	peer_sends(&f, .flags = TCP_ACK);
	fx_accept(&f);
	EXPECT_EQ(fx_write(&f, 3000), 3000);
	expect_segment(&f, .flags = TCP_ACK, .seq = f.snd_una, .len = MSS);
	/* More than the link carries is not announced, nor less than options need. */
	f = fx_listen();
	route_to_peer(&f, (struct sampan_route){ .advmss_bytes = 9000 });
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .ack = seq_of(0), .mss = MSS);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .any_ack = true,
	    .mss = MSS);
	f = fx_listen();
	route_to_peer(&f, (struct sampan_route){ .advmss_bytes = 1 });
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .ack = seq_of(0), .mss = MSS);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .any_ack = true,
	    .mss = 48);
}

static sampan_dur
time_out(struct sampan_route r)
{
	struct fx f = established_by(r, SAMPAN_MS(10));

	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_early_retrans", 0), 0);
	EXPECT_EQ(fx_write(&f, 100), 100);
	expect_segment(&f, .flags = TCP_ACK, .seq = f.snd_una, .len = 100);
	return fx_wait(&f, SAMPAN_SEC(10));
}

/* rto_min: the floor, either way from the setting's. */
TEST_TWICE(established_route_rto_min_is_the_floor)
{
	EXPECT(fx_about(time_out((struct sampan_route){ .rto_min_ms = 0 }), SAMPAN_MS(210)));
	EXPECT(fx_about(time_out((struct sampan_route){ .rto_min_ms = 50 }), SAMPAN_MS(60)));
	EXPECT(fx_about(time_out((struct sampan_route){ .rto_min_ms = 2000 }), SAMPAN_MS(2010)));
}

/* quickack: the 17th segment does not wait either, nor does TCP_QUICKACK 0 change that. */
TEST_TWICE(established_route_quickack_never_delays)
{
	struct fx f = established_by((struct sampan_route){ .quickack = true }, 0);

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_QUICKACK, 0), 0);
	for (unsigned i = 0; i < 30; i++) {
		peer_sends(&f, .flags = TCP_ACK, .len = 100);
		expect_segment(&f, .flags = TCP_ACK);
		EXPECT_EQ(fx_read(&f, 100), 100);
	}
	expect_count(&f, COUNT_TCP_DELAYED_ACKS, 0);
}

/* The same route without it: what it said ends for connections to come. */
TEST_TWICE(listen_route_that_changes_is_what_it_is_now)
{
	struct fx f = fx_listen();

	route_to_peer(&f, (struct sampan_route){ .advmss_bytes = 1000, .initrwnd_segs = 1 });
	route_to_peer(&f, (struct sampan_route){ .metric = 1 });
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .ack = seq_of(0), .mss = MSS);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .any_ack = true,
	    .mss = MSS);
	EXPECT(f.rcv_wnd > 10 * MSS);
}
