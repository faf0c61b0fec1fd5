/*
 * net.c - see net.h.
 */
#include "sim/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sampan/host.h>

#include "link/cut.h"
#include "sim/route.h"
#include "wire/arp.h"
#include "wire/bytes.h"
#include "wire/eth.h"

#define BATCH 16
#define HEAD_LEAST 54
#define SEED_STEP 0x9e3779b97f4a7c15u

struct sampan_addr
sp_sim_net_addr(unsigned node)
{
	return sampan_addr_v4(10, 0, 0, (uint8_t)(1 + node));
}

/* ---- Opening ---- */

static void
mac_of(uint8_t mac[6], unsigned node)
{
	memcpy(mac, (const uint8_t[6]){ 2, 0, 0, 0, 0, (uint8_t)(1 + node) }, 6);
}

/* The host of an Ethernet address; SP_SIM_NODES: none. */
static unsigned
node_of(const struct sp_sim_net *net, const uint8_t *mac)
{
	const unsigned node = mac[5] - 1u;

	if (mac[0] != 2 || node >= net->s->nodes || net->s->node[node].is_router)
		return SP_SIM_NODES;
	return node;
}

static const struct sp_sim_link *
link_of(const struct sp_sim_scenario *s, unsigned node)
{
	for (unsigned i = 0; i < s->links; i++) {
		if (s->link[i].end[0] == node || s->link[i].end[1] == node)
			return &s->link[i];
	}
	return NULL;
}

static int
open_stack(struct sp_sim_net *net, unsigned node, uint64_t seed, const struct sp_why *why)
{
	struct sp_sim_host *h = &net->host[node];
	const struct sp_sim_node *n = &net->s->node[node];
	const struct sp_sim_link *link = link_of(net->s, node);
	const struct sampan_addr addr = sp_sim_net_addr(node);
	struct sampan_config config = { .size = sizeof(config) };
	struct sampan_link_config lc = { .size = sizeof(lc), .name = "sim",
		.mtu_bytes = link == NULL ? 1500 : link->mtu_bytes,
		.caps = SAMPAN_LINK_CSUM_OUT | (n->cuts ? SAMPAN_LINK_TSO4 : 0u) };

	mac_of(lc.mac, node);
	h->memory_bytes = (size_t)n->memory_bytes;
	h->memory = sampan_memory_alloc(h->memory_bytes, false);
	if (h->memory == NULL || sampan_config_fill(&config) != 0)
		return sp_why(why, ENOMEM, "no memory for the stack of '%s'", n->name);
	config.seed[0] = seed;
	config.seed[1] = node;
	config.secret[0] = config.secret[1] = 1;
	config.trace_entries = 0;
	if (sampan_init(h->memory, h->memory_bytes, &config, net->now) != 0)
		return sp_why(why, ENOMEM, "no stack for '%s'", n->name);
	h->stack = h->memory;
	h->link = sampan_link_add(h->stack, &lc);
	if (h->link < 0 || sampan_addr_add(h->stack, h->link, &addr, 24) != 0)
		return sp_why(why, ENOMEM, "no address for '%s'", n->name);
	net->dirty |= (uint64_t)1 << node;
	return 0;
}

static int
apply_settings(struct sp_sim_net *net, const char *name, const struct sp_why *why)
{
	char text[SAMPAN_WHY_BYTES];

	for (unsigned i = 0; i < net->s->settings; i++) {
		const struct sp_sim_setting *set = &net->s->setting[i];

		if (sampan_conf_set(net->host[set->node].stack, set->name, set->value, text,
		    sizeof(text)) < 0)
			return sp_why(why, EINVAL, "%s:%u: %s", name, set->line, text);
	}
	return 0;
}

static int
open_lanes(struct sp_sim_net *net, uint64_t seed, const struct sp_why *why)
{
	for (unsigned i = 0; i < net->s->links; i++) {
		for (unsigned d = 0; d < 2; d++) {
			net->due_at[i][d] = SAMPAN_NEVER;
			if (!sp_lane_open(&net->lane[i][d], &net->s->link[i].way[d],
			    seed + i * SEED_STEP, d))
				return sp_why(why, ENOMEM, "no memory for a link");
		}
	}
	return 0;
}

int
sp_sim_net_open(struct sp_sim_net *net, const struct sp_sim_scenario *s, uint64_t seed,
    const char *name, const struct sp_why *why)
{
	int result = 0;

	*net = (struct sp_sim_net){ .s = s, .now = SP_SIM_BEGIN };
	for (unsigned i = 0; i < s->nodes && result == 0; i++) {
		net->host[i].deadline_at = SAMPAN_NEVER;
		if (!s->node[i].is_router)
			result = open_stack(net, i, seed, why);
	}
	if (result == 0)
		result = open_lanes(net, seed, why);
	if (result == 0)
		result = apply_settings(net, name, why);
	if (result != 0)
		sp_sim_net_close(net);
	return result;
}

void
sp_sim_net_close(struct sp_sim_net *net)
{
	const int error = errno;

	for (unsigned i = 0; i < SP_SIM_LINKS; i++) {
		sp_lane_close(&net->lane[i][0]);
		sp_lane_close(&net->lane[i][1]);
	}
	for (unsigned i = 0; i < SP_SIM_NODES; i++) {
		if (net->host[i].memory != NULL)
			sampan_memory_free(net->host[i].memory, net->host[i].memory_bytes);
	}
	memset(net, 0, sizeof(*net));
	errno = error;
}

/* ---- Frames ---- */

static void
put_on_link(struct sp_sim_net *net, unsigned node, unsigned link, const struct sampan_frame *f)
{
	const unsigned d = net->s->link[link].end[SP_SIM_THERE] == node ? SP_SIM_THERE :
	    SP_SIM_BACK;

	sp_lane_put(&net->lane[link][d], f, net->now);
	net->due_at[link][d] = sp_lane_due(&net->lane[link][d]);
}

/* Toward the host that an Ethernet address names; nobody's is dropped. */
static void
forward(struct sp_sim_net *net, unsigned node, const uint8_t *mac, const struct sampan_frame *f)
{
	const unsigned to = node_of(net, mac);

	if (to < SP_SIM_NODES && net->s->next[node][to] != SP_SIM_NOWHERE)
		put_on_link(net, node, net->s->next[node][to], f);
}

static void
give_to_host(struct sp_sim_net *net, unsigned node, const uint8_t *bytes, uint32_t len)
{
	struct sp_sim_host *h = &net->host[node];
	struct sampan_frame f = { .len = len, .slices = 1, .owner = SAMPAN_FRAME_BORROWED };

	f.slice[0] = (struct sampan_slice){ bytes, len };
	if (net->watch.arrived != NULL && len >= HEAD_LEAST)
		net->watch.arrived(net->watch.ctx, bytes, len, net->now);
	(void)sampan_input(h->stack, h->link, &f, 1, net->now);
	/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): a host's number */
	net->dirty |= (uint64_t)1 << node;
}

static void
arrive(struct sp_sim_net *net, unsigned node, struct sp_parcel *p)
{
	struct sampan_frame f = { .len = p->len, .slices = 1, .slice[0] = { p->bytes, p->len } };

	if (net->host[node].stack == NULL)
		forward(net, node, p->bytes, &f);
	else if (node_of(net, p->bytes) == node)
		give_to_host(net, node, p->bytes, p->len);
}

/* What comes out of a lane by now. */
static void
empty_lane(struct sp_sim_net *net, unsigned link, unsigned d)
{
	struct sp_lane *lane = &net->lane[link][d];
	struct sp_parcel *p;

	while ((p = sp_lane_take(lane, net->now)) != NULL) {
		net->passed_bytes[link][d] += p->len;
		arrive(net, net->s->link[link].end[1 - d], p);
		free(p);
	}
	net->due_at[link][d] = sp_lane_due(lane);
}

/* Who has an address is said at once, unless somebody asks for his own. */
static void
answer_arp(struct sp_sim_net *net, unsigned node, const uint8_t *frame, uint32_t len)
{
	struct eth_hdr eth = { .type = ETH_TYPE_ARP };
	uint8_t bytes[ETH_HDR_LEN + ARP_LEN];
	struct arp_pkt asked, answer = { .op = ARP_REPLY };

	if (!arp_parse(&asked, frame + ETH_HDR_LEN, len - ETH_HDR_LEN) ||
	    asked.op != ARP_REQUEST || asked.spa == 0 || asked.spa == asked.tpa)
		return;
	mac_of(answer.sha, (asked.tpa & 0xff) - 1);
	answer.spa = asked.tpa;
	answer.tpa = asked.spa;
	memcpy(answer.tha, asked.sha, 6);
	if (asked.tpa >> 8 != 0x0a0000 || node_of(net, answer.sha) == SP_SIM_NODES)
		return;
	memcpy(eth.dst, answer.tha, 6);
	memcpy(eth.src, answer.sha, 6);
	eth_emit(bytes, &eth);
	arp_emit(bytes + ETH_HDR_LEN, &answer);
	give_to_host(net, node, bytes, sizeof(bytes));
}

/* A frame that a stack sends: its headers lie in its head, or, if it is short,
 * wherever. */
static void
take_frame(struct sp_sim_net *net, unsigned node, const struct sampan_frame *f)
{
	uint8_t head[64] = { 0 };
	const uint32_t len = f->len < sizeof(head) ? f->len : (uint32_t)sizeof(head);

	if (len < ETH_HDR_LEN || !sp_frame_copy(head, f, 0, len))
		return;
	if (be16_get(head + ETH_HDR_LEN - 2) == ETH_TYPE_ARP) {
		answer_arp(net, node, head, len);
		return;
	}
	if (net->watch.sent != NULL && f->len >= HEAD_LEAST)
		net->watch.sent(net->watch.ctx, head, f->len, net->now);
	forward(net, node, head, f);
}

/* ---- Hosts ---- */

static void
send_all(struct sp_sim_net *net, unsigned node)
{
	struct sp_sim_host *h = &net->host[node];
	struct sampan_frame f[BATCH];
	int n;

	while ((n = sampan_output(h->stack, h->link, f, BATCH, net->now)) > 0) {
		for (int i = 0; i < n; i++)
			take_frame(net, node, &f[i]);
		sampan_sent(h->stack, f, (unsigned)n);
	}
}

void
sp_sim_net_settle(struct sp_sim_net *net, unsigned node)
{
	struct sp_sim_host *h = &net->host[node];

	net->dirty &= ~((uint64_t)1 << node);
	while (sampan_deadline(h->stack) <= net->now)
		sampan_advance(h->stack, net->now);
	if (net->apps.event != NULL)
		net->apps.event(net->apps.ctx, node, net->now);
	send_all(net, node);
	h->deadline_at = sampan_deadline(h->stack);
}

/* ---- Time ---- */

static sampan_time
earlier(sampan_time a, sampan_time b)
{
	return a < b ? a : b;
}

static sampan_time
change_at(const struct sp_sim_net *net)
{
	return net->changes_done == net->s->changes ? SAMPAN_NEVER :
	    SP_SIM_BEGIN + net->s->change[net->changes_done].after_dur;
}

static sampan_time
next_time(const struct sp_sim_net *net)
{
	sampan_time next = change_at(net);

	if (net->dirty != 0)
		return net->now;
	if (net->apps.due != NULL)
		next = earlier(next, net->apps.due(net->apps.ctx));
	for (unsigned i = 0; i < net->s->links; i++)
		next = earlier(next, earlier(net->due_at[i][0], net->due_at[i][1]));
	for (unsigned i = 0; i < net->s->nodes; i++)
		next = earlier(next, net->host[i].deadline_at);
	return next;
}

static void
change_links(struct sp_sim_net *net)
{
	while (change_at(net) <= net->now) {
		const struct sp_sim_change *c = &net->s->change[net->changes_done++];

		for (unsigned d = 0; d < 2; d++) {
			sp_lane_change(&net->lane[c->link][d], &c->way[d], net->now);
			net->due_at[c->link][d] = sp_lane_due(&net->lane[c->link][d]);
		}
	}
}

bool
sp_sim_net_step(struct sp_sim_net *net, sampan_time until)
{
	const sampan_time next = next_time(net);

	if (next > until) {
		net->now = until > net->now ? until : net->now;
		return false;
	}
	net->steps++;
	net->now = next > net->now ? next : net->now;
	change_links(net);
	for (unsigned i = 0; i < net->s->links; i++) {
		for (unsigned d = 0; d < 2; d++) {
			if (net->due_at[i][d] <= net->now)
				empty_lane(net, i, d);
		}
	}
	if (net->apps.due != NULL && net->apps.due(net->apps.ctx) <= net->now)
		net->dirty |= net->apps.act(net->apps.ctx, net->now);
	for (unsigned i = 0; i < net->s->nodes; i++) {
		if (net->host[i].stack != NULL && ((net->dirty >> i & 1) != 0 ||
		    net->host[i].deadline_at <= net->now))
			sp_sim_net_settle(net, i);
	}
	return true;
}
