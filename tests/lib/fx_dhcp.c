/*
 * fx_dhcp.c - see fx_dhcp.h.
 */
#include "lib/fx_dhcp.h"

#include "lib/frame.h"
#include "lib/stack_check.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/ip4.h"

static _Alignas(64) uint8_t memory[256 << 10];
struct sampan *const s = (struct sampan *)(void *)memory;
sampan_time now;
struct fx_dhcp_seen seen;
static uint8_t bytes[FRAME_MAX];	/* the last frame that left */

void
begin_stack(uint64_t seed)
{
	const struct sampan_config config = { .size = sizeof(config), .seed = { seed, 2 } };
	const struct sampan_link_config link = { .size = sizeof(link), .mac = { 2, 0, 0, 0, 0, 1 },
		.mtu_bytes = 1500, .name = "t" };

	now = SAMPAN_SEC(1);
	EXPECT_EQ(sampan_init(memory, sizeof(memory), &config, now), 0);
	EXPECT_EQ(sampan_link_add(s, &link), 1);
}

static uint32_t
number(const uint8_t *p, size_t len, uint8_t code)
{
	uint8_t copy[DHCP_OUT_MAX];
	struct dhcp_msg m;
	uint32_t v = 0;

	memcpy(copy, p, len);
	copy[0] = 2;		/* as if from a server */
	EXPECT(dhcp_parse(&m, copy, len));
	seen.type = (uint8_t)m.type;
	(void)dhcp_option_u32(&m, code, &v);
	return v;
}

/* Who asks for the server by ARP gets an answer. */
static void
answer_arp(const uint8_t *p)
{
	const struct eth_hdr eth = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 }, ETH_TYPE_ARP };
	uint8_t frame[ETH_HDR_LEN + ARP_LEN];
	struct sampan_frame in = { .len = sizeof(frame), .slices = 1,
		.slice = { { frame, sizeof(frame) } } };
	struct arp_pkt arp, reply = { .op = ARP_REPLY, .sha = { 2, 0, 0, 0, 0, 2 },
		.spa = SERVER, .tha = { 2, 0, 0, 0, 0, 1 } };

	EXPECT(arp_parse(&arp, p, ARP_LEN));
	if (arp.op != ARP_REQUEST || arp.tpa != SERVER || arp.spa == 0)
		return;
	reply.tpa = arp.spa;
	eth_emit(frame, &eth);
	arp_emit(frame + ETH_HDR_LEN, &reply);
	EXPECT_EQ(sampan_input(s, 1, &in, 1, now), 0);
}

static void
take_apart(const uint8_t *ip, uint32_t len)
{
	const uint8_t *p = ip + 28;

	EXPECT_EQ(frame_proto(ip), IP_PROTO_UDP);
	EXPECT_EQ(be16_get(ip + 20), DHCP_CLIENT_PORT);
	EXPECT_EQ(be16_get(ip + 22), DHCP_SERVER_PORT);
	seen.requested = number(p, len - 28, DHCP_OPT_REQUESTED);
	seen.server = number(p, len - 28, DHCP_OPT_SERVER);
	seen.xid = be32_get(p + 4);
	seen.secs = be16_get(p + 8);
	seen.ciaddr = be32_get(p + 12);
	seen.src = be32_get(ip + 12);
	seen.dst = be32_get(ip + 16);
	seen.broadcast = eth_is_broadcast(bytes);
	seen.at = now;
}

bool
next_out(void)
{
	struct sampan_frame f;

	while (sampan_output(s, 1, &f, 1, now) == 1) {
		const uint32_t len = frame_flatten(&f, bytes);

		sampan_sent(s, &f, 1);
		if (be16_get(bytes + 12) == ETH_TYPE_ARP) {
			answer_arp(bytes + ETH_HDR_LEN);
			continue;
		}
		EXPECT(frame_flaw(&f, bytes) == NULL);
		take_apart(bytes + ETH_HDR_LEN, len - ETH_HDR_LEN);
		return true;
	}
	return false;
}

bool
wait_out(sampan_dur most)
{
	for (const sampan_time end_at = now + most; now < end_at;) {
		now += SAMPAN_MS(10);
		sampan_advance(s, now);
		if (next_out())
			return true;
	}
	return false;
}

static uint8_t *
put32(uint8_t *o, uint8_t code, uint32_t v)
{
	if (v == 0)
		return o;
	o[0] = code;
	o[1] = 4;
	be32_put(o + 2, v);
	return o + 6;
}

static uint32_t
craft(uint8_t *frame, struct fx_dhcp_says d)
{
	static const uint8_t magic[4] = { 99, 130, 83, 99 };
	struct eth_hdr eth = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 }, ETH_TYPE_IP4 };
	struct ip4_hdr ip = { .ttl = 64, .proto = IP_PROTO_UDP, .src = SERVER, .dst = d.dst };
	uint8_t *udp = frame + ETH_HDR_LEN + 20, *p = udp + 8, *o = p + 240;

	memset(frame, 0, 400);
	p[0] = 2;
	p[1] = 1;
	p[2] = 6;
	be32_put(p + 4, d.xid);
	be32_put(p + 16, d.yiaddr);
	p[28] = 2;
	p[33] = d.mac_last;
	memcpy(p + 236, magic, 4);
	o[0] = 53;
	o[1] = 1;
	o[2] = (uint8_t)d.type;
	o = put32(o + 3, DHCP_OPT_SERVER, d.server);
	o = put32(o, DHCP_OPT_LEASE, d.lease_s);
	o = put32(o, DHCP_OPT_MASK, d.mask);
	o = put32(o, DHCP_OPT_ROUTER, d.router);
	o = put32(o, DHCP_OPT_T1, d.t1_s);
	o = put32(o, DHCP_OPT_T2, d.t2_s);
	if (d.more_len > 0)
		memcpy(o, d.more, d.more_len);
	o += d.more_len;
	*o++ = 255;
	be16_put(udp, DHCP_SERVER_PORT);
	be16_put(udp + 2, DHCP_CLIENT_PORT);
	be16_put(udp + 4, (uint16_t)(o - udp));
	ip.total_len = (uint16_t)(20 + (o - udp));
	if (d.broadcast) {
		memset(eth.dst, 0xff, 6);
		ip.dst = UINT32_MAX;
	}
	eth_emit(frame, &eth);
	ip4_emit(frame + ETH_HDR_LEN, &ip);
	be16_put(udp + 6, (uint16_t)~frame_sum(udp, (uint32_t)(o - udp),
	    frame_pseudo(frame + ETH_HDR_LEN)));
	udp[6] ^= d.bad_csum;
	return (uint32_t)(o - frame);
}

void
fx_dhcp_server_says(struct fx_dhcp_says d)
{
	static uint8_t frame[1600];
	struct sampan_frame f = { .slices = 1 };

	f.len = craft(frame, d);
	f.slice[0] = (struct sampan_slice){ frame, f.len };
	EXPECT_EQ(sampan_input(s, 1, &f, 1, now), 0);
	stack_expect_sound(s, __FILE__, __LINE__);
}

enum sampan_dhcp_state
state(void)
{
	struct sampan_dhcp_info info;

	EXPECT_EQ(sampan_dhcp_get(s, 1, &info), 0);
	return info.state;
}

bool
has(uint32_t v4)
{
	const struct sampan_addr a = sp_addr_of_v4(v4);

	return sp_local_find(s, 1, &a) != NULL;
}

unsigned
leased_routes(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SP_ROUTES_MAX && s->route[i].link != 0; i++)
		n += s->route[i].origin == SP_ROUTE_LEASED;
	return n;
}

void
start(void)
{
	begin_stack(1);
	EXPECT_EQ(sampan_dhcp_start(s, 1), 0);
}

void
selecting(void)
{
	start();
	EXPECT(wait_out(SAMPAN_SEC(1)));
	EXPECT_EQ(seen.type, DHCP_DISCOVER);
}

void
requesting(void)
{
	selecting();
	server_says(.type = DHCP_OFFER);
	EXPECT(next_out());
	EXPECT_EQ(seen.type, DHCP_REQUEST);
	EXPECT_EQ(state(), SAMPAN_DHCP_REQUESTING);
}

void
stays_quiet(sampan_dur dur)
{
	for (const sampan_time end_at = now + dur; now < end_at;) {
		now += dur < SAMPAN_SEC(60) ? SAMPAN_MS(10) : SAMPAN_SEC(1);
		sampan_advance(s, now);
		EXPECT(!next_out());
	}
}

void
bound(void)
{
	requesting();
	server_says(.type = DHCP_ACK);
	stays_quiet(SAMPAN_SEC(8));
	EXPECT_EQ(state(), SAMPAN_DHCP_BOUND);
}

void
somebody_has(uint32_t addr)
{
	const struct eth_hdr eth = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 7 }, ETH_TYPE_ARP };
	const struct arp_pkt arp = { .op = ARP_REPLY, .sha = { 2, 0, 0, 0, 0, 7 }, .spa = addr };
	uint8_t frame[ETH_HDR_LEN + ARP_LEN];
	struct sampan_frame f = { .len = sizeof(frame), .slices = 1,
		.slice = { { frame, sizeof(frame) } } };

	eth_emit(frame, &eth);
	arp_emit(frame + ETH_HDR_LEN, &arp);
	EXPECT_EQ(sampan_input(s, 1, &f, 1, now), 0);
}
