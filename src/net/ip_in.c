/*
 * ip_in.c - from a frame to a packet: Ethernet, and which protocol it carries.
 *
 * The lengths of every layer are cut to what the layer below really holds, so
 * that nothing above ever looks at more than the frame has (R-V-12, R-V-17).
 */
#include "net/ip_in.h"

#include <string.h>

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

/* How many bytes the headers of a transport take that begin at p + at, as far as
 * the first len bytes at p tell. */
static uint32_t
transport_len(const uint8_t *p, uint32_t at, uint32_t len, uint8_t proto)
{
	if (proto != IP_PROTO_TCP)
		return at + ICMP4_HDR_LEN;
	return len < at + TCP_HDR_LEN ? at + TCP_HDR_LEN : at + (p[at + 12] >> 4) * 4u;
}

/* How much of the frame, whose first len bytes are at p, is headers: exact
 * once they are all there, before that at least one byte more than len. */
static uint32_t
headers_len(const uint8_t *p, uint32_t len)
{
	const uint32_t ip = ETH_HDR_LEN;
	uint16_t type;

	if (len < ip)
		return ip;
	type = be16_get(p + 12);
	if (type == ETH_TYPE_ARP)
		return ip + ARP_LEN;
	if (type == ETH_TYPE_IP6)
		return len < ip + IP6_HDR_LEN ?
		    ip + IP6_HDR_LEN : transport_len(p, ip + IP6_HDR_LEN, len, p[ip + 6]);
	if (type != ETH_TYPE_IP4)
		return ip;
	if (len < ip + IP4_HDR_LEN)
		return ip + IP4_HDR_LEN;
	return transport_len(p, ip + (p[ip] & 15u) * 4u, len, p[ip + 9]);
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

bool
sp_ip_dropped(struct sampan *s, struct sp_pkt *pkt, enum sampan_count reason)
{
	pkt->kind = SP_PKT_DROPPED;
	sp_drop(s, reason, pkt->link);
	return false;
}

/* The ports, where TCP and UDP have them, and the flow's hash; a header cut short
 * has none and is the transport's to refuse. */
void
sp_ip_look_at_transport(const struct sampan *s, struct sp_pkt *pkt)
{
	pkt->kind = SP_PKT_TRANSPORT;
	if (pkt->body_len >= 8) {
		pkt->flow.remote_port = be16_get(pkt->body);
		pkt->flow.local_port = be16_get(pkt->body + 2);
	}
	pkt->hash = sp_flow_hash(&s->flow_key, &pkt->flow);
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
	*pkt = (struct sp_pkt){ .frame = f, .link = (uint8_t)link, .ip_at = ETH_HDR_LEN };
	pkt->at = sp_stack_frame_time(s, f->at);
	if (!eth_parse(&eth, p, len)) {
		sp_ip_dropped(s, pkt, SAMPAN_DROP_FRAME_SHORT);
		return;
	}
	if (!for_us(&s->link[link], &eth)) {
		sp_ip_dropped(s, pkt, SAMPAN_DROP_FRAME_OTHER_HOST);
		return;
	}
	pkt->l2_group = eth_is_multicast(eth.dst);
	pkt->body = p + ETH_HDR_LEN;
	pkt->body_len = len - ETH_HDR_LEN;
	pkt->span = (struct sp_span){ f, ETH_HDR_LEN, f->len - ETH_HDR_LEN };
	if (eth.type == ETH_TYPE_IP4)
		sp_ip_look4(s, pkt);
	else if (eth.type == ETH_TYPE_IP6)
		sp_ip_look6(s, pkt);
	else if (eth.type == ETH_TYPE_ARP)
		pkt->kind = SP_PKT_ARP;
	else
		sp_ip_dropped(s, pkt, SAMPAN_DROP_FRAME_TYPE);
}
