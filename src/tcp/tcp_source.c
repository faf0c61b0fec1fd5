/*
 * tcp_source.c - see tcp_source.h.  R-V-19; RFC 4987 §3 says why it is no defence
 * against forged addresses: those are what cookies are for.
 */
#include "tcp/tcp_source.h"

#include "tcp/tcp_int.h"

#define NETWORK6_BYTES 8

static struct sampan_addr
network_of(const struct sp_flow *flow)
{
	struct sampan_addr a = flow->remote;

	if (!sp_addr_is_v4(&a))
		memset(a.b + NETWORK6_BYTES, 0, sizeof(a.b) - NETWORK6_BYTES);
	return a;
}

static uint32_t
hash_of(const struct sampan *s, const struct sampan_addr *network)
{
	const struct sp_flow key = { .remote = *network };

	return sp_flow_hash(&s->flow_key, &key);
}

/* NULL: nothing is counted. */
static struct tcp_source *
find(const struct sampan *s, const struct sampan_addr *network)
{
	struct sp_cursor c = sp_table_find(&s->sources, &s->arena, hash_of(s, network));
	const struct sp_entry *e;

	while ((e = sp_table_next(&s->arena, &c)) != NULL) {
		struct tcp_source *source = sp_at(&s->arena, e->ref);

		if (sp_addr_equal(&source->addr, network))
			return source;
	}
	return NULL;
}

bool
sp_tcp_source_full(const struct sampan *s, const struct sp_flow *flow, enum tcp_source_what what)
{
	const uint64_t most = tcp_source_most(s, what);
	const struct tcp_source *source;
	struct sampan_addr network;

	if (most == 0 || s->sources.entries == 0)
		return false;
	network = network_of(flow);
	source = find(s, &network);
	return source != NULL && source->count[what] >= most;
}

/* The table itself takes memory only when it is needed first. */
static struct tcp_source *
make(struct sampan *s, const struct sampan_addr *network)
{
	struct tcp_source *source;
	uint32_t ref;

	if (s->sources.buckets == 0 &&
	    !sp_table_init(&s->sources, &s->arena, s->sources_dir, s->sources_dir_entries))
		return NULL;
	ref = sp_pool_take(&s->arena, SP_KIND_TCP_SOURCE);
	if (ref == 0)
		return NULL;
	source = sp_at(&s->arena, ref);
	*source = (struct tcp_source){ .addr = *network };
	if (sp_table_add(&s->sources, &s->arena, hash_of(s, network), ref, 0))
		return source;
	sp_pool_give(&s->arena, SP_KIND_TCP_SOURCE, ref);
	return NULL;
}

void
sp_tcp_source_add(struct sampan *s, const struct sp_flow *flow, enum tcp_source_what what)
{
	struct sampan_addr network;
	struct tcp_source *source = NULL;

	if (tcp_source_most(s, what) == 0)
		return;
	network = network_of(flow);
	if (s->sources.entries != 0)
		source = find(s, &network);
	if (source == NULL)
		source = make(s, &network);
	if (source != NULL)
		source->count[what]++;
}

void
sp_tcp_source_drop(struct sampan *s, const struct sp_flow *flow, enum tcp_source_what what)
{
	struct sampan_addr network;
	struct tcp_source *source;

	if (s->sources.entries == 0)
		return;
	network = network_of(flow);
	source = find(s, &network);
	if (source == NULL || source->count[what] == 0)
		return;
	source->count[what]--;
	if (source->count[TCP_SOURCE_HALF_OPEN] != 0 || source->count[TCP_SOURCE_CONNECTION] != 0)
		return;
	sp_table_remove(&s->sources, &s->arena, hash_of(s, &network), sp_ref(&s->arena, source));
	sp_pool_give(&s->arena, SP_KIND_TCP_SOURCE, sp_ref(&s->arena, source));
}
