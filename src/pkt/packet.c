/*
 * packet.c - IP packets as bytes.
 *
 * IPv6 headers stand here and not in wire/: a script needs no extension
 * headers.  RFC 8200 §3.
 */
#include "pkt/packet.h"

#include <string.h>

#include "wire/bytes.h"
#include "wire/csum.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"
#include "wire/udp.h"

#define IP6_HDR_LEN 40

static bool
is_v4(const struct sampan_addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(a->b, mapped, sizeof(mapped)) == 0;
}

static struct sampan_addr
addr_of(uint32_t v4)
{
	return sampan_addr_v4((uint8_t)(v4 >> 24), (uint8_t)(v4 >> 16), (uint8_t)(v4 >> 8),
	    (uint8_t)v4);
}

static uint64_t
pseudo(const struct pkt_ip *ip, uint32_t len)
{
	if (is_v4(&ip->src))
		return sp_csum_pseudo4(be32_get(ip->src.b + 12), be32_get(ip->dst.b + 12),
		    ip->proto, len);
	return sp_csum_pseudo6(ip->src.b, ip->dst.b, ip->proto, len);
}

/* ---- Reading ---- */

static bool
decode_ip4(struct pkt_live *live, struct rd *r)
{
	struct ip4_hdr h;

	if (ip4_parse(&h, r->p, rd_left(r), rd_left(r)) != IP4_OK)
		return false;
	live->ip = (struct pkt_ip){ addr_of(h.src), addr_of(h.dst), h.tos, h.ttl, h.proto };
	live->is_fragment = h.mf || h.frag_off_bytes != 0;
	*r = rd_init(r->p + h.hdr_len, (size_t)h.total_len - h.hdr_len);
	return true;
}

static bool
decode_ip6(struct pkt_live *live, struct rd *r)
{
	const uint8_t *const p = rd_skip(r, IP6_HDR_LEN);

	if (p == NULL || be16_get(p + 4) > rd_left(r))
		return false;
	live->v6 = true;
	live->ip.tos = (uint8_t)(be16_get(p) >> 4);
	live->ip.proto = p[6];
	live->is_fragment = p[6] == PKT_PROTO_FRAGMENT;
	live->ip.ttl = p[7];
	memcpy(live->ip.src.b, p + 8, 16);
	memcpy(live->ip.dst.b, p + 24, 16);
	*r = rd_init(r->p, be16_get(p + 4));
	return true;
}

static bool
decode_tcp(struct pkt_live *live, const struct rd *r)
{
	const uint32_t len = (uint32_t)rd_left(r);

	if (!tcp_hdr_parse(&live->tcp, r->p, len, len))
		return false;
	live->opts = r->p + TCP_HDR_LEN;
	live->opts_len = live->tcp.data_off_bytes - (uint32_t)TCP_HDR_LEN;
	live->data = r->p + live->tcp.data_off_bytes;
	live->data_len = len - live->tcp.data_off_bytes;
	live->csum_ok = sp_csum_good(sp_csum_add(r->p, len, pseudo(&live->ip, len), 0));
	return true;
}

static bool
decode_udp(struct pkt_live *live, const struct rd *r)
{
	const uint32_t len = (uint32_t)rd_left(r);
	struct udp_hdr h;

	if (!udp_parse(&h, r->p, len, len))
		return false;
	live->tcp.src_port = h.src_port;
	live->tcp.dst_port = h.dst_port;
	live->data = r->p + UDP_HDR_LEN;
	live->data_len = h.len - (uint32_t)UDP_HDR_LEN;
	live->csum_ok = h.csum != 0 &&
	    sp_csum_good(sp_csum_add(r->p, h.len, pseudo(&live->ip, h.len), 0));
	return true;
}

static bool
decode_icmp(struct pkt_live *live, const struct rd *r)
{
	const uint32_t len = (uint32_t)rd_left(r);
	struct icmp4_hdr h;

	if (!icmp4_parse(&h, r->p, len))
		return false;
	live->icmp_type = h.type;
	live->icmp_code = h.code;
	live->icmp_mtu = live->v6 ? h.rest : h.rest & 0xffff;
	live->data = r->p + ICMP4_HDR_LEN;
	live->data_len = len - ICMP4_HDR_LEN;
	live->csum_ok = sp_csum_good(sp_csum_add(r->p, len,
	    live->v6 ? pseudo(&live->ip, len) : 0, 0));
	return true;
}

bool
sp_pkt_decode(struct pkt_live *live, const uint8_t *bytes, uint32_t len)
{
	struct rd r = rd_init(bytes, len);

	*live = (struct pkt_live){ .v6 = false };
	if (len < 1)
		return false;
	if (bytes[0] >> 4 == 6 ? !decode_ip6(live, &r) : !decode_ip4(live, &r))
		return false;
	if (live->is_fragment) {
		live->csum_ok = true;
		return true;
	}
	if (live->ip.proto == PKT_PROTO_TCP)
		return decode_tcp(live, &r);
	if (live->ip.proto == PKT_PROTO_UDP)
		return decode_udp(live, &r);
	if (live->ip.proto == (live->v6 ? PKT_PROTO_ICMP6 : PKT_PROTO_ICMP4))
		return decode_icmp(live, &r);
	live->csum_ok = true;
	return true;
}

/* ---- Writing ---- */

/* Returns the length of the header. */
static uint32_t
emit_ip(uint8_t *p, const struct pkt_ip *ip, uint32_t payload_len)
{
	if (is_v4(&ip->src)) {
		const struct ip4_hdr h = {
			.tos = ip->tos,
			.total_len = (uint16_t)(IP4_HDR_LEN + payload_len),
			.df = true,
			.ttl = ip->ttl,
			.proto = ip->proto,
			.src = be32_get(ip->src.b + 12),
			.dst = be32_get(ip->dst.b + 12),
		};

		ip4_emit(p, &h);
		return IP4_HDR_LEN;
	}
	be32_put(p, (uint32_t)6 << 28 | (uint32_t)ip->tos << 20);
	be16_put(p + 4, (uint16_t)payload_len);
	p[6] = ip->proto;
	p[7] = ip->ttl;
	memcpy(p + 8, ip->src.b, 16);
	memcpy(p + 24, ip->dst.b, 16);
	return IP6_HDR_LEN;
}

uint32_t
sp_pkt_emit_tcp(uint8_t *p, const struct pkt_tcp_out *out)
{
	struct tcp_hdr h = out->tcp;
	uint32_t at;

	h.data_off_bytes = (uint8_t)(TCP_HDR_LEN + out->opts_len);
	at = emit_ip(p, &out->ip, h.data_off_bytes + out->data_len);
	tcp_hdr_emit(p + at, &h);
	if (h.ae)
		p[at + 12] |= 1;
	if (out->opts_len > 0)
		memcpy(p + at + TCP_HDR_LEN, out->opts, out->opts_len);
	return at + h.data_off_bytes;
}

uint32_t
sp_pkt_emit_udp(uint8_t *p, const struct pkt_udp_out *out)
{
	const uint32_t len = UDP_HDR_LEN + out->data_len;
	const uint32_t at = emit_ip(p, &out->ip, len);

	udp_emit(p + at, &(struct udp_hdr){ .src_port = out->src_port,
	    .dst_port = out->dst_port, .len = (uint16_t)len });
	return at + UDP_HDR_LEN;
}

void
sp_pkt_finish(uint8_t *p, uint32_t len)
{
	const uint32_t at = p[0] >> 4 == 6 ? IP6_HDR_LEN : IP4_HDR_LEN;
	struct pkt_ip ip = { .proto = at == IP6_HDR_LEN ? p[6] : p[9] };
	const uint32_t csum_off = ip.proto == PKT_PROTO_UDP ? UDP_CSUM_OFF : TCP_CSUM_OFF;
	uint64_t sum;

	if (at == IP6_HDR_LEN) {
		memcpy(ip.src.b, p + 8, 16);
		memcpy(ip.dst.b, p + 24, 16);
	} else {
		ip.src = addr_of(be32_get(p + 12));
		ip.dst = addr_of(be32_get(p + 16));
	}
	be16_put(p + at + csum_off, 0);
	sum = sp_csum_add(p + at, len - at, pseudo(&ip, len - at), 0);
	if (ip.proto == PKT_PROTO_UDP)
		udp_csum_put(p + at, sum);
	else
		be16_put(p + at + csum_off, (uint16_t)~sp_csum_fold(sum));
}

uint32_t
sp_pkt_emit_icmp(uint8_t *p, const struct pkt_icmp_out *out)
{
	const struct icmp4_hdr h = { .type = out->type, .code = out->code, .rest = out->rest };
	const uint32_t len = ICMP4_HDR_LEN + out->quoted_len;
	const uint32_t at = emit_ip(p, &out->ip, len);

	icmp4_emit(p + at, &h);
	memcpy(p + at + ICMP4_HDR_LEN, out->quoted, out->quoted_len);
	icmp4_csum_put(p + at, sp_csum_add(p + at, len,
	    out->ip.proto == PKT_PROTO_ICMP6 ? pseudo(&out->ip, len) : 0, 0));
	return at + len;
}
