/*
 * relay.h - how the threads of a team (sampan/team.h) hand on what is another's:
 * a ring for each of them to each other one, and what the leader tells all.
 *
 * A frame is copied once, into the ring, and read there.  A ring that is full
 * drops, counted under SAMPAN_DROP_TEAM_FULL: it is a queue like any other on a
 * frame's way.  Whoever sleeps is woken by a descriptor, whoever does not is left
 * alone: sp_relay_rest() says whether one may sleep.
 */
#ifndef SAMPAN_LINK_RELAY_H
#define SAMPAN_LINK_RELAY_H

#include <sampan/team.h>

struct sp_relay;

/* NULL: no memory, no descriptors. */
struct sp_relay *sp_relay_open(unsigned members);
void sp_relay_close(struct sp_relay *relay);

unsigned sp_relay_members(const struct sp_relay *relay);

/* A member, as its own thread names it in the calls below. */
struct sp_relay_end {
	unsigned member;
	struct sampan *stack;
};

/* Hands on those of n frames that its stack has marked for others, and what has
 * become whole there. */
void sp_relay_hand_on(struct sp_relay *relay, const struct sp_relay_end *e, int link,
    const struct sampan_frame *frames, unsigned n);

/* Gives its stack up to 64 frames from each other member; returns how many. */
unsigned sp_relay_input(struct sp_relay *relay, const struct sp_relay_end *e, sampan_time now);

/* The leader: tells the others what is new.  The others: hear it. */
void sp_relay_tell(struct sp_relay *relay, struct sampan *leader);
void sp_relay_hear(struct sp_relay *relay, const struct sp_relay_end *e);

/* About to sleep.  False: something is there already, or was just told. */
bool sp_relay_rest(struct sp_relay *relay, unsigned member);
/* Awake again. */
void sp_relay_rise(struct sp_relay *relay, unsigned member);

/* Readable when the member is to wake; any thread may wake it. */
int sp_relay_fd(const struct sp_relay *relay, unsigned member);
void sp_relay_wake(struct sp_relay *relay, unsigned member);

#endif
