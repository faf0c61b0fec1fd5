/*
 * parse_opt.c - TCP options: <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7>,
 * <sack 1:1001 2001:3001>, <FO 0123456789abcdef>, <ECN e1b 1 ceb 0 e0b 1>, <...>
 */
#include <string.h>

#include "pkt/parse_int.h"

#define HEX_SET "0123456789abcdefABCDEF"

/* The rest of an option that is not known, or has a value that is not. */
static void
skip_opt(struct pkt_parser *p, const char *what)
{
	sp_pkt_parse_lacks(p, "%s:%.*s", what, (int)(p->lex.tok.len % 40), p->lex.tok.text);
	while (!pkt_tok_is(&p->lex, ',') && !pkt_tok_is(&p->lex, '>') &&
	    p->lex.tok.kind != PKT_TOK_END && p->lex.tok.kind != PKT_TOK_BAD)
		sp_pkt_lex_next(&p->lex);
}

/* val NUMBER or ecr NUMBER; ! may stand before or behind the number. */
static void
parse_stamp(struct pkt_parser *p, const char *name, struct pkt_num *num, bool compared)
{
	bool absolute;

	if (!sp_pkt_parse_take_word(p, name))
		sp_pkt_parse_fail(p, "expected TS val NUMBER ecr NUMBER");
	absolute = sp_pkt_parse_take(p, '!');
	if (p->lex.tok.kind == PKT_TOK_DOTS || pkt_tok_is(&p->lex, '*')) {
		sp_pkt_parse_lacks(p, "option:TS %s without a number", name);
		sp_pkt_lex_next(&p->lex);
		return;
	}
	(void)sp_pkt_parse_num(p, compared, num);
	num->absolute |= absolute;
}

static void
parse_ts(struct pkt_parser *p, struct pkt_opt *o, bool compared)
{
	o->kind = PKT_OPT_TS;
	parse_stamp(p, "val", &o->a, false);
	parse_stamp(p, "ecr", &o->b, compared);
}

static void
parse_sack(struct pkt_parser *p, struct pkt_opt *o, bool compared)
{
	o->kind = PKT_OPT_SACK;
	while (!p->failed && (p->lex.tok.kind == PKT_TOK_INT || pkt_tok_is(&p->lex, '!'))) {
		if (o->count == PKT_SACK_MAX) {
			sp_pkt_parse_fail(p, "more than four SACK blocks");
			return;
		}
		(void)sp_pkt_parse_num(p, compared, &o->left[o->count]);
		(void)sp_pkt_parse_expect(p, ':');
		(void)sp_pkt_parse_num(p, compared, &o->right[o->count]);
		o->count++;
		(void)sp_pkt_parse_take_word(p, "dsack");
	}
}

static int
hex_digit(char c)
{
	const char *const all = "0123456789abcdef0123456789ABCDEF";
	const char *const at = strchr(all, c);

	return at == NULL || c == '\0' ? -1 : (int)(at - all) % 16;
}

/* Bytes in hexadecimal, as a string or bare, with 0x or without. */
static void
parse_hex(struct pkt_parser *p, struct pkt_opt *o)
{
	struct pkt_token t = p->lex.tok;

	if (pkt_tok_is(&p->lex, ',') || pkt_tok_is(&p->lex, '>'))
		return;
	if (t.kind == PKT_TOK_STRING)
		sp_pkt_lex_next(&p->lex);
	else
		t = sp_pkt_lex_raw(&p->lex, HEX_SET "xX:");
	if (t.len > 2 && t.text[0] == '0' && (t.text[1] | 0x20) == 'x') {
		t.text += 2;
		t.len -= 2;
	}
	for (size_t i = 0; i + 1 < t.len && o->count < PKT_OPT_BYTES; i += 2) {
		const int high = hex_digit(t.text[i]), low = hex_digit(t.text[i + 1]);

		if (high < 0 || low < 0)
			break;
		o->bytes[o->count++] = (uint8_t)(high << 4 | low);
	}
	if (t.len > 0 && (size_t)o->count * 2 != t.len)
		sp_pkt_parse_lacks(p, "option value:%.*s", (int)(t.len % 40), t.text);
	if (!pkt_tok_is(&p->lex, ',') && !pkt_tok_is(&p->lex, '>'))
		skip_opt(p, "option value");
}

static void
parse_accecn(struct pkt_parser *p, struct pkt_opt *o, bool compared)
{
	o->kind = PKT_OPT_ACCECN;
	while (!p->failed && p->lex.tok.kind == PKT_TOK_WORD && o->count < 3) {
		const struct pkt_token t = p->lex.tok;
		const char which = t.text[1] == '0' ? '0' : t.text[0] == 'c' ? 'c' : '1';

		if (!sp_pkt_tok_is_word(&p->lex, "e0b") && !sp_pkt_tok_is_word(&p->lex, "e1b") &&
		    !sp_pkt_tok_is_word(&p->lex, "ceb")) {
			sp_pkt_parse_fail(p, "expected e0b, e1b or ceb");
			return;
		}
		sp_pkt_lex_next(&p->lex);
		o->ecn_name[o->count] = which;
		(void)sp_pkt_parse_u32(p, compared, &o->ecn[o->count]);
		if (o->ecn[o->count] >> 24 != 0)
			sp_pkt_parse_fail(p, "a counter of more than 24 bits");
		o->count++;
	}
}

static void
parse_number_opt(struct pkt_parser *p, struct pkt_opt *o, uint64_t max, bool compared)
{
	uint64_t n = 0;

	(void)sp_pkt_parse_int(p, max, compared, &n);
	o->a.n = (uint32_t)n;
}

/* Names of options without a value of their own. */
static bool
parse_bare(struct pkt_parser *p, struct pkt_opt *o)
{
	static const struct { const char *name; enum pkt_opt_kind kind; } bare[] = {
		{ "nop", PKT_OPT_NOP }, { "eol", PKT_OPT_EOL }, { "sackOK", PKT_OPT_SACK_OK },
		{ "NOP", PKT_OPT_NOP }, { "EOL", PKT_OPT_EOL }, { "sackok", PKT_OPT_SACK_OK },
	};

	for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++) {
		if (sp_pkt_parse_take_word(p, bare[i].name)) {
			o->kind = bare[i].kind;
			return true;
		}
	}
	return false;
}

static void
parse_cookie(struct pkt_parser *p, struct pkt_opt *o, enum pkt_opt_kind kind)
{
	o->kind = kind;
	parse_hex(p, o);
}

/* exp-FO is another spelling of FOEXP. */
static bool
take_exp_fo(struct pkt_parser *p)
{
	if (!sp_pkt_parse_take_word(p, "exp"))
		return false;
	(void)sp_pkt_parse_take(p, '-');
	(void)sp_pkt_parse_take_word(p, "FO");
	return true;
}

static void
parse_opt(struct pkt_parser *p, struct pkt_opt *o, bool compared)
{
	if (parse_bare(p, o))
		return;
	if (sp_pkt_parse_take_word(p, "mss")) {
		o->kind = PKT_OPT_MSS;
		parse_number_opt(p, o, 65535, compared);
	} else if (sp_pkt_parse_take_word(p, "wscale")) {
		o->kind = PKT_OPT_WSCALE;
		parse_number_opt(p, o, 255, compared);
	} else if (sp_pkt_parse_take_word(p, "TS")) {
		parse_ts(p, o, compared);
	} else if (sp_pkt_parse_take_word(p, "sack") || sp_pkt_parse_take_word(p, "dsack")) {
		parse_sack(p, o, compared);
	} else if (sp_pkt_parse_take_word(p, "FO")) {
		parse_cookie(p, o, PKT_OPT_FO);
	} else if (sp_pkt_parse_take_word(p, "FOEXP") || take_exp_fo(p)) {
		parse_cookie(p, o, PKT_OPT_FOEXP);
	} else if (sp_pkt_parse_take_word(p, "md5")) {
		parse_cookie(p, o, PKT_OPT_MD5);
	} else if (sp_pkt_parse_take_word(p, "ECN") || sp_pkt_parse_take_word(p, "AccECN")) {
		parse_accecn(p, o, compared);
	} else if (p->lex.tok.kind == PKT_TOK_WORD || p->lex.tok.kind == PKT_TOK_INT) {
		skip_opt(p, "option");
	} else {
		sp_pkt_parse_fail(p, "expected a TCP option");
	}
}

void
sp_pkt_parse_opts(struct pkt_parser *p, struct pkt_tcp_spec *tcp, bool compared)
{
	struct pkt_opt **at = &tcp->opts;

	tcp->opts_mode = PKT_OPTS_LIST;
	if (p->lex.tok.kind == PKT_TOK_DOTS) {
		sp_pkt_lex_next(&p->lex);
		tcp->opts_mode = PKT_OPTS_ANY;
	}
	while (!p->failed && !pkt_tok_is(&p->lex, '>')) {
		struct pkt_opt *o = sp_pkt_alloc(&p->script->pool, sizeof(*o));

		parse_opt(p, o, compared);
		*at = o;
		at = &o->next;
		if (!pkt_tok_is(&p->lex, '>'))
			(void)sp_pkt_parse_expect(p, ',');
	}
	(void)sp_pkt_parse_expect(p, '>');
}
