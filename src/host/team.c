/*
 * team.c - threads that share one address (threads.h): which loops are in it.  What
 * passes between them is link/relay.h's, whose a frame is net/team.h's.
 */
#include "host/team.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "host/loop.h"

struct sampan_team {
	struct sp_relay *relay;
	struct sampan_team_config config;	   /* of the next member */
	struct sampan_loop *loop[SAMPAN_TEAM_MAX]; /* NULL: closed */
};

int
sampan_team_open(unsigned members, struct sampan_team **out)
{
	struct sampan_team *team;

	if (members < 1 || members > SAMPAN_TEAM_MAX) {
		errno = EINVAL;
		return -1;
	}
	team = calloc(1, sizeof(*team));
	if (team == NULL)
		return -1;
	team->config.size = sizeof(team->config);
	team->config.members = members;
	team->relay = sp_relay_open(members);
	if (team->relay == NULL ||
	    getrandom(team->config.key, sizeof(team->config.key), 0) !=
		(ssize_t)sizeof(team->config.key)) {
		sampan_team_close(team);
		errno = ENOMEM;
		return -1;
	}
	*out = team;
	return 0;
}

int
sampan_team_pin(struct sampan_team *team, uint16_t port)
{
	unsigned i = 0;

	while (i < SAMPAN_TEAM_PINS && team->config.pin[i] != 0 && team->config.pin[i] != port)
		i++;
	if (i == SAMPAN_TEAM_PINS || port == 0 || team->config.number > 0) {
		errno = i == SAMPAN_TEAM_PINS ? ENOSPC : EINVAL;
		return -1;
	}
	team->config.pin[i] = port;
	return 0;
}

int
sampan_team_enlist(struct sampan_team *team, struct sampan *s)
{
	const int error = sampan_team_join(s, &team->config);

	if (error != 0) {
		errno = sampan_errno(error);
		return -1;
	}
	return (int)team->config.number++;
}

int
sampan_team_run(struct sampan_team *team, unsigned member, struct sampan_loop *loop)
{
	if (member >= team->config.number || team->loop[member] != NULL) {
		errno = EINVAL;
		return -1;
	}
	if (sp_loop_join(loop, team, team->relay, member) != 0)
		return -1;
	team->loop[member] = loop;
	return 0;
}

void
sampan_team_wake(struct sampan_team *team, unsigned member)
{
	if (member < team->config.members)
		sp_relay_wake(team->relay, member);
}

void
sampan_team_close(struct sampan_team *team)
{
	if (team == NULL)
		return;
	sp_relay_close(team->relay);
	free(team);
}

unsigned
sp_team_loops(const struct sampan_loop *loop)
{
	const struct sampan_team *team = sp_loop_team(loop);

	return team != NULL ? team->config.members : 1;
}

struct sampan_loop *
sp_team_loop(struct sampan_loop *loop, unsigned i)
{
	struct sampan_team *team = sp_loop_team(loop);

	return team != NULL ? team->loop[i] : loop;
}

struct sampan *
sp_team_look(struct sampan_loop *own, unsigned i)
{
	struct sampan_loop *loop = sp_team_loop(own, i);

	if (loop != own)
		sp_loop_hold(loop);
	return sampan_loop_stack(loop);
}

void
sp_team_leave_alone(struct sampan_loop *own, unsigned i)
{
	struct sampan_loop *loop = sp_team_loop(own, i);

	if (loop != own)
		sp_loop_release(loop);
}

void
sp_team_leave(struct sampan_team *team, unsigned member)
{
	if (team != NULL)
		team->loop[member] = NULL;
}
