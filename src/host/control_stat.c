/*
 * control_stat.c - the request "stat": every number that an instance counts.
 *
 *	{"do":"stat"}
 *	{"do":"stat","threads":true}
 *
 * A row has a kind, a name that is unique, a value, and what it means:
 * "drop", "count" (both only grow), "link" (grows), "memory" (of a kind of
 * object, in bytes), "now" (goes up and down), "most".  Of several threads the
 * values are sums; with "threads" each has rows of its own instead, and says
 * which in "thread".  All are read when the request comes.
 */
#include <stdio.h>
#include <stdlib.h>

#include <sampan/stats.h>

#include "host/control_cmd.h"
#include "host/loop.h"
#include "host/team.h"

#define POOLS_MOST 64
#define LINKS_MOST 16

/* What one stack counts, or several together. */
struct sum {
	uint64_t counter[SAMPAN_COUNT_COUNT];
	unsigned pools, links;
	struct sampan_pool pool[POOLS_MOST];
	struct sampan_link_counts link[LINKS_MOST];
	struct sampan_stats stats;
};

struct stat {
	bool threads;		/* a sum for each */
	unsigned sums, at;	/* at: whose rows are next */
	struct sum sum[];
};

struct row {
	const char *kind, *name, *text;
	uint64_t value;
};

static const struct {
	const char *name, *text;
} counters[] = {
#define X(id, name, text) [SAMPAN_DROP_##id] = { name, text },
	SAMPAN_DROPS(X)
#undef X
#define X(id, name, text) [SAMPAN_COUNT_##id] = { name, text },
	SAMPAN_COUNTS(X)
#undef X
};

/* ---- Reading ---- */

static void
add_pools(struct sum *sum, const struct sampan *s)
{
	struct sampan_pool pool;
	unsigned i;

	for (i = 0; i < POOLS_MOST && sampan_pool(s, i, &pool) == 0; i++) {
		pool.objects += sum->pool[i].objects;
		pool.objects_max += sum->pool[i].objects_max;
		pool.bytes += sum->pool[i].bytes;
		sum->pool[i] = pool;
	}
	sum->pools = i;
}

static void
add_links(struct sum *sum, const struct sampan_loop *loop)
{
	struct sampan_link_counts c;
	unsigned i;

	for (i = 0; i < LINKS_MOST && sp_loop_link_at(loop, i) != NULL; i++) {
		sampan_link_counts(sp_loop_link_at(loop, i), &c);
		sum->link[i].frames_in += c.frames_in;
		sum->link[i].frames_out += c.frames_out;
		sum->link[i].drops_in += c.drops_in;
		sum->link[i].drops_out += c.drops_out;
	}
	sum->links = i;
}

static void
add_stats(struct sum *sum, const struct sampan *s)
{
	struct sampan_stats stats;

	sampan_stats(s, &stats);
	sum->stats.used_bytes += stats.used_bytes;
	sum->stats.total_bytes += stats.total_bytes;
	sum->stats.connections += stats.connections;
	sum->stats.half_open += stats.half_open;
	sum->stats.time_wait += stats.time_wait;
	sum->stats.timers += stats.timers;
}

static int
stat_begin(struct sp_query *q, const cJSON *request)
{
	const unsigned members = sp_team_loops(q->loop);
	const bool threads = sp_request_flag(request, "threads");
	const unsigned sums = threads ? members : 1;
	struct stat *st = calloc(1, sizeof(*st) + sums * sizeof(st->sum[0]));

	if (st == NULL)
		return sp_query_refuse(q, "no memory");
	q->state = st;
	st->threads = threads;
	st->sums = sums;
	for (unsigned i = 0; i < members; i++) {
		const struct sampan *s = sp_team_look(q->loop, i);
		struct sum *sum = &st->sum[threads ? i : 0];

		for (unsigned k = 0; k < SAMPAN_COUNT_COUNT; k++)
			sum->counter[k] += sampan_counter(s, k);
		add_pools(sum, s);
		add_links(sum, sp_team_loop(q->loop, i));
		add_stats(sum, s);
		sp_team_leave_alone(q->loop, i);
	}
	return 0;
}

static void
stat_end(struct sp_query *q)
{
	free(q->state);
}

/* ---- Answering ---- */

static void
begin_row(struct sp_query *q, struct sp_reply *r, const char *kind, const char *name)
{
	const struct stat *st = q->state;

	sp_row_begin(r);
	if (st->threads)
		sp_row_number(r, "thread", st->at);
	sp_row_text(r, "kind", kind);
	sp_row_text(r, "name", name);
}

static void
add(struct sp_query *q, struct sp_reply *r, const struct row *row)
{
	begin_row(q, r, row->kind, row->name);
	sp_row_number(r, "value", row->value);
	sp_row_text(r, "text", row->text);
	q->rows += sp_row_end(r);
}

static void
answer_counter(struct sp_query *q, struct sp_reply *r, const struct sum *sum, unsigned i)
{
	const struct row row = {
		.kind = i < SAMPAN_DROP_COUNT ? "drop" : "count",
		.name = counters[i].name,
		.text = counters[i].text,
		.value = sum->counter[i],
	};

	add(q, r, &row);
}

static void
answer_pool(struct sp_query *q, struct sp_reply *r, const struct sampan_pool *pool)
{
	char name[48];

	(void)snprintf(name, sizeof(name), "memory %s", pool->name);
	begin_row(q, r, "memory", name);
	sp_row_number(r, "value", pool->bytes);
	sp_row_number(r, "object_bytes", pool->object_bytes);
	sp_row_number(r, "objects", pool->objects);
	sp_row_number(r, "objects_max", pool->objects_max);
	sp_row_text(r, "text", "bytes held; objects in use, and at once ever");
	q->rows += sp_row_end(r);
}

static void
answer_link(struct sp_query *q, struct sp_reply *r, const struct sum *sum, unsigned i)
{
	const struct sampan_link *link = sp_loop_link_at(q->loop, i);
	const struct sampan_link_counts *c = &sum->link[i];
	const struct row rows[] = {
		{ "link", "frames in", "frames that arrived on the link", c->frames_in },
		{ "link", "frames out", "frames that the link sent", c->frames_out },
		{ "link", "drops in", "arrived in a form that cannot be given to a stack",
		    c->drops_in },
		{ "link", "drops out", "refused by the interface, or lost on purpose",
		    c->drops_out },
	};
	char name[48];

	for (unsigned k = 0; link != NULL && k < sizeof(rows) / sizeof(rows[0]); k++) {
		struct row row = rows[k];

		(void)snprintf(name, sizeof(name), "%s %s", sampan_link_name(link), row.name);
		row.name = name;
		add(q, r, &row);
	}
}

static void
answer_now(struct sp_query *q, struct sp_reply *r, const struct sampan_stats *s)
{
	const struct row rows[] = {
		{ "now", "memory used", "bytes of slabs in use", s->used_bytes },
		{ "now", "memory total", "bytes of all slabs: the budget", s->total_bytes },
		{ "now", "connections", "control blocks, listeners and unbound sockets too",
		    s->connections },
		{ "now", "half-open", "handshakes that listeners have begun", s->half_open },
		{ "now", "time-wait", "connections in TIME-WAIT", s->time_wait },
		{ "now", "timers", "timers armed", s->timers },
		{ "most", "control turn ns", "processor time that clients like this took of a turn",
		    q->ration->most_dur },
	};

	for (unsigned k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
		add(q, r, &rows[k]);
}

/* The cursor counts counters, then pools, then links.  False: that was all of it. */
static bool
answer_next(struct sp_query *q, struct sp_reply *r, const struct sum *sum)
{
	unsigned at = (unsigned)q->cursor++;

	if (at < SAMPAN_COUNT_COUNT) {
		answer_counter(q, r, sum, at);
		return true;
	}
	at -= SAMPAN_COUNT_COUNT;
	if (at < sum->pools) {
		answer_pool(q, r, &sum->pool[at]);
		return true;
	}
	at -= sum->pools;
	if (at < sum->links) {
		answer_link(q, r, sum, at);
		return true;
	}
	answer_now(q, r, &sum->stats);
	return false;
}

static bool
stat_page(struct sp_query *q, struct sp_reply *reply, unsigned max_rows)
{
	struct stat *st = q->state;
	const uint64_t end = q->rows + max_rows;

	while (q->rows + 8 <= end) {
		if (answer_next(q, reply, &st->sum[st->at]))
			continue;
		q->cursor = 0;
		if (++st->at == st->sums)
			return true;
	}
	return false;
}

const struct sp_control_cmd sp_control_stat = {
	.name = "stat",
	.begin = stat_begin,
	.page = stat_page,
	.end = stat_end,
};
