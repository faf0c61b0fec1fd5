/*
 * flood.c - a million frames a second from strangers, in virtual time, while a client
 * of the same stack is served.
 *
 * The server has a second link, which the flood comes by (lib/flood.h).  The client
 * connects, sends a message, has it back and closes, again and again; it must need
 * less than twice the time that it needs without a flood.  What the flood takes of the
 * stack's memory is bounded, and given back afterwards.
 */
#include <stdio.h>

#include <sampan/stats.h>

#include "lib/flood.h"
#include "lib/sim.h"
#include "lib/stack_check.h"
#include "lib/test.h"

#define PORT 80u
#define ARENA_BYTES ((size_t)8 << 20)
#define BATCH_DUR (SAMPAN_SEC(1) * FLOOD_BATCH / 1000000)
#define WARM_FRAMES 200000u	/* until half-open records and fragments have all they may */
#define CLIENTS 5u		/* of whom the slowest counts, without and with */
#define MESSAGE_BYTES 3000u
#define NEVER SAMPAN_SEC(20)

struct scene {
	struct sim sim;
	struct flood flood;
	enum flood_kind kind;
	bool floods;
	sampan_handle listener, client;
	uint32_t got;			/* bytes that came back */
	sampan_time began_at;
	sampan_dur most_dur;		/* of any client */
	unsigned served;
};

static void
open_scene(struct scene *c, enum flood_kind kind, bool ip6)
{
	const struct sampan_sockaddr here = { .port = PORT };
	struct sim_config config = { .seed = 1, .arena_bytes = ARENA_BYTES,
		.mtu_bytes = { 1500, 1500 }, .begin = SAMPAN_SEC(1), .check_every = 1u << 16,
		.ip6 = ip6 };

	for (unsigned i = 0; i < 2; i++)
		config.path[i] = (struct sim_path){ .delay_dur = SAMPAN_MS(5) };
	memset(c, 0, sizeof(*c));
	c->kind = kind;
	sim_open(&c->sim, &config);
	EXPECT(flood_open(&c->flood, c->sim.s[1], ip6));
	EXPECT_EQ(sampan_socket(c->sim.s[1], SAMPAN_STREAM, &c->listener), 0);
	EXPECT_EQ(sampan_bind(c->sim.s[1], c->listener, &here), 0);
	EXPECT_EQ(sampan_listen(c->sim.s[1], c->listener, 128), 0);
}

/* ---- The server: an echo ---- */

static void
serve(struct scene *c)
{
	struct sampan *s = c->sim.s[1];
	struct sampan_event e[16];
	uint8_t data[4096];
	sampan_handle h;
	int64_t len;

	for (int n; (n = sampan_events(s, e, 16)) > 0;) {
		for (int i = 0; i < n; i++) {
			while ((e[i].what & SAMPAN_ACCEPTABLE) != 0 &&
			    sampan_accept(s, e[i].handle, &h, NULL) == 0)
				continue;
			if ((e[i].what & SAMPAN_READABLE) == 0)
				continue;
			while ((len = sampan_recv(s, e[i].handle, data, sizeof(data))) > 0)
				EXPECT_EQ(sampan_send(s, e[i].handle, data, (size_t)len), len);
			if (len == 0)
				EXPECT_EQ(sampan_close(s, e[i].handle), 0);
		}
	}
}

/* ---- The client ---- */

static void
begin_client(struct scene *c)
{
	const struct sampan_sockaddr to = { sim_addr(&c->sim.config, 1), PORT, 0 };

	EXPECT_EQ(sampan_socket(c->sim.s[0], SAMPAN_STREAM, &c->client), 0);
	EXPECT_EQ(sampan_connect(c->sim.s[0], c->client, &to), SAMPAN_EINPROGRESS);
	c->got = 0;
	c->began_at = c->sim.now;
}

static void
be_client(struct scene *c)
{
	static const uint8_t message[MESSAGE_BYTES];
	struct sampan *s = c->sim.s[0];
	struct sampan_event e[1];
	uint8_t data[MESSAGE_BYTES];
	int64_t n;

	if (c->client == 0)
		begin_client(c);
	while ((n = sampan_events(s, e, 1)) > 0)
		if ((e->what & SAMPAN_WRITABLE) != 0 && c->got == 0)
			EXPECT_EQ(sampan_send(s, c->client, message, sizeof(message)),
			    MESSAGE_BYTES);
	while ((n = sampan_recv(s, c->client, data, sizeof(data))) > 0)
		c->got += (uint32_t)n;
	EXPECT(n == SAMPAN_EAGAIN || n == SAMPAN_ENOTCONN);
	EXPECT(c->sim.now - c->began_at < NEVER);
	if (c->got < MESSAGE_BYTES)
		return;
	EXPECT_EQ(sampan_close(s, c->client), 0);
	c->client = 0;
	c->served++;
	if (c->sim.now - c->began_at > c->most_dur)
		c->most_dur = c->sim.now - c->began_at;
}

/* ---- Time ---- */

/* A batch of the flood, and what else happens until the next one. */
static void
turn(struct scene *c)
{
	const sampan_time until = c->sim.now + BATCH_DUR;

	do {
		be_client(c);
		serve(c);
		sim_send(&c->sim);
	} while (sim_step(&c->sim, until));
	if (!c->floods)
		return;
	flood_fill(&c->flood, c->kind);
	flood_pour(&c->flood, c->sim.now);
}

static sampan_dur
slowest_of(struct scene *c, unsigned clients)
{
	c->most_dur = 0;
	for (c->served = 0; c->served < clients;)
		turn(c);
	return c->most_dur;
}

static uint64_t
used_by_server(const struct scene *c)
{
	struct sampan_stats st;

	sampan_stats(c->sim.s[1], &st);
	EXPECT(st.used_bytes <= st.total_bytes / 2);
	return st.used_bytes;
}

/* Half-open connections are forgotten, fragments expire: minutes later. */
static void
expect_calm(struct scene *c, uint64_t used_bytes)
{
	const sampan_time end = c->sim.now + SAMPAN_SEC(300);

	c->floods = false;
	sampan_abort(c->sim.s[0], c->client);
	sim_send(&c->sim);
	while (sim_step(&c->sim, end)) {
		serve(c);
		sim_send(&c->sim);
		flood_drain(&c->flood, c->sim.now);
	}
	EXPECT(used_by_server(c) <= used_bytes);
	EXPECT_SOUND(c->sim.s[1]);
}

static void
survive_over(enum flood_kind kind, bool ip6)
{
	static struct scene c;
	uint64_t used_bytes;
	sampan_dur without, with;

	open_scene(&c, kind, ip6);
	without = slowest_of(&c, CLIENTS);
	used_bytes = used_by_server(&c);
	c.floods = true;
	while (c.flood.sent < WARM_FRAMES)
		turn(&c);
	with = slowest_of(&c, CLIENTS);
	EXPECT(with < 2 * without);
	(void)used_by_server(&c);
	expect_calm(&c, used_bytes);
	sim_close();
}

static void
survive(enum flood_kind kind)
{
	survive_over(kind, false);
	survive_over(kind, true);
}

TEST(client_is_served_in_a_flood_of_syns)
{
	COVERS("R-V-18", "R-4987-2");
	survive(FLOOD_SYN);
}

/* That it is a flood. */
TEST(client_waits_in_a_flood_of_syns_without_cookies)
{
	static struct scene c;

	open_scene(&c, FLOOD_SYN, false);
	EXPECT_EQ(sampan_set(c.sim.s[1], "net.ipv4.tcp_syncookies", 0), 0);
	c.floods = true;
	while (c.flood.sent < WARM_FRAMES)
		turn(&c);
	c.served = 0;
	while (c.flood.sent < 2 * WARM_FRAMES)
		turn(&c);
	EXPECT_EQ(c.served, 0);
	sim_close();
}

TEST(client_is_served_in_a_flood_of_acks)
{
	survive(FLOOD_ACK);
}

TEST(client_is_served_in_a_flood_of_resets)
{
	survive(FLOOD_RST);
}

TEST(client_is_served_in_a_flood_of_fins)
{
	survive(FLOOD_FIN);
}

TEST(client_is_served_in_a_flood_of_fragments)
{
	survive(FLOOD_FRAGMENT);
}

TEST(client_is_served_in_a_flood_of_echo_requests)
{
	survive(FLOOD_ECHO);
}

TEST(client_is_served_in_a_flood_of_datagrams)
{
	survive(FLOOD_UDP);
}
