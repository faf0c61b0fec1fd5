/*
 * endpoint.h - what every kind of socket has: its name, the application's
 * word, and what happened to it since it was last reported.
 *
 * Lies inside the transport's control block on a granule.  An endpoint that
 * no handle names (an orphan, or one that waits to be accepted) is detached:
 * its events latch but are not reported.
 */
#ifndef SAMPAN_NET_ENDPOINT_H
#define SAMPAN_NET_ENDPOINT_H

#include "base/list.h"

struct sampan;

struct sp_endpoint {
	struct sp_node ready;	/* in the stack's ready list, or in a listener's accept queue */
	uint64_t user;
	uint32_t generation;	/* of the handle; 0: detached */
	uint8_t latched;	/* enum sampan_event_bits, not yet reported */
	uint8_t error;		/* -SAMPAN_E* to report once, 0: none */
	uint8_t was_error;	/* the error that ended it, kept for status */
	uint8_t soft_error;	/* -SAMPAN_E* that did not end it: the reason if a time-out does */
};
_Static_assert(sizeof(struct sp_endpoint) == 24, "part of each control block");

/* Latches events, and stands an attached endpoint into the ready list. */
void sp_endpoint_raise(struct sampan *s, struct sp_endpoint *ep, unsigned events);

/* Gives a detached endpoint a name; what had latched is reported now. */
void sp_endpoint_attach(struct sampan *s, struct sp_endpoint *ep);

/* Takes the name and all pending reports away. */
void sp_endpoint_detach(struct sampan *s, struct sp_endpoint *ep);

/* Records what ended it, once; the first one counts. */
void sp_endpoint_fail(struct sampan *s, struct sp_endpoint *ep, int error);

static inline bool
sp_endpoint_attached(const struct sp_endpoint *ep)
{
	return ep->generation != 0;
}

#endif
