/*
 * parse_call.c - calls: NAME(ARGUMENT, ...) = RESULT [ERRNO] [(note)].
 *
 * Arguments are `...`, integers and constants joined with |, strings,
 * [arrays], {structs with or without field names} and functions such as
 * htons(8080).
 */
#include <string.h>

#include "pkt/parse_int.h"
#include "pkt/symbol.h"

#define DEPTH_MAX 20

static struct pkt_expr *parse_expr(struct pkt_parser *p, bool compared);

static struct pkt_expr *
new_expr(struct pkt_parser *p, enum pkt_expr_kind kind)
{
	struct pkt_expr *e = sp_pkt_alloc(&p->script->pool, sizeof(*e));

	e->kind = kind;
	e->line = p->lex.tok.line;
	return e;
}

/* ---- Strings ---- */

static unsigned
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (unsigned)((c | 0x20) - 'a') + 10;
	return 16;
}

/* The character of the escape at *i, which is left behind it. */
static char
unescape(const char *text, size_t len, size_t *i)
{
	static const char names[] = "nrtab0\\\"'", values[] = "\n\r\t\a\b\0\\\"'";
	const char c = text[*i];
	const char *const at = memchr(names, c, sizeof(names) - 1);
	unsigned n = 0;

	(*i)++;
	if (c != 'x')
		return at == NULL ? c : values[at - names];
	for (unsigned digits = 0; digits < 2 && *i < len && hex_value(text[*i]) < 16; digits++)
		n = n << 4 | hex_value(text[(*i)++]);
	return (char)n;
}

static struct pkt_expr *
parse_string(struct pkt_parser *p)
{
	struct pkt_expr *e = new_expr(p, PKT_EXPR_STRING);
	const char *const text = p->lex.tok.text;
	const size_t len = p->lex.tok.len;
	char *out = sp_pkt_alloc(&p->script->pool, len + 1);

	e->text = out;
	for (size_t i = 0; i < len; e->len++) {
		if (text[i] != '\\') {
			out[e->len] = text[i++];
			continue;
		}
		i++;
		out[e->len] = unescape(text, len, &i);
	}
	sp_pkt_lex_next(&p->lex);
	return e;
}

/* ---- Lists ---- */

static void
parse_items(struct pkt_parser *p, struct pkt_expr *list, char close, bool compared)
{
	struct pkt_expr **at = &list->items;

	while (!p->failed && !pkt_tok_is(&p->lex, close)) {
		*at = parse_expr(p, compared);
		if (*at == NULL)
			return;
		at = &(*at)->next;
		list->n++;
		if (!pkt_tok_is(&p->lex, close))
			(void)sp_pkt_parse_expect(p, ',');
	}
	(void)sp_pkt_parse_expect(p, close);
}

/* FIELD = VALUE, FIELD(COUNT) = VALUE, or VALUE. */
static struct pkt_expr *
parse_field(struct pkt_parser *p, bool compared)
{
	struct pkt_expr *e;
	const char *name = NULL;

	if (p->lex.tok.kind == PKT_TOK_WORD)
		name = sp_pkt_copy(&p->script->pool, p->lex.tok.text, p->lex.tok.len);
	e = parse_expr(p, compared);
	if (e == NULL || name == NULL || !sp_pkt_parse_take(p, '='))
		return e;
	e = parse_expr(p, compared);
	if (e != NULL)
		e->field = name;
	return e;
}

static struct pkt_expr *
parse_struct(struct pkt_parser *p, bool compared)
{
	struct pkt_expr *e = new_expr(p, PKT_EXPR_STRUCT);
	struct pkt_expr **at = &e->items;

	sp_pkt_lex_next(&p->lex);
	while (!p->failed && !pkt_tok_is(&p->lex, '}')) {
		*at = parse_field(p, compared);
		if (*at == NULL)
			return e;
		at = &(*at)->next;
		e->n++;
		if (!pkt_tok_is(&p->lex, '}'))
			(void)sp_pkt_parse_expect(p, ',');
	}
	(void)sp_pkt_parse_expect(p, '}');
	return e;
}

/* ---- Single values ---- */

static struct pkt_expr *
parse_word(struct pkt_parser *p, bool compared)
{
	struct pkt_expr *e = new_expr(p, PKT_EXPR_NAME);

	e->len = p->lex.tok.len;
	e->text = sp_pkt_copy(&p->script->pool, p->lex.tok.text, e->len);
	sp_pkt_lex_next(&p->lex);
	if (sp_pkt_parse_take(p, '(')) {
		e->kind = PKT_EXPR_CALL;
		parse_items(p, e, ')', compared);
	} else if (sp_pkt_symbol_find(e->text, &e->n)) {
		e->kind = PKT_EXPR_INT;
	}
	return e;
}

/* No argument of a known call has a point in it. */
static struct pkt_expr *
parse_decimal(struct pkt_parser *p)
{
	struct pkt_expr *e = new_expr(p, PKT_EXPR_NAME);

	e->len = p->lex.tok.len;
	e->text = sp_pkt_copy(&p->script->pool, p->lex.tok.text, e->len);
	sp_pkt_lex_next(&p->lex);
	return e;
}

static struct pkt_expr *
parse_number(struct pkt_parser *p, bool compared)
{
	struct pkt_expr *e;

	if (p->lex.tok.kind == PKT_TOK_DECIMAL)
		return parse_decimal(p);
	if (p->lex.tok.kind != PKT_TOK_INT) {
		sp_pkt_parse_fail(p, "expected a value");
		return NULL;
	}
	e = new_expr(p, PKT_EXPR_INT);
	e->n = (int64_t)p->lex.tok.n;
	if (compared)
		sp_pkt_parse_mark(p, false);
	sp_pkt_lex_next(&p->lex);
	return e;
}

/* - and ~ before a number or a constant; unknown names stay what they are. */
static struct pkt_expr *
parse_signed(struct pkt_parser *p, bool compared)
{
	const bool minus = sp_pkt_parse_take(p, '-');
	const bool inverts = !minus && sp_pkt_parse_take(p, '~');
	struct pkt_expr *e;

	if ((minus || inverts) && p->lex.tok.kind == PKT_TOK_WORD)
		e = parse_word(p, compared);
	else
		e = parse_number(p, compared);
	if (e != NULL && minus)
		e->n = (int64_t)(0 - (uint64_t)e->n);
	else if (e != NULL && inverts)
		e->n = ~e->n;
	return e;
}

static struct pkt_expr *
parse_single(struct pkt_parser *p, bool compared)
{
	struct pkt_expr *e;

	if (p->lex.tok.kind == PKT_TOK_WORD)
		return parse_word(p, compared);
	if (p->lex.tok.kind == PKT_TOK_STRING)
		return parse_string(p);
	if (p->lex.tok.kind == PKT_TOK_DOTS) {
		e = new_expr(p, PKT_EXPR_ANY);
		sp_pkt_lex_next(&p->lex);
		return e;
	}
	if (sp_pkt_parse_take(p, '(')) {
		e = parse_expr(p, compared);
		(void)sp_pkt_parse_expect(p, ')');
		return e;
	}
	if (pkt_tok_is(&p->lex, '[')) {
		e = new_expr(p, PKT_EXPR_ARRAY);
		sp_pkt_lex_next(&p->lex);
		parse_items(p, e, ']', compared || p->fills);
		return e;
	}
	if (sp_pkt_parse_take(p, '&') && p->lex.tok.kind == PKT_TOK_WORD)
		return parse_word(p, compared);		/* the address of something */
	if (pkt_tok_is(&p->lex, '{'))
		return parse_struct(p, compared || p->fills);
	return parse_signed(p, compared);
}

/* Outside of a call's brackets + and * begin the next event, and < and > a
 * packet. */
static char
take_operator(struct pkt_parser *p)
{
	static const char in_args[] = "*+-&/<>";
	char found = p->lex.tok.punct;

	if (sp_pkt_parse_take(p, '|'))
		return '|';
	if (!p->in_args || p->lex.tok.kind != PKT_TOK_PUNCT || strchr(in_args, found) == NULL)
		return 0;
	sp_pkt_lex_next(&p->lex);
	if (found == '<' || found == '>')
		(void)sp_pkt_parse_expect(p, found);
	return found;
}

static int64_t
apply(char operator, int64_t a, int64_t b)
{
	const uint64_t x = (uint64_t)a, y = (uint64_t)b;

	switch (operator) {
	case '|':
		return a | b;
	case '&':
		return a & b;
	case '*':
		return (int64_t)(x * y);
	case '+':
		return (int64_t)(x + y);
	case '-':
		return (int64_t)(x - y);
	case '<':
		return (int64_t)(x << (y & 63));
	case '>':
		return (int64_t)(x >> (y & 63));
	default:
		return b == 0 || b == -1 ? 0 : a / b;
	}
}

/* Of an unknown name or a function, nothing but the name can be told. */
static struct pkt_expr *
join_unknown(struct pkt_parser *p, struct pkt_expr *e, struct pkt_expr *more)
{
	struct pkt_expr *const other = e->kind == PKT_EXPR_INT ? more : e;

	if (other->kind == PKT_EXPR_CALL)
		other->kind = PKT_EXPR_NAME;
	else if (other->kind != PKT_EXPR_NAME)
		sp_pkt_parse_fail(p, "an operator joins numbers only");
	return other;
}

/* Values joined with operators, from left to right.  An unknown name makes the
 * whole unknown. */
static struct pkt_expr *
parse_expr(struct pkt_parser *p, bool compared)
{
	struct pkt_expr *e, *more;
	char operator;

	if (p->depth >= DEPTH_MAX) {
		sp_pkt_parse_fail(p, "nested too deeply");
		return NULL;
	}
	p->depth++;
	e = parse_single(p, compared);
	while (e != NULL && (operator = take_operator(p)) != 0) {
		more = parse_single(p, compared);
		if (more == NULL)
			break;
		if (more->kind == PKT_EXPR_INT && e->kind == PKT_EXPR_INT)
			e->n = apply(operator, e->n, more->n);
		else if (e->kind != PKT_EXPR_NAME)
			e = join_unknown(p, e, more);
	}
	p->depth--;
	return e;
}

/* ---- The whole ---- */

/* What the kernel fills in, and a script gives to be compared. */
static bool
fills_in(const char *name)
{
	return strcmp(name, "getsockopt") == 0 || strcmp(name, "epoll_wait") == 0 ||
	    strcmp(name, "ioctl") == 0;
}

/* Whose result only names what it made. */
static bool
makes_label(const char *name)
{
	return strcmp(name, "socket") == 0 || strncmp(name, "accept", 6) == 0 ||
	    strncmp(name, "epoll_create", 12) == 0;
}

static void
skip_note(struct pkt_parser *p)
{
	unsigned depth = 0;

	while (p->lex.tok.kind != PKT_TOK_END && p->lex.tok.kind != PKT_TOK_BAD) {
		depth += pkt_tok_is(&p->lex, '(');
		depth -= pkt_tok_is(&p->lex, ')');
		sp_pkt_lex_next(&p->lex);
		if (depth == 0)
			return;
	}
	sp_pkt_parse_fail(p, "a note that does not end");
}

static void
parse_result(struct pkt_parser *p, struct pkt_call *call)
{
	int line;

	call->result = parse_expr(p, !makes_label(call->name));
	line = call->result == NULL ? 0 : call->result->line;
	if (p->lex.tok.kind == PKT_TOK_WORD && p->lex.tok.line == line) {
		call->error = sp_pkt_copy(&p->script->pool, p->lex.tok.text, p->lex.tok.len);
		sp_pkt_lex_next(&p->lex);
	}
	if (pkt_tok_is(&p->lex, '('))
		skip_note(p);
}

struct pkt_call *
sp_pkt_parse_call(struct pkt_parser *p)
{
	struct pkt_call *call = sp_pkt_alloc(&p->script->pool, sizeof(*call));
	struct pkt_expr list = { .items = NULL };

	call->name = sp_pkt_copy(&p->script->pool, p->lex.tok.text, p->lex.tok.len);
	sp_pkt_lex_next(&p->lex);
	if (!sp_pkt_parse_expect(p, '('))
		return call;
	p->fills = fills_in(call->name);
	p->in_args = true;
	parse_items(p, &list, ')', false);
	p->fills = false;
	p->in_args = false;
	call->args = list.items;
	call->arg_count = (unsigned)list.n;
	if (sp_pkt_parse_take(p, '='))
		parse_result(p, call);
	else
		sp_pkt_parse_fail(p, "expected = and a result");
	(void)sp_pkt_parse_take(p, ';');
	return call;
}
