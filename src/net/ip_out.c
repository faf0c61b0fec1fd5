/*
 * ip_out.c - IP headers in front of what leaves, and packets that no connection
 * stands behind.  RFC 791, RFC 8200, RFC 6437.
 */
#include <string.h>

#include "net/ip.h"
#include "net/reply.h"
#include "wire/eth.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"

/* A hop-by-hop header of 8 octets with the router alert option of RFC 2711 for
 * MLD, and padding. */
#define ALERT_LEN 8u
/* RFC 2113: an option of IPv4's. */
#define ALERT4_LEN 4u

/* R-IP4-8, R-IP4-9. */
static uint8_t
hops_of(const struct sampan *s, const struct sp_ip_out *out, enum sampan_setting setting)
{
	return out->ttl != 0 ? out->ttl : (uint8_t)sp_setting(s, setting);
}

static uint32_t
alert_len_of(const struct sp_ip_out *out)
{
	return !out->router_alert ? 0 : sp_addr_is_v4(out->dst) ? ALERT4_LEN : ALERT_LEN;
}

/* The header grows by the option (R-MISC-15). */
static void
put_router_alert4(const struct sampan *s, uint8_t *p)
{
	static const uint8_t alert[ALERT4_LEN] = { 0x94, 4, 0, 0 };

	p[0]++;
	memcpy(p + IP4_HDR_LEN, alert, sizeof(alert));
	be16_put(p + 10, 0);
	be16_put(p + 10, (uint16_t)~sp_csum_fold(sp_csum_add(p, IP4_HDR_LEN + ALERT4_LEN, 0,
	    s->csum_variant)));
}

static void
emit4(const struct sampan *s, uint8_t *p, const struct sp_ip_out *out)
{
	/* Atomic datagrams: DF is set (R-1191-1, R-IP4-24), so the identification says
	 * nothing (RFC 6864 §4.1; R-IP4-23) and tells nothing (R-IP4-25, R-V-27, R-V-50). */
	const struct ip4_hdr ip = {
		.tos = out->tos,	/* RFC 9293 §3.9.1.9 (SHLD-22) */
		.total_len = (uint16_t)(IP4_HDR_LEN + alert_len_of(out) + out->payload_len),
		.df = true,
		.ttl = hops_of(s, out, SAMPAN_SET_IP_TTL),
		.proto = out->proto,
		.src = sp_addr_v4(out->src),
		.dst = sp_addr_v4(out->dst),
	};

	ip4_emit(p, &ip);
	if (out->router_alert)
		put_router_alert4(s, p);
}

static void
put_router_alert(uint8_t *p, uint8_t proto)
{
	static const uint8_t alert[ALERT_LEN] = { 0, 0, 5, 2, 0, 0, 1, 0 };

	memcpy(p, alert, sizeof(alert));
	p[0] = proto;
}

/* A router's hop limit takes the place of the setting's: RFC 4861 §6.3.4 (R-4861-21). */
static void
emit6(const struct sampan *s, uint8_t *p, const struct sp_ip_out *out)
{
	const struct sampan_addr src = sp_addr_wire(*out->src), dst = sp_addr_wire(*out->dst);
	struct ip6_hdr ip = {
		.tclass = out->tos,
		.flow_label = out->flow != NULL ? sp_ip_flow_label(s, out->flow) : 0,
		.payload_len = (uint16_t)(out->payload_len + alert_len_of(out)),
		.next = out->router_alert ? IP_PROTO_HOPOPTS : out->proto,
		.hop_limit = hops_of(s, out, SAMPAN_SET_HOP_LIMIT),
	};

	if (out->ttl == 0 && s->link[out->link].hops != 0)
		ip.hop_limit = s->link[out->link].hops;
	memcpy(ip.src, src.b, 16);
	memcpy(ip.dst, dst.b, 16);
	ip6_emit(p, &ip);
	if (out->router_alert)
		put_router_alert(p + IP6_HDR_LEN, out->proto);
}

void
sp_ip_emit(const struct sampan *s, uint8_t *p, const struct sp_ip_out *out)
{
	if (sp_addr_is_v4(out->dst))
		emit4(s, p, out);
	else
		emit6(s, p, out);
}

uint64_t
sp_ip_pseudo(const struct sp_ip_out *out)
{
	struct sampan_addr src, dst;

	if (sp_addr_is_v4(out->dst))
		return sp_csum_pseudo4(sp_addr_v4(out->src), sp_addr_v4(out->dst), out->proto,
		    out->payload_len);
	src = sp_addr_wire(*out->src);
	dst = sp_addr_wire(*out->dst);
	return sp_csum_pseudo6(src.b, dst.b, out->proto, out->payload_len);
}

/* A function of the flow and a key, so that a SYN-ACK without a record has the label of the
 * connection that it leads to (R-4987-11). */
uint32_t
sp_ip_flow_label(const struct sampan *s, const struct sp_flow *flow)
{
	if (sp_setting(s, SAMPAN_SET_AUTO_FLOWLABELS) == 0)
		return 0;
	return (uint32_t)sp_flow_hash6(&s->label_key, flow) & 0xfffff;
}

/* The link and the next hop, or the Ethernet address of a group. */
static bool
find_way(const struct sampan *s, const struct sp_ip_out *out, struct sp_path *path)
{
	if (out->link == 0)
		return !sp_addr_is_multicast(out->dst) && sp_route_find(s, out->dst, path);
	*path = (struct sp_path){ out->link, *out->dst, NULL };
	return true;
}

static bool
is_group(const struct sampan *s, const struct sp_ip_out *out, unsigned link)
{
	if (out->link == 0 || sp_addr_is_multicast(out->dst))
		return out->link != 0;
	return sp_addr_is_v4(out->dst) && (ip4_is_limited_broadcast(sp_addr_v4(out->dst)) ||
	    sp_is_subnet_broadcast(s, link, sp_addr_v4(out->dst)));
}

/* RFC 1122 §2.4: an IP broadcast goes in a frame that is one. */
static void
to_group(struct sp_reply *r, const struct sampan_addr *group)
{
	r->to_mac = true;
	if (!sp_addr_is_multicast(group))
		memset(r->mac, 0xff, sizeof(r->mac));
	else if (sp_addr_is_v4(group))
		ip4_group_mac(r->mac, sp_addr_v4(group));
	else
		ip6_group_mac(r->mac, group->b);
}

struct sp_reply *
sp_ip_take(struct sampan *s, const struct sp_ip_out *out)
{
	const uint32_t hdr_len = sp_ip_hdr_len(out->dst) + alert_len_of(out);
	struct sp_ip_out there = *out;
	struct sp_reply *r;
	struct sp_path path;

	if (!find_way(s, out, &path)) {
		sp_count(s, SAMPAN_COUNT_REPLIES_DROPPED);
		return NULL;
	}
	r = sp_reply_take(s, path.link, hdr_len + out->payload_len);
	if (r == NULL)
		return NULL;
	there.link = (uint8_t)path.link;
	r->link = (uint8_t)path.link;
	r->l4_off = (uint8_t)hdr_len;
	r->next_hop = path.next_hop;
	r->type = sp_addr_is_v4(out->dst) ? ETH_TYPE_IP4 : ETH_TYPE_IP6;
	if (is_group(s, out, path.link))
		to_group(r, out->dst);
	sp_ip_emit(s, sp_reply_packet(r), &there);
	return r;
}

uint8_t *
sp_ip_l4(struct sp_reply *r)
{
	return sp_reply_packet(r) + r->l4_off;
}

void
sp_ip_send(struct sampan *s, struct sp_reply *r)
{
	sp_reply_send(s, r->link, r);
}

/* RFC 4443 §2.3 (R-4443-1). */
void
sp_ip_csum_icmp6(const struct sampan *s, struct sp_reply *r, const struct sp_ip_out *out)
{
	uint8_t *p = sp_ip_l4(r);

	be16_put(p + ICMP6_CSUM_OFF, 0);
	be16_put(p + ICMP6_CSUM_OFF, (uint16_t)~sp_csum_fold(sp_csum_add(p, out->payload_len,
	    sp_ip_pseudo(out), s->csum_variant)));
}
