/*
 * output.c - frames out, pulled by the link; and time.
 *
 * Answers without a connection go first, then the connections in the run queue
 * take turns, one frame each.  A connection whose neighbour is being asked for
 * is parked until that is decided.
 */
#include "buf/chunk.h"
#include "net/due.h"
#include "net/neigh.h"
#include "net/reass.h"
#include "net/reply.h"
#include "tcp/tcp_ahead.h"
#include "udp/udp.h"

/* Nodes and slots that one sampan_advance() may handle. */
#define ADVANCE_BUDGET 4096u

/* What was parked tries again. */
static void
wake(struct sampan *s, struct sp_link *l)
{
	struct sp_node *n;

	l->wake = false;
	while ((n = sp_list_pop(&s->arena, &l->parked)) != NULL) {
		tcp_clear(sp_container_of(n, struct tcp_tcb, run), TCP_F_PARKED);
		sp_list_push(&s->arena, &l->run, n);
	}
}

static void
park(struct sampan *s, struct sp_link *l, struct tcp_tcb *t)
{
	tcp_set(t, TCP_F_PARKED);
	sp_list_push(&s->arena, &l->parked, &t->run);
}

/* The next connection's frame; false: the run queue is empty. */
static bool
run(struct sampan *s, struct sp_link *l, struct sampan_frame *f)
{
	struct sp_node *n;

	while ((n = sp_list_pop(&s->arena, &l->run)) != NULL) {
		struct tcp_tcb *t = sp_container_of(n, struct tcp_tcb, run);

		if (l->run.first != 0)
			sp_tcp_ahead_output(s, l->run.first);
		switch (sp_tcp_output(s, t, f)) {
		case TCP_OUTPUT_NONE:
			sp_tcp_rest(s, t);
			break;
		case TCP_OUTPUT_PARK:
			park(s, l, t);
			break;
		case TCP_OUTPUT_MOVED:
			sp_tcp_settle(s, t);
			break;
		case TCP_OUTPUT_FRAME:
			sp_tcp_settle(s, t);
			return true;
		}
	}
	return false;
}

int
sampan_output(struct sampan *s, int link, struct sampan_frame *frames, unsigned max,
    sampan_time now)
{
	struct sp_link *l = sp_link_get(s, link);
	unsigned n = 0;

	if (l == NULL)
		return SAMPAN_EINVAL;
	sp_stack_time(s, now);
	while (n < max) {
		if (l->wake)
			wake(s, l);
		if ((!sp_list_empty(&l->replies) &&
			sp_reply_output(s, (unsigned)link, &frames[n])) ||
		    run(s, l, &frames[n]))
			n++;
		else if (sp_list_empty(&l->replies))	/* running may have asked for a neighbour */
			break;
	}
	sp_udp_room(s, (unsigned)link);
	return (int)n;
}

void
sampan_sent(struct sampan *s, const struct sampan_frame *frames, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < frames[i].slices; j++)
			sp_chunk_unpin(&s->arena, frames[i].slice[j].data);
}

/* No frame is kept by reference yet: sampan_input() hands every one back. */
int
sampan_reclaim(struct sampan *s, uint64_t *tokens, unsigned max)
{
	(void)s;
	(void)tokens;
	(void)max;
	return 0;
}

sampan_time
sampan_deadline(const struct sampan *s)
{
	return sp_stack_callers_time(s, sp_wheel_next(&s->wheel));
}

static void
expire(struct sampan *s, struct sp_timer *timer)
{
	enum sp_kind kind;

	if (timer == &s->due_timer) {
		sp_due(s);
		return;
	}
	kind = sp_arena_kind(&s->arena, sp_ref(&s->arena, timer));
	if (kind == SP_KIND_NEIGH)
		sp_neigh_timer(s, sp_container_of(timer, struct sp_neigh, timer));
	else if (kind == SP_KIND_REASS)
		sp_reass_timer(s, timer);
	else
		sp_tcp_timer(s, kind, timer);
}

void
sampan_advance(struct sampan *s, sampan_time now)
{
	uint32_t budget = ADVANCE_BUDGET;
	struct sp_timer *timer;

	sp_stack_time(s, now);
	while ((timer = sp_wheel_expire(&s->wheel, &s->arena, s->now, &budget)) != NULL) {
		if (s->wheel.due != 0)
			sp_tcp_ahead_timer(s, s->wheel.due);
		expire(s, timer);
	}
}
