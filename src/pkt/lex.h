/*
 * lex.h - tokens of a packet script.
 *
 * Comments are #, //, and C's; of the FreeBSD dialect, #ifdef NAME, #ifndef,
 * #else and #endif at the start of a line leave parts out.  Line ends mean
 * nothing.  Flags of a segment and option values are read raw, because they
 * follow no rule for words.
 */
#ifndef SAMPAN_PKT_LEX_H
#define SAMPAN_PKT_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pkt_tok {
	PKT_TOK_END,
	PKT_TOK_INT,		/* n */
	PKT_TOK_DECIMAL,	/* digits with a point: n is nanoseconds */
	PKT_TOK_WORD,
	PKT_TOK_STRING,		/* between quotes, escapes as written */
	PKT_TOK_DOTS,		/* ... */
	PKT_TOK_SHELL,		/* between backticks */
	PKT_TOK_CODE,		/* between %{ and }% */
	PKT_TOK_PUNCT,		/* one character */
	PKT_TOK_BAD,		/* text says why */
};

struct pkt_token {
	enum pkt_tok kind;
	char punct;		/* 0 unless PUNCT */
	int line;
	const char *text;	/* without quotes */
	size_t len;
	uint64_t n;
	size_t offset;		/* in the script; SIZE_MAX if a definition put it there */
};

/* -D NAME=VALUE */
struct pkt_define {
	const char *name, *value;
	const struct pkt_define *next;
};

struct pkt_lex {
	const char *text, *p, *end;
	int line;
	const struct pkt_define *defines;
	struct pkt_token tok;
};

/* Replaces the lines that #ifdef leaves out by spaces.  False: an #else or
 * #endif too many or too few, in *line. */
bool sp_pkt_lex_condition(char *text, size_t len, const struct pkt_define *defines, int *line);

/* Reads the first token. */
void sp_pkt_lex_open(struct pkt_lex *lex, const char *text, size_t len,
    const struct pkt_define *defines);

/* Reads the next one into lex->tok; stays at END and at BAD. */
void sp_pkt_lex_next(struct pkt_lex *lex);

/* The current token and what follows without space, as long as it consists of
 * the characters in set; then reads the next token. */
struct pkt_token sp_pkt_lex_raw(struct pkt_lex *lex, const char *set);

/* The same up to a space or the line's end. */
struct pkt_token sp_pkt_lex_until_space(struct pkt_lex *lex);

static inline bool
pkt_tok_is(const struct pkt_lex *lex, char punct)
{
	return lex->tok.kind == PKT_TOK_PUNCT && lex->tok.punct == punct;
}

bool sp_pkt_tok_is_word(const struct pkt_lex *lex, const char *word);

/* Digits with a point as nanoseconds; false if it is not one, or too large. */
bool sp_pkt_seconds(const char *text, size_t len, uint64_t *ns);

const struct pkt_define *sp_pkt_define_find(const struct pkt_define *defines, const char *name,
    size_t len);

#endif
