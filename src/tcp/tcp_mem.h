/*
 * tcp_mem.h - how much memory all queues together take, and what that means:
 * net.ipv4.tcp_mem.  The whole block's limits are arena.h's.
 */
#ifndef SAMPAN_TCP_TCP_MEM_H
#define SAMPAN_TCP_TCP_MEM_H

#include "tcp/tcp_of.h"

/* The settings' unit. */
#define TCP_MEM_PAGE_BYTES 4096u

/* Shares of the block, unless somebody sets the numbers. */
void sp_tcp_mem_init(struct sampan *s);

/* What payload and its records take, in pages. */
uint64_t sp_tcp_mem_pages(const struct sampan *s);

/* Is everything in the block together less than what would be pressure, and was there
 * none?  Then none of the questions below need be asked. */
static inline bool
tcp_mem_calm(const struct sampan *s)
{
	const uint64_t slabs = (uint64_t)s->arena.slabs_used + SP_KIND_COUNT;
	const uint64_t pages = (slabs << s->arena.slab_shift) / TCP_MEM_PAGE_BYTES;

	return pages < (uint64_t)sp_setting(s, SAMPAN_SET_TCP_MEM_PRESSURE) &&
	    pages < (uint64_t)sp_setting(s, SAMPAN_SET_TCP_MEM_MAX) &&
	    !sp_tcp_const(s)->mem_pressure;
}

/* To be called when something has been queued: notes that pressure begins or
 * ends. */
void sp_tcp_mem_look_closer(struct sampan *s);

static inline void
sp_tcp_mem_look(struct sampan *s)
{
	if (!tcp_mem_calm(s))
		sp_tcp_mem_look_closer(s);
}

/* Generosity ends: buffers and windows do not grow.  From the second number on,
 * until it is below the first again. */
bool sp_tcp_mem_pressure(const struct sampan *s);

/* Past the third number: only what each connection is guaranteed. */
bool sp_tcp_mem_full(const struct sampan *s);

#endif
