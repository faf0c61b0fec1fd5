/*
 * tcp_mem.h - how much memory all queues together take, and what that means:
 * net.ipv4.tcp_mem.  The whole block's limits are arena.h's.
 */
#ifndef SAMPAN_TCP_TCP_MEM_H
#define SAMPAN_TCP_TCP_MEM_H

#include "net/stack.h"

/* The settings' unit. */
#define TCP_MEM_PAGE_BYTES 4096u

/* Shares of the block, unless somebody sets the numbers. */
void sp_tcp_mem_init(struct sampan *s);

/* What payload and its records take, in pages. */
uint64_t sp_tcp_mem_pages(const struct sampan *s);

/* To be called when something has been queued: notes that pressure begins or
 * ends. */
void sp_tcp_mem_look(struct sampan *s);

/* Generosity ends: buffers and windows do not grow.  From the second number on,
 * until it is below the first again. */
bool sp_tcp_mem_pressure(const struct sampan *s);

/* Past the third number: only what each connection is guaranteed. */
bool sp_tcp_mem_full(const struct sampan *s);

#endif
