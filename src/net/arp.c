/*
 * arp.c - see arp.h.
 */
#include "net/arp.h"

#include <string.h>

#include "net/dad.h"
#include "net/ll4.h"
#include "net/reply.h"
#include "wire/arp.h"
#include "wire/eth.h"

static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* RFC 3927 §2.5: everybody hears who has a link-local address, so that conflicts are
 * seen (R-3927-1). */
static void
arp_send(struct sampan *s, unsigned link, const struct arp_pkt *arp, const uint8_t *to)
{
	struct sp_reply *r = sp_reply_take(s, link, ARP_LEN);
	const bool shout = arp->spa >> 16 == SP_LL4_NET >> 16;

	if (r == NULL)
		return;
	r->type = ETH_TYPE_ARP;
	r->to_mac = true;
	memcpy(r->mac, shout ? everybody : to, sizeof(r->mac));
	arp_emit(sp_reply_packet(r), arp);
	sp_reply_send(s, link, r);
	sp_count(s, arp->op == ARP_REQUEST ? SAMPAN_COUNT_ARP_REQUESTS_OUT :
					     SAMPAN_COUNT_ARP_REPLIES_OUT);
}

void
sp_arp_ask(struct sampan *s, const struct sp_neigh *n, bool directly)
{
	struct arp_pkt arp = { .op = ARP_REQUEST, .tpa = sp_addr_v4(&n->addr) };
	struct sampan_addr src;

	if (!sp_source_find(s, &n->addr, &src))
		return;
	memcpy(arp.sha, s->link[n->link].mac, sizeof(arp.sha));
	arp.spa = sp_addr_v4(&src);
	arp_send(s, n->link, &arp, directly ? n->mac : everybody);
}

/* R-5227-10: the target's hardware address is zero. */
void
sp_arp_probe(struct sampan *s, const struct sp_local_addr *l)
{
	struct arp_pkt arp = { .op = ARP_REQUEST, .tpa = sp_addr_v4(&l->addr) };

	memcpy(arp.sha, s->link[l->link].mac, sizeof(arp.sha));
	arp_send(s, l->link, &arp, everybody);
}

void
sp_arp_announce(struct sampan *s, const struct sp_local_addr *l)
{
	const uint32_t own = sp_addr_v4(&l->addr);
	struct arp_pkt arp = { .op = ARP_REQUEST, .spa = own, .tpa = own };

	memcpy(arp.sha, s->link[l->link].mac, sizeof(arp.sha));
	arp_send(s, l->link, &arp, everybody);
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

/* RFC 5227 §2.1.1, §2.4 (R-5227-3): does somebody else use an address of ours,
 * or mean to use one that we are about to?  Our own packets that come back say
 * nothing (R-5227-10). */
static void
look_for_conflict(struct sampan *s, unsigned link, const struct arp_pkt *arp)
{
	const struct sampan_addr spa = sp_addr_of_v4(arp->spa), tpa = sp_addr_of_v4(arp->tpa);
	struct sp_local_addr *l;

	if (memcmp(arp->sha, s->link[link].mac, sizeof(arp->sha)) == 0)
		return;
	l = sp_addr_find(s, link, arp->spa != 0 ? &spa : &tpa);
	if (l != NULL && (arp->spa != 0 || l->state == SP_ADDR_TENTATIVE))
		sp_dad_conflict(s, l);
}

/* Of a team all hear everything, and the leader answers: the others learn what they
 * asked for. */
static void
overhear(struct sampan *s, unsigned link, const struct arp_pkt *arp, const struct sampan_addr *spa)
{
	const struct sampan_addr tpa = sp_addr_of_v4(arp->tpa);
	const uint32_t ref = arp->spa != 0 ? sp_neigh_find(s, link, spa) : 0;

	if (ref != 0)
		sp_neigh_learn_arp(s, sp_neigh_at(s, ref), arp->sha,
		    arp->op == ARP_REPLY && sp_local_find(s, link, &tpa) != NULL);
}

/* RFC 826 (R-826-2, R-826-3), for the addresses of this link only (R-826-10),
 * as long as we use them (R-5227-8). */
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
	look_for_conflict(s, link, &arp);
	if (!sender_good(s, link, &arp)) {
		sp_drop(s, SAMPAN_DROP_ARP_SENDER, link);
		return;
	}
	spa = sp_addr_of_v4(arp.spa);
	if (sp_team_follows(s)) {
		overhear(s, link, &arp, &spa);
		return;
	}
	tpa = sp_addr_of_v4(arp.tpa);
	ours = sp_local_find(s, link, &tpa) != NULL;
	ref = arp.spa != 0 ? sp_neigh_find(s, link, &spa) : 0;
	if (ref == 0 && ours && arp.op == ARP_REQUEST && arp.spa != 0)
		ref = sp_neigh_make(s, link, &spa);
	if (ref != 0)
		sp_neigh_learn_arp(s, sp_neigh_at(s, ref), arp.sha, ours && arp.op == ARP_REPLY);
	if (ours && arp.op == ARP_REQUEST)
		answer(s, link, &arp);
	else if (ref == 0)
		sp_drop(s, SAMPAN_DROP_ARP_NOT_OURS, link);
}
