/* Tests of wire/arp.h. */
#include "lib/test.h"

#include "wire/arp.h"

#include "wire_util.h"

/* 192.0.2.1 at 02:00:00:00:00:01 asks who has 192.0.2.2. */
static const uint8_t who_has[ARP_LEN] = {
	0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01,
	0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0xc0, 0x00, 0x02, 0x01,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x02, 0x02,
};

TEST(arp_request_parses)
{
	struct arp_pkt a;

	COVERS("R-826-1");
	EXPECT(arp_parse(&a, who_has, sizeof who_has));
	EXPECT_EQ(a.op, ARP_REQUEST);
	EXPECT_MEM(a.sha, who_has + 8, 6);
	EXPECT_EQ(a.spa, 0xc0000201);
	EXPECT_MEM(a.tha, who_has + 18, 6);
	EXPECT_EQ(a.tpa, 0xc0000202);
}

TEST(arp_request_is_emitted)
{
	const struct arp_pkt a = {
		.op = ARP_REQUEST,
		.sha = { 0x02, 0x00, 0x00, 0x00, 0x00, 0x01 },
		.spa = 0xc0000201,
		.tpa = 0xc0000202,
	};
	uint8_t b[ARP_LEN];

	arp_emit(b, &a);

	EXPECT_MEM(b, who_has, sizeof who_has);
}

TEST(arp_packet_cut_short_is_refused_and_padding_is_not)
{
	const uint8_t zeros[18] = { 0 };
	uint8_t padded[sizeof who_has + sizeof zeros];

	COVERS("R-826-1");
	memcpy(padded, who_has, sizeof who_has);
	memcpy(padded + sizeof who_has, zeros, sizeof zeros);
	for (size_t len = 0; len <= sizeof padded; len++) {
		uint8_t *const p = wire_tight(padded, len);
		struct arp_pkt a;

		EXPECT_EQ(arp_parse(&a, p, len), len >= ARP_LEN);
		free(p);
	}
}

TEST(arp_other_types_and_lengths_are_refused)
{
	COVERS("R-826-1");
	for (unsigned bit = 0; bit < 48; bit++) {
		uint8_t b[ARP_LEN];
		struct arp_pkt a;

		memcpy(b, who_has, sizeof b);
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		EXPECT(!arp_parse(&a, b, sizeof b));
	}
}

TEST(arp_any_octets_behind_the_types_survive_the_round_trip)
{
	struct sp_rng rng = wire_rng(1);

	for (unsigned i = 0; i < 1000; i++) {
		uint8_t in[ARP_LEN], out[ARP_LEN];
		struct arp_pkt a;

		wire_fill(&rng, in, sizeof in);
		memcpy(in, who_has, 6);
		EXPECT(arp_parse(&a, in, sizeof in));
		arp_emit(out, &a);
		EXPECT_MEM(in, out, sizeof in);
	}
}

TEST(arp_random_octets_do_no_harm)
{
	struct sp_rng rng = wire_rng(2);

	for (unsigned i = 0; i < 10000; i++) {
		const size_t len = sp_rng_below(&rng, 40);
		uint8_t b[40];
		uint8_t *p;
		struct arp_pkt a;

		wire_fill(&rng, b, len);
		p = wire_tight(b, len);
		EXPECT(!arp_parse(&a, p, len) || memcmp(p, who_has, 6) == 0);
		free(p);
	}
}
