/*
 * group_input.c - any IGMP and MLD messages into a stack that is in some groups, with
 * time between.  The stack stays sound, and says no more than a few reports a message.
 *
 * The input is a row of messages: a length octet, a control octet (family, and whether
 * the message may be believed), how much time passes, and the message.
 */
#include "fuzz.h"

#include <string.h>

#include <sampan/address.h>
#include <sampan/datagram.h>

#include "lib/frame.h"
#include "lib/stage.h"
#include "net/group.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define FRAMES_A_MESSAGE 40

static _Alignas(64) uint8_t memory[256 << 10];
static struct sampan *const s = (struct sampan *)(void *)memory;

static void
begin(void)
{
	const struct sampan_addr six = { { 0xfd, [15] = 1 } }, four = sampan_addr_v4(10, 0, 0, 1);
	sampan_handle h;

	stage_open(s, sizeof(memory));
	must(sampan_addr_add(s, 1, &four, 24) == 0 && sampan_addr_add(s, 1, &six, 64) == 0,
	    "addresses");
	must(sampan_socket(s, SAMPAN_DGRAM, &h) == 0, "a socket");
	for (uint8_t i = 1; i <= 4; i++) {
		const struct sampan_sockaddr a = { sampan_addr_v4(239, 0, 0, i), 0, 1 };
		const struct sampan_sockaddr b = { { { 0xff, 5, [15] = i } }, 0, 1 };

		must(sampan_join(s, h, &a) == 0 && sampan_join(s, h, &b) == 0, "groups");
	}
}

static uint32_t
craft4(uint8_t *ip, const uint8_t *data, uint32_t len, uint8_t ttl)
{
	ip4_emit(ip, &(struct ip4_hdr){ .total_len = (uint16_t)(20 + len), .ttl = ttl,
		.proto = IP_PROTO_IGMP, .src = 0x0a000002, .dst = 0xe0000001 });
	memcpy(ip + 20, data, len);
	if (len >= 4) {
		be16_put(ip + 22, 0);
		be16_put(ip + 22, (uint16_t)~frame_sum(ip + 20, len, 0));
	}
	return 20 + len;
}

static uint32_t
craft6(uint8_t *ip, const uint8_t *data, uint32_t len, uint8_t ttl)
{
	static const uint8_t alert[8] = { IP_PROTO_ICMP6, 0, 5, 2, 0, 0, 1, 0 };
	struct ip6_hdr h = { .payload_len = (uint16_t)len, .hop_limit = ttl,
		.next = IP_PROTO_ICMP6, .src = { 0xfe, 0x80, [15] = 2 },
		.dst = { 0xff, 2, [15] = 1 } };

	ip6_emit(ip, &h);
	memcpy(ip + 40, data, len);
	if (len >= 4) {
		be16_put(ip + 42, 0);
		be16_put(ip + 42, (uint16_t)~frame_sum(ip + 40, len, frame_pseudo(ip)));
	}
	memmove(ip + 48, ip + 40, len);
	h.payload_len = (uint16_t)(len + 8);
	h.next = IP_PROTO_HOPOPTS;
	ip6_emit(ip, &h);
	memcpy(ip + 40, alert, 8);
	return 48 + len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static uint8_t frame[ETH_HDR_LEN + 48 + 256];
	sampan_time now = SAMPAN_SEC(1);

	begin();
	while (bytes >= 4) {
		const uint32_t len = data[0] < bytes - 3 ? data[0] : (uint32_t)(bytes - 3);
		const bool v4 = (data[1] & 1) != 0;
		const struct eth_hdr eth = { { 1, 0, 0x5e, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 },
			v4 ? ETH_TYPE_IP4 : ETH_TYPE_IP6 };
		const uint8_t ttl = (data[1] & 2) != 0 ? 2 : 1;
		struct sampan_frame f = { .slices = 1 };

		now += SAMPAN_MS(1) << (data[2] & 20);
		sampan_advance(s, now);
		stage_listen(s, now, FRAMES_A_MESSAGE, false);
		eth_emit(frame, &eth);
		f.len = ETH_HDR_LEN + (v4 ? craft4(frame + ETH_HDR_LEN, data + 3, len, ttl) :
					    craft6(frame + ETH_HDR_LEN, data + 3, len, ttl));
		f.slice[0] = (struct sampan_slice){ frame, f.len };
		must(sampan_input(s, 1, &f, 1, now) == 0, "input");
		stage_listen(s, now, FRAMES_A_MESSAGE, false);
		stage_check(s, SP_ADDRS_MAX, SP_ROUTES_MAX);
		data += 3 + len;
		bytes -= 3 + len;
	}
	return 0;
}
