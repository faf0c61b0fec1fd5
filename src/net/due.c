/*
 * due.c - see due.h.
 */
#include "net/due.h"

#include "net/router.h"
#include "net/stack.h"

void
sp_due_at(struct sampan *s, sampan_time at)
{
	if (at == SAMPAN_NEVER || (s->due_at != 0 && s->due_at <= at))
		return;
	sp_wheel_remove(&s->wheel, &s->arena, &s->due_timer);
	s->due_at = at;
	sp_wheel_add(&s->wheel, &s->arena, &s->due_timer,
	    sp_tick_after(s->now, at > s->now ? at - s->now : 0));
}

/* A deadline farther than a tick reaches comes here early and is armed again. */
void
sp_due(struct sampan *s)
{
	sampan_time next;

	s->due_at = 0;
	next = sp_addrs_due(s);
	next = sp_earlier(next, sp_routes_due(s));
	next = sp_earlier(next, sp_router_due(s));
	sp_due_at(s, next);
}
