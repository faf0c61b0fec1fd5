/*
 * host_reply.c - rows of JSON as they are written for clients.
 */
#include "lib/test.h"

#include <stdlib.h>

#include "host/reply.h"

static char text[2 * SP_REPLY_ROW_BYTES + 100];

static struct sp_reply
reply_of(size_t room)
{
	memset(text, 0, sizeof(text));
	return (struct sp_reply){ .text = text, .room = room };
}

TEST(reply_row_is_a_line_of_json)
{
	struct sp_reply r = reply_of(sizeof(text));

	sp_row_begin(&r);
	sp_row_text(&r, "a", "b");
	sp_row_number(&r, "n", UINT64_MAX);
	sp_row_signed(&r, "m", INT64_MIN);
	sp_row_signed(&r, "z", 0);
	sp_row_true(&r, "t");
	EXPECT(sp_row_end(&r));
	EXPECT_STR(text, "{\"a\":\"b\",\"n\":18446744073709551615,\"m\":-9223372036854775808,"
	    "\"z\":0,\"t\":true}\n");
	EXPECT_EQ(r.len, strlen(text));
}

TEST(reply_row_without_fields)
{
	struct sp_reply r = reply_of(sizeof(text));

	sp_row_begin(&r);
	EXPECT(sp_row_end(&r));
	EXPECT_STR(text, "{}\n");
}

/* RFC 8259 §7. */
TEST(reply_text_is_escaped)
{
	struct sp_reply r = reply_of(sizeof(text));

	sp_row_begin(&r);
	sp_row_text(&r, "t", "\"\\\n\x01\xc2\xa7");
	EXPECT(sp_row_end(&r));
	EXPECT_STR(text, "{\"t\":\"\\\"\\\\\\u000a\\u0001\xc2\xa7\"}\n");
}

/* At the edge of the room: fits, and not. */
TEST(reply_row_fits_to_the_last_byte)
{
	struct sp_reply r = reply_of(10);

	sp_row_begin(&r);
	sp_row_text(&r, "a", "bc");	/* {"a":"bc"} and a line end: 11 */
	EXPECT(!sp_row_end(&r));
	EXPECT_EQ(r.len, 0);
	r = reply_of(11);
	sp_row_begin(&r);
	sp_row_text(&r, "a", "bc");
	EXPECT(sp_row_end(&r));
	EXPECT_EQ(r.len, 11);
}

/* One that does not fit leaves those before it alone, and others fit after. */
TEST(reply_row_that_is_too_long_is_taken_back)
{
	char *huge = malloc(SP_REPLY_ROW_BYTES);
	struct sp_reply r = reply_of(sizeof(text));

	memset(huge, 'x', SP_REPLY_ROW_BYTES - 1);
	huge[SP_REPLY_ROW_BYTES - 1] = '\0';
	for (int i = 0; i < 3; i++) {
		sp_row_begin(&r);
		sp_row_text(&r, "a", i == 1 ? huge : "b");
		EXPECT_EQ(sp_row_end(&r), i != 1);
	}
	EXPECT_EQ(r.len, 2 * strlen("{\"a\":\"b\"}\n"));
	EXPECT(memcmp(text, "{\"a\":\"b\"}\n{\"a\":\"b\"}\n", r.len) == 0);
	free(huge);
}
