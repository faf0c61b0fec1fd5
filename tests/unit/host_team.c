/*
 * host_team.c - threads with one address, in memory: two stacks with loops and
 * threads of their own, clients in the test's thread, and frames that arrive at
 * the wrong one half of the time.  Real threads and real time; what is looked at
 * is only that everything arrives.  Runs with the thread sanitizer too.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sampan/host.h>
#include <sampan/socket.h>
#include <sampan/stats.h>
#include <sampan/threads.h>

#include "host/loop.h"
#include "host/team.h"
#include "lib/test.h"
#include "link/cut.h"
#include "link/link.h"

#define MEMBERS 2
#define ARENA ((size_t)4 << 20)
#define PORT 7
#define PEOPLE 24
#define FRAME_MAX 2048

/* A link over a socket of datagrams: a frame each. */
struct wire {
	struct sampan_link link;
	uint8_t rx[SP_LINK_BATCH][FRAME_MAX];
};

static unsigned
wire_receive(struct sampan_link *l, struct sampan_frame *frames, unsigned max, sampan_time now)
{
	struct wire *w = l->self;
	unsigned n = 0;

	while (n < max) {
		const ssize_t len = recv(l->fd, w->rx[n], FRAME_MAX, MSG_DONTWAIT);

		if (len <= 0)
			break;
		frames[n] = (struct sampan_frame){ .at = now, .len = (uint32_t)len, .slices = 1,
			.slice[0] = { w->rx[n], (uint32_t)len } };
		n++;
	}
	return n;
}

static unsigned
wire_send(struct sampan_link *l, const struct sampan_frame *frames, unsigned n, sampan_time now)
{
	uint8_t bytes[FRAME_MAX];

	(void)now;
	for (unsigned i = 0; i < n; i++) {
		EXPECT(sp_frame_copy(bytes, &frames[i], 0, frames[i].len));
		if (send(l->fd, bytes, frames[i].len, MSG_DONTWAIT) < 0)
			return i;
	}
	return n;
}

static const struct sp_link_ops wire_ops = { .receive = wire_receive, .send = wire_send };

static void
open_wire(struct wire *w, int fd, uint8_t mac)
{
	*w = (struct wire){ .link = { .ops = &wire_ops, .self = w, .fd = fd } };
	w->link.config = (struct sampan_link_config){ .size = sizeof(w->link.config),
		.mac = { 2, 0, 0, 0, 0, mac }, .mtu_bytes = 1500, .name = "wire" };
}

struct worker {
	struct sampan *stack;
	struct sampan_loop *loop;
	struct wire wire;
	pthread_t thread;
	unsigned accepted;
};

static struct worker workers[MEMBERS];
static struct sampan_team *team;
static atomic_bool ending;

static struct sampan *
new_stack(uint64_t seed)
{
	const struct sampan_config config = { .size = sizeof(config), .seed = { seed, 1 } };
	struct sampan *s = sampan_memory_alloc(ARENA, false);

	EXPECT(s != NULL);
	EXPECT_EQ(sampan_init(s, ARENA, &config, sampan_clock()), 0);
	return s;
}

static void
echo(void *ctx, const struct sampan_event *events, unsigned n)
{
	struct worker *w = ctx;
	uint8_t bytes[4096];
	sampan_handle h;
	int64_t len;

	for (unsigned i = 0; i < n; i++) {
		while ((events[i].what & SAMPAN_ACCEPTABLE) != 0 &&
		    sampan_accept(w->stack, events[i].handle, &h, NULL) == 0)
			w->accepted++;
		h = events[i].handle;
		while (sampan_writable_bytes(w->stack, h) >= (int64_t)sizeof(bytes) &&
		    (len = sampan_recv(w->stack, h, bytes, sizeof(bytes))) >= 0) {
			if (len == 0) {
				(void)sampan_close(w->stack, h);
				break;
			}
			(void)sampan_send(w->stack, h, bytes, (size_t)len);
		}
	}
}

static void
open_worker(unsigned i, int fd)
{
	struct worker *w = &workers[i];
	struct sampan_loop_config config = { .size = sizeof(config), .events = echo, .ctx = w };
	const struct sampan_addr addr = sampan_addr_v4(10, 0, 0, 2);
	sampan_handle h;

	*w = (struct worker){ .stack = new_stack(i) };
	config.stack = w->stack;
	EXPECT_EQ(sampan_team_enlist(team, w->stack), (int)i);
	EXPECT_EQ(sampan_loop_open(&config, &w->loop), 0);
	EXPECT_EQ(sampan_team_run(team, i, w->loop), 0);
	open_wire(&w->wire, fd, 2);
	EXPECT_EQ(sampan_link_attach(&w->wire.link, w->stack), 1);
	EXPECT_EQ(sampan_loop_add_link(w->loop, &w->wire.link), 0);
	if (i == 0)
		EXPECT_EQ(sampan_addr_add(w->stack, 1, &addr, 24), 0);
	EXPECT_EQ(sampan_socket(w->stack, SAMPAN_STREAM, &h), 0);
	EXPECT_EQ(sampan_bind(w->stack, h, &(struct sampan_sockaddr){ .port = PORT }), 0);
	EXPECT_EQ(sampan_listen(w->stack, h, 64), 0);
}

static void *
work(void *ctx)
{
	struct worker *w = ctx;

	while (!atomic_load(&ending) && sampan_loop_turn(w->loop, SAMPAN_NEVER) == 0)
		;
	return NULL;
}

static void
close_workers(void)
{
	atomic_store(&ending, true);
	for (unsigned i = 0; i < MEMBERS; i++)
		sampan_team_wake(team, i);
	for (unsigned i = 0; i < MEMBERS; i++)
		EXPECT_EQ(pthread_join(workers[i].thread, NULL), 0);
	for (unsigned i = 0; i < MEMBERS; i++) {
		sampan_loop_close(workers[i].loop);
		sampan_memory_free(workers[i].stack, ARENA);
		(void)close(workers[i].wire.link.fd);
	}
	sampan_team_close(team);
}

/* ---- The client: one stack, a wire to each member ---- */

struct client {
	struct sampan *s;
	int fd[MEMBERS];
	unsigned turn;		/* which of them gets the next frame */
};

static void
move(struct client *c)
{
	const sampan_time now = sampan_clock();
	uint8_t bytes[FRAME_MAX];
	struct sampan_frame f;
	ssize_t len;

	for (unsigned i = 0; i < MEMBERS; i++)
		while ((len = recv(c->fd[i], bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
			f = (struct sampan_frame){ .len = (uint32_t)len, .slices = 1,
				.slice[0] = { bytes, (uint32_t)len } };
			EXPECT_EQ(sampan_input(c->s, 1, &f, 1, now), 0);
		}
	sampan_advance(c->s, now);
	while (sampan_output(c->s, 1, &f, 1, now) == 1) {
		EXPECT(sp_frame_copy(bytes, &f, 0, f.len));
		(void)send(c->fd[c->turn++ % MEMBERS], bytes, f.len, 0);
		sampan_sent(c->s, &f, 1);
	}
}

struct person {
	sampan_handle h;
	uint32_t wrote, read, total;
};

/* True: all of its bytes have come back. */
static bool
talk(struct client *c, struct person *p, unsigned who)
{
	uint8_t bytes[1000];
	int64_t n;

	memset(bytes, (int)who, sizeof(bytes));
	while (p->wrote < p->total && (n = sampan_send(c->s, p->h, bytes,
	    p->total - p->wrote < 1000 ? p->total - p->wrote : 1000)) > 0)
		p->wrote += (uint32_t)n;
	while ((n = sampan_recv(c->s, p->h, bytes, sizeof(bytes))) > 0) {
		for (int64_t i = 0; i < n; i++)
			EXPECT_EQ(bytes[i], (uint8_t)who);
		p->read += (uint32_t)n;
	}
	return p->read == p->total;
}

static void
run_clients(struct client *c)
{
	const struct sampan_sockaddr peer = { .addr = sampan_addr_v4(10, 0, 0, 2), .port = PORT };
	struct person person[PEOPLE];
	unsigned done = 0;

	for (unsigned i = 0; i < PEOPLE; i++) {
		person[i] = (struct person){ .total = 5000 + 1000 * i };
		EXPECT_EQ(sampan_socket(c->s, SAMPAN_STREAM, &person[i].h), 0);
		EXPECT_EQ(sampan_connect(c->s, person[i].h, &peer), SAMPAN_EINPROGRESS);
	}
	while (done < PEOPLE) {
		move(c);
		for (unsigned i = done = 0; i < PEOPLE; i++)
			done += talk(c, &person[i], i);
		/* As the control socket does: looks at a stack whose thread is at work. */
		sp_loop_hold(workers[1].loop);
		EXPECT(sampan_counter(workers[1].stack, SAMPAN_COUNT_FRAMES_IN) < 1u << 30);
		sp_loop_release(workers[1].loop);
		(void)usleep(100);
	}
}

TEST(two_threads_serve_clients_whose_frames_arrive_anywhere)
{
	const struct sampan_link_config link = { .size = sizeof(link), .mac = { 2, 0, 0, 0, 0, 1 },
		.mtu_bytes = 1500, .name = "wire" };
	const struct sampan_addr addr = sampan_addr_v4(10, 0, 0, 1);
	struct client c = { .s = new_stack(9) };
	int fds[2];

	atomic_store(&ending, false);
	EXPECT_EQ(sampan_link_add(c.s, &link), 1);
	EXPECT_EQ(sampan_addr_add(c.s, 1, &addr, 24), 0);
	EXPECT_EQ(sampan_team_open(MEMBERS, &team), 0);
	for (unsigned i = 0; i < MEMBERS; i++) {
		EXPECT_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), 0);
		c.fd[i] = fds[0];
		open_worker(i, fds[1]);
	}
	for (unsigned i = 0; i < MEMBERS; i++)
		EXPECT_EQ(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	run_clients(&c);
	atomic_store(&ending, true);
	for (unsigned i = 0; i < MEMBERS; i++) {
		sp_loop_hold(workers[i].loop);
		EXPECT(workers[i].accepted > 0);
		EXPECT(sampan_counter(workers[i].stack, SAMPAN_COUNT_TEAM_OUT) > 0);
		EXPECT_EQ(sampan_counter(workers[i].stack, SAMPAN_COUNT_TCP_RSTS_OUT), 0);
		sp_loop_release(workers[i].loop);
		(void)close(c.fd[i]);
	}
	close_workers();
	sampan_memory_free(c.s, ARENA);
}

TEST(teams_refuse_what_cannot_be)
{
	struct sampan_loop_config config = { .size = sizeof(config), .events = echo };
	struct sampan_team *t;
	struct sampan *s = new_stack(1);
	struct sampan_loop *loop;

	EXPECT_EQ(sampan_team_open(0, &t), -1);
	EXPECT_EQ(sampan_team_open(SAMPAN_TEAM_MAX + 1, &t), -1);
	EXPECT_EQ(sampan_team_open(1, &t), 0);
	for (uint16_t port = 1; port <= SAMPAN_TEAM_PINS; port++)
		EXPECT_EQ(sampan_team_pin(t, port), 0);
	EXPECT_EQ(sampan_team_pin(t, 1), 0);	/* it is already */
	EXPECT_EQ(sampan_team_pin(t, 99), -1);
	EXPECT_EQ(errno, ENOSPC);
	EXPECT_EQ(sampan_team_enlist(t, s), 0);
	EXPECT_EQ(sampan_team_enlist(t, s), -1);	/* all are there */
	config.stack = s;
	EXPECT_EQ(sampan_loop_open(&config, &loop), 0);
	EXPECT_EQ(sampan_team_run(t, 1, loop), -1);
	EXPECT_EQ(sampan_team_run(t, 0, loop), 0);
	EXPECT_EQ(sampan_team_run(t, 0, loop), -1);
	EXPECT_EQ(sp_team_loops(loop), 1);
	sampan_loop_close(loop);
	sampan_team_close(t);
	sampan_memory_free(s, ARENA);
}
