/*
 * packet.c - see packet.h.
 */
#include "link/packet.h"

#include <string.h>

#include "wire/bytes.h"
#include "wire/csum.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

#define IP4_FRAG_AT 6
#define IP4_PROTO_AT 9
#define IP4_CSUM_AT 10
#define IP4_ADDRS_AT 12
#define IP6_HDR_LEN 40
#define IP6_ADDRS_AT 8
#define ECN_MASK 3u

static bool
look_ip4(struct sp_packet *p, uint8_t *ip, uint32_t len)
{
	const uint32_t hdr = len < IP4_HDR_LEN ? 0 : (uint32_t)(ip[0] & 15) * 4;
	const uint32_t total = len < IP4_HDR_LEN ? 0 : be16_get(ip + 2);

	if (hdr < IP4_HDR_LEN || ip[0] >> 4 != 4 || total < hdr || total > len ||
	    (be16_get(ip + IP4_FRAG_AT) & 0x3fff) != 0)
		return false;
	*p = (struct sp_packet){ .ip = ip, .l4 = ip + hdr, .l4_len = total - hdr,
		.proto = ip[IP4_PROTO_AT] };
	return true;
}

static bool
look_ip6(struct sp_packet *p, uint8_t *ip, uint32_t len)
{
	if (len < IP6_HDR_LEN || ip[0] >> 4 != 6 || be16_get(ip + 4) > len - IP6_HDR_LEN)
		return false;
	*p = (struct sp_packet){ .ip = ip, .l4 = ip + IP6_HDR_LEN, .l4_len = be16_get(ip + 4),
		.proto = ip[6], .is_ip6 = true };
	return true;
}

bool
sp_packet_look(struct sp_packet *p, uint8_t *frame, uint32_t len)
{
	if (len < ETH_HDR_LEN)
		return false;
	switch (be16_get(frame + ETH_HDR_LEN - 2)) {
	case ETH_TYPE_IP4:
		return look_ip4(p, frame + ETH_HDR_LEN, len - ETH_HDR_LEN);
	case ETH_TYPE_IP6:
		return look_ip6(p, frame + ETH_HDR_LEN, len - ETH_HDR_LEN);
	default:
		return false;
	}
}

bool
sp_packet_look_tcp(struct sp_packet *p, uint8_t *frame, uint32_t len)
{
	return sp_packet_look(p, frame, len) && p->proto == IP_PROTO_TCP &&
	    tcp_hdr_fits(p->l4, p->l4_len, p->l4_len);
}

/* ---- Flows ---- */

struct ends {
	uint8_t addr[2][16];
	uint16_t port[2];
	uint8_t proto;
};

static uint64_t
hash_ends(const struct sp_packet *p, const struct sp_key *key, unsigned from)
{
	const uint32_t addr_len = p->is_ip6 ? 16 : 4;
	const uint8_t *addrs = p->ip + (p->is_ip6 ? IP6_ADDRS_AT : IP4_ADDRS_AT);
	const bool has_ports = p->l4_len >= 4 &&
	    (p->proto == IP_PROTO_TCP || p->proto == IP_PROTO_UDP);
	struct ends ends;

	memset(&ends, 0, sizeof(ends));
	for (unsigned i = 0; i < 2; i++) {
		memcpy(ends.addr[from ^ i], addrs + i * addr_len, addr_len);
		ends.port[from ^ i] = has_ports ? be16_get(p->l4 + 2 * (size_t)i) : 0;
	}
	ends.proto = p->proto;
	return sp_siphash13(key, &ends, sizeof(ends));
}

uint64_t
sp_packet_flow(const struct sp_packet *p, const struct sp_key *key)
{
	return hash_ends(p, key, 0);
}

uint64_t
sp_packet_flow_back(const struct sp_packet *p, const struct sp_key *key)
{
	return hash_ends(p, key, 1);
}

/* ---- Changes ---- */

bool
sp_packet_mark(struct sp_packet *p)
{
	const uint16_t was = be16_get(p->ip);
	const uint16_t is = (uint16_t)(was | (p->is_ip6 ? ECN_MASK << 4 : ECN_MASK));

	if ((was & (p->is_ip6 ? ECN_MASK << 4 : ECN_MASK)) == 0)
		return false;
	be16_put(p->ip, is);
	if (!p->is_ip6)
		be16_put(p->ip + IP4_CSUM_AT,
		    sp_csum_update16(be16_get(p->ip + IP4_CSUM_AT), was, is));
	return true;
}

/* A word that the checksum knows: at an even offset. */
static void
put_word(struct sp_packet *p, uint32_t at, uint16_t value)
{
	uint8_t *csum = p->l4 + TCP_CSUM_OFF;

	be16_put(csum, sp_csum_update16(be16_get(csum), be16_get(p->l4 + at), value));
	be16_put(p->l4 + at, value);
}

void
sp_packet_put8(struct sp_packet *p, uint32_t at, uint8_t value)
{
	const uint32_t even = at & ~1u;
	uint8_t word[2] = { p->l4[even], p->l4[even + 1] };

	word[at - even] = value;
	put_word(p, even, be16_get(word));
}

void
sp_packet_put32(struct sp_packet *p, uint32_t at, uint32_t value)
{
	for (uint32_t i = 0; i < 4; i++)
		sp_packet_put8(p, at + i, (uint8_t)(value >> (24 - 8 * i)));
}
