/*
 * link_pcapng.c - blocks of capture files, byte for byte as
 * draft-ietf-opsawg-pcapng has them.
 */
#include "lib/test.h"

#include "link/pcapng.h"

static uint8_t dst[512];

static uint32_t
word(size_t at)
{
	uint32_t value;

	memcpy(&value, dst + at, sizeof(value));
	return value;
}

/* Lengths at both ends agree, and the last option ends the options. */
static void
expect_block(size_t len, uint32_t type)
{
	EXPECT(len > 16 && len % 4 == 0);
	EXPECT_EQ(word(0), type);
	EXPECT_EQ(word(4), len);
	EXPECT_EQ(word(len - 4), len);
	EXPECT_EQ(word(len - 8), 0);
}

TEST(pcapng_section_names_the_program)
{
	const size_t len = sp_pcapng_section(dst, sizeof(dst), "sampan");

	expect_block(len, 0x0a0d0d0a);
	EXPECT_EQ(word(8), 0x1a2b3c4d);
	EXPECT_EQ(word(12), 1);			/* version 1.0 */
	EXPECT(memcmp(dst + 28, "sampan\0\0", 8) == 0);
}

TEST(pcapng_interface_counts_nanoseconds)
{
	const size_t len = sp_pcapng_interface(dst, sizeof(dst), "sampan0", 96);

	expect_block(len, 1);
	EXPECT_EQ(word(8), 1);			/* Ethernet */
	EXPECT_EQ(word(12), 96);
	EXPECT_EQ(word(16), 2 | 7 << 16);	/* if_name */
	EXPECT(memcmp(dst + 20, "sampan0", 8) == 0);
	EXPECT_EQ(word(28), 9 | 1 << 16);	/* if_tsresol */
	EXPECT_EQ(dst[32], 9);
}

TEST(pcapng_packet_has_time_lengths_direction_and_comment)
{
	const struct sp_pcapng_packet p = {
		.interface = 3, .at = UINT64_C(0x1122334455667788),
		.bytes = (const uint8_t *)"abcde",
		.kept_bytes = 5, .bytes_all = 9, .outbound = true, .comment = "why",
	};
	const size_t len = sp_pcapng_packet(dst, sizeof(dst), &p);

	expect_block(len, 6);
	EXPECT_EQ(word(8), 3);
	EXPECT_EQ(word(12), 0x11223344);
	EXPECT_EQ(word(16), 0x55667788);
	EXPECT_EQ(word(20), 5);
	EXPECT_EQ(word(24), 9);
	EXPECT(memcmp(dst + 28, "abcde\0\0", 8) == 0);
	EXPECT_EQ(word(36), 2 | 4 << 16);	/* epb_flags */
	EXPECT_EQ(word(40), 2);			/* outbound */
	EXPECT_EQ(word(44), 1 | 3 << 16);	/* opt_comment */
	EXPECT(memcmp(dst + 48, "why", 4) == 0);
	EXPECT(len <= 5 + 3 + SP_PCAPNG_PACKET_BYTES);
}

TEST(pcapng_stats_count_drops)
{
	const struct sp_pcapng_stats s = { .interface = 1, .at = 5, .received = 7, .dropped = 2 };
	const size_t len = sp_pcapng_stats(dst, sizeof(dst), &s);

	expect_block(len, 5);
	EXPECT_EQ(word(8), 1);
	EXPECT_EQ(word(24), 7);
	EXPECT_EQ(word(36), 2);
}

/* One byte too few: nothing is said, and nothing is written behind. */
TEST(pcapng_block_that_does_not_fit_is_not_made)
{
	const struct sp_pcapng_packet p = { .bytes = (const uint8_t *)"abcd", .kept_bytes = 4,
	    .bytes_all = 4 };
	const size_t len = sp_pcapng_packet(dst, sizeof(dst), &p);

	for (size_t room = 0; room < len; room++) {
		dst[room] = 0xa5;
		EXPECT_EQ(sp_pcapng_packet(dst, room, &p), 0);
		EXPECT_EQ(dst[room], 0xa5);
	}
	EXPECT_EQ(sp_pcapng_packet(dst, len, &p), len);
}
