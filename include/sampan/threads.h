/*
 * threads.h - several threads with one address, for programs on Linux: loops
 * whose stacks are a team (team.h), a link of several queues, and rings that
 * hand on what arrives at the wrong one.
 *
 * Only what is said to be called by any thread is.  Errors as in host.h.
 */
#ifndef SAMPAN_THREADS_H
#define SAMPAN_THREADS_H

#include <sampan/team.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sampan_link;
struct sampan_loop;

/* The same with several queues, 1 to SAMPAN_TEAM_MAX, each a link of its own in
 * out[]: one for each thread of a team.  All or none are opened. */
SAMPAN_API int sampan_link_open_queues(const char *spec, unsigned queues,
    struct sampan_link **out, char *why, size_t why_len);

struct sampan_team;

/* A team of so many members, to be filled in this order:
 *
 *	sampan_team_enlist()	a new stack: 0 leads, and the rest follow
 *	sampan_loop_open()	around it
 *	sampan_team_run()	the loop hands on and takes what is handed on
 *	sampan_link_attach(), sampan_loop_add_link()	its queue of the link
 *
 * All that, addresses, and the control socket of the leader's loop in one thread;
 * then each loop turns in a thread of its own.  Loops are closed when all threads have
 * ended, before the team.  EINVAL: members.  ENOMEM. */
SAMPAN_API int sampan_team_open(unsigned members, struct sampan_team **out);

/* All flows of this local port are the leader's: for services that are one.  Before the
 * first member.  ENOSPC: SAMPAN_TEAM_PINS are pinned. */
SAMPAN_API int sampan_team_pin(struct sampan_team *team, uint16_t port);

/* Returns its number.  EINVAL: not a new stack, or all are there. */
SAMPAN_API int sampan_team_enlist(struct sampan_team *team, struct sampan *s);

/* EINVAL: no such member, or the loop has links already. */
SAMPAN_API int sampan_team_run(struct sampan_team *team, unsigned member,
    struct sampan_loop *loop);

/* That member's loop ends its sleep; called by any thread. */
SAMPAN_API void sampan_team_wake(struct sampan_team *team, unsigned member);

SAMPAN_API void sampan_team_close(struct sampan_team *team);

#ifdef __cplusplus
}
#endif

#endif
