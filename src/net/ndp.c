/*
 * ndp.c - see ndp.h.
 *
 * What is believed: only messages of the link itself (hop limit 255) that are
 * well formed, about addresses that fit (RFC 4861 §7.1); nothing makes an entry
 * but a question of our own and a solicitation for an address of ours.
 */
#include "net/ndp.h"

#include <string.h>

#include "net/dad.h"
#include "net/reply.h"
#include "net/router.h"
#include "wire/eth.h"
#include "wire/icmp6.h"
#include "wire/ndp.h"

/* RFC 4861 §10 */
#define REACHABLE_TIME SAMPAN_SEC(30)
#define RETRANS_TIMER SAMPAN_SEC(1)

static const struct sampan_addr any;
static const struct sampan_addr all_nodes = { { 0xff, 2, [15] = 1 } };

sampan_dur
sp_ndp_retrans_dur(const struct sampan *s, unsigned link)
{
	const uint32_t ms = s->link[link].retrans_ms;

	return ms != 0 ? SAMPAN_MS(ms) : RETRANS_TIMER;
}

sampan_dur
sp_ndp_reachable_dur(const struct sampan *s, unsigned link)
{
	const sampan_dur drawn = s->link[link].reachable_dur;

	return drawn != 0 ? drawn : REACHABLE_TIME;
}

/* ---- Out ---- */

/* Every message has hop limit 255 (R-4861-1). */
static void
ndp_send(struct sampan *s, struct sp_ip_out *out, const struct ndp_msg *m, const uint8_t *to_mac)
{
	uint8_t message[NDP_MAX];
	struct sp_reply *r;

	out->payload_len = (uint32_t)ndp_emit(message, m);
	out->proto = IP_PROTO_ICMP6;
	out->ttl = 255;
	r = sp_ip_take(s, out);
	if (r == NULL)
		return;
	if (to_mac != NULL) {
		r->to_mac = true;
		memcpy(r->mac, to_mac, sizeof(r->mac));
	}
	memcpy(sp_ip_l4(r), message, out->payload_len);
	sp_ip_csum_icmp6(s, r, out);
	sp_ip_send(s, r);
	sp_count(s, m->type == ICMP6_NEIGH_SOLICIT ? SAMPAN_COUNT_NEIGH_SOLICITS_OUT :
						     SAMPAN_COUNT_NEIGH_ADVERTS_OUT);
}

static void
set_target(struct ndp_msg *m, const struct sampan_addr *target)
{
	const struct sampan_addr wire = sp_addr_wire(*target);

	memcpy(m->target, wire.b, 16);
}

static void
set_mac(const struct sampan *s, struct ndp_msg *m, unsigned link)
{
	m->has_mac = true;
	memcpy(m->mac, s->link[link].mac, sizeof(m->mac));
}

/* R-4861-8.
 *
 * DEVIATES: R-4861-8: the source is what we would speak from, not that of the
 * packet that waits: several may. */
void
sp_ndp_ask(struct sampan *s, const struct sp_neigh *n, bool directly)
{
	const struct sp_path path = { n->link, n->addr, NULL };
	const struct sp_local_addr *src = sp_source_on(s, &n->addr, &path);
	struct ndp_msg m = { .type = ICMP6_NEIGH_SOLICIT };
	struct sampan_addr group = { { 0 } };
	struct sp_ip_out out = { .dst = directly ? &n->addr : &group, .link = n->link };

	if (src == NULL)
		return;
	out.src = &src->addr;
	ip6_solicited_node(group.b, n->addr.b);
	set_target(&m, &n->addr);
	set_mac(s, &m, n->link);
	ndp_send(s, &out, &m, directly ? n->mac : NULL);
}

/* RFC 7527 §4.1 (R-4862-11): which probe is our own?  Not to be foretold. */
static void
nonce_of(const struct sampan *s, const struct sp_local_addr *l, uint8_t nonce[NDP_NONCE_LEN])
{
	uint64_t w[3] = { l->made_at };
	uint64_t hash;

	memcpy(w + 1, &l->addr, sizeof(l->addr));
	hash = sp_siphash13_words(&s->label_key, w, 3);
	memcpy(nonce, &hash, NDP_NONCE_LEN);
}

/* R-4862-1: from the unspecified address, without a link-layer address. */
void
sp_ndp_probe(struct sampan *s, const struct sp_local_addr *l)
{
	struct ndp_msg m = { .type = ICMP6_NEIGH_SOLICIT, .has_nonce = true };
	struct sampan_addr group;
	struct sp_ip_out out = { .src = &any, .dst = &group, .link = l->link };

	ip6_solicited_node(group.b, l->addr.b);
	set_target(&m, &l->addr);
	nonce_of(s, l, m.nonce);
	ndp_send(s, &out, &m, NULL);
}

/* §7.2.4 (R-4861-12).  We are no router and have no anycast address. */
static void
advertise(struct sampan *s, const struct sp_local_addr *l, const struct sampan_addr *to)
{
	const bool to_all = sp_addr_is_any(to);
	struct ndp_msg m = { .type = ICMP6_NEIGH_ADVERT, .solicited = !to_all, .override = true };
	struct sp_ip_out out = { .src = &l->addr, .dst = to_all ? &all_nodes : to,
		.link = l->link };

	set_target(&m, &l->addr);
	set_mac(s, &m, l->link);
	ndp_send(s, &out, &m, NULL);
}

/* ---- In ---- */

static struct sampan_addr
target_of(const struct ndp_msg *m, unsigned link)
{
	struct sampan_addr a;

	memcpy(a.b, m->target, 16);
	return sp_addr_scoped(a, link);
}

/* R-V-45: could a neighbour have it? */
static bool
mac_good(const struct sampan *s, unsigned link, const struct ndp_msg *m)
{
	return !m->has_mac || (!eth_is_multicast(m->mac) && !eth_is_zero(m->mac) &&
	    memcmp(m->mac, s->link[link].mac, sizeof(m->mac)) != 0);
}

/* RFC 4862 §5.4.3 (R-4862-3): somebody else checks the same address. */
static void
foreign_probe(struct sampan *s, struct sp_local_addr *l, const struct ndp_msg *m)
{
	uint8_t own[NDP_NONCE_LEN];

	if (sp_addr_usable(l)) {
		advertise(s, l, &any);
		return;
	}
	nonce_of(s, l, own);
	if (l->state == SP_ADDR_TENTATIVE &&
	    !(m->has_nonce && memcmp(own, m->nonce, sizeof(own)) == 0))
		sp_dad_conflict(s, l);
}

/* §7.2.3 (R-4861-11).  Its source is a neighbour if it has an address that is on
 * this link; what else it says is judged by what we do with it. */
static void
solicited(struct sampan *s, const struct sp_pkt *pkt, const struct ndp_msg *m)
{
	const struct sampan_addr target = target_of(m, pkt->link);
	const struct sampan_addr *src = &pkt->flow.remote;
	struct sp_local_addr *l = sp_addr_find(s, pkt->link, &target);

	if (l == NULL) {
		sp_drop(s, SAMPAN_DROP_ND_NOT_OURS, pkt->link);
		return;
	}
	if (sp_addr_is_any(src)) {
		foreign_probe(s, l, m);
		return;
	}
	if (!sp_addr_usable(l))
		return;
	if (m->has_mac)
		sp_neigh_heard(s, pkt->link, src, m->mac);
	advertise(s, l, src);
}

/* §7.2.5 (R-4861-16): it was a router, and says that it is none any more. */
static void
note_router(struct sampan *s, struct sp_neigh *n, const struct ndp_msg *m)
{
	if (n->router && !m->router)
		sp_router_gone(s, n->link, &n->addr);
	n->router = m->router;
}

/* §7.2.5; RFC 4862 §5.4.4 (R-4862-4). */
static void
advertised(struct sampan *s, const struct sp_pkt *pkt, const struct ndp_msg *m)
{
	const struct sp_neigh_advert a = { m->has_mac ? m->mac : NULL, m->solicited, m->override };
	const struct sampan_addr target = target_of(m, pkt->link);
	struct sp_local_addr *l = sp_addr_find(s, pkt->link, &target);
	const uint32_t ref = sp_neigh_find(s, pkt->link, &target);

	if (l != NULL) {
		sp_dad_conflict(s, l);
	} else if (ref == 0) {
		sp_drop(s, SAMPAN_DROP_ND_NOT_OURS, pkt->link);
	} else {
		sp_neigh_advertised(s, sp_neigh_at(s, ref), &a);
		note_router(s, sp_neigh_at(s, ref), m);
	}
}

/* What §7.1 asks beyond the message itself (R-4861-2, R-4861-3). */
static bool
addresses_good(const struct sp_pkt *pkt, const struct ndp_msg *m)
{
	static const uint8_t solicited_node[13] = { 0xff, 2, [11] = 1, [12] = 0xff };

	if (m->type == ICMP6_NEIGH_ADVERT)
		return !sp_addr_is_any(&pkt->flow.remote) && !(m->solicited && pkt->ip_group);
	if (m->type == ICMP6_NEIGH_SOLICIT && sp_addr_is_any(&pkt->flow.remote))
		return !m->has_mac && memcmp(pkt->flow.local.b, solicited_node, 13) == 0;
	return true;
}

/* The ICMP type says which of the messages that have a target it is. */
static void
neighbour_in(struct sampan *s, const struct sp_pkt *pkt, const uint8_t *p, size_t len)
{
	struct ndp_msg m;

	if (!ndp_parse(&m, p, len) || !addresses_good(pkt, &m) || !mac_good(s, pkt->link, &m)) {
		sp_drop(s, SAMPAN_DROP_ND_MALFORMED, pkt->link);
		return;
	}
	if (m.type == ICMP6_NEIGH_SOLICIT)
		solicited(s, pkt, &m);
	else if (m.type == ICMP6_NEIGH_ADVERT)
		advertised(s, pkt, &m);
	else
		sp_router_redirect(s, pkt, &m);
}

void
sp_ndp_in(struct sampan *s, const struct sp_pkt *pkt, const uint8_t *p, size_t len)
{
	if (pkt->hops != 255) {		/* R-4861-1 */
		sp_drop(s, SAMPAN_DROP_ND_MALFORMED, pkt->link);
		return;
	}
	switch (p[0]) {
	case ICMP6_NEIGH_SOLICIT:
	case ICMP6_NEIGH_ADVERT:
	case ICMP6_REDIRECT:
		neighbour_in(s, pkt, p, len);
		break;
	case ICMP6_ROUTER_ADVERT:
		sp_router_advert(s, pkt, p, len);
		break;
	default:	/* a router solicitation: we are none */
		sp_drop(s, SAMPAN_DROP_ND_NOT_OURS, pkt->link);
		break;
	}
}
