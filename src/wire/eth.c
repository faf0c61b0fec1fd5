/* eth.c - see eth.h. */
#include "wire/eth.h"

#include "wire/bytes.h"

bool
eth_parse(struct eth_hdr *h, const uint8_t *p, size_t len)
{
	if (len < ETH_HDR_LEN)
		return false;
	__builtin_memcpy(h->dst, p, ETH_ADDR_LEN);
	__builtin_memcpy(h->src, p + 6, ETH_ADDR_LEN);
	h->type = be16_get(p + 12);
	return true;
}

void
eth_emit(uint8_t *p, const struct eth_hdr *h)
{
	__builtin_memcpy(p, h->dst, ETH_ADDR_LEN);
	__builtin_memcpy(p + 6, h->src, ETH_ADDR_LEN);
	be16_put(p + 12, h->type);
}
