/*
 * walk.c - looking at a whole stack: counters, sizes, every connection.
 *
 * A walk goes over the slabs that hold control blocks and their compact
 * stand-ins, so it needs no list of connections and misses none that stays.
 * The cursor is the number of the slab and of the object in it.
 */
#include <sampan/option.h>
#include <sampan/socket.h>

#include "net/stack.h"
#include "tcp/tcp.h"
#include "tcp/tcp_mem.h"
#include "udp/udp.h"

static void
look_at_tcb(const struct sampan *s, const struct tcp_tcb *t, struct sampan_status *st,
    struct sampan_tcp_info *info)
{
	sp_tcp_status(s, t, st);
	if (info != NULL)
		sp_tcp_info(s, t, info);
}

/* Where a walk puts what it finds. */
struct found {
	struct sampan_status *status;
	struct sampan_tcp_info *info;	/* NULL: not asked for */
	bool udp;
};

/* Is it in use?  Then its status.  A record that was given back says so itself:
 * a control block by its state, the others by a local port of 0. */
static bool
look(const struct sampan *s, uint32_t ref, struct sampan_status *st, struct sampan_tcp_info *info)
{
	const enum sp_kind kind = sp_arena_kind(&s->arena, ref);
	const struct sp_flow *flow = sp_at(&s->arena, ref);

	if (kind == SP_KIND_TCB) {
		if (tcp_tcb_at(s, ref)->state == SAMPAN_TCP_STATE_COUNT)
			return false;
		look_at_tcb(s, tcp_tcb_at(s, ref), st, info);
		return true;
	}
	if (flow->local_port == 0 ||
	    (kind == SP_KIND_UDP && udp_is_raw(sp_at(&s->arena, ref))))
		return false;
	if (kind == SP_KIND_UDP) {
		sp_udp_status(s, sp_at(&s->arena, ref), st);
		return true;
	}
	if (kind == SP_KIND_HALF_OPEN)
		sp_tcp_status_half_open(s, sp_at(&s->arena, ref), st);
	else
		sp_tcp_status_time_wait(s, sp_at(&s->arena, ref), st);
	if (info != NULL)
		*info = (struct sampan_tcp_info){
			.has = UINT64_C(1) << SAMPAN_INFO_state,
			.state = st->state,
		};
	return true;
}

/* Of the kinds that this walk is about? */
static bool
walkable(enum sp_kind kind, bool udp)
{
	if (udp)
		return kind == SP_KIND_UDP;
	return kind == SP_KIND_TCB || kind == SP_KIND_HALF_OPEN || kind == SP_KIND_TIME_WAIT;
}

static int
walk(const struct sampan *s, uint64_t *cursor, const struct found *out, unsigned max)
{
	uint32_t slab = (uint32_t)(*cursor >> 16), i = (uint32_t)*cursor & 0xffff;
	unsigned n = 0, looked = 0;

	while (n < max && looked++ < 4 * max) {
		const bool end = slab >= s->arena.slabs_fresh;
		const enum sp_kind kind = end ? SP_KIND_FREE :
		    sp_arena_kind(&s->arena, sp_slab_ref(&s->arena, slab));
		const uint32_t ref = walkable(kind, out->udp) ?
		    sp_pool_nth(&s->arena, kind, slab, i) : 0;

		if (end) {
			*cursor = SAMPAN_WALK_END;
			return (int)n;
		}
		if (ref != 0 &&
		    look(s, ref, &out->status[n], out->info != NULL ? &out->info[n] : NULL))
			n++;
		i = ref != 0 ? i + 1 : 0;
		slab += ref == 0;
	}
	*cursor = (uint64_t)slab << 16 | i;
	return (int)n;
}

int
sampan_walk_info(const struct sampan *s, uint64_t *cursor, struct sampan_status *out,
    struct sampan_tcp_info *info, unsigned max)
{
	return walk(s, cursor, &(struct found){ out, info, false }, max);
}

int
sampan_walk_udp(const struct sampan *s, uint64_t *cursor, struct sampan_status *out,
    unsigned max)
{
	return walk(s, cursor, &(struct found){ out, NULL, true }, max);
}

int
sampan_walk(const struct sampan *s, uint64_t *cursor, struct sampan_status *out, unsigned max)
{
	return sampan_walk_info(s, cursor, out, NULL, max);
}

void
sampan_stats(const struct sampan *s, struct sampan_stats *stats)
{
	*stats = (struct sampan_stats){
		.used_bytes = sp_arena_used_bytes(&s->arena),
		.total_bytes = sp_arena_total_bytes(&s->arena),
		.connections = s->arena.pool[SP_KIND_TCB].objects,
		.half_open = s->arena.pool[SP_KIND_HALF_OPEN].objects,
		.time_wait = s->arena.pool[SP_KIND_TIME_WAIT].objects,
		.timers = s->wheel.armed,
		.orphans = sp_tcp_const(s)->orphan_count,
		.tcp_mem_bytes = sp_tcp_mem_pages(s) * TCP_MEM_PAGE_BYTES,
	};
}

int
sampan_pool(const struct sampan *s, unsigned i, struct sampan_pool *pool)
{
	static const char *const names[] = {
		[SP_KIND_BUCKETS] = "hash table",
		[SP_KIND_OVERFLOW] = "hash overflow",
		[SP_KIND_TCB] = "connections",
		[SP_KIND_HALF_OPEN] = "half-open",
		[SP_KIND_TIME_WAIT] = "time-wait",
		[SP_KIND_TCP_TX] = "sending",
		[SP_KIND_TCP_RX] = "receiving",
		[SP_KIND_TCP_SENT] = "in flight",
		[SP_KIND_TCP_RARE] = "rare options",
		[SP_KIND_TCP_CC] = "congestion controls",
		[SP_KIND_TCP_TALLY] = "tallies",
		[SP_KIND_TCP_ACCECN] = "accurate ECN",
		[SP_KIND_TCP_SOURCE] = "sources",
		[SP_KIND_LISTEN] = "listeners",
		[SP_KIND_UDP] = "UDP sockets",
		[SP_KIND_FILTER] = "ICMP filters",
		[SP_KIND_NEIGH] = "neighbours",
		[SP_KIND_PMTU] = "path MTUs",
		[SP_KIND_ECHO] = "echo requests",
		[SP_KIND_DHCP] = "DHCP clients",
		[SP_KIND_GROUP] = "groups",
		[SP_KIND_NAMES] = "name servers",
		[SP_KIND_MEMBER] = "memberships",
		[SP_KIND_PORTS] = "ports",
		[SP_KIND_REASS] = "reassembly",
		[SP_KIND_FRAG] = "fragments",
		[SP_KIND_FRAG_GROUPS] = "fragment groups",
		[SP_KIND_HELD] = "packets of other threads",
		[SP_KIND_PART] = "gaps",
		[SP_KIND_SMALL] = "small chunks",
		[SP_KIND_LARGE] = "large chunks",
	};
	const unsigned kind = i + 1;	/* 0 is free memory */
	const struct sp_pool *p;

	_Static_assert(sizeof(names) / sizeof(names[0]) == SP_KIND_COUNT, "each has a name");
	if (kind >= SP_KIND_COUNT)
		return SAMPAN_ENOENT;
	p = &s->arena.pool[kind];
	*pool = (struct sampan_pool){
		.name = names[kind],
		.object_bytes = p->object_bytes,
		.objects = p->objects,
		.objects_max = p->objects_max,
		.bytes = (uint64_t)p->slabs << s->arena.slab_shift,
	};
	if (p->object_bytes == 0) {	/* whole slabs */
		pool->object_bytes = (uint32_t)1 << s->arena.slab_shift;
		pool->objects = pool->objects_max = p->slabs;
	}
	return 0;
}

uint64_t
sampan_counter(const struct sampan *s, unsigned i)
{
	return i < SAMPAN_COUNT_COUNT ? s->counter[i] : 0;
}
