/*
 * ip_in6.c - IPv6 packets that arrive.  RFC 8200.
 *
 * A packet whose transport header follows at once, as nearly all do, takes no
 * detour.  Extension headers are copied out, wherever the frame has them, and
 * followed there; behind them the transport header is made contiguous again.  A
 * routing header that is done with leaves the destination final (RFC 8200 §8.1
 * (R-8200-10)), and nothing of it goes into what is answered (§8.4 (R-8200-12)).
 */
#include <string.h>

#include "net/group.h"
#include "net/ip_in.h"
#include "wire/eth.h"
#include "wire/ip4.h"

/* TCP's is the longest header that a transport wants to see whole. */
#define TRANSPORT_HDR_MAX 60

/* RFC 4291 §2.5, §2.7 (R-8200-14, R-8200-16): a source that may stand in a packet
 * from the wire; our own may not (R-V-9).  The unspecified one is judged with what
 * it comes with. */
static bool
source_good(const struct sampan *s, const struct sampan_addr *src)
{
	return !ip6_is_multicast(src->b) && !ip6_is_loopback(src->b) && !sp_addr_is_v4(src) &&
	    sp_local_find(s, 0, src) == NULL;
}

/* To an address of this link that is not tentative (R-4862-6), or to a group that
 * it is in, in whatever kind of frame (RFC 6085 §3 (R-4861-33)).  Here a router
 * would look for another way for what is not ours.  The zone of a link-local one
 * is the link it came by (R-8200-17). */
static bool
destination_good(struct sampan *s, struct sp_pkt *pkt)
{
	const struct sampan_addr *dst = &pkt->flow.local;

	if (sp_local_find(s, pkt->link, dst) != NULL)
		return true;
	if (!ip6_is_multicast(dst->b))
		return sp_ip_dropped(s, pkt, SAMPAN_DROP_IP_DESTINATION);
	pkt->ip_group = true;
	if (!sp_group_is_member(s, pkt->link, dst))
		return sp_ip_dropped(s, pkt, SAMPAN_DROP_IP_BROADCAST);
	return true;
}

/* From the unspecified address only neighbour discovery and MLD speak. */
static bool
addresses_good(struct sampan *s, struct sp_pkt *pkt, const struct ip6_hdr *ip)
{
	memcpy(pkt->flow.remote.b, ip->src, 16);
	memcpy(pkt->flow.local.b, ip->dst, 16);
	pkt->flow.remote = sp_addr_scoped(pkt->flow.remote, pkt->link);
	pkt->flow.local = sp_addr_scoped(pkt->flow.local, pkt->link);
	if (!source_good(s, &pkt->flow.remote))
		return sp_ip_dropped(s, pkt, SAMPAN_DROP_IP_SOURCE);
	return destination_good(s, pkt);
}

/* Steps over everything in front of the transport header. */
static void
enter_payload(struct sp_pkt *pkt, uint32_t hdr_len)
{
	pkt->span = sp_span_part(pkt->span, hdr_len, pkt->span.len);
	pkt->body_len = pkt->body_len > hdr_len ? pkt->body_len - hdr_len : 0;
	pkt->body += hdr_len;
	if (pkt->body_len > pkt->span.len)
		pkt->body_len = pkt->span.len;
}

/* Takes the first n bytes out of a frame: all of its head, and more. */
static void
cut_front(struct sampan_frame *f, uint32_t n)
{
	f->len -= n;
	n -= f->head_len;
	f->head_len = 0;
	for (unsigned i = 0; i < f->slices && n > 0; i++) {
		const uint32_t part = f->slice[i].len < n ? f->slice[i].len : n;

		f->slice[i].len -= part;
		f->slice[i].data += f->slice[i].len > 0 ? part : 0;
		n -= part;
	}
}

/* Writes the frame's start anew, without the extension headers that are done with:
 * what quotes the packet later quotes one that came without. */
static void
close_gap(struct sp_pkt *pkt, const struct ip6_chain *c)
{
	struct sampan_frame *f = pkt->frame;
	const uint32_t front = ETH_HDR_LEN + IP6_HDR_LEN;
	const uint32_t l4_at = pkt->ip_at + (uint32_t)c->off;
	const uint32_t room = f->len - l4_at;
	const uint32_t l4_len = room < TRANSPORT_HDR_MAX ? room : TRANSPORT_HDR_MAX;
	uint8_t head[ETH_HDR_LEN + IP6_HDR_LEN + TRANSPORT_HDR_MAX];

	sp_span_copy(head, (struct sp_span){ f, 0, front });
	sp_span_copy(head + front, (struct sp_span){ f, l4_at, l4_len });
	be16_put(head + ETH_HDR_LEN + 4, (uint16_t)pkt->span.len);
	head[ETH_HDR_LEN + 6] = c->proto;
	cut_front(f, l4_at + l4_len);
	memcpy(f->head, head, front + l4_len);
	f->head_len = (uint16_t)(front + l4_len);
	f->len += front + l4_len;
	pkt->ip_len = (uint16_t)(IP6_HDR_LEN + pkt->span.len);
	pkt->problem_at = 6;
	pkt->span.off = front;
	pkt->body = f->head + front;
	pkt->body_len = l4_len < pkt->span.len ? l4_len : pkt->span.len;
}

static void
report_problem(struct sp_pkt *pkt, const struct ip6_chain *c)
{
	pkt->kind = SP_PKT_PROBLEM;
	pkt->problem_code = c->code;
	pkt->problem_at = c->pointer;
	pkt->problem_even_group = c->even_group;
}

/* Follows the extension headers.  False: they end the packet's way. */
static bool
follow_chain(struct sampan *s, struct sp_pkt *pkt)
{
	uint8_t copy[IP6_HDR_LEN + IP6_CHAIN_MAX];
	const struct sp_span start = sp_span_part(pkt->span, 0, sizeof(copy));
	struct ip6_chain c;

	sp_span_copy(copy, start);
	switch (ip6_walk(&c, copy, start.len, pkt->span.len)) {
	case IP6_CHAIN_NOTHING:
		return sp_ip_dropped(s, pkt, SAMPAN_DROP_IP6_NOTHING);
	case IP6_CHAIN_DROP:
		return sp_ip_dropped(s, pkt, SAMPAN_DROP_IP6_CHAIN);
	case IP6_CHAIN_PROBLEM:
		report_problem(pkt, &c);
		return false;
	case IP6_CHAIN_FRAGMENT:
		pkt->kind = SP_PKT_FRAGMENT;
		pkt->problem_at = c.next_at;
		enter_payload(pkt, c.off);
		return false;
	case IP6_CHAIN_OK:
		break;
	}
	pkt->proto = c.proto;
	pkt->router_alert = c.router_alert;
	pkt->problem_at = c.next_at;
	enter_payload(pkt, c.off);
	if (pkt->body_len < TRANSPORT_HDR_MAX && pkt->body_len < pkt->span.len)
		close_gap(pkt, &c);
	return true;
}

void
sp_ip_look6(struct sampan *s, struct sp_pkt *pkt)
{
	struct ip6_hdr ip;

	if (ip6_parse(&ip, pkt->body, pkt->body_len, pkt->span.len) != IP6_OK) {
		sp_ip_dropped(s, pkt, SAMPAN_DROP_IP_MALFORMED);
		return;
	}
	if (!addresses_good(s, pkt, &ip))
		return;
	pkt->tos = ip.tclass;
	pkt->hops = ip.hop_limit;
	pkt->proto = ip.next;
	pkt->problem_at = 6;
	pkt->ip_len = (uint16_t)(IP6_HDR_LEN + ip.payload_len);
	pkt->span.len = IP6_HDR_LEN + (uint32_t)ip.payload_len;
	if (pkt->body_len > pkt->span.len)
		pkt->body_len = pkt->span.len;
	if (!ip6_is_extension(ip.next))
		enter_payload(pkt, IP6_HDR_LEN);
	else if (!follow_chain(s, pkt))
		return;
	if (pkt->proto == IP_PROTO_ICMP6)
		pkt->kind = SP_PKT_ICMP;
	else if (sp_addr_is_any(&pkt->flow.remote))
		sp_ip_dropped(s, pkt, SAMPAN_DROP_IP_SOURCE);
	else
		sp_ip_look_at_transport(s, pkt);
}
