/*
 * cond.c - #ifdef, #ifndef, #else and #endif of the FreeBSD dialect.
 */
#include <string.h>

#include "pkt/lex.h"

#define DEPTH_MAX 16

struct cond {
	const struct pkt_define *defines;
	unsigned depth;
	bool taken[DEPTH_MAX], seen_else[DEPTH_MAX];
};

static bool
word_is(const char *line, size_t len, const char *word)
{
	const size_t n = strlen(word);

	return len >= n && memcmp(line, word, n) == 0 &&
	    (len == n || line[n] == ' ' || line[n] == '\t' || line[n] == '\r');
}

static bool
is_defined(const struct cond *c, const char *line, size_t len)
{
	size_t from = strcspn(line, " \t"), to;

	while (from < len && (line[from] == ' ' || line[from] == '\t'))
		from++;
	to = from;
	while (to < len && strchr(" \t\r\n", line[to]) == NULL)
		to++;
	return sp_pkt_define_find(c->defines, line + from, to - from) != NULL;
}

/* 1: a directive; 0: none; -1: one that does not fit. */
static int
directive(struct cond *c, const char *line, size_t len)
{
	const bool positive = word_is(line, len, "#ifdef");

	if (positive || word_is(line, len, "#ifndef")) {
		if (c->depth == DEPTH_MAX)
			return -1;
		c->taken[c->depth] = is_defined(c, line, len) == positive;
		c->seen_else[c->depth++] = false;
		return 1;
	}
	if (word_is(line, len, "#else")) {
		if (c->depth == 0 || c->seen_else[c->depth - 1])
			return -1;
		c->seen_else[c->depth - 1] = true;
		c->taken[c->depth - 1] = !c->taken[c->depth - 1];
		return 1;
	}
	if (!word_is(line, len, "#endif"))
		return 0;
	if (c->depth == 0)
		return -1;
	c->depth--;
	return 1;
}

static bool
left_out(const struct cond *c)
{
	for (unsigned i = 0; i < c->depth; i++) {
		if (!c->taken[i])
			return true;
	}
	return false;
}

bool
sp_pkt_lex_condition(char *text, size_t len, const struct pkt_define *defines, int *line)
{
	struct cond c = { .defines = defines };
	size_t at = 0;

	for (*line = 1; at < len; (*line)++) {
		const char *const nl = memchr(text + at, '\n', len - at);
		const size_t n = nl == NULL ? len - at : (size_t)(nl - (text + at));
		const int found = directive(&c, text + at, n);

		if (found < 0)
			return false;
		if (found > 0 || left_out(&c))
			memset(text + at, ' ', n);
		at += n + (nl != NULL);
	}
	return c.depth == 0;
}
