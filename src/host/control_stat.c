/*
 * control_stat.c - the request "stat": every number that an instance counts.
 *
 *	{"do":"stat"}
 *
 * A row has a kind, a name that is unique, a value, and what it means:
 * "drop", "count" (both only grow), "link" (grows), "memory" (of a kind of
 * object, in bytes), "now" (goes up and down), "most".
 */
#include <stdio.h>

#include <sampan/stats.h>

#include "host/control_cmd.h"
#include "host/loop.h"

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

static void
add(struct sp_query *q, struct sp_reply *r, const struct row *row)
{
	sp_row_begin(r);
	sp_row_text(r, "kind", row->kind);
	sp_row_text(r, "name", row->name);
	sp_row_number(r, "value", row->value);
	sp_row_text(r, "text", row->text);
	q->rows += sp_row_end(r);
}

static void
add_counter(struct sp_query *q, struct sp_reply *r, unsigned i)
{
	const struct row row = {
		.kind = i < SAMPAN_DROP_COUNT ? "drop" : "count",
		.name = counters[i].name,
		.text = counters[i].text,
		.value = sampan_counter(sampan_loop_stack(q->loop), i),
	};

	add(q, r, &row);
}

/* False: there are no more. */
static bool
add_pool(struct sp_query *q, struct sp_reply *r, unsigned i)
{
	struct sampan_pool pool;
	char name[48];

	if (sampan_pool(sampan_loop_stack(q->loop), i, &pool) != 0)
		return false;
	(void)snprintf(name, sizeof(name), "memory %s", pool.name);
	sp_row_begin(r);
	sp_row_text(r, "kind", "memory");
	sp_row_text(r, "name", name);
	sp_row_number(r, "value", pool.bytes);
	sp_row_number(r, "object_bytes", pool.object_bytes);
	sp_row_number(r, "objects", pool.objects);
	sp_row_number(r, "objects_max", pool.objects_max);
	sp_row_text(r, "text", "bytes held; objects in use, and at once ever");
	q->rows += sp_row_end(r);
	return true;
}

static bool
add_link(struct sp_query *q, struct sp_reply *r, unsigned i)
{
	const struct sampan_link *link = sp_loop_link_at(q->loop, i);
	struct sampan_link_counts c;
	char name[48];

	if (link == NULL)
		return false;
	sampan_link_counts(link, &c);
	const struct row rows[] = {
		{ "link", "frames in", "frames that arrived on the link", c.frames_in },
		{ "link", "frames out", "frames that the link sent", c.frames_out },
		{ "link", "drops in", "arrived in a form that cannot be given to a stack",
		    c.drops_in },
		{ "link", "drops out", "refused by the interface, or lost on purpose",
		    c.drops_out },
	};

	for (unsigned k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		struct row row = rows[k];

		(void)snprintf(name, sizeof(name), "%s %s", sampan_link_name(link), row.name);
		row.name = name;
		add(q, r, &row);
	}
	return true;
}

static void
add_now(struct sp_query *q, struct sp_reply *r)
{
	struct sampan_stats s;

	sampan_stats(sampan_loop_stack(q->loop), &s);
	const struct row rows[] = {
		{ "now", "memory used", "bytes of slabs in use", s.used_bytes },
		{ "now", "memory total", "bytes of all slabs: the budget", s.total_bytes },
		{ "now", "connections", "control blocks, listeners and unbound sockets too",
		    s.connections },
		{ "now", "half-open", "handshakes that listeners have begun", s.half_open },
		{ "now", "time-wait", "connections in TIME-WAIT", s.time_wait },
		{ "now", "timers", "timers armed", s.timers },
		{ "most", "control turn ns", "processor time that clients like this took of a turn",
		    q->ration->most_dur },
	};

	for (unsigned k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
		add(q, r, &rows[k]);
}

/* The cursor counts counters, then pools, then links. */
static bool
stat_page(struct sp_query *q, struct sp_reply *reply, unsigned max_rows)
{
	const unsigned first_pool = SAMPAN_COUNT_COUNT, first_link = first_pool + 256;
	const uint64_t end = q->rows + max_rows;

	while (q->rows + 8 <= end) {
		const unsigned at = (unsigned)q->cursor++;

		if (at < first_pool) {
			add_counter(q, reply, at);
		} else if (at < first_link) {
			if (!add_pool(q, reply, at - first_pool))
				q->cursor = first_link;
		} else if (!add_link(q, reply, at - first_link)) {
			add_now(q, reply);
			return true;
		}
	}
	return false;
}

static int
stat_begin(struct sp_query *q, const cJSON *request)
{
	(void)q;
	(void)request;
	return 0;
}

const struct sp_control_cmd sp_control_stat = {
	.name = "stat",
	.begin = stat_begin,
	.page = stat_page,
};
