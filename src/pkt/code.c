/*
 * code.c - statements of assertions.
 */
#include "pkt/code.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
sp_pkt_code_lacks(struct pkt_code *c, const char *format, ...)
{
	char text[120];
	va_list args;

	if (c->stopped)
		return;
	c->stopped = true;
	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): see link/why.c */
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text[strcspn(text, "\n")] = '\0';
	sp_pkt_skip(c->r, "%s", text);
}

void
sp_pkt_code_blank(struct pkt_code *c)
{
	while (c->p < c->end) {
		if (*c->p == '#') {
			while (c->p < c->end && *c->p != '\n')
				c->p++;
		} else if (*c->p == '\\' && c->p + 1 < c->end && c->p[1] == '\n') {
			c->p += 2;
		} else if (*c->p == ' ' || *c->p == '\t' || *c->p == '\r' ||
		    (*c->p == '\n' && c->depth > 0)) {
			c->p++;
		} else {
			return;
		}
	}
}

bool
sp_pkt_code_take(struct pkt_code *c, const char *operator)
{
	const size_t n = strlen(operator);

	sp_pkt_code_blank(c);
	if ((size_t)(c->end - c->p) < n || memcmp(c->p, operator, n) != 0)
		return false;
	c->p += n;
	return true;
}

static bool
is_letter(char x)
{
	return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') || x == '_';
}

size_t
sp_pkt_code_name(const struct pkt_code *c)
{
	size_t n = 0;

	if (c->p >= c->end || !is_letter(*c->p))
		return 0;
	while (c->p + n < c->end && (is_letter(c->p[n]) || (c->p[n] >= '0' && c->p[n] <= '9') ||
	    c->p[n] == '.'))
		n++;
	return n;
}

bool
sp_pkt_code_word(struct pkt_code *c, const char *word)
{
	sp_pkt_code_blank(c);
	if (sp_pkt_code_name(c) != strlen(word) || memcmp(c->p, word, strlen(word)) != 0)
		return false;
	c->p += strlen(word);
	return true;
}

/* ---- Statements ---- */

static void
do_assert(struct pkt_code *c)
{
	struct pkt_value v = sp_pkt_code_expr(c), message = { .kind = PKT_VALUE_STRING, .s = "" };
	const bool holds = !c->stopped && sp_pkt_value_true(&v);

	if (!c->stopped && sp_pkt_code_take(c, ",")) {
		c->dry = holds;
		message = sp_pkt_code_expr(c);
		c->dry = false;
	}
	if (c->stopped || holds)
		return;
	c->stopped = true;
	sp_pkt_fail(c->r, "assertion does not hold: %s\n    script: %s",
	    sp_pkt_value_text(c->r, &message), c->r->event->text);
}

static void
do_print(struct pkt_code *c)
{
	struct pkt_value v;

	/* What nobody sees is not looked up: it may be nothing that we have. */
	c->dry = !c->r->config.verbose;
	(void)sp_pkt_code_take(c, ">>");
	v = sp_pkt_code_tuple(c);
	c->dry = false;
	if (!c->stopped && c->r->config.verbose)
		(void)printf("%s\n", sp_pkt_value_text(c->r, &v));
}

/* The character before = in +=, -=, *= and %=, or = itself; 0: neither. */
static char
take_assignment(struct pkt_code *c)
{
	static const char *const operators[] = { "+=", "-=", "*=", "%=" };

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (sp_pkt_code_take(c, operators[i]))
			return operators[i][0];
	}
	return sp_pkt_code_take(c, "=") && (c->p == c->end || *c->p != '=') ? '=' : 0;
}

/* NAME = EXPRESSION, NAME += EXPRESSION; false: it is something else. */
static bool
do_assignment(struct pkt_code *c)
{
	const char *const from = c->p;
	const size_t len = sp_pkt_code_name(c);
	struct pkt_code name = *c;
	struct pkt_value *v, more;
	char operator;

	c->p += len;
	operator = len == 0 ? 0 : take_assignment(c);
	if (operator == 0) {
		c->p = from;
		return false;
	}
	v = sp_pkt_alloc(&c->r->pool, sizeof(*v));
	more = sp_pkt_code_tuple(c);
	*v = more;
	if (operator != '=') {
		name.end = from + len;
		*v = sp_pkt_code_expr(&name);
		c->stopped |= name.stopped;
		if (!c->stopped && !sp_pkt_value_arith(c->r, operator, v, &more))
			sp_pkt_code_lacks(c, "code:%c= of these values", operator);
	}
	v->name = sp_pkt_copy(&c->r->pool, from, len);
	v->next = c->r->names;
	c->r->names = v;
	return true;
}

static void
skip_line(struct pkt_code *c)
{
	while (c->p < c->end && *c->p != '\n')
		c->p++;
}

static void
do_statement(struct pkt_code *c)
{
	if (sp_pkt_code_word(c, "assert"))
		do_assert(c);
	else if (sp_pkt_code_word(c, "print"))
		do_print(c);
	else if (sp_pkt_code_word(c, "import") || sp_pkt_code_word(c, "pass"))
		skip_line(c);
	else if (!do_assignment(c))
		sp_pkt_code_lacks(c, "code:%.40s", c->p);
}

void
sp_pkt_do_code(struct pkt_run *r, const struct pkt_event *e)
{
	struct pkt_code c = { .r = r, .p = e->text, .end = e->text + e->len };

	while (!c.stopped) {
		sp_pkt_code_blank(&c);
		if (c.p >= c.end)
			return;
		if (*c.p == '\n' || *c.p == ';') {
			c.p++;
			continue;
		}
		do_statement(&c);
		sp_pkt_code_blank(&c);
		if (!c.stopped && c.p < c.end && *c.p != '\n' && *c.p != ';')
			sp_pkt_code_lacks(&c, "code:near %.30s", c.p);
	}
}
