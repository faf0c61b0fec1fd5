/* udp.c - see udp.h. */
#include "wire/udp.h"

#include "wire/bytes.h"
#include "wire/csum.h"

bool
udp_parse(struct udp_hdr *h, const uint8_t *p, size_t avail, size_t room)
{
	if (avail < UDP_HDR_LEN)
		return false;
	h->src_port = be16_get(p);
	h->dst_port = be16_get(p + 2);
	h->len = be16_get(p + 4);
	h->csum = be16_get(p + UDP_CSUM_OFF);
	return h->len >= UDP_HDR_LEN && h->len <= room;
}

void
udp_emit(uint8_t *p, const struct udp_hdr *h)
{
	be16_put(p, h->src_port);
	be16_put(p + 2, h->dst_port);
	be16_put(p + 4, h->len);
	be16_put(p + UDP_CSUM_OFF, 0);
}

void
udp_csum_put(uint8_t *p, uint64_t sum)
{
	const uint16_t csum = (uint16_t)~sp_csum_fold(sum);

	be16_put(p + UDP_CSUM_OFF, csum != 0 ? csum : 0xffff);
}
