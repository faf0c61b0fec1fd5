/*
 * fx_udp.c - see fx_udp.h.
 */
#include "lib/fx_udp.h"

#include <string.h>

#include "net/flow.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/icmp4.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

static uint8_t frame[FRAME_MAX + 64];

struct fx
fx_udp_begin(void)
{
	struct fx f = fx_established(.arena_bytes = (size_t)4 << 20);

	EXPECT_EQ(sampan_abort(f.s, f.h), 0);
	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	fx_drop(&f);
	return f;
}

sampan_handle
fx_udp_socket(struct fx *f, uint16_t port)
{
	const struct sampan_sockaddr local = { .port = port };
	sampan_handle h = 0;

	EXPECT_EQ(sampan_socket(f->s, SAMPAN_DGRAM, &h), 0);
	if (port != 0)
		EXPECT_EQ(sampan_bind(f->s, h, &local), 0);
	return h;
}

sampan_handle
fx_udp_connected(struct fx *f, uint16_t port)
{
	const sampan_handle h = fx_udp_socket(f, port);
	const struct sampan_sockaddr peer = { fx_peer(), FX_UDP_PEER, 0 };

	EXPECT_EQ(sampan_connect(f->s, h, &peer), 0);
	return h;
}

/* Ethernet and IP in front of an IP payload; returns where that begins. */
static uint8_t *
put_headers(const struct fx_dgram *d, uint8_t proto, uint32_t payload_len)
{
	const bool v4 = sp_addr_is_v4(&d->dst);
	struct eth_hdr eth = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 },
		v4 ? ETH_TYPE_IP4 : ETH_TYPE_IP6 };
	struct ip6_hdr ip6 = { .tclass = d->tos, .payload_len = (uint16_t)payload_len,
		.next = proto, .hop_limit = d->ttl };

	if (d->broadcast)
		memset(eth.dst, 0xff, 6);
	memset(frame, 0, sizeof(frame));
	eth_emit(frame, &eth);
	if (v4) {
		ip4_emit(frame + ETH_HDR_LEN, &(struct ip4_hdr){ .tos = d->tos,
			.total_len = (uint16_t)(20 + payload_len), .ttl = d->ttl, .proto = proto,
			.src = sp_addr_v4(&d->src), .dst = sp_addr_v4(&d->dst) });
		return frame + ETH_HDR_LEN + 20;
	}
	memcpy(ip6.src, d->src.b, 16);
	memcpy(ip6.dst, d->dst.b, 16);
	ip6_emit(frame + ETH_HDR_LEN, &ip6);
	return frame + ETH_HDR_LEN + 40;
}

void
fx_send_datagram(struct fx *f, struct fx_dgram d)
{
	const uint32_t payload_len = 8 + d.len + d.behind;
	const uint32_t udp_len = d.udp_len == FX_ANY ? 8 + d.len : (uint32_t)d.udp_len;
	static const struct sampan_addr usual;
	uint32_t len, pseudo;
	uint8_t *udp;

	if (sp_addr_equal(&d.src, &usual))
		d.src = fx_peer();
	if (sp_addr_equal(&d.dst, &usual))
		d.dst = fx_local();
	udp = put_headers(&d, IP_PROTO_UDP, payload_len);
	len = (uint32_t)(udp - frame) + payload_len;
	be16_put(udp, d.src_port);
	be16_put(udp + 2, d.dst_port);
	be16_put(udp + 4, (uint16_t)udp_len);
	for (uint32_t i = 0; i < d.len; i++)
		udp[8 + i] = fx_byte(i);
	pseudo = frame_pseudo(frame + ETH_HDR_LEN);
	if (udp_len <= payload_len)	/* the pseudo-header has UDP's length */
		pseudo = frame_sum((const uint8_t[]){ (uint8_t)(~d.behind >> 8),
		    (uint8_t)~d.behind }, 2, pseudo);
	if (!d.no_csum)
		be16_put(udp + 6, (uint16_t)~frame_sum(udp, 8 + d.len, pseudo));
	if (d.bad_csum)
		udp[6] ^= 1;
	memset(udp + 8 + d.len, 0x5a, d.behind);
	fx_input(f, frame, len);
}

void
fx_icmp_comes(struct fx *f, const void *message, uint32_t len, bool bad_csum)
{
	const struct fx_dgram d = { .src = fx_peer(), .dst = fx_local(), .ttl = 64 };
	uint8_t *p = put_headers(&d, fx_is_v6() ? IP_PROTO_ICMP6 : IP_PROTO_ICMP, len);

	memcpy(p, message, len);
	memset(p + 2, 0, 2);
	be16_put(p + 2, (uint16_t)~frame_sum(p, len,
	    fx_is_v6() ? frame_pseudo(frame + ETH_HDR_LEN) : 0));
	p[2] ^= bad_csum;
	fx_input(f, frame, (uint32_t)(p - frame) + len);
}

void
fx_udp_error(struct fx *f, uint8_t type, uint8_t code, uint16_t port, uint16_t peer_port)
{
	fx_send_udp_error(f, (struct fx_udp_icmp){ type, code, port, peer_port, 0, 0 });
}

void
fx_udp_too_big(struct fx *f, uint16_t port, uint16_t mtu_bytes, uint32_t label)
{
	const bool v6 = fx_is_v6();

	fx_send_udp_error(f, (struct fx_udp_icmp){ v6 ? 2 : 3, v6 ? 0 : 4, port, FX_UDP_PEER,
		mtu_bytes, label });
}

void
fx_send_udp_error(struct fx *f, struct fx_udp_icmp e)
{
	const struct fx_dgram quoted = { .src = fx_local(), .dst = fx_peer(), .ttl = 1 };
	const struct fx_dgram outer = { .src = fx_peer(), .dst = fx_local(), .ttl = 64 };
	const bool v4 = !fx_is_v6();
	const uint32_t ip_len = v4 ? 20 : 40;
	uint8_t quote[48], *p = put_headers(&quoted, IP_PROTO_UDP, 18);

	be16_put(p, e.port);
	be16_put(p + 2, e.peer_port);
	be16_put(p + 4, 18);
	memcpy(quote, frame + ETH_HDR_LEN, ip_len + 8);
	if (!v4)
		be32_put(quote, 6u << 28 | e.label);
	p = put_headers(&outer, v4 ? IP_PROTO_ICMP : IP_PROTO_ICMP6, 8 + ip_len + 8);
	p[0] = e.type;
	p[1] = e.code;
	be32_put(p + 4, e.rest);
	memcpy(p + 8, quote, ip_len + 8);
	be16_put(p + 2, (uint16_t)~frame_sum(p, 16 + ip_len,
	    v4 ? 0 : frame_pseudo(frame + ETH_HDR_LEN)));
	fx_input(f, frame, ETH_HDR_LEN + ip_len + 16 + ip_len);
}

static void
read_packet(struct fx_packet *p, const uint8_t *bytes)
{
	const uint8_t *ip = bytes + ETH_HDR_LEN, *l4 = ip + frame_ip_hdr_len(ip);
	const bool v4 = ip[0] >> 4 == 4;

	*p = (struct fx_packet){
		.proto = frame_proto(ip),
		.tos = (uint8_t)(v4 ? ip[1] : ip[0] << 4 | ip[1] >> 4),
		.ttl = v4 ? ip[8] : ip[7],
		.src_port = be16_get(l4),
		.dst_port = be16_get(l4 + 2),
		.csum = be16_get(l4 + 6),
		.label = v4 ? 0 : be32_get(ip) & 0xfffff,
		.df = v4 && (ip[6] & 0x40) != 0,
		.ip_len = v4 ? be16_get(ip + 2) : 40u + be16_get(ip + 4),
		.len = frame_payload_len(ip) - 8,
		.text = l4 + 8,
	};
	memcpy(p->mac, bytes, 6);
	if (v4) {
		p->src = sp_addr_of_v4(be32_get(ip + 12));
		p->dst = sp_addr_of_v4(be32_get(ip + 16));
	} else {
		memcpy(p->src.b, ip + 8, 16);
		memcpy(p->dst.b, ip + 24, 16);
	}
	if (p->proto != IP_PROTO_UDP) {
		p->src_port = l4[0];
		p->dst_port = l4[1];
	}
}

bool
fx_udp_next(struct fx *f, struct fx_packet *p)
{
	static uint8_t bytes[FRAME_MAX];
	struct sampan_frame fr;
	const char *flaw;

	if (sampan_output(f->s, f->link, &fr, 1, f->now) != 1)
		return false;
	(void)frame_flatten(&fr, bytes);
	flaw = frame_flaw(&fr, bytes);
	if (flaw != NULL)
		fx_fail(flaw);
	sampan_sent(f->s, &fr, 1);
	read_packet(p, bytes);
	return true;
}

void
fx_udp_reads(struct fx *f, sampan_handle h, int64_t len)
{
	static uint8_t data[70000];
	const int64_t n = sampan_recv(f->s, h, data, sizeof(data));

	EXPECT_EQ(n, len == FX_ANY ? SAMPAN_EAGAIN : len);
	for (int64_t i = 0; i < n; i++)
		EXPECT_EQ(data[i], fx_byte((uint32_t)i));
}
