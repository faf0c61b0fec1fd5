/*
 * world.c - what both worlds share: the queue of packets that came out.
 */
#include "pkt/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
sp_pkt_world_lacks(struct pkt_world *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): see link/why.c */
	(void)vsnprintf(w->lacks, sizeof(w->lacks), format, args);
	va_end(args);
	return PKT_LACKS;
}

void
sp_pkt_world_arrived(struct pkt_world *w, const uint8_t *packet, uint32_t len, int64_t at_ns)
{
	struct pkt_arrival *a = sp_pkt_alloc(&w->pool, sizeof(*a)), **at;

	a->at_ns = at_ns;
	a->len = len;
	a->bytes = sp_pkt_alloc(&w->pool, len + 1);
	memcpy(a->bytes, packet, len);
	for (at = &w->arrivals; *at != NULL; )
		at = &(*at)->next;
	*at = a;
}

void
sp_pkt_world_take(struct pkt_world *w, const struct pkt_arrival *a)
{
	struct pkt_arrival **at = &w->arrivals;

	while (*at != NULL && *at != a)
		at = &(*at)->next;
	if (*at != NULL)
		*at = a->next;
}

void
sp_pkt_world_end(struct pkt_world *w)
{
	if (w == NULL)
		return;
	w->ops->close(w);
	sp_pkt_pool_free(&w->pool);
	free(w);
}
