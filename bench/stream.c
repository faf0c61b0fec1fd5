/*
 * stream.c - one connection in one direction, both ends in one thread: stream
 * (segments of an MTU of 1500), stream-64k (frames of 64 KiB, checksums in
 * software), stream-offload (the same, checksums left to the link).
 *
 * The application copies its bytes in and out, 64 KiB at a time; what is read
 * is compared with what was written, the whole of it before the clock runs,
 * the ends of every piece while it does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sampan/option.h>
#include <sampan/socket.h>
#include <sampan/stats.h>

#include "bench.h"
#include "machine.h"
#include "row.h"
#include "stacks.h"

#define ARENA_BYTES ((size_t)64 << 20)
#define BUFFER_BYTES (256 << 10)	/* of each socket */
#define PIECE_BYTES (64u << 10)
#define PERIOD 65521u			/* of the pattern: a prime, so that pieces differ */
#define PORT 9
#define WARM_UP_BYTES ((uint64_t)32 << 20)

struct subject {
	enum bench_row which;
	uint32_t caps;
	const char *params;
	struct stacks k;
	sampan_handle from, to;
	uint64_t written, read;
	bool whole;		/* compare all of it */
	struct samples rates;
	const char *why;
};

static uint8_t pattern[PERIOD + PIECE_BYTES];

static void
make_pattern(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(pattern); i++) {
		x = i % PERIOD == 0 ? 1 : x * 1664525u + 1013904223u;
		pattern[i] = (uint8_t)(x >> 24);
	}
}

static bool
fail(struct subject *s, const char *why)
{
	if (s->why == NULL)
		s->why = why;
	return false;
}

static bool
write_all(struct subject *s)
{
	struct sampan *from = s->k.s[0];
	int64_t n;

	while ((n = sampan_send(from, s->from, pattern + s->written % PERIOD, PIECE_BYTES)) > 0)
		s->written += (uint64_t)n;
	return n == SAMPAN_EAGAIN || fail(s, "cannot send");
}

static bool
as_written(const struct subject *s, const uint8_t *data, size_t n)
{
	const uint8_t *want = pattern + s->read % PERIOD;
	const size_t look = s->whole || n < 16 ? n : 16;

	return memcmp(data, want, look) == 0 &&
	    memcmp(data + n - look, want + n - look, look) == 0;
}

static bool
read_all(struct subject *s)
{
	static uint8_t data[PIECE_BYTES];
	int64_t n;

	while ((n = sampan_recv(s->k.s[1], s->to, data, sizeof(data))) > 0) {
		if (!as_written(s, data, (size_t)n))
			return fail(s, "other bytes than were sent");
		s->read += (uint64_t)n;
	}
	return n == SAMPAN_EAGAIN || fail(s, "cannot receive");
}

static void
forget_events(struct subject *s)
{
	struct sampan_event e[8];

	while (sampan_events(s->k.s[0], e, 8) > 0 || sampan_events(s->k.s[1], e, 8) > 0)
		continue;
}

/* One turn of both: 10 us of virtual time, less than any timer but none at all. */
static bool
turn(struct subject *s)
{
	stacks_advance(&s->k, SAMPAN_US(10));
	if (!write_all(s))
		return false;
	while (sampan_pair_move(s->k.pair, 0, s->k.now) > 0)
		continue;
	forget_events(s);
	if (!read_all(s))
		return false;
	while (sampan_pair_move(s->k.pair, 1, s->k.now) > 0)
		continue;
	return true;
}

static bool
move_bytes(struct subject *s, uint64_t bytes)
{
	const uint64_t end = s->read + bytes;
	unsigned idle = 0;

	while (s->read < end) {
		const uint64_t before = s->read;

		if (!turn(s))
			return false;
		idle = s->read == before ? idle + 1 : 0;
		if (idle == 100000)
			return fail(s, "nothing moves");
	}
	return true;
}

static bool
begin(struct subject *s)
{
	sampan_handle listener;

	if (!stacks_open(&s->k, ARENA_BYTES, s->caps))
		return fail(s, s->k.why);
	listener = stacks_listen(&s->k, PORT, 1);
	s->from = stacks_connect(&s->k, PORT);
	if (listener == 0 || s->from == 0)
		return fail(s, "no connection");
	(void)sampan_setopt(s->k.s[0], s->from, SAMPAN_OPT_SNDBUF, BUFFER_BYTES);
	for (unsigned i = 0; i < 6; i++)
		(void)sampan_pair_move(s->k.pair, i % 2, s->k.now);
	if (sampan_accept(s->k.s[1], listener, &s->to, NULL) != 0)
		return fail(s, "no connection was accepted");
	(void)sampan_setopt(s->k.s[1], s->to, SAMPAN_OPT_RCVBUF, BUFFER_BYTES);
	s->whole = true;
	if (!move_bytes(s, WARM_UP_BYTES))
		return false;
	s->whole = false;
	return true;
}

/* Only things that should have happened: no drop, nothing sent again. */
static bool
is_clean(struct subject *s)
{
	for (unsigned i = 0; i < 2; i++) {
		if (stacks_dropped(s->k.s[i], stacks_ip6) >= 0)
			return fail(s, "something was dropped");
		if (sampan_counter(s->k.s[i], SAMPAN_COUNT_TCP_RETRANS_SEGS) != 0)
			return fail(s, "something was sent again");
	}
	return true;
}

static void
time_one(struct subject *s, double seconds)
{
	const uint64_t first = s->read;
	const sampan_time start = machine_cpu_time();
	sampan_dur took;

	do {
		if (!move_bytes(s, 8 << 20))
			return;
		took = machine_cpu_time() - start;
	} while ((double)took < seconds * 1e9);
	samples_add(&s->rates, 8 * (double)(s->read - first) / (double)took);
}

static void
print(struct subject *s)
{
	struct row row = { .name = bench_name(s->which), .unit = "Gbit/s", .value = s->rates };

	(void)snprintf(row.params, sizeof(row.params), "%s", s->params);
	if (s->why != NULL || !is_clean(s))
		row_fail(&row, "%s", s->why);
	else
		row_print(&row);
}

void
bench_stream(const struct bench_options *options)
{
	static struct subject subjects[] = {
		{ .which = BENCH_STREAM1500, .params = "mtu=1500 checksums=software" },
		{ .which = BENCH_STREAM64K, .caps = SAMPAN_LINK_TSO4 | SAMPAN_LINK_TSO6,
		    .params = "frames=64KiB checksums=software" },
		{ .which = BENCH_STREAM_OFFLOAD,
		    .caps = SAMPAN_LINK_CSUM_OUT | SAMPAN_LINK_TSO4 | SAMPAN_LINK_TSO6,
		    .params = "frames=64KiB checksums=offloaded" },
	};
	const size_t n = sizeof(subjects) / sizeof(subjects[0]);
	bool any = false;

	for (size_t i = 0; i < n; i++)
		any |= options->wanted[subjects[i].which];
	if (!any)
		return;
	machine_pin(0);
	make_pattern();
	row_progress("in memory: streams");
	for (size_t i = 0; i < n; i++)
		if (options->wanted[subjects[i].which])
			(void)begin(&subjects[i]);
	for (unsigned run = 0; run < options->runs; run++)
		for (size_t i = 0; i < n; i++)
			if (options->wanted[subjects[i].which] && subjects[i].why == NULL)
				time_one(&subjects[i], options->quick ? 0.2 : 0.5);
	for (size_t i = 0; i < n; i++) {
		if (options->wanted[subjects[i].which])
			print(&subjects[i]);
		stacks_close(&subjects[i].k);
	}
}
