/*
 * wire_igmp.c - queries of IGMP and MLD: their versions, lengths and times.
 */
#include "lib/test.h"
#include "wire/bytes.h"
#include "wire/igmp.h"

/* Times beyond the linear codes: RFC 3376 §4.1.1, RFC 3810 §5.1.3. */
TEST(long_times_are_mantissa_and_exponent)
{
	struct group_query q;
	uint8_t p[28] = { IGMP_QUERY };

	EXPECT(igmp_parse_query(&q, p, 12));
	p[1] = 127;
	EXPECT(igmp_parse_query(&q, p, 12) && q.max_resp_ms == 12700);
	p[1] = 128;
	EXPECT(igmp_parse_query(&q, p, 12) && q.max_resp_ms == 12800);
	p[1] = 255;
	EXPECT(igmp_parse_query(&q, p, 12) && q.max_resp_ms == 3174400);
	EXPECT(igmp_parse_query(&q, p, 8) && q.version == 2 && q.max_resp_ms == 25500);
	p[1] = 0;
	EXPECT(igmp_parse_query(&q, p, 8) && q.version == 1 && q.max_resp_ms == 10000);
	for (size_t len = 0; len < 12; len++)
		EXPECT_EQ(igmp_parse_query(&q, p, len), len == 8);
	p[11] = 1;
	EXPECT(!igmp_parse_query(&q, p, 15) && igmp_parse_query(&q, p, 16));
	be16_put(p + 4, 0x7fff);
	EXPECT(mld_parse_query(&q, p, 28) && q.max_resp_ms == 32767);
	be16_put(p + 4, 0x8000);
	EXPECT(mld_parse_query(&q, p, 28) && q.max_resp_ms == 32768);
	be16_put(p + 4, 0xffff);
	EXPECT(mld_parse_query(&q, p, 28) && q.max_resp_ms == 8387584);
	for (size_t len = 0; len < 28; len++)
		EXPECT_EQ(mld_parse_query(&q, p, len), len == 24);
}
