/*
 * look.c - see look.h.
 *
 * A turn is what control_peer.c makes of it: steps of rows until the time of
 * a turn is spent.  Time is this thread's on the processor.
 */
#include "look.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/control_cmd.h"

#define REPLY_BYTES ((size_t)128 << 10)

static sampan_dur
work_clock(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return SAMPAN_SEC((sampan_dur)ts.tv_sec) + (sampan_dur)ts.tv_nsec;
}

static void
ignore_events(void *ctx, const struct sampan_event *events, unsigned n)
{
	(void)ctx;
	(void)events;
	(void)n;
}

/* Returns how long it took; *over: that was the last. */
static sampan_dur
take_turn(struct sp_query *q, struct sp_reply *reply, bool *over)
{
	const sampan_dur start_dur = work_clock();
	sampan_dur spent_dur = 0;

	reply->len = 0;
	while (!*over && spent_dur < SP_CONTROL_TURN_DUR && reply->room - reply->len >=
	    SP_CONTROL_STEP * SP_REPLY_ROW_BYTES) {
		*over = q->cmd->page(q, reply, SP_CONTROL_STEP);
		spent_dur = work_clock() - start_dur;
	}
	return spent_dur;
}

static const char *
show_all(const struct world *w, struct sp_query *q, struct samples *longest_us)
{
	static const char request[] = "{\"do\":\"ss\",\"connected\":true,\"info\":true}";
	struct sp_reply reply = { .text = malloc(REPLY_BYTES), .room = REPLY_BYTES };
	sampan_dur longest_dur = 0;
	bool over = false;
	uint64_t rows;

	if (reply.text == NULL || sp_query_begin(q, request, sizeof(request) - 1) != 0) {
		free(reply.text);
		return "no memory";
	}
	while (!over) {
		const sampan_dur turn_dur = take_turn(q, &reply, &over);

		if (turn_dur > longest_dur)
			longest_dur = turn_dur;
	}
	rows = q->rows;
	sp_query_end(q);
	free(reply.text);
	samples_add(longest_us, (double)longest_dur / 1e3);
	return rows >= w->config.connections ? NULL : "connections are missing";
}

const char *
look_at_all(const struct world *w, struct samples *longest_us)
{
	const struct sampan_loop_config config = { .size = sizeof(config), .stack = w->server,
	    .events = ignore_events };
	static const struct sp_ration ration = { 0 };
	struct sp_query q = { .ration = &ration, .data_fd = -1 };
	const char *wrong;

	if (sampan_loop_open(&config, &q.loop) != 0)
		return "no event loop";
	wrong = show_all(w, &q, longest_us);
	sampan_loop_close(q.loop);
	return wrong;
}
