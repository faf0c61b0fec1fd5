/*
 * code_value.c - values of assertions.
 */
#include <string.h>

#include "pkt/code.h"

static double
number(const struct pkt_value *v)
{
	return v->kind == PKT_VALUE_FLOAT ? v->f : (double)v->i;
}

bool
sp_pkt_value_true(const struct pkt_value *v)
{
	switch (v->kind) {
	case PKT_VALUE_INT:
		return v->i != 0;
	case PKT_VALUE_FLOAT:
		return v->f < 0 || v->f > 0;
	case PKT_VALUE_STRING:
		return v->s[0] != '\0';
	case PKT_VALUE_TUPLE:
		return v->count > 0;
	}
	return false;
}

int
sp_pkt_value_order(const struct pkt_value *a, const struct pkt_value *b)
{
	const double x = number(a), y = number(b);

	if (a->kind == PKT_VALUE_STRING && b->kind == PKT_VALUE_STRING)
		return strcmp(a->s, b->s);
	if (a->kind == PKT_VALUE_STRING || b->kind == PKT_VALUE_STRING)
		return a->kind == PKT_VALUE_STRING ? 1 : -1;
	if (a->kind == PKT_VALUE_INT && b->kind == PKT_VALUE_INT)
		return (a->i > b->i) - (a->i < b->i);
	return (x > y) - (x < y);
}

const char *
sp_pkt_value_text(struct pkt_run *r, const struct pkt_value *v)
{
	const char *all = "";

	switch (v->kind) {
	case PKT_VALUE_INT:
		return sp_pkt_printf(&r->pool, "%lld", (long long)v->i);
	case PKT_VALUE_FLOAT:
		return sp_pkt_printf(&r->pool, "%g", v->f);
	case PKT_VALUE_STRING:
		return v->s;
	case PKT_VALUE_TUPLE:
		break;
	}
	for (unsigned i = 0; i < v->count; i++)
		all = sp_pkt_printf(&r->pool, "%s%s%s", all, i == 0 ? "" : " ",
		    sp_pkt_value_text(r, &v->items[i]));
	return all;
}

/* ---- % ---- */

/* One value as the conversion character says; width and precision are left
 * out: it is for people. */
static const char *
convert(struct pkt_run *r, char how, const struct pkt_value *v)
{
	if (v->kind == PKT_VALUE_STRING || how == 's' || how == 'r')
		return sp_pkt_value_text(r, v);
	if (how == 'x' || how == 'X')
		return sp_pkt_printf(&r->pool, "%llx", (unsigned long long)v->i);
	if (how == 'f' || how == 'g' || how == 'e')
		return sp_pkt_printf(&r->pool, "%f", number(v));
	return sp_pkt_value_text(r, v);
}

struct pkt_value
sp_pkt_value_format(struct pkt_run *r, const char *format, const struct pkt_value *v)
{
	const unsigned count = v->kind == PKT_VALUE_TUPLE ? v->count : 1;
	const struct pkt_value *items = v->kind == PKT_VALUE_TUPLE ? v->items : v;
	const char *text = "";
	unsigned used = 0;

	while (*format != '\0') {
		const size_t plain = strcspn(format, "%");

		text = sp_pkt_printf(&r->pool, "%s%.*s", text, (int)plain, format);
		format += plain;
		if (*format == '\0')
			break;
		format++;
		format += strspn(format, "-+ #0123456789.l");
		if (*format == '\0')
			break;
		text = sp_pkt_printf(&r->pool, "%s%s", text, *format == '%' ? "%" :
		    used < count ? convert(r, *format, &items[used]) : "?");
		used += *format != '%';
		format++;
	}
	return (struct pkt_value){ .kind = PKT_VALUE_STRING, .s = text };
}

/* ---- Arithmetic ---- */

/* Python rounds down, and its remainder has the divisor's sign. */
static bool
divide(char operator, struct pkt_value *a, const struct pkt_value *b)
{
	int64_t q;

	if (b->i == 0 || (a->i == INT64_MIN && b->i == -1))
		return false;
	q = a->i / b->i;
	if (a->i % b->i != 0 && (a->i < 0) != (b->i < 0))
		q--;
	a->i = operator == '%' ? a->i - q * b->i : q;
	return true;
}

static bool
arith_int(char operator, struct pkt_value *a, const struct pkt_value *b)
{
	int64_t n;

	switch (operator) {
	case '+':
		return !__builtin_add_overflow(a->i, b->i, &a->i);
	case '-':
		return !__builtin_sub_overflow(a->i, b->i, &a->i);
	case '*':
		n = a->i;
		return !__builtin_mul_overflow(n, b->i, &a->i);
	default:
		return divide(operator, a, b);
	}
}

static bool
arith_float(char operator, struct pkt_value *a, const struct pkt_value *b)
{
	const double x = number(a), y = number(b);

	a->kind = PKT_VALUE_FLOAT;
	switch (operator) {
	case '+':
		a->f = x + y;
		return true;
	case '-':
		a->f = x - y;
		return true;
	case '*':
		a->f = x * y;
		return true;
	case '/':
		a->f = x / y;
		return y < 0 || y > 0;
	default:
		return false;
	}
}

bool
sp_pkt_value_arith(struct pkt_run *r, char operator, struct pkt_value *a,
    const struct pkt_value *b)
{
	if (a->kind == PKT_VALUE_STRING && operator == '%') {
		*a = sp_pkt_value_format(r, a->s, b);
		return true;
	}
	if (a->kind == PKT_VALUE_STRING && b->kind == PKT_VALUE_STRING && operator == '+') {
		a->s = sp_pkt_printf(&r->pool, "%s%s", a->s, b->s);
		return true;
	}
	if (a->kind >= PKT_VALUE_STRING || b->kind >= PKT_VALUE_STRING)
		return false;
	if (a->kind == PKT_VALUE_INT && b->kind == PKT_VALUE_INT && operator != '/')
		return arith_int(operator == 'd' ? '/' : operator, a, b);
	return arith_float(operator, a, b);
}
