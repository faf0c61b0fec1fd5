/*
 * isn.c - numbers that nobody can foretell: initial sequence numbers, ports,
 * timestamps.  RFC 9293 §3.4.1, RFC 6528, RFC 6056, RFC 7323 §5.4.
 */
#include "lib/fx.h"

#define PORTS 256

/* A SYN from the given port; the stack's own choice if it is 0. */
static const struct fx_out *
syn_from(struct fx *f, uint16_t port)
{
	const struct sampan_sockaddr local = { .port = port };
	const struct sampan_sockaddr peer = { fx_peer(), FX_PEER_PORT, 0 };

	EXPECT_EQ(sampan_socket(f->s, SAMPAN_STREAM, &f->h), 0);
	if (port != 0)
		EXPECT_EQ(sampan_bind(f->s, f->h, &local), 0);
	EXPECT_EQ(sampan_connect(f->s, f->h, &peer), SAMPAN_EINPROGRESS);
	expect_segment(f, .flags = TCP_SYN, .any_seq = true);
	return &f->seg;
}

/* The same pair of ends after `dur`: how far its numbers have moved. */
static uint32_t
step_after(struct fx *f, sampan_dur dur)
{
	const tcp_seq before = syn_from(f, 1000)->seq;

	EXPECT_EQ(sampan_abort(f->s, f->h), 0);
	fx_advance(f, dur);
	return seq_diff(syn_from(f, 1000)->seq, before);
}

/* MUST-8: a clock that counts 4 us. */
TEST(fresh_isn_of_one_flow_follows_the_clock)
{
	COVERS("MUST-8", "R-6528-1", "R-6528-4");
	for (uint32_t s = 1; s <= 10000; s *= 10) {
		struct fx f = fx_listen();
		const uint32_t moved = step_after(&f, SAMPAN_SEC(s));

		EXPECT(moved - s * 250000u <= 1);
	}
}

/* MUST-9: what one flow gets says nothing about its neighbour: of the
 * differences every bit is set about as often as not. */
TEST(fresh_isns_of_neighbouring_ports_are_unrelated)
{
	struct fx f = fx_listen();
	uint32_t last = syn_from(&f, 1000)->seq.raw;
	unsigned ones[32] = { 0 };

	COVERS("MUST-9", "R-6528-5", "R-V-14", "R-V-26", "SHLD-1");
	for (uint16_t i = 1; i <= PORTS; i++) {
		const uint32_t isn = syn_from(&f, (uint16_t)(1000 + i))->seq.raw;

		for (unsigned bit = 0; bit < 32; bit++)
			ones[bit] += (isn - last) >> bit & 1;
		last = isn;
	}
	for (unsigned bit = 0; bit < 32; bit++)
		EXPECT(ones[bit] > PORTS / 4 && ones[bit] < PORTS * 3 / 4);
}

/* MUST-9: the key is the seed's: two stacks agree on nothing. */
TEST(fresh_isns_of_two_stacks_are_unrelated)
{
	static _Alignas(64) uint8_t memory[512 << 10];
	struct sampan_config config = { .size = sizeof(config), .seed = { 1, 3 } };
	struct sampan_link_config link = { .size = sizeof(link), .mac = { 2, 0, 0, 0, 0, 1 },
		.mtu_bytes = 1500, .name = "fx" };
	const struct sampan_addr addr = fx_local();
	struct fx f = fx_listen();
	struct fx g = f;

	COVERS("MUST-9", "R-6528-2", "R-6528-3");
	g.s = (struct sampan *)(void *)memory;
	EXPECT_EQ(sampan_init(memory, sizeof(memory), &config, f.now), 0);
	EXPECT_EQ(sampan_link_add(g.s, &link), g.link);
	EXPECT_EQ(sampan_set(g.s, "net.ipv6.conf.default.dad_transmits", 0), 0);
	EXPECT_EQ(sampan_addr_add(g.s, g.link, &addr, FX_NET_BITS), 0);
	for (uint16_t port = 1000; port < 1010; port++)
		EXPECT(!seq_eq(syn_from(&f, port)->seq, syn_from(&g, port)->seq));
}

/* R-6056-2: the next port is not the next number, for another peer at least. */
TEST(fresh_ports_for_two_peers_are_unrelated)
{
	struct fx f = fx_listen();
	const struct sampan_sockaddr other = { fx_addr(0, 3), FX_PEER_PORT, 0 };
	const uint16_t first = syn_from(&f, 0)->tcp.h.src_port;
	uint16_t second;

	COVERS("R-6056-2");
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &f.h), 0);
	EXPECT_EQ(sampan_connect(f.s, f.h, &other), SAMPAN_EINPROGRESS);
	expect_segment(&f, .flags = TCP_SYN, .any_seq = true);
	second = f.seg.tcp.h.src_port;
	EXPECT(second >= 32768 && second <= 60999 && first >= 32768 && first <= 60999);
	EXPECT((uint16_t)(second - first + 16) > 32);
}

/* R-V-29: ports to one peer do not count the connections, ours or others'. */
TEST(fresh_ports_to_one_peer_are_unrelated)
{
	struct fx f = fx_listen();
	uint16_t last = syn_from(&f, 0)->tcp.h.src_port;
	unsigned near = 0;

	COVERS("R-6056-2", "R-V-29");
	for (unsigned i = 0; i < 100; i++) {
		const uint16_t port = syn_from(&f, 0)->tcp.h.src_port;

		near += (uint16_t)(port - last + 16) <= 32;
		last = port;
	}
	EXPECT(near < 5);
}

/* R-6056-5: when all are taken, an error and no search without end. */
TEST(fresh_connect_without_free_port_fails)
{
	struct fx f = fx_listen();
	const struct sampan_sockaddr peer = { fx_peer(), FX_PEER_PORT, 0 };
	sampan_handle h;
	uint32_t seen = 0;

	COVERS("R-6056-5");
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.ip_local_port_first", 40000), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.ip_local_port_last", 40003), 0);
	for (unsigned i = 0; i < 4; i++)
		seen |= 1u << (syn_from(&f, 0)->tcp.h.src_port - 40000);
	EXPECT_EQ(seen, 15);
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &h), 0);
	EXPECT_EQ(sampan_connect(f.s, h, &peer), SAMPAN_EADDRNOTAVAIL);
}

/* R-6056-6: the same range for who binds and lets the stack choose. */
TEST(fresh_bind_chooses_a_free_port)
{
	const struct sampan_sockaddr any = { .port = 0 };
	struct fx f = fx_listen();
	sampan_handle h;
	uint32_t seen = 0;

	COVERS("R-6056-6", "R-6056-5");
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.ip_local_port_first", 40000), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.ip_local_port_last", 40003), 0);
	for (unsigned i = 0; i < 4; i++) {
		struct sampan_status st;

		EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &h), 0);
		EXPECT_EQ(sampan_bind(f.s, h, &any), 0);
		EXPECT_EQ(sampan_status(f.s, h, &st), 0);
		seen |= 1u << (st.local.port - 40000);
	}
	EXPECT_EQ(seen, 15);
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &h), 0);
	EXPECT_EQ(sampan_bind(f.s, h, &any), SAMPAN_EADDRINUSE);
}

/* R-V-35: a connection to oneself would need a loopback. */
TEST(fresh_connect_to_own_address_fails)
{
	struct fx f = fx_listen();
	const struct sampan_sockaddr self = { fx_local(), FX_LOCAL_PORT, 0 };
	sampan_handle h;

	COVERS("R-V-35");
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &h), 0);
	EXPECT_EQ(sampan_connect(f.s, h, &self), SAMPAN_ENETUNREACH);
	expect_quiet(&f);
}

/* R-6056-7, R-6191-8: nor one that rests in TIME-WAIT with the same peer. */
TEST(time_wait_port_is_not_chosen)
{
	struct fx f = fx_time_wait();
	const struct sampan_sockaddr peer = { fx_peer(), FX_PEER_PORT, 0 };
	sampan_handle h;

	COVERS("R-6056-7", "R-6191-8");
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.ip_unprivileged_port_start", 0), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.ip_local_port_first", FX_LOCAL_PORT), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.ip_local_port_last", FX_LOCAL_PORT), 0);
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &h), 0);
	EXPECT_EQ(sampan_connect(f.s, h, &peer), SAMPAN_EADDRNOTAVAIL);
	fx_advance(&f, SAMPAN_SEC(61));
	EXPECT_EQ(sampan_connect(f.s, h, &peer), SAMPAN_EINPROGRESS);
}

/* R-6191-7, RFC 1122 §4.2.2.13: a connection that takes over from TIME-WAIT begins
 * beyond all that was sent, also where the clock has not come so far. */
TEST_TWICE(time_wait_next_iss_is_beyond_the_old_stream)
{
	struct fx f = fx_established();
	tcp_seq end;

	COVERS("R-6191-7", "R-6528-4");
	EXPECT_EQ(fx_write(&f, 14000), 14000);
	expect_text(&f, f.snd_una, 14000);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	peer_sends(&f, .flags = TCP_FIN | TCP_ACK);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_TIME_WAIT);
	end = f.snd_nxt;
	peer_sends(&f, .flags = TCP_SYN, .seq = seq_add(f.rcv_nxt, 100), .mss = 1460,
	    .refused = true);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .any_ack = true);
	EXPECT(seq_lt(end, f.seg.seq));
}

/* R-7323-22, R-V-48: the clocks of two flows have nothing in common; that of one
 * goes on. */
TEST(fresh_timestamps_of_two_flows_are_unrelated)
{
	struct fx f = fx_listen();
	const uint32_t first = syn_from(&f, 1000)->tcp.opts.tsval;
	const uint32_t second = syn_from(&f, 1001)->tcp.opts.tsval;

	COVERS("R-7323-22", "R-V-48");
	EXPECT(second - first + 1000 > 2000);
	EXPECT_EQ(sampan_abort(f.s, f.h), 0);
	fx_advance(&f, SAMPAN_SEC(5));
	fx_drop(&f);
	EXPECT_EQ(syn_from(&f, 1001)->tcp.opts.tsval - second, 5000);
}
