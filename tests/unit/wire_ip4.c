/* Tests of wire/ip4.h. */
#include "lib/test.h"

#include "wire/bytes.h"
#include "wire/csum.h"
#include "wire/ip4.h"

#include "wire_util.h"

/* UDP, DF, from 192.168.0.1 to 192.168.0.199, 95 octets of data. */
static const uint8_t example[IP4_HDR_LEN] = {
	0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
	0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7,
};
#define EXAMPLE_TOTAL 0x73

/* Makes the header's checksum right again, if its length makes sense. */
static void
mend(uint8_t *p)
{
	const size_t hdr_len = (p[0] & 0xfu) * 4;

	be16_put(p + 10, 0);
	be16_put(p + 10, (uint16_t)~sp_csum_fold(sp_csum_add(p, hdr_len, 0, SP_CSUM_PORTABLE)));
}

/* The example with one octet changed and its checksum right. */
static enum ip4_error
parse_with(size_t at, uint8_t value)
{
	uint8_t b[IP4_HDR_MAX] = { 0 };
	struct ip4_hdr h;

	memcpy(b, example, sizeof example);
	b[at] = value;
	mend(b);
	return ip4_parse(&h, b, sizeof b, EXAMPLE_TOTAL);
}

TEST(ip4_numbers_are_those_assigned)
{
	EXPECT_EQ(IP_PROTO_ICMP, 1);
	EXPECT_EQ(IP_PROTO_TCP, 6);
	EXPECT_EQ(IP_PROTO_UDP, 17);
	EXPECT_EQ(IP4_HDR_MAX, 15 * 4);
}

TEST(ip4_header_parses)
{
	struct ip4_hdr h;

	EXPECT_EQ(ip4_parse(&h, example, sizeof example, EXAMPLE_TOTAL), IP4_OK);
	EXPECT_EQ(h.hdr_len, 20);
	EXPECT_EQ(h.tos, 0);
	EXPECT_EQ(h.total_len, EXAMPLE_TOTAL);
	EXPECT_EQ(h.id, 0);
	EXPECT(h.df && !h.mf);
	EXPECT_EQ(h.frag_off_bytes, 0);
	EXPECT_EQ(h.ttl, 64);
	EXPECT_EQ(h.proto, IP_PROTO_UDP);
	EXPECT_EQ(h.src, 0xc0a80001);
	EXPECT_EQ(h.dst, 0xc0a800c7);
}

TEST(ip4_header_is_emitted)
{
	const struct ip4_hdr h = {
		.total_len = EXAMPLE_TOTAL,
		.df = true,
		.ttl = 64,
		.proto = IP_PROTO_UDP,
		.src = 0xc0a80001,
		.dst = 0xc0a800c7,
	};
	uint8_t b[IP4_HDR_LEN];

	ip4_emit(b, &h);

	EXPECT_MEM(b, example, sizeof example);
}

TEST(ip4_any_header_survives_the_round_trip)
{
	struct sp_rng rng = wire_rng(1);

	for (unsigned i = 0; i < 10000; i++) {
		uint8_t in[IP4_HDR_LEN], out[IP4_HDR_LEN];
		struct ip4_hdr h;

		wire_fill(&rng, in, sizeof in);
		in[0] = 0x45;
		in[2] |= 1;		/* not below the header's length */
		in[6] &= 0x7f;		/* the reserved flag is not kept */
		mend(in);
		EXPECT_EQ(ip4_parse(&h, in, sizeof in, 65535), IP4_OK);
		ip4_emit(out, &h);
		EXPECT_MEM(in, out, sizeof in);
	}
}

TEST(ip4_fragment_fields_are_told_apart)
{
	uint8_t b[IP4_HDR_LEN];
	struct ip4_hdr h;

	memcpy(b, example, sizeof b);
	be16_put(b + 6, 0x3fff);
	mend(b);

	EXPECT_EQ(ip4_parse(&h, b, sizeof b, EXAMPLE_TOTAL), IP4_OK);
	EXPECT(!h.df && h.mf);
	EXPECT_EQ(h.frag_off_bytes, 65528);
}

TEST(ip4_reserved_flag_is_ignored_and_never_sent)
{
	struct ip4_hdr h = { .total_len = 20, .df = true, .mf = true, .frag_off_bytes = 65528 };
	uint8_t b[IP4_HDR_LEN];

	COVERS("R-IP4-26");
	EXPECT_EQ(parse_with(6, 0xc0), IP4_OK);
	ip4_emit(b, &h);
	EXPECT_EQ(be16_get(b + 6), 0x7fff);
}

TEST(ip4_other_versions_are_refused)
{
	COVERS("R-IP4-1");
	for (uint8_t version = 0; version < 16; version++) {
		const uint8_t octet = (uint8_t)(version << 4 | 5);

		EXPECT_EQ(parse_with(0, octet), version == 4 ? IP4_OK : IP4_VERSION);
	}
}

TEST(ip4_header_length_below_five_words_is_refused)
{
	COVERS("R-IP4-3");
	for (uint8_t ihl = 0; ihl < 16; ihl++)
		EXPECT_EQ(parse_with(0, 0x40 | ihl), ihl < 5 ? IP4_IHL : IP4_OK);
}

TEST(ip4_header_cut_short_is_refused)
{
	uint8_t b[IP4_HDR_MAX] = { 0 };

	memcpy(b, example, sizeof example);
	for (uint8_t ihl = 5; ihl < 16; ihl++) {
		b[0] = 0x40 | ihl;
		mend(b);
		for (size_t len = 0; len <= sizeof b; len++) {
			uint8_t *const p = wire_tight(b, len);
			struct ip4_hdr h;

			EXPECT_EQ(ip4_parse(&h, p, len, EXAMPLE_TOTAL),
			    len < ihl * 4u ? IP4_SHORT : IP4_OK);
			free(p);
		}
	}
}

TEST(ip4_any_flipped_bit_is_noticed)
{
	COVERS("R-IP4-2");
	for (unsigned bit = 0; bit < 8 * IP4_HDR_LEN; bit++) {
		uint8_t b[IP4_HDR_LEN];
		struct ip4_hdr h;
		enum ip4_error error;

		memcpy(b, example, sizeof b);
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		error = ip4_parse(&h, b, sizeof b, 65535);
		EXPECT(error != IP4_OK);
		EXPECT(bit < 8 || error == IP4_CSUM);	/* version and length come first */
	}
}

/* total_len against header and frame: outside, edge, edge, outside. */
TEST(ip4_total_length_lies_between_header_and_frame)
{
	uint8_t b[IP4_HDR_MAX] = { 0 };
	struct ip4_hdr h;

	COVERS("R-IP4-3");
	memcpy(b, example, sizeof example);
	b[0] = 0x46;
	for (uint16_t total = 0; total < 200; total++) {
		be16_put(b + 2, total);
		mend(b);
		EXPECT_EQ(ip4_parse(&h, b, sizeof b, 100),
		    total >= 24 && total <= 100 ? IP4_OK : IP4_TOTAL_LEN);
	}
}

TEST(ip4_frame_may_be_longer_than_the_datagram)
{
	struct ip4_hdr h;

	COVERS("R-IP4-3");
	EXPECT_EQ(ip4_parse(&h, example, sizeof example, EXAMPLE_TOTAL + 1), IP4_OK);
	EXPECT_EQ(h.total_len, EXAMPLE_TOTAL);
	EXPECT_EQ(ip4_parse(&h, example, sizeof example, EXAMPLE_TOTAL - 1), IP4_TOTAL_LEN);
}

/* Options behind a header, in a block of exactly that size. */
static uint8_t *
with_options(const uint8_t *opts, size_t len)
{
	uint8_t b[IP4_HDR_MAX];

	memcpy(b, example, IP4_HDR_LEN);
	memcpy(b + IP4_HDR_LEN, opts, len);
	return wire_tight(b, IP4_HDR_LEN + len);
}

static bool
options_ok(const uint8_t *opts, size_t len)
{
	uint8_t *const p = with_options(opts, len);
	const bool ok = ip4_options_ok(p, IP4_HDR_LEN + len);

	free(p);
	return ok;
}

static bool
has_source_route(const uint8_t *opts, size_t len)
{
	uint8_t *const p = with_options(opts, len);
	const bool has = ip4_has_source_route(p, IP4_HDR_LEN + len);

	free(p);
	return has;
}

TEST(ip4_header_without_options_has_good_ones)
{
	EXPECT(options_ok(example, 0));
	EXPECT(!has_source_route(example, 0));
}

TEST(ip4_options_of_any_kind_are_good_if_their_length_is)
{
	COVERS("R-IP4-11", "R-IP4-12");
	for (unsigned kind = 2; kind < 256; kind++)
		for (uint8_t len = 0; len < 12; len++) {
			const uint8_t opts[8] = { 1, 1, (uint8_t)kind, len };

			EXPECT_EQ(options_ok(opts, sizeof opts), len >= 2 && len <= 6);
		}
}

TEST(ip4_option_without_a_length_is_malformed)
{
	const uint8_t opts[4] = { 1, 1, 1, 7 };

	COVERS("R-IP4-11");
	EXPECT(!options_ok(opts, sizeof opts));
}

TEST(ip4_options_end_at_the_end_of_list)
{
	const uint8_t opts[8] = { 1, 0, 7, 0, 131, 3, 4, 9 };

	EXPECT(options_ok(opts, sizeof opts));
	EXPECT(!has_source_route(opts, sizeof opts));
}

TEST(ip4_source_routes_are_found_among_options)
{
	const uint8_t loose[12] = { 1, 7, 3, 4, 131, 7, 4, 192, 0, 2, 1, 0 };
	const uint8_t strict[8] = { 137, 7, 4, 192, 0, 2, 1, 0 };
	const uint8_t record[8] = { 7, 7, 4, 131, 137, 2, 1, 0 };
	const uint8_t broken[4] = { 131, 9, 4, 0 };

	EXPECT(has_source_route(loose, sizeof loose));
	EXPECT(has_source_route(strict, sizeof strict));
	EXPECT(!has_source_route(record, sizeof record));
	EXPECT(!has_source_route(broken, sizeof broken));
}

TEST(ip4_random_octets_do_no_harm)
{
	struct sp_rng rng = wire_rng(2);

	for (unsigned i = 0; i < 50000; i++) {
		const size_t len = sp_rng_below(&rng, 70);
		uint8_t b[70] = { 0 };
		struct ip4_hdr h;
		uint8_t *p;

		wire_fill(&rng, b, len);
		b[0] = (uint8_t)(0x40 | (b[0] & 0xf));
		mend(b);
		p = wire_tight(b, len);
		if (ip4_parse(&h, p, len, 65535) == IP4_OK) {
			EXPECT(h.hdr_len <= len && h.hdr_len <= h.total_len);
			EXPECT(ip4_options_ok(p, h.hdr_len) || h.hdr_len > IP4_HDR_LEN);
			EXPECT(!ip4_has_source_route(p, h.hdr_len) || h.hdr_len > IP4_HDR_LEN);
		}
		free(p);
	}
}

/* Each block of addresses: outside, first, last, outside. */
TEST(ip4_kinds_of_addresses)
{
	EXPECT(!ip4_is_multicast(0xdfffffff) && ip4_is_multicast(0xe0000000));
	EXPECT(ip4_is_multicast(0xefffffff) && !ip4_is_multicast(0xf0000000));
	EXPECT(!ip4_is_loopback(0x7effffff) && ip4_is_loopback(0x7f000000));
	EXPECT(ip4_is_loopback(0x7fffffff) && !ip4_is_loopback(0x80000000));
	EXPECT(ip4_is_zero_net(0) && ip4_is_zero_net(0x00ffffff) && !ip4_is_zero_net(0x01000000));
	EXPECT(!ip4_is_class_e(0xefffffff) && ip4_is_class_e(0xf0000000));
	EXPECT(ip4_is_class_e(0xffffffff));
	EXPECT(ip4_is_limited_broadcast(0xffffffff) && !ip4_is_limited_broadcast(0xfffffffe));
}

/* RFC 1112 §6.4: the low 23 bits. */
TEST(ip4_group_has_an_ethernet_address)
{
	static const struct { uint32_t group; uint8_t mac[6]; } cases[] = {
		{ 0xe0000001, { 1, 0, 0x5e, 0, 0, 1 } },
		{ 0xefffffff, { 1, 0, 0x5e, 0x7f, 0xff, 0xff } },
		{ 0xe0800001, { 1, 0, 0x5e, 0, 0, 1 } },
	};

	COVERS("R-IP4-22");
	for (unsigned i = 0; i < 3; i++) {
		uint8_t mac[6] = { 0 };

		ip4_group_mac(mac, cases[i].group);
		EXPECT_MEM(mac, cases[i].mac, 6);
	}
}
