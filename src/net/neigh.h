/*
 * neigh.h - neighbours: who on a link has which address, for ARP and later
 * NDP over one table.
 *
 * States and times follow RFC 4861 §7.3 for both (RFC 1122 §2.3.2.1 asks ARP
 * for the same).  Nothing is queued here: what waits for a neighbour stands in
 * its link's `held` and `parked` lists and tries again when one is decided.
 */
#ifndef SAMPAN_NET_NEIGH_H
#define SAMPAN_NET_NEIGH_H

#include "net/stack.h"

enum sp_neigh_state {
	SP_NEIGH_NEW,		/* never asked for */
	SP_NEIGH_INCOMPLETE,	/* asked for, no answer yet */
	SP_NEIGH_REACHABLE,	/* confirmed a moment ago */
	SP_NEIGH_STALE,		/* confirmed some time ago; used while it is checked */
	SP_NEIGH_DELAY,		/* used; TCP may confirm it before we ask */
	SP_NEIGH_PROBE,		/* asked directly */
	SP_NEIGH_FAILED,	/* did not answer */
};

struct sp_neigh {
	struct sampan_addr addr;	/* 0 */
	uint8_t mac[6];		/* 16 */
	uint8_t link;		/* 22 */
	uint8_t state;		/* 23: enum sp_neigh_state */
	uint32_t refs;		/* 24: connections that hold it */
	uint32_t hash;		/* 28 */
	struct sp_node idle;	/* 32: in the stack's neigh_idle while refs == 0 */
	uint8_t probes;		/* 40: sent in this state */
	uint8_t ask;		/* 41: 0 nothing to send, 1 broadcast, 2 to mac */
	uint16_t pad;
	sp_tick confirmed_at;	/* 44 */
	struct sp_timer timer;	/* 48 */
	uint32_t pad2;
};
_Static_assert(sizeof(struct sp_neigh) == 64, "one cache line");
_Static_assert(offsetof(struct sp_neigh, timer) % SP_GRANULE == 0, "a node lies on a granule");
_Static_assert(offsetof(struct sp_neigh, idle) % SP_GRANULE == 0, "a node lies on a granule");

enum sp_neigh_verdict {
	SP_NEIGH_USE,		/* mac is good */
	SP_NEIGH_WAIT,		/* being asked for: the link's lists will be run again */
	SP_NEIGH_DEAD,		/* does not answer, or there is no room for it */
};

/* Finds or makes the neighbour and takes a reference; 0: the table is full. */
uint32_t sp_neigh_hold(struct sampan *s, unsigned link, const struct sampan_addr *addr);
void sp_neigh_release(struct sampan *s, uint32_t ref);

/* May a frame go to it now?  Starts asking where needed. */
enum sp_neigh_verdict sp_neigh_use(struct sampan *s, uint32_t ref);

/* Forward progress through it: TCP's advice.  RFC 4861 §7.3.1. */
void sp_neigh_confirm(struct sampan *s, uint32_t ref);

/* Nothing comes back through it: it is to be asked directly before long. */
void sp_neigh_doubt(struct sampan *s, uint32_t ref);

void sp_neigh_timer(struct sampan *s, struct sp_neigh *n);

/* An ARP packet that arrived; p: its contiguous bytes.  RFC 826. */
void sp_arp_in(struct sampan *s, unsigned link, const uint8_t *p, size_t len);

static inline struct sp_neigh *
sp_neigh_at(const struct sampan *s, uint32_t ref)
{
	return sp_at(&s->arena, ref);
}

#endif
