/*
 * address.c - which address a connection has, and what its packets look like to
 * IP.  RFC 9293 §3.9.1.1, §3.9.1.9, §3.9.2.
 */
#include <sampan/address.h>
#include <sampan/option.h>

#include "lib/fx.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/ip4.h"

static void
add_address(struct fx *f, struct sampan_addr addr, unsigned bits)
{
	EXPECT_EQ(sampan_addr_add(f->s, f->link, &addr, bits), 0);
}

/* The source of the SYN of a new connection that names none. */
static uint32_t
source_towards(struct fx *f, uint32_t v4)
{
	const struct sampan_sockaddr peer = {
		sampan_addr_v4((uint8_t)(v4 >> 24), (uint8_t)(v4 >> 16), (uint8_t)(v4 >> 8),
		    (uint8_t)v4), 7, 0 };
	sampan_handle h;

	EXPECT_EQ(sampan_socket(f->s, SAMPAN_STREAM, &h), 0);
	EXPECT_EQ(sampan_connect(f->s, h, &peer), SAMPAN_EINPROGRESS);
	expect_segment(f, .flags = TCP_SYN, .any_seq = true);
	return f->seg.tcp.src;
}

/* MUST-44: the network layer knows which address is right for the way. */
TEST(fresh_connect_takes_its_source_from_the_way)
{
	struct fx f = fx_listen();

	COVERS("MUST-44");
	add_address(&f, sampan_addr_v4(192, 0, 2, 1), 24);
	EXPECT_EQ(source_towards(&f, 0x0a000005), FX_LOCAL_V4);
	EXPECT_EQ(source_towards(&f, 0xc0000205), 0xc0000201);
}

/* MUST-43: what the application names is taken. */
TEST(fresh_connect_takes_the_address_that_was_bound)
{
	struct fx f = fx_listen();
	const struct sampan_sockaddr local = { sampan_addr_v4(192, 0, 2, 1), 99, 0 };
	const struct sampan_sockaddr peer = { sampan_addr_v4(10, 0, 0, 2), 7, 0 };
	sampan_handle h;

	COVERS("MUST-43");
	add_address(&f, sampan_addr_v4(192, 0, 2, 1), 24);
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &h), 0);
	EXPECT_EQ(sampan_bind(f.s, h, &local), 0);
	EXPECT_EQ(sampan_connect(f.s, h, &peer), SAMPAN_EINPROGRESS);
	expect_segment(&f, .flags = TCP_SYN, .any_seq = true);
	EXPECT_EQ(f.seg.tcp.src, 0xc0000201);
	EXPECT_EQ(f.seg.tcp.h.src_port, 99);
}

/* MUST-45: once chosen it stays, whatever a new connection would get. */
TEST_TWICE(established_source_stays_when_a_better_one_comes)
{
	struct fx f = fx_established_active();

	COVERS("MUST-45");
	add_address(&f, sampan_addr_v4(10, 0, 0, 3), 30);
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_text(&f, f.snd_una, 10);
	EXPECT_EQ(f.seg.tcp.src, FX_LOCAL_V4);
	EXPECT_EQ(source_towards(&f, FX_PEER_V4), 0x0a000003);
}

/* The next IPv4 header that leaves. */
static struct ip4_hdr
next_packet(struct fx *f)
{
	struct sampan_frame fr;
	struct ip4_hdr ip = { 0 };

	EXPECT_EQ(sampan_output(f->s, f->link, &fr, 1, f->now), 1);
	EXPECT_EQ(ip4_parse(&ip, fr.head + ETH_HDR_LEN, fr.head_len - ETH_HDR_LEN,
	    fr.len - ETH_HDR_LEN), IP4_OK);
	sampan_sent(f->s, &fr, 1);
	return ip;
}

static void
expect_look(struct fx *f, uint8_t tos, uint8_t ttl)
{
	const struct ip4_hdr ip = next_packet(f);

	EXPECT_EQ(ip.tos, tos);
	EXPECT_EQ(ip.ttl, ttl);
}

static void
set(struct fx *f, sampan_handle h, enum sampan_option option, int64_t value)
{
	EXPECT_EQ(sampan_setopt(f->s, h, option, value), 0);
}

/* MUST-48, MUST-49; SHLD-21: also later; SHLD-22: as it is. */
TEST_TWICE(established_dscp_and_ttl_are_the_applications)
{
	struct fx f = fx_established();

	COVERS("MUST-48", "MUST-49", "SHLD-21", "SHLD-22", "R-IP4-9");
	set(&f, f.h, SAMPAN_OPT_NODELAY, 1);
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_look(&f, 0, 64);
	set(&f, f.h, SAMPAN_OPT_TOS, 0xb8);
	set(&f, f.h, SAMPAN_OPT_TTL, 17);
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_look(&f, 0xb8, 17);
	set(&f, f.h, SAMPAN_OPT_TOS, 0x28);
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_look(&f, 0x28, 17);
}

/* RFC 1191 §2, RFC 6864 §4.1: nobody cuts them, so they need no identification;
 * and the one that they have tells nothing (R-IP4-25, R-V-27, R-V-50). */
TEST_TWICE(established_datagrams_are_atomic)
{
	struct fx f = fx_established();

	COVERS("R-1191-1", "R-IP4-23", "R-IP4-24", "R-IP4-25", "R-V-27", "R-V-50", "R-FRAG-21");
	set(&f, f.h, SAMPAN_OPT_NODELAY, 1);
	for (unsigned i = 0; i < 3; i++) {
		struct ip4_hdr ip;

		EXPECT_EQ(fx_write(&f, 10), 10);
		ip = next_packet(&f);
		EXPECT(ip.df && !ip.mf && ip.frag_off_bytes == 0);
		EXPECT_EQ(ip.id, 0);
	}
}

/* MUST-48: on every segment of the connection, a reset too. */
TEST_TWICE(established_abort_has_the_connections_dscp_and_ttl)
{
	struct fx f = fx_established();

	COVERS("MUST-48", "MUST-49");
	set(&f, f.h, SAMPAN_OPT_TOS, 0xb8);
	set(&f, f.h, SAMPAN_OPT_TTL, 17);
	EXPECT_EQ(sampan_abort(f.s, f.h), 0);
	expect_look(&f, 0xb8, 17);
}

/* MUST-48, MUST-49: from the first segment on. */
TEST_TWICE(listen_syn_ack_has_the_listeners_dscp_and_ttl)
{
	struct fx f = fx_listen();

	COVERS("MUST-48", "MUST-49");
	peer_sends(&f, .flags = TCP_ACK, .port = 9);	/* so that its MAC address is known */
	fx_drop(&f);
	set(&f, f.listener, SAMPAN_OPT_TOS, 0xb8);
	set(&f, f.listener, SAMPAN_OPT_TTL, 17);
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	expect_look(&f, 0xb8, 17);
}

/* MUST-49: and for the whole stack. */
TEST_TWICE(established_default_ttl_is_a_setting)
{
	struct fx f = fx_established();

	COVERS("MUST-49", "R-IP4-9");
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.ip_default_ttl", 200), 0);
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_look(&f, 0, 200);
}

/* A SYN whose IP header has four octets of options. */
static void
syn_with_ip_options(struct fx *f, const uint8_t options[4])
{
	const struct eth_hdr eth = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 }, ETH_TYPE_IP4 };
	const struct ip4_hdr ip = { .total_len = 44, .df = true, .ttl = 64, .proto = IP_PROTO_TCP,
		.src = FX_PEER_V4, .dst = FX_LOCAL_V4 };
	const struct tcp_hdr h = { .src_port = FX_PEER_PORT, .dst_port = FX_LOCAL_PORT,
		.seq = f->irs.raw, .data_off_bytes = 20, .flags = TCP_SYN, .wnd = 65535 };
	uint8_t p[58] = { 0 };

	eth_emit(p, &eth);
	ip4_emit(p + 14, &ip);
	p[14] = 0x46;
	memcpy(p + 34, options, 4);
	be16_put(p + 24, 0);
	be16_put(p + 24, (uint16_t)~frame_sum(p + 14, 24, 0));
	tcp_hdr_emit(p + 38, &h);
	be16_put(p + 38 + TCP_CSUM_OFF, (uint16_t)~frame_sum(p + 38, 20,
	    frame_sum(p + 26, 8, IP_PROTO_TCP + 20)));
	fx_input(f, p, sizeof(p));
}

/* MUST-50: options of IP that nobody here understands. */
TEST_TWICE(listen_syn_with_unknown_ip_options_is_answered)
{
	static const uint8_t unknown[][4] = { { 136, 4, 1, 2 }, { 30, 4, 0, 0 }, { 1, 1, 1, 0 } };

	COVERS("MUST-50", "R-IP4-11", "R-IP4-12");
	for (unsigned i = 0; i < 3; i++) {
		struct fx f = fx_listen();

		syn_with_ip_options(&f, unknown[i]);
		expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true,
		    .ack = seq_add(f.irs, 1));
	}
}

/* 5-D12, R-V-41: but a source route. */
TEST_TWICE(listen_syn_with_source_route_is_dropped)
{
	static const uint8_t loose[4] = { 131, 3, 4, 0 };
	struct fx f = fx_listen();

	COVERS("5-D12", "R-V-41");
	syn_with_ip_options(&f, loose);
	expect_quiet(&f);
	expect_count(&f, DROP_IP_OPTIONS, 1);
}

/* The fast first look knows the only address by heart. */
TEST_TWICE(established_source_that_no_host_has_is_dropped)
{
	static const uint32_t wrong[] = { FX_LOCAL_V4, 0x0a0000ff, 0x7f000001, 0x00000001,
		0xe0000001, 0xffffffff };
	struct fx f = fx_established();

	COVERS("R-IP4-5", "R-V-9");
	peer_sends(&f, .len = 10);
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		peer_sends(&f, .len = 10, .src = wrong[i], .refused = true);
		expect_count(&f, DROP_IP_SOURCE, 1);
	}
}

/* The same of an address that we have no longer. */
TEST_TWICE(established_text_to_an_address_that_is_gone_is_dropped)
{
	const struct sampan_addr own = sampan_addr_v4(10, 0, 0, 1);
	struct fx f = fx_established();

	COVERS("R-IP4-4");
	peer_sends(&f, .len = 10);
	EXPECT_EQ(sampan_addr_remove(f.s, f.link, &own), 0);
	peer_sends(&f, .len = 10, .refused = true);
	expect_count(&f, DROP_IP_DESTINATION, 1);
}
