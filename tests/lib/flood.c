/*
 * flood.c - see flood.h.
 */
#include "lib/flood.h"

#include <string.h>

#include <sampan/address.h>

#include "net/flow.h"
#include "wire/arp.h"
#include "wire/csum.h"
#include "wire/eth.h"
#include "wire/icmp4.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/ndp.h"
#include "wire/tcp.h"
#include "wire/tcp_opt.h"
#include "wire/udp.h"

#define OWN 1u				/* 10.1.0.1, beside the pair's 10.0.0.2; fd00:0:1::1 */
#define GATEWAY 254u
#define PORT 80				/* listens */
#define CLOSED_PORT 9			/* does not */
#define FRAGMENT_BYTES 64
#define FRAGMENT_HDR_LEN 8		/* RFC 8200 §4.5 */

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

static struct sampan_addr
host(const struct flood *f, uint8_t number)
{
	const struct sampan_addr v6 = { { 0xfd, [5] = 1, [15] = number } };

	return f->ip6 ? v6 : sampan_addr_v4(10, 1, 0, number);
}

bool
flood_open(struct flood *f, struct sampan *s, bool ip6)
{
	struct sampan_addr own;
	struct sampan_link_config link = { .size = sizeof(link), .mtu_bytes = 1500,
		.name = "flood" };
	struct sampan_route route = { .size = sizeof(route), .prefix_bits = 0 };

	memset(f, 0, sizeof(*f));
	f->s = s;
	f->ip6 = ip6;
	own = host(f, OWN);
	route.gateway = host(f, GATEWAY);
	f->random = 88172645463325252u;
	memcpy(link.mac, own_mac, sizeof(link.mac));
	f->link = sampan_link_add(s, &link);
	route.link = f->link;
	if (!f->ip6)
		route.dst = sp_addr_of_v4(0);
	return f->link > 0 && sampan_addr_add(s, f->link, &own, ip6 ? 64 : 24) == 0 &&
	    sampan_route_set(s, &route) == 0;
}

/* ---- What comes ---- */

/* Where the transport's header of frame i begins, without extension headers. */
static uint8_t *
l4_at(struct flood *f, unsigned i)
{
	return f->bytes[i] + ETH_HDR_LEN + (f->ip6 ? IP6_HDR_LEN : IP4_HDR_LEN);
}

/* Writes the headers in front of len octets for us, and says how long the frame is. */
static void
put_network(struct flood *f, unsigned i, const struct sampan_addr *src, uint8_t proto,
    uint32_t len)
{
	const struct eth_hdr eth = { .dst = { 2, 0, 0, 1, 0, 1 }, .src = { 2, 0, 0, 1, 0, 254 },
		.type = f->ip6 ? ETH_TYPE_IP6 : ETH_TYPE_IP4 };
	const struct sampan_addr own = host(f, OWN);
	struct ip6_hdr ip6 = { .payload_len = (uint16_t)len, .next = proto, .hop_limit = 64 };
	struct ip4_hdr ip4 = { .total_len = (uint16_t)(IP4_HDR_LEN + len), .df = true,
		.ttl = 64, .proto = proto };
	uint8_t *p = f->bytes[i];

	eth_emit(p, &eth);
	if (f->ip6) {
		memcpy(ip6.src, src->b, sizeof(ip6.src));
		memcpy(ip6.dst, own.b, sizeof(ip6.dst));
		ip6_emit(p + ETH_HDR_LEN, &ip6);
	} else {
		ip4.src = sp_addr_v4(src);
		ip4.dst = sp_addr_v4(&own);
		ip4_emit(p + ETH_HDR_LEN, &ip4);
	}
	f->frames[i] = (struct sampan_frame){ .csum = SAMPAN_CSUM_COMPLETE, .slices = 1 };
	f->frames[i].len = (uint32_t)(l4_at(f, i) - p) + len;
	f->frames[i].slice[0] = (struct sampan_slice){ p, f->frames[i].len };
}

static uint64_t
pseudo(const struct flood *f, const struct sampan_addr *src, uint8_t proto, uint32_t len)
{
	const struct sampan_addr own = host(f, OWN);

	if (f->ip6)
		return sp_csum_pseudo6(src->b, own.b, proto, len);
	return sp_csum_pseudo4(sp_addr_v4(src), sp_addr_v4(&own), proto, len);
}

/* From 32.0.0.0/3 or 2000::/3. */
static struct sampan_addr
from_anywhere(struct flood *f)
{
	struct sampan_addr src;

	if (!f->ip6)
		return sp_addr_of_v4(0x20000000u | (uint32_t)(draw(f) >> 35));
	for (unsigned i = 0; i < 16; i += 4)
		be32_put(src.b + i, (uint32_t)(draw(f) >> 32));
	src.b[0] = 0x20 | src.b[0] >> 3;
	return src;
}

/* A segment of so many octets of header; opts are there already. */
static void
put_tcp(struct flood *f, unsigned i, const struct sampan_addr *src, struct tcp_hdr h, uint32_t len)
{
	uint8_t *tcp = l4_at(f, i);

	h.data_off_bytes = (uint8_t)len;
	tcp_hdr_emit(tcp, &h);
	be16_put(tcp + TCP_CSUM_OFF, (uint16_t)~sp_csum_fold(sp_csum_add(tcp, len,
	    pseudo(f, src, IP_PROTO_TCP, len), 0)));
	put_network(f, i, src, IP_PROTO_TCP, len);
}

static void
fill_tcp(struct flood *f, unsigned i, uint8_t flags, const struct tcp_opts *opts)
{
	const struct sampan_addr src = from_anywhere(f);
	const struct tcp_hdr h = { .src_port = (uint16_t)(1024 + draw(f) % 60000),
		.dst_port = PORT, .seq = (uint32_t)draw(f), .ack = (uint32_t)draw(f),
		.flags = flags, .wnd = 64240 };

	put_tcp(f, i, &src, h,
	    TCP_HDR_LEN + (uint32_t)tcp_opts_emit(l4_at(f, i) + TCP_HDR_LEN, opts));
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
	const struct sampan_addr src = from_anywhere(f);
	uint8_t *p = l4_at(f, i);

	memset(p, 0, FRAGMENT_HDR_LEN + FRAGMENT_BYTES);
	if (f->ip6) {
		p[0] = IP_PROTO_UDP;
		be16_put(p + 2, 1);	/* offset 0, more come */
		be32_put(p + 4, (uint32_t)draw(f));
		put_network(f, i, &src, IP_PROTO_FRAGMENT, FRAGMENT_HDR_LEN + FRAGMENT_BYTES);
		return;
	}
	put_network(f, i, &src, IP_PROTO_UDP, FRAGMENT_BYTES);
	ip4_emit(p - IP4_HDR_LEN, &(struct ip4_hdr){ .total_len = IP4_HDR_LEN + FRAGMENT_BYTES,
	    .mf = true, .id = (uint16_t)draw(f), .ttl = 64, .proto = IP_PROTO_UDP,
	    .src = sp_addr_v4(&src), .dst = be32_get(p - 4) });
}

static void
fill_echo(struct flood *f, unsigned i)
{
	const struct sampan_addr src = from_anywhere(f);
	const uint32_t len = ICMP4_HDR_LEN + 56, rest = (uint32_t)draw(f);
	uint8_t *p = l4_at(f, i);

	memset(p, 0, len);
	if (f->ip6) {
		icmp6_emit(p, &(struct icmp6_hdr){ ICMP6_ECHO, 0, rest });
		be16_put(p + ICMP6_CSUM_OFF, (uint16_t)~sp_csum_fold(sp_csum_add(p, len,
		    pseudo(f, &src, IP_PROTO_ICMP6, len), 0)));
	} else {
		icmp4_emit(p, &(struct icmp4_hdr){ ICMP4_ECHO, 0, rest });
		icmp4_csum_put(p, sp_csum_add(p, len, 0, 0));
	}
	put_network(f, i, &src, f->ip6 ? IP_PROTO_ICMP6 : IP_PROTO_ICMP, len);
}

static void
fill_udp(struct flood *f, unsigned i)
{
	const struct sampan_addr src = from_anywhere(f);
	const uint32_t len = UDP_HDR_LEN + 32;
	uint8_t *p = l4_at(f, i);

	memset(p, 0, len);
	udp_emit(p, &(struct udp_hdr){ .src_port = (uint16_t)(1024 + draw(f) % 60000),
	    .dst_port = CLOSED_PORT, .len = (uint16_t)len });
	udp_csum_put(p, sp_csum_add(p, len, pseudo(f, &src, IP_PROTO_UDP, len), 0));
	put_network(f, i, &src, IP_PROTO_UDP, len);
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

/* Who the gateway is: an ARP reply, or an advertisement to what asked from `asker`. */
static void
answer_who(struct flood *f, const uint8_t *asker, sampan_time now)
{
	const struct eth_hdr eth = { .dst = { 2, 0, 0, 1, 0, 1 }, .src = { 2, 0, 0, 1, 0, 254 },
		.type = f->ip6 ? ETH_TYPE_IP6 : ETH_TYPE_ARP };
	const struct sampan_addr own = host(f, OWN), gateway = host(f, GATEWAY);
	struct arp_pkt arp = { .op = ARP_REPLY };
	struct ndp_msg na = { .type = ICMP6_NEIGH_ADVERT, .solicited = true, .override = true,
		.has_mac = true };
	struct ip6_hdr ip = { .next = IP_PROTO_ICMP6, .hop_limit = 255 };
	uint8_t p[ETH_HDR_LEN + IP6_HDR_LEN + NDP_MAX], *l4 = p + ETH_HDR_LEN + IP6_HDR_LEN;
	struct sampan_frame frame = { .len = ETH_HDR_LEN + ARP_LEN, .slices = 1 };

	eth_emit(p, &eth);
	if (f->ip6) {
		memcpy(na.target, gateway.b, sizeof(na.target));
		memcpy(na.mac, gateway_mac, sizeof(na.mac));
		memcpy(ip.src, gateway.b, sizeof(ip.src));
		memcpy(ip.dst, asker, sizeof(ip.dst));
		ip.payload_len = (uint16_t)ndp_emit(l4, &na);
		ip6_emit(p + ETH_HDR_LEN, &ip);
		be16_put(l4 + ICMP6_CSUM_OFF, (uint16_t)~sp_csum_fold(sp_csum_add(l4,
		    ip.payload_len,
		    sp_csum_pseudo6(ip.src, ip.dst, IP_PROTO_ICMP6, ip.payload_len), 0)));
		frame.len = (uint32_t)(l4 - p) + ip.payload_len;
	} else {
		arp.spa = sp_addr_v4(&gateway);
		arp.tpa = sp_addr_v4(&own);
		memcpy(arp.sha, gateway_mac, sizeof(arp.sha));
		memcpy(arp.tha, own_mac, sizeof(arp.tha));
		arp_emit(p + ETH_HDR_LEN, &arp);
	}
	frame.slice[0] = (struct sampan_slice){ p, frame.len };
	(void)sampan_input(f->s, f->link, &frame, 1, now);
}

static bool
asks_who(const struct flood *f, const struct sampan_frame *out)
{
	const uint8_t *ip = out->head + ETH_HDR_LEN;

	return f->ip6 ? ip[6] == IP_PROTO_ICMP6 && ip[IP6_HDR_LEN] == ICMP6_NEIGH_SOLICIT :
	    be16_get(out->head + 12) == ETH_TYPE_ARP;
}

/* Takes what has to go: up to FLOOD_BATCH frames, but no question for the gateway. */
static unsigned
collect(struct flood *f, struct sampan_frame *out, sampan_time now)
{
	const int n = sampan_output(f->s, f->link, out, FLOOD_BATCH, now);

	sampan_sent(f->s, out, n > 0 ? (unsigned)n : 0);
	for (int i = 0; i < n; i++) {
		if (!asks_who(f, &out[i]))
			continue;
		answer_who(f, out[i].head + ETH_HDR_LEN + 8, now);
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
	const uint8_t *ip = out->head + ETH_HDR_LEN;
	const uint8_t *tcp = ip + (f->ip6 ? IP6_HDR_LEN : IP4_HDR_LEN);
	const uint8_t proto = ip[f->ip6 ? 6 : 9];
	struct tcp_opts opts = { 0 }, theirs;
	struct sampan_addr client = { { 0 } };
	struct tcp_hdr h;

	if (out->head + out->head_len < tcp + TCP_HDR_LEN || proto != IP_PROTO_TCP ||
	    !tcp_hdr_parse(&h, tcp, out->head_len - (size_t)(tcp - out->head),
		out->len - (size_t)(tcp - out->head)) || (h.flags & TCP_SYN) == 0)
		return false;
	if (f->ip6)
		memcpy(client.b, ip + 24, sizeof(client.b));
	else
		client = sp_addr_of_v4(be32_get(ip + 16));
	tcp_opts_parse(&theirs, tcp + TCP_HDR_LEN, h.data_off_bytes - (size_t)TCP_HDR_LEN);
	opts.has_ts = theirs.has_ts;
	opts.tsval = theirs.tsecr;
	opts.tsecr = theirs.tsval;
	put_tcp(f, i, &client, (struct tcp_hdr){ .src_port = h.dst_port, .dst_port = h.src_port,
	    .seq = h.ack, .ack = h.seq + 1, .flags = TCP_ACK, .wnd = 64240 },
	    TCP_HDR_LEN + (uint32_t)tcp_opts_emit(l4_at(f, i) + TCP_HDR_LEN, &opts));
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
