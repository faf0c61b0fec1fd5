/*
 * stack.c - the network part of a stack: its tables and settings.
 */
#include "net/stack.h"

#include <string.h>

#include "buf/chunk.h"
#include "net/dhcp.h"
#include "net/echo.h"
#include "net/group.h"
#include "net/names.h"
#include "net/neigh.h"
#include "net/pmtu.h"
#include "net/port.h"
#include "net/reass.h"
#include "net/reply.h"

/* A stack that cannot take this many slabs cannot hold a conversation. */
#define SLABS_MIN 16

static const int64_t setting_defaults[SAMPAN_SET_COUNT] = {
#define X(id, name, def, least, most, unit, text) [SAMPAN_SET_##id] = def,
	SAMPAN_SETTINGS(X)
#undef X
};

/* A directory of hash segments may name an eighth of all slabs. */
static uint32_t
dir_entries(size_t bytes)
{
	return (uint32_t)(bytes >> sp_arena_slab_shift(bytes) >> 3) + 8;
}

static uint32_t
trace_entries(const struct sampan_config *config)
{
	uint32_t n = 1;

	if (config->trace_entries == 0)
		return 0;
	while (n <= config->trace_entries / 2)
		n *= 2;
	return n;
}

static size_t
round_up(size_t n)
{
	return (n + SP_ARENA_ALIGN - 1) & ~(size_t)(SP_ARENA_ALIGN - 1);
}

static uint32_t
layout_hash(const struct sampan *s)
{
	static const struct sp_key key = { { SP_ARENA_MAGIC, SP_ARENA_VERSION } };
	uint64_t w[2 + SP_KIND_COUNT] = { sizeof(struct sampan), SAMPAN_COUNT_COUNT };

	for (unsigned i = 0; i < SP_KIND_COUNT; i++)
		w[2 + i] = s->arena.pool[i].object_bytes;
	return (uint32_t)sp_siphash13_words(&key, w, 2 + SP_KIND_COUNT);
}

/* A key of its own, from one that is as secret. */
static struct sp_key
purpose_key(const struct sp_key *key, uint64_t purpose)
{
	const uint64_t w[2] = { purpose, 1 }, v[2] = { purpose, 2 };

	return (struct sp_key){ {
	    sp_siphash24(key, w, sizeof(w)),
	    sp_siphash24(key, v, sizeof(v)),
	} };
}

void
sp_stack_draw_keys(struct sampan *s)
{
	s->flow_key = sp_rng_key(&s->rng);
	s->label_key = purpose_key(&s->flow_key, 1);
}

bool
sp_stack_init(struct sampan *s, size_t bytes, const struct sampan_config *config)
{
	const size_t dir_bytes = round_up(dir_entries(bytes) * sizeof(uint32_t));
	const uint32_t entries = trace_entries(config);
	const size_t dir = round_up(sizeof(*s));
	const size_t neigh_dir = dir + dir_bytes;
	const size_t sources_dir = neigh_dir + SP_ARENA_ALIGN;
	const size_t ring = sources_dir + dir_bytes;
	const size_t head = ring + entries * sizeof(struct sp_trace_entry);

	if (head >= bytes || !sp_arena_init(&s->arena, bytes, head, SLABS_MIN))
		return false;
	memset((uint8_t *)s + sizeof(s->arena), 0, sizeof(*s) - sizeof(s->arena));
	memcpy(s->setting, setting_defaults, sizeof(s->setting));
	s->csum_variant = config->csum_variant;
	sp_rng_init(&s->rng, config->seed);
	sp_stack_draw_keys(s);
	s->iid_key = config->secret[0] != 0 || config->secret[1] != 0 ?
	    (struct sp_key){ { config->secret[0], config->secret[1] } } :
	    purpose_key(&s->flow_key, 2);
	sp_trace_init(&s->trace, sp_ref(&s->arena, (uint8_t *)s + ring), entries);
	sp_chunk_init(&s->arena);
	sp_pool_init(&s->arena, SP_KIND_OVERFLOW, sizeof(struct sp_bucket));
	sp_pool_init(&s->arena, SP_KIND_NEIGH, sizeof(struct sp_neigh));
	sp_pool_init(&s->arena, SP_KIND_ECHO, sizeof(struct sp_echo_table));
	sp_dhcp_init(s);
	sp_pmtu_init(s);
	sp_group_init(s);
	sp_names_init(s);
	sp_port_init(s);
	sp_reass_init(s);
	sp_team_init(s);
	s->sources_dir = sp_ref(&s->arena, (uint8_t *)s + sources_dir);
	s->sources_dir_entries = dir_entries(bytes);
	s->arena.layout = layout_hash(s);
	return sp_table_init(&s->conns, &s->arena, sp_ref(&s->arena, (uint8_t *)s + dir),
		   dir_entries(bytes)) &&
	    sp_table_init(&s->neighs, &s->arena, sp_ref(&s->arena, (uint8_t *)s + neigh_dir),
		SP_ARENA_ALIGN / sizeof(uint32_t));
}

void
sp_stack_lose_time(struct sampan *s)
{
	const sampan_time there = (s->wheel.now << SP_TICK_SHIFT) + SP_LATE_MAX;

	s->lost_dur += s->now - there;
	s->now = there;
	sp_count(s, SAMPAN_COUNT_CLOCK_JUMPS);
}

void
sp_drop(struct sampan *s, enum sampan_count reason, unsigned link)
{
	s->counter[reason]++;
	s->dropped = (uint16_t)(reason + 1);
	if (s->trace.count != 0)
		sp_trace_add(&s->trace, &s->arena,
		    &(struct sp_trace_entry){
			.at = sp_stack_callers_time(s, s->now),
			.event = (uint16_t)reason,
			.link = (uint16_t)link,
		    });
}
