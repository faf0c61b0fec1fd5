/*
 * frag.c - see frag.h.  What fragments are put together to: reass.c.
 */
#include "net/frag.h"

#include "net/icmp_error.h"
#include "wire/ip4.h"

#define PACKET_BYTES_MAX 65535u
#define FRAG6_LEN 8u

static void
read4(struct sp_frag *f)
{
	uint8_t ip[IP4_HDR_LEN];

	sp_span_copy(ip, (struct sp_span){ f->pkt->frame, f->pkt->ip_at, sizeof(ip) });
	f->id = be16_get(ip + 4);
	f->more = (ip[6] & 0x20) != 0;
	f->start = (be16_get(ip + 6) & 0x1fffu) * 8;
	f->proto = f->pkt->proto;
	f->data = f->pkt->span;
}

static bool
read6(struct sp_frag *f)
{
	uint8_t h[FRAG6_LEN];

	if (f->pkt->span.len < FRAG6_LEN)
		return false;
	sp_span_copy(h, sp_span_part(f->pkt->span, 0, FRAG6_LEN));
	f->proto = h[0];
	f->start = be16_get(h + 2) & 0xfff8u;
	f->more = (h[3] & 1) != 0;
	f->id = be32_get(h + 4);
	f->data = sp_span_part(f->pkt->span, FRAG6_LEN, f->pkt->span.len - FRAG6_LEN);
	return true;
}

/* Octets of headers, the transport's too, that the first fragment has to hold. */
static uint32_t
header_need(const struct sp_frag *f)
{
	uint8_t proto = f->proto, h[2];
	uint32_t at = 0;

	while (!f->v4 && ip6_is_extension(proto) && at + 8 <= f->data.len) {
		sp_span_copy(h, sp_span_part(f->data, at, 2));
		proto = h[0];
		at += (h[1] + 1u) * 8;
	}
	return at + (proto == IP_PROTO_TCP ? 20 : 8);
}

static void
report(struct sampan *s, const struct sp_frag *f, uint8_t code, uint16_t at)
{
	struct sp_pkt pkt = *f->pkt;

	pkt.problem_code = code;
	pkt.problem_at = at;
	sp_icmp_problem(s, &pkt);
}

bool
sp_frag_refuse(struct sampan *s, const struct sp_frag *f, enum sampan_count reason)
{
	sp_drop(s, reason, f->pkt->link);
	return false;
}

/* RFC 7112 §5 (R-FRAG-12): all headers in the first fragment; RFC 1858, RFC 3128
 * (R-FRAG-14): and nothing that overwrites them. */
static bool
first_is_whole(struct sampan *s, const struct sp_frag *f)
{
	if (f->start == 8 && f->proto == IP_PROTO_TCP && f->v4)
		return sp_frag_refuse(s, f, SAMPAN_DROP_IP_FRAGMENT);
	if (f->start != 0 || !f->more || f->data.len >= header_need(f))
		return true;
	if (f->v4)
		return sp_frag_refuse(s, f, SAMPAN_DROP_IP_FRAGMENT);
	report(s, f, IP6_PROBLEM_CHAIN, 0);
	return false;
}

/* R-FRAG-5, R-FRAG-6, R-FRAG-20; errors as RFC 8200 §4.5 has them, for IPv6 only:
 * about a fragment that is not the first there is none otherwise (R-FRAG-23). */
static bool
lengths_good(struct sampan *s, const struct sp_frag *f)
{
	const uint32_t most = f->v4 ? PACKET_BYTES_MAX - IP4_HDR_LEN : PACKET_BYTES_MAX;
	const uint16_t offset_at =
	    (uint16_t)(f->pkt->span.off - f->pkt->ip_at + 2u);

	if (f->more && (f->data.len == 0 || f->data.len % 8 != 0)) {
		if (f->v4 || f->data.len == 0)
			return sp_frag_refuse(s, f, SAMPAN_DROP_IP_FRAGMENT);
		report(s, f, IP6_PROBLEM_FIELD, 4);
		return false;
	}
	if (f->end > most) {
		if (f->v4)
			return sp_frag_refuse(s, f, SAMPAN_DROP_IP_FRAGMENT);
		report(s, f, IP6_PROBLEM_FIELD, offset_at);
		return false;
	}
	return first_is_whole(s, f);
}

bool
sp_frag_read(struct sampan *s, const struct sp_pkt *pkt, struct sp_frag *f)
{
	*f = (struct sp_frag){ .pkt = pkt, .v4 = sp_pkt_is_v4(pkt) };
	if (f->v4)
		read4(f);
	else if (!read6(f))
		return sp_frag_refuse(s, f, SAMPAN_DROP_IP_FRAGMENT);
	f->end = f->start + f->data.len;
	return lengths_good(s, f);
}
