/*
 * ip.c - see ip.h.  RFC 791, RFC 1122 §3.2.1.
 *
 * The lengths of every layer are cut to what the layer below really holds, so
 * that nothing above ever looks at more than the frame has (R-V-12, R-V-17).
 */
#include "net/ip.h"

#include <string.h>

#include "net/reply.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

/* Makes the first `want` bytes of a frame contiguous in its head.  A slice
 * that is used up keeps pointing inside its buffer, so that whoever lent it
 * still knows it. */
static void
pull_up(struct sampan_frame *f, uint32_t want)
{
	for (unsigned i = 0; i < f->slices && f->head_len < want; i++) {
		struct sampan_slice *slice = &f->slice[i];
		const uint32_t need = want - f->head_len;
		const uint32_t n = slice->len < need ? slice->len : need;

		memcpy(f->head + f->head_len, slice->data, n);
		f->head_len = (uint16_t)(f->head_len + n);
		slice->len -= n;
		slice->data += slice->len > 0 ? n : 0;
	}
}

/* How much of the frame, whose first len bytes are at p, is headers: exact
 * once they are all there, before that at least one byte more than len. */
static uint32_t
headers_len(const uint8_t *p, uint32_t len)
{
	uint32_t need = ETH_HDR_LEN;

	if (len < need || be16_get(p + 12) == ETH_TYPE_ARP)
		return need + (len < need ? 0 : ARP_LEN);
	if (be16_get(p + 12) != ETH_TYPE_IP4)
		return need;
	need += IP4_HDR_LEN;
	if (len < need)
		return need;
	need += (p[ETH_HDR_LEN] & 15u) * 4u - IP4_HDR_LEN;
	if (p[ETH_HDR_LEN + 9] != IP_PROTO_TCP)
		return need + ICMP4_HDR_LEN;
	return len < need + TCP_HDR_LEN ? need + TCP_HDR_LEN : need + (p[need + 12] >> 4) * 4u;
}

/* The contiguous start of the frame with all its headers, as far as it has
 * them and they fit into the head. */
static const uint8_t *
frame_start(struct sampan_frame *f, uint32_t *len)
{
	const uint32_t most = f->len < SAMPAN_FRAME_HEAD ? f->len : SAMPAN_FRAME_HEAD;
	const bool bare = f->head_len == 0 && f->slices > 0;
	const uint8_t *p = bare ? f->slice[0].data : f->head;
	uint32_t have = bare ? f->slice[0].len : f->head_len;
	uint32_t want;

	while ((want = headers_len(p, have)) > have && have < most) {
		pull_up(f, want < most ? want : most);
		p = f->head;
		have = f->head_len;
	}
	*len = have < f->len ? have : f->len;
	return p;
}

/* The length cannot be more than what is there. */
static void
cut_to_slices(struct sampan_frame *f)
{
	uint32_t total = f->head_len;

	for (unsigned i = 0; i < f->slices; i++)
		total += f->slice[i].len;
	if (f->len > total)
		f->len = total;
}

static bool
dropped(struct sampan *s, struct sp_pkt *pkt, enum sampan_count reason)
{
	pkt->kind = SP_PKT_DROPPED;
	sp_drop(s, reason, pkt->link);
	return false;
}

/* RFC 1122 §3.2.1.3; R-IP4-5, RFC 9293 §3.9.2.3 (MUST-63): a source that may stand
 * in a packet from the wire (R-IP4-27).  Our own address is refused too (R-V-9). */
static bool
source_good(const struct sampan *s, const struct sampan_addr *src)
{
	return sp_addr_is_unicast(s, src) && !ip4_is_loopback(sp_addr_v4(src)) &&
	    sp_local_find(s, 0, src) == NULL;
}

/* RFC 1122 §3.2.1.3; R-IP4-4, R-IP4-7, R-IP4-18, R-V-47: to an address of this
 * link, or to its broadcast (R-IP4-21) in a frame that was one too (R-IP4-20). */
static bool
destination_good(struct sampan *s, struct sp_pkt *pkt, uint32_t dst)
{
	if (sp_local_find(s, pkt->link, &pkt->flow.local) != NULL) {
		if (pkt->l2_group)
			return dropped(s, pkt, SAMPAN_DROP_IP_BROADCAST);
		return true;
	}
	pkt->ip_group = ip4_is_limited_broadcast(dst) || ip4_is_multicast(dst) ||
	    sp_is_subnet_broadcast(s, pkt->link, dst);
	if (!pkt->ip_group)
		return dropped(s, pkt, SAMPAN_DROP_IP_DESTINATION);
	return true;
}

static enum sampan_count
reason_of(enum ip4_error error)
{
	return error == IP4_CSUM ? SAMPAN_DROP_IP_CSUM : SAMPAN_DROP_IP_MALFORMED;
}

/* The transport's ports and the flow's hash; a header cut short has none and
 * is the transport's to refuse. */
static void
look_at_tcp(const struct sampan *s, struct sp_pkt *pkt)
{
	pkt->kind = SP_PKT_TCP;
	if (pkt->body_len >= TCP_HDR_LEN) {
		pkt->flow.remote_port = be16_get(pkt->body);
		pkt->flow.local_port = be16_get(pkt->body + 2);
	}
	pkt->hash = sp_flow_hash(&s->flow_key, &pkt->flow);
}

/* What nobody here understands is no fault: RFC 9293 §3.9.2 (MUST-50); R-IP4-11,
 * R-IP4-12.  A source route is (5-D12, R-V-41). */
static bool
options_good(const uint8_t *p, size_t hdr_len)
{
	return hdr_len == IP4_HDR_LEN ||
	    (ip4_options_ok(p, hdr_len) && !ip4_has_source_route(p, hdr_len));
}

static void
look_at_ip4(struct sampan *s, struct sp_pkt *pkt)
{
	struct ip4_hdr ip;
	const enum ip4_error error = ip4_parse(&ip, pkt->body, pkt->body_len, pkt->span.len);

	if (error != IP4_OK) {
		dropped(s, pkt, reason_of(error));
		return;
	}
	if (!options_good(pkt->body, ip.hdr_len)) {
		dropped(s, pkt, SAMPAN_DROP_IP_OPTIONS);	/* 5-D12 */
		return;
	}
	pkt->flow.remote = sp_addr_of_v4(ip.src);
	pkt->flow.local = sp_addr_of_v4(ip.dst);
	if (!source_good(s, &pkt->flow.remote)) {
		dropped(s, pkt, SAMPAN_DROP_IP_SOURCE);
		return;
	}
	if (!destination_good(s, pkt, ip.dst))
		return;
	if (ip.mf || ip.frag_off_bytes != 0) {
		dropped(s, pkt, SAMPAN_DROP_IP_FRAGMENT);
		return;
	}
	pkt->tos = ip.tos;
	pkt->span = sp_span_part(pkt->span, ip.hdr_len, ip.total_len - (uint32_t)ip.hdr_len);
	pkt->body += ip.hdr_len;
	pkt->body_len -= ip.hdr_len;
	if (pkt->body_len > pkt->span.len)
		pkt->body_len = pkt->span.len;
	if (ip.proto == IP_PROTO_TCP)
		look_at_tcp(s, pkt);
	else if (ip.proto == IP_PROTO_ICMP)
		pkt->kind = SP_PKT_ICMP4;
	else
		dropped(s, pkt, SAMPAN_DROP_IP_PROTOCOL);
}

static bool
for_us(const struct sp_link *l, const struct eth_hdr *eth)
{
	return eth_is_multicast(eth->dst) || memcmp(eth->dst, l->mac, sizeof(l->mac)) == 0;
}

/* Ethernet II only: a type that is a length is none that is known (R-IP4-30). */
void
sp_ip_look(struct sampan *s, unsigned link, struct sampan_frame *f, struct sp_pkt *pkt)
{
	struct eth_hdr eth;
	uint32_t len;
	const uint8_t *p;

	cut_to_slices(f);
	p = frame_start(f, &len);
	*pkt = (struct sp_pkt){ .frame = f, .link = (uint8_t)link };
	pkt->at = f->at != 0 && f->at < s->now ? f->at : s->now;
	if (!eth_parse(&eth, p, len)) {
		dropped(s, pkt, SAMPAN_DROP_FRAME_SHORT);
		return;
	}
	if (!for_us(&s->link[link], &eth)) {
		dropped(s, pkt, SAMPAN_DROP_FRAME_OTHER_HOST);
		return;
	}
	pkt->l2_group = eth_is_multicast(eth.dst);
	pkt->body = p + ETH_HDR_LEN;
	pkt->body_len = len - ETH_HDR_LEN;
	pkt->span = (struct sp_span){ f, ETH_HDR_LEN, f->len - ETH_HDR_LEN };
	if (eth.type == ETH_TYPE_IP4)
		look_at_ip4(s, pkt);
	else if (eth.type == ETH_TYPE_ARP)
		pkt->kind = SP_PKT_ARP;
	else
		dropped(s, pkt, SAMPAN_DROP_FRAME_TYPE);
}

/* R-IP4-8, R-IP4-9. */
void
sp_ip_emit(const struct sampan *s, uint8_t *p, const struct sp_ip_out *out)
{
	/* Atomic datagrams: DF is set (R-1191-1, R-IP4-24), so the identification says
	 * nothing (RFC 6864 §4.1; R-IP4-23) and tells nothing (R-IP4-25, R-V-27, R-V-50). */
	const struct ip4_hdr ip = {
		.tos = out->tos,	/* RFC 9293 §3.9.1.9 (SHLD-22) */
		.total_len = (uint16_t)(IP4_HDR_LEN + out->payload_len),
		.df = true,
		.ttl = out->ttl != 0 ? out->ttl : (uint8_t)sp_setting(s, SAMPAN_SET_IP_TTL),
		.proto = out->proto,
		.src = sp_addr_v4(out->src),
		.dst = sp_addr_v4(out->dst),
	};

	ip4_emit(p, &ip);
}

uint64_t
sp_ip_pseudo(const struct sp_ip_out *out)
{
	if (sp_addr_is_v4(out->dst))
		return sp_csum_pseudo4(sp_addr_v4(out->src), sp_addr_v4(out->dst), out->proto,
		    out->payload_len);
	return sp_csum_pseudo6(out->src->b, out->dst->b, out->proto, out->payload_len);
}

struct sp_reply *
sp_ip_reply_take(struct sampan *s, const struct sp_ip_out *out, unsigned *link)
{
	struct sp_reply *r;
	struct sp_path path;

	if (!sp_route_find(s, out->dst, &path)) {
		sp_count(s, SAMPAN_COUNT_REPLIES_DROPPED);
		return NULL;
	}
	r = sp_reply_take(s, path.link, sp_ip_hdr_len(out->dst) + out->payload_len);
	if (r == NULL)
		return NULL;
	r->next_hop = path.next_hop;
	r->type = ETH_TYPE_IP4;
	sp_ip_emit(s, sp_reply_packet(r), out);
	*link = path.link;
	return r;
}

uint8_t *
sp_ip_reply_l4(struct sp_reply *r, const struct sp_ip_out *out)
{
	return sp_reply_packet(r) + sp_ip_hdr_len(out->dst);
}
