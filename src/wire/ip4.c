/* ip4.c - see ip4.h. */
#include "wire/ip4.h"

#include "wire/bytes.h"
#include "wire/csum.h"

#define IP4_DF 0x4000
#define IP4_MF 0x2000
#define IP4_FRAG_OFF 0x1fff	/* in units of eight octets */

#define IP4_OPT_EOL 0
#define IP4_OPT_NOP 1
#define IP4_OPT_LSRR 131
#define IP4_OPT_SSRR 137

/* The fields that need no check. */
static void
read_rest(struct ip4_hdr *h, const uint8_t *p)
{
	const uint16_t frag = be16_get(p + 6);

	h->tos = p[1];
	h->id = be16_get(p + 4);
	h->df = (frag & IP4_DF) != 0;
	h->mf = (frag & IP4_MF) != 0;
	h->frag_off_bytes = (uint16_t)((frag & IP4_FRAG_OFF) * 8);
	h->ttl = p[8];
	h->proto = p[9];
	h->src = be32_get(p + 12);
	h->dst = be32_get(p + 16);
}

enum ip4_error
ip4_parse(struct ip4_hdr *h, const uint8_t *p, size_t avail, size_t frame_left)
{
	if (avail < IP4_HDR_LEN)
		return IP4_SHORT;
	if (p[0] >> 4 != 4)
		return IP4_VERSION;
	h->hdr_len = (uint8_t)((p[0] & 0xf) * 4);
	if (h->hdr_len < IP4_HDR_LEN)
		return IP4_IHL;
	if (h->hdr_len > avail)
		return IP4_SHORT;
	if (!sp_csum_good(sp_csum_small(p, h->hdr_len)))
		return IP4_CSUM;
	h->total_len = be16_get(p + 2);
	if (h->total_len < h->hdr_len || h->total_len > frame_left)
		return IP4_TOTAL_LEN;
	read_rest(h, p);
	return IP4_OK;
}

bool
ip4_quoted(struct ip4_hdr *h, const uint8_t *p, size_t avail)
{
	if (avail < IP4_HDR_LEN || p[0] >> 4 != 4)
		return false;
	h->hdr_len = (uint8_t)((p[0] & 0xf) * 4);
	h->total_len = be16_get(p + 2);
	read_rest(h, p);
	return h->hdr_len >= IP4_HDR_LEN && h->hdr_len <= avail;
}

void
ip4_emit(uint8_t *p, const struct ip4_hdr *h)
{
	const unsigned flags = (h->df ? IP4_DF : 0) | (h->mf ? IP4_MF : 0);

	p[0] = 0x45;
	p[1] = h->tos;
	be16_put(p + 2, h->total_len);
	be16_put(p + 4, h->id);
	be16_put(p + 6, (uint16_t)(flags | h->frag_off_bytes / 8));
	p[8] = h->ttl;
	p[9] = h->proto;
	be16_put(p + 10, 0);
	be32_put(p + 12, h->src);
	be32_put(p + 16, h->dst);
	be16_put(p + 10, (uint16_t)~sp_csum_fold(sp_csum_small(p, IP4_HDR_LEN)));
}

/* The kind of the next option, which it steps over; IP4_OPT_EOL at the end or
 * where one is malformed, which sets bad. */
static uint8_t
next_option(struct rd *r)
{
	uint8_t kind = IP4_OPT_NOP;
	uint8_t len;

	while (kind == IP4_OPT_NOP && rd_left(r) > 0)
		kind = rd_u8(r);
	if (kind == IP4_OPT_NOP || kind == IP4_OPT_EOL)
		return IP4_OPT_EOL;
	len = rd_u8(r);
	if (len < 2)
		r->bad = true;
	else
		rd_skip(r, len - 2u);
	return r->bad ? IP4_OPT_EOL : kind;
}

static struct rd
options(const uint8_t *p, size_t hdr_len)
{
	const size_t fixed_len = hdr_len < IP4_HDR_LEN ? hdr_len : IP4_HDR_LEN;

	return rd_init(p + fixed_len, hdr_len - fixed_len);
}

bool
ip4_options_ok(const uint8_t *p, size_t hdr_len)
{
	struct rd r = options(p, hdr_len);

	while (next_option(&r) != IP4_OPT_EOL)
		;
	return !r.bad;
}

bool
ip4_has_source_route(const uint8_t *p, size_t hdr_len)
{
	struct rd r = options(p, hdr_len);
	uint8_t kind;

	do
		kind = next_option(&r);
	while (kind != IP4_OPT_EOL && kind != IP4_OPT_LSRR && kind != IP4_OPT_SSRR);
	return kind != IP4_OPT_EOL;
}

void
ip4_group_mac(uint8_t mac[6], uint32_t group)
{
	mac[0] = 0x01;
	mac[1] = 0x00;
	mac[2] = 0x5e;
	mac[3] = (uint8_t)(group >> 16 & 0x7f);
	be16_put(mac + 4, (uint16_t)group);
}
