/*
 * row.c - see row.h.
 */
#include "row.h"

#include <stdarg.h>
#include <stdio.h>

static bool any_failed;

void
row_print_columns(void)
{
	(void)printf("# name\tparameters\tvalue\tunit\tpeer\tpeer's value\tratio\t"
	    "min\tmax\truns\tpeer's min\tpeer's max\tnote\n");
	(void)fflush(stdout);
}

/* Whole numbers where they are large, four digits where not. */
static void
print_number(double value)
{
	if (value >= 1000 || value <= -1000)
		(void)printf("\t%.0f", value);
	else
		(void)printf("\t%.4g", value);
}

static void
print_range(const struct samples *s)
{
	if (s->n == 0) {
		(void)printf("\t-\t-");
		return;
	}
	print_number(samples_min(s));
	print_number(samples_max(s));
}

static void
print_text(const char *text)
{
	(void)printf("\t%s", text != NULL && text[0] != '\0' ? text : "-");
}

void
row_print(const struct row *row)
{
	const double value = samples_median(&row->value);
	const double peer = samples_median(&row->peer_value);

	(void)printf("%s", row->name);
	print_text(row->params);
	print_number(value);
	print_text(row->unit);
	print_text(row->peer);
	if (row->peer_value.n > 0)
		print_number(peer);
	else
		print_text(NULL);
	if (row->peer_value.n > 0 && peer > 0)
		(void)printf("\t%.3f", value / peer);
	else
		print_text(NULL);
	print_range(&row->value);
	(void)printf("\t%u", row->value.n);
	print_range(&row->peer_value);
	print_text(row->note);
	(void)printf("\n");
	(void)fflush(stdout);
}

/* A row without a number. */
__attribute__((format(printf, 3, 0)))
static void
print_verdict(const struct row *row, const char *verdict, const char *why, va_list args)
{
	(void)printf("%s", row->name);
	print_text(row->params);
	print_text(verdict);
	print_text(row->unit);
	print_text(row->peer);
	(void)printf("\t-\t-\t-\t-\t0\t-\t-\t");
	(void)vprintf(why, args);
	(void)printf("\n");
	(void)fflush(stdout);
}

void
row_fail(const struct row *row, const char *why, ...)
{
	va_list args;

	any_failed = true;
	va_start(args, why);
	print_verdict(row, "failed", why, args);
	va_end(args);
}

void
row_skip(const struct row *row, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	print_verdict(row, "skipped", why, args);
	va_end(args);
	va_start(args, why);
	(void)fprintf(stderr, "sampan-bench: %s skipped: ", row->name);
	(void)vfprintf(stderr, why, args);
	(void)fputc('\n', stderr);
	va_end(args);
}

bool
row_failed(void)
{
	return any_failed;
}

void
row_progress(const char *text, ...)
{
	va_list args;

	va_start(args, text);
	(void)fprintf(stderr, "sampan-bench: ");
	(void)vfprintf(stderr, text, args);
	(void)fputc('\n', stderr);
	va_end(args);
}
