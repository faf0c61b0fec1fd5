/* icmp6.c - see icmp6.h. */
#include "wire/icmp6.h"

#include "wire/bytes.h"

bool
icmp6_parse(struct icmp6_hdr *h, const uint8_t *p, size_t len)
{
	if (len < ICMP6_HDR_LEN)
		return false;
	h->type = p[0];
	h->code = p[1];
	h->rest = be32_get(p + 4);
	return true;
}

void
icmp6_emit(uint8_t *p, const struct icmp6_hdr *h)
{
	p[0] = h->type;
	p[1] = h->code;
	be16_put(p + ICMP6_CSUM_OFF, 0);
	be32_put(p + 4, h->rest);
}
