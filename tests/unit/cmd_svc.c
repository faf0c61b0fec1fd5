/*
 * cmd_svc.c - the services, served to clients on another stack over the
 * memory pair, in virtual time.  Stack 0 is the client's, 1 the server's.
 */
#include "lib/test.h"

#include <stdlib.h>

#include <sampan/host.h>

#include "cmd/svc.h"

#define MEMORY_BYTES ((size_t)64 << 20)
#define ALL_CAPS (SAMPAN_LINK_CSUM_OUT | SAMPAN_LINK_TSO4 | SAMPAN_LINK_TSO6)
/* Shorter than the longest time-out: who waits for that has not measured. */
#define TOO_LONG SAMPAN_SEC(100)

struct client {
	sampan_handle handle;
	uint64_t bytes;		/* to send, then the FIN */
	uint64_t sent, received;
	bool deaf;		/* reads nothing for now */
	bool shut, ended, failed;
};

struct fx {
	struct sampan *s[2];
	struct sampan_pair *pair;
	struct svc_host services;
	sampan_time now;
	unsigned listeners;
	unsigned clients;
	struct client *client;
};

static uint8_t
byte_of(uint64_t at)
{
	return (uint8_t)((at * 0x9e3779b97f4a7c15u) >> 56);
}

static struct fx
fx_make(struct sampan_pair_config pair, size_t memory_bytes)
{
	struct fx f = { .now = SAMPAN_SEC(1) };

	pair.size = sizeof(pair);
	EXPECT_EQ(sampan_pair_open(&pair, &f.pair), 0);
	for (unsigned i = 0; i < 2; i++) {
		const struct sampan_config config = { .size = sizeof(config), .seed = { i, 7 } };
		const struct sampan_addr addr = sampan_addr_v4(10, 0, 0, (uint8_t)(i + 1));
		int link;

		f.s[i] = sampan_memory_alloc(memory_bytes, false);
		EXPECT_EQ(sampan_init(f.s[i], memory_bytes, &config, f.now), 0);
		link = sampan_link_attach(sampan_pair_end(f.pair, i), f.s[i]);
		EXPECT_EQ(sampan_addr_add(f.s[i], link, &addr, 24), 0);
	}
	f.services.stack = f.s[1];
	for (unsigned i = 0; sp_svc_at(i) != NULL; i++) {
		const struct sp_why nobody = { NULL, 0 };

		EXPECT_EQ(sp_svc_start(&f.services, sp_svc_at(i), &nobody), 0);
		EXPECT_EQ(sp_svc_listen(&f.services, sp_svc_at(i), sp_svc_at(i)->port), 0);
		f.listeners++;
	}
	return f;
}

static void
fx_end(struct fx *f, size_t memory_bytes)
{
	sp_svc_end(&f->services);
	sampan_pair_close(f->pair);
	sampan_memory_free(f->s[0], memory_bytes);
	sampan_memory_free(f->s[1], memory_bytes);
	free(f->client);
}

static void
connect_clients(struct fx *f, unsigned n, uint16_t port, uint64_t bytes)
{
	const struct sampan_sockaddr peer = { sampan_addr_v4(10, 0, 0, 2), port, 0 };

	f->clients = n;
	f->client = calloc(n, sizeof(*f->client));
	for (unsigned i = 0; i < n; i++) {
		struct client *c = &f->client[i];

		c->bytes = bytes;
		EXPECT_EQ(sampan_socket(f->s[0], SAMPAN_STREAM, &c->handle), 0);
		EXPECT_EQ(sampan_set_user(f->s[0], c->handle, i), 0);
		EXPECT_EQ(sampan_connect(f->s[0], c->handle, &peer), SAMPAN_EINPROGRESS);
	}
}

static void
client_sends(struct fx *f, struct client *c)
{
	static uint8_t piece[50000];
	int64_t n = 1;

	while (n > 0 && c->sent < c->bytes) {
		const uint64_t left = c->bytes - c->sent;
		const size_t len = left < sizeof(piece) ? (size_t)left : sizeof(piece);

		for (size_t i = 0; i < len; i++)
			piece[i] = byte_of(c->sent + i);
		n = sampan_send(f->s[0], c->handle, piece, len);
		if (n > 0)
			c->sent += (uint64_t)n;
	}
	if (c->sent == c->bytes && !c->shut)
		c->shut = sampan_shutdown(f->s[0], c->handle, SAMPAN_SHUT_WR) == 0;
}

static void
client_reads(struct fx *f, struct client *c)
{
	static uint8_t piece[50000];
	int64_t n = 1;

	while (n > 0 && !c->deaf && !c->ended) {
		n = sampan_recv(f->s[0], c->handle, piece, sizeof(piece));
		for (int64_t i = 0; i < n; i++) {
			if (piece[i] != byte_of(c->received + (uint64_t)i))
				test_fail(__FILE__, __LINE__, "a wrong byte came back");
		}
		if (n > 0)
			c->received += (uint64_t)n;
		c->ended = n == 0;
	}
	if (c->ended)
		EXPECT_EQ(sampan_close(f->s[0], c->handle), 0);
}

static unsigned
run_applications(struct fx *f)
{
	struct sampan_event events[64];
	int n = sampan_events(f->s[1], events, 64);
	const int server_n = n;

	f->services.now = f->now;
	f->services.wall_s = 1000000000;	/* Sunday, 9 September 2001, 01:46:40 UTC */
	sp_svc_events(&f->services, events, (unsigned)n);
	n = sampan_events(f->s[0], events, 64);
	for (int i = 0; i < n; i++) {
		struct client *c = &f->client[events[i].user];

		c->failed |= (events[i].what & SAMPAN_FAILED) != 0;
		client_sends(f, c);
		client_reads(f, c);
	}
	return (unsigned)(server_n + n);
}

/* Everything that happens at this instant. */
static void
settle(struct fx *f)
{
	unsigned moved;

	do {
		moved = run_applications(f);
		moved += sampan_pair_move(f->pair, 0, f->now);
		moved += sampan_pair_move(f->pair, 1, f->now);
	} while (moved > 0);
}

static bool
all_ended(const struct fx *f)
{
	for (unsigned i = 0; i < f->clients; i++) {
		if (!f->client[i].ended)
			return false;
	}
	return true;
}

static sampan_time
earlier(sampan_time a, sampan_time b)
{
	return a < b ? a : b;
}

/* Lets time pass, from deadline to deadline, until all clients have ended,
 * at most until end_at. */
static void
run_until(struct fx *f, sampan_time end_at)
{
	settle(f);
	while (f->now < end_at && !all_ended(f)) {
		sampan_time next = earlier(sampan_deadline(f->s[0]), sampan_deadline(f->s[1]));

		next = earlier(next, sampan_pair_deadline(f->pair));
		f->now = earlier(next > f->now ? next : f->now, end_at);
		sampan_advance(f->s[0], f->now);
		sampan_advance(f->s[1], f->now);
		settle(f);
	}
}

static void
expect_all_echoed(const struct fx *f)
{
	for (unsigned i = 0; i < f->clients; i++) {
		EXPECT(f->client[i].ended && !f->client[i].failed);
		EXPECT_EQ(f->client[i].received, f->client[i].bytes);
	}
}

static void
echo_over(struct sampan_pair_config pair, unsigned clients, uint64_t bytes)
{
	struct fx f = fx_make(pair, MEMORY_BYTES);

	connect_clients(&f, clients, 7, bytes);
	run_until(&f, f.now + TOO_LONG);
	expect_all_echoed(&f);
	fx_end(&f, MEMORY_BYTES);
}

TEST(echo_returns_every_byte_and_then_the_end)
{
	echo_over((struct sampan_pair_config){ .caps = ALL_CAPS }, 1, 4 << 20);
}

TEST(echo_of_nothing_is_the_end)
{
	echo_over((struct sampan_pair_config){ .caps = ALL_CAPS }, 1, 0);
}

TEST(echo_where_the_stack_cuts_and_sums)
{
	echo_over((struct sampan_pair_config){ .caps = 0 }, 1, 1 << 20);
	echo_over((struct sampan_pair_config){ .caps = 0, .mtu_bytes = 576 }, 1, 1 << 20);
}

TEST(echo_over_a_short_queue_with_delay)
{
	echo_over((struct sampan_pair_config){ .caps = ALL_CAPS, .queue_frames = 1 }, 1, 1 << 20);
	echo_over((struct sampan_pair_config){ .queue_frames = 16,
	    .delay_dur = SAMPAN_MS(5) }, 2, 1 << 18);
}

TEST(echo_over_loss)
{
	echo_over((struct sampan_pair_config){ .loss_ppm = 10000, .queue_frames = 1000,
	    .delay_dur = SAMPAN_MS(1), .seed = 1 }, 1, 1 << 20);
	echo_over((struct sampan_pair_config){ .loss_ppm = 10000, .caps = ALL_CAPS,
	    .seed = 2 }, 1, 1 << 20);
}

TEST(echo_to_many_at_once)
{
	echo_over((struct sampan_pair_config){ .caps = ALL_CAPS }, 500, 20000);
}

/* The client sends and does not read: both sides' queues fill, and no more
 * is taken.  When it reads again, nothing is missing. */
TEST(echo_holds_back_a_client_that_does_not_read)
{
	struct fx f = fx_make((struct sampan_pair_config){ .caps = ALL_CAPS }, MEMORY_BYTES);
	uint64_t stuck_at;

	connect_clients(&f, 1, 7, 16 << 20);
	f.client[0].deaf = true;
	run_until(&f, f.now + SAMPAN_SEC(60));
	stuck_at = f.client[0].sent;
	EXPECT(stuck_at > 100000 && stuck_at < 4 << 20);

	f.client[0].deaf = false;
	client_reads(&f, &f.client[0]);
	run_until(&f, f.now + TOO_LONG);
	expect_all_echoed(&f);
	fx_end(&f, MEMORY_BYTES);
}

/* An echo with a hole in it would pass for a right one: where memory is short
 * the connection goes on slowly or is reset, never wrong. */
TEST(echo_in_little_memory_is_right_or_reset)
{
	const size_t little = (size_t)2 << 20;
	struct fx f = fx_make((struct sampan_pair_config){ .caps = ALL_CAPS }, little);

	connect_clients(&f, 20, 7, 1 << 20);
	run_until(&f, f.now + SAMPAN_SEC(3600));
	for (unsigned i = 0; i < f.clients; i++) {
		const struct client *c = &f.client[i];

		EXPECT(c->received == c->bytes || c->failed || !c->ended);
	}
	fx_end(&f, little);
}

TEST(discard_takes_everything_and_says_nothing)
{
	struct fx f = fx_make((struct sampan_pair_config){ .caps = ALL_CAPS }, MEMORY_BYTES);

	connect_clients(&f, 2, 9, 8 << 20);
	run_until(&f, f.now + TOO_LONG);
	EXPECT(all_ended(&f));
	EXPECT_EQ(f.client[0].sent, 8 << 20);
	EXPECT_EQ(f.client[0].received, 0);
	fx_end(&f, MEMORY_BYTES);
}

/* When all is over the server has no connection left but its listeners. */
TEST(services_leave_no_socket_behind)
{
	struct fx f = fx_make((struct sampan_pair_config){ .caps = ALL_CAPS }, MEMORY_BYTES);
	struct sampan_stats stats;

	connect_clients(&f, 50, 7, 1000);
	run_until(&f, f.now + TOO_LONG);
	sampan_stats(f.s[1], &stats);
	EXPECT_EQ(stats.connections, f.listeners);
	fx_end(&f, MEMORY_BYTES);
}

static uint64_t
frames_of_a_run(uint64_t seed)
{
	struct fx f = fx_make((struct sampan_pair_config){ .loss_ppm = 20000, .seed = seed },
	    MEMORY_BYTES);
	struct sampan_link_counts counts;

	connect_clients(&f, 3, 7, 200000);
	run_until(&f, f.now + TOO_LONG);
	expect_all_echoed(&f);
	sampan_link_counts(sampan_pair_end(f.pair, 0), &counts);
	EXPECT(counts.drops_out > 0);
	fx_end(&f, MEMORY_BYTES);
	return f.now ^ counts.frames_out << 40 ^ counts.frames_in << 20;
}

TEST(services_run_the_same_for_the_same_seed)
{
	EXPECT(frames_of_a_run(1) == frames_of_a_run(1));
	EXPECT(frames_of_a_run(1) != frames_of_a_run(2));
}
