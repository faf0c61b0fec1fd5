/*
 * fx_peer.c - the scripted peer: segments as a test asks for them.  fx.h.
 */
#include "lib/fx.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

static const uint8_t mac_of_stack[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t mac_of_peer[6] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };

static struct tcp_opts
options_of(const struct fx *f, const struct fx_seg *seg)
{
	const bool syn = (seg->flags & TCP_SYN) != 0;
	struct tcp_opts o = {
		.has_mss = seg->mss != FX_ANY,
		.mss = (uint16_t)seg->mss,
		.has_wscale = seg->wscale != FX_ANY,
		.wscale = (uint8_t)seg->wscale,
		.sack_permitted = seg->sack_ok,
	};

	o.has_ts = !seg->no_ts && (syn ? f->opts.ts : f->ts);
	if (seg->tsval != FX_ANY || seg->tsecr != FX_ANY)
		o.has_ts = true;
	o.tsval = seg->tsval != FX_ANY ? (uint32_t)seg->tsval :
					 f->peer_tsval + (uint32_t)(f->now / SAMPAN_MS(1));
	o.tsecr = seg->tsecr != FX_ANY ? (uint32_t)seg->tsecr :
	    (seg->flags & TCP_ACK) != 0 ? f->tsval : 0;
	return o;
}

static uint16_t
window_field(const struct fx *f, const struct fx_seg *seg)
{
	const int64_t wnd = seg->wnd != FX_ANY ? seg->wnd : f->wnd;
	const unsigned scale = (seg->flags & TCP_SYN) != 0 || !f->opts.wscale ? 0 :
										f->opts.peer_scale;

	return (uint16_t)(wnd >> scale < 65535 ? wnd >> scale : 65535);
}

static void
put_ip6(uint8_t *p, const struct fx_seg *seg, uint32_t l4_len)
{
	const struct sampan_addr src = seg->src != 0 ? fx_addr(0, (uint8_t)seg->src) : fx_peer();
	struct ip6_hdr ip = {
		.payload_len = (uint16_t)l4_len,
		.next = IP_PROTO_TCP,
		.hop_limit = 64,
		.tclass = seg->tos,
	};

	memcpy(ip.src, src.b, 16);
	memcpy(ip.dst, seg->dst != 0 ? all_nodes : fx_local().b, 16);
	ip6_emit(p, &ip);
}

/* Headers up to TCP's; returns their length. */
static uint32_t
put_ip(uint8_t *p, const struct fx_seg *seg, uint32_t l4_len)
{
	const struct ip4_hdr ip = {
		.total_len = (uint16_t)(IP4_HDR_LEN + l4_len),
		.df = true,
		.ttl = 64,
		.tos = seg->tos,
		.proto = IP_PROTO_TCP,
		.src = seg->src != 0 ? seg->src : FX_PEER_V4,
		.dst = seg->dst != 0 ? seg->dst : FX_LOCAL_V4,
	};
	const bool v6 = fx_is_v6();
	struct eth_hdr eth = { .type = v6 ? ETH_TYPE_IP6 : ETH_TYPE_IP4 };

	memcpy(eth.dst, seg->broadcast ? everybody : mac_of_stack, 6);
	memcpy(eth.src, mac_of_peer, 6);
	eth_emit(p, &eth);
	if (v6)
		put_ip6(p + ETH_HDR_LEN, seg, l4_len);
	else
		ip4_emit(p + ETH_HDR_LEN, &ip);
	return ETH_HDR_LEN + (v6 ? IP6_HDR_LEN : IP4_HDR_LEN);
}

/* The text of a SYN begins behind it. */
static void
put_text(const struct fx *f, uint8_t *p, const struct fx_seg *seg)
{
	const uint32_t first = seq_diff(seg->seq, f->irs) - 1 + ((seg->flags & TCP_SYN) != 0);

	for (uint32_t i = 0; i < seg->len; i++)
		p[i] = fx_byte(first + i);
}

static uint32_t
craft(const struct fx *f, const struct fx_seg *seg, uint8_t *p)
{
	const struct tcp_opts opts = options_of(f, seg);
	const uint32_t opts_len = seg->raw != NULL ? seg->raw_len : (uint32_t)tcp_opts_len(&opts);
	const uint32_t l4_len = TCP_HDR_LEN + opts_len + seg->len;
	const struct tcp_hdr h = {
		.src_port = seg->port != 0 ? seg->port : FX_PEER_PORT,
		.dst_port = FX_LOCAL_PORT,
		.seq = seg->seq.raw,
		.ack = (seg->flags & TCP_ACK) != 0 ? seg->ack.raw : 0,
		.data_off_bytes = (uint8_t)(TCP_HDR_LEN + opts_len),
		.flags = (uint8_t)seg->flags,
		.ae = (seg->flags & FX_AE) != 0,
		.wnd = window_field(f, seg),
		.up = seg->up,
	};
	const uint32_t l4_at = put_ip(p, seg, l4_len);
	uint8_t *ip = p + ETH_HDR_LEN, *tcp = p + l4_at;

	tcp_hdr_emit(tcp, &h);
	if (seg->raw != NULL)
		memcpy(tcp + TCP_HDR_LEN, seg->raw, opts_len);
	else
		tcp_opts_emit(tcp + TCP_HDR_LEN, &opts);
	put_text(f, tcp + h.data_off_bytes, seg);
	be16_put(tcp + TCP_CSUM_OFF, (uint16_t)~frame_sum(tcp, l4_len, frame_pseudo(ip)));
	if (seg->bad_csum)
		tcp[TCP_CSUM_OFF] ^= 0x40;
	return l4_at + l4_len;
}

/* What the segment changes in the peer's own view. */
static void
remember(struct fx *f, const struct fx_seg *seg)
{
	const uint32_t len =
	    seg->len + ((seg->flags & TCP_SYN) != 0) + ((seg->flags & TCP_FIN) != 0);
	const unsigned scale = (seg->flags & TCP_SYN) != 0 || !f->opts.wscale ? 0 :
										f->opts.peer_scale;

	if (seg->refused || seg->bad_csum || (seg->flags & TCP_RST) != 0 || seg->port != 0 ||
	    seg->src != 0 || seg->dst != 0)
		return;
	if (seq_eq(seg->seq, f->rcv_nxt)) {
		f->rcv_nxt = seq_add(f->rcv_nxt, len);
		f->rcv_wnd =
		    seq_lt(f->rcv_nxt, f->rcv_edge) ? seq_diff(f->rcv_edge, f->rcv_nxt) : 0;
	}
	if ((seg->flags & TCP_ACK) == 0 || !seq_le(seg->ack, f->snd_nxt))
		return;
	f->snd_una = seq_max(f->snd_una, seg->ack);
	f->wnd_edge = seq_max(f->wnd_edge,
	    seq_add(seg->ack, (uint32_t)window_field(f, seg) << scale));
}

uint32_t
fx_craft(struct fx *f, struct fx_seg seg, uint8_t *bytes)
{
	remember(f, &seg);
	return craft(f, &seg, bytes);
}

void
fx_peer_sends(struct fx *f, struct fx_seg seg)
{
	static uint8_t bytes[FRAME_MAX];
	const uint32_t len = fx_craft(f, seg, bytes);

	fx_input(f, bytes, len);
}
