/* Tests of wire/icmp4.h. */
#include "lib/test.h"

#include "wire/csum.h"
#include "wire/icmp4.h"

#include "wire_util.h"

/* Echo request, id 0x1234, seq 1, data "abc"; the checksum is worked out by
 * hand: 0x0800 + 0x1234 + 0x0001 + 0x6162 + 0x6300 = 0xde97. */
static const uint8_t echo[11] = { 8, 0, 0x21, 0x68, 0x12, 0x34, 0x00, 0x01, 'a', 'b', 'c' };

/* RFC 792, in its order. */
TEST(icmp4_numbers_are_those_assigned)
{
	EXPECT_EQ(ICMP4_DEST_UNREACHABLE, 3);
	EXPECT_EQ(ICMP4_UNREACH_NET, 0);
	EXPECT_EQ(ICMP4_UNREACH_HOST, 1);
	EXPECT_EQ(ICMP4_UNREACH_PROTO, 2);
	EXPECT_EQ(ICMP4_UNREACH_PORT, 3);
	EXPECT_EQ(ICMP4_UNREACH_FRAG_NEEDED, 4);
	EXPECT_EQ(ICMP4_UNREACH_SOURCE_ROUTE, 5);
	EXPECT_EQ(ICMP4_TIME_EXCEEDED, 11);
	EXPECT_EQ(ICMP4_EXCEEDED_TTL, 0);
	EXPECT_EQ(ICMP4_EXCEEDED_REASSEMBLY, 1);
	EXPECT_EQ(ICMP4_PARAM_PROBLEM, 12);
	EXPECT_EQ(ICMP4_SOURCE_QUENCH, 4);
	EXPECT_EQ(ICMP4_REDIRECT, 5);
	EXPECT_EQ(ICMP4_ECHO, 8);
	EXPECT_EQ(ICMP4_ECHO_REPLY, 0);
	EXPECT_EQ(ICMP4_TIMESTAMP, 13);
	EXPECT_EQ(ICMP4_TIMESTAMP_REPLY, 14);
}

TEST(icmp4_echo_parses)
{
	struct icmp4_hdr h;

	EXPECT(icmp4_parse(&h, echo, sizeof echo));
	EXPECT_EQ(h.type, ICMP4_ECHO);
	EXPECT_EQ(h.code, 0);
	EXPECT_EQ(icmp4_echo_id(&h), 0x1234);
	EXPECT_EQ(icmp4_echo_seq(&h), 1);
	EXPECT(sp_csum_good(sp_csum_add(echo, sizeof echo, 0, SP_CSUM_PORTABLE)));
}

TEST(icmp4_echo_is_emitted_with_its_checksum)
{
	const struct icmp4_hdr h = { .type = ICMP4_ECHO, .rest = 0x12340001 };
	uint8_t b[sizeof echo];

	memset(b, 0xff, sizeof b);
	memcpy(b + ICMP4_HDR_LEN, "abc", 3);
	icmp4_emit(b, &h);
	EXPECT_MEM(b + 2, "\0\0", 2);
	icmp4_csum_put(b, sp_csum_add(b, sizeof b, 0, SP_CSUM_PORTABLE));

	EXPECT_MEM(b, echo, sizeof echo);
}

TEST(icmp4_message_shorter_than_a_header_is_refused)
{
	for (size_t len = 0; len <= sizeof echo; len++) {
		uint8_t *const p = wire_tight(echo, len);
		struct icmp4_hdr h;

		EXPECT_EQ(icmp4_parse(&h, p, len), len >= ICMP4_HDR_LEN);
		free(p);
	}
}

TEST(icmp4_any_header_survives_the_round_trip)
{
	struct sp_rng rng = wire_rng(1);

	for (unsigned i = 0; i < 1000; i++) {
		uint8_t in[ICMP4_HDR_LEN], out[ICMP4_HDR_LEN];
		struct icmp4_hdr h;

		wire_fill(&rng, in, sizeof in);
		in[2] = in[3] = 0;
		EXPECT(icmp4_parse(&h, in, sizeof in));
		icmp4_emit(out, &h);
		EXPECT_MEM(in, out, sizeof in);
	}
}

TEST(icmp4_rest_of_header_by_type)
{
	const struct icmp4_hdr too_big = { .type = ICMP4_DEST_UNREACHABLE, .rest = 0xffff05dc };
	const struct icmp4_hdr problem = { .type = ICMP4_PARAM_PROBLEM, .rest = 0x14ffffff };

	EXPECT_EQ(icmp4_next_hop_mtu(&too_big), 1500);
	EXPECT_EQ(icmp4_pointer(&problem), 20);
}

/* RFC 792's five reports; everything else is a query, a reply or unknown. */
TEST(icmp4_errors_are_told_from_the_rest)
{
	for (unsigned type = 0; type < 256; type++)
		EXPECT_EQ(icmp4_is_error((uint8_t)type),
		    type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
}
