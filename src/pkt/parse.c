/*
 * parse.c - options, times and events of a packet script.
 */
#include "pkt/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pkt/parse_int.h"

/* ---- What all parser functions use ---- */

void
sp_pkt_parse_fail(struct pkt_parser *p, const char *format, ...)
{
	struct pkt_script *s = p->script;
	va_list args;

	if (p->failed)
		return;
	p->failed = true;
	s->error_line = p->lex.tok.line > 0 ? p->lex.tok.line : p->lex.line;
	if (p->lex.tok.kind == PKT_TOK_BAD) {
		(void)snprintf(s->error, sizeof(s->error), "%s", p->lex.tok.text);
	} else {
		va_start(args, format);
		/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): see link/why.c */
		(void)vsnprintf(s->error, sizeof(s->error), format, args);
		va_end(args);
	}
	p->lex.p = p->lex.end;
	p->lex.tok.kind = PKT_TOK_BAD;
	p->lex.tok.offset = SIZE_MAX;
}

void
sp_pkt_parse_lacks(struct pkt_parser *p, const char *format, ...)
{
	char text[120];
	va_list args;

	if (p->lacks != NULL)
		return;
	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): see link/why.c */
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	p->lacks = sp_pkt_copy(&p->script->pool, text, strlen(text));
}

bool
sp_pkt_parse_take(struct pkt_parser *p, char punct)
{
	if (!pkt_tok_is(&p->lex, punct))
		return false;
	sp_pkt_lex_next(&p->lex);
	return true;
}

bool
sp_pkt_parse_take_word(struct pkt_parser *p, const char *word)
{
	if (!sp_pkt_tok_is_word(&p->lex, word))
		return false;
	sp_pkt_lex_next(&p->lex);
	return true;
}

bool
sp_pkt_parse_expect(struct pkt_parser *p, char punct)
{
	if (sp_pkt_parse_take(p, punct))
		return true;
	sp_pkt_parse_fail(p, "expected '%c' before '%.*s'", punct, (int)(p->lex.tok.len % 40),
	    p->lex.tok.text == NULL ? "" : p->lex.tok.text);
	return false;
}

static void
add_mark(struct pkt_parser *p, const struct pkt_token *t, bool is_time)
{
	struct pkt_mark *m, **at;

	if (t->offset == SIZE_MAX)
		return;
	m = sp_pkt_alloc(&p->script->pool, sizeof(*m));
	m->offset = t->offset;
	m->len = t->len;
	m->is_time = is_time;
	for (at = &p->script->marks; *at != NULL && (*at)->offset > m->offset; )
		at = &(*at)->next;
	m->next = *at;		/* newest first */
	*at = m;
}

void
sp_pkt_parse_mark(struct pkt_parser *p, bool is_time)
{
	add_mark(p, &p->lex.tok, is_time);
}

bool
sp_pkt_parse_int(struct pkt_parser *p, uint64_t max, bool compared, uint64_t *n)
{
	*n = p->lex.tok.n;
	if (p->lex.tok.kind != PKT_TOK_INT || *n > max) {
		sp_pkt_parse_fail(p, "expected a number of at most %llu", (unsigned long long)max);
		return false;
	}
	if (compared)
		sp_pkt_parse_mark(p, false);
	sp_pkt_lex_next(&p->lex);
	return true;
}

bool
sp_pkt_parse_u32(struct pkt_parser *p, bool compared, uint32_t *n)
{
	uint64_t wide = 0;
	const bool ok = sp_pkt_parse_int(p, UINT32_MAX, compared, &wide);

	*n = (uint32_t)wide;
	return ok;
}

bool
sp_pkt_parse_num(struct pkt_parser *p, bool compared, struct pkt_num *num)
{
	num->absolute = sp_pkt_parse_take(p, '!');
	if (!sp_pkt_parse_u32(p, compared, &num->n))
		return false;
	if (sp_pkt_parse_take(p, '!'))
		num->absolute = true;
	return true;
}

/* ---- Times ---- */

static bool
parse_seconds(struct pkt_parser *p, bool compared, int64_t *ns)
{
	const struct pkt_token *t = &p->lex.tok;

	if (t->kind == PKT_TOK_INT && t->n <= 1000000000) {
		*ns = (int64_t)(t->n * 1000000000u);
	} else if (t->kind == PKT_TOK_DECIMAL) {
		*ns = (int64_t)t->n;
	} else {
		sp_pkt_parse_fail(p, "expected a time");
		return false;
	}
	if (compared)
		sp_pkt_parse_mark(p, true);
	sp_pkt_lex_next(&p->lex);
	return true;
}

static bool
starts_time(const struct pkt_lex *lex)
{
	return pkt_tok_is(lex, '+') || pkt_tok_is(lex, '*') || lex->tok.kind == PKT_TOK_INT ||
	    lex->tok.kind == PKT_TOK_DECIMAL;
}

/* TIME, +TIME, *, TIME~TIME, +TIME~+TIME, TIME...TIME, +TIME...TIME */
static bool
parse_when(struct pkt_parser *p, struct pkt_when *w)
{
	if (sp_pkt_parse_take(p, '*')) {
		w->any = true;
		return true;
	}
	w->relative = sp_pkt_parse_take(p, '+');
	p->time = p->lex.tok;
	if (!parse_seconds(p, false, &w->first_ns))
		return false;
	w->last_ns = w->first_ns;
	if (sp_pkt_parse_take(p, '~')) {
		(void)sp_pkt_parse_take(p, '+');
		if (!parse_seconds(p, false, &w->last_ns))
			return false;
		if (w->last_ns < w->first_ns)
			sp_pkt_parse_fail(p, "a range of times that ends before it begins");
	} else if (p->lex.tok.kind == PKT_TOK_DOTS) {
		sp_pkt_lex_next(&p->lex);
		(void)sp_pkt_parse_take(p, '+');
		w->blocks = true;
		if (!parse_seconds(p, true, &w->until_ns))
			return false;
		if (w->until_ns < w->first_ns)
			sp_pkt_parse_fail(p, "a call that ends before it begins");
	}
	return !p->failed;
}

/* ---- Events ---- */

void
sp_pkt_parse_skip_event(struct pkt_parser *p)
{
	int line = p->lex.tok.line;

	while (p->lex.tok.kind != PKT_TOK_END && p->lex.tok.kind != PKT_TOK_BAD) {
		const bool fresh = p->lex.tok.line != line;

		if (fresh && (starts_time(&p->lex) || p->lex.tok.kind == PKT_TOK_CODE ||
		    p->lex.tok.kind == PKT_TOK_SHELL))
			return;
		line = p->lex.tok.line;
		sp_pkt_lex_next(&p->lex);
	}
}

static void
parse_action(struct pkt_parser *p, struct pkt_event *e)
{
	const struct pkt_token t = p->lex.tok;

	if (t.kind == PKT_TOK_SHELL || t.kind == PKT_TOK_CODE) {
		e->kind = t.kind == PKT_TOK_SHELL ? PKT_EVENT_SHELL : PKT_EVENT_CODE;
		e->text = sp_pkt_copy(&p->script->pool, t.text, t.len);
		e->len = t.len;
		sp_pkt_lex_next(&p->lex);
	} else if (pkt_tok_is(&p->lex, '<') || pkt_tok_is(&p->lex, '>')) {
		e->kind = PKT_EVENT_PACKET;
		e->packet = sp_pkt_parse_packet(p);
	} else if (t.kind == PKT_TOK_WORD) {
		e->kind = PKT_EVENT_CALL;
		e->call = sp_pkt_parse_call(p);
	} else {
		sp_pkt_parse_fail(p, "expected a packet, a call, a command or an assertion");
	}
}

/* Where the text of the event ends: before what comes next, without space. */
static void
set_text(struct pkt_parser *p, struct pkt_event *e, size_t from)
{
	const char *const text = p->script->text;
	size_t to = p->lex.tok.offset <= p->script->len ? p->lex.tok.offset : p->script->len;
	const char *nl;

	if (e->text != NULL || from >= to)
		return;
	nl = memchr(text + from, '\n', to - from);
	if (nl != NULL)
		to = (size_t)(nl - text);
	while (to > from && strchr(" \t\r\n", text[to - 1]) != NULL)
		to--;
	e->text = text + from;
	e->len = to - from;
}

static struct pkt_event *
parse_event(struct pkt_parser *p)
{
	struct pkt_event *e = sp_pkt_alloc(&p->script->pool, sizeof(*e));
	const size_t from = p->lex.tok.offset;

	e->line = p->lex.tok.line;
	p->lacks = NULL;
	if (p->lex.tok.kind == PKT_TOK_SHELL || p->lex.tok.kind == PKT_TOK_CODE)
		e->when.relative = true;	/* no time: at once */
	else if (!parse_when(p, &e->when))
		return e;
	parse_action(p, e);
	e->lacks = p->lacks;
	if (e->packet != NULL && e->packet->out && !e->when.any)
		add_mark(p, &p->time, true);
	if (from != SIZE_MAX)
		set_text(p, e, from);
	return e;
}

/* ---- Options of the tool, at the start ---- */

static bool
at_option(const struct pkt_lex *lex)
{
	return pkt_tok_is(lex, '-') && lex->tok.offset + 1 < (size_t)(lex->end - lex->text) &&
	    (lex->p[0] == '-' || lex->p[0] == 'D');
}

static const char *
option_value(struct pkt_parser *p, int line)
{
	struct pkt_token t = p->lex.tok;

	if (t.line != line || t.kind == PKT_TOK_END || at_option(&p->lex))
		return "";
	if (t.kind == PKT_TOK_STRING || t.kind == PKT_TOK_BAD)
		sp_pkt_lex_next(&p->lex);
	else
		t = sp_pkt_lex_until_space(&p->lex);
	return sp_pkt_copy(&p->script->pool, t.text, t.len);
}

/* NAME=VALUE: a constant of this script. */
static void
add_define(struct pkt_parser *p, const char *text)
{
	struct pkt_define *d = sp_pkt_alloc(&p->script->pool, sizeof(*d));
	const size_t n = strcspn(text, "=");

	d->name = sp_pkt_copy(&p->script->pool, text, n);
	d->value = text[n] == '=' ? text + n + 1 : "";
	d->next = p->lex.defines;
	p->lex.defines = d;
}

/* --NAME=VALUE, --NAME VALUE, --NAME, -DNAME=VALUE, -D NAME=VALUE */
static struct pkt_option *
parse_option(struct pkt_parser *p)
{
	static const char name_set[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	struct pkt_option *o = sp_pkt_alloc(&p->script->pool, sizeof(*o));
	const int line = p->lex.tok.line;
	struct pkt_token t;

	o->line = line;
	if (p->lex.p[0] == 'D') {
		t = sp_pkt_lex_until_space(&p->lex);
		o->name = "D";
		o->value = t.len > 2 ? sp_pkt_copy(&p->script->pool, t.text + 2, t.len - 2) :
		    option_value(p, line);
		add_define(p, o->value);
		return o;
	}
	t = sp_pkt_lex_raw(&p->lex, name_set);
	o->name = sp_pkt_copy(&p->script->pool, t.text + 2, t.len - 2);
	(void)sp_pkt_parse_take(p, '=');
	o->value = option_value(p, line);
	return o;
}

static void
parse_options(struct pkt_parser *p)
{
	struct pkt_option **at = &p->script->options;

	while (!p->failed && at_option(&p->lex)) {
		*at = parse_option(p);
		at = &(*at)->next;
	}
}

/* ---- The whole ---- */

static void
parse_events(struct pkt_parser *p)
{
	struct pkt_event **at = &p->script->init;

	while (!p->failed && p->lex.tok.kind == PKT_TOK_SHELL) {
		*at = parse_event(p);
		at = &(*at)->next;
	}
	at = &p->script->events;
	while (!p->failed && p->lex.tok.kind != PKT_TOK_END) {
		if (p->lex.tok.kind == PKT_TOK_BAD) {
			sp_pkt_parse_fail(p, "%s", "");
			return;
		}
		*at = parse_event(p);
		at = &(*at)->next;
	}
	if (!p->failed && p->script->events == NULL)
		sp_pkt_parse_fail(p, "no event in it");
}

bool
sp_pkt_parse(struct pkt_script *script, const char *text, size_t len,
    const struct pkt_define *defines)
{
	struct pkt_parser p = { .script = script };

	script->text = sp_pkt_copy(&script->pool, text, len);
	script->len = len;
	if (!sp_pkt_lex_condition(script->text, len, defines, &script->error_line)) {
		(void)snprintf(script->error, sizeof(script->error),
		    "#ifdef, #else and #endif do not match");
		return false;
	}
	sp_pkt_lex_open(&p.lex, script->text, len, defines);
	parse_options(&p);
	parse_events(&p);
	return !p.failed;
}

void
sp_pkt_script_free(struct pkt_script *script)
{
	sp_pkt_pool_free(&script->pool);
	*script = (struct pkt_script){ .name = NULL };
}
