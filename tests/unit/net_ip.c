/*
 * net_ip.c - what arrives below the transports: every frame that is not wanted
 * is counted under exactly one reason; echo; neighbours; the bounds of what
 * nobody's connection pays for.
 */
#include "lib/fx.h"
#include "net/reass.h"
#include "net/reply.h"
#include "unit/base_util.h"
#include "wire/arp.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/icmp4.h"
#include "wire/igmp.h"
#include "wire/ip4.h"

static const uint8_t ours[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t theirs[6] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static uint8_t frame[2000];

/* An echo request of `len` octets, complete and good. */
static uint32_t
make_echo(uint32_t len)
{
	const struct icmp4_hdr icmp = { ICMP4_ECHO, 0, 0x12345678 };
	const struct ip4_hdr ip = { .total_len = (uint16_t)(28 + len), .ttl = 64,
		.proto = IP_PROTO_ICMP, .src = FX_PEER_V4, .dst = FX_LOCAL_V4 };

	memset(frame, 0, sizeof(frame));
	memcpy(frame, ours, 6);
	memcpy(frame + 6, theirs, 6);
	be16_put(frame + 12, ETH_TYPE_IP4);
	ip4_emit(frame + 14, &ip);
	icmp4_emit(frame + 34, &icmp);
	for (uint32_t i = 0; i < len; i++)
		frame[42 + i] = fx_byte(i);
	be16_put(frame + 36, (uint16_t)~frame_sum(frame + 34, 8 + len, 0));
	return 42 + len;
}

/* After a header was changed on purpose. */
static void
mend_ip(void)
{
	const uint32_t len = (frame[14] & 15u) * 4u;

	be16_put(frame + 24, 0);
	be16_put(frame + 24, (uint16_t)~frame_sum(frame + 14, len, 0));
}

/* Exactly this counter of all drops has grown, by one. */
static void
expect_counted(struct fx *f, uint32_t len, unsigned reason)
{
	uint64_t before[SAMPAN_DROP_COUNT];

	for (unsigned i = 0; i < SAMPAN_DROP_COUNT; i++)
		before[i] = sampan_counter(f->s, i);
	fx_input(f, frame, len);
	for (unsigned i = 0; i < SAMPAN_DROP_COUNT; i++)
		EXPECT_EQ(sampan_counter(f->s, i), before[i] + (i == reason));
}

/* And nothing is said. */
static void
expect_dropped(struct fx *f, uint32_t len, unsigned reason)
{
	expect_counted(f, len, reason);
	EXPECT_EQ(sampan_output(f->s, f->link, &(struct sampan_frame){ 0 }, 1, f->now), 0);
}

/* ---- Drops ---- */

TEST(frame_too_short_is_dropped)
{
	struct fx f = fx_listen();

	for (uint32_t len = 1; len < 14; len++) {
		make_echo(10);
		expect_dropped(&f, len, SAMPAN_DROP_FRAME_SHORT);
	}
}

TEST(frame_for_others_is_dropped)
{
	struct fx f = fx_listen();
	const uint32_t len = make_echo(10);

	frame[5] = 9;
	expect_dropped(&f, len, SAMPAN_DROP_FRAME_OTHER_HOST);
	make_echo(10);
	be16_put(frame + 12, 0x1234);
	expect_dropped(&f, len, SAMPAN_DROP_FRAME_TYPE);
}

TEST(ip_malformed_is_dropped)
{
	struct fx f = fx_listen();
	const uint32_t len = make_echo(10);

	COVERS("R-V-12", "R-V-16");
	frame[14] = 0x55;
	mend_ip();
	expect_dropped(&f, len, SAMPAN_DROP_IP_MALFORMED);
	make_echo(10);
	frame[14] = 0x44;
	expect_dropped(&f, len, SAMPAN_DROP_IP_MALFORMED);
	make_echo(10);
	be16_put(frame + 16, 39);		/* more than the frame has */
	mend_ip();
	expect_dropped(&f, len, SAMPAN_DROP_IP_MALFORMED);
	make_echo(10);
	be16_put(frame + 16, 19);
	mend_ip();
	expect_dropped(&f, len, SAMPAN_DROP_IP_MALFORMED);
}

TEST(ip_wrong_checksum_is_dropped)
{
	struct fx f = fx_listen();
	const uint32_t len = make_echo(10);

	for (unsigned bit = 0; bit < 16; bit++) {
		make_echo(10);
		frame[24 + bit / 8] ^= (uint8_t)(1u << bit % 8);
		expect_dropped(&f, len, SAMPAN_DROP_IP_CSUM);
	}
}

static void
drop_address(unsigned at, uint32_t address, unsigned reason)
{
	struct fx f = fx_listen();
	const uint32_t len = make_echo(10);

	be32_put(frame + 14 + at, address);
	mend_ip();
	expect_dropped(&f, len, reason);
}

/* R-IP4-5, R-V-9: no host has such a source, or we have it. */
TEST(ip_source_that_cannot_be_is_dropped)
{
	static const uint32_t bad[] = { 0, 0x00000001, 0x7f000001, 0xe0000001, 0xf0000001,
		0xffffffff, 0x0a0000ff, FX_LOCAL_V4 };

	COVERS("R-V-9", "MUST-63", "R-IP4-5", "R-IP4-27");
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		drop_address(12, bad[i], SAMPAN_DROP_IP_SOURCE);
}

TEST(ip_destination_that_is_not_ours_is_dropped)
{
	COVERS("R-IP4-4", "R-IP4-7");
	drop_address(16, 0x0a000003, SAMPAN_DROP_IP_DESTINATION);
	drop_address(16, 0x08080808, SAMPAN_DROP_IP_DESTINATION);
	drop_address(16, 0x7f000001, SAMPAN_DROP_IP_DESTINATION);
}

/* The others: tests/tcp/fragments.c. */
TEST(ip_fragment_that_cannot_be_is_dropped)
{
	struct fx f = fx_listen();
	const uint32_t len = make_echo(17);

	be16_put(frame + 20, 0x2000);
	mend_ip();
	expect_dropped(&f, len, SAMPAN_DROP_IP_FRAGMENT);
}

/* What is said about it: icmp_error.c. */
TEST(ip_unknown_protocol_is_dropped)
{
	struct fx f = fx_listen();

	for (unsigned proto = 0; proto < 256; proto++) {
		const uint32_t len = make_echo(10);

		if (proto == IP_PROTO_ICMP || proto == IP_PROTO_TCP ||
		    proto == IP_PROTO_UDP || proto == IP_PROTO_IGMP)
			continue;
		frame[23] = (uint8_t)proto;
		mend_ip();
		expect_counted(&f, len, SAMPAN_DROP_IP_PROTOCOL);
	}
}

/* MUST-3 of ICMP: R-ICMP-1. */
TEST(icmp_drops)
{
	struct fx f = fx_listen();
	const uint32_t len = make_echo(10);

	COVERS("R-ICMP-1", "R-ICMP-14", "R-ICMP-15");
	frame[50] ^= 1;
	expect_dropped(&f, len, SAMPAN_DROP_ICMP_CSUM);
	for (unsigned type = 0; type < 256; type++) {
		make_echo(10);
		if (type == 8 || (type >= 3 && type <= 5) || type == 11 || type == 12)
			continue;
		frame[34] = (uint8_t)type;
		be16_put(frame + 36, 0);
		be16_put(frame + 36, (uint16_t)~frame_sum(frame + 34, 18, 0));
		expect_dropped(&f, len, type == 0 ? SAMPAN_DROP_ICMP_ECHO_REPLY :
		    SAMPAN_DROP_ICMP_TYPE);
	}
}

/* R-ICMP-12, R-V-36: smurf. */
TEST(icmp_broadcast_echo_is_dropped)
{
	struct fx f = fx_listen();
	const uint32_t len = make_echo(10);

	COVERS("R-ICMP-12", "R-V-36", "5-D22", "R-IP4-20", "R-IP4-21");
	memcpy(frame, everybody, 6);
	be32_put(frame + 30, 0x0a0000ff);
	mend_ip();
	expect_dropped(&f, len, SAMPAN_DROP_ICMP_BROADCAST);
	be32_put(frame + 30, 0xffffffff);
	mend_ip();
	expect_dropped(&f, len, SAMPAN_DROP_ICMP_BROADCAST);
	be32_put(frame + 30, FX_LOCAL_V4);
	mend_ip();
	expect_dropped(&f, len, SAMPAN_DROP_IP_BROADCAST);
	memcpy(frame, ours, 6);
	be32_put(frame + 30, 0x0a0000ff);
	mend_ip();
	expect_dropped(&f, len, SAMPAN_DROP_IP_BROADCAST);
	be32_put(frame + 30, 0xffffffff);
	mend_ip();
	expect_dropped(&f, len, SAMPAN_DROP_IP_BROADCAST);
}

/* ---- Echo ---- */

/* The next frame out, flat; its length. */
static uint32_t
next_frame(struct fx *f, uint8_t *bytes)
{
	struct sampan_frame out;
	uint32_t len;

	if (sampan_output(f->s, f->link, &out, 1, f->now) != 1)
		return 0;
	len = frame_flatten(&out, bytes);
	EXPECT(frame_flaw(&out, bytes) == NULL);
	sampan_sent(f->s, &out, 1);
	return len;
}

static void
send_arp(struct fx *f, uint16_t op, uint32_t spa, uint32_t tpa, const uint8_t *sha)
{
	struct arp_pkt arp = { .op = op, .spa = spa, .tpa = tpa };

	memset(frame, 0, 42);
	memcpy(frame, op == ARP_REQUEST ? everybody : ours, 6);
	memcpy(frame + 6, sha, 6);
	be16_put(frame + 12, ETH_TYPE_ARP);
	memcpy(arp.sha, sha, 6);
	arp_emit(frame + 14, &arp);
	fx_input(f, frame, 42);
}

/* R-ICMP-11: the same data, id and number, from the address that was asked. */
TEST(echo_is_answered_with_the_same_data)
{
	static uint8_t out[FRAME_MAX];
	struct fx f = fx_listen(.arena_bytes = (size_t)4 << 20);

	COVERS("R-ICMP-11");
	send_arp(&f, ARP_REQUEST, FX_PEER_V4, FX_LOCAL_V4, theirs);
	EXPECT_EQ(next_frame(&f, out), 42);
	for (uint32_t n = 0; n <= 1472; n += n < 20 ? 1 : 97) {
		const uint32_t len = make_echo(n);

		fx_input(&f, frame, len);
		EXPECT_EQ(next_frame(&f, out), len);
		EXPECT_EQ(out[34], ICMP4_ECHO_REPLY);
		EXPECT_EQ(be32_get(out + 26), FX_LOCAL_V4);
		EXPECT_EQ(be32_get(out + 30), FX_PEER_V4);
		EXPECT_MEM(out + 38, frame + 38, 4 + n);
		EXPECT_MEM(out, theirs, 6);
	}
}

/* Link padding is not data: R-V-46. */
TEST(echo_ignores_padding)
{
	static uint8_t out[FRAME_MAX];
	struct fx f = fx_listen();

	COVERS("R-V-46");
	send_arp(&f, ARP_REQUEST, FX_PEER_V4, FX_LOCAL_V4, theirs);
	(void)next_frame(&f, out);
	(void)make_echo(2);
	memset(frame + 44, 0x77, 16);
	fx_input(&f, frame, 60);
	EXPECT_EQ(next_frame(&f, out), 44);
}

/* What waits for a neighbour is bounded: R-V-37, SP_REPLIES_MAX. */
TEST(echo_flood_is_bounded)
{
	struct fx f = fx_listen(.arena_bytes = (size_t)8 << 20);
	const uint32_t len = make_echo(10);
	uint64_t dropped;

	COVERS("R-ICMP-20");
	for (unsigned i = 0; i < 5000; i++)
		fx_input(&f, frame, len);
	dropped = sampan_counter(f.s, SAMPAN_COUNT_REPLIES_DROPPED);
	EXPECT(dropped >= 5000 - SP_REPLIES_MAX);
}

/* ---- Neighbours: RFC 826, RFC 1122 §2.3.2, RFC 4861 §7.3 ---- */

/* The next frame is an ARP request for `tpa`, to `to`. */
static void
expect_request(struct fx *f, uint32_t tpa, const uint8_t *to)
{
	static uint8_t out[FRAME_MAX];
	struct arp_pkt arp;

	EXPECT_EQ(next_frame(f, out), 42);
	EXPECT_EQ(be16_get(out + 12), ETH_TYPE_ARP);
	EXPECT(arp_parse(&arp, out + 14, ARP_LEN));
	EXPECT_EQ(arp.op, ARP_REQUEST);
	EXPECT_EQ(arp.tpa, tpa);
	EXPECT_EQ(arp.spa, FX_LOCAL_V4);
	EXPECT_MEM(out, to, 6);
}

static void
expect_silence(struct fx *f)
{
	static uint8_t out[FRAME_MAX];

	EXPECT_EQ(next_frame(f, out), 0);
}

static void
pass(struct fx *f, sampan_dur dur)
{
	f->now += dur;
	sampan_advance(f->s, f->now);
}

/* Three questions a second apart, then it is given up: what waits is dropped. */
TEST(neighbour_that_does_not_answer_is_asked_three_times)
{
	struct fx f = fx_listen(.no_arp = true);
	const uint32_t len = make_echo(10);

	COVERS("R-826-5", "R-826-7");
	fx_input(&f, frame, len);
	for (unsigned i = 0; i < 3; i++) {
		expect_request(&f, FX_PEER_V4, everybody);
		expect_silence(&f);
		pass(&f, SAMPAN_MS(900));
		expect_silence(&f);
		pass(&f, SAMPAN_MS(101));
	}
	expect_silence(&f);
	expect_count(&f, COUNT_NEIGH_FAILED, 1);
	expect_count(&f, COUNT_REPLIES_DROPPED, 1);
	expect_count(&f, COUNT_ICMP_ERRORS_OUT, 0);
}

/* One question for all that waits. */
TEST(neighbour_is_asked_once_for_many)
{
	static uint8_t out[FRAME_MAX];
	struct fx f = fx_listen(.no_arp = true);
	const uint32_t len = make_echo(10);

	COVERS("R-826-5", "R-826-6");
	for (unsigned i = 0; i < 20; i++)
		fx_input(&f, frame, len);
	expect_request(&f, FX_PEER_V4, everybody);
	expect_silence(&f);
	send_arp(&f, ARP_REPLY, FX_PEER_V4, FX_LOCAL_V4, theirs);
	for (unsigned i = 0; i < 20; i++)
		EXPECT_EQ(next_frame(&f, out), len);
	expect_silence(&f);
}

/* Used long after it was confirmed, it is asked directly, 5 s later; and believed,
 * if it has moved. */
TEST(neighbour_that_is_old_is_asked_directly)
{
	static const uint8_t moved[6] = { 2, 0, 0, 0, 0, 3 };
	static uint8_t out[FRAME_MAX];
	struct fx f = fx_listen(.no_arp = true);
	const uint32_t len = make_echo(10);

	COVERS("R-826-4");
	fx_input(&f, frame, len);
	expect_request(&f, FX_PEER_V4, everybody);
	send_arp(&f, ARP_REPLY, FX_PEER_V4, FX_LOCAL_V4, theirs);
	EXPECT_EQ(next_frame(&f, out), len);
	pass(&f, SAMPAN_SEC(31));
	(void)make_echo(10);
	fx_input(&f, frame, len);
	EXPECT_EQ(next_frame(&f, out), len);
	expect_silence(&f);
	pass(&f, SAMPAN_MS(5001));
	expect_request(&f, FX_PEER_V4, theirs);
	send_arp(&f, ARP_REPLY, FX_PEER_V4, FX_LOCAL_V4, moved);
	pass(&f, SAMPAN_SEC(20));
	expect_silence(&f);
	(void)make_echo(10);
	fx_input(&f, frame, len);
	EXPECT_EQ(next_frame(&f, out), len);
	EXPECT_MEM(out, moved, 6);
}

/* R-826-2: what is known is renewed by anything that its owner says, before anybody
 * looks at what it asks; what is not known is learnt only by who asks for us. */
TEST(arp_announcement_moves_what_is_known)
{
	static const uint8_t moved[6] = { 2, 0, 0, 0, 0, 3 };
	static uint8_t out[FRAME_MAX];
	struct fx f = fx_listen(.no_arp = true);

	COVERS("R-826-2", "R-826-3");
	send_arp(&f, ARP_REQUEST, FX_PEER_V4, FX_PEER_V4, theirs);
	expect_silence(&f);
	EXPECT_EQ(f.s->neighs.entries, 0);
	send_arp(&f, ARP_REQUEST, FX_PEER_V4, FX_LOCAL_V4, theirs);
	EXPECT_EQ(next_frame(&f, out), 42);
	EXPECT_MEM(out, theirs, 6);
	EXPECT_EQ(f.s->neighs.entries, 1);
	for (uint16_t op = ARP_REQUEST; op <= ARP_REPLY; op++) {
		const uint8_t *now = op == ARP_REQUEST ? moved : theirs;

		pass(&f, SAMPAN_SEC(2));
		send_arp(&f, op, FX_PEER_V4, FX_PEER_V4, now);
		expect_silence(&f);
		fx_input(&f, frame, make_echo(10));
		EXPECT_EQ(next_frame(&f, out), 52);
		EXPECT_MEM(out, now, 6);
	}
}

/* What was counted as dropped; what was taken: echoes, and parts of something. */
static uint64_t
dropped(const struct fx *f)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < SAMPAN_DROP_COUNT; i++)
		n += sampan_counter(f->s, i);
	return n;
}

static uint64_t
taken(const struct fx *f)
{
	return sampan_counter(f->s, SAMPAN_COUNT_ICMP_ECHOS_IN) + sp_reass_bytes(f->s, true);
}

/* R-MISC-17: one octet of a good frame is another: then it is taken, or counted under
 * one reason. */
TEST(every_frame_is_accounted_for)
{
	COVERS("R-MISC-17");
	for (unsigned at = 0; at < 44; at++) {
		struct fx f = fx_listen(.arena_bytes = (size_t)4 << 20);

		for (unsigned value = 0; value < 256; value++) {
			const uint32_t len = make_echo(10);
			const uint64_t drops = dropped(&f), takes = taken(&f);

			frame[at] = (uint8_t)value;
			if (at >= 14 && at < 34)
				mend_ip();
			fx_input(&f, frame, len);
			EXPECT(dropped(&f) <= drops + 1);
			EXPECT(dropped(&f) == drops + 1 || taken(&f) > takes);
		}
	}
}

/* R-826-8: addresses that cannot be a neighbour's teach nothing. */
TEST(arp_from_impossible_senders_is_dropped)
{
	static const uint32_t bad[] = { 0x7fffffff, 0xe0000001, 0xffffffff, 0x0a0000ff, FX_LOCAL_V4,
		0xc0a80101 };
	struct fx f = fx_listen(.no_arp = true);

	COVERS("R-826-8", "R-V-45");
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		send_arp(&f, ARP_REQUEST, bad[i], FX_LOCAL_V4, theirs);
		expect_count(&f, DROP_ARP_SENDER, 1);
	}
	send_arp(&f, ARP_REQUEST, FX_PEER_V4, FX_LOCAL_V4, everybody);
	expect_count(&f, DROP_ARP_SENDER, 1);
	send_arp(&f, ARP_REQUEST, FX_PEER_V4, FX_LOCAL_V4, ours);
	expect_count(&f, DROP_ARP_SENDER, 1);
	expect_request(&f, FX_LOCAL_V4, everybody);	/* our address is defended, once */
	expect_silence(&f);
}

/* An announcement about somebody we do not know makes no entry. */
TEST(arp_about_strangers_is_not_remembered)
{
	struct fx f = fx_listen(.no_arp = true);

	COVERS("R-V-44");
	for (uint32_t i = 3; i < 200; i++) {
		send_arp(&f, ARP_REQUEST, 0x0a000000 + i, 0x0a000000 + i, theirs);
		expect_count(&f, DROP_ARP_NOT_OURS, 1);
		send_arp(&f, ARP_REPLY, 0x0a000000 + i, FX_LOCAL_V4, theirs);
		expect_count(&f, DROP_ARP_NOT_OURS, 1);
	}
	expect_silence(&f);
	EXPECT_EQ(f.s->neighs.entries, 0);
}

/* R-V-44: questions from many make no more entries than the setting allows. */
TEST(arp_table_is_bounded)
{
	static uint8_t out[FRAME_MAX];
	struct fx f = fx_listen(.no_arp = true);

	COVERS("R-V-44");
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.neigh.default.gc_thresh3", 10), 0);
	for (uint32_t i = 3; i < 250; i++) {
		send_arp(&f, ARP_REQUEST, 0x0a000000 + i, FX_LOCAL_V4, theirs);
		EXPECT_EQ(next_frame(&f, out), 42);
	}
	EXPECT(f.s->neighs.entries <= 10);
}

/* R-826-9: an answer that nobody asked for does not move a fresh entry. */
TEST(arp_unasked_answer_does_not_replace_a_fresh_entry)
{
	static const uint8_t thief[6] = { 2, 0, 0, 0, 0, 9 };
	static uint8_t out[FRAME_MAX];
	struct fx f = fx_listen(.no_arp = true);
	const uint32_t len = make_echo(10);

	COVERS("R-826-9", "R-V-45");
	fx_input(&f, frame, len);
	expect_request(&f, FX_PEER_V4, everybody);
	send_arp(&f, ARP_REPLY, FX_PEER_V4, FX_LOCAL_V4, theirs);
	EXPECT_EQ(next_frame(&f, out), len);
	send_arp(&f, ARP_REPLY, FX_PEER_V4, FX_LOCAL_V4, thief);
	(void)make_echo(10);
	fx_input(&f, frame, len);
	EXPECT_EQ(next_frame(&f, out), len);
	EXPECT_MEM(out, theirs, 6);
}
