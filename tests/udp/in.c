/*
 * in.c - datagrams that arrive: which are taken, whose they are, and who is told
 * when they are nobody's.  RFC 768, RFC 1122 §4.1.
 */
#include <sampan/option.h>

#include "lib/fx_udp.h"
#include "lib/stack_check.h"
#include "wire/icmp4.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

TEST(bound_datagrams_are_read_one_by_one)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);
	struct sampan_event event;
	struct sampan_datagram d;
	uint8_t data[100];

	EXPECT_EQ(sampan_set_user(f.s, h, 77), 0);
	datagram_comes(&f, .len = 10, .tos = 0x28, .ttl = 9);
	datagram_comes(&f, .len = 0);
	datagram_comes(&f, .len = 1000);
	EXPECT_EQ(sampan_events(f.s, &event, 1), 1);
	EXPECT_EQ(event.handle, h);
	EXPECT_EQ(event.user, 77);
	EXPECT_EQ(event.what, SAMPAN_READABLE);
	EXPECT_EQ(sampan_readable_bytes(f.s, h), 10);
	EXPECT_EQ(sampan_recvmsg(f.s, h, data, sizeof data, &d), 10);
	EXPECT_EQ(d.peer.port, FX_UDP_PEER);
	EXPECT_MEM(&d.peer.addr, &(struct sampan_addr[]){ fx_peer() }, 16);
	EXPECT_EQ(d.ttl, 9);
	fx_udp_reads(&f, h, 0);
	fx_udp_reads(&f, h, 1000);
	fx_udp_reads(&f, h, FX_ANY);
	EXPECT_EQ(sampan_close(f.s, h), 0);
	EXPECT(stack_left(f.s) == NULL);
}

/* What does not fit is lost, and the reader is told how much there was. */
TEST(bound_datagram_longer_than_the_buffer_tells_its_length)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);
	struct sampan_sockaddr peer;
	uint8_t data[5] = { 0 };

	datagram_comes(&f, .len = 900);
	datagram_comes(&f, .len = 3);
	EXPECT_EQ(sampan_recvfrom(f.s, h, data, 4, &peer), 900);
	EXPECT_EQ(data[3], fx_byte(3));
	EXPECT_EQ(data[4], 0);
	fx_udp_reads(&f, h, 3);
}

/* As long as IP allows, over many chunks. */
TEST(bound_longest_datagram_is_read_whole)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);
	const uint32_t most = fx_is_v6() ? 65527 - 40 : 65507;

	datagram_comes(&f, .len = most);
	fx_udp_reads(&f, h, most);
}

TEST(bound_datagram_with_a_wrong_length_is_dropped)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);

	COVERS("R-768-1");
	datagram_comes(&f, .udp_len = 7);
	datagram_comes(&f, .udp_len = 0);
	datagram_comes(&f, .udp_len = 19);
	expect_count(&f, DROP_UDP_MALFORMED, 3);
	fx_udp_reads(&f, h, FX_ANY);
	datagram_comes(&f, .behind = 20);
	fx_udp_reads(&f, h, 10);
}

TEST(bound_datagram_with_a_wrong_checksum_is_dropped)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);
	struct fx_packet p;

	COVERS("R-768-3");
	datagram_comes(&f, .bad_csum = true);
	expect_count(&f, DROP_UDP_CSUM, 1);
	fx_udp_reads(&f, h, FX_ANY);
	EXPECT(!fx_udp_next(&f, &p));
}

TEST(bound_datagram_without_a_checksum_is_taken_over_ipv4_only)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);

	COVERS("R-768-3");
	COVERS("R-768-4");
	datagram_comes(&f, .no_csum = true);
	fx_udp_reads(&f, h, fx_is_v6() ? FX_ANY : 10);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.udp_checksum_needed", 1), 0);
	datagram_comes(&f, .no_csum = true);
	fx_udp_reads(&f, h, FX_ANY);
	expect_count(&f, DROP_UDP_NO_CSUM, fx_is_v6() ? 2 : 1);
}

TEST(closed_port_is_answered_by_port_unreachable)
{
	struct fx f = fx_udp_begin();
	struct fx_packet p;

	COVERS("R-768-5");
	datagram_comes(&f, .dst_port = 9999);
	expect_count(&f, DROP_UDP_NO_SOCKET, 1);
	EXPECT(fx_udp_next(&f, &p));
	EXPECT_EQ(p.proto, fx_is_v6() ? IP_PROTO_ICMP6 : IP_PROTO_ICMP);
	EXPECT_EQ(p.src_port, fx_is_v6() ? ICMP6_DEST_UNREACHABLE : ICMP4_DEST_UNREACHABLE);
	EXPECT_EQ(p.dst_port, fx_is_v6() ? ICMP6_UNREACH_PORT : ICMP4_UNREACH_PORT);
	EXPECT(!fx_udp_next(&f, &p));
}

/* A flood gets no more answers than the limit of all ICMP errors. */
TEST(closed_ports_under_a_flood_answer_a_few)
{
	struct fx f = fx_udp_begin();
	struct fx_packet p;
	unsigned n = 0;

	COVERS("R-768-5");
	for (unsigned i = 0; i < 5000; i++)
		datagram_comes(&f, .dst_port = (uint16_t)(10000 + i));
	while (fx_udp_next(&f, &p))
		n++;
	EXPECT(n >= 1 && n <= 50);
	expect_count(&f, DROP_UDP_NO_SOCKET, 5000);
}

/* Port 0: nobody's as a destination, and nobody is told; as a source it may speak,
 * but cannot be answered. */
TEST(port_zero_is_nobodys)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);
	struct sampan_sockaddr peer;
	struct fx_packet p;
	uint8_t data[100];

	COVERS("R-768-12");
	datagram_comes(&f, .dst_port = 0);
	EXPECT(!fx_udp_next(&f, &p));
	datagram_comes(&f, .src_port = 0);
	EXPECT_EQ(sampan_recvfrom(f.s, h, data, sizeof data, &peer), 10);
	EXPECT_EQ(peer.port, 0);
	EXPECT_EQ(sampan_sendto(f.s, h, data, 10, &peer), SAMPAN_EINVAL);
}

TEST(invalid_source_is_dropped_below)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);
	struct sampan_addr group = { { 0xff, 2, [15] = 1 } };

	COVERS("R-768-8");
	if (!fx_is_v6())
		group = sampan_addr_v4(224, 0, 0, 1);
	datagram_comes(&f, .src = group);
	datagram_comes(&f, .src = fx_local());
	expect_count(&f, DROP_IP_SOURCE, 2);
	fx_udp_reads(&f, h, FX_ANY);
}

/* Of the flow itself, then of the local end, then of any address. */
TEST(datagram_goes_to_the_closest_socket)
{
	struct fx f = fx_udp_begin();
	const struct sampan_sockaddr local = { fx_local(), FX_UDP_PORT, 0 };
	sampan_handle any, exact, connected;
	const struct sampan_sockaddr peer = { fx_peer(), FX_UDP_PEER, 0 };

	COVERS("R-768-10");
	any = fx_udp_socket(&f, 0);
	exact = fx_udp_socket(&f, 0);
	connected = fx_udp_socket(&f, 0);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(sampan_setopt(f.s, (sampan_handle[]){ any, exact, connected }[i],
		    SAMPAN_OPT_REUSEADDR, 1), 0);
	EXPECT_EQ(sampan_bind(f.s, any, &(struct sampan_sockaddr){ .port = FX_UDP_PORT }), 0);
	datagram_comes(&f, .len = 1);
	fx_udp_reads(&f, any, 1);
	EXPECT_EQ(sampan_bind(f.s, exact, &local), 0);
	datagram_comes(&f, .len = 2);
	fx_udp_reads(&f, exact, 2);
	EXPECT_EQ(sampan_bind(f.s, connected, &local), 0);
	EXPECT_EQ(sampan_connect(f.s, connected, &peer), 0);
	datagram_comes(&f, .len = 3);
	fx_udp_reads(&f, connected, 3);
	datagram_comes(&f, .len = 4, .src_port = 6001);	/* not from its peer */
	fx_udp_reads(&f, connected, FX_ANY);
	fx_udp_reads(&f, exact, 4);
	EXPECT_EQ(sampan_connect(f.s, connected, &(struct sampan_sockaddr){ .port = 0 }), 0);
	EXPECT_EQ(sampan_close(f.s, exact), 0);
	datagram_comes(&f, .len = 5, .src_port = 6001);
	fx_udp_reads(&f, connected, 5);
}

/* What waited when the peer was named, and is not from it, goes. */
TEST(connecting_forgets_what_others_sent)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);
	const struct sampan_sockaddr peer = { fx_peer(), FX_UDP_PEER, 0 };

	COVERS("R-768-10");
	datagram_comes(&f, .len = 1, .src_port = 6001);
	datagram_comes(&f, .len = 2);
	EXPECT_EQ(sampan_connect(f.s, h, &peer), 0);
	fx_udp_reads(&f, h, 2);
	fx_udp_reads(&f, h, FX_ANY);
}

/* SO_REUSEPORT: each flow has one of them, always the same. */
TEST(several_sockets_of_one_port_share_the_flows)
{
	struct fx f = fx_udp_begin();
	sampan_handle h[4];
	unsigned got[4] = { 0 };

	COVERS("R-768-10");
	for (unsigned i = 0; i < 4; i++) {
		h[i] = fx_udp_socket(&f, 0);
		EXPECT_EQ(sampan_setopt(f.s, h[i], SAMPAN_OPT_REUSEPORT, 1), 0);
		EXPECT_EQ(sampan_bind(f.s, h[i], &(struct sampan_sockaddr){
		    .port = FX_UDP_PORT }), 0);
	}
	for (unsigned i = 0; i < 64; i++) {
		datagram_comes(&f, .src_port = (uint16_t)(1 + i), .len = 1);
		datagram_comes(&f, .src_port = (uint16_t)(1 + i), .len = 1);
	}
	for (unsigned i = 0; i < 4; i++) {
		uint8_t data[10];

		while (sampan_recv(f.s, h[i], data, sizeof data) == 1)
			got[i]++;
		EXPECT(got[i] > 0 && got[i] % 2 == 0);
	}
	EXPECT_EQ(got[0] + got[1] + got[2] + got[3], 128);
}

/* To a group: every socket of the port, and no ICMP for anybody. */
TEST(group_datagram_goes_to_all_sockets)
{
	struct fx f = fx_udp_begin();
	struct sampan_addr group = { { 0xff, 2, [15] = 1 } };
	struct sampan_datagram d;
	struct fx_packet p;
	sampan_handle h[3];
	uint8_t data[100];

	COVERS("R-768-10", "R-IP4-22");
	if (!fx_is_v6())
		group = sampan_addr_v4(224, 0, 0, 1);
	for (unsigned i = 0; i < 3; i++) {
		h[i] = fx_udp_socket(&f, 0);
		EXPECT_EQ(sampan_setopt(f.s, h[i], SAMPAN_OPT_REUSEADDR, 1), 0);
		EXPECT_EQ(sampan_bind(f.s, h[i], &(struct sampan_sockaddr){
		    .port = FX_UDP_PORT }), 0);
	}
	datagram_comes(&f, .dst = group, .broadcast = true);
	for (unsigned i = 0; i < 3; i++) {
		EXPECT_EQ(sampan_recvmsg(f.s, h[i], data, sizeof data, &d), 10);
		EXPECT(d.group);
		EXPECT_MEM(&d.local.addr, &group, 16);
	}
	datagram_comes(&f, .dst = group, .broadcast = true, .dst_port = 9999);
	EXPECT(!fx_udp_next(&f, &p));
}

TEST(ipv4_broadcast_and_foreign_groups)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);
	const struct sampan_sockaddr group = { sampan_addr_v4(239, 1, 2, 3), FX_UDP_PORT + 1, 0 };
	sampan_handle member;

	FX_ONLY_V4();
	COVERS("R-768-10", "R-IP4-21");
	datagram_comes(&f, .dst = sampan_addr_v4(10, 0, 0, 255), .broadcast = true, .len = 1);
	datagram_comes(&f, .dst = sampan_addr_v4(255, 255, 255, 255), .broadcast = true, .len = 2);
	fx_udp_reads(&f, h, 1);
	fx_udp_reads(&f, h, 2);
	datagram_comes(&f, .dst = group.addr, .broadcast = true);
	fx_udp_reads(&f, h, FX_ANY);
	member = fx_udp_socket(&f, 0);
	EXPECT_EQ(sampan_bind(f.s, member, &group), 0);
	EXPECT_EQ(sampan_join(f.s, member, &group), 0);
	datagram_comes(&f, .dst = group.addr, .broadcast = true, .dst_port = FX_UDP_PORT + 1);
	fx_udp_reads(&f, member, 10);
}

/* What many small ones occupy counts, not what they say. */
TEST(full_receive_buffer_drops_and_counts)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);
	int64_t limit;
	unsigned n = 0;
	uint8_t data[10];

	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_RCVBUF, 8192), 0);
	EXPECT_EQ(sampan_getopt(f.s, h, SAMPAN_OPT_RCVBUF, &limit), 0);
	EXPECT_EQ(limit, 16384);
	for (unsigned i = 0; i < 1000; i++)
		datagram_comes(&f, .len = 1);
	while (sampan_recv(f.s, h, data, sizeof data) == 1)
		n++;
	EXPECT_EQ(n, 16384 / 256);
	expect_count(&f, DROP_UDP_RCVBUF, 1000 - n);
	datagram_comes(&f, .len = 60000);	/* an empty queue takes one of any size */
	datagram_comes(&f, .len = 1);
	fx_udp_reads(&f, h, 60000);
	fx_udp_reads(&f, h, FX_ANY);
}

/* Sockets that nobody reads: the arena keeps its reserve, and gets all back. */
TEST(flood_to_many_sockets_stays_within_memory)
{
	struct fx f = fx_udp_begin();
	sampan_handle h[64];

	for (unsigned i = 0; i < 64; i++)
		h[i] = fx_udp_socket(&f, (uint16_t)(FX_UDP_PORT + i));
	for (unsigned i = 0; i < 6400; i++)
		datagram_comes(&f, .dst_port = (uint16_t)(FX_UDP_PORT + i % 64), .len = 1400);
	EXPECT(sampan_counter(f.s, SAMPAN_DROP_MEMORY) > 0);
	for (unsigned i = 0; i < 64; i++)
		EXPECT_EQ(sampan_close(f.s, h[i]), 0);
	EXPECT(stack_left(f.s) == NULL);
}

/* ---- ICMP ---- */

TEST(connected_hears_of_port_unreachable_once)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_connected(&f, FX_UDP_PORT);
	const uint8_t type = fx_is_v6() ? ICMP6_DEST_UNREACHABLE : ICMP4_DEST_UNREACHABLE;
	const uint8_t code = fx_is_v6() ? ICMP6_UNREACH_PORT : ICMP4_UNREACH_PORT;
	struct sampan_event event;
	uint8_t data[10];

	COVERS("R-768-6");
	fx_udp_error(&f, type, code, FX_UDP_PORT, FX_UDP_PEER + 1);	/* forged */
	EXPECT_EQ(sampan_recv(f.s, h, data, 10), SAMPAN_EAGAIN);
	fx_udp_error(&f, type, code, FX_UDP_PORT, FX_UDP_PEER);
	EXPECT_EQ(sampan_events(f.s, &event, 1), 1);
	EXPECT_EQ(event.what, SAMPAN_READABLE | SAMPAN_WRITABLE);
	EXPECT_EQ(sampan_recv(f.s, h, data, 10), SAMPAN_ECONNREFUSED);
	EXPECT_EQ(sampan_send(f.s, h, data, 10), 10);
	fx_udp_error(&f, type, code, FX_UDP_PORT, FX_UDP_PEER);
	EXPECT_EQ(sampan_send(f.s, h, data, 10), SAMPAN_ECONNREFUSED);
	EXPECT_EQ(sampan_send(f.s, h, data, 10), 10);
}

TEST(bound_hears_of_errors_only_if_it_asks)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);
	const uint8_t type = fx_is_v6() ? ICMP6_DEST_UNREACHABLE : ICMP4_DEST_UNREACHABLE;
	const uint8_t code = fx_is_v6() ? ICMP6_UNREACH_PORT : ICMP4_UNREACH_PORT;
	int64_t error;

	COVERS("R-768-6");
	fx_udp_error(&f, type, code, FX_UDP_PORT, FX_UDP_PEER);
	EXPECT_EQ(sampan_getopt(f.s, h, SAMPAN_OPT_ERROR, &error), 0);
	EXPECT_EQ(error, 0);
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_RECVERR, 1), 0);
	fx_udp_error(&f, type, code, FX_UDP_PORT, FX_UDP_PEER);
	EXPECT_EQ(sampan_getopt(f.s, h, SAMPAN_OPT_ERROR, &error), 0);
	EXPECT_EQ(error, SAMPAN_ECONNREFUSED);
}

/* RFC 6633. */
TEST(connected_does_not_hear_of_source_quench)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_connected(&f, FX_UDP_PORT);
	int64_t error;

	FX_ONLY_V4();
	COVERS("R-768-11");
	fx_udp_error(&f, ICMP4_SOURCE_QUENCH, 0, FX_UDP_PORT, FX_UDP_PEER);
	EXPECT_EQ(sampan_getopt(f.s, h, SAMPAN_OPT_ERROR, &error), 0);
	EXPECT_EQ(error, 0);
}
