/*
 * stack_segments.c - a live stack: any segments, calls, settings and times, in
 * any order.  After each of them all invariants hold; in the end, when every
 * socket is closed and time has passed, nothing is left.
 *
 * The input is read as a list of steps, a byte that says what and the bytes
 * that say how.  Sequence numbers are mostly near what the stack expects: what
 * is far away is dropped at the door and finds nothing.  Inputs of odd length go over
 * IPv6.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sampan/datagram.h>
#include <sampan/option.h>
#include <sampan/socket.h>

#include "lib/frame.h"
#include "lib/stack_check.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/ndp.h"
#include "wire/udp.h"

#define ARENA_BYTES ((size_t)256 << 10)
#define LOCAL 0x0a000001u
#define PEER 0x0a000002u
#define PORT 80
#define CONNS 4
#define SOCKETS 8
#define STEPS_MAX 400

/* One pair of ports, as far as the wire shows it. */
struct conn {
	uint16_t peer_port, local_port;
	uint32_t next;		/* of ours: the stack's RCV.NXT as it said last */
	uint32_t wnd;
	uint32_t sent;		/* the stack's highest */
	uint32_t una;
	uint32_t tsval;
};

struct bytes {
	const uint8_t *p, *end;
};

static _Alignas(64) uint8_t memory[ARENA_BYTES];
static struct sampan *s;
static sampan_time now;
static struct conn conns[CONNS];
static sampan_handle sockets[SOCKETS], listener, datagrams;
static bool ip6;		/* of inputs of odd length */

static struct sampan_addr
addr_of(unsigned host)
{
	const struct sampan_addr v6 = { { 0xfd, [15] = (uint8_t)host } };

	return ip6 ? v6 : sampan_addr_v4(10, 0, 0, (uint8_t)host);
}

static uint32_t
take(struct bytes *b, unsigned n)
{
	uint32_t v = 0;

	for (; n > 0; n--)
		v = v << 8 | (b->p < b->end ? *b->p++ : 0);
	return v;
}

static void
must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void
no_flaw(const char *flaw)
{
	must(flaw == NULL, flaw != NULL ? flaw : "");
}

/* ---- What the stack sends ---- */

static void
observe(const struct frame_tcp *t)
{
	for (unsigned i = 0; i < CONNS; i++) {
		struct conn *c = &conns[i];

		if (t->h.dst_port != c->peer_port)
			continue;
		c->local_port = t->h.src_port;
		c->sent = t->h.seq + t->len + ((t->h.flags & (TCP_SYN | TCP_FIN)) != 0);
		c->wnd = t->h.wnd;
		if ((t->h.flags & TCP_ACK) != 0)
			c->next = t->h.ack;
		if (t->opts.has_ts)
			c->tsval = t->opts.tsval;
	}
}

static void
answer_arp(const uint8_t *bytes)
{
	struct sampan_frame f = { .csum = SAMPAN_CSUM_COMPLETE };
	struct arp_pkt arp = { .op = ARP_REPLY, .sha = { 2, 0, 0, 0, 0, 2 } };
	struct eth_hdr eth = { .type = ETH_TYPE_ARP };
	uint8_t reply[ETH_HDR_LEN + ARP_LEN];
	struct arp_pkt asked;

	if (!arp_parse(&asked, bytes + ETH_HDR_LEN, ARP_LEN) || asked.op != ARP_REQUEST)
		return;
	arp.spa = asked.tpa;
	arp.tpa = asked.spa;
	memcpy(arp.tha, asked.sha, 6);
	memcpy(eth.dst, asked.sha, 6);
	memcpy(eth.src, arp.sha, 6);
	eth_emit(reply, &eth);
	arp_emit(reply + ETH_HDR_LEN, &arp);
	f.slice[0] = (struct sampan_slice){ reply, sizeof(reply) };
	f.slices = 1;
	f.len = sizeof(reply);
	(void)sampan_input(s, 1, &f, 1, now);
}

static void send_ip(uint8_t *p, uint32_t l4_len, uint8_t proto);

/* Neighbour discovery asks like ARP. */
static void
answer_solicit(const uint8_t *bytes)
{
	const uint8_t *asked = bytes + ETH_HDR_LEN + IP6_HDR_LEN;
	struct ndp_msg m = { .type = ICMP6_NEIGH_ADVERT, .solicited = true, .override = true,
		.has_mac = true, .mac = { 2, 0, 0, 0, 0, 2 } };
	uint8_t p[256] = { 0 };

	if (bytes[ETH_HDR_LEN + 6] != IP_PROTO_ICMP6 || asked[0] != ICMP6_NEIGH_SOLICIT)
		return;
	memcpy(m.target, asked + 8, 16);
	send_ip(p, (uint32_t)ndp_emit(p + ETH_HDR_LEN + IP4_HDR_LEN, &m), IP_PROTO_ICMP6);
}

static void
drain(unsigned most)
{
	static uint8_t bytes[FRAME_MAX];
	struct sampan_frame f;

	for (unsigned i = 0; i < most && sampan_output(s, 1, &f, 1, now) == 1; i++) {
		const uint32_t len = frame_flatten(&f, bytes);
		struct frame_tcp t;

		no_flaw(frame_flaw(&f, bytes));
		sampan_sent(s, &f, 1);
		if (bytes[12] == 8 && bytes[13] == 6)
			answer_arp(bytes);
		else if (bytes[12] == 0x86)
			answer_solicit(bytes);
		if (frame_tcp_read(&t, bytes, len))
			observe(&t);
	}
}

/* ---- What the peer sends ---- */

static uint32_t
put_options(uint8_t *p, struct bytes *b, const struct conn *c, unsigned kind)
{
	struct tcp_opts o = { 0 };

	if (kind == 15) {
		const uint32_t len = take(b, 1) % 11 * 4;

		for (uint32_t i = 0; i < len; i++)
			p[i] = (uint8_t)take(b, 1);
		return len;
	}
	o.has_mss = (kind & 1) != 0;
	o.mss = o.has_mss ? (uint16_t)take(b, 2) : 0;
	o.sack_permitted = (kind & 1) != 0;
	o.has_wscale = kind == 3 || kind == 7;
	o.wscale = o.has_wscale ? (uint8_t)take(b, 1) : 0;
	o.has_ts = (kind & 4) != 0;
	o.tsval = (uint32_t)(now / 1000000) + 1000 - (kind == 14 ? take(b, 1) : 0);
	o.tsecr = c->tsval;
	o.sack_count = (kind & 8) != 0 ? (uint8_t)(1 + take(b, 1) % 3) : 0;
	for (unsigned i = 0; i < o.sack_count; i++) {
		o.sack[i].left = c->una + take(b, 2);
		o.sack[i].right = o.sack[i].left + take(b, 2);
	}
	return (uint32_t)tcp_opts_emit(p, &o);
}

/* The same over IPv6, whose header is longer. */
static uint32_t
put_ip6(uint8_t *p, uint32_t l4_len, uint8_t proto)
{
	const struct sampan_addr src = addr_of(2), dst = addr_of(1);
	struct ip6_hdr ip = { .payload_len = (uint16_t)l4_len, .next = proto, .hop_limit = 255 };

	memcpy(ip.src, src.b, 16);
	memcpy(ip.dst, dst.b, 16);
	memmove(p + ETH_HDR_LEN + IP6_HDR_LEN, p + ETH_HDR_LEN + IP4_HDR_LEN, l4_len);
	ip6_emit(p + ETH_HDR_LEN, &ip);
	be16_put(p + 12, ETH_TYPE_IP6);
	return ETH_HDR_LEN + IP6_HDR_LEN + l4_len;
}

/* What stands behind room for Ethernet and IPv4; there is room for 20 octets more. */
static void
send_ip(uint8_t *p, uint32_t l4_len, uint8_t proto)
{
	const struct ip4_hdr ip = { .total_len = (uint16_t)(IP4_HDR_LEN + l4_len), .df = true,
		.ttl = 64, .proto = proto, .src = PEER, .dst = LOCAL };
	const struct eth_hdr eth = { .dst = { 2, 0, 0, 0, 0, 1 }, .src = { 2, 0, 0, 0, 0, 2 },
		.type = ETH_TYPE_IP4 };
	struct sampan_frame f = { .csum = SAMPAN_CSUM_VERIFIED, .slices = 1 };

	eth_emit(p, &eth);
	ip4_emit(p + ETH_HDR_LEN, &ip);
	f.len = ETH_HDR_LEN + IP4_HDR_LEN + l4_len;
	if (ip6)
		f.len = put_ip6(p, l4_len, proto);
	/* Of ICMPv6 nobody vouches for the checksum but this machine itself. */
	if (proto == IP_PROTO_ICMP6)
		f.csum = SAMPAN_CSUM_PARTIAL;
	f.slice[0] = (struct sampan_slice){ p, f.len };
	(void)sampan_input(s, 1, &f, 1, now);
}

/* Near what is expected, or anywhere. */
static uint32_t
number_near(struct bytes *b, uint32_t first, uint32_t edge)
{
	const uint32_t how = take(b, 1);

	switch (how & 7) {
	case 0: case 1: case 2: return first;
	case 3: return first + (how >> 3) * 97;
	case 4: return first - 1 - (how >> 3);
	case 5: return edge - (how >> 3);
	case 6: return edge + (how >> 3);
	default: return take(b, 4);
	}
}

static void
step_segment(struct bytes *b)
{
	static uint8_t p[2048];
	uint8_t *tcp = p + ETH_HDR_LEN + IP4_HDR_LEN;
	struct conn *c = &conns[take(b, 1) % CONNS];
	const uint32_t kind = take(b, 1), flags = take(b, 1);
	const uint32_t seq = number_near(b, c->next, c->next + c->wnd);
	const uint32_t len = (kind & 0x10) != 0 ? take(b, 2) % 1400 : 0;
	struct tcp_hdr h = { .src_port = c->peer_port, .dst_port = c->local_port, .seq = seq };

	h.flags = (uint8_t)((flags & 0xc0) == 0 ? flags : flags & (TCP_FIN | TCP_PSH | TCP_URG));
	h.flags |= (uint8_t)((kind & 0x20) == 0 ? TCP_ACK : 0);
	h.ack = number_near(b, c->sent, c->una);
	h.wnd = (uint16_t)((kind & 0x40) != 0 ? take(b, 2) : 60000);
	h.up = (uint16_t)(h.flags & TCP_URG ? take(b, 2) : 0);
	h.data_off_bytes = (uint8_t)(TCP_HDR_LEN + put_options(tcp + TCP_HDR_LEN, b, c, kind & 15));
	tcp_hdr_emit(tcp, &h);
	memset(tcp + h.data_off_bytes, 'x', len);
	c->una = h.ack;
	send_ip(p, h.data_off_bytes + len, IP_PROTO_TCP);
}

/* The shortest way to a connection, so that random inputs get there too. */
static void
step_handshake(struct bytes *b)
{
	uint8_t p[256];
	uint8_t *tcp = p + ETH_HDR_LEN + IP4_HDR_LEN;
	struct conn *c = &conns[take(b, 1) % CONNS];
	const uint32_t kind = take(b, 1);
	struct tcp_hdr h = { .src_port = c->peer_port, .dst_port = PORT, .seq = take(b, 4),
		.flags = TCP_SYN, .wnd = 65535 };

	h.data_off_bytes = (uint8_t)(TCP_HDR_LEN + put_options(tcp + TCP_HDR_LEN, b, c, kind & 7));
	tcp_hdr_emit(tcp, &h);
	send_ip(p, h.data_off_bytes, IP_PROTO_TCP);
	drain(8);
	h.flags = TCP_ACK;
	h.seq++;
	h.ack = c->una = c->sent;
	h.data_off_bytes = (uint8_t)(TCP_HDR_LEN + put_options(tcp + TCP_HDR_LEN, b, c, kind & 4));
	tcp_hdr_emit(tcp, &h);
	send_ip(p, h.data_off_bytes, IP_PROTO_TCP);
}

/* Anything as an ICMP message or as a frame. */
static void
step_raw(struct bytes *b)
{
	uint8_t p[256] = { 0 };
	const uint32_t what = take(b, 1), len = take(b, 1) % 200;
	struct sampan_frame f = { .csum = SAMPAN_CSUM_COMPLETE, .slices = 1 };

	for (uint32_t i = 0; i < len; i++)
		p[34 + i] = (uint8_t)take(b, 1);
	if (what < 128) {
		send_ip(p, len, what >= 64 ? (uint8_t)what : ip6 ? IP_PROTO_ICMP6 : IP_PROTO_ICMP);
		return;
	}
	f.len = len;
	f.slice[0] = (struct sampan_slice){ p + 34, len };
	(void)sampan_input(s, 1, &f, 1, now);
}

/* ---- What the application does ---- */

static sampan_handle *
pick_socket(struct bytes *b)
{
	return &sockets[take(b, 1) % SOCKETS];
}

static void
step_transfer(struct bytes *b)
{
	static uint8_t data[8192];
	const sampan_handle h = *pick_socket(b);
	const uint32_t how = take(b, 1), len = take(b, 2) % sizeof(data);

	if ((how & 1) != 0)
		(void)sampan_recv(s, h, data, len);
	else if ((how & 30) == 2)
		(void)sampan_send_urgent(s, h, data, len);
	else
		(void)sampan_send(s, h, data, len);
}

static void
step_end(struct bytes *b)
{
	sampan_handle *h = pick_socket(b);
	const uint32_t how = take(b, 1);

	if (how % 8 < 5)
		(void)sampan_shutdown(s, *h, (enum sampan_how)(how % 5));
	else if (how % 8 < 7)
		(void)sampan_close(s, *h);
	else
		(void)sampan_abort(s, *h);
}

static void
step_open(struct bytes *b)
{
	sampan_handle *h = pick_socket(b);
	const uint32_t how = take(b, 1);
	const struct sampan_sockaddr peer = { addr_of(2), conns[how % CONNS].peer_port, 0 };

	(void)sampan_close(s, *h);
	if ((how & 0x80) == 0) {
		(void)sampan_accept(s, listener, h, NULL);
	} else if (sampan_socket(s, SAMPAN_STREAM, h) == 0) {
		(void)sampan_connect(s, *h, &peer);
	}
}

/* A datagram comes, or the socket for them does something. */
static void
step_datagram(struct bytes *b)
{
	static uint8_t p[4096];
	const struct sampan_sockaddr peer = { addr_of(2), 5000, 0 };
	const uint32_t what = take(b, 1), len = take(b, 2) % 3000;
	uint8_t *udp = p + ETH_HDR_LEN + IP4_HDR_LEN;

	switch (what & 7) {
	case 0:
		(void)sampan_sendto(s, datagrams, p, len, &peer);
		break;
	case 1:
		(void)sampan_recv(s, datagrams, p, len);
		break;
	case 2:
		(void)sampan_connect(s, datagrams, &peer);
		break;
	case 3:
		(void)sampan_setopt(s, datagrams, (enum sampan_option)(what >> 3), len);
		break;
	default:
		udp_emit(udp, &(struct udp_hdr){ 5000, PORT,
			(uint16_t)(what & 128 ? len : UDP_HDR_LEN + len % 1400), 0 });
		udp[6] = (uint8_t)(what >> 3);
		send_ip(p, UDP_HDR_LEN + len % 1400, IP_PROTO_UDP);
		break;
	}
}

static void
step_option(struct bytes *b)
{
	static const char *const names[] = { "net.ipv4.tcp_syncookies", "net.ipv4.tcp_sack",
		"net.ipv4.tcp_timestamps", "net.ipv4.tcp_max_syn_backlog", "net.inet.tcp.msl",
		"net.ipv4.tcp_window_scaling", "net.ipv4.tcp_max_tw_buckets" };
	const sampan_handle h = *pick_socket(b);
	const uint32_t which = take(b, 1);
	int64_t value = (int64_t)take(b, 2);

	if ((which & 0x80) != 0)
		(void)sampan_set(s, names[which % 7], value & 3);
	else if ((which & 0x40) != 0)
		(void)sampan_getopt(s, h, (enum sampan_option)(which & 0x3f), &value);
	else
		(void)sampan_setopt(s, h, (enum sampan_option)(which & 0x3f), value - 1);
}

static void
step_time(struct bytes *b)
{
	struct sampan_event e[4];

	now += SAMPAN_US(1) << take(b, 1) % 34;
	for (unsigned i = 0; i < 8 && sampan_deadline(s) <= now; i++)
		sampan_advance(s, now);
	(void)sampan_events(s, e, 4);
}

static void
step(struct bytes *b)
{
	switch (take(b, 1) & 15) {
	case 0: case 1: case 2: case 3: case 4: step_segment(b); break;
	case 5: step_handshake(b); break;
	case 6: case 7: step_transfer(b); break;
	case 8: step_end(b); break;
	case 9: step_open(b); break;
	case 10: step_option(b); break;
	case 11: step_time(b); break;
	case 12: step_raw(b); break;
	case 13: step_datagram(b); break;
	default: drain(take(b, 1) % 32); break;
	}
	no_flaw(stack_check(s));
}

/* ---- The run ---- */

static void
begin(void)
{
	const struct sampan_config config = { .size = sizeof(config), .seed = { 1, 2 } };
	const struct sampan_link_config link = { .size = sizeof(link), .mac = { 2, 0, 0, 0, 0, 1 },
		.mtu_bytes = 1500, .name = "fuzz" };
	const struct sampan_addr addr = addr_of(1);
	const struct sampan_sockaddr any = { .port = PORT };

	now = SAMPAN_SEC(1000);
	memset(sockets, 0, sizeof(sockets));
	must(sampan_init(memory, sizeof(memory), &config, now) == 0, "a stack");
	s = (struct sampan *)(void *)memory;
	must(sampan_set(s, "net.ipv6.conf.default.dad_transmits", 0) == 0, "a setting");
	must(sampan_link_add(s, &link) == 1 && sampan_addr_add(s, 1, &addr, ip6 ? 64 : 24) == 0,
	    "a link");
	must(sampan_socket(s, SAMPAN_DGRAM, &datagrams) == 0 &&
	    sampan_bind(s, datagrams, &any) == 0, "a socket for datagrams");
	must(sampan_socket(s, SAMPAN_STREAM, &listener) == 0 &&
	    sampan_bind(s, listener, &any) == 0 && sampan_listen(s, listener, 3) == 0,
	    "a listener");
	for (unsigned i = 0; i < CONNS; i++)
		conns[i] = (struct conn){ .peer_port = (uint16_t)(5000 + i), .local_port = PORT };
}

static void
say_what_is_left(void)
{
	struct sampan_status left[8];
	uint64_t cursor = 0;

	while (cursor != SAMPAN_WALK_END) {
		const int n = sampan_walk(s, &cursor, left, 8);

		for (int i = 0; i < n; i++)
			printf("# left: state %u, ports %u and %u, to send %u, handle %llx\n",
			    left[i].state, left[i].local.port, left[i].peer.port,
			    left[i].send_queue_bytes,
			    (unsigned long long)left[i].handle);
	}
}

/* Every socket is closed and the peer is silent: it all comes to an end. */
static void
end(void)
{
	for (unsigned i = 0; i < SOCKETS; i++)
		(void)sampan_close(s, sockets[i]);
	(void)sampan_close(s, listener);
	(void)sampan_close(s, datagrams);
	drain(1000);
	for (unsigned i = 0; i < 20000 && sampan_deadline(s) != SAMPAN_NEVER; i++) {
		if (sampan_deadline(s) > now)
			now = sampan_deadline(s);
		sampan_advance(s, now);
		drain(1000);
	}
	no_flaw(stack_check(s));
	say_what_is_left();
	no_flaw(stack_left(s));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct bytes b = { data, data + bytes };

	ip6 = bytes % 2 == 1;
	begin();
	for (unsigned i = 0; i < STEPS_MAX && b.p < b.end; i++)
		step(&b);
	end();
	return 0;
}
