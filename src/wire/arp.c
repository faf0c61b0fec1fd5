/* arp.c - see arp.h. */
#include "wire/arp.h"

#include "wire/bytes.h"
#include "wire/eth.h"

#define ARP_HTYPE_ETHERNET 1

bool
arp_parse(struct arp_pkt *a, const uint8_t *p, size_t len)
{
	struct rd r = rd_init(p, len);
	const uint16_t htype = rd_be16(&r);
	const uint16_t ptype = rd_be16(&r);
	const uint8_t hlen = rd_u8(&r);
	const uint8_t plen = rd_u8(&r);

	a->op = rd_be16(&r);
	rd_bytes(&r, a->sha, sizeof a->sha);
	a->spa = rd_be32(&r);
	rd_bytes(&r, a->tha, sizeof a->tha);
	a->tpa = rd_be32(&r);
	return !r.bad && htype == ARP_HTYPE_ETHERNET && ptype == ETH_TYPE_IP4 &&
	    hlen == sizeof a->sha && plen == sizeof a->spa;
}

void
arp_emit(uint8_t *p, const struct arp_pkt *a)
{
	be16_put(p, ARP_HTYPE_ETHERNET);
	be16_put(p + 2, ETH_TYPE_IP4);
	p[4] = sizeof a->sha;
	p[5] = sizeof a->spa;
	be16_put(p + 6, a->op);
	__builtin_memcpy(p + 8, a->sha, sizeof a->sha);
	be32_put(p + 14, a->spa);
	__builtin_memcpy(p + 18, a->tha, sizeof a->tha);
	be32_put(p + 24, a->tpa);
}
