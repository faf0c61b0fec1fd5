/* tcp.c - see tcp.h. */
#include "wire/tcp.h"

#include "wire/bytes.h"

bool
tcp_hdr_parse(struct tcp_hdr *h, const uint8_t *p, size_t avail, size_t seg_len)
{
	if (avail < TCP_HDR_LEN)
		return false;
	h->src_port = be16_get(p);
	h->dst_port = be16_get(p + 2);
	h->seq = be32_get(p + 4);
	h->ack = be32_get(p + 8);
	h->data_off_bytes = (uint8_t)((p[12] >> 4) * 4);
	h->ae = (p[12] & 1) != 0;
	h->flags = p[13];
	h->wnd = be16_get(p + 14);
	h->up = be16_get(p + 18);
	return tcp_hdr_fits(p, avail, seg_len);
}

void
tcp_hdr_emit(uint8_t *p, const struct tcp_hdr *h)
{
	be16_put(p, h->src_port);
	be16_put(p + 2, h->dst_port);
	be32_put(p + 4, h->seq);
	be32_put(p + 8, h->ack);
	p[12] = (uint8_t)(h->data_off_bytes / 4 << 4 | (h->ae ? 1 : 0));
	p[13] = h->flags;
	be16_put(p + 14, h->wnd);
	be16_put(p + TCP_CSUM_OFF, 0);
	be16_put(p + 18, h->up);
}
