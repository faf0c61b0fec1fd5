/*
 * world.c - see world.h.
 */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sampan/socket.h>
#include <sampan/stats.h>

#include "message.h"
#include "stacks.h"

#define ARENA_BYTES ((size_t)32 << 20)
#define ARENA_BYTES_EACH 320	/* the budget of an idle connection */
/* Ports of the client for each port of the server: half of those there are, so
 * that choosing one stays cheap. */
#define PORT_FIRST 1024
#define PORT_LAST 65535
#define CONNECTIONS_PER_PORT 32256u
#define SERVER_PORT 1000
#define EVENTS 64
#define STEP_DUR SAMPAN_US(1)
/* Longer than any timer of an idle connection. */
#define SETTLE_DUR SAMPAN_SEC(30)

enum { CLIENT, SERVER };

__attribute__((format(printf, 2, 3)))
static bool
fail(struct world *w, const char *why, ...)
{
	va_list args;

	if (w->why[0] != '\0')
		return false;	/* the first reason counts */
	va_start(args, why);
	(void)vsnprintf(w->why, sizeof(w->why), why, args);
	va_end(args);
	return false;
}

/* ---- Making one ---- */

bool
world_open(const struct world_config *config, struct world *w)
{
	*w = (struct world){ .config = *config };
	if (config->window == 0)
		w->config.window = config->connections;
	if (w->config.window > WORLD_WINDOW_MAX)
		w->config.window = WORLD_WINDOW_MAX;
	w->bytes = ARENA_BYTES + (size_t)config->connections * ARENA_BYTES_EACH;
	w->client = sampan_memory_alloc(w->bytes, true);
	w->server = sampan_memory_alloc(w->bytes, true);
	w->conns = sampan_memory_alloc(config->connections * sizeof(*w->conns), true);
	if (w->client == NULL || w->server == NULL || w->conns == NULL) {
		world_close(w);
		return false;
	}
	return true;
}

void
world_close(struct world *w)
{
	sampan_pair_close(w->pair);
	sampan_memory_free(w->client, w->bytes);
	sampan_memory_free(w->server, w->bytes);
	sampan_memory_free(w->conns, w->config.connections * sizeof(*w->conns));
	*w = (struct world){ 0 };
}

/* The machine's own configuration but for the seed, so that all runs do the
 * same. */
static bool
reset_stack(struct world *w, unsigned end)
{
	const struct sampan_addr addr = stacks_addr(w->config.ip6, end);
	struct sampan *s = end == CLIENT ? w->client : w->server;
	struct sampan_link *link = sampan_pair_end(w->pair, end);
	struct sampan_config config;
	int error;

	if (sampan_config_fill(&config) != 0)
		return fail(w, "no configuration");
	config.seed[0] = end;
	config.seed[1] = 0;
	error = sampan_init(s, w->bytes, &config, w->now);
	if (error == 0)
		error = sampan_set(s, "net.ipv4.ip_local_port_first", PORT_FIRST);
	if (error == 0)
		error = sampan_set(s, "net.ipv4.ip_local_port_last", PORT_LAST);
	if (error != 0 || sampan_link_attach(link, s) < 0)
		return fail(w, "no stack: %s", sampan_strerror(error));
	error = sampan_set(s, "net.ipv6.conf.default.dad_transmits", 0);
	if (error == 0)
		error = sampan_addr_add(s, 1, &addr, stacks_prefix_bits(w->config.ip6));
	return error == 0 || fail(w, "no address: %s", sampan_strerror(error));
}

static bool
listen_on(struct world *w, uint16_t port)
{
	const struct sampan_sockaddr local = { .port = port };
	sampan_handle h;
	int error = sampan_socket(w->server, SAMPAN_STREAM, &h);

	if (error == 0)
		error = sampan_bind(w->server, h, &local);
	if (error == 0)
		error = sampan_listen(w->server, h, WORLD_WINDOW_MAX);
	return error == 0 || fail(w, "no listener: %s", sampan_strerror(error));
}

static uint16_t
port_of(uint32_t connection)
{
	return (uint16_t)(SERVER_PORT + connection / CONNECTIONS_PER_PORT);
}

bool
world_reset(struct world *w)
{
	const struct sampan_pair_config pair = {
		.size = sizeof(pair),
		.caps = w->config.caps,
	};
	struct sampan_stats stats;

	sampan_pair_close(w->pair);
	w->pair = NULL;
	w->now = SAMPAN_SEC(1);
	w->random = 88172645463325252u;
	w->connected = 0;
	w->accepted = 0;
	w->verified = 0;
	w->why[0] = '\0';
	memset(w->conns, 0, w->config.connections * sizeof(*w->conns));
	if (sampan_pair_open(&pair, &w->pair) != 0)
		return fail(w, "no memory pair");
	if (!reset_stack(w, CLIENT) || !reset_stack(w, SERVER))
		return false;
	for (uint32_t port = SERVER_PORT; port <= port_of(w->config.connections - 1); port++) {
		if (!listen_on(w, (uint16_t)port))
			return false;
	}
	sampan_stats(w->server, &stats);
	w->empty_bytes = stats.used_bytes;
	return true;
}

/* ---- The applications ---- */

static void
accept_all(struct world *w, sampan_handle listener)
{
	sampan_handle h;

	while (sampan_accept(w->server, listener, &h, NULL) == 0)
		w->accepted++;
}

/* The server sends back what it can verify. */
static void
echo(struct world *w, sampan_handle h)
{
	struct message m;
	const int64_t n = sampan_recv(w->server, h, &m, sizeof(m));

	if (n != (int64_t)sizeof(m) || !message_whole(&m))
		(void)fail(w, "the server got %lld bytes, not the message", (long long)n);
	else if (sampan_send(w->server, h, &m, sizeof(m)) != (int64_t)sizeof(m))
		(void)fail(w, "the server could not send an echo");
}

static void
serve(struct world *w)
{
	struct sampan_event events[EVENTS];
	int n;

	while ((n = sampan_events(w->server, events, EVENTS)) > 0) {
		for (int i = 0; i < n; i++) {
			if ((events[i].what & SAMPAN_ACCEPTABLE) != 0)
				accept_all(w, events[i].handle);
			else if ((events[i].what & SAMPAN_READABLE) != 0)
				echo(w, events[i].handle);
			else if (events[i].what != SAMPAN_WRITABLE)	/* new ones say so */
				(void)fail(w, "the server has event %u", events[i].what);
		}
	}
}

/* The client takes exactly what it sent on this connection, once. */
static void
take_echo(struct world *w, uint32_t connection)
{
	struct conn *c = &w->conns[connection];
	const struct message sent = message_make(connection, c->round);
	struct message m;
	const int64_t n = sampan_recv(w->client, c->handle, &m, sizeof(m));

	if (n != (int64_t)sizeof(m) || !message_equal(&m, &sent) || !c->awaited) {
		(void)fail(w, "connection %u got %lld bytes, not the echo", connection,
		    (long long)n);
		return;
	}
	c->awaited = false;
	w->verified++;
}

static void
receive(struct world *w)
{
	struct sampan_event events[EVENTS];
	int n;

	while ((n = sampan_events(w->client, events, EVENTS)) > 0) {
		for (int i = 0; i < n; i++) {
			if (events[i].what == SAMPAN_WRITABLE)
				w->connected++;
			else if (events[i].what == SAMPAN_READABLE)
				take_echo(w, (uint32_t)events[i].user);
			else
				(void)fail(w, "connection %u has event %u",
				    (uint32_t)events[i].user, events[i].what);
		}
	}
}

/* ---- Going on ---- */

/* One turn of both; false: nothing moved. */
static bool
step(struct world *w)
{
	unsigned moved = sampan_pair_move(w->pair, CLIENT, w->now);

	serve(w);
	moved += sampan_pair_move(w->pair, SERVER, w->now);
	receive(w);
	return moved > 0;
}

static void
advance(struct world *w, sampan_dur dur)
{
	w->now += dur;
	while (sampan_deadline(w->client) <= w->now)
		sampan_advance(w->client, w->now);
	while (sampan_deadline(w->server) <= w->now)
		sampan_advance(w->server, w->now);
}

static bool
connect_one(struct world *w, uint32_t connection)
{
	const struct sampan_sockaddr peer = {
		.addr = stacks_addr(w->config.ip6, SERVER),
		.port = port_of(connection),
	};
	struct conn *c = &w->conns[connection];
	int error = sampan_socket(w->client, SAMPAN_STREAM, &c->handle);

	if (error == 0)
		error = sampan_set_user(w->client, c->handle, connection);
	if (error == 0)
		error = sampan_connect(w->client, c->handle, &peer);
	return error == SAMPAN_EINPROGRESS ||
	    fail(w, "connection %u: %s", connection, sampan_strerror(error));
}

bool
world_connect(struct world *w)
{
	const uint32_t n = w->config.connections;

	for (uint32_t next = 0; next < n && w->why[0] == '\0';) {
		const uint32_t end = next + w->config.window < n ? next + w->config.window : n;

		advance(w, STEP_DUR * (end - next));
		for (; next < end; next++) {
			if (!connect_one(w, next))
				return false;
		}
		while (step(w))
			;
		if (w->connected != end || w->accepted != end)
			return fail(w, "%u of %u connected, %u accepted", w->connected, end,
			    w->accepted);
	}
	return w->why[0] == '\0';
}

static bool
send_request(struct world *w, uint32_t connection)
{
	struct conn *c = &w->conns[connection];
	const struct message m = message_make(connection, ++c->round);
	const int64_t n = sampan_send(w->client, c->handle, &m, sizeof(m));

	c->awaited = true;
	return n == (int64_t)sizeof(m) ||
	    fail(w, "connection %u cannot send: %s", connection, sampan_strerror((int)n));
}

/* Turns until all that was sent has come back. */
static bool
await(struct world *w, uint64_t verified)
{
	while (w->verified < verified && w->why[0] == '\0') {
		if (!step(w))
			return fail(w, "%llu echoes are missing",
			    (unsigned long long)(verified - w->verified));
	}
	return w->why[0] == '\0';
}

/* One window full of round trips on the given connections. */
static bool
exchange(struct world *w, const uint32_t *connections, uint32_t n)
{
	advance(w, STEP_DUR * n);
	for (uint32_t i = 0; i < n; i++) {
		if (!send_request(w, connections[i]))
			return false;
	}
	return await(w, w->verified + n);
}

bool
world_each(struct world *w)
{
	uint32_t connections[WORLD_WINDOW_MAX];

	for (uint32_t first = 0; first < w->config.connections;) {
		uint32_t n = 0;

		while (n < w->config.window && first < w->config.connections)
			connections[n++] = first++;
		if (!exchange(w, connections, n))
			return false;
	}
	return true;
}

/* xorshift64 (Marsaglia 2003), scaled to [0, n). */
static uint32_t
random_below(struct world *w, uint32_t n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (uint32_t)(((w->random >> 32) * n) >> 32);
}

/* A window of different connections; what the program keeps about them is
 * asked for, what the stack keeps is its own business. */
static void
choose(struct world *w, uint32_t *connections)
{
	uint32_t n = 0;

	while (n < w->config.window) {
		const uint32_t c = random_below(w, w->config.connections);

		if (w->conns[c].awaited)
			continue;
		w->conns[c].awaited = true;
		connections[n++] = c;
	}
}

bool
world_round_trips(struct world *w, uint64_t count)
{
	const uint64_t end = w->verified + count;
	uint32_t connections[WORLD_WINDOW_MAX];

	while (w->verified < end) {
		choose(w, connections);
		if (!exchange(w, connections, w->config.window))
			return false;
	}
	return true;
}

bool
world_nothing(struct world *w, uint64_t count)
{
	uint32_t connections[WORLD_WINDOW_MAX];
	struct message a, b;

	for (uint64_t done = 0; done < count; done += w->config.window) {
		choose(w, connections);
		for (uint32_t i = 0; i < w->config.window; i++) {
			struct conn *c = &w->conns[connections[i]];

			a = message_make(connections[i], ++c->round);
			b = message_make(connections[i], c->round);
			c->awaited = false;
			if (!message_whole(&a) || !message_equal(&a, &b))
				return fail(w, "messages differ");
		}
	}
	return true;
}

/* ---- At rest ---- */

bool
world_settle(struct world *w, double *bytes)
{
	const sampan_time end_at = w->now + SETTLE_DUR;
	struct sampan_stats stats;

	do {
		const sampan_time a = sampan_deadline(w->client);
		const sampan_time b = sampan_deadline(w->server);
		const sampan_time at = a < b ? a : b;

		if (at == SAMPAN_NEVER || at > end_at)
			break;
		advance(w, at > w->now ? at - w->now : 0);
		while (step(w))
			;
	} while (w->now < end_at);
	sampan_stats(w->server, &stats);
	*bytes = (double)(stats.used_bytes - w->empty_bytes) / w->config.connections;
	return w->why[0] == '\0';
}

/* Counters that stay 0 in a world without loss: all reasons to drop, and
 * these. */
static const uint8_t unwanted[] = {
	SAMPAN_COUNT_TCP_RETRANS_SEGS,
	SAMPAN_COUNT_TCP_RSTS_OUT,
	SAMPAN_COUNT_TCP_TIMEOUTS,
	SAMPAN_COUNT_TCP_ATTEMPT_FAILS,
	SAMPAN_COUNT_TCP_RCV_DROPPED,
	SAMPAN_COUNT_REPLIES_DROPPED,
	SAMPAN_COUNT_NEIGH_FAILED,
};

static const char *
name_of(unsigned counter)
{
	static const char *const names[] = {
#define X(id, name, text) [SAMPAN_DROP_##id] = name,
		SAMPAN_DROPS(X)
#undef X
#define X(id, name, text) [SAMPAN_COUNT_##id] = name,
		SAMPAN_COUNTS(X)
#undef X
	};

	return names[counter];
}

static bool
stays_zero(struct world *w, const struct sampan *s, unsigned counter)
{
	const uint64_t n = sampan_counter(s, counter);

	return n == 0 || fail(w, "counter %s is %llu", name_of(counter), (unsigned long long)n);
}

static bool
check_stack(struct world *w, const struct sampan *s, uint32_t connections)
{
	const int dropped = stacks_dropped(s, w->config.ip6);
	struct sampan_stats stats;

	if (dropped >= 0)
		return stays_zero(w, s, (unsigned)dropped);
	for (unsigned i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++) {
		if (!stays_zero(w, s, unwanted[i]))
			return false;
	}
	sampan_stats(s, &stats);
	return (stats.connections == connections && stats.half_open == 0) ||
	    fail(w, "%u control blocks, %u half-open, expected %u", stats.connections,
		stats.half_open, connections);
}

bool
world_check(struct world *w)
{
	const uint32_t n = w->config.connections;
	const uint32_t listeners = port_of(n - 1) - SERVER_PORT + 1u;

	return w->why[0] == '\0' && check_stack(w, w->client, n) &&
	    check_stack(w, w->server, n + listeners);
}
