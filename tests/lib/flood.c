/*
 * flood.c - see flood.h.
 */
#include "lib/flood.h"

#include <string.h>

#include <sampan/address.h>

#include "net/flow.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"
#include "wire/tcp.h"
#include "wire/tcp_opt.h"
#include "wire/udp.h"

#define OWN 0x0a010001u			/* 10.1.0.1, beside the pair's 10.0.0.2 */
#define GATEWAY 0x0a0100feu
#define PORT 80				/* listens */
#define CLOSED_PORT 9			/* does not */
#define FRAGMENT_BYTES 64

static const uint8_t own_mac[6] = { 2, 0, 0, 1, 0, 1 };
static const uint8_t gateway_mac[6] = { 2, 0, 0, 1, 0, 254 };

static uint64_t
draw(struct flood *f)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	f->random ^= f->random << 17;
	return f->random;
}

bool
flood_open(struct flood *f, struct sampan *s, sampan_time now)
{
	const struct sampan_addr own = sp_addr_of_v4(OWN);
	struct sampan_link_config link = { .size = sizeof(link), .mtu_bytes = 1500,
		.name = "flood" };
	struct sampan_route route = { .size = sizeof(route), .gateway = sp_addr_of_v4(GATEWAY),
		.prefix_bits = 0 };

	memset(f, 0, sizeof(*f));
	f->s = s;
	f->random = 88172645463325252u;
	memcpy(link.mac, own_mac, sizeof(link.mac));
	f->link = sampan_link_add(s, &link);
	route.link = f->link;
	route.dst = sp_addr_of_v4(0);
	(void)now;
	return f->link > 0 && sampan_addr_add(s, f->link, &own, 24) == 0 &&
	    sampan_route_set(s, &route) == 0;
}

/* ---- What comes ---- */

/* The frame is whole but for what lies behind its IP header. */
static void
finish(struct flood *f, unsigned i, const struct ip4_hdr *ip)
{
	const struct eth_hdr eth = { .dst = { 2, 0, 0, 1, 0, 1 }, .src = { 2, 0, 0, 1, 0, 254 },
		.type = ETH_TYPE_IP4 };
	uint8_t *p = f->bytes[i];

	eth_emit(p, &eth);
	ip4_emit(p + ETH_HDR_LEN, ip);
	f->frames[i] = (struct sampan_frame){ .len = (uint32_t)ETH_HDR_LEN + ip->total_len,
		.csum = SAMPAN_CSUM_COMPLETE, .slices = 1 };
	f->frames[i].slice[0] = (struct sampan_slice){ p, f->frames[i].len };
}

/* From 32.0.0.0/3. */
static struct ip4_hdr
from_anywhere(struct flood *f, uint8_t proto, uint32_t len)
{
	return (struct ip4_hdr){ .total_len = (uint16_t)(IP4_HDR_LEN + len), .df = true,
		.ttl = 64, .proto = proto, .src = 0x20000000u | (uint32_t)(draw(f) >> 35),
		.dst = OWN };
}

static void
fill_tcp(struct flood *f, unsigned i, uint8_t flags, const struct tcp_opts *opts)
{
	uint8_t *tcp = f->bytes[i] + ETH_HDR_LEN + IP4_HDR_LEN;
	struct tcp_hdr h = { .src_port = (uint16_t)(1024 + draw(f) % 60000), .dst_port = PORT,
		.seq = (uint32_t)draw(f), .ack = (uint32_t)draw(f), .flags = flags, .wnd = 64240 };
	const uint32_t len = TCP_HDR_LEN + (uint32_t)tcp_opts_emit(tcp + TCP_HDR_LEN, opts);
	const struct ip4_hdr ip = from_anywhere(f, IP_PROTO_TCP, len);

	h.data_off_bytes = (uint8_t)len;
	tcp_hdr_emit(tcp, &h);
	be16_put(tcp + TCP_CSUM_OFF, (uint16_t)~sp_csum_fold(sp_csum_add(tcp, len,
	    sp_csum_pseudo4(ip.src, ip.dst, IP_PROTO_TCP, len), 0)));
	finish(f, i, &ip);
}

/* What Linux puts into its SYNs. */
static void
fill_syn(struct flood *f, unsigned i)
{
	const struct tcp_opts opts = { .has_mss = true, .mss = 1460, .sack_permitted = true,
		.has_ts = true, .tsval = (uint32_t)draw(f), .has_wscale = true, .wscale = 7 };

	fill_tcp(f, i, TCP_SYN, &opts);
}

/* The first of a packet whose others never come. */
static void
fill_fragment(struct flood *f, unsigned i)
{
	uint8_t *p = f->bytes[i] + ETH_HDR_LEN + IP4_HDR_LEN;
	struct ip4_hdr ip = from_anywhere(f, IP_PROTO_UDP, FRAGMENT_BYTES);

	memset(p, 0, FRAGMENT_BYTES);
	ip.df = false;
	ip.mf = true;
	ip.id = (uint16_t)draw(f);
	finish(f, i, &ip);
}

static void
fill_echo(struct flood *f, unsigned i)
{
	const uint32_t len = ICMP4_HDR_LEN + 56;
	uint8_t *p = f->bytes[i] + ETH_HDR_LEN + IP4_HDR_LEN;
	const struct ip4_hdr ip = from_anywhere(f, IP_PROTO_ICMP, len);

	memset(p, 0, len);
	icmp4_emit(p, &(struct icmp4_hdr){ ICMP4_ECHO, 0, (uint32_t)draw(f) });
	icmp4_csum_put(p, sp_csum_add(p, len, 0, 0));
	finish(f, i, &ip);
}

static void
fill_udp(struct flood *f, unsigned i)
{
	const uint32_t len = UDP_HDR_LEN + 32;
	uint8_t *p = f->bytes[i] + ETH_HDR_LEN + IP4_HDR_LEN;
	const struct ip4_hdr ip = from_anywhere(f, IP_PROTO_UDP, len);

	memset(p, 0, len);
	udp_emit(p, &(struct udp_hdr){ .src_port = (uint16_t)(1024 + draw(f) % 60000),
	    .dst_port = CLOSED_PORT, .len = (uint16_t)len });
	udp_csum_put(p, sp_csum_add(p, len,
	    sp_csum_pseudo4(ip.src, ip.dst, IP_PROTO_UDP, len), 0));
	finish(f, i, &ip);
}

void
flood_fill(struct flood *f, enum flood_kind kind)
{
	static const struct tcp_opts none;

	for (unsigned i = 0; i < FLOOD_BATCH; i++) {
		switch (kind) {
		case FLOOD_SYN: fill_syn(f, i); break;
		case FLOOD_ACK: fill_tcp(f, i, TCP_ACK, &none); break;
		case FLOOD_RST: fill_tcp(f, i, TCP_RST, &none); break;
		case FLOOD_FIN: fill_tcp(f, i, TCP_FIN, &none); break;
		case FLOOD_FRAGMENT: fill_fragment(f, i); break;
		case FLOOD_ECHO: fill_echo(f, i); break;
		case FLOOD_UDP: fill_udp(f, i); break;
		case FLOOD_KINDS: break;
		}
	}
}

/* ---- What goes ---- */

static void
answer_arp(struct flood *f, sampan_time now)
{
	const struct eth_hdr eth = { .dst = { 2, 0, 0, 1, 0, 1 }, .src = { 2, 0, 0, 1, 0, 254 },
		.type = ETH_TYPE_ARP };
	struct arp_pkt arp = { .op = ARP_REPLY, .spa = GATEWAY, .tpa = OWN };
	uint8_t p[ETH_HDR_LEN + ARP_LEN];
	struct sampan_frame frame = { .len = sizeof(p), .slices = 1 };

	memcpy(arp.sha, gateway_mac, sizeof(arp.sha));
	memcpy(arp.tha, own_mac, sizeof(arp.tha));
	eth_emit(p, &eth);
	arp_emit(p + ETH_HDR_LEN, &arp);
	frame.slice[0] = (struct sampan_slice){ p, sizeof(p) };
	(void)sampan_input(f->s, f->link, &frame, 1, now);
}

/* Takes what has to go: up to FLOOD_BATCH frames, but not ARP. */
static unsigned
collect(struct flood *f, struct sampan_frame *out, sampan_time now)
{
	const int n = sampan_output(f->s, f->link, out, FLOOD_BATCH, now);

	sampan_sent(f->s, out, n > 0 ? (unsigned)n : 0);
	for (int i = 0; i < n; i++) {
		if (be16_get(out[i].head + 12) != ETH_TYPE_ARP)
			continue;
		answer_arp(f, now);
		out[i].head_len = 0;
	}
	f->answers += n > 0 ? (unsigned)n : 0;
	return n > 0 ? (unsigned)n : 0;
}

void
flood_drain(struct flood *f, sampan_time now)
{
	static struct sampan_frame out[FLOOD_BATCH];

	while (collect(f, out, now) > 0)
		continue;
}

void
flood_pour(struct flood *f, sampan_time now)
{
	(void)sampan_input(f->s, f->link, f->frames, FLOOD_BATCH, now);
	f->sent += FLOOD_BATCH;
	flood_drain(f, now);
}

/* ---- Whole handshakes ---- */

/* The acknowledgement of a SYN-ACK; false: it is none. */
static bool
complete(struct flood *f, unsigned i, const struct sampan_frame *out)
{
	const uint8_t *ip = out->head + ETH_HDR_LEN, *tcp = ip + IP4_HDR_LEN;
	uint8_t *reply = f->bytes[i] + ETH_HDR_LEN + IP4_HDR_LEN;
	struct tcp_opts opts = { 0 }, theirs;
	struct tcp_hdr h;
	struct ip4_hdr to;
	uint32_t len;

	if (out->head_len < ETH_HDR_LEN + IP4_HDR_LEN + TCP_HDR_LEN || ip[9] != IP_PROTO_TCP ||
	    !tcp_hdr_parse(&h, tcp, out->head_len - (size_t)(tcp - out->head),
		out->len - (size_t)(tcp - out->head)) || (h.flags & TCP_SYN) == 0)
		return false;
	tcp_opts_parse(&theirs, tcp + TCP_HDR_LEN, h.data_off_bytes - (size_t)TCP_HDR_LEN);
	opts.has_ts = theirs.has_ts;
	opts.tsval = theirs.tsecr;
	opts.tsecr = theirs.tsval;
	len = TCP_HDR_LEN + (uint32_t)tcp_opts_emit(reply + TCP_HDR_LEN, &opts);
	to = (struct ip4_hdr){ .total_len = (uint16_t)(IP4_HDR_LEN + len), .df = true, .ttl = 64,
		.proto = IP_PROTO_TCP, .src = be32_get(ip + 16), .dst = OWN };
	tcp_hdr_emit(reply, &(struct tcp_hdr){ .src_port = h.dst_port, .dst_port = h.src_port,
	    .seq = h.ack, .ack = h.seq + 1, .data_off_bytes = (uint8_t)len, .flags = TCP_ACK,
	    .wnd = 64240 });
	be16_put(reply + TCP_CSUM_OFF, (uint16_t)~sp_csum_fold(sp_csum_add(reply, len,
	    sp_csum_pseudo4(to.src, to.dst, IP_PROTO_TCP, len), 0)));
	finish(f, i, &to);
	return true;
}

unsigned
flood_shake(struct flood *f, sampan_time now)
{
	static struct sampan_frame out[FLOOD_BATCH];
	unsigned made = 0, n;

	(void)sampan_input(f->s, f->link, f->frames, FLOOD_BATCH, now);
	f->sent += FLOOD_BATCH;
	while ((n = collect(f, out, now)) > 0)
		for (unsigned i = 0; i < n && made < FLOOD_BATCH; i++)
			made += complete(f, made, &out[i]);
	return made;
}
