/*
 * row.h - the table on stdout: one measurement a line, columns by tabs.
 *
 * Columns: name, parameters, value, unit, peer, peer's value, ratio (value by
 * peer's value); then min and max of the runs, how many there were, peer's min
 * and max, a note, and, if there is an earlier run to compare with, its value and
 * the ratio of this one to it.  Where there is nothing to say stands "-".  A value
 * of "failed" or "skipped" has its reason in the note.
 */
#ifndef SAMPAN_BENCH_ROW_H
#define SAMPAN_BENCH_ROW_H

#include <stdbool.h>

#include "samples.h"

struct row {
	const char *name;
	char params[96];
	const char *unit;
	struct samples value;
	const char *peer;	/* what it is held against, NULL: nothing */
	struct samples peer_value;
	const char *note;	/* NULL: none */
};

/* What an earlier run printed: from now on rows say how they stand to it.  False: it
 * cannot be read (errno). */
bool row_compare_with(const char *path);

/* The names of the columns. */
void row_print_columns(void);

void row_print(const struct row *row);

/* The stack did something wrong: the program will exit with 1. */
__attribute__((format(printf, 2, 3)))
void row_fail(const struct row *row, const char *why, ...);

/* The machine does not have what it takes. */
__attribute__((format(printf, 2, 3)))
void row_skip(const struct row *row, const char *why, ...);

/* Has any row failed? */
bool row_failed(void);

/* A line on stderr about what is being done now. */
__attribute__((format(printf, 1, 2)))
void row_progress(const char *text, ...);

#endif
