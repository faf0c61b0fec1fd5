/*
 * wire_dhcp.c - DHCP messages: options wherever they may be, and what is cut off.
 */
#include "lib/test.h"
#include "wire/bytes.h"
#include "wire/dhcp.h"

#define SNAME_AT 44
#define FILE_AT 108

static uint8_t bytes[600];

/* An offer without options. */
static void
begin(void)
{
	static const uint8_t magic[4] = { 99, 130, 83, 99 };

	memset(bytes, 0, sizeof(bytes));
	bytes[0] = 2;
	bytes[1] = 1;
	bytes[2] = 6;
	be32_put(bytes + 4, 0x12345678);
	be32_put(bytes + 16, 0x0a000064);
	bytes[33] = 9;
	memcpy(bytes + 236, magic, 4);
}

static size_t
put(size_t at, const void *options, size_t len)
{
	memcpy(bytes + at, options, len);
	return at + len;
}

#define PUT(at, ...) \
	put(at, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

TEST(message_is_read)
{
	struct dhcp_msg m;
	uint32_t lease = 0;
	size_t len;

	COVERS("R-2131-4");
	begin();
	len = PUT(240, 0, 0, 53, 1, 2, 0, 51, 4, 0, 0, 14, 16, 255, 7, 200);
	EXPECT(dhcp_parse(&m, bytes, len));
	EXPECT_EQ(m.type, DHCP_OFFER);
	EXPECT_EQ(m.xid, 0x12345678);
	EXPECT_EQ(m.yiaddr, 0x0a000064);
	EXPECT_EQ(m.chaddr[5], 9);
	EXPECT(dhcp_option_u32(&m, DHCP_OPT_LEASE, &lease));
	EXPECT_EQ(lease, 3600);
	EXPECT_EQ(dhcp_option(&m, 7, NULL, 0), -1);	/* behind the end */
}

TEST(what_is_no_reply_is_refused)
{
	static const struct { size_t at; uint8_t value; } wrong[] = { { 0, 1 }, { 1, 6 }, { 2, 16 },
		{ 236, 98 }, { 239, 98 }, { 241, 2 }, { 242, 0 }, { 242, 9 } };
	struct dhcp_msg m;
	size_t len;

	COVERS("R-2131-4");
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		begin();
		len = PUT(240, 53, 1, 2, 255);
		EXPECT(dhcp_parse(&m, bytes, len));
		bytes[wrong[i].at] = wrong[i].value;
		EXPECT(!dhcp_parse(&m, bytes, len));
	}
	begin();
	for (size_t n = 0; n < 240; n++)
		EXPECT(!dhcp_parse(&m, bytes, n));
	EXPECT(!dhcp_parse(&m, bytes, 240));		/* no type */
}

/* R-2131-4: an option ends where the message does, or before. */
TEST(option_that_reaches_beyond_is_refused)
{
	struct dhcp_msg m;
	size_t len;

	COVERS("R-2131-4");
	begin();
	len = PUT(240, 53, 1, 2, 12, 4, 'a', 'b', 'c', 'd');
	EXPECT(dhcp_parse(&m, bytes, len));	/* without an end: all of it is there */
	EXPECT(!dhcp_parse(&m, bytes, len - 1));
	EXPECT(!dhcp_parse(&m, bytes, len - 4));
	EXPECT(!dhcp_parse(&m, bytes, len - 5));	/* a code without a length */
	EXPECT(dhcp_parse(&m, bytes, len - 6));
}

/* RFC 3396: parts of one option, in three fields. */
TEST(options_split_over_three_fields_are_one)
{
	uint8_t got[8];
	struct dhcp_msg m;
	size_t len;

	COVERS("R-2131-4");
	begin();
	len = PUT(240, 53, 1, 5, 52, 1, 3, 6, 2, 1, 2, 6, 1, 3, 255);
	PUT(FILE_AT, 6, 2, 4, 5, 255);
	PUT(SNAME_AT, 0, 6, 3, 6, 7, 8, 255);
	EXPECT(dhcp_parse(&m, bytes, len));
	EXPECT_EQ(dhcp_option(&m, 6, got, sizeof(got)), 8);
	EXPECT_MEM(got, ((const uint8_t[]){ 1, 2, 3, 4, 5, 6, 7, 8 }), 8);
	EXPECT_EQ(dhcp_option(&m, 6, got, 3), 8);	/* more than there is room for */
	bytes[245] = 1;
	EXPECT(dhcp_parse(&m, bytes, len));
	EXPECT_EQ(dhcp_option(&m, 6, got, sizeof(got)), 5);
	bytes[245] = 2;
	EXPECT(dhcp_parse(&m, bytes, len));
	EXPECT_EQ(dhcp_option(&m, 6, got, sizeof(got)), 6);
	bytes[FILE_AT + 1] = 200;		/* beyond `file`, which counts only if used */
	EXPECT(dhcp_parse(&m, bytes, len));
	bytes[245] = 3;
	EXPECT(!dhcp_parse(&m, bytes, len));
}

/* A number of the wrong length is none. */
TEST(numbers_have_their_length)
{
	struct dhcp_msg m;
	uint32_t v = 0;
	uint16_t w = 0;
	size_t len;

	begin();
	len = PUT(240, 53, 1, 5, 51, 3, 0, 0, 1, 26, 1, 5, 58, 5, 0, 0, 0, 0, 1, 255);
	EXPECT(dhcp_parse(&m, bytes, len));
	EXPECT(!dhcp_option_u32(&m, DHCP_OPT_LEASE, &v) && !dhcp_option_u32(&m, DHCP_OPT_T1, &v));
	EXPECT(!dhcp_option_u16(&m, DHCP_OPT_MTU, &w));
}

/* RFC 3442's own examples, and what ends too early. */
TEST(classless_routes_are_read)
{
	static const uint8_t option[] = { 0, 10, 0, 0, 1, 8, 10, 10, 0, 0, 2, 25, 10, 17, 0, 130,
		10, 0, 0, 3, 32, 10, 198, 122, 47, 10, 0, 0, 4 };
	static const struct dhcp_route want[] = { { 0, 0x0a000001, 0 },
		{ 0x0a000000, 0x0a000002, 8 }, { 0x0a110080, 0x0a000003, 25 },
		{ 0x0ac67a2f, 0x0a000004, 32 } };
	struct dhcp_route r;
	size_t at = 0;

	COVERS("R-2131-21");
	for (unsigned i = 0; i < 4; i++) {
		EXPECT(dhcp_next_route(&r, option, sizeof(option), &at));
		EXPECT_EQ(r.dst, want[i].dst);
		EXPECT_EQ(r.gateway, want[i].gateway);
		EXPECT_EQ(r.bits, want[i].bits);
	}
	EXPECT(!dhcp_next_route(&r, option, sizeof(option), &at));
	EXPECT_EQ(at, sizeof(option));
	for (size_t len = 0; len < 5; len++) {
		at = 0;
		EXPECT(!dhcp_next_route(&r, option, len, &at));
		EXPECT_EQ(at, 0);
	}
	EXPECT(!dhcp_next_route(&r, (const uint8_t[]){ 33, 1, 2, 3, 4, 5, 1, 2, 3, 4 }, 10, &at));
}

TEST(message_is_written)
{
	const struct dhcp_out m = { .type = DHCP_REQUEST, .xid = 7, .secs = 3,
		.chaddr = { 2, 0, 0, 0, 0, 1 }, .requested = 0x0a000064, .server = 0x0a000001,
		.max_len = 1472 };
	uint8_t p[DHCP_OUT_MAX];
	const size_t len = dhcp_emit(p, &m);
	struct dhcp_msg back;
	uint32_t v = 0;
	uint8_t id[7];

	COVERS("R-2131-5", "R-2131-14", "R-2131-15");
	EXPECT(len >= DHCP_OUT_MIN && len <= DHCP_OUT_MAX);
	EXPECT_EQ(p[0], 1);
	EXPECT_EQ(be16_get(p + 8), 3);
	EXPECT_EQ(be16_get(p + 10), 0);		/* no flags */
	p[0] = 2;
	EXPECT(dhcp_parse(&back, p, len));
	EXPECT_EQ(back.type, DHCP_REQUEST);
	EXPECT(dhcp_option_u32(&back, DHCP_OPT_REQUESTED, &v) && v == 0x0a000064);
	EXPECT(dhcp_option_u32(&back, DHCP_OPT_SERVER, &v) && v == 0x0a000001);
	EXPECT_EQ(dhcp_option(&back, DHCP_OPT_CLIENT, id, 7), 7);
	EXPECT_MEM(id, ((const uint8_t[]){ 1, 2, 0, 0, 0, 0, 1 }), 7);
	EXPECT(dhcp_option(&back, DHCP_OPT_PARAMETERS, NULL, 0) > 5);
	EXPECT_EQ(dhcp_option(&back, DHCP_OPT_MAX_LEN, id, 2), 2);
	EXPECT_EQ(be16_get(id), 1472);
}
