/*
 * code_expr.c - expressions of assertions, by recursive descent: each level of
 * precedence is a function that calls the next tighter one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pkt/code.h"
#include "pkt/fd.h"
#include "pkt/symbol.h"

#define DEPTH_MAX 40

static struct pkt_value
value_of(int64_t i)
{
	return (struct pkt_value){ .kind = PKT_VALUE_INT, .i = i };
}

/* ---- Names ---- */

static bool
find_variable(const struct pkt_run *r, const char *name, struct pkt_value *v)
{
	for (const struct pkt_value *n = r->names; n != NULL; n = n->next) {
		if (strcmp(n->name, name) == 0) {
			*v = *n;
			return true;
		}
	}
	return false;
}

static bool
find_word(const char *name, int64_t *value)
{
	*value = strcmp(name, "True") == 0;
	return *value != 0 || strcmp(name, "False") == 0 || strcmp(name, "None") == 0 ||
	    sp_pkt_symbol_find(name, value);
}

static struct pkt_value
look_up(struct pkt_code *c, const char *name)
{
	struct pkt_run *r = c->r;
	struct pkt_value v = value_of(0);
	int64_t error;

	if (c->dry || find_variable(r, name, &v) || find_word(name, &v.i))
		return v;
	if (r->subject == NULL || r->subject->closed) {
		sp_pkt_code_lacks(c, "info:%s without a socket", name);
		return v;
	}
	error = r->w->ops->info(r->w, r->subject->os, name, &v.i);
	if (error != 0)
		sp_pkt_code_lacks(c, "info:%s", name);
	return v;
}

/* ---- Functions ---- */

static struct pkt_value
call_function(struct pkt_code *c, const char *name, const struct pkt_value *args)
{
	struct pkt_value v = args->kind == PKT_VALUE_TUPLE && args->count > 0 ?
	    args->items[0] : *args;
	const bool is_max = strcmp(name, "max") == 0;

	if (strcmp(name, "abs") == 0) {
		v.i = v.i < 0 ? -v.i : v.i;
		v.f = v.f < 0 ? -v.f : v.f;
	} else if (strcmp(name, "int") == 0 || strcmp(name, "round") == 0) {
		v = value_of(v.kind == PKT_VALUE_FLOAT ?
		    (int64_t)(strcmp(name, "int") == 0 ? v.f : v.f + 0.5) : v.i);
	} else if (strcmp(name, "str") == 0) {
		v = (struct pkt_value){ .kind = PKT_VALUE_STRING,
			.s = sp_pkt_value_text(c->r, &v) };
	} else if (is_max || strcmp(name, "min") == 0) {
		for (unsigned i = 1; args->kind == PKT_VALUE_TUPLE && i < args->count; i++) {
			if ((sp_pkt_value_order(&args->items[i], &v) > 0) == is_max)
				v = args->items[i];
		}
	} else if (!c->dry) {
		sp_pkt_code_lacks(c, "code:%s()", name);
	}
	return v;
}

static struct pkt_value
read_name(struct pkt_code *c)
{
	const size_t len = sp_pkt_code_name(c);
	const char *const name = sp_pkt_copy(&c->r->pool, c->p, len);
	struct pkt_value args = value_of(0);

	c->p += len;
	if (!sp_pkt_code_take(c, "("))
		return look_up(c, name);
	c->depth++;
	if (!sp_pkt_code_take(c, ")")) {
		args = sp_pkt_code_tuple(c);
		if (!sp_pkt_code_take(c, ")"))
			sp_pkt_code_lacks(c, "code:near %.20s", c->p);
	}
	c->depth--;
	return call_function(c, name, &args);
}

/* ---- Literals ---- */

static struct pkt_value
read_number(struct pkt_code *c)
{
	char text[40] = "";
	struct pkt_value v = value_of(0);
	size_t len = 0;
	char *end;

	while (c->p + len < c->end && len < sizeof(text) - 1 && c->p[len] != '\0' &&
	    strchr("0123456789abcdefABCDEFxX.", c->p[len]) != NULL)
		len++;
	memcpy(text, c->p, len);
	if (c->p + len < c->end && c->p[len] == 'L')
		c->p++;			/* a long one, in old Python */
	v.i = (int64_t)strtoull(text, &end, 0);
	if (*end == '.' || *end == 'e') {
		v.kind = PKT_VALUE_FLOAT;
		v.f = strtod(text, &end);
	}
	if (end == text || *end != '\0')
		sp_pkt_code_lacks(c, "code:number %s", text);
	c->p += len;
	return v;
}

static struct pkt_value
read_string(struct pkt_code *c)
{
	const char quote = *c->p++;
	const char *const from = c->p;
	struct pkt_value v = { .kind = PKT_VALUE_STRING, .s = "" };

	while (c->p < c->end && *c->p != quote)
		c->p += *c->p == '\\' && c->p + 1 < c->end ? 2 : 1;
	if (c->p >= c->end) {
		sp_pkt_code_lacks(c, "code:a string that does not end");
		return v;
	}
	v.s = sp_pkt_copy(&c->r->pool, from, (size_t)(c->p - from));
	c->p++;
	return v;
}

/* f"...", r'...': the letter changes nothing in a message. */
static bool
at_string(struct pkt_code *c)
{
	static const char prefixes[] = "fFrRuUbB";

	if (c->end - c->p >= 2 && memchr(prefixes, *c->p, sizeof(prefixes) - 1) != NULL &&
	    (c->p[1] == '"' || c->p[1] == '\''))
		c->p++;
	return c->p < c->end && (*c->p == '"' || *c->p == '\'');
}

/* Strings one behind the other are one; what .format() would fill in is left
 * as it stands: it is for people. */
static struct pkt_value
read_strings(struct pkt_code *c)
{
	struct pkt_value v = read_string(c);

	for (sp_pkt_code_blank(c); !c->stopped && at_string(c); sp_pkt_code_blank(c)) {
		const struct pkt_value more = read_string(c);

		v.s = sp_pkt_printf(&c->r->pool, "%s%s", v.s, more.s);
	}
	if (!c->stopped && sp_pkt_code_take(c, ".format(")) {
		const bool dry = c->dry;

		c->dry = true;
		c->depth++;
		if (!sp_pkt_code_take(c, ")")) {
			(void)sp_pkt_code_tuple(c);
			if (!sp_pkt_code_take(c, ")"))
				sp_pkt_code_lacks(c, "code:near %.20s", c->p);
		}
		c->depth--;
		c->dry = dry;
	}
	return v;
}

/* A list is a tuple here. */
static struct pkt_value
read_brackets(struct pkt_code *c, const char *close)
{
	struct pkt_value v = { .kind = PKT_VALUE_TUPLE };

	c->depth++;
	if (c->depth > DEPTH_MAX)
		sp_pkt_code_lacks(c, "code:nested too deeply");
	else if (sp_pkt_code_take(c, close))
		c->p--;
	else
		v = sp_pkt_code_tuple(c);
	if (*close == ']' && v.kind != PKT_VALUE_TUPLE) {
		struct pkt_value *const one = sp_pkt_alloc(&c->r->pool, sizeof(*one));

		*one = v;
		v = (struct pkt_value){ .kind = PKT_VALUE_TUPLE, .count = 1, .items = one };
	}
	if (!sp_pkt_code_take(c, close))
		sp_pkt_code_lacks(c, "code:near %.20s", c->p);
	c->depth--;
	return v;
}

static struct pkt_value
read_primary(struct pkt_code *c)
{
	sp_pkt_code_blank(c);
	if (c->stopped || c->p >= c->end) {
		sp_pkt_code_lacks(c, "code:a value is missing");
		return value_of(0);
	}
	if (sp_pkt_code_take(c, "("))
		return read_brackets(c, ")");
	if (sp_pkt_code_take(c, "["))
		return read_brackets(c, "]");
	if (at_string(c))
		return read_strings(c);
	if (sp_pkt_code_name(c) > 0)
		return read_name(c);
	return read_number(c);
}

/* ---- Operators, tightest first ---- */

static struct pkt_value read_unary(struct pkt_code *c);

static void
apply(struct pkt_code *c, char operator, struct pkt_value *a, const struct pkt_value *b)
{
	if (!c->dry && !c->stopped && !sp_pkt_value_arith(c->r, operator, a, b))
		sp_pkt_code_lacks(c, "code:%c of these values", operator == 'd' ? '/' : operator);
}

/* ** binds its right side first. */
static struct pkt_value
read_power(struct pkt_code *c)
{
	const struct pkt_value base = read_primary(c);
	struct pkt_value power, v = value_of(1);

	if (c->stopped || !sp_pkt_code_take(c, "**"))
		return base;
	power = read_unary(c);
	if (!c->dry && (power.kind != PKT_VALUE_INT || power.i < 0 || power.i > 64))
		sp_pkt_code_lacks(c, "code:** of these values");
	for (int64_t i = 0; !c->stopped && !c->dry && i < power.i; i++)
		apply(c, '*', &v, &base);
	return v;
}

static struct pkt_value
read_unary(struct pkt_code *c)
{
	struct pkt_value v;
	char operator = 0;

	if (++c->nest > DEPTH_MAX) {
		sp_pkt_code_lacks(c, "code:nested too deeply");
		c->nest--;
		return value_of(0);
	}
	if (sp_pkt_code_take(c, "-"))
		operator = '-';
	else if (sp_pkt_code_take(c, "~"))
		operator = '~';
	else if (sp_pkt_code_take(c, "+"))
		operator = '+';
	v = operator != 0 ? read_unary(c) : read_power(c);
	c->nest--;
	if (operator == '-') {
		v.i = (int64_t)(0 - (uint64_t)v.i);
		v.f = -v.f;
	} else if (operator == '~') {
		v.i = ~v.i;
	}
	return v;
}

static struct pkt_value
read_product(struct pkt_code *c)
{
	struct pkt_value a = read_unary(c), b;

	while (!c->stopped) {
		char operator = 0;

		if (sp_pkt_code_take(c, "//"))
			operator = 'd';
		else if (sp_pkt_code_take(c, "*"))
			operator = '*';
		else if (sp_pkt_code_take(c, "/"))
			operator = '/';
		else if (sp_pkt_code_take(c, "%"))
			operator = '%';
		else
			break;
		b = read_unary(c);
		apply(c, operator, &a, &b);
	}
	return a;
}

static struct pkt_value
read_sum(struct pkt_code *c)
{
	struct pkt_value a = read_product(c), b;

	while (!c->stopped) {
		char operator = 0;

		if (sp_pkt_code_take(c, "+"))
			operator = '+';
		else if (sp_pkt_code_take(c, "-"))
			operator = '-';
		else
			break;
		b = read_product(c);
		apply(c, operator, &a, &b);
	}
	return a;
}

static struct pkt_value
apply_bits(const char *operator, const struct pkt_value *a, const struct pkt_value *b)
{
	switch (operator[0]) {
	case '|':
		return value_of(a->i | b->i);
	case '^':
		return value_of(a->i ^ b->i);
	case '&':
		return value_of(a->i & b->i);
	case '<':
		return value_of((int64_t)((uint64_t)a->i << (b->i & 63)));
	default:
		return value_of(a->i >> (b->i & 63));
	}
}

#define BIT_LEVELS 4u

/* | binds least, then ^, then &, then shifts. */
static struct pkt_value
read_bits(struct pkt_code *c, unsigned level)
{
	static const struct { const char *text; unsigned level; } operators[] = {
		{ "|", 0 }, { "^", 1 }, { "&", 2 }, { "<<", 3 }, { ">>", 3 },
	};
	struct pkt_value a = level == BIT_LEVELS ? read_sum(c) : read_bits(c, level + 1);

	for (unsigned i = 0; i < sizeof(operators) / sizeof(operators[0]) && !c->stopped; ) {
		struct pkt_value b;

		if (operators[i].level != level || !sp_pkt_code_take(c, operators[i].text)) {
			i++;
			continue;
		}
		b = read_bits(c, level + 1);
		a = apply_bits(operators[i].text, &a, &b);
		i = 0;
	}
	return a;
}

/* Which orders, as bits 1 less, 2 equal, 4 greater, an operator accepts; 0:
 * there is none here. */
static unsigned
read_comparison(struct pkt_code *c)
{
	static const struct { const char *text; unsigned orders; } operators[] = {
		{ "==", 2 }, { "!=", 5 }, { "<>", 5 }, { "<=", 3 }, { ">=", 6 }, { "<", 1 },
		{ ">", 4 },
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (sp_pkt_code_take(c, operators[i].text))
			return operators[i].orders;
	}
	return 0;
}

static bool
is_member(const struct pkt_value *a, const struct pkt_value *list)
{
	if (list->kind != PKT_VALUE_TUPLE)
		return sp_pkt_value_order(a, list) == 0;
	for (unsigned i = 0; i < list->count; i++) {
		if (sp_pkt_value_order(a, &list->items[i]) == 0)
			return true;
	}
	return false;
}

/* in, not in, is, is not: 0 none, 1 yes, -1 negated. */
static int
read_membership(struct pkt_code *c)
{
	const char *const from = c->p;

	if (sp_pkt_code_word(c, "in"))
		return 1;
	if (sp_pkt_code_word(c, "is"))
		return sp_pkt_code_word(c, "not") ? -1 : 1;
	if (sp_pkt_code_word(c, "not") && sp_pkt_code_word(c, "in"))
		return -1;
	c->p = from;
	return 0;
}

static struct pkt_value
read_compare(struct pkt_code *c)
{
	struct pkt_value a = read_bits(c, 0);
	unsigned orders = c->stopped ? 0 : read_comparison(c);
	const int member = orders != 0 || c->stopped ? 0 : read_membership(c);
	bool all = true;

	if (member != 0) {
		const struct pkt_value list = read_bits(c, 0);

		return value_of(is_member(&a, &list) == (member > 0));
	}
	if (orders == 0)
		return a;
	while (orders != 0 && !c->stopped) {
		const struct pkt_value b = read_bits(c, 0);
		const int order = sp_pkt_value_order(&a, &b);

		all = all && (orders & (order < 0 ? 1u : order == 0 ? 2u : 4u)) != 0;
		a = b;
		orders = c->stopped ? 0 : read_comparison(c);
	}
	return value_of(all);
}

static struct pkt_value
read_not(struct pkt_code *c)
{
	bool negate = false;
	struct pkt_value v;

	while (sp_pkt_code_word(c, "not"))
		negate = !negate;
	v = read_compare(c);
	return negate ? value_of(!sp_pkt_value_true(&v)) : v;
}

static struct pkt_value
read_and(struct pkt_code *c)
{
	struct pkt_value a = read_not(c), b;
	const bool dry = c->dry;

	while (!c->stopped && sp_pkt_code_word(c, "and")) {
		c->dry = dry || !sp_pkt_value_true(&a);
		b = read_not(c);
		if (sp_pkt_value_true(&a))
			a = b;
		c->dry = dry;
	}
	return a;
}

static struct pkt_value
read_or(struct pkt_code *c)
{
	struct pkt_value a = read_and(c), b;
	const bool dry = c->dry;

	while (!c->stopped && sp_pkt_code_word(c, "or")) {
		c->dry = dry || sp_pkt_value_true(&a);
		b = read_and(c);
		if (!sp_pkt_value_true(&a))
			a = b;
		c->dry = dry;
	}
	return a;
}

/* A if CONDITION else B. */
struct pkt_value
sp_pkt_code_expr(struct pkt_code *c)
{
	const struct pkt_value a = read_or(c);
	struct pkt_value condition, b;
	const bool dry = c->dry;

	if (c->stopped || !sp_pkt_code_word(c, "if"))
		return a;
	condition = read_or(c);
	if (!sp_pkt_code_word(c, "else")) {
		sp_pkt_code_lacks(c, "code:near %.20s", c->p);
		return a;
	}
	c->dry = dry || sp_pkt_value_true(&condition);
	b = read_or(c);
	c->dry = dry;
	return sp_pkt_value_true(&condition) ? a : b;
}

struct pkt_value
sp_pkt_code_tuple(struct pkt_code *c)
{
	struct pkt_value first = sp_pkt_code_expr(c), tuple;

	if (c->stopped || !sp_pkt_code_take(c, ","))
		return first;
	tuple = (struct pkt_value){ .kind = PKT_VALUE_TUPLE, .count = 1 };
	tuple.items = sp_pkt_alloc(&c->r->pool, PKT_TUPLE_MAX * sizeof(tuple));
	tuple.items[0] = first;
	do {
		sp_pkt_code_blank(c);
		if (c->p >= c->end || *c->p == ')' || *c->p == ']')
			break;
		if (tuple.count == PKT_TUPLE_MAX) {
			sp_pkt_code_lacks(c, "code:a long tuple");
			break;
		}
		tuple.items[tuple.count++] = sp_pkt_code_expr(c);
	} while (!c->stopped && sp_pkt_code_take(c, ","));
	return tuple;
}
