/*
 * main.c - sampan-path: one run over an emulated path, in real time, between
 * the kernel and ourselves in any combination.  Prints one line of JSON.
 *
 *	sampan-path --line 'out.rate=10mbit,delay=10ms' --flow kernel,sampan,cubic
 *
 * Needs root: namespaces and TAP devices.
 */
#include "path/wire.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link/number.h"

#define BUFFER_BYTES ((uint64_t)6291456)

static const char usage[] =
    "usage: sampan-path --line WORDS --flow FROM,TO,CONTROL [--flow ...] [--seconds N]\n"
    "                   [--bytes N] [--buffer N]\n"
    "\n"
    "FROM and TO are kernel or sampan; CONTROL is a congestion control of FROM.  WORDS are the\n"
    "emulator's; out. is the way of the text, in. that of the acknowledgements.  --bytes sends so\n"
    "much again and again, one transfer after the other; without it one lasts all the time.\n"
    "Two flows share the line.\n";

struct args {
	struct sp_emulate_spec line;
	bool has_line;
	uint64_t seconds, bytes, buffer_bytes;
	unsigned flows;
	struct wire *wire;
};

static _Noreturn void
refuse(const char *what, const char *value)
{
	(void)fprintf(stderr, "sampan-path: %s%s\n", what, value);
	exit(2);
}

/* FROM,TO,CONTROL, in place. */
static void
take_flow(struct args *a, char *text)
{
	struct wire *w = a->wire;
	char *const from = strsep(&text, ","), *const to = strsep(&text, ",");

	if (a->flows == PATH_FLOWS || to == NULL || text == NULL || strlen(text) >= PATH_NAME)
		refuse("--flow: give FROM,TO,CONTROL, twice at most, not ", from);
	for (unsigned side = 0; side < 2; side++) {
		struct path_end *end = &w->end[a->flows][side];
		const char *kind = side == PATH_FROM ? from : to;

		*end = (struct path_end){ .flow = a->flows, .side = (enum path_side)side };
		end->is_kernel = strcmp(kind, "kernel") == 0;
		if (!end->is_kernel && strcmp(kind, "sampan") != 0)
			refuse("--flow: an end is kernel or sampan, not ", kind);
		(void)snprintf(end->task.cc, PATH_NAME, "%s", text);
	}
	w->flows = ++a->flows;
}

static void
take_line(struct args *a, const char *text)
{
	char text_why[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text_why, sizeof(text_why) };

	if (sp_emulate_spec_read(&a->line, text, &why) != 0)
		refuse("--line: ", text_why);
	a->has_line = true;
}

static uint64_t
number(const char *text)
{
	uint64_t value;

	if (!sp_bytes_read(&value, text))
		refuse("not a number: ", text);
	return value;
}

static void
parse(struct args *a, int argc, char **argv)
{
	static const struct option options[] = {
		{ "line", required_argument, NULL, 'l' }, { "flow", required_argument, NULL, 'f' },
		{ "seconds", required_argument, NULL, 's' },
		{ "bytes", required_argument, NULL, 'b' },
		{ "buffer", required_argument, NULL, 'm' }, { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int key;

	while ((key = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		if (key == 'l')
			take_line(a, optarg);
		else if (key == 'f')
			take_flow(a, optarg);
		else if (key == 's')
			a->seconds = number(optarg);
		else if (key == 'b')
			a->bytes = number(optarg);
		else if (key == 'm')
			a->buffer_bytes = number(optarg);
		else if (key == 'h')
			exit(fputs(usage, stdout) < 0);
		else
			exit(2);
	}
	if (!a->has_line || a->flows == 0)
		refuse("give --line and --flow; see --help", "");
}

static bool
open_ends(struct args *a)
{
	struct wire *w = a->wire;
	bool good = true;

	for (unsigned d = 0; d < 2; d++)
		good = sp_lane_open(&w->lane[d],
		    &a->line.way[d == PATH_FROM ? SAMPAN_OUT : SAMPAN_IN], a->line.seed, d) && good;
	for (unsigned i = 0; i < 2 * w->flows && good; i++) {
		struct path_end *end = &w->end[i / 2][i % 2];

		if (i % 2 == 0)
			w->shared[i / 2] = path_shared_new();
		if (w->shared[i / 2] == NULL)
			return false;
		end->shared = w->shared[i / 2];
		end->task.bytes = a->bytes;
		end->task.buffer_bytes = a->buffer_bytes;
		good = end->is_kernel ? path_kernel_open(end) : path_stack_open(end, a->line.seed);
	}
	return good;
}

static void
close_ends(struct wire *w)
{
	for (unsigned i = 0; i < 2 * w->flows; i++) {
		struct path_end *end = &w->end[i / 2][i % 2];

		if (end->is_kernel)
			path_kernel_close(end);
		else
			path_stack_close(end);
	}
	sp_lane_close(&w->lane[0]);
	sp_lane_close(&w->lane[1]);
}

/* ---- What it showed ---- */

static int
compare_32(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int
compare_64(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
report_flow(const struct wire *w, unsigned i, double seconds)
{
	const struct path_shared *s = w->shared[i];
	const struct sp_sim_track *t = &w->track[i];
	const unsigned done = s->done < PATH_TRANSFERS ? s->done : PATH_TRANSFERS;
	uint64_t took[PATH_TRANSFERS] = { 0 };

	for (unsigned k = 0; k < done; k++)
		took[k] = s->took_ns[k];
	qsort(took, done, sizeof(took[0]), compare_64);
	(void)printf("{\"from\":\"%s\",\"to\":\"%s\",\"control\":\"%s\",\"goodput_bits\":%.0f,"
	    "\"sent_bytes\":%" PRIu64 ",\"again_bytes\":%" PRIu64 ",\"spurious_bytes\":%" PRIu64
	    ",\"done\":%u,\"failed\":%u,\"median_ms\":%.3f,\"greatest_ms\":%.3f}",
	    w->end[i][0].is_kernel ? "kernel" : "sampan",
	    w->end[i][1].is_kernel ? "kernel" : "sampan", s->cc_in_force,
	    (double)s->read_bytes * 8 / seconds, t->all_bytes, t->again_bytes, t->spurious_bytes,
	    s->done, s->failed, (double)took[done / 2] / 1e6,
	    done == 0 ? 0 : (double)took[done - 1] / 1e6);
}

static void
report(struct wire *w, double seconds, uint64_t rate_bits)
{
	const struct sampan_emulate_counts *c = &w->lane[PATH_FROM].counts;
	double total = 0;

	for (uint32_t i = 0; i < w->samples; i++)
		total += w->waiting[i];
	qsort(w->waiting, w->samples, sizeof(w->waiting[0]), compare_32);
	qsort(w->late, w->samples, sizeof(w->late[0]), compare_32);
	(void)printf("{\"seconds\":%.3f,\"queue_mean_ms\":%.3f,\"queue_95_ms\":%.3f,"
	    "\"late_95_us\":%u,\"late_most_us\":%u,\"refused\":%" PRIu64 ",\"frames\":%" PRIu64
	    ",\"lost\":%" PRIu64 ",\"dropped\":%" PRIu64 ",\"flows\":[", seconds,
	    rate_bits == 0 ? 0 : total / w->samples * 8e3 / (double)rate_bits,
	    rate_bits == 0 ? 0 : w->waiting[w->samples * 95 / 100] * 8e3 / (double)rate_bits,
	    w->late[w->samples * 95 / 100], w->late[w->samples - 1], w->refused, c->frames,
	    c->lost + c->policed, c->queue_drops + c->early_drops);
	for (unsigned i = 0; i < w->flows; i++) {
		(void)fputs(i == 0 ? "" : ",", stdout);
		report_flow(w, i, seconds);
	}
	(void)puts("]}");
}

int
main(int argc, char **argv)
{
	static struct wire wire;
	struct args a = { .seconds = 10, .buffer_bytes = BUFFER_BYTES, .wire = &wire };
	bool good;

	parse(&a, argc, argv);
	good = open_ends(&a);
	if (good)
		wire_run(&wire, SAMPAN_SEC(a.seconds));
	if (good)
		report(&wire, (double)a.seconds, a.line.way[SAMPAN_OUT].rate_bits);
	close_ends(&wire);
	return good ? 0 : 1;
}
