/*
 * ip_in4.c - IPv4 packets that arrive.  RFC 791, RFC 1122 §3.2.1.
 */
#include "net/dhcp.h"
#include "net/group.h"
#include "net/ip_in.h"
#include "wire/ip4.h"

/* RFC 1122 §3.2.1.3; R-IP4-5, RFC 9293 §3.9.2.3 (MUST-63): a source that may stand
 * in a packet from the wire (R-IP4-27).  Our own address is refused too (R-V-9). */
static bool
source_good(const struct sampan *s, const struct sampan_addr *src)
{
	return sp_addr_is_unicast(s, src) && !ip4_is_loopback(sp_addr_v4(src)) &&
	    sp_local_find(s, 0, src) == NULL;
}

/* RFC 3704 §2.2, §2.3 (R-IP4-28): would an answer go back by the link that it came by
 * (strict), or at all (loose)? */
static bool
way_back(const struct sampan *s, const struct sp_pkt *pkt)
{
	const int64_t filter = sp_setting(s, SAMPAN_SET_RP_FILTER);
	struct sp_path path;

	if (filter == 0 || sp_dhcp_expects(s, pkt->link))
		return true;
	return sp_route_find(s, &pkt->flow.remote, &path) &&
	    (filter == 2 || path.link == pkt->link);
}

/* RFC 2131 §4.1 (R-2131-16): before a client has an address servers may send to the one
 * that it is about to get.  Such a datagram is nobody else's (udp_in.c);
 * of a team the leader knows what to expect. */
static bool
for_dhcp(const struct sampan *s, const struct sp_pkt *pkt, const struct ip4_hdr *ip)
{
	return (sp_dhcp_expects(s, pkt->link) || sp_team_follows(s)) &&
	    !pkt->l2_group && ip->proto == IP_PROTO_UDP &&
	    !ip->mf && ip->frag_off_bytes == 0 && pkt->body_len >= ip->hdr_len + 4u &&
	    be16_get(pkt->body + ip->hdr_len + 2) == DHCP_CLIENT_PORT;
}

/* RFC 1122 §3.2.1.3; R-IP4-4, R-IP4-7, R-IP4-18, R-V-47: to an address of this
 * link, or to its broadcast (R-IP4-21) in a frame that was one too (R-IP4-20).
 * Here a router would look for another way for what is not ours. */
static bool
destination_good(struct sampan *s, struct sp_pkt *pkt, const struct ip4_hdr *ip)
{
	const uint32_t dst = ip->dst;
	bool broadcast;

	if (sp_local_find(s, pkt->link, &pkt->flow.local) != NULL) {
		if (pkt->l2_group)
			return sp_ip_dropped(s, pkt, SAMPAN_DROP_IP_BROADCAST);
		return true;
	}
	broadcast = ip4_is_limited_broadcast(dst) || sp_is_subnet_broadcast(s, pkt->link, dst);
	if (broadcast && !pkt->l2_group)
		return sp_ip_dropped(s, pkt, SAMPAN_DROP_IP_BROADCAST);
	pkt->ip_group = broadcast || ip4_is_multicast(dst);
	if (pkt->ip_group && !broadcast && !sp_group_is_member(s, pkt->link, &pkt->flow.local))
		return sp_ip_dropped(s, pkt, SAMPAN_DROP_IP_BROADCAST);
	if (!pkt->ip_group && !for_dhcp(s, pkt, ip))
		return sp_ip_dropped(s, pkt, SAMPAN_DROP_IP_DESTINATION);
	return true;
}

static enum sampan_count
reason_of(enum ip4_error error)
{
	return error == IP4_CSUM ? SAMPAN_DROP_IP_CSUM : SAMPAN_DROP_IP_MALFORMED;
}

/* What nobody here understands is no fault: RFC 9293 §3.9.2 (MUST-50); R-IP4-11,
 * R-IP4-12.  A source route is (5-D12, R-V-41). */
static bool
options_good(const uint8_t *p, size_t hdr_len)
{
	return hdr_len == IP4_HDR_LEN ||
	    (ip4_options_ok(p, hdr_len) && !ip4_has_source_route(p, hdr_len));
}

/* Steps over the IP header. */
static void
enter_payload(struct sp_pkt *pkt, const struct ip4_hdr *ip)
{
	pkt->tos = ip->tos;
	pkt->hops = ip->ttl;
	pkt->proto = ip->proto;
	pkt->ip_len = ip->total_len;
	pkt->span = sp_span_part(pkt->span, ip->hdr_len, ip->total_len - (uint32_t)ip->hdr_len);
	pkt->body += ip->hdr_len;
	pkt->body_len -= ip->hdr_len;
	if (pkt->body_len > pkt->span.len)
		pkt->body_len = pkt->span.len;
}

void
sp_ip_look4(struct sampan *s, struct sp_pkt *pkt)
{
	struct ip4_hdr ip;
	const enum ip4_error error = ip4_parse(&ip, pkt->body, pkt->body_len, pkt->span.len);

	if (error != IP4_OK) {
		sp_ip_dropped(s, pkt, reason_of(error));
		return;
	}
	if (!options_good(pkt->body, ip.hdr_len)) {
		sp_ip_dropped(s, pkt, SAMPAN_DROP_IP_OPTIONS);	/* 5-D12 */
		return;
	}
	pkt->flow.remote = sp_addr_of_v4(ip.src);
	pkt->flow.local = sp_addr_of_v4(ip.dst);
	if (!source_good(s, &pkt->flow.remote)) {
		sp_ip_dropped(s, pkt, SAMPAN_DROP_IP_SOURCE);
		return;
	}
	if (!way_back(s, pkt)) {
		sp_ip_dropped(s, pkt, SAMPAN_DROP_IP_RP_FILTER);
		return;
	}
	if (!destination_good(s, pkt, &ip))
		return;
	enter_payload(pkt, &ip);
	if (ip.mf || ip.frag_off_bytes != 0)
		pkt->kind = SP_PKT_FRAGMENT;
	else if (ip.proto == IP_PROTO_ICMP || ip.proto == IP_PROTO_IGMP)
		pkt->kind = SP_PKT_ICMP;
	else
		sp_ip_look_at_transport(s, pkt);
}
