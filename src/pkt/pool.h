/*
 * pool.h - memory that ends all at once: a script, its tree, what a run
 * collects.
 */
#ifndef SAMPAN_PKT_POOL_H
#define SAMPAN_PKT_POOL_H

#include <stddef.h>

struct pkt_block;

/* Starts as { NULL }. */
struct pkt_pool {
	struct pkt_block *blocks;
};

/* Zeroed and aligned for anything; never NULL: without memory the process
 * ends with a message. */
void *sp_pkt_alloc(struct pkt_pool *pool, size_t bytes);

/* A copy of n bytes, with a zero after it. */
char *sp_pkt_copy(struct pkt_pool *pool, const char *text, size_t n);

__attribute__((format(printf, 2, 3)))
char *sp_pkt_printf(struct pkt_pool *pool, const char *format, ...);

void sp_pkt_pool_free(struct pkt_pool *pool);

#endif
