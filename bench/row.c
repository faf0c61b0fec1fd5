/*
 * row.c - see row.h.
 */
#include "row.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stacks.h"

static bool any_failed;

/* ---- An earlier run ---- */

#define EARLIER_MAX 256

static struct {
	char name[128];		/* with the parameters, as in the file */
	double value;
} earlier[EARLIER_MAX];
static unsigned earlier_count;
static bool comparing;

bool
row_compare_with(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[1024];

	if (f == NULL)
		return false;
	comparing = true;
	while (earlier_count < EARLIER_MAX && fgets(line, sizeof(line), f) != NULL) {
		char name[64], params[96];

		/* No width may be missing: a file may be anything. */
		if (line[0] != '#' && sscanf(line, "%63[^\t]\t%95[^\t]\t%lf\t", name, params,
		    &earlier[earlier_count].value) == 3) {
			(void)snprintf(earlier[earlier_count].name,
			    sizeof(earlier[earlier_count].name), "%.20s\t%.95s", name, params);
			earlier_count++;
		}
	}
	(void)fclose(f);
	return true;
}

static void
print_comparison(const struct row *row, double value)
{
	char name[128];

	if (!comparing)
		return;
	(void)snprintf(name, sizeof(name), "%.20s\t%.95s", row->name,
	    row->params[0] != '\0' ? row->params : "-");
	for (unsigned i = 0; i < earlier_count; i++) {
		if (strcmp(earlier[i].name, name) == 0 && earlier[i].value > 0) {
			(void)printf("\t%.4g\t%.3f", earlier[i].value, value / earlier[i].value);
			return;
		}
	}
	(void)printf("\t-\t-");
}

/* ---- Rows ---- */

void
row_print_columns(void)
{
	(void)printf("# name\tparameters\tvalue\tunit\tpeer\tpeer's value\tratio\t"
	    "min\tmax\truns\tpeer's min\tpeer's max\tnote%s\n",
	    comparing ? "\tearlier\tratio to earlier" : "");
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

static void
print_name(const struct row *row)
{
	(void)printf("%s%s", row->name, stacks_ip6 ? "-ipv6" : "");
}

void
row_print(const struct row *row)
{
	const double value = samples_median(&row->value);
	const double peer = samples_median(&row->peer_value);

	print_name(row);
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
	print_comparison(row, value);
	(void)printf("\n");
	(void)fflush(stdout);
}

/* A row without a number. */
__attribute__((format(printf, 3, 0)))
static void
print_verdict(const struct row *row, const char *verdict, const char *why, va_list args)
{
	print_name(row);
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
