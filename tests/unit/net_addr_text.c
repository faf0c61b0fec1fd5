/*
 * net_addr_text.c - addresses as text: RFC 4291 §2.2, RFC 5952 §4, and what is
 * none.
 */
#include <stdio.h>

#include <sampan/types.h>

#include "lib/test.h"
#include "unit/base_util.h"

/* The whole text is read, and written in its canonical form. */
static void
expect_form(const char *text, const char *canonical)
{
	struct sampan_addr a;
	char out[SAMPAN_ADDR_TEXT];

	EXPECT_EQ(sampan_addr_read(&a, text), strlen(text));
	EXPECT_EQ(sampan_addr_write(&a, out), strlen(canonical));
	EXPECT_STR(out, canonical);
}

TEST(addr_dotted_quads)
{
	expect_form("0.0.0.0", "0.0.0.0");
	expect_form("255.255.255.255", "255.255.255.255");
	expect_form("10.0.0.1", "10.0.0.1");
	expect_form("1.20.3.199", "1.20.3.199");
	expect_form("::ffff:1.2.3.4", "1.2.3.4");
}

/* RFC 4291 §2.2: its examples. */
TEST(addr_rfc_4291_examples)
{
	expect_form("ABCD:EF01:2345:6789:ABCD:EF01:2345:6789",
	    "abcd:ef01:2345:6789:abcd:ef01:2345:6789");
	expect_form("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a");
	expect_form("FF01:0:0:0:0:0:0:101", "ff01::101");
	expect_form("0:0:0:0:0:0:0:1", "::1");
	expect_form("0:0:0:0:0:0:0:0", "::");
	expect_form("2001:DB8::8:800:200C:417A", "2001:db8::8:800:200c:417a");
	expect_form("FF01::101", "ff01::101");
	expect_form("::1", "::1");
	expect_form("::", "::");
	expect_form("0:0:0:0:0:FFFF:129.144.52.38", "129.144.52.38");
}

/* RFC 5952 §4. */
TEST(addr_rfc_5952_canonical)
{
	expect_form("2001:0db8::0001", "2001:db8::1");			/* 4.1 */
	expect_form("2001:db8:0:0:0:0:2:1", "2001:db8::2:1");		/* 4.2.1 */
	expect_form("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");	/* 4.2.2 */
	expect_form("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");		/* 4.2.3 */
	expect_form("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
	expect_form("2001:DB8::AAAA", "2001:db8::aaaa");		/* 4.3 */
	expect_form("1:0:0:0:0:0:0:0", "1::");
	expect_form("0:0:0:0:0:0:0:a", "::a");
	expect_form("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0");
	expect_form("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8");
}

TEST(addr_that_is_none)
{
	static const char *const bad[] = {
		"", " ", ".", "1", "1.2.3", "1.2.3.", "1..2.3", ".1.2.3.4", "256.1.1.1",
		"1.2.3.256", "01.2.3.4", "1.2.3.04", "1.2.3.1234", "-1.2.3.4", "a.b.c.d", ":",
		":1", "1:2", "1:2:3:4:5:6:7", "g::", "12345::", "1:2:3:4:5:6:7:", "1.2.3.4567",
		"0x1.2.3.4", "+1.2.3.4", " 1.2.3.4",
	};
	struct sampan_addr a;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (sampan_addr_read(&a, bad[i]) != 0) {
			printf("# \"%s\" was read\n", bad[i]);
			EXPECT(false);
		}
}

/* What stands behind is left: ports, prefixes, commas. */
TEST(addr_reads_as_far_as_it_goes)
{
	struct sampan_addr a;

	EXPECT_EQ(sampan_addr_read(&a, "10.0.0.1:80"), 8);
	EXPECT_EQ(sampan_addr_read(&a, "10.0.0.1/24"), 8);
	EXPECT_EQ(sampan_addr_read(&a, "fe80::1/64"), 7);
	EXPECT_EQ(sampan_addr_read(&a, "::,"), 2);
	EXPECT_EQ(sampan_addr_read(&a, "fe80::1%eth0"), 7);
}

/* Whatever is written is read again as the same. */
TEST(addr_round_trip)
{
	struct sp_rng rng = base_rng(3);

	for (unsigned i = 0; i < 100000; i++) {
		struct sampan_addr a, b;
		char text[SAMPAN_ADDR_TEXT + 1];
		size_t len;

		text[SAMPAN_ADDR_TEXT] = 0x5a;
		for (unsigned k = 0; k < 16; k++)
			a.b[k] = sp_rng_below(&rng, 3) == 0 ? (uint8_t)sp_rng_u64(&rng) : 0;
		len = sampan_addr_write(&a, text);
		EXPECT_EQ(strlen(text), len);
		EXPECT_EQ(sampan_addr_read(&b, text), len);
		EXPECT_MEM(&a, &b, sizeof(a));
		EXPECT_EQ(text[SAMPAN_ADDR_TEXT], 0x5a);
	}
}

/* Rubbish never reads beyond its end. */
TEST(addr_rubbish_is_bounded)
{
	static const char letters[] = "0123456789abcdefF:.:.g /";
	struct sp_rng rng = base_rng(4);

	for (unsigned i = 0; i < 100000; i++) {
		const uint32_t len = sp_rng_below(&rng, 50);
		char *text = calloc(1, len + 1);
		struct sampan_addr a;

		for (uint32_t k = 0; k < len; k++)
			text[k] = letters[sp_rng_below(&rng, sizeof(letters) - 1)];
		EXPECT(sampan_addr_read(&a, text) <= len);
		free(text);
	}
}
