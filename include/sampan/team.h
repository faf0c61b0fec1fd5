/*
 * team.h - several stacks with one address, one for each processor.
 *
 * The stacks of a team share nothing but a key.  Whose a flow is, is a function
 * that all of them compute alike: a keyed hash of both ends.  Member 0 leads: it
 * has what there is one of (ARP and neighbour discovery, addresses, routes, echo,
 * reassembly, DHCP), and tells the others what they need of it.
 *
 * A frame may arrive at any member.  sampan_input() processes what is its own and
 * marks the rest in frame.to; the caller carries those to the members they are
 * for, who take them by sampan_team_input():
 *
 *	sampan_input(mine)		frames that arrived here
 *	   frame.to != 0: carry it	as it is, before its bytes go
 *	sampan_team_next(mine)		until it returns 0: carry that too
 *	sampan_team_input(mine)		frames that others carried here
 *	sampan_team_tell(leader)	says something: sampan_team_hear(all others)
 *
 * Carrying costs, so whoever spreads frames should learn where flows come from.
 * A listener, and a UDP socket that is bound, must be opened in every member, or
 * its port pinned; connects choose ports whose flows are their own.  Ready-made
 * for threads: threads.h.
 */
#ifndef SAMPAN_TEAM_H
#define SAMPAN_TEAM_H

#include <sampan/sampan.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SAMPAN_TEAM_MAX 64 /* members */
#define SAMPAN_TEAM_PINS 8 /* ports of which the leader has all flows */

/* frame.to: 0: nobody's but of whom it was given to; else 1 + the member it is for,
 * or this: for all other members, and processed here too. */
#define SAMPAN_TO_ALL 255

struct sampan_team_config {
	size_t size;			/* sizeof(struct sampan_team_config) */
	unsigned members;		/* 1 to SAMPAN_TEAM_MAX */
	unsigned number;		/* of this one, from 0 on; 0 leads */
	uint8_t key[16];		/* of the team, secret: the same in all */
	uint16_t pin[SAMPAN_TEAM_PINS]; /* local ports, the same in all; 0: none */
};

/* Makes a new stack a member.  All keys that outsiders can see the work of (initial
 * sequence numbers, timestamps, cookies) come of the team's from here on.  Clocks of
 * the members must be the same.
 * INVAL: config, or the stack has links or sockets already. */
SAMPAN_API int sampan_team_join(struct sampan *s, const struct sampan_team_config *config);

/* The member whose TCP connection between these two ends it is. */
SAMPAN_API unsigned sampan_team_owner(const struct sampan *s, const struct sampan_sockaddr *local,
    const struct sampan_sockaddr *peer);

/* As sampan_input(), for frames that another member has marked for this one: they
 * are not marked again. */
SAMPAN_API int sampan_team_input(
    struct sampan *s, int link, struct sampan_frame *frames, unsigned n, sampan_time now);

/* A packet of another member's that came in fragments and is whole again: 1, with
 * its link and frame.to; to be given to sampan_sent() once it was carried.  0: none. */
SAMPAN_API int sampan_team_next(struct sampan *s, int *link, struct sampan_frame *frame);

/* Room for all that a leader may have to tell. */
#define SAMPAN_TEAM_WORDS 8192

/* What the leader's addresses, routes and links are now, if that has changed since
 * it told last: returns how many bytes it wrote, 0: nothing is new.  To be asked
 * before what it has to send leaves.
 * OPNOTSUPP: not the leader.  MSGSIZE: bytes has less room than SAMPAN_TEAM_WORDS. */
SAMPAN_API int sampan_team_tell(struct sampan *s, void *bytes, size_t room);

/* Takes that over; the same library, links added in the same order.  To be called
 * before frames that arrived later.
 * OPNOTSUPP: not a member that follows.  INVAL: not what a leader told. */
SAMPAN_API int sampan_team_hear(struct sampan *s, const void *bytes, size_t len);

/* So many frames could not be carried: SAMPAN_DROP_TEAM_FULL. */
SAMPAN_API void sampan_team_lost(struct sampan *s, unsigned n);

#ifdef __cplusplus
}
#endif

#endif
