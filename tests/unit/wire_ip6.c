/* Tests of wire/ip6.h: the header, and the chain of extension headers. */
#include "lib/test.h"

#include "wire/ip6.h"

static uint8_t packet[IP6_HDR_LEN + 1200];

/* A packet whose first header is `next`, with these octets behind it. */
static enum ip6_verdict
walk(struct ip6_chain *c, uint8_t next, const uint8_t *rest, size_t len)
{
	memset(packet, 0, sizeof(packet));
	packet[0] = 0x60;
	packet[6] = next;
	if (len > 0)
		memcpy(packet + IP6_HDR_LEN, rest, len);
	return ip6_walk(c, packet, IP6_HDR_LEN + len, IP6_HDR_LEN + len);
}

TEST(ip6_header_round_trip)
{
	const struct ip6_hdr h = { .tclass = 0xb8, .flow_label = 0xabcde, .payload_len = 7,
		.next = 6, .hop_limit = 9, .src = { 1 }, .dst = { [15] = 2 } };
	struct ip6_hdr back;
	uint8_t p[IP6_HDR_LEN];

	ip6_emit(p, &h);
	EXPECT_EQ(p[0], 0x6b);
	EXPECT_EQ(p[1], 0x8a);
	EXPECT_EQ(ip6_parse(&back, p, 40, 47), IP6_OK);
	EXPECT(back.tclass == 0xb8 && back.flow_label == 0xabcde && back.payload_len == 7);
	EXPECT(back.next == 6 && back.hop_limit == 9);
	EXPECT_MEM(back.src, h.src, 32);
}

/* R-8200-1: four lengths, every version. */
TEST(ip6_header_lengths_and_version)
{
	const struct ip6_hdr h = { .payload_len = 100 };
	struct ip6_hdr back;
	uint8_t p[IP6_HDR_LEN];

	COVERS("R-8200-1");
	ip6_emit(p, &h);
	EXPECT_EQ(ip6_parse(&back, p, 39, 140), IP6_SHORT);
	EXPECT_EQ(ip6_parse(&back, p, 40, 139), IP6_PAYLOAD_LEN);
	EXPECT_EQ(ip6_parse(&back, p, 40, 140), IP6_OK);
	EXPECT_EQ(ip6_parse(&back, p, 40, 200), IP6_OK);
	for (unsigned version = 0; version < 16; version++) {
		p[0] = (uint8_t)(version << 4);
		EXPECT_EQ(ip6_parse(&back, p, 40, 140) == IP6_OK, version == 6);
	}
}

/* R-8200-2: any order but hop-by-hop only first. */
TEST(ip6_chain_is_followed)
{
	static const uint8_t rest[] = { 60, 0, 1, 4, 0, 0, 0, 0, 43, 0, 1, 4, 0, 0, 0, 0,
		60, 0, 253, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0xaa };
	struct ip6_chain c;

	COVERS("R-8200-2", "R-8200-5", "R-8200-6");
	EXPECT_EQ(walk(&c, IP_PROTO_HOPOPTS, rest, sizeof(rest)), IP6_CHAIN_OK);
	EXPECT_EQ(c.proto, 6);
	EXPECT_EQ(c.off, 40 + 32);
	EXPECT_EQ(c.next_at, 40 + 24);
}

/* R-8200-3 */
TEST(ip6_chain_second_hop_by_hop_is_a_problem)
{
	static const uint8_t rest[] = { 0, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0 };
	struct ip6_chain c;

	COVERS("R-8200-3");
	EXPECT_EQ(walk(&c, IP_PROTO_HOPOPTS, rest, sizeof(rest)), IP6_CHAIN_PROBLEM);
	EXPECT_EQ(c.code, IP6_PROBLEM_NEXT);
	EXPECT_EQ(c.pointer, 40);
	EXPECT_EQ(walk(&c, IP_PROTO_DSTOPTS, rest, sizeof(rest)), IP6_CHAIN_PROBLEM);
}

/* R-8200-4: what the two highest bits say. */
TEST(ip6_chain_unknown_options_four_ways)
{
	static const enum ip6_verdict want[] = { IP6_CHAIN_OK, IP6_CHAIN_DROP, IP6_CHAIN_PROBLEM,
		IP6_CHAIN_PROBLEM };
	uint8_t rest[] = { 6, 0, 0, 4, 0, 0, 0, 0 };
	struct ip6_chain c;

	COVERS("R-8200-4", "R-8200-21");
	for (unsigned action = 0; action < 4; action++) {
		rest[2] = (uint8_t)(action << 6 | 0x1e);
		EXPECT_EQ(walk(&c, IP_PROTO_DSTOPTS, rest, sizeof(rest)), want[action]);
		EXPECT_EQ(c.even_group, action == 2);
		if (want[action] == IP6_CHAIN_PROBLEM) {
			EXPECT_EQ(c.code, IP6_PROBLEM_OPTION);
			EXPECT_EQ(c.pointer, 42);
		}
	}
	rest[2] = 0xc2;		/* jumbo payload */
	EXPECT_EQ(walk(&c, IP_PROTO_HOPOPTS, rest, sizeof(rest)), IP6_CHAIN_PROBLEM);
}

/* R-8200-5: an option that reaches past its header. */
TEST(ip6_chain_option_length_edges)
{
	uint8_t rest[] = { 6, 0, 0x1e, 0, 0, 0, 0, 0 };
	struct ip6_chain c;

	COVERS("R-8200-5", "R-V-13");
	for (uint8_t len = 0; len < 8; len++) {
		rest[3] = len;
		EXPECT_EQ(walk(&c, IP_PROTO_DSTOPTS, rest, 8),
		    len <= 4 ? IP6_CHAIN_OK : IP6_CHAIN_DROP);
	}
	rest[2] = 1;	/* PadN, and an option cut to its first octet */
	rest[3] = 3;
	rest[7] = 0x1e;
	EXPECT_EQ(walk(&c, IP_PROTO_DSTOPTS, rest, 8), IP6_CHAIN_DROP);
}

/* R-8200-6, R-8200-7: segments left 0 is nothing, else a problem, type 0 too. */
TEST(ip6_chain_routing_headers)
{
	uint8_t rest[] = { 6, 0, 0, 0, 0, 0, 0, 0 };
	struct ip6_chain c;

	COVERS("R-8200-6", "R-8200-7", "R-V-42");
	for (unsigned type = 0; type < 256; type += 51) {
		rest[2] = (uint8_t)type;
		rest[3] = 0;
		EXPECT_EQ(walk(&c, IP_PROTO_ROUTING, rest, 8), IP6_CHAIN_OK);
		rest[3] = 1;
		EXPECT_EQ(walk(&c, IP_PROTO_ROUTING, rest, 8), IP6_CHAIN_PROBLEM);
		EXPECT_EQ(c.code, IP6_PROBLEM_FIELD);
		EXPECT_EQ(c.pointer, 42);
	}
}

/* R-8200-8 */
TEST(ip6_chain_no_next_header)
{
	static const uint8_t rest[] = { 59, 0, 1, 4, 0, 0, 0, 0 };
	struct ip6_chain c;

	COVERS("R-8200-8");
	EXPECT_EQ(walk(&c, IP_PROTO_NONE, rest, 8), IP6_CHAIN_NOTHING);
	EXPECT_EQ(walk(&c, IP_PROTO_DSTOPTS, rest, 8), IP6_CHAIN_NOTHING);
}

/* R-8200-13, R-V-40: headers, options, padding and octets have limits. */
TEST(ip6_chain_limits)
{
	uint8_t rest[IP6_CHAIN_MAX + 16] = { 0 };
	struct ip6_chain c;

	COVERS("R-8200-13", "R-V-40");
	for (unsigned headers = 1; headers <= 10; headers++) {
		for (unsigned i = 0; i < headers; i++) {
			memset(rest + 8 * i, 0, 8);
			rest[8 * i] = i + 1 < headers ? 60 : 6;
			rest[8 * i + 2] = 1;
			rest[8 * i + 3] = 4;
		}
		EXPECT_EQ(walk(&c, IP_PROTO_DSTOPTS, rest, headers * 8),
		    headers <= IP6_CHAIN_HEADERS ? IP6_CHAIN_OK : IP6_CHAIN_DROP);
	}
	memset(rest, 0, sizeof(rest));
	rest[0] = 6;
	rest[1] = 2;		/* 24 octets: eleven options of two, too many */
	for (unsigned i = 0; i < 11; i++)
		rest[2 + 2 * i] = 0x1e;
	EXPECT_EQ(walk(&c, IP_PROTO_DSTOPTS, rest, 24), IP6_CHAIN_DROP);
	memset(rest + 2, 0, 22);	/* twenty-two of Pad1 */
	EXPECT_EQ(walk(&c, IP_PROTO_DSTOPTS, rest, 24), IP6_CHAIN_DROP);
	rest[1] = IP6_CHAIN_MAX / 8;	/* longer than we look */
	EXPECT_EQ(walk(&c, IP_PROTO_DSTOPTS, rest, sizeof(rest)), IP6_CHAIN_DROP);
}

/* Every cut of a chain, every octet of it changed: no read past its end. */
TEST(ip6_chain_any_octets_are_survived)
{
	static const uint8_t rest[] = { 60, 0, 1, 4, 0, 0, 0, 0, 44, 0, 0x1e, 2, 0, 0, 0, 0,
		6, 0, 0, 0, 0, 0, 0, 0 };
	struct ip6_chain c;

	COVERS("R-V-13", "R-V-40");
	for (size_t len = 0; len <= sizeof(rest); len++)
		(void)walk(&c, IP_PROTO_HOPOPTS, rest, len);
	for (size_t at = 0; at < sizeof(rest); at++) {
		for (unsigned value = 0; value < 256; value++) {
			uint8_t changed[sizeof(rest)];

			memcpy(changed, rest, sizeof(rest));
			changed[at] = (uint8_t)value;
			if (walk(&c, IP_PROTO_HOPOPTS, changed, sizeof(rest)) == IP6_CHAIN_OK)
				EXPECT(c.off <= IP6_HDR_LEN + sizeof(rest));
		}
	}
}

TEST(ip6_groups_of_an_address)
{
	const uint8_t a[16] = { 0xfd, [13] = 0x12, [14] = 0x34, [15] = 0x56 };
	const uint8_t want[16] = { 0xff, 2, [11] = 1, [12] = 0xff, 0x12, 0x34, 0x56 };
	const uint8_t want_mac[6] = { 0x33, 0x33, 0xff, 0x12, 0x34, 0x56 };
	uint8_t group[16], mac[6];

	ip6_solicited_node(group, a);
	EXPECT_MEM(group, want, 16);
	ip6_group_mac(mac, group);
	EXPECT_MEM(mac, want_mac, 6);
}
