/*
 * code.h - values of assertions, %{ }%.
 *
 * A small part of Python: assert, print, assignments; or, and, not,
 * comparisons (chained too), | ^ & << >> + - * / // %, unary - + ~,
 * parentheses, abs min max int len str, numbers, strings with % formatting,
 * and names: variables, TCP_INFO's fields, constants.
 */
#ifndef SAMPAN_PKT_CODE_H
#define SAMPAN_PKT_CODE_H

#include "pkt/run.h"

enum pkt_value_kind {
	PKT_VALUE_INT, PKT_VALUE_FLOAT, PKT_VALUE_STRING, PKT_VALUE_TUPLE,
};

#define PKT_TUPLE_MAX 16

struct pkt_value {
	enum pkt_value_kind kind;
	int64_t i;
	double f;
	const char *s;
	unsigned count;			/* of a tuple */
	struct pkt_value *items;
	const char *name;		/* of a variable */
	struct pkt_value *next;
};

/* Where reading stands in the text. */
struct pkt_code {
	struct pkt_run *r;
	const char *p, *end;
	bool dry;			/* read, do not look names up */
	bool stopped;			/* an error was reported */
	unsigned depth;			/* brackets that are open: line ends mean nothing */
	unsigned nest;			/* how deep we are in expressions */
};

/* ---- Expressions (code_expr.c) ---- */

struct pkt_value sp_pkt_code_expr(struct pkt_code *c);
/* Expressions with commas between become a tuple. */
struct pkt_value sp_pkt_code_tuple(struct pkt_code *c);

/* ---- What both files use ---- */

/* Blanks, comments, and line ends within brackets. */
void sp_pkt_code_blank(struct pkt_code *c);
bool sp_pkt_code_take(struct pkt_code *c, const char *operator);
bool sp_pkt_code_word(struct pkt_code *c, const char *word);
/* The length of the name at p, 0. */
size_t sp_pkt_code_name(const struct pkt_code *c);
__attribute__((format(printf, 2, 3)))
void sp_pkt_code_lacks(struct pkt_code *c, const char *format, ...);

/* ---- Values (code_value.c) ---- */

bool sp_pkt_value_true(const struct pkt_value *v);
/* -1, 0, 1 */
int sp_pkt_value_order(const struct pkt_value *a, const struct pkt_value *b);
const char *sp_pkt_value_text(struct pkt_run *r, const struct pkt_value *v);
/* Python's format % values. */
struct pkt_value sp_pkt_value_format(struct pkt_run *r, const char *format,
    const struct pkt_value *v);
/* operator is + - * / or %, or d for //.  False: not possible. */
bool sp_pkt_value_arith(struct pkt_run *r, char operator, struct pkt_value *a,
    const struct pkt_value *b);

#endif
