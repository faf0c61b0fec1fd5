/*
 * host_near.c - how far apart words are.
 */
#include "lib/test.h"

#include "host/near.h"

TEST(near_counts_letters_to_be_changed)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} cases[] = {
		{ "", "", 0 }, { "a", "", 1 }, { "", "abc", 3 }, { "abc", "abc", 0 },
		{ "tcp_sck", "tcp_sack", 1 }, { "kitten", "sitting", 3 }, { "ab", "ba", 2 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		EXPECT_EQ(sp_near(cases[i].a, cases[i].b), cases[i].distance);
		EXPECT_EQ(sp_near(cases[i].b, cases[i].a), cases[i].distance);
	}
}

/* Longer words are cut, not read past. */
TEST(near_is_bounded)
{
	char a[201], b[101];

	memset(a, 'a', sizeof(a) - 1);
	memset(b, 'b', sizeof(b) - 1);
	a[200] = b[100] = '\0';
	EXPECT_EQ(sp_near(a, a), 0);
	EXPECT_EQ(sp_near(a, b), 63);
}
