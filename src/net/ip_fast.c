/*
 * ip_fast.c - the first look at the frame that everybody sends: Ethernet for
 * this link, IPv4 without options and whole, TCP, all headers in one piece; IPv6 goes
 * on in ip_fast6.c.
 *
 * Does what sp_ip_look() does, for these frames only and at a quarter of its
 * cost; whatever is not quite like that is left to it, the drops too.  That
 * both find the same is shown by tests/sim/fast_path.c.
 */
#include "net/ip_fast.h"

#include <string.h>

#include "wire/csum.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

#define IP_AT ETH_HDR_LEN
#define TCP_AT (IP_AT + IP4_HDR_LEN)
#define FRAG_MASK 0x3fff	/* more fragments, and the offset */

/* The contiguous start of a frame that has all the bytes it says it has. */
static inline const uint8_t *
start_of(const struct sampan_frame *f, uint32_t *len)
{
	const bool bare = f->head_len == 0 && f->slices > 0;
	const uint32_t have = bare ? f->slice[0].len : f->head_len;
	uint32_t total = f->head_len;

	for (unsigned i = 0; i < f->slices; i++)
		total += f->slice[i].len;
	*len = f->len > total ? 0 : have < f->len ? have : f->len;
	return bare ? f->slice[0].data : f->head;
}

static inline bool
headers_good(const struct sp_link *l, const uint8_t *p, uint32_t len, uint32_t frame_len)
{
	uint32_t total, tcp_len;

	if (len < TCP_AT + TCP_HDR_LEN)
		return false;
	total = be16_get(p + IP_AT + 2);
	tcp_len = (p[TCP_AT + 12] >> 4) * 4u;
	return be16_get(p + 12) == ETH_TYPE_IP4 && memcmp(p, l->mac, ETH_ADDR_LEN) == 0 &&
	    p[IP_AT] == 0x45 && p[IP_AT + 9] == IP_PROTO_TCP &&
	    (be16_get(p + IP_AT + 6) & FRAG_MASK) == 0 &&
	    tcp_len >= TCP_HDR_LEN && TCP_AT + tcp_len <= len &&
	    IP4_HDR_LEN + tcp_len <= total && total <= frame_len - IP_AT &&
	    sp_csum_good(sp_csum_small(p + IP_AT, IP4_HDR_LEN));
}

/* The address that every host on the link hears; the address itself: there is none. */
static inline uint32_t
broadcast_of(const struct sp_local_addr *l)
{
	const uint32_t v4 = sp_addr_v4(&l->addr);
	const unsigned bits = l->prefix_bits - 96u;

	return bits - 1 < 30 ? v4 | UINT32_MAX >> bits : v4;
}

/* No source: 0/8, 127/8, 224/3. */
static inline bool
is_no_source(uint32_t src)
{
	const uint32_t net = src >> 24;

	return net == 0 || net == 127 || net >= 224;
}

/* Source and destination as sp_ip_look() wants them (R-IP4-4, R-IP4-5, R-V-9), all
 * of it in one go over our addresses: from a host, not from ourselves, to an
 * address of this link.  If it is the only one, that is kept in mind. */
static bool
look_at_ends(struct sampan *s, unsigned link, uint32_t src, uint32_t dst)
{
	const struct sp_local_addr *to = NULL;
	unsigned n = 0;

	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++) {
		const struct sp_local_addr *l = &s->addr[i];
		uint32_t v4;

		if (!sp_addr_is_v4(&l->addr))
			continue;
		v4 = sp_addr_v4(&l->addr);
		if (src == v4 || src == broadcast_of(l))
			return false;
		if (dst == v4 && l->link == link && sp_addr_usable(l))
			to = l;
		n++;
	}
	if (to != NULL && n == 1)
		s->sole = (struct sp_sole_addr){ dst, broadcast_of(to), s->route_gen,
			(uint8_t)link };
	return to != NULL;
}

static inline bool
ends_good(struct sampan *s, unsigned link, uint32_t src, uint32_t dst)
{
	if (is_no_source(src))
		return false;
	if (s->sole.link == link && s->sole.route_gen == s->route_gen && s->sole.v4 == dst)
		return src != dst && src != s->sole.broadcast;
	return look_at_ends(s, link, src, dst);
}

static inline void
set_v4(struct sampan_addr *a, const uint8_t *p)
{
	static const uint8_t prefix[12] = { [10] = 0xff, 0xff };

	memcpy(a->b, prefix, sizeof(prefix));
	memcpy(a->b + 12, p, 4);
}

bool
sp_ip_look_fast(struct sampan *s, unsigned link, struct sampan_frame *f, struct sp_pkt *pkt)
{
	uint32_t len, total;
	const uint8_t *p = start_of(f, &len);

	if (s->long_way_only || sp_setting(s, SAMPAN_SET_RP_FILTER) != 0)
		return false;
	if (!headers_good(&s->link[link], p, len, f->len))
		return sp_ip_look_fast6(s, link, &(struct sp_start){ f, p, len }, pkt);
	if (!ends_good(s, link, be32_get(p + IP_AT + 12), be32_get(p + IP_AT + 16)))
		return false;
	total = be16_get(p + IP_AT + 2);
	*pkt = (struct sp_pkt){
		.frame = f,
		.body = p + TCP_AT,
		.body_len = len - TCP_AT,
		.span = { f, TCP_AT, total - IP4_HDR_LEN },
		.kind = SP_PKT_TRANSPORT,
		.link = (uint8_t)link,
		.proto = IP_PROTO_TCP,
		.tos = p[IP_AT + 1],
		.hops = p[IP_AT + 8],
		.ip_at = IP_AT,
		.ip_len = (uint16_t)total,
		.flow.remote_port = be16_get(p + TCP_AT),
		.flow.local_port = be16_get(p + TCP_AT + 2),
		.at = sp_stack_frame_time(s, f->at),
	};
	set_v4(&pkt->flow.remote, p + IP_AT + 12);
	set_v4(&pkt->flow.local, p + IP_AT + 16);
	if (pkt->body_len > pkt->span.len)
		pkt->body_len = pkt->span.len;
	pkt->hash = sp_flow_hash(&s->flow_key, &pkt->flow);
	return true;
}
