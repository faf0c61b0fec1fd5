/*
 * pool.c - memory that ends all at once.
 */
#include "pkt/pool.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)16 << 10)
#define ALIGN alignof(max_align_t)

struct pkt_block {
	struct pkt_block *next;
	size_t used, bytes;
	alignas(max_align_t) unsigned char data[];
};

static struct pkt_block *
add_block(struct pkt_pool *pool, size_t bytes)
{
	struct pkt_block *b = calloc(1, sizeof(*b) + bytes);

	if (b == NULL) {
		(void)fputs("sampan-pkt: out of memory\n", stderr);
		exit(2);
	}
	b->bytes = bytes;
	b->next = pool->blocks;
	pool->blocks = b;
	return b;
}

void *
sp_pkt_alloc(struct pkt_pool *pool, size_t bytes)
{
	const size_t want = (bytes + ALIGN - 1) / ALIGN * ALIGN;
	struct pkt_block *b = pool->blocks;
	void *at;

	if (b == NULL || b->bytes - b->used < want)
		b = add_block(pool, want > BLOCK_BYTES ? want : BLOCK_BYTES);
	at = b->data + b->used;
	b->used += want;
	return at;
}

char *
sp_pkt_copy(struct pkt_pool *pool, const char *text, size_t n)
{
	char *copy = sp_pkt_alloc(pool, n + 1);

	if (n > 0)
		memcpy(copy, text, n);
	return copy;
}

char *
sp_pkt_printf(struct pkt_pool *pool, const char *format, ...)
{
	va_list args, again;
	char *text;
	int n;

	va_start(args, format);
	va_copy(again, args);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): see link/why.c */
	n = vsnprintf(NULL, 0, format, args);
	text = sp_pkt_alloc(pool, n < 0 ? 1 : (size_t)n + 1);
	if (n > 0)
		/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): see link/why.c */
		(void)vsnprintf(text, (size_t)n + 1, format, again);
	va_end(again);
	va_end(args);
	return text;
}

void
sp_pkt_pool_free(struct pkt_pool *pool)
{
	while (pool->blocks != NULL) {
		struct pkt_block *b = pool->blocks;

		pool->blocks = b->next;
		free(b);
	}
}
