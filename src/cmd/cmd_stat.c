/*
 * cmd_stat.c - `sampan stat`: every counter of an instance by name, and what
 * its memory is used for.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/ask.h"
#include "host/reply.h"
#include "link/number.h"

/* More rows than any instance has. */
#define ROWS_MOST 4096

struct stat_args {
	const char *name;	/* NULL: the only one */
	const char *before;	/* a file to compare with */
	sampan_dur interval_dur;	/* 0: once */
	uint64_t count;		/* of intervals; 0: until it is ended */
	bool all;
	bool json;
	bool threads;
};

/* One moment of an instance. */
struct moment {
	unsigned n;
	cJSON *row[ROWS_MOST];
};

enum { OPT_DIFF = 256, OPT_THREADS };

static const struct argp_option options[] = {
	{ "all", 'a', NULL, 0, "also what is 0", 0 },
	{ "diff", OPT_DIFF, "FILE", 0, "what changed since FILE, which 'sampan stat --json' has "
	  "written; what only goes up and down is shown as it is", 0 },
	{ "interval", 'i', "SECONDS", 0, "what changes, every so many seconds", 0 },
	{ "count", 'c', "N", 0, "end after so many intervals; without -i they take 1 second", 0 },
	{ "threads", OPT_THREADS, NULL, 0, "each thread of the instance for itself, not their sums",
	  0 },
	{ "json", CMD_OPT_JSON, NULL, 0, "one JSON object a line, all of them", 0 },
	CMD_OPTION_NAME,
	{ 0 },
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	const struct cmd_args *args = state->input;
	struct stat_args *a = args->options;

	switch (key) {
	case 'a':
		a->all = true;
		return 0;
	case OPT_DIFF:
		a->before = arg;
		return 0;
	case 'i':
		if (sp_cmd_seconds(&a->interval_dur, arg, SAMPAN_MS(10), SAMPAN_SEC(86400)))
			return 0;
		(void)sp_why(&args->why, EINVAL, "--interval %s: give 0.01 to 86400 seconds", arg);
		return EINVAL;
	case 'c':
		if (sp_number_read(&a->count, arg) && a->count > 0)
			return 0;
		(void)sp_why(&args->why, EINVAL, "--count %s: give a number from 1 on", arg);
		return EINVAL;
	case OPT_THREADS:
		a->threads = true;
		return 0;
	default:
		return sp_cmd_parse_asking(&a->name, &a->json, key, arg);
	}
}

/* ---- Moments ---- */

static void
keep_row(void *ctx, const char *line, const cJSON *row)
{
	struct moment *m = ctx;

	(void)line;
	if (m->n < ROWS_MOST)
		m->row[m->n++] = cJSON_Duplicate(row, true);
}

static void
forget(struct moment *m)
{
	while (m->n > 0)
		cJSON_Delete(m->row[--m->n]);
}

static int
take_moment(const struct stat_args *a, const char *command, struct moment *m)
{
	const struct ask question = { command, a->name, a->threads ?
	    "{\"do\":\"stat\",\"threads\":true}" : "{\"do\":\"stat\"}", NULL, keep_row, m };

	return sp_ask(&question);
}

/* A file of rows, as --json prints them. */
static int
read_moment(const char *path, const char *command, struct moment *m)
{
	FILE *from = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	if (from == NULL)
		return sp_cmd_fail(command, errno, "cannot read %s: %s", path, strerror(errno));
	while (getline(&line, &room, from) > 0) {
		cJSON *row = cJSON_Parse(line);

		if (row != NULL && sp_row_has(row, "name"))
			keep_row(m, line, row);
		cJSON_Delete(row);
	}
	free(line);
	(void)fclose(from);
	return m->n > 0 ? 0 : sp_cmd_fail(command, EINVAL, "%s holds no counters: write it with "
	    "'sampan stat --json'", path);
}

static bool
is_same(const cJSON *a, const cJSON *b)
{
	return strcmp(sp_row_text_of(a, "name"), sp_row_text_of(b, "name")) == 0 &&
	    (unsigned)sp_row_number_of(a, "thread") == (unsigned)sp_row_number_of(b, "thread");
}

/* The row of the same name, which stands at about the same place. */
static const cJSON *
find_row(const struct moment *m, unsigned near, const cJSON *like)
{
	for (unsigned i = 0; i < m->n; i++) {
		const cJSON *row = m->row[(near + i) % m->n];

		if (is_same(row, like))
			return row;
	}
	return NULL;
}

static bool
only_grows(const cJSON *row)
{
	const char *kind = sp_row_text_of(row, "kind");

	return strcmp(kind, "count") == 0 || strcmp(kind, "drop") == 0 ||
	    strcmp(kind, "link") == 0;
}

/* From then to now, in place. */
static void
subtract(struct moment *now, const struct moment *then)
{
	for (unsigned i = 0; i < now->n; i++) {
		cJSON *value = cJSON_GetObjectItemCaseSensitive(now->row[i], "value");
		const cJSON *was = find_row(then, i, now->row[i]);

		if (was != NULL && value != NULL && only_grows(now->row[i]))
			cJSON_SetNumberValue(value, value->valuedouble -
			    sp_row_number_of(was, "value"));
	}
}

/* ---- Printing ---- */

static void
print_memory(const cJSON *row)
{
	char bytes[16];

	sp_format_bytes(bytes, sp_row_number_of(row, "value"));
	(void)printf("%-24s %14s  %.0f of %.0f bytes, at most %.0f at once\n",
	    sp_row_text_of(row, "name"), bytes, sp_row_number_of(row, "objects"),
	    sp_row_number_of(row, "object_bytes"), sp_row_number_of(row, "objects_max"));
}

static void
print_row(const struct stat_args *a, const cJSON *row)
{
	if (a->json) {
		char line[SP_REPLY_ROW_BYTES];

		if (cJSON_PrintPreallocated((cJSON *)(uintptr_t)row, line, sizeof(line), false))
			(void)puts(line);
		return;
	}
	if (!a->all && sp_row_number_of(row, "value") == 0)
		return;
	if (strcmp(sp_row_text_of(row, "kind"), "memory") == 0)
		print_memory(row);
	else
		(void)printf("%-24s %14.0f  %s%s\n", sp_row_text_of(row, "name"),
		    sp_row_number_of(row, "value"),
		    strcmp(sp_row_text_of(row, "kind"), "drop") == 0 ? "dropped: " : "",
		    sp_row_text_of(row, "text"));
}

static void
print_moment(const struct stat_args *a, const struct moment *m)
{
	double thread = -1;

	for (unsigned i = 0; i < m->n; i++) {
		if (a->threads && !a->json && sp_row_number_of(m->row[i], "thread") != thread) {
			thread = sp_row_number_of(m->row[i], "thread");
			(void)printf("%sThread %.0f:\n", i > 0 ? "\n" : "", thread);
		}
		print_row(a, m->row[i]);
	}
	(void)fflush(stdout);
}

/* ---- The command ---- */

static int
show_once(const struct stat_args *a, const char *command)
{
	struct moment now = { 0 }, then = { 0 };
	int exit_code = 0;

	if (a->before != NULL)
		exit_code = read_moment(a->before, command, &then);
	if (exit_code == 0)
		exit_code = take_moment(a, command, &now);
	if (exit_code == 0 && then.n > 0)
		subtract(&now, &then);
	if (exit_code == 0)
		print_moment(a, &now);
	forget(&now);
	forget(&then);
	return exit_code;
}

/* One interval: `then` becomes what was found at its end. */
static int
show_interval(const struct stat_args *a, const char *command, struct moment *then)
{
	const struct timespec pause = {
		.tv_sec = (time_t)(a->interval_dur / SAMPAN_SEC(1)),
		.tv_nsec = (long)(a->interval_dur % SAMPAN_SEC(1)),
	};
	struct moment now = { 0 }, change = { 0 };
	int exit_code;

	(void)nanosleep(&pause, NULL);
	exit_code = take_moment(a, command, &now);
	if (exit_code == 0) {
		for (unsigned i = 0; i < now.n; i++)
			keep_row(&change, NULL, now.row[i]);
		subtract(&change, then);
		print_moment(a, &change);
	}
	forget(&change);
	forget(then);
	*then = now;
	return exit_code;
}

static int
show_intervals(struct stat_args *a, const char *command)
{
	struct moment then = { 0 };
	int exit_code = take_moment(a, command, &then);

	for (uint64_t i = 0; exit_code == 0 && (a->count == 0 || i < a->count); i++) {
		if (i > 0 && !a->json)
			(void)putchar('\n');
		exit_code = show_interval(a, command, &then);
		if (ferror(stdout))
			break;
	}
	forget(&then);
	return exit_code;
}

static int
stat_run(int argc, char **argv)
{
	static const struct argp argp = { .options = options, .parser = parse };
	struct stat_args a = { 0 };
	const int exit_code = sp_cmd_parse(&argp, argc, argv, &a);

	if (exit_code != 0)
		return exit_code;
	if (a.count > 0 && a.interval_dur == 0)
		a.interval_dur = SAMPAN_SEC(1);
	if (a.interval_dur > 0 && a.before != NULL)
		return sp_cmd_fail(argv[0], EINVAL, "give either --diff or --interval");
	return a.interval_dur > 0 ? show_intervals(&a, argv[0]) : show_once(&a, argv[0]);
}

const struct cmd sp_cmd_stat = {
	.name = "stat",
	.text = "show what a running instance has counted",
	.about = "Every counter and every reason to drop a frame, by the name that Linux has for "
	    "it where it has one; what is 0 is left out. Then the memory of the stack by kind of "
	    "object, the links, and how many connections there are now.",
	.options = options,
	.examples = {
		{ "", "What has happened so far." },
		{ "-i 1", "What happens, every second." },
		{ "--json >before; sleep 10; sampan stat --diff before",
		  "What happened between two moments." },
	},
	.run = stat_run,
};
