/*
 * sim.c - see sim.h.
 */
#include "lib/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/siphash.h"
#include "lib/frame.h"
#include "lib/stack_check.h"
#include "lib/test.h"
#include "wire/bytes.h"
#include "wire/csum.h"
#include "wire/eth.h"

struct sim_flight {
	struct sim_flight *next;
	sampan_time at;
	unsigned to;
	uint32_t len;
	uint8_t csum;		/* enum sampan_frame_csum */
	uint16_t gso_bytes;	/* 0: not big */
	uint16_t csum_start, csum_offset;
	uint8_t bytes[];
};

/* By time of arrival.  Outlives a test that fails, for the next to free. */
static struct sim_flight *on_the_way;

/* The same of lines with a rate. */
static struct sp_lane lanes[2];

#define MEMORY_MAX ((size_t)32 << 20)

uint32_t
sim_below(struct sim *sim, uint32_t n)
{
	return sp_rng_below(&sim->rng, n);
}

bool
sim_chance(struct sim *sim, uint32_t ppm)
{
	return ppm > 0 && sim_below(sim, 1000000) < ppm;
}

static void
sim_fail(const struct sim *sim, const char *what)
{
	printf("# seed %" PRIu64 ", step %" PRIu64 ", %" PRIu64 " ms\n", sim->config.seed,
	    sim->steps, (sim->now - sim->config.begin) / SAMPAN_MS(1));
	test_fail(__FILE__, __LINE__, what);
}

static void
must(const struct sim *sim, bool good, const char *what)
{
	if (!good)
		sim_fail(sim, what);
}

struct sampan_addr
sim_addr(const struct sim_config *config, unsigned i)
{
	const struct sampan_addr v6 = { { 0xfd, [15] = (uint8_t)(1 + i) } };

	return config->ip6 ? v6 : sampan_addr_v4(10, 0, 0, (uint8_t)(1 + i));
}

static void
open_stack(struct sim *sim, unsigned i)
{
	static _Alignas(64) uint8_t memory[2][MEMORY_MAX];
	const struct sim_config *c = &sim->config;
	const struct sampan_config config = { .size = sizeof(config), .seed = { c->seed, i } };
	const struct sampan_addr addr = sim_addr(c, i);
	struct sampan_link_config link = { .size = sizeof(link), .mac = { 2, 0, 0, 0, 0, 1 },
		.mtu_bytes = c->mtu_bytes[i], .caps = c->caps[i], .name = "sim" };

	link.mac[5] = (uint8_t)(1 + i);
	must(sim, c->arena_bytes <= MEMORY_MAX, "no more memory than there is");
	must(sim, sampan_init(memory[i], c->arena_bytes, &config, c->begin) == 0, "a stack");
	sim->s[i] = (struct sampan *)(void *)memory[i];
	sim->link[i] = sampan_link_add(sim->s[i], &link);
	must(sim, sampan_set(sim->s[i], "net.ipv6.conf.default.dad_transmits", 0) == 0, "no DAD");
	must(sim, sampan_addr_add(sim->s[i], sim->link[i], &addr, c->ip6 ? 64 : 24) == 0,
	    "an address");
}

void
sim_close(void)
{
	while (on_the_way != NULL) {
		struct sim_flight *gone = on_the_way;

		on_the_way = gone->next;
		free(gone);
	}
	for (unsigned i = 0; i < 2; i++) {
		sp_lane_close(&lanes[i]);
		lanes[i] = (struct sp_lane){ 0 };
	}
}

void
sim_open(struct sim *sim, const struct sim_config *config)
{
	sim_close();
	*sim = (struct sim){ .config = *config, .now = config->begin };
	sp_rng_init(&sim->rng, (const uint64_t[2]){ config->seed, 0x73696d });
	open_stack(sim, 0);
	open_stack(sim, 1);
	for (unsigned i = 0; i < 2; i++)
		if (config->line[i] != NULL)
			sp_lane_open(&lanes[i], config->line[i], config->seed, i);
}

/* ---- The link ---- */

static void
take_off(struct sim_flight *flight)
{
	struct sim_flight **place = &on_the_way;

	while (*place != NULL && (*place)->at <= flight->at)
		place = &(*place)->next;
	flight->next = *place;
	*place = flight;
}

static struct sim_flight *
copy_of(struct sim *sim, unsigned from, const uint8_t *bytes, uint32_t len)
{
	const struct sim_path *path = &sim->config.path[from];
	const uint32_t jitter_us = (uint32_t)(path->jitter_dur / 1000);
	struct sim_flight *flight = malloc(sizeof(*flight) + len);

	must(sim, flight != NULL, "memory");
	*flight = (struct sim_flight){ .to = 1 - from, .len = len };
	memcpy(flight->bytes, bytes, len);
	flight->at = sim->now + path->delay_dur +
	    (jitter_us > 0 ? SAMPAN_US(sim_below(sim, jitter_us)) : 0);
	return flight;
}

/* One bit behind the Ethernet header; not in ARP, which would believe it. */
static void
corrupt(struct sim *sim, struct sim_flight *flight)
{
	const uint32_t bits = (flight->len - ETH_HDR_LEN) * 8;
	const uint32_t bit = sim_below(sim, bits);

	if (be16_get(flight->bytes + 12) == ETH_TYPE_IP4 && flight->csum == SAMPAN_CSUM_COMPLETE)
		flight->bytes[ETH_HDR_LEN + bit / 8] ^= (uint8_t)(1u << bit % 8);
}

#define IP_CSUM_AT (ETH_HDR_LEN + 10)
#define TCP_AT (ETH_HDR_LEN + 20)

/* A word of the IP or TCP header is another one, as if the sender had meant it: a
 * bit of it, or something small added. */
static void
forge(struct sim *sim, struct sim_flight *flight)
{
	const uint32_t at = ETH_HDR_LEN + 2 * sim_below(sim, (20 + TCP_PLAIN_HDR_LEN) / 2);
	const uint32_t csum_at = at < TCP_AT ? IP_CSUM_AT : TCP_AT + TCP_CSUM_OFF;
	uint16_t was, is;

	if (be16_get(flight->bytes + 12) != ETH_TYPE_IP4 || flight->len < at + 2 || at == csum_at)
		return;
	was = be16_get(flight->bytes + at);
	is = (uint16_t)(sim_below(sim, 2) == 0 ? was ^ 1u << sim_below(sim, 16) :
		was + sim_below(sim, 400) - 200);
	be16_put(flight->bytes + at, is);
	be16_put(flight->bytes + csum_at,
	    sp_csum_update16(be16_get(flight->bytes + csum_at), was, is));
}

/* A router marks what says that it may be: RFC 3168 §5. */
static void
mark(struct sim_flight *flight)
{
	uint8_t *ip = flight->bytes + ETH_HDR_LEN;
	const uint16_t was = be16_get(ip);

	if (be16_get(flight->bytes + 12) != ETH_TYPE_IP4 || (was & 3) == 0)
		return;
	be16_put(ip, was | 3);
	be16_put(ip + 10, sp_csum_update16(be16_get(ip + 10), was, was | 3));
}

/* For somebody who looks for a fault. */
static void
print_frame(const struct sim *sim, unsigned from, const uint8_t *bytes, uint32_t len,
    unsigned copies)
{
	struct frame_tcp t;

	if (!frame_tcp_read(&t, bytes, len))
		return;
	printf("# %10.3f ms %u: flags %02x seq %" PRIu32 " len %" PRIu32 " ack %" PRIu32
	       " wnd %u%s\n",
	    (double)(sim->now - sim->config.begin) / 1e6, from, t.h.flags, t.h.seq, t.len, t.h.ack,
	    t.h.wnd,
	    copies == 0	      ? " lost"
		: copies == 2 ? " twice"
			      : "");
}

/* As a wire would carry it, or, for big ones that pass whole, as it is.  ARP is
 * never lost: three requests are all that it has. */
static void
send_bytes(struct sim *sim, unsigned from, const struct sampan_frame *big, const uint8_t *bytes,
    uint32_t len)
{
	const struct sim_path *path = &sim->config.path[from];
	unsigned copies = 1 + sim_chance(sim, path->dup_ppm);

	sim->sent++;
	if (sim_chance(sim, path->loss_ppm) && be16_get(bytes + 12) == ETH_TYPE_IP4) {
		sim->lost++;
		copies = 0;
	}
	if (sim->config.print)
		print_frame(sim, from, bytes, len, copies);
	while (copies-- > 0) {
		struct sim_flight *flight = copy_of(sim, from, bytes, len);

		if (big != NULL) {
			flight->csum = big->csum;
			flight->gso_bytes = big->tso ? big->gso_bytes : 0;
			flight->csum_start = big->csum_start;
			flight->csum_offset = big->csum_offset;
		}
		if (sim_chance(sim, path->corrupt_ppm))
			corrupt(sim, flight);
		if (sim_chance(sim, path->ce_ppm))
			mark(flight);
		if (sim_chance(sim, path->forge_ppm))
			forge(sim, flight);
		take_off(flight);
	}
}

static void
send_frame(struct sim *sim, unsigned from, const struct sampan_frame *f)
{
	static uint8_t bytes[FRAME_MAX], piece[FRAME_MAX];
	const uint32_t len = frame_flatten(f, bytes);
	const char *flaw = frame_flaw(f, bytes);

	if (flaw != NULL)
		sim_fail(sim, flaw);
	sim->digest = sp_siphash13(&(struct sp_key){ { sim->digest, len } }, bytes, len);
	if (sim->config.line[from] != NULL) {
		sim->sent++;
		sp_lane_put(&lanes[from], f, sim->now);
		return;
	}
	if (sim->config.path[from].whole) {
		send_bytes(sim, from, f, bytes, len);
		return;
	}
	for (unsigned i = 0; i < frame_pieces(f, bytes); i++) {
		const uint32_t piece_len = frame_piece(f, bytes, i, piece);

		if (piece_len > ETH_HDR_LEN + (uint32_t)sim->config.mtu_bytes[from])
			sim_fail(sim, "frames within the MTU");
		send_bytes(sim, from, NULL, piece, piece_len);
	}
}

/* In one piece, or with a part in the head and the rest in up to three slices. */
static void
show(struct sim *sim, const struct sim_flight *flight, struct sampan_frame *f)
{
	const uint32_t most = flight->len < 100 ? flight->len : 100;
	uint32_t at = 0;

	*f = (struct sampan_frame){ .len = flight->len, .owner = SAMPAN_FRAME_BORROWED,
		.csum = flight->csum, .tso = flight->gso_bytes != 0, .gso_bytes = flight->gso_bytes,
		.csum_start = flight->csum_start, .csum_offset = flight->csum_offset };
	if (sim->config.scatter && sim_below(sim, 2) == 0) {
		f->head_len = (uint16_t)sim_below(sim, most + 1);
		memcpy(f->head, flight->bytes, f->head_len);
		at = f->head_len;
	}
	while (sim->config.scatter && f->slices < 2 && sim_below(sim, 3) == 0) {
		const uint32_t len = sim_below(sim, flight->len - at + 1);

		f->slice[f->slices++] = (struct sampan_slice){ flight->bytes + at, len };
		at += len;
	}
	f->slice[f->slices++] = (struct sampan_slice){ flight->bytes + at, flight->len - at };
}

#define ARRIVE_MAX 20

/* Lets the next ones arrive that go to the same stack, together. */
static void
arrive(struct sim *sim)
{
	struct sampan_frame f[ARRIVE_MAX];
	struct sim_flight *flights[ARRIVE_MAX];
	const unsigned to = on_the_way->to;
	unsigned n = 0;

	while (n < ARRIVE_MAX && on_the_way != NULL && on_the_way->at <= sim->now &&
	    on_the_way->to == to) {
		flights[n] = on_the_way;
		on_the_way = on_the_way->next;
		show(sim, flights[n], &f[n]);
		n++;
	}
	must(sim, sampan_input(sim->s[to], sim->link[to], f, n, sim->now) == 0, "input");
	while (n > 0)
		free(flights[--n]);
}

static void
arrive_by_line(struct sim *sim, unsigned from)
{
	struct sp_parcel *p;

	while ((p = sp_lane_take(&lanes[from], sim->now)) != NULL) {
		struct sampan_frame f = { .len = p->len, .slices = 1,
			.owner = SAMPAN_FRAME_BORROWED };

		f.slice[0] = (struct sampan_slice){ p->bytes, p->len };
		must(sim, sampan_input(sim->s[1 - from], sim->link[1 - from], &f, 1, sim->now) == 0,
		    "input");
		free(p);
	}
}

/* ---- Time ---- */

/* The link asks for as many frames at a time as it happens to have room for. */
static void
send_from(struct sim *sim, unsigned i)
{
	struct sampan_frame f[8];
	int n;

	do {
		n = sampan_output(sim->s[i], sim->link[i], f, 1 + sim_below(sim, 8), sim->now);
		for (int k = 0; k < n; k++)
			send_frame(sim, i, &f[k]);
		if (n > 0)
			sampan_sent(sim->s[i], f, (unsigned)n);
	} while (n > 0);
}

void
sim_send(struct sim *sim)
{
	send_from(sim, 0);
	send_from(sim, 1);
}

static sampan_time
next_time(const struct sim *sim)
{
	sampan_time next = on_the_way != NULL ? on_the_way->at : SAMPAN_NEVER;

	for (unsigned i = 0; i < 2; i++) {
		if (sampan_deadline(sim->s[i]) < next)
			next = sampan_deadline(sim->s[i]);
		if (sp_lane_due(&lanes[i]) < next)
			next = sp_lane_due(&lanes[i]);
	}
	return next;
}

static void
check(struct sim *sim)
{
	for (unsigned i = 0; i < 2 && sim->config.check_every > 0; i++) {
		const bool all = sim->steps % sim->config.check_every == 0;
		const char *broken = all ? stack_check(sim->s[i]) : stack_check_quick(sim->s[i]);

		if (broken != NULL)
			sim_fail(sim, broken);
	}
}

bool
sim_step(struct sim *sim, sampan_time until)
{
	const sampan_time next = next_time(sim);

	if (next > until) {
		sim->now = until > sim->now ? until : sim->now;
		return false;
	}
	sim->steps++;
	sim->now = next > sim->now ? next : sim->now;
	while (on_the_way != NULL && on_the_way->at <= sim->now)
		arrive(sim);
	arrive_by_line(sim, 0);
	arrive_by_line(sim, 1);
	for (unsigned i = 0; i < 2; i++)
		if (sampan_deadline(sim->s[i]) <= sim->now)
			sampan_advance(sim->s[i], sim->now);
	sim_send(sim);
	check(sim);
	return true;
}
