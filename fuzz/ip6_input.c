/*
 * ip6_input.c - any IPv6 packets into a stack that configures itself: chains of
 * extension headers, neighbour discovery, advertisements of routers, errors.
 *
 * The input is a row of packets: a length octet, what time passes before it, and
 * the packet behind the first octets of its header; ICMPv6 checksums are made good,
 * so that what is behind them is reached.  After each the stack is sound, its tables
 * are within their limits, and it says no more than a few frames a packet.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sampan/address.h>
#include <sampan/datagram.h>
#include <sampan/option.h>

#include "lib/frame.h"
#include "lib/stack_check.h"
#include "net/stack.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/ip6.h"

#define FRAMES_A_PACKET 64

static _Alignas(64) uint8_t memory[256 << 10];
static struct sampan *const s = (struct sampan *)(void *)memory;

static void
must(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

/* A raw socket and one for echo, which get copies and hear of errors. */
static void
listen_to_icmp(void)
{
	const struct sampan_sockaddr local = { .port = 1 };
	sampan_handle raw, ping;

	must(sampan_socket(s, SAMPAN_ICMP6, &raw) == 0, "a raw socket");
	must(sampan_setopt(s, raw, SAMPAN_OPT_RCVBUF, 4096) == 0, "a buffer");
	must(sampan_socket(s, SAMPAN_PING6, &ping) == 0, "a socket for echo");
	must(sampan_bind(s, ping, &local) == 0, "an identifier");
	must(sampan_setopt(s, ping, SAMPAN_OPT_RCVBUF, 4096) == 0, "a buffer");
	must(sampan_setopt(s, ping, SAMPAN_OPT_RECVERR, 1) == 0, "errors");
}

static void
begin(void)
{
	const struct sampan_config config = { .size = sizeof(config), .seed = { 1, 2 } };
	const struct sampan_link_config link = { .size = sizeof(link), .mac = { 2, 0, 0, 0, 0, 1 },
		.mtu_bytes = 1500, .name = "fuzz" };
	const struct sampan_addr addr = { { 0xfd, [15] = 1 } };

	must(sampan_init(memory, sizeof(memory), &config, SAMPAN_SEC(1)) == 0, "a stack");
	must(sampan_link_add(s, &link) == 1, "a link");
	must(sampan_set(s, "net.ipv6.conf.default.dad_transmits", 0) == 0, "a setting");
	must(sampan_set(s, "net.ipv6.conf.default.use_tempaddr", 2) == 0, "a setting");
	must(sampan_set(s, "net.ipv6.conf.default.accept_redirects", 1) == 0, "a setting");
	must(sampan_addr_add(s, 1, &addr, 64) == 0 && sampan_autoconf(s, 1) == 0, "an address");
	listen_to_icmp();
}

/* The end of the addresses is the input's, their start such that they are heard. */
static uint32_t
craft(uint8_t *p, const uint8_t *data, uint32_t len)
{
	static const uint8_t dst[3][16] = { { 0xfd, [15] = 1 }, { 0xff, 2, [15] = 1 },
		{ 0xff, 2, [11] = 1, [12] = 0xff, [15] = 1 } };
	static const uint8_t src[4][2] = { { 0xfd }, { 0xfe, 0x80 }, { 0 }, { 0x20, 0x01 } };
	struct ip6_hdr ip = { .hop_limit = 255, .next = IP_PROTO_ICMP6 };
	const struct eth_hdr eth = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 }, ETH_TYPE_IP6 };
	const uint32_t payload = len - 2;
	uint8_t *body = p + ETH_HDR_LEN + IP6_HDR_LEN;

	memcpy(ip.src, src[data[0] & 3], 2);
	ip.src[15] = data[0] >> 4;
	memcpy(ip.dst, dst[data[1] % 3], 16);
	if ((data[1] & 0x80) != 0)
		ip.next = (data[1] & 0x40) != 0 ? IP_PROTO_HOPOPTS : IP_PROTO_DSTOPTS;
	ip.payload_len = (uint16_t)payload;
	eth_emit(p, &eth);
	ip6_emit(p + ETH_HDR_LEN, &ip);
	memcpy(body, data + 2, payload);
	if (ip.next == IP_PROTO_ICMP6 && payload >= 4) {
		be16_put(body + 2, 0);
		be16_put(body + 2, (uint16_t)~frame_sum(body, payload, frame_pseudo(p + 14)));
	}
	return ETH_HDR_LEN + IP6_HDR_LEN + payload;
}

static void
listen_to_it(sampan_time now)
{
	static uint8_t bytes[FRAME_MAX];
	struct sampan_frame f;
	unsigned n = 0;

	while (sampan_output(s, 1, &f, 1, now) == 1) {
		const char *flaw;

		(void)frame_flatten(&f, bytes);
		flaw = frame_flaw(&f, bytes);
		must(flaw == NULL, flaw != NULL ? flaw : "");
		sampan_sent(s, &f, 1);
		must(++n <= FRAMES_A_PACKET, "few frames for one packet");
	}
}

static void
check_limits(void)
{
	const char *broken = stack_check(s);
	unsigned addrs = 0, routes = 0;

	must(broken == NULL, broken != NULL ? broken : "");
	while (addrs < SP_ADDRS_MAX && s->addr[addrs].link != 0)
		addrs++;
	while (routes < SP_ROUTES_MAX && s->route[routes].link != 0)
		routes++;
	must(addrs <= 2 + 2 * SP_AUTO_ADDRS_MAX, "addresses within their limit");
	must(routes <= SP_AUTO_ROUTES_MAX, "routes within their limit");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static uint8_t packet[ETH_HDR_LEN + IP6_HDR_LEN + 256];
	sampan_time now = SAMPAN_SEC(1);

	begin();
	while (bytes >= 4) {
		const uint32_t len = data[0] < 2 ? 2 : data[0];
		const uint32_t have = len < bytes - 2 ? len : (uint32_t)(bytes - 2);
		struct sampan_frame f = { .slices = 1 };

		now += SAMPAN_MS(10) << (data[1] & 15);
		sampan_advance(s, now);
		f.len = craft(packet, data + 2, have);
		f.slice[0] = (struct sampan_slice){ packet, f.len };
		must(sampan_input(s, 1, &f, 1, now) == 0, "input");
		listen_to_it(now);
		check_limits();
		data += 2 + have;
		bytes -= 2 + have;
	}
	return 0;
}
