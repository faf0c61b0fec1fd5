/*
 * neigh.c - see neigh.h.  RFC 4861 §7.3 for the states (R-4861-17), RFC 826 and
 * RFC 1122 §2.3.2 for what ARP does with them.
 *
 * Theory of operation.  An entry is made when a connection or a reply first
 * needs it, or when a neighbour asks for us.  Using it moves it along:
 *
 *	NEW -> INCOMPLETE -> REACHABLE -> STALE -> DELAY -> PROBE -> FAILED
 *	           |________________________________________________^
 *
 * An answer to our question leads back to REACHABLE from everywhere.  Only
 * INCOMPLETE, DELAY, PROBE and FAILED have a timer; REACHABLE becomes STALE
 * when it is used too late.  When a question is answered or given up, all that
 * waits on the link is let loose: what waits for another neighbour stops again
 * (R-4861-9, R-4861-10).  A question is repeated once in RETRANS_TIMER, whoever
 * wants it answered (R-4861-19).
 *
 * So an address that is used is asked about again while it is (R-826-4), and what
 * waits is kept meanwhile, not refused (R-826-6, R-826-7).
 *
 * An entry that nothing refers to stays in a list, oldest first, and makes
 * room for others when the table is full: those without an address before those
 * with one, and none that is REACHABLE for one that may never answer.  So a scan
 * of a prefix pushes nobody out (RFC 6583 §4.2 (R-4861-28, R-V-44)).
 */
#include "net/neigh.h"

#include <string.h>

#include "net/arp.h"
#include "net/ndp.h"

/* RFC 4861 §10.  The times of a link are ndp.h's; ARP has the defaults, whose one
 * second is also RFC 1122 §2.3.2.1's least distance of two requests (R-826-5). */
#define RETRANS_TIMER SAMPAN_SEC(1)
#define REACHABLE_TIME SAMPAN_SEC(30)
#define DELAY_FIRST_PROBE_TIME SAMPAN_SEC(5)
#define MAX_MULTICAST_SOLICIT 3
#define MAX_UNICAST_SOLICIT 3
/* An answer that nobody asked for may not replace one younger than this (R-826-9). */
#define LOCK_TIME SAMPAN_SEC(1)

static uint32_t
neigh_hash(const struct sampan *s, unsigned link, const struct sampan_addr *addr)
{
	uint64_t w[3] = { link };

	memcpy(w + 1, addr, sizeof(*addr));
	return (uint32_t)sp_siphash13_words(&s->flow_key, w, 3);
}

uint32_t
sp_neigh_find(const struct sampan *s, unsigned link, const struct sampan_addr *addr)
{
	struct sp_cursor c = sp_table_find(&s->neighs, &s->arena, neigh_hash(s, link, addr));
	const struct sp_entry *e;

	while ((e = sp_table_next(&s->arena, &c)) != NULL) {
		const struct sp_neigh *n = sp_neigh_at(s, e->ref);

		if (n->link == link && sp_addr_equal(&n->addr, addr))
			return e->ref;
	}
	return 0;
}

static sampan_dur
retrans_dur(const struct sampan *s, const struct sp_neigh *n)
{
	return sp_addr_is_v4(&n->addr) ? RETRANS_TIMER : sp_ndp_retrans_dur(s, n->link);
}

static sampan_dur
reachable_dur(const struct sampan *s, const struct sp_neigh *n)
{
	return sp_addr_is_v4(&n->addr) ? REACHABLE_TIME : sp_ndp_reachable_dur(s, n->link);
}

/* Has it an address that was once confirmed, or heard of? */
static bool
is_resolved(const struct sp_neigh *n)
{
	return n->state != SP_NEIGH_NEW && n->state != SP_NEIGH_INCOMPLETE &&
	    n->state != SP_NEIGH_FAILED;
}

static bool
is_reachable(const struct sampan *s, const struct sp_neigh *n)
{
	return n->state == SP_NEIGH_REACHABLE &&
	    sp_tick_since(n->confirmed_at, s->now) < reachable_dur(s, n);
}

/* Where it stands while nothing refers to it. */
static struct sp_list *
idle_list(struct sampan *s, const struct sp_neigh *n)
{
	return is_resolved(n) ? &s->neigh_idle : &s->neigh_unresolved;
}

static void
neigh_free(struct sampan *s, struct sp_neigh *n)
{
	const uint32_t ref = sp_ref(&s->arena, n);

	if (s->neigh_last == ref)
		s->neigh_last = 0;
	sp_wheel_remove(&s->wheel, &s->arena, &n->timer);
	sp_list_remove(&s->arena, idle_list(s, n), &n->idle);
	sp_table_remove(&s->neighs, &s->arena, n->hash, ref);
	sp_pool_give(&s->arena, SP_KIND_NEIGH, ref);
}

/* Room for one more; false: everybody is needed. */
static bool
make_room(struct sampan *s)
{
	struct sp_node *oldest = sp_list_first(&s->arena, &s->neigh_unresolved);

	if (s->neighs.entries < (uint64_t)sp_setting(s, SAMPAN_SET_NEIGH_MAX))
		return true;
	if (oldest == NULL)
		oldest = sp_list_first(&s->arena, &s->neigh_idle);
	if (oldest == NULL || is_reachable(s, sp_container_of(oldest, struct sp_neigh, idle)))
		return false;
	neigh_free(s, sp_container_of(oldest, struct sp_neigh, idle));
	return true;
}

uint32_t
sp_neigh_make(struct sampan *s, unsigned link, const struct sampan_addr *addr)
{
	struct sp_neigh *n;
	uint32_t ref;

	if (!make_room(s))
		return 0;
	ref = sp_pool_take(&s->arena, SP_KIND_NEIGH);
	if (ref == 0)
		return 0;
	n = sp_neigh_at(s, ref);
	*n = (struct sp_neigh){ .addr = *addr, .link = (uint8_t)link };
	n->hash = neigh_hash(s, link, addr);
	if (!sp_table_add(&s->neighs, &s->arena, n->hash, ref, 0)) {
		sp_pool_give(&s->arena, SP_KIND_NEIGH, ref);
		return 0;
	}
	sp_list_push(&s->arena, idle_list(s, n), &n->idle);
	return ref;
}

/* Of many answers in a row most go to one gateway. */
static uint32_t
find_again(struct sampan *s, unsigned link, const struct sampan_addr *addr)
{
	const struct sp_neigh *n = sp_neigh_at(s, s->neigh_last);

	if (s->neigh_last == 0 || n->link != link || !sp_addr_equal(&n->addr, addr))
		s->neigh_last = sp_neigh_find(s, link, addr);
	return s->neigh_last;
}

uint32_t
sp_neigh_hold(struct sampan *s, unsigned link, const struct sampan_addr *addr)
{
	uint32_t ref = find_again(s, link, addr);
	struct sp_neigh *n;

	if (ref == 0)
		ref = sp_neigh_make(s, link, addr);
	if (ref == 0)
		return 0;
	n = sp_neigh_at(s, ref);
	if (n->refs++ == 0)
		sp_list_remove(&s->arena, idle_list(s, n), &n->idle);
	return ref;
}

void
sp_neigh_release(struct sampan *s, uint32_t ref)
{
	struct sp_neigh *n = sp_neigh_at(s, ref);

	if (--n->refs == 0)
		sp_list_push(&s->arena, idle_list(s, n), &n->idle);
}

/* Everybody, or (directly) itself where it was last. */
static void
ask(struct sampan *s, const struct sp_neigh *n, bool directly)
{
	if (sp_addr_is_v4(&n->addr))
		sp_arp_ask(s, n, directly);
	else
		sp_ndp_ask(s, n, directly);
}

static void
enter(struct sampan *s, struct sp_neigh *n, enum sp_neigh_state state, sampan_dur timer_dur)
{
	if (n->refs == 0)
		sp_list_remove(&s->arena, idle_list(s, n), &n->idle);
	n->state = (uint8_t)state;
	if (n->refs == 0)
		sp_list_push(&s->arena, idle_list(s, n), &n->idle);
	n->probes = 0;
	sp_wheel_remove(&s->wheel, &s->arena, &n->timer);
	if (timer_dur != 0)
		sp_wheel_add(&s->wheel, &s->arena, &n->timer, sp_tick_after(s->now, timer_dur));
}

/* What waits on the link tries again. */
static void
let_loose(struct sampan *s, unsigned link)
{
	struct sp_link *l = &s->link[link];

	sp_list_splice(&s->arena, &l->replies, &l->held);
	l->wake = true;
}

enum sp_neigh_verdict
sp_neigh_use(struct sampan *s, uint32_t ref)
{
	struct sp_neigh *n = sp_neigh_at(s, ref);

	switch ((enum sp_neigh_state)n->state) {
	case SP_NEIGH_NEW:
		enter(s, n, SP_NEIGH_INCOMPLETE, retrans_dur(s, n));
		n->probes = 1;
		ask(s, n, false);
		return SP_NEIGH_WAIT;
	case SP_NEIGH_INCOMPLETE:
		return SP_NEIGH_WAIT;
	case SP_NEIGH_REACHABLE:
		if (sp_tick_since(n->confirmed_at, s->now) < reachable_dur(s, n))
			return SP_NEIGH_USE;
		enter(s, n, SP_NEIGH_DELAY, DELAY_FIRST_PROBE_TIME);
		return SP_NEIGH_USE;
	case SP_NEIGH_STALE:
		enter(s, n, SP_NEIGH_DELAY, DELAY_FIRST_PROBE_TIME);
		return SP_NEIGH_USE;
	case SP_NEIGH_DELAY:
	case SP_NEIGH_PROBE:
		return SP_NEIGH_USE;
	case SP_NEIGH_FAILED:
		break;
	}
	return SP_NEIGH_DEAD;
}

bool
sp_neigh_is_fresh(const struct sampan *s, uint32_t ref)
{
	const struct sp_neigh *n = sp_neigh_at(s, ref);

	return n->state == SP_NEIGH_REACHABLE &&
	    sp_tick_since(n->confirmed_at, s->now) < reachable_dur(s, n);
}

static void
confirm(struct sampan *s, struct sp_neigh *n)
{
	n->confirmed_at = sp_tick_of(s->now);
	if (n->state == SP_NEIGH_REACHABLE)
		return;
	enter(s, n, SP_NEIGH_REACHABLE, 0);
	sp_route_gateway_alive(s, n->link, &n->addr);
}

/* RFC 4861 §7.3.1 (R-4861-18). */
void
sp_neigh_confirm(struct sampan *s, uint32_t ref)
{
	struct sp_neigh *n = sp_neigh_at(s, ref);

	if (is_resolved(n))
		confirm(s, n);
}

void
sp_neigh_doubt(struct sampan *s, uint32_t ref)
{
	struct sp_neigh *n = sp_neigh_at(s, ref);

	if (n->state == SP_NEIGH_REACHABLE)
		enter(s, n, SP_NEIGH_STALE, 0);
}

/* It is forgotten a moment later; what waits for it is told now, and what goes
 * through it looks for another way (RFC 1122 §3.3.1.4 (R-IP4-16)). */
static void
give_up(struct sampan *s, struct sp_neigh *n)
{
	sp_count(s, SAMPAN_COUNT_NEIGH_FAILED);
	enter(s, n, SP_NEIGH_FAILED, retrans_dur(s, n));
	sp_route_gateway_dead(s, n->link, &n->addr);
	let_loose(s, n->link);
}

/* Asks once more, or gives up. */
static void
ask_again(struct sampan *s, struct sp_neigh *n, uint8_t most, bool directly)
{
	if (n->probes >= most) {
		give_up(s, n);
		return;
	}
	n->probes++;
	ask(s, n, directly);
	sp_wheel_add(&s->wheel, &s->arena, &n->timer, sp_tick_after(s->now, retrans_dur(s, n)));
}

void
sp_neigh_timer(struct sampan *s, struct sp_neigh *n)
{
	switch ((enum sp_neigh_state)n->state) {
	case SP_NEIGH_INCOMPLETE:
		ask_again(s, n, MAX_MULTICAST_SOLICIT, false);
		break;
	case SP_NEIGH_DELAY:
		enter(s, n, SP_NEIGH_PROBE, 0);
		ask_again(s, n, MAX_UNICAST_SOLICIT, true);
		break;
	case SP_NEIGH_PROBE:
		ask_again(s, n, MAX_UNICAST_SOLICIT, true);
		break;
	case SP_NEIGH_FAILED:
		enter(s, n, SP_NEIGH_NEW, 0);
		break;
	case SP_NEIGH_NEW:
	case SP_NEIGH_REACHABLE:
	case SP_NEIGH_STALE:
		break;
	}
}

/* The sender said where it is.  `asked`: only to us, so perhaps because we
 * asked.  RFC 4861 §7.2.5 as far as ARP can follow it. */
void
sp_neigh_learn_arp(struct sampan *s, struct sp_neigh *n, const uint8_t *mac, bool asked)
{
	const bool same = memcmp(n->mac, mac, sizeof(n->mac)) == 0;
	const bool waiting = n->state == SP_NEIGH_INCOMPLETE || n->state == SP_NEIGH_PROBE;
	const bool known = is_resolved(n);

	if (known && !same && !(waiting && asked) &&
	    sp_tick_since(n->confirmed_at, s->now) < LOCK_TIME)
		return;
	memcpy(n->mac, mac, sizeof(n->mac));
	if (waiting && asked)
		confirm(s, n);
	else if (!known || !same)
		enter(s, n, SP_NEIGH_STALE, 0);
	if (!known)
		let_loose(s, n->link);
}

/* RFC 4861 §7.2.3, §6.3.4, §8.3: its address is known, whether it hears us is not
 * (R-4861-11). */
void
sp_neigh_heard(struct sampan *s, unsigned link, const struct sampan_addr *addr, const uint8_t *mac)
{
	uint32_t ref = sp_neigh_find(s, link, addr);
	struct sp_neigh *n;
	bool known;

	if (ref == 0)
		ref = sp_neigh_make(s, link, addr);
	if (ref == 0)
		return;
	n = sp_neigh_at(s, ref);
	known = is_resolved(n);
	if (known && memcmp(n->mac, mac, sizeof(n->mac)) == 0)
		return;
	memcpy(n->mac, mac, sizeof(n->mac));
	enter(s, n, SP_NEIGH_STALE, 0);
	if (!known)
		let_loose(s, n->link);
}

/* RFC 4861 §7.2.5, INCOMPLETE (R-4861-14). */
static void
first_answer(struct sampan *s, struct sp_neigh *n, const struct sp_neigh_advert *a)
{
	if (a->mac == NULL)
		return;
	memcpy(n->mac, a->mac, sizeof(n->mac));
	enter(s, n, SP_NEIGH_STALE, 0);
	if (a->solicited)
		confirm(s, n);
	let_loose(s, n->link);
}

/* RFC 4861 §7.2.5 (R-4861-13, R-4861-15). */
void
sp_neigh_advertised(struct sampan *s, struct sp_neigh *n, const struct sp_neigh_advert *a)
{
	const bool changed = a->mac != NULL && memcmp(n->mac, a->mac, sizeof(n->mac)) != 0;

	if (n->state == SP_NEIGH_NEW)
		return;
	if (!is_resolved(n)) {
		first_answer(s, n, a);
		return;
	}
	if (changed && !a->override) {
		if (n->state == SP_NEIGH_REACHABLE)
			enter(s, n, SP_NEIGH_STALE, 0);
		return;
	}
	if (changed)
		memcpy(n->mac, a->mac, sizeof(n->mac));
	if (a->solicited)
		confirm(s, n);
	else if (changed)
		enter(s, n, SP_NEIGH_STALE, 0);
}

bool
sp_neigh_is_dead(const struct sampan *s, unsigned link, const struct sampan_addr *addr)
{
	const uint32_t ref = sp_neigh_find(s, link, addr);

	return ref != 0 && sp_neigh_at(s, ref)->state == SP_NEIGH_FAILED;
}
