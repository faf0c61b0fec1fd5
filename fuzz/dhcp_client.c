/*
 * dhcp_client.c - any answers to a DHCP client, one after the other, with time between:
 * what is in them is the input's, but for what must be right to be looked at.  The stack
 * stays sound, its tables within their limits, and no answer makes it talk more than a
 * little.
 *
 * The input is a row of messages: how many octets of options, a control octet, how
 * much time passes, the last three octets of the address, and the options.
 */
#include "fuzz.h"

#include <string.h>

#include <sampan/dhcp.h>

#include "lib/stage.h"
#include "net/dhcp.h"
#include "wire/eth.h"
#include "wire/ip4.h"

#define FRAMES_A_MESSAGE 16
#define ROUTES 16

enum control {
	TYPE = 7,		/* of the message, 0: ACK */
	WRONG_XID = 8,
	IN_FILE = 16,		/* the options stand in `file` and `sname` too */
	UNICAST = 32,
	PLAIN = 64,		/* no options but the input's */
	STOP = 128,		/* the client is stopped and started first */
};

static _Alignas(64) uint8_t memory[128 << 10];
static struct sampan *const s = (struct sampan *)(void *)memory;

static void
begin(void)
{
	stage_open(s, sizeof(memory));
	must(sampan_set(s, "net.sampan.dhcp_delay", 0) == 0, "a setting");
	must(sampan_set(s, "net.sampan.dhcp_probes", 1) == 0, "a setting");
	must(sampan_dhcp_start(s, 1) == 0, "a client");
}

static uint8_t *
put_usual(uint8_t *o, uint8_t type)
{
	static const uint8_t usual[] = { 54, 4, 10, 0, 0, 1, 51, 4, 0, 0, 2, 88, 1, 4, 255, 255,
		255, 0 };

	o[0] = DHCP_OPT_TYPE;
	o[1] = 1;
	o[2] = type;
	memcpy(o + 3, usual, sizeof(usual));
	return o + 3 + sizeof(usual);
}

/* Writes the message behind the headers and returns its length. */
static uint32_t
put_message(uint8_t *p, const uint8_t *data, uint32_t len)
{
	static const uint8_t magic[4] = { 99, 130, 83, 99 };
	const struct sp_dhcp *d = sp_dhcp_of(s, 1);
	const uint8_t control = data[1], type = control & TYPE;
	uint8_t *o = p + DHCP_FIXED_LEN;

	p[0] = 2;
	p[1] = 1;
	p[2] = 6;
	be32_put(p + 4, (d != NULL ? d->xid : 0) ^ ((control & WRONG_XID) != 0));
	p[16] = 10;
	memcpy(p + 17, data + 3, 3);
	p[28] = 2;
	p[33] = 1;
	memcpy(p + 236, magic, 4);
	if ((control & PLAIN) == 0)
		o = put_usual(o, type == 0 ? DHCP_ACK : type);
	if ((control & IN_FILE) != 0) {
		memcpy(p + 108, data + 6, len < 128 ? len : 128);
		memcpy(p + 44, data + 6, len < 64 ? len : 64);
	}
	memcpy(o, data + 6, len);
	return (uint32_t)(o - p) + len;
}

static uint32_t
craft(uint8_t *frame, const uint8_t *data, uint32_t len)
{
	struct eth_hdr eth = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 }, ETH_TYPE_IP4 };
	struct ip4_hdr ip = { .ttl = 64, .proto = IP_PROTO_UDP, .src = 0x0a000001,
		.dst = 0x0a000064 };
	uint8_t *udp = frame + ETH_HDR_LEN + IP4_HDR_LEN;
	uint32_t udp_len;

	udp_len = 8 + put_message(udp + 8, data, len);
	if ((data[1] & UNICAST) == 0) {
		memset(eth.dst, 0xff, 6);
		ip.dst = UINT32_MAX;
	}
	ip.total_len = (uint16_t)(IP4_HDR_LEN + udp_len);
	eth_emit(frame, &eth);
	ip4_emit(frame + ETH_HDR_LEN, &ip);
	be16_put(udp, DHCP_SERVER_PORT);
	be16_put(udp + 2, DHCP_CLIENT_PORT);
	be16_put(udp + 4, (uint16_t)udp_len);	/* without a checksum */
	return ETH_HDR_LEN + IP4_HDR_LEN + udp_len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	sampan_time now = SAMPAN_SEC(1);

	begin();
	while (bytes >= 6) {
		static uint8_t frame[ETH_HDR_LEN + 28 + DHCP_FIXED_LEN + 32 + 256];
		const uint32_t len = data[0] < bytes - 6 ? data[0] : (uint32_t)(bytes - 6);
		struct sampan_frame f = { .slices = 1 };

		now += SAMPAN_MS(1) << (data[2] & 31);
		sampan_advance(s, now);
		if ((data[1] & STOP) != 0) {
			must(sampan_dhcp_stop(s, 1) == 0, "stop");
			must(sampan_dhcp_start(s, 1) == 0, "start");
		}
		stage_listen(s, now, FRAMES_A_MESSAGE, true);
		memset(frame, 0, sizeof(frame));
		f.len = craft(frame, data, len);
		f.slice[0] = (struct sampan_slice){ frame, f.len };
		must(sampan_input(s, 1, &f, 1, now) == 0, "input");
		stage_listen(s, now, FRAMES_A_MESSAGE, true);
		stage_check(s, 2, ROUTES);
		data += 6 + len;
		bytes -= 6 + len;
	}
	return 0;
}
