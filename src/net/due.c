/*
 * due.c - see due.h.
 */
#include "net/due.h"

#include "net/dhcp.h"
#include "net/group.h"
#include "net/ll4.h"
#include "net/pmtu.h"
#include "net/router.h"
#include "net/stack.h"

/* A deadline farther than a tick reaches, from where the wheel stands when time has
 * jumped, comes early, and is armed again. */
void
sp_due_at(struct sampan *s, sampan_time at)
{
	const sampan_time wheel_at = s->wheel.now << SP_TICK_SHIFT;

	if (at == SAMPAN_NEVER || (s->due_at != 0 && s->due_at <= at))
		return;
	sp_wheel_remove(&s->wheel, &s->arena, &s->due_timer);
	s->due_at = at;
	sp_wheel_add(&s->wheel, &s->arena, &s->due_timer,
	    sp_tick_after(wheel_at, at > wheel_at ? at - wheel_at : 0));
}

void
sp_due(struct sampan *s)
{
	sampan_time next;

	s->due_at = 0;
	next = sp_groups_due(s);	/* before an address is asked for: R-4862-2 */
	next = sp_earlier(next, sp_addrs_due(s));
	next = sp_earlier(next, sp_routes_due(s));
	next = sp_earlier(next, sp_router_due(s));
	next = sp_earlier(next, sp_dhcp_due(s));
	next = sp_earlier(next, sp_pmtu_due(s));
	next = sp_earlier(next, sp_ll4_due(s));
	sp_due_at(s, next);
}
