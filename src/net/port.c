/*
 * port.c - see port.h.
 */
#include "net/port.h"

#include <string.h>

#define RESERVED ((uint32_t)1 << 31)

/* Counts of 256 ports that follow each other; only while one of them is not 0. */
struct page {
	uint32_t count[SP_PORTS_IN_PAGE];
};

static uint32_t *
count_at(const struct sampan *s, uint16_t port)
{
	struct page *p = sp_at(&s->arena, s->port_page[port / SP_PORTS_IN_PAGE]);

	return &p->count[port % SP_PORTS_IN_PAGE];
}

void
sp_port_init(struct sampan *s)
{
	sp_pool_init(&s->arena, SP_KIND_PORTS, sizeof(struct page));
}

/* False: no memory. */
static bool
need_page(struct sampan *s, uint16_t port)
{
	uint32_t *const page = &s->port_page[port / SP_PORTS_IN_PAGE];

	if (*page == 0) {
		*page = sp_pool_take(&s->arena, SP_KIND_PORTS);
		if (*page == 0)
			return false;
		memset(sp_at(&s->arena, *page), 0, sizeof(struct page));
	}
	return true;
}

bool
sp_port_hold(struct sampan *s, uint16_t port)
{
	if (!need_page(s, port))
		return false;
	(*count_at(s, port))++;
	return true;
}

static bool
is_empty(const struct page *p)
{
	for (unsigned i = 0; i < SP_PORTS_IN_PAGE; i++)
		if (p->count[i] != 0)
			return false;
	return true;
}

static void
give_page(struct sampan *s, uint16_t port)
{
	uint32_t *const page = &s->port_page[port / SP_PORTS_IN_PAGE];

	if (!is_empty(sp_at(&s->arena, *page)))
		return;
	sp_pool_give(&s->arena, SP_KIND_PORTS, *page);
	*page = 0;
}

void
sp_port_drop(struct sampan *s, uint16_t port)
{
	if (--*count_at(s, port) == 0)
		give_page(s, port);
}

bool
sp_port_reserve(struct sampan *s, uint16_t port)
{
	if (!need_page(s, port))
		return false;
	*count_at(s, port) |= RESERVED;
	return true;
}

void
sp_port_unreserve(struct sampan *s, uint16_t port)
{
	*count_at(s, port) &= ~RESERVED;
	if (*count_at(s, port) == 0)
		give_page(s, port);
}

bool
sp_port_is_reserved(const struct sampan *s, uint16_t port)
{
	return s->port_page[port / SP_PORTS_IN_PAGE] != 0 && (*count_at(s, port) & RESERVED) != 0;
}

uint32_t
sp_port_count(const struct sampan *s, uint16_t port)
{
	return s->port_page[port / SP_PORTS_IN_PAGE] != 0 ?
	    *count_at(s, port) & ~RESERVED : 0;
}
