/*
 * out.c - datagrams that leave, and local ends.  RFC 768, RFC 1122 §4.1.
 */
#include <sampan/option.h>

#include "lib/fx_udp.h"
#include "lib/stack_check.h"
#include "wire/ip4.h"

static const struct sampan_sockaddr nobody;

TEST(connected_sends_to_its_peer)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_connected(&f, 0);
	struct fx_packet p;

	COVERS("R-768-2");
	EXPECT_EQ(sampan_send(f.s, h, "hello", 5), 5);
	EXPECT(fx_udp_next(&f, &p));
	EXPECT_EQ(p.proto, IP_PROTO_UDP);
	EXPECT_EQ(p.dst_port, FX_UDP_PEER);
	EXPECT_EQ(p.len, 5);
	EXPECT_MEM(p.text, "hello", 5);
	EXPECT(p.csum != 0);		/* and right, as every frame's */
	EXPECT_MEM(&p.src, &(struct sampan_addr[]){ fx_local() }, 16);
	EXPECT_MEM(&p.dst, &(struct sampan_addr[]){ fx_peer() }, 16);
}

/* Some text whose sum comes out as 0, among all of two octets. */
TEST(no_datagram_leaves_without_a_checksum)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_connected(&f, FX_UDP_PORT);
	struct fx_packet p;
	unsigned ones = 0;

	COVERS("R-768-2");
	COVERS("R-768-4");
	for (unsigned i = 0; i < 65536; i++) {
		const uint8_t text[2] = { (uint8_t)(i >> 8), (uint8_t)i };

		EXPECT_EQ(sampan_send(f.s, h, text, 2), 2);
		EXPECT(fx_udp_next(&f, &p));
		EXPECT(p.csum != 0);
		ones += p.csum == 0xffff;
	}
	EXPECT(ones >= 1);
}

TEST(fresh_socket_errors)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, 0);
	struct sampan_sockaddr peer = { fx_peer(), FX_UDP_PEER, 0 };
	static uint8_t data[70000];
	const struct sampan_addr far_away = fx_is_v6() ?
	    (struct sampan_addr){ { 0x20, 1, 0xd, 0xb8, [15] = 1 } } : sampan_addr_v4(192, 0, 2, 1);
	sampan_handle out;

	EXPECT_EQ(sampan_send(f.s, h, data, 1), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_recv(f.s, h, data, 1), SAMPAN_EAGAIN);
	EXPECT_EQ(sampan_sendto(f.s, h, data, 70000, &peer), SAMPAN_EMSGSIZE);
	peer.port = 0;
	EXPECT_EQ(sampan_sendto(f.s, h, data, 1, &peer), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_connect(f.s, h, &peer), SAMPAN_EINVAL);
	peer = (struct sampan_sockaddr){ far_away, 7, 0 };
	EXPECT_EQ(sampan_sendto(f.s, h, data, 1, &peer), SAMPAN_ENETUNREACH);
	EXPECT_EQ(sampan_connect(f.s, h, &peer), SAMPAN_ENETUNREACH);
	EXPECT_EQ(sampan_sendto(f.s, h, data, 1, NULL), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_listen(f.s, h, 1), SAMPAN_EOPNOTSUPP);
	EXPECT_EQ(sampan_accept(f.s, h, &out, NULL), SAMPAN_EOPNOTSUPP);
	EXPECT_EQ(sampan_shutdown(f.s, h, SAMPAN_SHUT_WR), SAMPAN_EOPNOTSUPP);
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_NODELAY, 1), SAMPAN_EOPNOTSUPP);
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_TTL, 0), SAMPAN_ERANGE);
	EXPECT_EQ(sampan_close(f.s, h), 0);
	EXPECT_EQ(sampan_sendto(f.s, h, data, 1, &nobody), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_close(f.s, h), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &out), 0);
	EXPECT_EQ(sampan_sendto(f.s, out, data, 1, &nobody), SAMPAN_EOPNOTSUPP);
}

TEST(options_set_tos_and_ttl)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_connected(&f, 0);
	const struct sampan_datagram as = { .tos = 0x48, .ttl = 3 };
	struct sampan_datagram d;
	struct fx_packet p;
	uint8_t data[100];

	COVERS("R-768-9");
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_TOS, 0x28), 0);
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_TTL, 7), 0);
	EXPECT_EQ(sampan_send(f.s, h, "a", 1), 1);
	EXPECT(fx_udp_next(&f, &p));
	EXPECT_EQ(p.tos, 0x28);
	EXPECT_EQ(p.ttl, 7);
	EXPECT_EQ(sampan_sendmsg(f.s, h, "a", 1, &as), 1);
	EXPECT(fx_udp_next(&f, &p));
	EXPECT_EQ(p.tos, 0x48);
	EXPECT_EQ(p.ttl, 3);
	datagram_comes(&f, .dst_port = p.src_port, .tos = 0xb8, .ttl = 77);
	EXPECT_EQ(sampan_recvmsg(f.s, h, data, sizeof data, &d), 10);
	EXPECT_EQ(d.tos, 0xb8);
	EXPECT_EQ(d.ttl, 77);
}

/* Whoever asks an address is answered from it. */
TEST(answer_comes_from_the_address_that_was_asked)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);
	const struct sampan_addr second = fx_addr(0, 7);
	struct sampan_datagram d;
	struct fx_packet p;
	uint8_t data[100];

	COVERS("R-768-7");
	EXPECT_EQ(sampan_addr_add(f.s, f.link, &second, FX_NET_BITS), 0);
	fx_advance(&f, SAMPAN_SEC(5));	/* it is checked first */
	datagram_comes(&f, .dst = second);
	EXPECT_EQ(sampan_recvmsg(f.s, h, data, sizeof data, &d), 10);
	EXPECT_MEM(&d.local.addr, &second, 16);
	EXPECT_EQ(sampan_sendmsg(f.s, h, data, 10, &d), 10);
	EXPECT(fx_udp_next(&f, &p));
	EXPECT_MEM(&p.src, &second, 16);
	EXPECT_EQ(p.src_port, FX_UDP_PORT);
	d.local.addr = fx_addr(0, 99);
	EXPECT_EQ(sampan_sendmsg(f.s, h, data, 10, &d), SAMPAN_EADDRNOTAVAIL);
}

TEST(ipv4_broadcast_needs_its_option)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);
	const struct sampan_sockaddr all = { sampan_addr_v4(10, 0, 0, 255), 7, 0 };
	const struct sampan_sockaddr limited = { sampan_addr_v4(255, 255, 255, 255), 7,
		(uint16_t)f.link };
	struct fx_packet p;

	FX_ONLY_V4();
	EXPECT_EQ(sampan_sendto(f.s, h, "a", 1, &all), SAMPAN_EOPNOTSUPP);
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_BROADCAST, 1), 0);
	EXPECT_EQ(sampan_sendto(f.s, h, "a", 1, &all), 1);
	EXPECT_EQ(sampan_sendto(f.s, h, "a", 1, &limited), 1);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT(fx_udp_next(&f, &p));
		EXPECT_MEM(p.mac, "\xff\xff\xff\xff\xff\xff", 6);
		EXPECT_EQ(p.ttl, 1);
	}
}

TEST(group_datagram_stays_on_the_link)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);
	struct sampan_sockaddr group = { sampan_addr_v4(239, 1, 2, 3), 7, (uint16_t)f.link };
	struct fx_packet p;

	if (fx_is_v6())
		group.addr = (struct sampan_addr){ { 0xff, 5, [15] = 9 } };
	EXPECT_EQ(sampan_sendto(f.s, h, "a", 1, &group), 1);
	group.link = 9;
	EXPECT_EQ(sampan_sendto(f.s, h, "a", 1, &group), SAMPAN_ENETUNREACH);
	group.link = UINT16_MAX;
	EXPECT_EQ(sampan_sendto(f.s, h, "a", 1, &group), SAMPAN_ENETUNREACH);
	EXPECT(fx_udp_next(&f, &p));
	EXPECT_EQ(p.mac[0] & 1, 1);
	EXPECT_EQ(p.ttl, 1);
	EXPECT_MEM(&p.dst, &group.addr, 16);
}

/* A link that does not send: the queue ends, and room is told. */
TEST(full_queue_is_again_and_writable_tells)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_connected(&f, FX_UDP_PORT);
	struct sampan_event event;
	struct fx_packet p;
	unsigned n = 0;

	while (sampan_send(f.s, h, "a", 1) == 1)
		n++;
	EXPECT_EQ(n, 512);
	EXPECT_EQ(sampan_send(f.s, h, "a", 1), SAMPAN_EAGAIN);
	EXPECT_EQ(sampan_events(f.s, &event, 1), 0);
	EXPECT(fx_udp_next(&f, &p));
	EXPECT_EQ(sampan_events(f.s, &event, 1), 0);	/* half of it first */
	while (fx_udp_next(&f, &p))
		continue;
	EXPECT_EQ(sampan_events(f.s, &event, 1), 1);
	EXPECT_EQ(event.what, SAMPAN_WRITABLE);
	EXPECT_EQ(sampan_send(f.s, h, "a", 1), 1);
}

/* ---- Local ends ---- */

TEST(ports_are_udps_own_and_one_sockets)
{
	struct fx f = fx_udp_begin();
	const struct sampan_sockaddr any = { .port = FX_UDP_PORT };
	const struct sampan_sockaddr exact = { fx_local(), FX_UDP_PORT, 0 };
	sampan_handle tcp, u = fx_udp_socket(&f, FX_UDP_PORT), second = fx_udp_socket(&f, 0);

	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &tcp), 0);
	EXPECT_EQ(sampan_bind(f.s, tcp, &any), 0);
	EXPECT_EQ(sampan_bind(f.s, u, &any), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_bind(f.s, second, &any), SAMPAN_EADDRINUSE);
	EXPECT_EQ(sampan_bind(f.s, second, &exact), SAMPAN_EADDRINUSE);
	EXPECT_EQ(sampan_close(f.s, u), 0);
	EXPECT_EQ(sampan_bind(f.s, second, &exact), 0);
	u = fx_udp_socket(&f, 0);
	EXPECT_EQ(sampan_bind(f.s, u, &any), SAMPAN_EADDRINUSE);
	EXPECT_EQ(sampan_bind(f.s, u, &(struct sampan_sockaddr){ fx_addr(0, 99), 1, 0 }),
	    SAMPAN_EADDRNOTAVAIL);
}

/* RFC 6056: not the first, not the next, and an end of it. */
TEST(chosen_ports_are_scattered_and_run_out)
{
	struct fx f = fx_udp_begin();
	const struct sampan_sockaddr any = { .port = 0 };
	struct sampan_status st;
	sampan_handle h;
	unsigned neighbours = 0;
	uint16_t last = 0;

	COVERS("R-6056-6");
	for (unsigned i = 0; i < 50; i++) {
		EXPECT_EQ(sampan_socket(f.s, SAMPAN_DGRAM, &h), 0);
		EXPECT_EQ(sampan_bind(f.s, h, &any), 0);
		EXPECT_EQ(sampan_status(f.s, h, &st), 0);
		EXPECT(st.local.port >= 32768 && st.local.port <= 60999);
		neighbours += st.local.port == last + 1;
		last = st.local.port;
	}
	EXPECT(neighbours < 3);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.ip_local_port_first", 2000), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.ip_local_port_last", 2009), 0);
	for (unsigned i = 0; i < 10; i++)
		(void)fx_udp_connected(&f, 0);
	h = fx_udp_socket(&f, 0);
	EXPECT_EQ(sampan_bind(f.s, h, &any), SAMPAN_EADDRINUSE);
}

/* A port that came with the peer goes with it; one that was asked for stays. */
TEST(disconnected_keeps_the_port_that_was_bound)
{
	struct fx f = fx_udp_begin();
	const sampan_handle bound = fx_udp_connected(&f, FX_UDP_PORT);
	const sampan_handle plain = fx_udp_connected(&f, 0);
	struct sampan_status st;

	EXPECT_EQ(sampan_status(f.s, bound, &st), 0);
	EXPECT_EQ(st.state, SAMPAN_TCP_ESTABLISHED);
	EXPECT_EQ(st.peer.port, FX_UDP_PEER);
	EXPECT_EQ(sampan_connect(f.s, bound, &nobody), 0);
	EXPECT_EQ(sampan_connect(f.s, plain, &nobody), 0);
	EXPECT_EQ(sampan_status(f.s, bound, &st), 0);
	EXPECT_EQ(st.state, SAMPAN_TCP_CLOSED);
	EXPECT_EQ(st.local.port, FX_UDP_PORT);
	EXPECT_EQ(sampan_status(f.s, plain, &st), 0);
	EXPECT_EQ(st.local.port, 0);
	datagram_comes(&f, .src_port = 1);
	fx_udp_reads(&f, bound, 10);
	EXPECT_EQ(sampan_close(f.s, bound), 0);
	EXPECT_EQ(sampan_close(f.s, plain), 0);
	EXPECT(stack_left(f.s) == NULL);
}
