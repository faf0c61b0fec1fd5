/* Tests of wire/ndp.h. */
#include "lib/test.h"

#include "wire/icmp6.h"
#include "wire/ndp.h"

TEST(ndp_messages_round_trip)
{
	struct ndp_msg m = { .type = ICMP6_NEIGH_ADVERT, .router = true, .solicited = true,
		.override = true, .has_mac = true, .target = { 0xfd, [15] = 1 },
		.mac = { 2, 3, 4, 5, 6, 7 } };
	struct ndp_msg back;
	uint8_t p[NDP_MAX];

	EXPECT_EQ(ndp_emit(p, &m), 32);
	EXPECT(ndp_parse(&back, p, 32));
	EXPECT_MEM(&back, &m, sizeof(m));
	m.type = ICMP6_NEIGH_SOLICIT;
	m.router = m.solicited = m.override = false;
	m.has_nonce = true;
	m.nonce[0] = 9;
	EXPECT_EQ(ndp_emit(p, &m), 40);
	EXPECT(ndp_parse(&back, p, 40));
	EXPECT_MEM(&back, &m, sizeof(m));
}

/* R-4861-1 to R-4861-3: length, code, options of length 0, a group as target. */
TEST(ndp_malformed_messages_are_not_believed)
{
	const struct ndp_msg m = { .type = ICMP6_NEIGH_SOLICIT, .has_mac = true,
		.target = { 0xfd, [15] = 1 } };
	struct ndp_msg back;
	uint8_t p[NDP_MAX];

	COVERS("R-4861-1", "R-4861-2", "R-4861-3", "R-4861-6");
	ndp_emit(p, &m);
	for (size_t len = 0; len < 24; len++)
		EXPECT(!ndp_parse(&back, p, len));
	EXPECT(ndp_parse(&back, p, 24));
	for (size_t len = 25; len < 32; len++)
		EXPECT(!ndp_parse(&back, p, len));
	p[25] = 0;
	EXPECT(!ndp_parse(&back, p, 32));
	p[25] = 2;
	EXPECT(!ndp_parse(&back, p, 32));
	p[25] = 1;
	p[24] = 99;		/* an unknown option is skipped */
	EXPECT(ndp_parse(&back, p, 32) && !back.has_mac);
	p[1] = 1;
	EXPECT(!ndp_parse(&back, p, 32));
	p[1] = 0;
	p[8] = 0xff;
	EXPECT(!ndp_parse(&back, p, 32));
}

/* R-4861-5: a target that is neither a router's nor the destination. */
TEST(ndp_redirects_must_make_sense)
{
	uint8_t p[40] = { ICMP6_REDIRECT, [8] = 0xfe, [9] = 0x80, [24] = 0xfd, [39] = 5 };
	struct ndp_msg m;

	COVERS("R-4861-5");
	EXPECT(ndp_parse(&m, p, 40));
	EXPECT(!ndp_parse(&m, p, 39));
	p[8] = 0xfd;
	p[9] = 0;
	EXPECT(!ndp_parse(&m, p, 40));
	p[23] = 5;
	EXPECT(ndp_parse(&m, p, 40));
	p[24] = 0xff;
	EXPECT(!ndp_parse(&m, p, 40));
}

/* R-8200-20, R-V-39: of an even length, or of none. */
TEST(ndp_rdnss_lengths)
{
	uint8_t o[255 * 8] = { NDP_OPT_RDNSS };
	const uint8_t *addrs;
	uint32_t lifetime;

	COVERS("R-8200-20", "R-V-39");
	for (size_t units = 1; units < 256; units++)
		EXPECT_EQ(ndp_parse_rdnss(&lifetime, &addrs, o, units * 8),
		    units >= 3 && units % 2 == 1 ? (units - 1) / 2 : 0);
}

/* R-4861-30: options of the wrong size say nothing. */
TEST(ndp_options_of_routers_have_their_sizes)
{
	uint8_t o[40] = { NDP_OPT_PREFIX, 4, 64, 0xc0 };
	struct ndp_prefix prefix;
	struct ndp_route route;

	COVERS("R-4861-30");
	for (size_t len = 8; len <= 40; len += 8)
		EXPECT_EQ(ndp_parse_prefix(&prefix, o, len), len == 32);
	o[2] = 129;
	EXPECT(!ndp_parse_prefix(&prefix, o, 32));
	o[2] = 64;
	o[3] = 0;
	EXPECT(!ndp_parse_route(&route, o, 8));
	EXPECT(ndp_parse_route(&route, o, 16));
	EXPECT(ndp_parse_route(&route, o, 24));
	EXPECT(!ndp_parse_route(&route, o, 32));
	o[3] = 0x10;
	EXPECT(!ndp_parse_route(&route, o, 16));
}
