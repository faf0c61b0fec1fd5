/*
 * split.c - see split.h.
 *
 * Identifications are drawn at random (RFC 7739 §5 (R-FRAG-19), R-IP4-29): they tell
 * nothing about what else was sent, and the chance that two packets meet at one
 * receiver is that of the birthday.  A first fragment holds all headers, which
 * have 8 octets here (R-FRAG-13); atomic fragments never leave (R-FRAG-11).
 */
#include "net/split.h"

#include <string.h>

#include "net/pmtu.h"
#include "net/reply.h"
#include "wire/ip4.h"

#define FRAG6_LEN 8u
#define IP4_MF 0x2000u
#define PACKET_BYTES_MAX 65535u

/* The largest packet towards there that one chunk holds; 0: no way. */
static uint32_t
mtu_to(const struct sampan *s, const struct sp_ip_out *out)
{
	struct sp_path path = { .link = out->link };
	uint32_t mtu;

	if (out->link == 0 && !sp_route_find(s, out->dst, &path))
		return 0;
	mtu = out->probe ? sp_link_mtu(s, path.link, sp_addr_is_v4(out->dst)) :
			   sp_path_mtu(s, out->dst, path.link);
	return mtu < sp_reply_packet_max(s) ? mtu : sp_reply_packet_max(s);
}

/* The octets [from, from + len) of header and body. */
struct part {
	uint32_t id, from, len;
	bool more;
};

static void
copy_part(uint8_t *p, const struct sp_text *text, uint32_t from, uint32_t len)
{
	uint32_t n = 0;

	if (from < text->hdr_len) {
		n = text->hdr_len - from < len ? text->hdr_len - from : len;
		memcpy(p, text->hdr + from, n);
	}
	sp_span_copy(p + n, sp_span_part(text->body, from + n - text->hdr_len, len - n));
}

/* RFC 791 §3.2: identification, flags and offset take the place of DF. */
static void
mark4(const struct sampan *s, struct sp_reply *r, const struct part *p)
{
	uint8_t *ip = sp_reply_packet(r);

	be16_put(ip + 4, (uint16_t)p->id);
	be16_put(ip + 6, (uint16_t)(p->from / 8 | (p->more ? IP4_MF : 0)));
	be16_put(ip + 10, 0);
	be16_put(ip + 10,
	    (uint16_t)~sp_csum_fold(sp_csum_add(ip, IP4_HDR_LEN, 0, s->csum_variant)));
}

static void
mark6(struct sp_reply *r, uint8_t proto, const struct part *p)
{
	uint8_t *h = sp_ip_l4(r);

	h[0] = proto;
	h[1] = 0;
	be16_put(h + 2, (uint16_t)(p->from | (p->more ? 1 : 0)));
	be32_put(h + 4, p->id);
}

static bool
send_part(struct sampan *s, const struct sp_ip_out *out, const struct sp_text *text,
    const struct part *p)
{
	const bool v4 = sp_addr_is_v4(out->dst);
	const uint32_t extra = v4 ? 0 : FRAG6_LEN;
	struct sp_ip_out there = *out;
	struct sp_reply *r;

	there.payload_len = p->len + extra;
	there.proto = v4 ? out->proto : IP_PROTO_FRAGMENT;
	r = sp_ip_take(s, &there);
	if (r == NULL)
		return false;
	if (v4)
		mark4(s, r, p);
	else
		mark6(r, out->proto, p);
	copy_part(sp_ip_l4(r) + extra, text, p->from, p->len);
	sp_ip_send(s, r);
	sp_count(s, SAMPAN_COUNT_FRAG_CREATES);
	return true;
}

static bool
send_whole(struct sampan *s, const struct sp_ip_out *out, const struct sp_text *text)
{
	struct sp_reply *r = sp_ip_take(s, out);

	if (r == NULL)
		return false;
	if (out->no_df && sp_addr_is_v4(out->dst))
		mark4(s, r, &(struct part){ .id = (uint32_t)sp_rng_u64(&s->rng) });
	copy_part(sp_ip_l4(r), text, 0, out->payload_len);
	sp_ip_send(s, r);
	return true;
}

bool
sp_ip_send_text(struct sampan *s, const struct sp_ip_out *out, const struct sp_text *text)
{
	const bool v4 = sp_addr_is_v4(out->dst);
	const uint32_t hdrs = sp_ip_hdr_len(out->dst), mtu = mtu_to(s, out);
	struct part p = { .id = (uint32_t)sp_rng_u64(&s->rng) };
	uint32_t most;

	if (out->payload_len + (v4 ? hdrs : 0) > PACKET_BYTES_MAX) {
		sp_count(s, SAMPAN_COUNT_REPLIES_DROPPED);
		return false;
	}
	if (mtu == 0 || hdrs + out->payload_len <= mtu)
		return send_whole(s, out, text);
	most = (mtu - hdrs - (v4 ? 0 : FRAG6_LEN)) & ~7u;
	for (; p.from < out->payload_len; p.from += most) {
		p.more = out->payload_len - p.from > most;
		p.len = p.more ? most : out->payload_len - p.from;
		if (!send_part(s, out, text, &p))
			return false;
	}
	return true;
}
