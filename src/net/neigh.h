/*
 * neigh.h - neighbours: who on a link has which address, for ARP (arp.h) and
 * neighbour discovery (ndp.h) over one table.
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
	bool router;		/* 41: said so: RFC 4861 §7.2.5 */
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

/* The entry without a reference; 0: none.  And a new one, in NEW. */
uint32_t sp_neigh_find(const struct sampan *s, unsigned link, const struct sampan_addr *addr);
uint32_t sp_neigh_make(struct sampan *s, unsigned link, const struct sampan_addr *addr);

/* Did it not answer a moment ago? */
bool sp_neigh_is_dead(const struct sampan *s, unsigned link, const struct sampan_addr *addr);

/* ---- What packets tell about neighbours ---- */

void sp_neigh_learn_arp(struct sampan *s, struct sp_neigh *n, const uint8_t *mac, bool asked);

/* It has spoken to us, and said where it is. */
void sp_neigh_heard(struct sampan *s, unsigned link, const struct sampan_addr *addr,
    const uint8_t *mac);

struct sp_neigh_advert {
	const uint8_t *mac;	/* NULL: not said */
	bool solicited, override;
};
void sp_neigh_advertised(struct sampan *s, struct sp_neigh *n, const struct sp_neigh_advert *a);

/* Is it reachable, and will stay so for now: would sp_neigh_use() say yes and do nothing? */
bool sp_neigh_is_fresh(const struct sampan *s, uint32_t ref);

static inline struct sp_neigh *
sp_neigh_at(const struct sampan *s, uint32_t ref)
{
	return sp_at(&s->arena, ref);
}

/* sp_neigh_confirm(), of one that is mostly reachable. */
static inline void
sp_neigh_progress(struct sampan *s, uint32_t ref)
{
	struct sp_neigh *n = sp_neigh_at(s, ref);

	if (n->state == SP_NEIGH_REACHABLE)
		n->confirmed_at = sp_tick_of(s->now);
	else
		sp_neigh_confirm(s, ref);
}

#endif
