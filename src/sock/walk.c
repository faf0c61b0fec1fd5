/*
 * walk.c - looking at a whole stack: counters, sizes, every connection.
 *
 * A walk goes over the slabs that hold control blocks and their compact
 * stand-ins, so it needs no list of connections and misses none that stays.
 * The cursor is the number of the slab and of the object in it.
 */
#include <sampan/socket.h>

#include "net/stack.h"
#include "tcp/tcp.h"
#include "tcp/tcp_mem.h"

static void
status_of_half_open(const struct tcp_half_open *h, struct sampan_status *st)
{
	*st = (struct sampan_status){
		.state = SAMPAN_TCP_SYN_RECEIVED,
		.local = { h->flow.local, h->flow.local_port, 0 },
		.peer = { h->flow.remote, h->flow.remote_port, 0 },
	};
}

static void
status_of_time_wait(const struct tcp_time_wait *w, struct sampan_status *st)
{
	*st = (struct sampan_status){
		.state = SAMPAN_TCP_TIME_WAIT,
		.local = { w->flow.local, w->flow.local_port, w->link },
		.peer = { w->flow.remote, w->flow.remote_port, w->link },
	};
}

/* Is it in use?  Then its status.  A record that was given back says so itself:
 * a control block by its state, the others by a local port of 0. */
static bool
look(const struct sampan *s, enum sp_kind kind, uint32_t ref, struct sampan_status *st)
{
	const struct sp_flow *flow = sp_at(&s->arena, ref);

	if (kind == SP_KIND_TCB) {
		if (tcp_tcb_at(s, ref)->state == SAMPAN_TCP_STATE_COUNT)
			return false;
		sp_tcp_status(s, tcp_tcb_at(s, ref), st);
		return true;
	}
	if (flow->local_port == 0)
		return false;
	if (kind == SP_KIND_HALF_OPEN)
		status_of_half_open(sp_at(&s->arena, ref), st);
	else
		status_of_time_wait(sp_at(&s->arena, ref), st);
	return true;
}

static bool
walkable(enum sp_kind kind)
{
	return kind == SP_KIND_TCB || kind == SP_KIND_HALF_OPEN || kind == SP_KIND_TIME_WAIT;
}

int
sampan_walk(const struct sampan *s, uint64_t *cursor, struct sampan_status *out, unsigned max)
{
	uint32_t slab = (uint32_t)(*cursor >> 16), i = (uint32_t)*cursor & 0xffff;
	unsigned n = 0, looked = 0;

	while (n < max && looked++ < 4 * max) {
		const bool end = slab >= s->arena.slabs_fresh;
		const enum sp_kind kind = end ? SP_KIND_FREE :
		    sp_arena_kind(&s->arena, sp_slab_ref(&s->arena, slab));
		const uint32_t ref = walkable(kind) ? sp_pool_nth(&s->arena, kind, slab, i) : 0;

		if (end) {
			*cursor = SAMPAN_WALK_END;
			return (int)n;
		}
		if (ref != 0 && look(s, kind, ref, &out[n]))
			n++;
		i = ref != 0 ? i + 1 : 0;
		slab += ref == 0;
	}
	*cursor = (uint64_t)slab << 16 | i;
	return (int)n;
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

uint64_t
sampan_counter(const struct sampan *s, unsigned i)
{
	return i < SAMPAN_COUNT_COUNT ? s->counter[i] : 0;
}
