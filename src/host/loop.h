/*
 * loop.h - what the control socket knows of the loop beyond host.h.
 */
#ifndef SAMPAN_HOST_LOOP_H
#define SAMPAN_HOST_LOOP_H

#include <sampan/host.h>

#include "link/relay.h"

/* Sockets of the stack that are not the application's. */
#define SP_LOOP_OWNED 8

/* The number of this turn: work that is rationed by turn starts anew when it
 * changes. */
uint64_t sp_loop_turn_number(const struct sampan_loop *loop);

/* Called in every turn, when all else has been done but the output.  Returns
 * when it is to be called next although nothing happens. */
typedef sampan_time sp_turn_fn(void *ctx, sampan_time now);
void sp_loop_on_turn(struct sampan_loop *loop, sp_turn_fn *fn, void *ctx);

/* The application hears nothing of this socket's events.  -1: too many. */
int sp_loop_own(struct sampan_loop *loop, sampan_handle handle);
void sp_loop_disown(struct sampan_loop *loop, sampan_handle handle);

/* The links that it serves; NULL behind the last. */
struct sampan_link *sp_loop_link_at(const struct sampan_loop *loop, unsigned i);

/* ---- Teams: host/team.c ---- */

struct sampan_team;

/* Before it has links.  -1: it has, or is in a team. */
int sp_loop_join(struct sampan_loop *loop, struct sampan_team *team, struct sp_relay *relay,
    unsigned member);

/* NULL: alone. */
struct sampan_team *sp_loop_team(const struct sampan_loop *loop);

/* Keeps the thread of a loop asleep, or waits until it sleeps; so its stack and links
 * may be looked at and called.  The leader's thread alone does so with the loops of
 * others, and each with its own between turns.  Nothing in a loop that is alone. */
void sp_loop_hold(struct sampan_loop *loop);
void sp_loop_release(struct sampan_loop *loop);

#endif
