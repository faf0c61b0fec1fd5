/*
 * insns.c - see insns.h.
 */
#include "insns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count.h"

#define ROUND_TRIPS 10240u
/* Valgrind is fifty times slower: more connections than this take minutes to
 * make. */
#define VALGRIND_SIZE_MOST 100000u

static bool
do_round_trips(void *ctx)
{
	return world_round_trips(ctx, ROUND_TRIPS);
}

static bool
do_nothing(void *ctx)
{
	return world_nothing(ctx, ROUND_TRIPS);
}

int
insns_child(const char *job)
{
	const bool ip6 = strncmp(job, "ip6-", 4) == 0;
	const bool idle = strncmp(job += ip6 ? 4 : 0, "nothing-", 8) == 0;
	struct world_config config = {
		.connections = (uint32_t)strtoul(idle ? job + 8 : job, NULL, 10),
		.ip6 = ip6,
	};
	struct world w;

	if (!world_open(&config, &w) || !world_reset(&w))
		return 1;
	if (idle)
		return count_marked(do_nothing, &w) ? 0 : 1;
	if (!world_connect(&w) || !world_each(&w))
		return 1;
	return count_marked(do_round_trips, &w) && world_check(&w) ? 0 : 1;
}

static bool
count_in_children(const struct world_config *c, struct count *all, struct count *own)
{
	const char *ip6 = c->ip6 ? "ip6-" : "";
	char argument[48];

	(void)snprintf(argument, sizeof(argument), "--count=%s%u", ip6, c->connections);
	if (!count_by_valgrind(argument, all))
		return false;
	(void)snprintf(argument, sizeof(argument), "--count=%snothing-%u", ip6, c->connections);
	return count_by_valgrind(argument, own);
}

static void
print(struct row *row, const struct count *all, const struct count *own, const char *how)
{
	char note[160], cycles[32] = "no cycles counted";

	if (all->cycles != 0)
		(void)snprintf(cycles, sizeof(cycles), "%.0f cycles",
		    (double)all->cycles / ROUND_TRIPS);
	(void)snprintf(note, sizeof(note), "counted by %s, this program's own: %.0f; %s", how,
	    (double)own->instructions / ROUND_TRIPS, cycles);
	samples_add(&row->value, (double)all->instructions / ROUND_TRIPS);
	row->note = note;
	row_print(row);
}

void
insns_measure(struct world *w, struct row *row)
{
	const uint32_t n = w->config.connections;
	struct count all, own;

	if (count_possible()) {
		if (!count_run(do_round_trips, w, &all) || !count_run(do_nothing, w, &own))
			row_fail(row, "%s", w->why);
		else
			print(row, &all, &own, "the processor");
	} else if (n > VALGRIND_SIZE_MOST) {
		row_skip(row, "the processor does not count here, and valgrind would take minutes");
	} else if (system("valgrind --version >/dev/null 2>&1") != 0) {
		row_skip(row, "the processor does not count here, and there is no valgrind");
	} else if (!count_in_children(&w->config, &all, &own)) {
		row_fail(row, "the same under valgrind did not work");
	} else {
		print(row, &all, &own, "valgrind");
	}
}
