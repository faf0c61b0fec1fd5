/*
 * ip_fast6.c - the twin of ip_fast.c for IPv6: no extension headers, TCP, all headers
 * in one piece, global addresses (a link-local one needs its zone).
 */
#include "net/ip_fast.h"

#include <string.h>

#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

#define IP_AT ETH_HDR_LEN
#define TCP_AT (IP_AT + IP6_HDR_LEN)

static inline bool
headers_good(const struct sp_link *l, const struct sp_start *f, uint32_t frame_len)
{
	const uint8_t *p = f->p;
	uint32_t payload, tcp_len;

	if (f->len < TCP_AT + TCP_HDR_LEN)
		return false;
	payload = be16_get(p + IP_AT + 4);
	tcp_len = (p[TCP_AT + 12] >> 4) * 4u;
	return be16_get(p + 12) == ETH_TYPE_IP6 && memcmp(p, l->mac, ETH_ADDR_LEN) == 0 &&
	    p[IP_AT] >> 4 == 6 && p[IP_AT + 6] == IP_PROTO_TCP &&
	    tcp_len >= TCP_HDR_LEN && TCP_AT + tcp_len <= f->len &&
	    tcp_len <= payload && payload <= frame_len - TCP_AT;
}

/* 2000::/3 and fc00::/7 without further ado. */
static inline bool
is_plain(const uint8_t *addr)
{
	return addr[0] >> 5 == 1 || (addr[0] & 0xfe) == 0xfc;
}

/* As sp_ip_look6() wants them (R-8200-14, R-8200-16, R-V-9): not from ourselves, to an
 * address of this link. */
static inline bool
ends_good(const struct sampan *s, unsigned link, const struct sp_flow *flow)
{
	bool local = false;

	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++) {
		const struct sp_local_addr *l = &s->addr[i];

		if (sp_addr_equal(&l->addr, &flow->remote))
			return false;
		local = local || (l->link == link && sp_addr_equal(&l->addr, &flow->local) &&
		    sp_addr_usable(l));
	}
	return local;
}

bool
sp_ip_look_fast6(struct sampan *s, unsigned link, const struct sp_start *start, struct sp_pkt *pkt)
{
	struct sampan_frame *f = start->frame;
	const uint8_t *p = start->p;
	struct sp_flow flow;

	if (!headers_good(&s->link[link], start, f->len) || !is_plain(p + IP_AT + 8) ||
	    !is_plain(p + IP_AT + 24))
		return false;
	memcpy(&flow.remote, p + IP_AT + 8, 16);
	memcpy(&flow.local, p + IP_AT + 24, 16);
	flow.remote_port = be16_get(p + TCP_AT);
	flow.local_port = be16_get(p + TCP_AT + 2);
	if (!ends_good(s, link, &flow))
		return false;
	*pkt = (struct sp_pkt){
		.frame = f,
		.body = p + TCP_AT,
		.body_len = start->len - TCP_AT,
		.span = { f, TCP_AT, be16_get(p + IP_AT + 4) },
		.kind = SP_PKT_TRANSPORT,
		.link = (uint8_t)link,
		.proto = IP_PROTO_TCP,
		.tos = (uint8_t)(be16_get(p + IP_AT) >> 4),
		.hops = p[IP_AT + 7],
		.problem_at = 6,
		.ip_at = IP_AT,
		.ip_len = (uint16_t)(IP6_HDR_LEN + be16_get(p + IP_AT + 4)),
		.flow = flow,
		.at = f->at != 0 && f->at < s->now ? f->at : s->now,
	};
	if (pkt->body_len > pkt->span.len)
		pkt->body_len = pkt->span.len;
	pkt->hash = sp_flow_hash(&s->flow_key, &pkt->flow);
	return true;
}
