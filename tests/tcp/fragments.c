/*
 * fragments.c - what arrives in pieces: RFC 791, RFC 815, RFC 8200 §4.5, and what
 * is done with pieces that were not meant to fit.
 *
 * The packet is a TCP segment, so that the application reads what was put
 * together; the fragments are made here, by hand.
 */
#include <string.h>

#include "lib/fx.h"
#include "lib/fx_family.h"
#include "lib/stack_check.h"
#include "net/reass.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define ETH 14u
#define ID 4711		/* where a part says nothing else */

/* The packet that is cut. */
struct whole {
	uint8_t bytes[FRAME_MAX];
	uint32_t len, l4_at;
};

static struct whole w;

struct part {
	uint32_t from, to;	/* of what is behind the IP header */
	bool last;
	uint32_t id;
	uint8_t ecn, src;	/* src: last octet of the source; 0: the peer's */
};

#define PART(...) ((struct part){ .id = ID, .from = __VA_ARGS__ })

static void
take_segment(struct fx *f, uint32_t text)
{
	w.len = fx_craft(f, FX_SEG(f, .flags = TCP_ACK, .len = text), w.bytes);
	w.l4_at = ETH + (fx_is_v6() ? IP6_HDR_LEN : IP4_HDR_LEN);
}

/* Who has our address?  In the place of the segment. */
static void
take_solicitation(struct fx *f)
{
	const struct sampan_addr local = fx_local();
	uint8_t *ip = w.bytes + ETH, *l4;

	take_segment(f, 0);
	l4 = w.bytes + w.l4_at;
	memset(l4, 0, 32);
	l4[0] = 135;
	memcpy(l4 + 8, local.b, 16);
	memcpy(l4 + 24, "\1\1\2\0\0\0\0\2", 8);	/* its Ethernet address */
	ip[6] = IP_PROTO_ICMP6;
	ip[7] = 255;
	be16_put(ip + 4, 32);
	w.len = w.l4_at + 32;
	be16_put(l4 + 2, (uint16_t)~frame_sum(l4, 32, frame_pseudo(ip)));
}

static uint32_t
l4_len(void)
{
	return w.len - w.l4_at;
}

static void
mark4(uint8_t *ip, const struct part *p)
{
	be16_put(ip + 2, (uint16_t)(IP4_HDR_LEN + p->to - p->from));
	be16_put(ip + 4, (uint16_t)p->id);
	be16_put(ip + 6, (uint16_t)(p->from / 8 | (p->last ? 0 : 0x2000)));
	ip[1] = (uint8_t)((ip[1] & 0xfc) | p->ecn);
	if (p->src != 0)
		ip[15] = p->src;
	be16_put(ip + 10, 0);
	be16_put(ip + 10, (uint16_t)~frame_sum(ip, IP4_HDR_LEN, 0));
}

static void
mark6(uint8_t *ip, const struct part *p)
{
	uint8_t *h = ip + IP6_HDR_LEN;

	h[0] = ip[6];
	h[1] = 0;
	be16_put(h + 2, (uint16_t)((p->from & 0xfff8) | !p->last));
	be32_put(h + 4, p->id);
	ip[6] = IP_PROTO_FRAGMENT;
	ip[1] = (uint8_t)((ip[1] & 0xcf) | p->ecn << 4);
	if (p->src != 0)
		ip[23] = p->src;
	be16_put(ip + 4, (uint16_t)(8 + p->to - p->from));
}

/* It may reach behind the packet: then it holds rubbish. */
static void
part_arrives(struct fx *f, struct part p)
{
	static uint8_t bytes[FRAME_MAX];
	const uint32_t at = w.l4_at + (fx_is_v6() ? 8 : 0);

	memset(bytes, 0xee, sizeof(bytes));
	memcpy(bytes, w.bytes, w.l4_at);
	for (uint32_t i = p.from; i < p.to && w.l4_at + i < w.len; i++)
		bytes[at + i - p.from] = w.bytes[w.l4_at + i];
	if (fx_is_v6())
		mark6(bytes + ETH, &p);
	else
		mark4(bytes + ETH, &p);
	fx_input(f, bytes, at + p.to - p.from);
}

static void
expect_whole(struct fx *f, uint32_t text)
{
	EXPECT_EQ(fx_read(f, 65536), text);
	expect_count(f, COUNT_REASM_OKS, 1);
	fx_drop(f);
	EXPECT_EQ(sp_reass_bytes(f->s, !fx_is_v6()), 0);
}

/* Dead: nothing is read, and the last part does not wake it. */
static void
expect_dead(struct fx *f)
{
	EXPECT_EQ(fx_read(f, 65536), SAMPAN_EAGAIN);
	expect_count(f, COUNT_REASM_OKS, 0);
	expect_count(f, COUNT_REASM_FAILS, 1);
}

/* ---- Together ---- */

TEST(fragments_in_order_are_put_together)
{
	struct fx f = fx_established();

	COVERS("R-FRAG-1", "R-FRAG-16");
	take_segment(&f, 3000);
	part_arrives(&f, PART(0, 1480));
	part_arrives(&f, PART(1480, 2960));
	EXPECT_EQ(fx_read(&f, 1), SAMPAN_EAGAIN);
	part_arrives(&f, PART(2960, l4_len(), .last = true));
	expect_whole(&f, 3000);
}

/* All orders of four. */
TEST(fragments_in_any_order_are_put_together)
{
	COVERS("R-FRAG-22", "R-FRAG-1");
	for (unsigned order = 0; order < 256; order++) {
		const unsigned pick[4] = { order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 };
		struct fx f;

		if ((1u << pick[0] | 1u << pick[1] | 1u << pick[2] | 1u << pick[3]) != 15)
			continue;
		f = fx_established();
		take_segment(&f, 3900);
		for (unsigned i = 0; i < 4; i++)
			part_arrives(&f, PART(pick[i] * 1000u, pick[i] == 3 ? l4_len() :
			    pick[i] * 1000u + 1000u, .last = pick[i] == 3));
		expect_whole(&f, 3900);
	}
}

/* The longest there is: 64 KiB, backwards, in chunks that are full to a third. */
TEST(fragments_of_the_longest_packet_backwards)
{
	struct fx f = fx_established(.arena_bytes = (size_t)8 << 20, .rcvbuf = 262144,
	    .wscale = true, .peer_scale = 2);
	uint32_t from;

	COVERS("R-FRAG-1", "R-FRAG-17");
	take_segment(&f, 65000);
	from = l4_len() / 1480 * 1480;
	part_arrives(&f, PART(from, l4_len(), .last = true));
	while (from > 0) {
		part_arrives(&f, PART(from - 1480, from));
		from -= 1480;
	}
	expect_count(&f, COUNT_REASM_OKS, 1);
	EXPECT(sampan_readable_bytes(f.s, f.h) > 60000);
}

TEST(fragment_that_comes_twice_changes_nothing)
{
	struct fx f = fx_established();

	COVERS("R-FRAG-7", "R-FRAG-8");
	take_segment(&f, 2000);
	part_arrives(&f, PART(0, 800));
	part_arrives(&f, PART(0, 800));
	part_arrives(&f, PART(1600, l4_len(), .last = true));
	part_arrives(&f, PART(1600, l4_len(), .last = true));
	expect_count(&f, DROP_IP_OVERLAP, 2);
	part_arrives(&f, PART(800, 1600));
	expect_whole(&f, 2000);
}

TEST(fragments_of_different_packets_do_not_mix)
{
	struct fx f = fx_established();

	COVERS("R-FRAG-4");
	take_segment(&f, 2000);
	part_arrives(&f, PART(0, 1000));
	part_arrives(&f, PART(1000, l4_len(), .last = true, .id = 4712));
	part_arrives(&f, PART(1000, l4_len(), .last = true, .src = 77));
	EXPECT_EQ(fx_read(&f, 1), SAMPAN_EAGAIN);
	part_arrives(&f, PART(1000, l4_len(), .last = true));
	EXPECT_EQ(fx_read(&f, 65536), 2000);
}

/* RFC 6946: one that is whole by itself neither joins nor kills others. */
TEST(fragment_that_is_all_goes_its_own_way)
{
	struct fx f = fx_established();

	COVERS("R-FRAG-10");
	if (!fx_is_v6())
		SKIP("over IPv4 it has no fragment header");
	take_segment(&f, 1000);
	part_arrives(&f, PART(0, 504));
	part_arrives(&f, PART(0, l4_len(), .last = true));
	EXPECT_EQ(fx_read(&f, 65536), 1000);
	expect_count(&f, COUNT_REASM_OKS, 0);
}

/* RFC 6980: discovery is never so long that it would have to be cut; who cuts it
 * hides it. */
TEST(fragments_of_a_solicitation_are_ignored)
{
	static const uint32_t cut[] = { 32, 24 };

	COVERS("R-FRAG-24");
	if (!fx_is_v6())
		SKIP("is about neighbour discovery");
	for (unsigned i = 0; i < 2; i++) {
		struct fx f = fx_established();

		take_solicitation(&f);
		fx_input(&f, w.bytes, w.len);
		fx_pump(&f);
		expect_count(&f, COUNT_NEIGH_ADVERTS_OUT, 1);	/* it is a good one */
		part_arrives(&f, PART(0, cut[i], .last = cut[i] == 32));
		if (cut[i] < 32)
			part_arrives(&f, PART(cut[i], 32, .last = true));
		fx_pump(&f);
		expect_count(&f, DROP_ND_MALFORMED, 1);
		expect_count(&f, COUNT_NEIGH_ADVERTS_OUT, 0);
	}
}

/* ---- Not together ---- */

TEST(fragments_that_overlap_kill_the_packet)
{
	static const struct {
		uint32_t from, to;
	} bad[] = { { 400, 1200 }, { 792, 1600 }, { 0, 792 }, { 16, 800 }, { 0, 808 }, { 80, 160 },
		{ 1592, 1608 } };

	COVERS("R-FRAG-7", "R-FRAG-8", "R-V-7");
	for (unsigned i = 0; i < 7; i++) {
		struct fx f = fx_established();

		take_segment(&f, 2400);
		part_arrives(&f, PART(0, 800));
		part_arrives(&f, PART(1600, l4_len(), .last = true));
		part_arrives(&f, PART(bad[i].from, bad[i].to));
		part_arrives(&f, PART(800, 1600));
		expect_dead(&f);
		part_arrives(&f, PART(0, 800));
		EXPECT_EQ(fx_read(&f, 1), SAMPAN_EAGAIN);
	}
}

TEST(fragments_that_disagree_about_the_end_kill_the_packet)
{
	static const struct {
		uint32_t from, to;
		bool last;
	} bad[] = { { 1600, 1700, true }, { 1600, 2400, true }, { 2400, 3200, false },
		{ 1000, 1008, true } };

	COVERS("R-FRAG-9", "R-V-6");
	for (unsigned i = 0; i < 4; i++) {
		struct fx f = fx_established();

		take_segment(&f, 1980);
		part_arrives(&f, PART(0, 800));
		part_arrives(&f, PART(1600, 2000, .last = true));
		part_arrives(&f, PART(bad[i].from, bad[i].to, .last = bad[i].last));
		part_arrives(&f, PART(800, 1600));
		expect_dead(&f);
	}
}

/* Ping of death: beyond 65,535 octets. */
TEST(fragment_beyond_the_longest_packet_is_dropped)
{
	struct fx f = fx_established();

	COVERS("R-FRAG-5", "R-V-8");
	take_segment(&f, 1000);
	part_arrives(&f, PART(65528, 65528 + 16, .last = true));
	part_arrives(&f, PART(65512, 65512 + 1000));
	EXPECT_EQ(sp_reass_bytes(f.s, !fx_is_v6()), 0);
	EXPECT_EQ(sampan_counter(f.s, fx_is_v6() ? (unsigned)SAMPAN_DROP_IP6_PROBLEM :
	    (unsigned)SAMPAN_DROP_IP_FRAGMENT), 2);
}

TEST(fragment_that_is_not_last_has_whole_units)
{
	struct fx f = fx_established();

	COVERS("R-FRAG-6", "R-FRAG-20", "R-FRAG-23");
	take_segment(&f, 1000);
	part_arrives(&f, PART(0, 801));
	part_arrives(&f, PART(800, 800));
	EXPECT_EQ(sp_reass_bytes(f.s, !fx_is_v6()), 0);
	EXPECT_EQ(sampan_counter(f.s, SAMPAN_COUNT_ICMP_ERRORS_OUT), fx_is_v6());
}

/* The first one holds the headers, and nothing is put over them. */
TEST(fragment_that_hides_headers_is_dropped)
{
	struct fx f = fx_established();

	COVERS("R-FRAG-12", "R-FRAG-14");
	take_segment(&f, 1000);
	part_arrives(&f, PART(0, 16));
	if (!fx_is_v6())
		part_arrives(&f, PART(8, 808));
	EXPECT_EQ(sp_reass_bytes(f.s, !fx_is_v6()), 0);
	EXPECT_EQ(sampan_counter(f.s, SAMPAN_COUNT_ICMP_ERRORS_OUT), fx_is_v6());
}

/* RFC 3168 §5.3. */
TEST(fragments_merge_what_they_say_about_congestion)
{
	static const struct {
		uint8_t first, second;
		bool good;
	} cases[] = { { 2, 3, true }, { 3, 2, true }, { 0, 0, true }, { 0, 3, false },
		{ 3, 0, false } };

	COVERS("R-FRAG-15", "R-3168-16");
	for (unsigned i = 0; i < 5; i++) {
		struct fx f = fx_established();

		take_segment(&f, 1000);
		part_arrives(&f, PART(0, 800, .ecn = cases[i].first));
		part_arrives(&f, PART(800, l4_len(), .last = true, .ecn = cases[i].second));
		EXPECT_EQ(fx_read(&f, 4000), cases[i].good ? 1000 : SAMPAN_EAGAIN);
	}
}

/* ---- Time ---- */

TEST(fragments_wait_no_longer_than_the_setting)
{
	COVERS("R-FRAG-2", "R-FRAG-3", "5-D7");
	for (unsigned first = 0; first < 2; first++) {
		struct fx f = fx_established();
		const unsigned s = fx_is_v6() ? 60 : 30;

		take_segment(&f, 2400);
		if (first)
			part_arrives(&f, PART(0, 800));
		part_arrives(&f, PART(1600, l4_len(), .last = true));
		fx_advance(&f, SAMPAN_SEC(s - 1));
		expect_count(&f, COUNT_REASM_TIMEOUT, 0);
		fx_advance(&f, SAMPAN_SEC(2));
		expect_count(&f, COUNT_REASM_TIMEOUT, 1);
		EXPECT_EQ(sampan_counter(f.s, SAMPAN_COUNT_ICMP_ERRORS_OUT), first);
		EXPECT_EQ(sp_reass_bytes(f.s, !fx_is_v6()), 0);
	}
}

/* ---- Floods ---- */

/* First fragments without end: who sends them pushes out his own. */
TEST(fragments_of_a_flood_do_not_starve_others)
{
	struct fx f = fx_established();

	COVERS("R-FRAG-17", "R-FRAG-18", "R-V-5", "R-V-6");
	take_segment(&f, 2000);
	part_arrives(&f, PART(0, 1000));
	for (uint32_t i = 0; i < 3000; i++) {
		part_arrives(&f, PART(0, 1000, .id = 100000 + i, .src = 77));
		EXPECT(sp_reass_bytes(f.s, !fx_is_v6()) <= f.opts.arena_bytes / 8 + 8192);
	}
	part_arrives(&f, PART(1000, l4_len(), .last = true));
	EXPECT_EQ(fx_read(&f, 65536), 2000);
	fx_advance(&f, SAMPAN_SEC(61));
	EXPECT_EQ(sp_reass_bytes(f.s, !fx_is_v6()), 0);
}

/* From two hundred sources at once, who each have little: within the limit, and a packet whose
 * fragments follow each other still comes together. */
TEST(fragments_of_a_flood_from_everywhere_let_others_through)
{
	struct fx f = fx_established();
	uint32_t id = 100000;

	COVERS("R-FRAG-17", "R-FRAG-18", "R-V-5");
	for (unsigned turn = 0; turn < 10; turn++) {
		take_segment(&f, 2000);
		for (uint32_t i = 0; i < 1000; i++) {
			part_arrives(&f, PART(0, 1000, .id = id++, .src = (uint8_t)(10 + i % 200)));
			EXPECT(sp_reass_bytes(f.s, !fx_is_v6()) <=
			    f.opts.arena_bytes / 8 + 8192);
		}
		part_arrives(&f, PART(0, 1000));
		part_arrives(&f, PART(1000, l4_len(), .last = true));
		EXPECT_EQ(fx_read(&f, 65536), 2000);
		fx_drop(&f);
	}
	fx_advance(&f, SAMPAN_SEC(61));
	EXPECT_EQ(sp_reass_bytes(f.s, !fx_is_v6()), 0);
}

TEST(fragments_of_eight_octets_are_bounded_in_number)
{
	struct fx f = fx_established();

	COVERS("R-FRAG-17", "R-V-5");
	take_segment(&f, 4000);
	part_arrives(&f, PART(0, 32));
	for (uint32_t i = 6; i < 500; i += 2)
		part_arrives(&f, PART(i * 8, i * 8 + 8));
	expect_count(&f, COUNT_REASM_FAILS, 1);
	EXPECT(sp_reass_bytes(f.s, !fx_is_v6()) <= 128);
}

TEST(fragments_without_memory_are_dropped)
{
	struct fx f = fx_established();

	COVERS("R-FRAG-17");
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.ipfrag_high_thresh", 0), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv6.ip6frag_high_thresh", 0), 0);
	take_segment(&f, 2000);
	for (uint32_t i = 0; i < 10; i++)
		part_arrives(&f, PART(0, 1000, .id = 1 + i));
	EXPECT(sp_reass_bytes(f.s, !fx_is_v6()) <= 1500);
}

/* ---- Ours ---- */

#define ECHO_BYTES 60008u

/* An echo request in the place of the segment. */
static void
take_echo(struct fx *f)
{
	uint8_t *ip = w.bytes + ETH, *icmp;

	take_segment(f, 0);
	icmp = w.bytes + w.l4_at;
	w.len = w.l4_at + ECHO_BYTES;
	for (uint32_t i = 0; i < ECHO_BYTES; i++)
		icmp[i] = (uint8_t)(i * 7 >> 3);
	ip[fx_is_v6() ? 6 : 9] = fx_is_v6() ? IP_PROTO_ICMP6 : IP_PROTO_ICMP;
	icmp[0] = fx_is_v6() ? 128 : 8;
	icmp[1] = 0;
	be16_put(icmp + 2, 0);
	if (fx_is_v6())
		be16_put(ip + 4, ECHO_BYTES);
	else
		be16_put(ip + 2, ECHO_BYTES + IP4_HDR_LEN);
	be16_put(icmp + 2,
	    (uint16_t)~frame_sum(icmp, ECHO_BYTES, fx_is_v6() ? frame_pseudo(ip) : 0));
}

/* What one fragment of the answer brings; returns where it ends. */
static uint32_t
check_part(const uint8_t *p, uint32_t len, uint32_t at, uint32_t *id)
{
	const uint8_t *ip = p + ETH, *l4 = p + w.l4_at + (fx_is_v6() ? 8 : 0);
	const uint32_t n = len - (uint32_t)(l4 - p);
	const uint32_t here = fx_is_v6() ? be32_get(l4 - 4) : be16_get(ip + 4);
	const uint32_t off =
	    fx_is_v6() ? be16_get(l4 - 6) & 0xfff8u : (be16_get(ip + 6) & 0x1fffu) * 8;
	const bool more = fx_is_v6() ? (l4[-5] & 1) != 0 : (ip[6] & 0x20) != 0;

	EXPECT(len <= ETH + FX_MTU + (fx_is_v6() ? 20 : 0));
	EXPECT_EQ(off, at);
	EXPECT_EQ(more, at + n < ECHO_BYTES);
	if (at == 0)
		*id = here;
	EXPECT_EQ(here, *id);
	for (uint32_t i = at == 0 ? 4 : 0; i < n; i++)
		EXPECT(l4[i] == w.bytes[w.l4_at + at + i]);
	return at + n;
}

TEST(echo_of_60000_octets_comes_back_in_fragments)
{
	static uint8_t bytes[FRAME_MAX];
	struct fx f = fx_established(.arena_bytes = (size_t)8 << 20);
	uint32_t at = 0, id = 0, last_id = 0;

	COVERS("R-FRAG-13", "R-FRAG-19", "R-FRAG-11", "R-IP4-29", "R-ICMP-11", "R-ICMP-20",
	    "R-4443-13");
	for (unsigned twice = 0; twice < 2; twice++) {
		struct sampan_frame fr;

		take_echo(&f);
		for (uint32_t from = 0; from < ECHO_BYTES; from += 1400)
			part_arrives(&f, PART(from, from + 1400 < ECHO_BYTES ? from + 1400 :
			    ECHO_BYTES, .last = from + 1400 >= ECHO_BYTES, .id = 9 + twice));
		at = 0;
		while (sampan_output(f.s, f.link, &fr, 1, f.now) == 1) {
			at = check_part(bytes, frame_flatten(&fr, bytes), at, &id);
			sampan_sent(f.s, &fr, 1);
		}
		EXPECT_EQ(at, ECHO_BYTES);
		EXPECT(id != last_id);
		last_id = id;
	}
	EXPECT_EQ(sp_reass_bytes(f.s, !fx_is_v6()), 0);
}

/* R-FRAG-25: what the first one says about the packet holds, in whatever order they
 * come. */
TEST(fragments_have_the_type_of_service_of_the_first)
{
	static uint8_t bytes[FRAME_MAX];
	struct fx f = fx_established(.arena_bytes = (size_t)8 << 20);
	struct sampan_frame fr;
	unsigned n = 0;

	FX_ONLY_V4();
	COVERS("R-FRAG-25");
	take_echo(&f);
	w.bytes[ETH + 1] = 0x10;
	for (uint32_t from = 1400; from < ECHO_BYTES; from += 1400)
		part_arrives(&f, PART(from, from + 1400 < ECHO_BYTES ? from + 1400 : ECHO_BYTES,
		    .last = from + 1400 >= ECHO_BYTES));
	w.bytes[ETH + 1] = 0x28;
	part_arrives(&f, PART(0, 1400));
	while (sampan_output(f.s, f.link, &fr, 1, f.now) == 1) {
		(void)frame_flatten(&fr, bytes);
		EXPECT_EQ(bytes[ETH + 1], 0x28);
		sampan_sent(f.s, &fr, 1);
		n++;
	}
	EXPECT(n > 40);
}
