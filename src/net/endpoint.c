/*
 * endpoint.c - see endpoint.h.
 */
#include "net/endpoint.h"

#include "net/stack.h"

void
sp_endpoint_raise(struct sampan *s, struct sp_endpoint *ep, unsigned events)
{
	ep->latched = (uint8_t)(ep->latched | events);
	if (sp_endpoint_attached(ep) && !sp_node_linked(&ep->ready))
		sp_list_push(&s->arena, &s->ready, &ep->ready);
}

void
sp_endpoint_attach(struct sampan *s, struct sp_endpoint *ep)
{
	s->generation++;
	if (s->generation == 0)
		s->generation = 1;
	ep->generation = s->generation;
	if (ep->latched != 0)
		sp_endpoint_raise(s, ep, 0);
}

void
sp_endpoint_detach(struct sampan *s, struct sp_endpoint *ep)
{
	if (sp_node_linked(&ep->ready))
		sp_list_remove(&s->arena, &s->ready, &ep->ready);
	ep->generation = 0;
	ep->latched = 0;
}

void
sp_endpoint_fail(struct sampan *s, struct sp_endpoint *ep, int error)
{
	if (ep->was_error == 0) {
		ep->error = (uint8_t)-error;
		ep->was_error = (uint8_t)-error;
	}
	sp_endpoint_raise(s, ep, SAMPAN_FAILED | SAMPAN_CLOSED | SAMPAN_READABLE | SAMPAN_WRITABLE);
}
