/* Tests of pkt/lex.h. */
#include "lib/test.h"

#include <stdlib.h>

#include "pkt/lex.h"

/* Tokens of a copy of exactly its size, so that a sanitizer sees its edges. */
static void
read_all(const char *text, size_t len, enum pkt_tok last)
{
	char *copy = malloc(len > 0 ? len : 1);
	struct pkt_lex lex;
	unsigned tokens = 0;

	memcpy(copy, text, len);
	sp_pkt_lex_open(&lex, copy, len, NULL);
	while (lex.tok.kind != PKT_TOK_END && lex.tok.kind != PKT_TOK_BAD && tokens++ < 1000)
		sp_pkt_lex_next(&lex);
	EXPECT_EQ(lex.tok.kind, last);
	free(copy);
}

static struct pkt_lex
open_text(const char *text)
{
	struct pkt_lex lex;

	sp_pkt_lex_open(&lex, text, strlen(text), NULL);
	return lex;
}

TEST(numbers_are_told_apart)
{
	struct pkt_lex lex = open_text("12 0x1F .5 1.25 0...0.2");

	EXPECT_EQ(lex.tok.n, 12);
	sp_pkt_lex_next(&lex);
	EXPECT_EQ(lex.tok.n, 31);
	sp_pkt_lex_next(&lex);
	EXPECT_EQ(lex.tok.kind, PKT_TOK_DECIMAL);
	EXPECT_EQ(lex.tok.n, 500000000);
	sp_pkt_lex_next(&lex);
	EXPECT_EQ(lex.tok.n, 1250000000);
	sp_pkt_lex_next(&lex);
	EXPECT_EQ(lex.tok.kind, PKT_TOK_INT);
	sp_pkt_lex_next(&lex);
	EXPECT_EQ(lex.tok.kind, PKT_TOK_DOTS);
	sp_pkt_lex_next(&lex);
	EXPECT_EQ(lex.tok.n, 200000000);
}

TEST(comments_and_lines_are_skipped)
{
	struct pkt_lex lex = open_text("# a\n// b\n/* c\n d */ word\n");

	EXPECT(sp_pkt_tok_is_word(&lex, "word"));
	EXPECT_EQ(lex.tok.line, 4);
	sp_pkt_lex_next(&lex);
	EXPECT_EQ(lex.tok.kind, PKT_TOK_END);
}

TEST(quoted_parts_are_one_token)
{
	struct pkt_lex lex = open_text("\"a\\\"b\" `ls \\` x` %{ a % b }%");

	EXPECT_EQ(lex.tok.kind, PKT_TOK_STRING);
	EXPECT_EQ(lex.tok.len, 4);
	sp_pkt_lex_next(&lex);
	EXPECT_EQ(lex.tok.kind, PKT_TOK_SHELL);
	sp_pkt_lex_next(&lex);
	EXPECT_EQ(lex.tok.kind, PKT_TOK_CODE);
	EXPECT_EQ(lex.tok.len, 7);
}

TEST(raw_text_goes_back_to_its_token)
{
	struct pkt_lex lex = open_text("SEW. 1 99999999999999999999ab,");
	struct pkt_token t = sp_pkt_lex_raw(&lex, "SEW.");

	EXPECT_EQ(t.len, 4);
	EXPECT_EQ(lex.tok.n, 1);
	sp_pkt_lex_next(&lex);
	EXPECT_EQ(lex.tok.kind, PKT_TOK_BAD);	/* as a number */
	t = sp_pkt_lex_raw(&lex, "0123456789ab");
	EXPECT_EQ(t.len, 22);
	EXPECT(pkt_tok_is(&lex, ','));
}

TEST(definitions_replace_words)
{
	const struct pkt_define d = { "FD", "17", NULL };
	struct pkt_lex lex;

	sp_pkt_lex_open(&lex, "FD FDX", 6, &d);
	EXPECT_EQ(lex.tok.n, 17);
	EXPECT_EQ(lex.tok.offset, SIZE_MAX);
	sp_pkt_lex_next(&lex);
	EXPECT(sp_pkt_tok_is_word(&lex, "FDX"));
}

TEST(malformed_text_ends_as_bad_or_end)
{
	static const char *const bad[] = { "\"abc", "`abc", "%{ abc", "/* abc", "\"abc\\", "0x",
		"99999999999999999999", "/*", "%{}", "\"\\" };
	static const char *const good[] = { "", "#", "//", "/", "%", ".", "..", "...", "\xff\x01" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		read_all(bad[i], strlen(bad[i]), PKT_TOK_BAD);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		read_all(good[i], strlen(good[i]), PKT_TOK_END);
	read_all("a\0b", 3, PKT_TOK_END);
}

TEST(seconds_are_exact_and_bounded)
{
	uint64_t ns = 0;

	EXPECT(sp_pkt_seconds("0.000001", 8, &ns));
	EXPECT_EQ(ns, 1000);
	EXPECT(sp_pkt_seconds("3", 1, &ns));
	EXPECT_EQ(ns, 3000000000);
	EXPECT(sp_pkt_seconds("1.0000000009", 12, &ns));
	EXPECT_EQ(ns, 1000000000);
	EXPECT(!sp_pkt_seconds("99999999999", 11, &ns));
	EXPECT(!sp_pkt_seconds("1x", 2, &ns));
	EXPECT(!sp_pkt_seconds("", 0, &ns));
}

static void
expect_condition(const char *text, const char *want)
{
	const struct pkt_define d = { "A", "", NULL };
	char copy[200];
	int line = 0;

	(void)strncpy(copy, text, sizeof(copy) - 1);
	copy[sizeof(copy) - 1] = '\0';
	EXPECT_EQ(sp_pkt_lex_condition(copy, strlen(copy), &d, &line), want != NULL);
	if (want != NULL)
		EXPECT_STR(copy, want);
}

TEST(ifdef_leaves_lines_out)
{
	expect_condition("#ifdef A\nx\n#else\ny\n#endif\nz", "        \nx\n     \n \n      \nz");
	expect_condition("#ifndef A\nx\n#endif\n", "         \n \n      \n");
	expect_condition("#ifdef B\n#ifdef A\nx\n#endif\n#endif",
	    "        \n        \n \n      \n      ");
	expect_condition("# comment\n#else of what", NULL);
	expect_condition("#endif\n", NULL);
	expect_condition("#ifdef A\n", NULL);
	expect_condition("#ifdef A\n#else\n#else\n#endif", NULL);
}
