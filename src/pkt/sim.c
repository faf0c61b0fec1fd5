/*
 * sim.c - the world in virtual time: the stack, time, frames, neighbours.
 *
 * Whoever the stack asks for, by ARP or by neighbour solicitation, answers at
 * once from the gateway's MAC address: a script knows IP packets only.
 */
#include "pkt/sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sampan/host.h>
#include <sampan/socket.h>

#include "pkt/packet.h"
#include "wire/arp.h"
#include "wire/bytes.h"
#include "wire/csum.h"
#include "wire/eth.h"
#include "wire/ip6.h"

#define MEMORY_BYTES ((size_t)64 << 20)
/* The stack is older than the script, so that clocks are not 0. */
#define START_AT SAMPAN_SEC(1000)
#define FRAMES 32
/* Turns without time going on: a stack that always has something due. */
#define TURNS_MAX 100000u

#define NDP_SOLICIT 135
#define NDP_ADVERT 136
#define NDP_LEN 32
#define IP6_LEN 40

static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 1 }, script_mac[6] = { 2, 0, 0, 0, 0, 2 };

sampan_time
sp_pkt_sim_clock(const struct sim *m)
{
	return START_AT + (sampan_time)m->world.now_ns;
}

/* ---- Frames in ---- */

static void
give(struct sim *m, uint16_t type, const uint8_t *packet, uint32_t len)
{
	static uint8_t bytes[(PKT_PACKET_MAX + ETH_HDR_LEN)];
	const struct eth_hdr eth = {
		.dst = { 2, 0, 0, 0, 0, 1 }, .src = { 2, 0, 0, 0, 0, 2 }, .type = type,
	};
	struct sampan_frame f = { .len = ETH_HDR_LEN + len, .slices = 1 };

	if (f.len > sizeof(bytes))
		return;
	eth_emit(bytes, &eth);
	memcpy(bytes + ETH_HDR_LEN, packet, len);
	f.slice[0] = (struct sampan_slice){ bytes, f.len };
	(void)sampan_input(m->stack, m->link, &f, 1, sp_pkt_sim_clock(m));
}

static void
inject(struct pkt_world *w, const uint8_t *packet, uint32_t len)
{
	struct sim *m = sim_of(w);

	give(m, packet[0] >> 4 == 6 ? ETH_TYPE_IP6 : ETH_TYPE_IP4, packet, len);
	sp_pkt_sim_pump(m);
}

/* ---- Frames out ---- */

static void
answer_arp(struct sim *m, const uint8_t *p, uint32_t len)
{
	struct arp_pkt a;
	uint8_t out[ARP_LEN];

	if (!arp_parse(&a, p, len) || a.op != ARP_REQUEST || a.spa == a.tpa)
		return;
	a = (struct arp_pkt){
		.op = ARP_REPLY, .spa = a.tpa, .tha = { 2, 0, 0, 0, 0, 1 }, .tpa = a.spa,
	};
	memcpy(a.sha, script_mac, sizeof(a.sha));
	arp_emit(out, &a);
	give(m, ETH_TYPE_ARP, out, sizeof(out));
}

/* RFC 4861 §4.3 and §4.4, with the script's link-layer address. */
static void
give_ndp(struct sim *m, uint8_t type, const uint8_t *src, const uint8_t *dst,
    const uint8_t *target)
{
	uint8_t out[IP6_LEN + NDP_LEN] = { 0x60 };
	uint8_t *const n = out + IP6_LEN;

	be16_put(out + 4, NDP_LEN);
	out[6] = PKT_PROTO_ICMP6;
	out[7] = 255;
	memcpy(out + 8, src, 16);
	memcpy(out + 24, dst, 16);
	n[0] = type;
	n[4] = type == NDP_ADVERT ? 0x60 : 0;	/* solicited, override */
	memcpy(n + 8, target, 16);
	n[24] = type == NDP_ADVERT ? 2 : 1;	/* target's, source's link-layer address */
	n[25] = 1;
	memcpy(n + 26, script_mac, 6);
	be16_put(n + 2, (uint16_t)~sp_csum_fold(sp_csum_add(n, NDP_LEN,
	    sp_csum_pseudo6(src, dst, PKT_PROTO_ICMP6, NDP_LEN), 0)));
	give(m, ETH_TYPE_IP6, out, sizeof(out));
}

/* True: it was a matter of neighbours, routers or groups. */
static bool
answer_ndp(struct sim *m, const uint8_t *p, uint32_t len)
{
	const uint8_t *const target = p + IP6_LEN + 8;

	if (len >= IP6_LEN && p[6] == IP_PROTO_HOPOPTS)
		return true;		/* a report of MLD, with its router alert */
	if (len < IP6_LEN + 4 || p[6] != PKT_PROTO_ICMP6 || p[IP6_LEN] < 130 || p[IP6_LEN] > 143)
		return false;
	m->has_neighbours |= p[IP6_LEN] == NDP_ADVERT;
	if (p[IP6_LEN] == NDP_SOLICIT && len >= IP6_LEN + 24)
		give_ndp(m, NDP_ADVERT, target, p + 8, target);
	return true;
}

static void
take_frame(struct sim *m, const struct sampan_frame *f)
{
	static uint8_t bytes[(PKT_PACKET_MAX + ETH_HDR_LEN)];
	uint32_t len = f->head_len;
	uint16_t type;

	memcpy(bytes, f->head, len);
	for (unsigned i = 0; i < f->slices; i++) {
		if (len + f->slice[i].len > sizeof(bytes))
			return;
		memcpy(bytes + len, f->slice[i].data, f->slice[i].len);
		len += f->slice[i].len;
	}
	if (len < ETH_HDR_LEN)
		return;
	type = be16_get(bytes + 12);
	if (type == ETH_TYPE_ARP)
		answer_arp(m, bytes + ETH_HDR_LEN, len - ETH_HDR_LEN);
	else if (type != ETH_TYPE_IP6 || !answer_ndp(m, bytes + ETH_HDR_LEN, len - ETH_HDR_LEN))
		sp_pkt_world_arrived(&m->world, bytes + ETH_HDR_LEN, len - ETH_HDR_LEN,
		    m->world.now_ns);
}

static void
take_events(struct sim *m)
{
	struct sampan_event events[FRAMES];
	int n;

	while ((n = sampan_events(m->stack, events, FRAMES)) > 0) {
		for (int i = 0; i < n; i++) {
			const uint64_t word = events[i].user;

			if (word < 1 || word > SIM_SOCKETS)
				continue;
			m->socket[word - 1].events |= events[i].what;
			m->socket[word - 1].edges++;
		}
	}
}

void
sp_pkt_sim_pump(struct sim *m)
{
	static struct sampan_frame frames[FRAMES];
	int n;

	for (unsigned turns = 0; turns < TURNS_MAX; turns++) {
		n = sampan_output(m->stack, m->link, frames, FRAMES, sp_pkt_sim_clock(m));
		if (n <= 0)
			break;
		for (int i = 0; i < n; i++)
			take_frame(m, &frames[i]);
		sampan_sent(m->stack, frames, (unsigned)n);
	}
	take_events(m);
}

static void
flush(struct pkt_world *w)
{
	sp_pkt_sim_pump(sim_of(w));
}

/* ---- Time ---- */

static void
run(struct pkt_world *w, int64_t until_ns)
{
	struct sim *m = sim_of(w);
	const sampan_time at = sampan_deadline(m->stack);
	const sampan_time limit = START_AT + (sampan_time)until_ns;

	if (at > limit) {
		w->now_ns = until_ns;
		return;
	}
	if (at > sp_pkt_sim_clock(m))
		w->now_ns = (int64_t)(at - START_AT);
	for (unsigned i = 0; i < TURNS_MAX && sampan_deadline(m->stack) <= sp_pkt_sim_clock(m); i++)
		sampan_advance(m->stack, sp_pkt_sim_clock(m));
	sp_pkt_sim_pump(m);
}

static bool
is_idle(struct pkt_world *w)
{
	return sampan_deadline(sim_of(w)->stack) == SAMPAN_NEVER;
}

/* ---- Beginning and end ---- */

static int
add_routes(struct sim *m, const struct pkt_setup *setup)
{
	struct sampan_addr any = { { 0 } };

	if (!setup->v6)
		any = sampan_addr_v4(0, 0, 0, 0);
	/* Assertions may ask for everything.  The address is there when the script begins. */
	(void)sampan_set(m->stack, "net.sampan.tcp_tally", 1);
	(void)sampan_set(m->stack, "net.ipv6.conf.default.dad_transmits", 0);
	if (sampan_addr_add(m->stack, m->link, &setup->local, setup->prefix_bits) != 0 ||
	    sampan_route_add(m->stack, m->link, &any, 0, &setup->gateway) != 0)
		return sp_pkt_world_lacks(&m->world, "ip:%s", setup->v6 ? "IPv6" : "address");
	return 0;
}

static int
open_stack(struct pkt_world *w, const struct pkt_setup *setup)
{
	struct sim *m = sim_of(w);
	const struct sampan_config config = {
		.size = sizeof(config), .seed = { setup->seed, 1 },
	};
	struct sampan_link_config link = {
		.size = sizeof(link), .mtu_bytes = (uint16_t)setup->mtu_bytes, .name = "script",
	};

	w->setup = *setup;
	m->stack = sampan_memory_alloc(MEMORY_BYTES, false);
	if (m->stack == NULL ||
	    sampan_init(m->stack, MEMORY_BYTES, &config, START_AT) != 0)
		return sp_pkt_world_lacks(w, "memory");
	memcpy(link.mac, our_mac, sizeof(link.mac));
	m->link = sampan_link_add(m->stack, &link);
	if (m->link < 0)
		return sp_pkt_world_lacks(w, "mtu:%u", (unsigned)setup->mtu_bytes);
	if (add_routes(m, setup) != 0)
		return PKT_LACKS;
	/* Whoever speaks IPv6 answers to its neighbours. */
	if (setup->v6) {
		give_ndp(m, NDP_SOLICIT, setup->gateway.b, setup->local.b, setup->local.b);
		sp_pkt_sim_pump(m);
		if (!m->has_neighbours)
			return sp_pkt_world_lacks(w, "ip:IPv6");
	}
	return 0;
}

static void
close_stack(struct pkt_world *w)
{
	sampan_memory_free(sim_of(w)->stack, MEMORY_BYTES);
}

static const struct pkt_world_ops sim_ops = {
	.open = open_stack, .close = close_stack, .run = run, .is_idle = is_idle,
	.inject = inject, .flush = flush,
	.socket = sp_pkt_sim_socket, .bind = sp_pkt_sim_bind, .listen = sp_pkt_sim_listen,
	.accept = sp_pkt_sim_accept, .connect = sp_pkt_sim_connect, .send = sp_pkt_sim_send,
	.recv = sp_pkt_sim_recv, .shutdown = sp_pkt_sim_shutdown,
	.close_socket = sp_pkt_sim_close_socket, .setopt = sp_pkt_sim_setopt,
	.getopt = sp_pkt_sim_getopt, .ioctl = sp_pkt_sim_ioctl, .ready = sp_pkt_sim_ready,
	.edges = sp_pkt_sim_edges, .ends = sp_pkt_sim_ends, .info = sp_pkt_sim_info,
	.setting = sp_pkt_sim_setting, .counter = sp_pkt_sim_counter,
	.count_state = sp_pkt_sim_count_state, .is_ending = sp_pkt_sim_is_ending,
};

struct pkt_world *
sp_pkt_sim(void)
{
	struct sim *m = calloc(1, sizeof(*m));

	if (m == NULL)
		abort();
	m->world.ops = &sim_ops;
	return &m->world;
}
