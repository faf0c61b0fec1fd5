/*
 * team.h - what the control socket knows of a team beyond threads.h.
 */
#ifndef SAMPAN_HOST_TEAM_H
#define SAMPAN_HOST_TEAM_H

#include <sampan/host.h>
#include <sampan/threads.h>

/* Loops of the team that this loop is in, itself among them; one that is alone
 * is the only one of its own. */
unsigned sp_team_loops(const struct sampan_loop *loop);
struct sampan_loop *sp_team_loop(struct sampan_loop *loop, unsigned i);

/* The stack of one of them, whose thread stays asleep until it is left alone again; for
 * the leader's thread, in a turn of its own. */
struct sampan *sp_team_look(struct sampan_loop *own, unsigned i);
void sp_team_leave_alone(struct sampan_loop *own, unsigned i);

/* A loop is about to be closed; nothing for one that is alone. */
void sp_team_leave(struct sampan_team *team, unsigned member);

#endif
