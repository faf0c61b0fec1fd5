/*
 * due.h - the one timer of the small tables of net/: addresses, routes, router
 * solicitation, leases, group membership.
 *
 * Each table knows its own deadlines and is looked through from start to end;
 * what they share is a timer that is not later than the earliest of them.
 */
#ifndef SAMPAN_NET_DUE_H
#define SAMPAN_NET_DUE_H

#include <sampan/sampan.h>

/* One of the tables has something to do at that time. */
void sp_due_at(struct sampan *s, sampan_time at);

/* The timer went off: every table does what has come due. */
void sp_due(struct sampan *s);

static inline sampan_time
sp_earlier(sampan_time a, sampan_time b)
{
	return a < b ? a : b;
}

#endif
