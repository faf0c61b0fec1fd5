/*
 * main.c - sampan-bench: reads the command line and runs the suites.
 *
 * Exit codes: 0; 1 when a row has failed; 2 for a command line that asks for
 * something that cannot be.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "insns.h"
#include "machine.h"
#include "row.h"
#include "stacks.h"

enum {
	OPT_QUICK = 256,
	OPT_LIST,
	OPT_CONNECTIONS,
	OPT_RUNS,
	OPT_COUNT,
	OPT_IP6,
	OPT_COMPARE,
};

#define RUNS 5
#define RUNS_QUICK 3

static const struct {
	const char *name;
	const char *text;
	bool is_main;
} rows[BENCH_ROWS] = {
#define X(id, row_name, row_main, row_text) [BENCH_##id] = { row_name, row_text, row_main },
	BENCH_MEM_ROWS(X) BENCH_FLOOD_ROWS(X) BENCH_TAP_ROWS(X)
#undef X
};

static const uint32_t default_sizes[] = { 1, 1000, 100000, 1000000 };

static const struct argp_option arguments[] = {
	{ "quick", OPT_QUICK, NULL, 0, "the main rows only, with fewer and shorter runs: less "
	  "than 40 seconds", 0 },
	{ "connections", OPT_CONNECTIONS, "N", 0, "number of connections in memory; may be "
	  "repeated; the default is 1, 1000, 100000 and 1000000", 0 },
	{ "runs", OPT_RUNS, "N", 0, "runs of each measurement, up to 16; the default is 5, 3 with "
	  "--quick", 0 },
	{ "compare", OPT_COMPARE, "FILE", 0, "say how each row stands to that of an earlier run, "
	  "whose output is in FILE", 0 },
	{ "ipv6", OPT_IP6, NULL, 0, "all rows over IPv6", 0 },
	{ "count", OPT_COUNT, "JOB", OPTION_HIDDEN, NULL, 0 },
	{ "list", OPT_LIST, NULL, 0, "list the names of the rows", 0 },
	{ 0 },
};

static const char doc[] =
    "Measure sampan.  With NAMEs only the rows of these names, see --list.\v"
    "OUTPUT\n"
    "One row a line on standard output, columns separated by tabs: name, parameters, value, unit, "
    "peer, peer's value, ratio of both; then least and greatest run, number of runs, the peer's "
    "least and greatest run, and a note.  The value is the median; runs of all sizes, and of both "
    "peers, take turns.  '-' stands where there is nothing.  Lines with '#' name the machine and "
    "the columns.  What is being done goes to standard error.\n"
    "\n"
    "ROWS\n"
    "In memory, two stacks in one thread exchange frames by pointer; every message is verified at "
    "both ends, and no counter of lost or refused segments may move.  Rates are by the time that "
    "the thread had on a processor, which it never waits in: other work on the machine counts only "
    "by what it does to caches.  Time there is virtual: 1 us "
    "for each round trip and each handshake.  In a flood, frames from random addresses come at "
    "4 million a second of virtual time over a second link, and one client at a time connects, "
    "asks and closes: it must need as few turns as without a flood, and nothing may be "
    "repeated; every frame must be counted where it belongs, and memory stay within its "
    "shares; the time is that of taking the frames and of what the stack answers.  "
    "Through the TAP, a kernel client in a network "
    "namespace of its own talks to 'sampan serve', and in turn to a kernel server in another "
    "namespace over a veth pair, which is the peer.  Namespaces end with the program.\n"
    "\n"
    "EXIT STATUS\n"
    "0; 1 if a row has failed: what was measured did not do what it should.  A row that this "
    "machine cannot run (not root, no /dev/net/tun, not enough memory) is 'skipped'.";

const char *
bench_name(enum bench_row row)
{
	return rows[row].name;
}

static void
list_rows(void)
{
	for (unsigned i = 0; i < BENCH_ROWS; i++)
		(void)printf("%-12s %s\n", rows[i].name, rows[i].text);
}

static void
want(struct bench_options *o, const char *name, const struct argp_state *state)
{
	for (unsigned i = 0; i < BENCH_ROWS; i++) {
		if (strcmp(rows[i].name, name) == 0) {
			o->wanted[i] = true;
			return;
		}
	}
	argp_error(state, "there is no row '%s': see --list", name);
}

static uint32_t
read_number(const char *text, unsigned long most, const struct argp_state *state)
{
	char *end;
	const unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || n < 1 || n > most)
		argp_error(state, "'%s': give a number from 1 to %lu", text, most);
	return (uint32_t)n;
}

static void
add_size(struct bench_options *o, const char *text, const struct argp_state *state)
{
	if (o->sizes == BENCH_SIZES_MAX)
		argp_error(state, "--connections: give at most %d", BENCH_SIZES_MAX);
	o->size[o->sizes++] = read_number(text, 20000000, state);
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct bench_options *o = state->input;

	switch (key) {
	case OPT_QUICK:
		o->quick = true;
		return 0;
	case OPT_LIST:
		list_rows();
		exit(0);
	case OPT_IP6:
		stacks_ip6 = true;
		return 0;
	case OPT_COUNT:
		exit(insns_child(arg));
	case OPT_COMPARE:
		if (!row_compare_with(arg))
			argp_error(state, "cannot read '%s': %s", arg, strerror(errno));
		return 0;
	case OPT_CONNECTIONS:
		add_size(o, arg, state);
		return 0;
	case OPT_RUNS:
		o->runs = read_number(arg, SAMPLES_MAX, state);
		return 0;
	case ARGP_KEY_ARG:
		want(o, arg, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What the command line left open. */
static void
fill_in(struct bench_options *o)
{
	bool any = false;

	for (unsigned i = 0; i < BENCH_ROWS; i++)
		any |= o->wanted[i];
	for (unsigned i = 0; i < BENCH_ROWS && !any; i++)
		o->wanted[i] = !o->quick || rows[i].is_main;
	if (o->runs == 0)
		o->runs = o->quick ? RUNS_QUICK : RUNS;
	if (o->sizes == 0) {
		o->sizes = sizeof(default_sizes) / sizeof(default_sizes[0]);
		memcpy(o->size, default_sizes, sizeof(default_sizes));
	}
}

int
main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = arguments,
		.parser = parse,
		.args_doc = "[NAME...]",
		.doc = doc,
	};
	struct bench_options options = { 0 };

	argp_err_exit_status = 2;
	if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
		return 2;
	fill_in(&options);
	machine_print();
	row_print_columns();
	bench_mem(&options);
	bench_stream(&options);
	bench_crr(&options);
	if (options.wanted[BENCH_THREADS])
		bench_threads(&options);
	bench_flood(&options);
	bench_tap(&options);
	return row_failed() ? 1 : 0;
}
