/*
 * net_host4.c - an IPv4 host with two links: what is its own on each of them, from
 * where it answers, and what it says about packets that it cannot take.  RFC 1122
 * §3.2.1.3, §3.2.2, §3.3.4; RFC 1812 §4.3.2.
 */
#include "lib/fx.h"
#include "net/stack.h"
#include "wire/arp.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"

#define OTHER_V4 0x0a090001u	/* ours, on the second link */
#define OTHER_PEER_V4 0x0a090002u
#define SECOND_V4 0x0a000005u	/* ours, on the first link */
#define L4 (ETH_HDR_LEN + IP4_HDR_LEN)
#define NO_PROTO 200

static const uint8_t theirs[6] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static uint8_t frame[2000], out[FRAME_MAX];

struct packet {
	uint32_t src, dst;
	uint8_t proto, tos, ttl;
	uint8_t icmp_type;
	bool broadcast;		/* the Ethernet frame */
	uint16_t frag_off_bytes;
	uint32_t len;		/* behind the IP header */
};

/* An echo, or zeros that look like nothing. */
static void
send_packet(struct fx *f, struct packet p)
{
	const struct ip4_hdr ip = { .tos = p.tos, .total_len = (uint16_t)(IP4_HDR_LEN + p.len),
		.ttl = p.ttl, .proto = p.proto, .src = p.src, .dst = p.dst,
		.frag_off_bytes = p.frag_off_bytes };

	memset(frame, 0, sizeof(frame));
	memcpy(frame, p.broadcast ? everybody : f->s->link[f->link].mac, 6);
	memcpy(frame + 6, theirs, 6);
	be16_put(frame + 12, ETH_TYPE_IP4);
	ip4_emit(frame + ETH_HDR_LEN, &ip);
	for (uint32_t i = 8; i < p.len; i++)
		frame[L4 + i] = fx_byte(i);
	if (p.proto == IP_PROTO_UDP) {
		be32_put(frame + L4, 9999u << 16 | 9999);
		be16_put(frame + L4 + 4, (uint16_t)p.len);
	}
	if (p.proto == IP_PROTO_ICMP) {
		icmp4_emit(frame + L4, &(struct icmp4_hdr){ p.icmp_type, 0, 77 });
		be16_put(frame + L4 + 2, (uint16_t)~frame_sum(frame + L4, p.len, 0));
	}
	fx_input(f, frame, L4 + p.len);
}

#define packet_comes(f, ...) \
	(fx_here(__FILE__, __LINE__), send_packet(f, (struct packet){ .src = FX_PEER_V4, \
	    .dst = FX_LOCAL_V4, .ttl = 64, .proto = NO_PROTO, .icmp_type = ICMP4_ECHO, \
	    .len = 100, __VA_ARGS__ }))

static uint32_t
next_frame(struct fx *f)
{
	struct sampan_frame fr;
	uint32_t len;

	if (sampan_output(f->s, f->link, &fr, 1, f->now) != 1)
		return 0;
	len = frame_flatten(&fr, out);
	EXPECT(frame_flaw(&fr, out) == NULL);
	sampan_sent(f->s, &fr, 1);
	return len;
}

static void
expect_silence(struct fx *f)
{
	EXPECT_EQ(next_frame(f), 0);
}

/* Who has tpa?  Asked by spa, on the link that f means. */
static void
ask(struct fx *f, uint32_t spa, uint32_t tpa)
{
	struct arp_pkt arp = { .op = ARP_REQUEST, .spa = spa, .tpa = tpa };

	memset(frame, 0, sizeof(frame));
	memcpy(frame, everybody, 6);
	memcpy(frame + 6, theirs, 6);
	be16_put(frame + 12, ETH_TYPE_ARP);
	memcpy(arp.sha, theirs, 6);
	arp_emit(frame + ETH_HDR_LEN, &arp);
	fx_input(f, frame, ETH_HDR_LEN + ARP_LEN);
}

/* Two links with a peer each that is known: 10.0.0.1 and 10.0.0.5 on the first,
 * 10.9.0.1 on the second, whose number is in *other. */
static struct fx
two_links(int *other)
{
	const struct sampan_link_config link = { .size = sizeof(link), .mac = { 2, 0, 0, 0, 1, 1 },
		.mtu_bytes = 1500, .name = "other" };
	const struct sampan_addr there = sampan_addr_v4(10, 9, 0, 1);
	const struct sampan_addr second = sampan_addr_v4(10, 0, 0, 5);
	struct fx f = fx_listen(.no_arp = true);
	const int first = f.link;

	*other = sampan_link_add(f.s, &link);
	EXPECT(*other > 0);
	EXPECT_EQ(sampan_addr_add(f.s, *other, &there, 24), 0);
	EXPECT_EQ(sampan_addr_add(f.s, first, &second, 24), 0);
	ask(&f, FX_PEER_V4, FX_LOCAL_V4);
	while (next_frame(&f) > 0)
		continue;
	f.link = *other;
	ask(&f, OTHER_PEER_V4, OTHER_V4);
	while (next_frame(&f) > 0)
		continue;
	f.link = first;
	return f;
}

/* One link, one peer. */
static struct fx
ready(void)
{
	struct fx f = fx_listen(.no_arp = true);

	ask(&f, FX_PEER_V4, FX_LOCAL_V4);
	EXPECT_EQ(next_frame(&f), ETH_HDR_LEN + ARP_LEN);
	return f;
}

/* ---- Whose is it? ---- */

/* R-IP4-18, R-V-47: who probes for an address behind another link learns nothing. */
TEST(address_of_another_link_is_not_ours_here)
{
	static const uint8_t proto[] = { IP_PROTO_ICMP, IP_PROTO_TCP, IP_PROTO_UDP, NO_PROTO };
	int other;
	struct fx f = two_links(&other);

	COVERS("R-IP4-4", "R-IP4-18", "R-V-47");
	for (unsigned i = 0; i < sizeof(proto); i++) {
		packet_comes(&f, .dst = OTHER_V4, .proto = proto[i]);
		expect_count(&f, DROP_IP_DESTINATION, 1);
		packet_comes(&f, .dst = 0x0a0900ff, .proto = proto[i], .broadcast = true);
		expect_count(&f, DROP_IP_DESTINATION, 1);
		expect_silence(&f);
	}
	f.link = other;
	expect_silence(&f);
	packet_comes(&f, .src = OTHER_PEER_V4, .dst = OTHER_V4, .proto = IP_PROTO_ICMP);
	EXPECT_EQ(next_frame(&f), L4 + 100);
}

/* R-826-10: nor does ARP tell. */
TEST(arp_answers_only_for_its_link)
{
	int other;
	struct fx f = two_links(&other);
	struct arp_pkt arp;

	COVERS("R-826-10", "R-826-3", "R-V-47");
	ask(&f, FX_PEER_V4, OTHER_V4);
	expect_silence(&f);
	ask(&f, FX_PEER_V4, SECOND_V4);
	EXPECT_EQ(next_frame(&f), ETH_HDR_LEN + ARP_LEN);
	EXPECT(arp_parse(&arp, out + ETH_HDR_LEN, ARP_LEN));
	EXPECT_EQ(arp.op, ARP_REPLY);
	EXPECT_EQ(arp.spa, SECOND_V4);
	EXPECT_EQ(arp.tpa, FX_PEER_V4);
	EXPECT_MEM(arp.sha, f.s->link[f.link].mac, 6);
	EXPECT_MEM(arp.tha, theirs, 6);
	EXPECT_MEM(out, theirs, 6);
}

/* R-IP4-19, R-ICMP-16: from the address that was asked, not from the first. */
TEST(answers_come_from_the_address_that_was_asked)
{
	static const uint32_t asked[] = { SECOND_V4, FX_LOCAL_V4 };
	int other;
	struct fx f = two_links(&other);

	COVERS("R-IP4-19", "R-ICMP-16");
	for (unsigned i = 0; i < 2; i++) {
		packet_comes(&f, .dst = asked[i], .proto = IP_PROTO_ICMP);
		EXPECT(next_frame(&f) > 0);
		EXPECT_EQ(out[L4], ICMP4_ECHO_REPLY);
		EXPECT_EQ(be32_get(out + 26), asked[i]);
		packet_comes(&f, .dst = asked[i], .proto = NO_PROTO);
		EXPECT(next_frame(&f) > 0);
		EXPECT_EQ(out[L4], ICMP4_DEST_UNREACHABLE);
		EXPECT_EQ(be32_get(out + 26), asked[i]);
		EXPECT_EQ(be32_get(out + 30), FX_PEER_V4);
	}
}

/* R-ICMP-7: where a router would forward, or send a redirect, a host says nothing. */
TEST(packets_for_others_are_not_forwarded_nor_redirected)
{
	static const uint32_t dst[] = { 0x0a000003, OTHER_PEER_V4, 0x0a090009, 0x08080808 };
	int other;
	struct fx f = two_links(&other);

	COVERS("R-ICMP-7", "R-IP4-4");
	for (unsigned i = 0; i < 4; i++) {
		packet_comes(&f, .dst = dst[i]);
		expect_silence(&f);
		f.link = other;
		expect_silence(&f);
		f.link = 1;
	}
	expect_count(&f, DROP_IP_DESTINATION, 4);
	expect_count(&f, COUNT_ICMP_ERRORS_OUT, 0);
}

/* R-IP4-8: a packet that has arrived has lived long enough. */
TEST(lifetime_is_not_looked_at_and_never_sent_as_zero)
{
	struct fx f = ready();

	COVERS("R-IP4-8");
	for (unsigned ttl = 0; ttl < 3; ttl++) {
		packet_comes(&f, .proto = IP_PROTO_ICMP, .ttl = (uint8_t)ttl);
		EXPECT_EQ(next_frame(&f), L4 + 100);
		EXPECT_EQ(out[L4], ICMP4_ECHO_REPLY);
		EXPECT(out[22] > 1);
	}
}

/* R-IP4-30: an Ethernet type that is a length is not known, and none leaves. */
TEST(frames_with_a_length_are_dropped)
{
	static uint8_t snap[FRAME_MAX] = { 0 };
	struct fx f = ready();

	COVERS("R-IP4-30");
	packet_comes(&f, .proto = IP_PROTO_ICMP);
	EXPECT_EQ(next_frame(&f), L4 + 100);
	EXPECT_EQ(be16_get(out + 12), ETH_TYPE_IP4);
	memcpy(snap, frame, 12);
	memcpy(snap + 14, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	memcpy(snap + 22, frame + 14, IP4_HDR_LEN + 100);
	for (unsigned len = 0; len <= 1500; len++) {
		be16_put(snap + 12, (uint16_t)len);
		fx_input(&f, snap, L4 + 8 + 100);
		expect_count(&f, DROP_FRAME_TYPE, 1);
	}
	expect_silence(&f);
}

/* ---- What is said about what cannot be taken ---- */

/* R-ICMP-2, R-ICMP-17: as much as fits 576 octets, unchanged. */
TEST(errors_quote_what_fits)
{
	static const uint32_t len[] = { 0, 1, 8, 527, 528, 529, 1480 };

	COVERS("R-ICMP-2", "R-ICMP-5", "R-ICMP-17");
	for (unsigned i = 0; i < 7; i++) {
		const uint32_t quoted = IP4_HDR_LEN + (len[i] < 528 ? len[i] : 528);
		struct fx f = ready();

		packet_comes(&f, .len = len[i], .tos = 0x28);
		EXPECT_EQ(next_frame(&f), L4 + 8 + quoted);
		EXPECT_EQ(out[L4], ICMP4_DEST_UNREACHABLE);
		EXPECT_EQ(out[L4 + 1], ICMP4_UNREACH_PROTO);
		EXPECT_EQ(out[15], 0xc0);
		EXPECT_MEM(out + L4 + 8, frame + ETH_HDR_LEN, quoted);
	}
}

/* R-ICMP-17: an echo is answered in the class in which it came. */
TEST(echo_keeps_its_type_of_service)
{
	struct fx f = ready();

	COVERS("R-ICMP-17");
	for (unsigned tos = 0; tos < 256; tos += 4) {
		packet_comes(&f, .proto = IP_PROTO_ICMP, .tos = (uint8_t)tos);
		EXPECT_EQ(next_frame(&f), L4 + 100);
		EXPECT_EQ(out[15], tos);
	}
}

/* R-ICMP-5: no port of UDP is told by ICMP, none of TCP. */
TEST(closed_ports_are_told_for_udp_only)
{
	struct fx f = ready();

	COVERS("R-ICMP-5", "R-ICMP-2");
	packet_comes(&f, .proto = IP_PROTO_UDP);
	EXPECT_EQ(next_frame(&f), L4 + 8 + IP4_HDR_LEN + 100);
	EXPECT_EQ(out[L4], ICMP4_DEST_UNREACHABLE);
	EXPECT_EQ(out[L4 + 1], ICMP4_UNREACH_PORT);
	EXPECT_MEM(out + L4 + 8, frame + ETH_HDR_LEN, IP4_HDR_LEN + 100);
	expect_count(&f, COUNT_ICMP_ERRORS_OUT, 1);
	fx_peer_sends(&f, FX_SEG(&f, .flags = TCP_SYN, .port = 9, .dst = SECOND_V4));
	peer_sends(&f, .flags = TCP_ACK, .ack = f.iss, .refused = true);
	while (next_frame(&f) > 0)
		EXPECT_EQ(out[23], IP_PROTO_TCP);
	expect_count(&f, COUNT_ICMP_ERRORS_OUT, 0);
}

/* R-ICMP-3: each of what may not be answered. */
TEST(errors_are_never_about)
{
	static const struct packet never[] = {
		{ .dst = 0x0a0000ff, .broadcast = true },
		{ .dst = 0xffffffff, .broadcast = true },
		{ .dst = 0xe0000001 },			/* all hosts */
		{ .broadcast = true },			/* only the frame */
		{ .src = 0x00000001 },
		{ .src = 0x7f000001 },
		{ .src = 0x0a0000ff },
		{ .src = 0xffffffff },
		{ .src = 0xe0000001 },
		{ .src = 0xf0000001 },
		{ .frag_off_bytes = 80 },		/* not the first */
		{ .proto = IP_PROTO_ICMP, .icmp_type = ICMP4_DEST_UNREACHABLE },
		{ .proto = IP_PROTO_ICMP, .icmp_type = ICMP4_TIME_EXCEEDED },
		{ .proto = IP_PROTO_ICMP, .icmp_type = ICMP4_PARAM_PROBLEM },
		{ .proto = IP_PROTO_ICMP, .icmp_type = ICMP4_REDIRECT },
		{ .proto = IP_PROTO_ICMP, .icmp_type = 99 },
	};

	COVERS("R-ICMP-3");
	for (unsigned i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		struct fx f = ready();
		struct packet p = never[i];

		p.src = p.src != 0 ? p.src : FX_PEER_V4;
		p.dst = p.dst != 0 ? p.dst : FX_LOCAL_V4;
		p.proto = p.proto != 0 ? p.proto : NO_PROTO;
		p.len = 80;
		send_packet(&f, p);
		fx_pass_time(&f, SAMPAN_SEC(100));
		EXPECT_EQ(sampan_counter(f.s, SAMPAN_COUNT_ICMP_ERRORS_OUT), 0);
		expect_silence(&f);
	}
}
