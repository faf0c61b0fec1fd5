/* Tests of wire/udp.h. */
#include "lib/test.h"

#include "wire/bytes.h"
#include "wire/csum.h"
#include "wire/udp.h"

#include "wire_util.h"

/* From port 0x1388 to 7, "abc". */
static const uint8_t hello[11] = { 0x13, 0x88, 0, 7, 0, 11, 0x12, 0x34, 'a', 'b', 'c' };

TEST(udp_header_parses)
{
	struct udp_hdr h;

	EXPECT(udp_parse(&h, hello, sizeof hello, sizeof hello));
	EXPECT_EQ(h.src_port, 5000);
	EXPECT_EQ(h.dst_port, 7);
	EXPECT_EQ(h.len, 11);
	EXPECT_EQ(h.csum, 0x1234);
}

/* One of four, and what is behind. */
TEST(udp_length_is_within_the_payload)
{
	struct udp_hdr h;
	uint8_t p[20] = { 0 };

	COVERS("R-768-1");
	be16_put(p + 4, 7);
	EXPECT(!udp_parse(&h, p, 20, 20));
	be16_put(p + 4, 8);
	EXPECT(udp_parse(&h, p, 20, 20));
	be16_put(p + 4, 20);
	EXPECT(udp_parse(&h, p, 20, 20));
	be16_put(p + 4, 21);
	EXPECT(!udp_parse(&h, p, 20, 20));
	be16_put(p + 4, 0);
	EXPECT(!udp_parse(&h, p, 20, 20));
}

TEST(udp_header_cut_short_is_refused)
{
	for (size_t len = 0; len <= sizeof hello; len++) {
		uint8_t *const p = wire_tight(hello, len);
		struct udp_hdr h;

		EXPECT_EQ(udp_parse(&h, p, len, sizeof hello), len >= UDP_HDR_LEN);
		free(p);
	}
}

/* RFC 768: the one value that the sum cannot send. */
TEST(udp_checksum_of_zero_is_sent_as_all_ones)
{
	uint8_t p[UDP_HDR_LEN] = { 0xff, 0xf7, 0, 0, 0, 8, 0, 0 };

	COVERS("R-768-2");
	udp_csum_put(p, sp_csum_add(p, sizeof p, 0, SP_CSUM_PORTABLE));
	EXPECT_EQ(be16_get(p + UDP_CSUM_OFF), 0xffff);
	EXPECT(sp_csum_good(sp_csum_add(p, sizeof p, 0, SP_CSUM_PORTABLE)));
	p[0] = 0;
	be16_put(p + UDP_CSUM_OFF, 0);
	udp_csum_put(p, sp_csum_add(p, sizeof p, 0, SP_CSUM_PORTABLE));
	EXPECT_EQ(be16_get(p + UDP_CSUM_OFF), 0xff00);
}

TEST(udp_any_header_survives_the_round_trip)
{
	struct sp_rng rng = wire_rng(1);

	for (unsigned i = 0; i < 1000; i++) {
		uint8_t in[UDP_HDR_LEN], out[UDP_HDR_LEN];
		struct udp_hdr h;

		wire_fill(&rng, in, sizeof in);
		be16_put(in + UDP_CSUM_OFF, 0);
		(void)udp_parse(&h, in, sizeof in, sizeof in);
		udp_emit(out, &h);
		EXPECT_MEM(out, in, sizeof in);
	}
}
