/*
 * kernel_gso.c - big segments of the kernel, cut as a network card would.
 *
 * Without offload Linux forms its segments differently (PSH on each), so the
 * device offers it, and what a script sees is what a wire would.
 */
#include <linux/virtio_net.h>
#include <string.h>

#include "pkt/kernel.h"
#include "pkt/packet.h"
#include "wire/bytes.h"
#include "wire/csum.h"
#include "wire/udp.h"

/* The IPv4 or IPv6 header of one piece. */
static void
set_ip_len(uint8_t *p, uint32_t ip_len, uint32_t len, uint16_t id)
{
	if (p[0] >> 4 == 6) {
		be16_put(p + 4, (uint16_t)(len - ip_len));
		return;
	}
	be16_put(p + 2, (uint16_t)len);
	be16_put(p + 4, id);
	be16_put(p + 10, 0);
	be16_put(p + 10, (uint16_t)~sp_csum_fold(sp_csum_add(p, ip_len, 0, 0)));
}

/* One piece of a segment: data from `from` on. */
struct piece {
	const uint8_t *whole;
	uint32_t ip_len, head_len;
	uint32_t from, len;
	bool last;
	unsigned number;
};

static void
emit(struct kernel *k, const struct piece *piece, int64_t at_ns)
{
	static uint8_t p[PKT_PACKET_MAX];
	const uint32_t len = piece->head_len + piece->len;
	uint8_t *const tcp = p + piece->ip_len;

	memcpy(p, piece->whole, piece->head_len);
	memcpy(p + piece->head_len, piece->whole + piece->head_len + piece->from, piece->len);
	set_ip_len(p, piece->ip_len, len,
	    (uint16_t)(be16_get(piece->whole + 4) + piece->number));
	be32_put(tcp + 4, be32_get(tcp + 4) + piece->from);
	if (!piece->last)
		tcp[13] &= (uint8_t)~(TCP_FIN | TCP_PSH);
	if (piece->from > 0)
		tcp[13] &= (uint8_t)~TCP_CWR;
	sp_pkt_finish(p, len);
	sp_pkt_world_arrived(&k->world, p, len, at_ns);
}

void
sp_pkt_kernel_arrived(struct kernel *k, const struct virtio_net_hdr *hdr, uint8_t *p,
    uint32_t len)
{
	const uint32_t ip_len = p[0] >> 4 == 6 ? 40 : (p[0] & 15u) * 4;
	const uint8_t proto = p[0] >> 4 == 6 ? p[6] : p[9];
	const bool is_tcp = proto == PKT_PROTO_TCP;
	struct piece piece = { .whole = p, .ip_len = ip_len };
	const uint32_t mss = hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE ? 0 : hdr->gso_size;

	if (((is_tcp && len >= ip_len + TCP_HDR_LEN) ||
		(proto == PKT_PROTO_UDP && len >= ip_len + UDP_HDR_LEN)) &&
	    (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0)
		sp_pkt_finish(p, len);
	if (!is_tcp || mss == 0 || len < ip_len + TCP_HDR_LEN) {
		sp_pkt_world_arrived(&k->world, p, len, k->world.now_ns);
		return;
	}
	piece.head_len = ip_len + (uint32_t)(p[ip_len + 12] >> 4) * 4;
	while (piece.head_len + piece.from < len) {
		const uint32_t left = len - piece.head_len - piece.from;

		piece.len = left < mss ? left : mss;
		piece.last = piece.len == left;
		emit(k, &piece, k->world.now_ns);
		piece.from += piece.len;
		piece.number++;
	}
}
