/*
 * team.c - a stack becomes one of several: sampan/team.h.  What a member does
 * with frames is net/team.h's.
 */
#include <sampan/team.h>

#include "sock/sock.h"
#include "wire/ip4.h"

/* Has nobody used it yet? */
static bool
is_new(const struct sampan *s)
{
	return !s->link[1].used && s->conns.entries == 0 && s->neighs.entries == 0 &&
	    s->arena.pool[SP_KIND_TCB].objects == 0 && s->arena.pool[SP_KIND_UDP].objects == 0;
}

/* What outsiders can see the work of comes of the team's key, in all alike; what is
 * drawn for each (ports, identifications) differs, even if the seeds do not. */
static void
take_key(struct sampan *s, const struct sampan_team_config *config)
{
	const uint64_t own[2] = {sp_rng_u64(&s->rng), config->number};
	uint64_t seed[2];

	memcpy(seed, config->key, sizeof(seed));
	sp_rng_init(&s->rng, seed);
	sp_stack_draw_keys(s);
	sp_tcp_draw_keys(s);
	sp_rng_init(&s->rng, own);
}

int
sampan_team_join(struct sampan *s, const struct sampan_team_config *config)
{
	if (config->size != sizeof(*config) || config->members < 1 ||
	    config->members > SAMPAN_TEAM_MAX || config->number >= config->members || !is_new(s))
		return SAMPAN_EINVAL;
	take_key(s, config);
	s->team.members = (uint8_t)config->members;
	s->team.number = (uint8_t)config->number;
	s->team.steers = config->members > 1;
	s->team.pins = 0;
	for (unsigned i = 0; i < SAMPAN_TEAM_PINS; i++)
		if (config->pin[i] != 0)
			s->team.pin[s->team.pins++] = config->pin[i];
	return 0;
}

unsigned
sampan_team_owner(
    const struct sampan *s, const struct sampan_sockaddr *local, const struct sampan_sockaddr *peer)
{
	const struct sp_flow flow = {
	    .remote = sp_addr_scoped(peer->addr, peer->link),
	    .local = sp_addr_scoped(local->addr, local->link),
	    .remote_port = peer->port,
	    .local_port = local->port,
	};

	return sp_team_owner(s, IP_PROTO_TCP, &flow, sp_flow_hash(&s->flow_key, &flow));
}
