/*
 * tcp_mem.c - see tcp_mem.h.
 *
 * Nothing is counted as it comes and goes: pools know how many slabs they hold,
 * so a look at six of them tells what is taken, padding and all.
 */
#include "tcp/tcp_mem.h"

#include "tcp/tcp_int.h"

void
sp_tcp_mem_init(struct sampan *s)
{
	const int64_t pages =
	    (int64_t)(sp_arena_total_bytes(&s->arena) / TCP_MEM_PAGE_BYTES);

	s->setting[SAMPAN_SET_TCP_MEM_MIN] = pages / 2 > 0 ? pages / 2 : 1;
	s->setting[SAMPAN_SET_TCP_MEM_PRESSURE] = pages * 5 / 8 > 0 ? pages * 5 / 8 : 1;
	s->setting[SAMPAN_SET_TCP_MEM_MAX] = pages > 0 ? pages : 1;
}

uint64_t
sp_tcp_mem_pages(const struct sampan *s)
{
	const struct sp_pool *pool = s->arena.pool;
	const uint64_t slabs = (uint64_t)pool[SP_KIND_SMALL].slabs + pool[SP_KIND_LARGE].slabs +
	    pool[SP_KIND_PART].slabs + pool[SP_KIND_TCP_TX].slabs + pool[SP_KIND_TCP_RX].slabs +
	    pool[SP_KIND_TCP_SENT].slabs;

	return (slabs << s->arena.slab_shift) / TCP_MEM_PAGE_BYTES;
}

/* Do they take so many pages?  Mostly everything together takes less: then there is
 * nothing to add up.  A pool may keep one slab beyond those in use. */
static bool
takes_pages(const struct sampan *s, uint64_t pages)
{
	const uint64_t all = (uint64_t)s->arena.slabs_used + SP_KIND_COUNT;

	return (all << s->arena.slab_shift) / TCP_MEM_PAGE_BYTES >= pages &&
	    sp_tcp_mem_pages(s) >= pages;
}

bool
sp_tcp_mem_pressure(const struct sampan *s)
{
	const bool was = sp_tcp_const(s)->mem_pressure;

	return takes_pages(s, (uint64_t)sp_setting(s, was ? SAMPAN_SET_TCP_MEM_MIN :
		SAMPAN_SET_TCP_MEM_PRESSURE));
}

void
sp_tcp_mem_look_closer(struct sampan *s)
{
	const bool now = sp_tcp_mem_pressure(s);

	if (now && !sp_tcp(s)->mem_pressure)
		sp_count(s, SAMPAN_COUNT_TCP_MEM_PRESSURES);
	sp_tcp(s)->mem_pressure = now;
}

bool
sp_tcp_mem_full(const struct sampan *s)
{
	return takes_pages(s, (uint64_t)sp_setting(s, SAMPAN_SET_TCP_MEM_MAX));
}
