/*
 * tap.c - a kernel client against `sampan serve` through the TAP, beside the
 * same client against a kernel server over veth: tap-stream, tap-echo, tap-rt.
 *
 *	client's namespace: this process		server's namespace
 *	10.77.0.1 TAP ---- sampan serve, 10.77.0.2
 *	10.78.0.1 veth ------------------------- veth 10.78.0.2, kernel server
 *
 * With --ipv6 fd77::1 and so on.
 *
 * The two servers run on the second core, the client on the first.  Runs of
 * the peers take turns.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "client.h"
#include "machine.h"
#include "row.h"
#include "site.h"

struct test {
	enum bench_row row;
	const char *params;
	const char *unit;
	bool (*run)(struct client_run *run);
};

static const struct test tests[] = {
	{ BENCH_STREAM, "to=discard write=256K", "MB/s", client_stream },
	{ BENCH_ECHO, "to=echo write=64K", "MB/s", client_echo },
	{ BENCH_PING, "to=echo bytes=64", "round trips/s", client_ping },
};

#define TESTS (sizeof(tests) / sizeof(tests[0]))

struct result {
	struct samples ours, peers;
	uint64_t retransmissions;	/* of the client's segments to us */
	char why[160];			/* it failed */
};

/* One run against one of the two; the sample, or the reason. */
static void
run_one(const struct test *test, bool ours, double seconds, struct result *result)
{
	const char *address = site_address(ours);
	struct client_run run = { .address = address, .seconds = seconds };

	if (result->why[0] != '\0')
		return;
	if (!test->run(&run)) {
		(void)snprintf(result->why, sizeof(result->why), "%s: %s", address, run.why);
		return;
	}
	samples_add(ours ? &result->ours : &result->peers, run.rate);
	if (ours)
		result->retransmissions += run.retransmissions;
}

static void
print_result(const struct test *test, const struct result *result)
{
	struct row row = {
		.name = bench_name(test->row),
		.unit = test->unit,
		.value = result->ours,
		.peer = "kernel over veth",
		.peer_value = result->peers,
	};
	char note[64];

	(void)snprintf(row.params, sizeof(row.params), "%s", test->params);
	(void)snprintf(note, sizeof(note), "%llu segments sent again",
	    (unsigned long long)result->retransmissions);
	if (result->retransmissions > 0)
		row.note = note;
	if (result->why[0] != '\0')
		row_fail(&row, "%s", result->why);
	else
		row_print(&row);
}

static void
run_tests(const struct bench_options *options)
{
	static struct result results[TESTS];
	const double seconds = options->quick ? 0.5 : 2;

	memset(results, 0, sizeof(results));
	for (unsigned run = 0; run < options->runs; run++) {
		for (unsigned i = 0; i < TESTS; i++) {
			if (!options->wanted[tests[i].row])
				continue;
			run_one(&tests[i], true, seconds, &results[i]);
			run_one(&tests[i], false, seconds, &results[i]);
		}
	}
	for (unsigned i = 0; i < TESTS; i++) {
		if (options->wanted[tests[i].row])
			print_result(&tests[i], &results[i]);
	}
}

/* No row can be measured. */
static void
give_up(const struct bench_options *options, const struct site *site)
{
	for (unsigned i = 0; i < TESTS; i++) {
		const struct row row = {
			.name = bench_name(tests[i].row),
			.unit = tests[i].unit,
		};

		if (!options->wanted[tests[i].row])
			continue;
		if (site->is_ours)
			row_fail(&row, "%s", site->why);
		else
			row_skip(&row, "%s", site->why);
	}
}

void
bench_tap(const struct bench_options *options)
{
	struct site site;

	if (!options->wanted[BENCH_STREAM] && !options->wanted[BENCH_ECHO] &&
	    !options->wanted[BENCH_PING])
		return;
	row_progress("through the TAP");
	machine_pin(0);
	if (site_open(&site))
		run_tests(options);
	else
		give_up(options, &site);
	if (!site_close(&site) && site.why[0] != '\0')
		row_fail(&(struct row){ .name = "tap" }, "%s", site.why);
}
