/*
 * lex.c - tokens of a packet script.
 *
 * By hand: the language has three sub-languages (packets, calls, assertions)
 * in which the same characters mean different things, which would take start
 * conditions driven by the parser; and what may come from outside is easier to
 * bound here.
 */
#include "pkt/lex.h"

#include <string.h>

#define NS_DIGITS 9
#define MAX_SECONDS ((uint64_t)1000000000)

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_word(char c)
{
	return is_word_start(c) || is_digit(c);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

static bool
starts(const struct pkt_lex *lex, const char *with)
{
	const size_t n = strlen(with);

	return (size_t)(lex->end - lex->p) >= n && memcmp(lex->p, with, n) == 0;
}

static void
step(struct pkt_lex *lex)
{
	if (*lex->p == '\n')
		lex->line++;
	lex->p++;
}

static void
bad(struct pkt_lex *lex, const char *why)
{
	lex->tok.kind = PKT_TOK_BAD;
	lex->tok.text = why;
	lex->tok.len = strlen(why);
	lex->p = lex->end;
}

/* ---- What is between tokens ---- */

static void
skip_line(struct pkt_lex *lex)
{
	while (lex->p < lex->end && *lex->p != '\n')
		lex->p++;
}

/* False: a comment that does not end. */
static bool
skip_comment(struct pkt_lex *lex)
{
	lex->p += 2;
	while (lex->p < lex->end && !starts(lex, "*/"))
		step(lex);
	if (lex->p == lex->end)
		return false;
	lex->p += 2;
	return true;
}

static bool
skip_blank(struct pkt_lex *lex)
{
	while (lex->p < lex->end) {
		if (is_space(*lex->p))
			step(lex);
		else if (*lex->p == '#' || starts(lex, "//"))
			skip_line(lex);
		else if (!starts(lex, "/*"))
			return true;
		else if (!skip_comment(lex))
			return false;
	}
	return true;
}

/* ---- Numbers ---- */

bool
sp_pkt_seconds(const char *text, size_t len, uint64_t *ns)
{
	uint64_t whole = 0, part = 0, unit = 1000000000;
	size_t i = 0;

	for (; i < len && is_digit(text[i]); i++) {
		whole = whole * 10 + (uint64_t)(text[i] - '0');
		if (whole > MAX_SECONDS)
			return false;
	}
	if (i < len && text[i] == '.')
		i++;
	for (unsigned n = 0; i < len && is_digit(text[i]); i++, n++) {
		if (n >= NS_DIGITS)
			continue;
		unit /= 10;
		part += unit * (uint64_t)(text[i] - '0');
	}
	*ns = whole * 1000000000 + part;
	return i == len && len > 0;
}

static unsigned
digit_value(char c)
{
	if (is_digit(c))
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 99;
}

static void
read_int(struct pkt_lex *lex, unsigned base)
{
	uint64_t n = 0;
	const char *const digits = lex->p;

	while (lex->p < lex->end && digit_value(*lex->p) < base) {
		const uint64_t d = digit_value(*lex->p++);

		if (n > (UINT64_MAX - d) / base) {
			bad(lex, "a number that is too large");
			return;
		}
		n = n * base + d;
	}
	if (lex->p == digits) {
		bad(lex, "0x without digits");
		return;
	}
	lex->tok.kind = PKT_TOK_INT;
	lex->tok.n = n;
}

/* Is there a point that belongs to the number, not the first of three? */
static bool
has_point(const struct pkt_lex *lex, const char *p)
{
	while (p < lex->end && is_digit(*p))
		p++;
	return p < lex->end && *p == '.' && (p + 1 == lex->end || p[1] != '.');
}

static void
read_number(struct pkt_lex *lex)
{
	const char *const from = lex->p;

	if (starts(lex, "0x") || starts(lex, "0X")) {
		lex->p += 2;
		read_int(lex, 16);
		return;
	}
	if (!has_point(lex, from)) {
		read_int(lex, 10);
		return;
	}
	while (lex->p < lex->end && is_digit(*lex->p))
		lex->p++;
	lex->p++;
	while (lex->p < lex->end && is_digit(*lex->p))
		lex->p++;
	lex->tok.kind = PKT_TOK_DECIMAL;
	if (!sp_pkt_seconds(from, (size_t)(lex->p - from), &lex->tok.n))
		bad(lex, "a time that is too large");
}

/* ---- Other tokens ---- */

static void
read_delimited(struct pkt_lex *lex, enum pkt_tok kind, const char *open, const char *close)
{
	lex->p += strlen(open);
	lex->tok.text = lex->p;
	while (lex->p < lex->end && !starts(lex, close)) {
		if (*lex->p == '\\' && kind != PKT_TOK_CODE && lex->p + 1 < lex->end)
			step(lex);
		step(lex);
	}
	if (lex->p >= lex->end) {
		bad(lex, "a string, command or assertion that does not end");
		return;
	}
	lex->tok.kind = kind;
	lex->tok.len = (size_t)(lex->p - lex->tok.text);
	lex->p += strlen(close);
}

const struct pkt_define *
sp_pkt_define_find(const struct pkt_define *d, const char *name, size_t len)
{
	while (d != NULL && (strlen(d->name) != len || memcmp(d->name, name, len) != 0))
		d = d->next;
	return d;
}

static void
read_plain(struct pkt_lex *lex)
{
	const char c = *lex->p;

	if (is_digit(c) || (c == '.' && lex->p + 1 < lex->end && is_digit(lex->p[1]))) {
		read_number(lex);
	} else if (is_word_start(c)) {
		lex->tok.kind = PKT_TOK_WORD;
		while (lex->p < lex->end && is_word(*lex->p))
			lex->p++;
	} else if (starts(lex, "...")) {
		lex->tok.kind = PKT_TOK_DOTS;
		lex->p += 3;
	} else {
		lex->tok.kind = PKT_TOK_PUNCT;
		lex->tok.punct = c;
		lex->p++;
	}
	if (lex->tok.kind != PKT_TOK_BAD)
		lex->tok.len = (size_t)(lex->p - lex->tok.text);
}

/* A word that -D defines stands for one token. */
static void
apply_define(struct pkt_lex *lex)
{
	const struct pkt_define *d = sp_pkt_define_find(lex->defines, lex->tok.text, lex->tok.len);
	struct pkt_lex inner;

	if (d == NULL || d->value[0] == '\0')
		return;
	sp_pkt_lex_open(&inner, d->value, strlen(d->value), NULL);
	inner.tok.line = lex->tok.line;
	inner.tok.offset = SIZE_MAX;
	lex->tok = inner.tok;
}

void
sp_pkt_lex_next(struct pkt_lex *lex)
{
	if (lex->tok.kind == PKT_TOK_BAD)
		return;
	lex->tok = (struct pkt_token){ .kind = PKT_TOK_END, .offset = SIZE_MAX };
	lex->tok.line = lex->line;
	if (!skip_blank(lex)) {
		bad(lex, "a comment that does not end");
		return;
	}
	lex->tok.line = lex->line;
	lex->tok.text = lex->p;
	lex->tok.offset = (size_t)(lex->p - lex->text);
	if (lex->p == lex->end)
		return;
	if (*lex->p == '"')
		read_delimited(lex, PKT_TOK_STRING, "\"", "\"");
	else if (*lex->p == '`')
		read_delimited(lex, PKT_TOK_SHELL, "`", "`");
	else if (starts(lex, "%{"))
		read_delimited(lex, PKT_TOK_CODE, "%{", "}%");
	else
		read_plain(lex);
	if (lex->tok.kind == PKT_TOK_WORD)
		apply_define(lex);
}

void
sp_pkt_lex_open(struct pkt_lex *lex, const char *text, size_t len, const struct pkt_define *defines)
{
	*lex = (struct pkt_lex){
		.text = text, .p = text, .end = text + len, .line = 1, .defines = defines,
	};
	sp_pkt_lex_next(lex);
}

/* ---- Raw text ---- */

/* Goes back to where the current token begins; false if there is no such
 * place.  A token that is bad as a number may be good as raw text. */
static bool
go_back(struct pkt_lex *lex, struct pkt_token *raw)
{
	*raw = lex->tok;
	if (raw->offset == SIZE_MAX || raw->kind == PKT_TOK_END) {
		sp_pkt_lex_next(lex);
		return false;
	}
	lex->tok.kind = PKT_TOK_END;
	lex->p = lex->text + raw->offset;
	lex->line = raw->line;
	raw->text = lex->p;
	return true;
}

struct pkt_token
sp_pkt_lex_raw(struct pkt_lex *lex, const char *set)
{
	struct pkt_token raw;

	if (!go_back(lex, &raw))
		return raw;
	while (lex->p < lex->end && *lex->p != '\0' && strchr(set, *lex->p) != NULL)
		lex->p++;
	raw.len = (size_t)(lex->p - raw.text);
	sp_pkt_lex_next(lex);
	return raw;
}

struct pkt_token
sp_pkt_lex_until_space(struct pkt_lex *lex)
{
	struct pkt_token raw;

	if (!go_back(lex, &raw))
		return raw;
	while (lex->p < lex->end && !is_space(*lex->p))
		lex->p++;
	raw.len = (size_t)(lex->p - raw.text);
	sp_pkt_lex_next(lex);
	return raw;
}

bool
sp_pkt_tok_is_word(const struct pkt_lex *lex, const char *word)
{
	return lex->tok.kind == PKT_TOK_WORD && lex->tok.len == strlen(word) &&
	    memcmp(lex->tok.text, word, lex->tok.len) == 0;
}
