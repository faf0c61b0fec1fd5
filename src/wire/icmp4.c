/* icmp4.c - see icmp4.h. */
#include "wire/icmp4.h"

#include "wire/bytes.h"
#include "wire/csum.h"

#define ICMP4_CSUM_OFF 2

bool
icmp4_parse(struct icmp4_hdr *h, const uint8_t *p, size_t len)
{
	if (len < ICMP4_HDR_LEN)
		return false;
	h->type = p[0];
	h->code = p[1];
	h->rest = be32_get(p + 4);
	return true;
}

void
icmp4_emit(uint8_t *p, const struct icmp4_hdr *h)
{
	p[0] = h->type;
	p[1] = h->code;
	be16_put(p + ICMP4_CSUM_OFF, 0);
	be32_put(p + 4, h->rest);
}

void
icmp4_csum_put(uint8_t *p, uint64_t sum)
{
	be16_put(p + ICMP4_CSUM_OFF, (uint16_t)~sp_csum_fold(sum));
}
