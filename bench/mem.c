/*
 * mem.c - both ends in memory, in one thread: connect, each, idle, rt,
 * rt-offload, rt-ip6, insns.
 *
 * All worlds exist at the same time and take turns, so that whatever slows
 * the machine down for a while does so to all of them.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "insns.h"
#include "look.h"
#include "machine.h"
#include "row.h"
#include "stacks.h"
#include "world.h"

#define WORLDS_MAX (BENCH_SIZES_MAX + 3)
/* Connections made for one sample of `connect`, at least. */
#define CONNECT_LEAST 100000u
/* Round trips between two looks at the clock, about. */
#define CHUNK 1024u
/* Round trips, and so microseconds of virtual time, before the first run: twice
 * the shortest retransmission time-out, so that timers fire as they always do. */
#define WARM_UP 400000u
/* What `rt` of other sizes is held against. */
#define REFERENCE_SIZE 1000u
#define IDLE_LIMIT_BYTES 320
#define RT_CAPS (SAMPAN_LINK_CSUM_OUT | SAMPAN_LINK_TSO4 | SAMPAN_LINK_TSO6)

struct subject {
	struct world world;
	/* BENCH_RT: of the sizes that were asked for, in all rows.  Else in this row
	 * alone; BENCH_ROWS: in none, only to be held against. */
	enum bench_row row;
	struct samples connects, rates;
};

struct suite {
	const struct bench_options *options;
	unsigned n;
	struct subject subject[WORLDS_MAX];
};

static double
seconds_since(sampan_time start)
{
	return (double)(machine_cpu_time() - start) / 1e9;
}

static struct row
row_of(const struct subject *s, enum bench_row which, const char *unit)
{
	struct row row = { .name = bench_name(which), .unit = unit };

	(void)snprintf(row.params, sizeof(row.params), "n=%u", s->world.config.connections);
	return row;
}

static bool
is_broken(const struct subject *s)
{
	return s->world.why[0] != '\0';
}

static bool
is_plain(const struct subject *s)
{
	return s->row == BENCH_RT;
}

/* ---- Preparation ---- */

static void
add_subject(struct suite *suite, enum bench_row which, const struct world_config *config)
{
	struct subject *s = &suite->subject[suite->n];

	memset(s, 0, sizeof(*s));
	s->row = which;
	if (world_open(config, &s->world))
		suite->n++;
	else if (which != BENCH_ROWS)
		row_skip(&(struct row){ .name = bench_name(which) },
		    "not enough memory for %u connections", config->connections);
}

/* All that the sizes of the command line are for. */
static bool
any_wanted(const struct bench_options *o)
{
	return o->wanted[BENCH_CONNECT] || o->wanted[BENCH_EACH] || o->wanted[BENCH_IDLE] ||
	    o->wanted[BENCH_RT] || o->wanted[BENCH_INSNS] || o->wanted[BENCH_SS];
}

/* What round trips are held against: those of 1000 connections, those over IPv6 against
 * those over IPv4. */
static const struct subject *
reference_of(const struct suite *suite)
{
	for (unsigned i = 0; i < suite->n; i++) {
		const struct subject *s = &suite->subject[i];

		if (s->world.config.connections == REFERENCE_SIZE && s->row != BENCH_RT_OFFLOAD &&
		    s->row != BENCH_RT_IP6)
			return s;
	}
	return NULL;
}

static void
open_ip6(struct suite *suite)
{
	struct world_config config = { .connections = REFERENCE_SIZE };

	if (stacks_ip6) {
		row_skip(&(struct row){ .name = bench_name(BENCH_RT_IP6) },
		    "with --ipv6 there is nothing to hold it against");
		return;
	}
	if (reference_of(suite) == NULL)
		add_subject(suite, BENCH_ROWS, &config);
	config.ip6 = true;
	add_subject(suite, BENCH_RT_IP6, &config);
}

static void
open_all(struct suite *suite)
{
	const struct bench_options *o = suite->options;
	struct world_config config = { .ip6 = stacks_ip6 };

	for (unsigned i = 0; i < o->sizes && any_wanted(o); i++) {
		config.connections = o->size[i];
		add_subject(suite, BENCH_RT, &config);
	}
	config.connections = REFERENCE_SIZE;
	config.caps = RT_CAPS;
	if (o->wanted[BENCH_RT_OFFLOAD])
		add_subject(suite, BENCH_RT_OFFLOAD, &config);
	if (o->wanted[BENCH_RT_IP6])
		open_ip6(suite);
}

/* Makes all connections, again and again where they are few; returns how many
 * a second. */
static double
time_connects(struct world *w)
{
	const uint32_t n = w->config.connections;
	double seconds = 0;
	uint32_t made = 0;

	do {
		sampan_time start;

		if (!world_reset(w))
			return 0;
		start = machine_cpu_time();
		if (!world_connect(w))
			return 0;
		seconds += seconds_since(start);
		made += n;
	} while (n >= REFERENCE_SIZE && made < CONNECT_LEAST);
	return made / seconds;
}

static void
connect_all(struct suite *suite)
{
	const unsigned runs = suite->options->wanted[BENCH_CONNECT] ? suite->options->runs : 1;

	for (unsigned run = 0; run < runs; run++) {
		for (unsigned i = 0; i < suite->n; i++)
			samples_add(&suite->subject[i].connects,
			    time_connects(&suite->subject[i].world));
	}
	for (unsigned i = 0; i < suite->n; i++) {
		const struct subject *s = &suite->subject[i];
		struct row row = row_of(s, BENCH_CONNECT, "connections/s");

		row.value = s->connects;
		if (is_broken(s))
			row_fail(&row, "%s", s->world.why);
		else if (suite->options->wanted[BENCH_CONNECT] && is_plain(s) &&
		    s->world.config.connections >= REFERENCE_SIZE)
			row_print(&row);
	}
}

/* ---- Every connection once ---- */

static void
use_each(struct suite *suite)
{
	for (unsigned i = 0; i < suite->n; i++) {
		struct subject *s = &suite->subject[i];
		struct row row = row_of(s, BENCH_EACH, "connections");
		const sampan_time start = machine_cpu_time();
		double seconds;
		char note[64];

		if (is_broken(s))
			continue;
		(void)world_each(&s->world);
		seconds = seconds_since(start);
		(void)snprintf(note, sizeof(note), "in order, %.2f s", seconds);
		samples_add(&row.value, (double)s->world.verified);
		row.note = note;
		if (!world_check(&s->world))
			row_fail(&row, "%s", s->world.why);
		else if (suite->options->wanted[BENCH_EACH] && is_plain(s))
			row_print(&row);
	}
}

static void
settle_all(struct suite *suite)
{
	for (unsigned i = 0; i < suite->n; i++) {
		struct subject *s = &suite->subject[i];
		struct row row = row_of(s, BENCH_IDLE, "bytes");
		double bytes;

		if (is_broken(s) || s->world.config.connections < REFERENCE_SIZE)
			continue;
		if (!world_settle(&s->world, &bytes) || !world_check(&s->world)) {
			row_fail(&row, "%s", s->world.why);
			continue;
		}
		samples_add(&row.value, bytes);
		row.peer = "limit";
		samples_add(&row.peer_value, IDLE_LIMIT_BYTES);
		if (suite->options->wanted[BENCH_IDLE] && is_plain(s))
			row_print(&row);
	}
}

/* ---- Round trips ---- */

static void
time_round_trips(struct subject *s, double seconds)
{
	const uint32_t window = s->world.config.window;
	const uint64_t first = s->world.verified;
	const sampan_time start = machine_cpu_time();

	while (seconds_since(start) < seconds) {
		if (!world_round_trips(&s->world, CHUNK / window * window))
			return;
	}
	samples_add(&s->rates, (double)(s->world.verified - first) / seconds_since(start));
}

static void
print_round_trips(const struct suite *suite, struct subject *s)
{
	const struct subject *reference = reference_of(suite);
	struct row row = row_of(s, s->row, "round trips/s");

	(void)snprintf(row.params, sizeof(row.params), "n=%u window=%u bytes=64",
	    s->world.config.connections, s->world.config.window);
	row.value = s->rates;
	if (reference != NULL && reference != s) {
		row.peer = s->row == BENCH_RT_IP6 ? "rt over IPv4" : "rt n=1000";
		row.peer_value = reference->rates;
	}
	if (!world_check(&s->world))
		row_fail(&row, "%s", s->world.why);
	else
		row_print(&row);
}

static void
run_round_trips(struct suite *suite)
{
	const double seconds = suite->options->quick ? 0.3 : 0.5;

	for (unsigned i = 0; i < suite->n; i++) {
		if (!is_broken(&suite->subject[i]))
			(void)world_round_trips(&suite->subject[i].world, WARM_UP);
	}
	for (unsigned run = 0; run < suite->options->runs; run++) {
		for (unsigned i = 0; i < suite->n; i++) {
			if (!is_broken(&suite->subject[i]))
				time_round_trips(&suite->subject[i], seconds);
		}
	}
	for (unsigned i = 0; i < suite->n; i++) {
		struct subject *s = &suite->subject[i];

		if (!is_broken(s) && s->row != BENCH_ROWS && suite->options->wanted[s->row])
			print_round_trips(suite, s);
	}
}

/* ---- Looking at them ---- */

static void
show_all(struct suite *suite)
{
	for (unsigned i = 0; i < suite->n; i++) {
		struct subject *s = &suite->subject[i];
		struct row row = row_of(s, BENCH_SS, "us");
		const char *wrong = NULL;

		if (is_broken(s) || !is_plain(s))
			continue;
		for (unsigned run = 0; run < suite->options->runs && wrong == NULL; run++)
			wrong = look_at_all(&s->world, &row.value);
		if (wrong != NULL)
			row_fail(&row, "%s", wrong);
		else
			row_print(&row);
	}
}

/* ---- Instructions ---- */

static void
count_all(struct suite *suite)
{
	for (unsigned i = 0; i < suite->n; i++) {
		struct subject *s = &suite->subject[i];
		struct row row = row_of(s, BENCH_INSNS, "instructions");

		if (is_broken(s) || !is_plain(s) ||
		    (suite->options->quick && s->world.config.connections > REFERENCE_SIZE))
			continue;
		insns_measure(&s->world, &row);
	}
}

void
bench_mem(const struct bench_options *options)
{
	static struct suite suite;

	suite = (struct suite){ .options = options };
	machine_pin(0);
	open_all(&suite);
	if (suite.n == 0)
		return;
	row_progress("in memory: connecting");
	connect_all(&suite);
	row_progress("in memory: using each connection");
	use_each(&suite);
	if (options->wanted[BENCH_SS]) {
		row_progress("in memory: showing all connections");
		show_all(&suite);
	}
	settle_all(&suite);
	if (options->wanted[BENCH_RT] || options->wanted[BENCH_RT_OFFLOAD] ||
	    options->wanted[BENCH_RT_IP6]) {
		row_progress("in memory: round trips");
		run_round_trips(&suite);
	}
	if (options->wanted[BENCH_INSNS]) {
		row_progress("in memory: counting instructions");
		count_all(&suite);
	}
	for (unsigned i = 0; i < suite.n; i++)
		world_close(&suite.subject[i].world);
}
