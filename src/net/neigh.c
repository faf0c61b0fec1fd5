/*
 * neigh.c - see neigh.h.  RFC 4861 §7.3 for the states, RFC 826 and RFC 1122
 * §2.3.2 for what ARP does with them.
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
 * waits on the link is let loose: what waits for another neighbour stops again.
 *
 * So an address that is used is asked about again while it is (R-826-4), and what
 * waits is kept meanwhile, not refused (R-826-6, R-826-7).
 *
 * An entry that nothing refers to stays in a list, oldest first, and makes
 * room for others when the table is full.
 */
#include "net/neigh.h"

#include <string.h>

#include "net/reply.h"
#include "wire/arp.h"
#include "wire/eth.h"

/* RFC 4861 §10.  RETRANS_TIMER is also RFC 1122 §2.3.2.1's least distance of
 * two requests (R-826-5). */
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

static uint32_t
neigh_find(const struct sampan *s, unsigned link, const struct sampan_addr *addr)
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

static void
neigh_free(struct sampan *s, struct sp_neigh *n)
{
	const uint32_t ref = sp_ref(&s->arena, n);

	sp_wheel_remove(&s->wheel, &s->arena, &n->timer);
	sp_list_remove(&s->arena, &s->neigh_idle, &n->idle);
	sp_table_remove(&s->neighs, &s->arena, n->hash, ref);
	sp_pool_give(&s->arena, SP_KIND_NEIGH, ref);
}

/* An entry that nothing refers to yet. */
static uint32_t
neigh_make(struct sampan *s, unsigned link, const struct sampan_addr *addr)
{
	struct sp_node *oldest = sp_list_first(&s->arena, &s->neigh_idle);
	struct sp_neigh *n;
	uint32_t ref = 0;

	if (s->neighs.entries >= (uint64_t)sp_setting(s, SAMPAN_SET_NEIGH_MAX)) {
		if (oldest == NULL)
			return 0;
		neigh_free(s, sp_container_of(oldest, struct sp_neigh, idle));
	}
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
	sp_list_push(&s->arena, &s->neigh_idle, &n->idle);
	return ref;
}

uint32_t
sp_neigh_hold(struct sampan *s, unsigned link, const struct sampan_addr *addr)
{
	uint32_t ref = neigh_find(s, link, addr);
	struct sp_neigh *n;

	if (ref == 0)
		ref = neigh_make(s, link, addr);
	if (ref == 0)
		return 0;
	n = sp_neigh_at(s, ref);
	if (n->refs++ == 0)
		sp_list_remove(&s->arena, &s->neigh_idle, &n->idle);
	return ref;
}

void
sp_neigh_release(struct sampan *s, uint32_t ref)
{
	struct sp_neigh *n = sp_neigh_at(s, ref);

	if (--n->refs == 0)
		sp_list_push(&s->arena, &s->neigh_idle, &n->idle);
}

static void
arp_send(struct sampan *s, unsigned link, const struct arp_pkt *arp, const uint8_t *to)
{
	struct sp_reply *r = sp_reply_take(s, link, ARP_LEN);

	if (r == NULL)
		return;
	r->type = ETH_TYPE_ARP;
	r->to_mac = true;
	memcpy(r->mac, to, sizeof(r->mac));
	arp_emit(sp_reply_packet(r), arp);
	sp_reply_send(s, link, r);
	sp_count(s, arp->op == ARP_REQUEST ? SAMPAN_COUNT_ARP_REQUESTS_OUT :
					     SAMPAN_COUNT_ARP_REPLIES_OUT);
}

static void
ask(struct sampan *s, const struct sp_neigh *n, bool directly)
{
	static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct arp_pkt arp = { .op = ARP_REQUEST, .tpa = sp_addr_v4(&n->addr) };
	struct sampan_addr src;

	if (!sp_source_find(s, &n->addr, &src))
		return;
	memcpy(arp.sha, s->link[n->link].mac, sizeof(arp.sha));
	arp.spa = sp_addr_v4(&src);
	arp_send(s, n->link, &arp, directly ? n->mac : everybody);
}

static void
enter(struct sampan *s, struct sp_neigh *n, enum sp_neigh_state state, sampan_dur timer_dur)
{
	n->state = (uint8_t)state;
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
		enter(s, n, SP_NEIGH_INCOMPLETE, RETRANS_TIMER);
		n->probes = 1;
		ask(s, n, false);
		return SP_NEIGH_WAIT;
	case SP_NEIGH_INCOMPLETE:
		return SP_NEIGH_WAIT;
	case SP_NEIGH_REACHABLE:
		if (sp_tick_since(n->confirmed_at, s->now) < REACHABLE_TIME)
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

void
sp_neigh_confirm(struct sampan *s, uint32_t ref)
{
	struct sp_neigh *n = sp_neigh_at(s, ref);

	if (n->state == SP_NEIGH_NEW || n->state == SP_NEIGH_INCOMPLETE ||
	    n->state == SP_NEIGH_FAILED)
		return;
	n->confirmed_at = sp_tick_of(s->now);
	if (n->state != SP_NEIGH_REACHABLE)
		enter(s, n, SP_NEIGH_REACHABLE, 0);
}

void
sp_neigh_doubt(struct sampan *s, uint32_t ref)
{
	struct sp_neigh *n = sp_neigh_at(s, ref);

	if (n->state == SP_NEIGH_REACHABLE)
		enter(s, n, SP_NEIGH_STALE, 0);
}

static void
give_up(struct sampan *s, struct sp_neigh *n)
{
	sp_count(s, SAMPAN_COUNT_NEIGH_FAILED);
	enter(s, n, SP_NEIGH_FAILED, RETRANS_TIMER);
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
	sp_wheel_add(&s->wheel, &s->arena, &n->timer, sp_tick_after(s->now, RETRANS_TIMER));
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
static void
learn(struct sampan *s, struct sp_neigh *n, const uint8_t *mac, bool asked)
{
	const bool same = memcmp(n->mac, mac, sizeof(n->mac)) == 0;
	const bool waiting = n->state == SP_NEIGH_INCOMPLETE || n->state == SP_NEIGH_PROBE;
	const bool unknown = n->state == SP_NEIGH_NEW || n->state == SP_NEIGH_INCOMPLETE ||
	    n->state == SP_NEIGH_FAILED;

	if (!unknown && !same && !(waiting && asked) &&
	    sp_tick_since(n->confirmed_at, s->now) < LOCK_TIME)
		return;
	memcpy(n->mac, mac, sizeof(n->mac));
	if (waiting && asked) {
		n->confirmed_at = sp_tick_of(s->now);
		enter(s, n, SP_NEIGH_REACHABLE, 0);
	} else if (unknown || !same) {
		enter(s, n, SP_NEIGH_STALE, 0);
	}
	if (unknown)
		let_loose(s, n->link);
}

/* R-826-8, R-V-45: may this be a neighbour's address? */
static bool
sender_good(const struct sampan *s, unsigned link, const struct arp_pkt *arp)
{
	const struct sampan_addr spa = sp_addr_of_v4(arp->spa);
	struct sp_path path;

	if (eth_is_multicast(arp->sha) || eth_is_zero(arp->sha) ||
	    memcmp(arp->sha, s->link[link].mac, sizeof(arp->sha)) == 0)
		return false;
	if (arp->spa == 0)
		return true;	/* a probe, RFC 5227 §2.1.1 */
	return sp_addr_is_unicast(s, &spa) && sp_local_find(s, 0, &spa) == NULL &&
	    sp_route_find(s, &spa, &path) && path.link == link &&
	    sp_addr_equal(&path.next_hop, &spa);
}

static void
answer(struct sampan *s, unsigned link, const struct arp_pkt *arp)
{
	struct arp_pkt reply = { .op = ARP_REPLY, .spa = arp->tpa, .tpa = arp->spa };

	memcpy(reply.sha, s->link[link].mac, sizeof(reply.sha));
	memcpy(reply.tha, arp->sha, sizeof(reply.tha));
	arp_send(s, link, &reply, arp->sha);
}

/* RFC 826 (R-826-2, R-826-3), for the addresses of this link only (R-826-10). */
void
sp_arp_in(struct sampan *s, unsigned link, const uint8_t *p, size_t len)
{
	struct sampan_addr spa, tpa;
	struct arp_pkt arp;
	uint32_t ref;
	bool ours;

	sp_count(s, SAMPAN_COUNT_ARP_IN);
	if (!arp_parse(&arp, p, len)) {
		sp_drop(s, SAMPAN_DROP_ARP_MALFORMED, link);
		return;
	}
	if (!sender_good(s, link, &arp)) {
		sp_drop(s, SAMPAN_DROP_ARP_SENDER, link);
		return;
	}
	spa = sp_addr_of_v4(arp.spa);
	tpa = sp_addr_of_v4(arp.tpa);
	ours = sp_local_find(s, link, &tpa) != NULL;
	ref = arp.spa != 0 ? neigh_find(s, link, &spa) : 0;
	if (ref == 0 && ours && arp.op == ARP_REQUEST && arp.spa != 0)
		ref = neigh_make(s, link, &spa);
	if (ref != 0)
		learn(s, sp_neigh_at(s, ref), arp.sha, ours && arp.op == ARP_REPLY);
	if (ours && arp.op == ARP_REQUEST)
		answer(s, link, &arp);
	else if (ref == 0)
		sp_drop(s, SAMPAN_DROP_ARP_NOT_OURS, link);
}
