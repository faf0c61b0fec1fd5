/* Tests of wire/eth.h. */
#include "lib/test.h"

#include "wire/eth.h"

#include "wire_util.h"

static const uint8_t example[ETH_HDR_LEN] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00, 0x5e, 0x10, 0x20, 0x30, 0x08, 0x06,
};

TEST(eth_numbers_are_those_assigned)
{
	EXPECT_EQ(ETH_ADDR_LEN, 6);
	EXPECT_EQ(ETH_TYPE_IP4, 0x0800);
	EXPECT_EQ(ETH_TYPE_ARP, 0x0806);
	EXPECT_EQ(ETH_TYPE_IP6, 0x86dd);
}

TEST(eth_header_parses)
{
	struct eth_hdr h;

	EXPECT(eth_parse(&h, example, sizeof example));
	EXPECT_MEM(h.dst, example, 6);
	EXPECT_MEM(h.src, example + 6, 6);
	EXPECT_EQ(h.type, ETH_TYPE_ARP);
}

TEST(eth_header_is_emitted)
{
	const struct eth_hdr h = {
		.dst = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		.src = { 0x02, 0x00, 0x5e, 0x10, 0x20, 0x30 },
		.type = ETH_TYPE_ARP,
	};
	uint8_t b[ETH_HDR_LEN];

	eth_emit(b, &h);

	EXPECT_MEM(b, example, sizeof example);
}

TEST(eth_frame_shorter_than_a_header_is_refused)
{
	for (size_t len = 0; len <= ETH_HDR_LEN; len++) {
		uint8_t *const p = wire_tight(example, len);
		struct eth_hdr h;

		EXPECT_EQ(eth_parse(&h, p, len), len == ETH_HDR_LEN);
		free(p);
	}
}

TEST(eth_any_octets_survive_the_round_trip)
{
	struct sp_rng rng = wire_rng(1);

	for (unsigned i = 0; i < 1000; i++) {
		uint8_t in[ETH_HDR_LEN], out[ETH_HDR_LEN];
		struct eth_hdr h;

		wire_fill(&rng, in, sizeof in);
		EXPECT(eth_parse(&h, in, sizeof in));
		eth_emit(out, &h);
		EXPECT_MEM(in, out, sizeof in);
	}
}

TEST(eth_kinds_of_addresses)
{
	const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	const uint8_t none[6] = { 0 };
	const uint8_t group[6] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 };
	const uint8_t host[6] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };

	EXPECT(eth_is_broadcast(all) && eth_is_multicast(all) && !eth_is_zero(all));
	EXPECT(!eth_is_broadcast(none) && !eth_is_multicast(none) && eth_is_zero(none));
	EXPECT(!eth_is_broadcast(group) && eth_is_multicast(group) && !eth_is_zero(group));
	EXPECT(!eth_is_broadcast(host) && !eth_is_multicast(host) && !eth_is_zero(host));
}

TEST(eth_every_bit_matters_to_broadcast_and_zero)
{
	for (unsigned bit = 0; bit < 48; bit++) {
		uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, none[6] = { 0 };

		all[bit / 8] ^= (uint8_t)(1u << bit % 8);
		none[bit / 8] ^= (uint8_t)(1u << bit % 8);
		EXPECT(!eth_is_broadcast(all));
		EXPECT(!eth_is_zero(none));
	}
}
