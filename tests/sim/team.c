/*
 * team.c - stacks that share an address, and a wire that gives each frame to any
 * of them, at random: whatever it does, all data arrive, and the peer cannot
 * tell one stack from four.
 */
#include <stdlib.h>

#include <sampan/address.h>
#include <sampan/datagram.h>
#include <sampan/echo.h>
#include <sampan/stats.h>
#include <sampan/team.h>

#include "base/rng.h"
#include "base/siphash.h"
#include "lib/frame.h"
#include "lib/stack_check.h"
#include "lib/test.h"

#define MEMBERS_MAX 4
#define CLIENT MEMBERS_MAX /* the stack that is in no team */
#define STACKS (MEMBERS_MAX + 1)
#define ARENA_BYTES ((size_t)8 << 20)
#define BEGIN SAMPAN_SEC(100)
#define PORT 7
#define PIN_PORT 4000
#define PEOPLE 40

struct flight {
	struct flight *next;
	sampan_time at;
	unsigned to;
	bool carried; /* another member marked it for this one */
	uint32_t len;
	uint8_t bytes[];
};

struct wire {
	struct sampan *s[STACKS];
	unsigned members;
	struct sp_rng rng;
	sampan_time now;
	uint64_t digest; /* of what the client sent and got */
	uint32_t loss_ppm;
	bool v6;
};

static _Alignas(64) uint8_t memory[STACKS][ARENA_BYTES];
/* Outlives a test that fails, for the next to free. */
static struct flight *on_the_way;

static struct sampan_addr
addr_of(const struct wire *w, unsigned host)
{
	struct sampan_addr a = {{0xfd, [15] = (uint8_t)host}};

	return w->v6 ? a : sampan_addr_v4(10, 0, 0, (uint8_t)host);
}

static struct sampan *
new_stack(struct wire *w, unsigned i, uint64_t seed)
{
	const struct sampan_config config = {.size = sizeof(config), .seed = {seed, i}};
	const struct sampan_link_config link = {.size = sizeof(link),
	    .mtu_bytes = 1500,
	    .mac = {2, 0, 0, 0, 0, i == CLIENT},
	    .name = "wire"};
	const struct sampan_team_config team = {.size = sizeof(team),
	    .members = w->members,
	    .number = i,
	    .key = "not a secret",
	    .pin = {PIN_PORT}};
	struct sampan *s = (struct sampan *)(void *)memory[i];

	EXPECT_EQ(sampan_init(s, ARENA_BYTES, &config, BEGIN), 0);
	if (i != CLIENT)
		EXPECT_EQ(sampan_team_join(s, &team), 0);
	EXPECT_EQ(sampan_link_add(s, &link), 1);
	return s;
}

static void
close_wire(void)
{
	while (on_the_way != NULL) {
		struct flight *gone = on_the_way;

		on_the_way = gone->next;
		free(gone);
	}
}

/* ---- Frames on their way ---- */

static void
take_off(struct flight *f)
{
	struct flight **place = &on_the_way;

	while (*place != NULL && (*place)->at <= f->at)
		place = &(*place)->next;
	f->next = *place;
	*place = f;
}

static void
launch(struct wire *w, const struct sampan_frame *frame, unsigned to, bool carried)
{
	struct flight *f = malloc(sizeof(*f) + frame->len);

	EXPECT(f != NULL);
	*f = (struct flight){.to = to, .len = frame->len, .carried = carried};
	EXPECT_EQ(frame_flatten(frame, f->bytes), frame->len);
	f->at = w->now +
	    SAMPAN_US(carried ? 1 + sp_rng_below(&w->rng, 20) : 500 + sp_rng_below(&w->rng, 200));
	take_off(f);
}

static void
carry(struct wire *w, unsigned from, const struct sampan_frame *f)
{
	for (unsigned i = 0; i < w->members; i++)
		if (i != from && (f->to == SAMPAN_TO_ALL || f->to == 1 + i))
			launch(w, f, i, true);
}

static void
arrive(struct wire *w, const struct flight *f)
{
	struct sampan *s = w->s[f->to];
	struct sampan_frame frame = {.len = f->len, .slices = 1, .slice[0] = {f->bytes, f->len}};
	int link;

	if (f->to == CLIENT)
		w->digest = sp_siphash13(&(struct sp_key){{w->digest, w->now}}, f->bytes, f->len);
	EXPECT_EQ(f->carried ? sampan_team_input(s, 1, &frame, 1, w->now)
			     : sampan_input(s, 1, &frame, 1, w->now),
	    0);
	if (f->to == CLIENT)
		return;
	if (frame.to != 0)
		carry(w, f->to, &frame);
	while (sampan_team_next(s, &link, &frame) == 1) {
		EXPECT_EQ(link, 1);
		carry(w, f->to, &frame);
		sampan_sent(s, &frame, 1);
	}
}

static void
tell(struct wire *w)
{
	uint8_t words[SAMPAN_TEAM_WORDS];
	const int len = w->members > 1 ? sampan_team_tell(w->s[0], words, sizeof(words)) : 0;

	EXPECT(len >= 0);
	for (unsigned i = 1; len > 0 && i < w->members; i++)
		EXPECT_EQ(sampan_team_hear(w->s[i], words, (size_t)len), 0);
}

static void
send_from(struct wire *w, unsigned i)
{
	struct sampan_frame f;

	while (sampan_output(w->s[i], 1, &f, 1, w->now) == 1) {
		const bool lost = sp_rng_below(&w->rng, 1000000) < w->loss_ppm;

		if (!lost)
			launch(
			    w, &f, i == CLIENT ? sp_rng_below(&w->rng, w->members) : CLIENT, false);
		sampan_sent(w->s[i], &f, 1);
	}
}

static void
send_all(struct wire *w)
{
	tell(w);
	for (unsigned i = 0; i < w->members; i++)
		send_from(w, i);
	send_from(w, CLIENT);
}

/* The next thing that happens; false: nothing before `until`. */
static bool
step(struct wire *w, sampan_time until)
{
	sampan_time next = on_the_way != NULL ? on_the_way->at : SAMPAN_NEVER;

	for (unsigned i = 0; i < STACKS; i++)
		if (w->s[i] != NULL && sampan_deadline(w->s[i]) < next)
			next = sampan_deadline(w->s[i]);
	if (next > until) {
		w->now = until;
		return false;
	}
	w->now = next > w->now ? next : w->now;
	if (on_the_way != NULL && on_the_way->at <= w->now) {
		struct flight *f = on_the_way;

		on_the_way = f->next;
		arrive(w, f);
		free(f);
	}
	for (unsigned i = 0; i < STACKS; i++)
		if (w->s[i] != NULL)
			sampan_advance(w->s[i], w->now);
	send_all(w);
	return true;
}

static void
open_team(struct wire *w, unsigned members, bool v6, uint64_t seed)
{
	struct sampan_addr addr;

	close_wire();
	*w = (struct wire){.members = members, .now = BEGIN, .v6 = v6};
	sp_rng_init(&w->rng, (const uint64_t[2]){seed, 1});
	for (unsigned i = 0; i < members; i++)
		w->s[i] = new_stack(w, i, seed);
	w->s[CLIENT] = new_stack(w, CLIENT, seed);
	addr = addr_of(w, 1);
	EXPECT_EQ(sampan_addr_add(w->s[CLIENT], 1, &addr, v6 ? 64 : 24), 0);
	addr = addr_of(w, 2);
	EXPECT_EQ(sampan_addr_add(w->s[0], 1, &addr, v6 ? 64 : 24), 0);
	send_all(w);
	while (step(w, BEGIN + SAMPAN_SEC(5)))
		;
}

static uint64_t
count_of(const struct wire *w, enum sampan_count what)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < w->members; i++)
		n += sampan_counter(w->s[i], what);
	return n;
}

/* ---- An echo service in every member, and clients that check what comes back ---- */

static void
listen_at(struct sampan *s, uint16_t port)
{
	sampan_handle h;

	EXPECT_EQ(sampan_socket(s, SAMPAN_STREAM, &h), 0);
	EXPECT_EQ(sampan_bind(s, h, &(struct sampan_sockaddr){.port = port}), 0);
	EXPECT_EQ(sampan_listen(s, h, 64), 0);
}

static void
serve(struct sampan *s)
{
	struct sampan_event e;
	uint8_t bytes[4096];
	sampan_handle h;
	int64_t n;

	while (sampan_events(s, &e, 1) == 1) {
		while (
		    (e.what & SAMPAN_ACCEPTABLE) != 0 && sampan_accept(s, e.handle, &h, NULL) == 0)
			EXPECT_EQ(sampan_set_user(s, h, 1), 0);
		while (sampan_writable_bytes(s, e.handle) >= (int64_t)sizeof(bytes) &&
		    (n = sampan_recv(s, e.handle, bytes, sizeof(bytes))) >= 0) {
			if (n == 0) {
				EXPECT_EQ(sampan_close(s, e.handle), 0);
				break;
			}
			EXPECT_EQ(sampan_send(s, e.handle, bytes, (size_t)n), n);
		}
	}
}

struct person {
	sampan_handle h;
	uint32_t written, read, total;
	bool done;
};

static uint8_t
byte_at(unsigned who, uint32_t at)
{
	return (uint8_t)((at * 31 + who * 7) ^ (at >> 8));
}

static void
begin(struct wire *w, struct sampan *s, struct person *p, unsigned host)
{
	const struct sampan_sockaddr peer = {.addr = addr_of(w, host), .port = PORT};

	EXPECT_EQ(sampan_socket(s, SAMPAN_STREAM, &p->h), 0);
	EXPECT_EQ(sampan_connect(s, p->h, &peer), SAMPAN_EINPROGRESS);
}

/* Writes and reads as much as goes now. */
static void
act(struct sampan *s, struct person *p, unsigned who)
{
	uint8_t bytes[1000];
	int64_t n;

	if (p->done)
		return;
	while (p->written < p->total && sampan_writable_bytes(s, p->h) > 0) {
		const uint32_t left = p->total - p->written;
		const uint32_t most = left < sizeof(bytes) ? left : (uint32_t)sizeof(bytes);

		for (uint32_t i = 0; i < most; i++)
			bytes[i] = byte_at(who, p->written + i);
		n = sampan_send(s, p->h, bytes, most);
		if (n <= 0)
			break;
		p->written += (uint32_t)n;
	}
	while ((n = sampan_recv(s, p->h, bytes, sizeof(bytes))) > 0) {
		for (int64_t i = 0; i < n; i++)
			EXPECT_EQ(bytes[i], byte_at(who, p->read + (uint32_t)i));
		p->read += (uint32_t)n;
	}
	if (p->read == p->total) {
		EXPECT_EQ(sampan_close(s, p->h), 0);
		p->done = true;
	}
}

/* So many people at that stack, who talk to the echo service of a host. */
static unsigned
talk(struct wire *w, unsigned at, unsigned host, unsigned people, sampan_dur patience)
{
	struct person person[PEOPLE] = {{0}};
	const sampan_time until = w->now + patience;
	unsigned done = 0;

	for (unsigned i = 0; i < people; i++) {
		person[i].total = 1 + sp_rng_below(&w->rng, 20000);
		begin(w, w->s[at], &person[i], host);
	}
	send_all(w);
	while (done < people && step(w, until)) {
		for (unsigned i = 0; i < STACKS; i++)
			if (w->s[i] != NULL && i != at)
				serve(w->s[i]);
		for (unsigned i = done = 0; i < people; i++) {
			act(w->s[at], &person[i], i);
			done += person[i].done;
		}
		send_all(w);
	}
	for (unsigned i = 0; i < STACKS; i++)
		if (w->s[i] != NULL)
			EXPECT_SOUND(w->s[i]);
	return done;
}

static void
talk_to_team(unsigned members, bool v6, uint32_t loss_ppm)
{
	struct wire w;

	open_team(&w, members, v6, 10 * members + v6);
	for (unsigned i = 0; i < members; i++)
		listen_at(w.s[i], PORT);
	w.loss_ppm = loss_ppm;
	EXPECT_EQ(talk(&w, CLIENT, 2, PEOPLE, SAMPAN_SEC(600)), PEOPLE);
	EXPECT_EQ(count_of(&w, SAMPAN_COUNT_TCP_ACCEPTED), PEOPLE);
	/* An acknowledgement that comes late finds a connection gone: no more than that. */
	EXPECT_EQ(count_of(&w, SAMPAN_COUNT_TCP_ESTAB_RESETS), 0);
	EXPECT_EQ(count_of(&w, SAMPAN_COUNT_TCP_ATTEMPT_FAILS), 0);
	for (unsigned i = 0; members > 1 && i < members; i++) {
		EXPECT(sampan_counter(w.s[i], SAMPAN_COUNT_TCP_ACCEPTED) > 0);
		EXPECT(sampan_counter(w.s[i], SAMPAN_COUNT_TEAM_OUT) > 0);
		EXPECT(sampan_counter(w.s[i], SAMPAN_COUNT_TEAM_IN) > 0);
	}
}

TEST(any_number_of_stacks_serves_all_over_random_steering)
{
	for (unsigned members = 1; members <= MEMBERS_MAX; members++)
		talk_to_team(members, false, 0);
}

TEST(any_number_of_stacks_serves_all_over_random_steering_and_ipv6)
{
	for (unsigned members = 1; members <= MEMBERS_MAX; members++)
		talk_to_team(members, true, 0);
}

TEST(random_steering_and_losses_at_once)
{
	talk_to_team(2, false, 20000);
	talk_to_team(4, true, 20000);
}

/* What comes back to a connect comes to its own stack in the end. */
TEST(every_member_connects)
{
	struct wire w;

	for (unsigned v6 = 0; v6 < 2; v6++) {
		open_team(&w, 3, v6 == 1, 77);
		listen_at(w.s[CLIENT], PORT);
		for (unsigned i = 0; i < 3; i++)
			EXPECT_EQ(talk(&w, i, 1, 20, SAMPAN_SEC(100)), 20);
		EXPECT_EQ(count_of(&w, SAMPAN_COUNT_TCP_ATTEMPT_FAILS), 0);
	}
}

TEST(a_pinned_port_is_the_leaders)
{
	struct sampan_sockaddr peer;
	struct wire w;
	sampan_handle h;

	open_team(&w, 4, false, 5);
	listen_at(w.s[0], PIN_PORT);
	peer = (struct sampan_sockaddr){.addr = addr_of(&w, 2), .port = PIN_PORT};
	for (unsigned i = 0; i < 30; i++) {
		EXPECT_EQ(sampan_socket(w.s[CLIENT], SAMPAN_STREAM, &h), 0);
		EXPECT_EQ(sampan_connect(w.s[CLIENT], h, &peer), SAMPAN_EINPROGRESS);
	}
	send_all(&w);
	while (step(&w, w.now + SAMPAN_SEC(2)))
		;
	EXPECT_EQ(sampan_counter(w.s[0], SAMPAN_COUNT_TCP_ACCEPTED), 30);
}

/* The leader alone answers, whoever is asked. */
TEST(echo_is_answered_once)
{
	struct sampan_echo_answer answer;
	struct sampan_echo echo = {.size = sizeof(echo), .payload_bytes = 1000, .ttl = 64};
	struct wire w;
	uint32_t ticket;

	for (unsigned v6 = 0; v6 < 2; v6++) {
		open_team(&w, 4, v6 == 1, 6);
		echo.to = addr_of(&w, 2);
		for (unsigned i = 0; i < 20; i++) {
			EXPECT_EQ(sampan_echo_send(w.s[CLIENT], &echo, &ticket), 0);
			send_all(&w);
			while (step(&w, w.now + SAMPAN_SEC(1)))
				;
			EXPECT_EQ(sampan_echo_take(w.s[CLIENT], ticket, &answer), 0);
		}
		EXPECT_EQ(sampan_counter(w.s[0], SAMPAN_COUNT_ICMP_ECHO_REPS_OUT), 20);
		EXPECT_EQ(count_of(&w, SAMPAN_COUNT_ICMP_ECHO_REPS_OUT), 20);
		EXPECT_EQ(count_of(&w, SAMPAN_COUNT_ARP_REPLIES_OUT) -
			sampan_counter(w.s[0], SAMPAN_COUNT_ARP_REPLIES_OUT),
		    0);
	}
}

static sampan_handle
udp_socket(struct sampan *s, uint16_t port)
{
	sampan_handle h;

	EXPECT_EQ(sampan_socket(s, SAMPAN_DGRAM, &h), 0);
	EXPECT_EQ(sampan_bind(s, h, &(struct sampan_sockaddr){.port = port}), 0);
	return h;
}

/* Fragments meet in the leader; the datagram goes on to the socket whose it is. */
TEST(datagrams_in_fragments_reach_their_owner)
{
	static uint8_t sent[9000], got[9000];
	struct wire w;
	unsigned heard[4] = {0};

	for (uint32_t i = 0; i < sizeof(sent); i++)
		sent[i] = byte_at(1, i);
	open_team(&w, 4, false, 8);
	sampan_handle at[4];

	for (unsigned i = 0; i < 4; i++)
		at[i] = udp_socket(w.s[i], PORT);
	for (unsigned n = 0; n < 40; n++) {
		const struct sampan_sockaddr to = {.addr = addr_of(&w, 2), .port = PORT};
		const struct sampan_datagram info = {.peer = to};
		sampan_handle h = udp_socket(w.s[CLIENT], (uint16_t)(1000 + n));

		EXPECT_EQ(sampan_sendmsg(w.s[CLIENT], h, sent, sizeof(sent), &info),
		    (int64_t)sizeof(sent));
		send_all(&w);
		while (step(&w, w.now + SAMPAN_MS(100)))
			;
		for (unsigned i = 0; i < 4; i++) {
			memset(got, 0, sizeof(got));
			if (sampan_recv(w.s[i], at[i], got, sizeof(got)) == (int64_t)sizeof(got)) {
				EXPECT_MEM(got, sent, sizeof(sent));
				heard[i]++;
			}
		}
	}
	EXPECT_EQ(heard[0] + heard[1] + heard[2] + heard[3], 40);
	for (unsigned i = 0; i < 4; i++) {
		EXPECT(heard[i] > 0);
		EXPECT_SOUND(w.s[i]);
	}
	EXPECT_EQ(
	    count_of(&w, SAMPAN_COUNT_REASM_OKS), sampan_counter(w.s[0], SAMPAN_COUNT_REASM_OKS));
}

/* A port of the automatic range is its stack's, whoever answers; and errors about
 * what it sent come back to it. */
TEST(udp_clients_in_every_member)
{
	struct sampan_status st;
	struct wire w;
	uint8_t byte = 1;

	for (unsigned v6 = 0; v6 < 2; v6++) {
		open_team(&w, 4, v6 == 1, 9);
		const sampan_handle server = udp_socket(w.s[CLIENT], PORT);
		const struct sampan_sockaddr to = {.addr = addr_of(&w, 1), .port = PORT};
		const struct sampan_sockaddr closed = {.addr = addr_of(&w, 1), .port = 9};

		for (unsigned i = 0; i < 12; i++) {
			struct sampan *s = w.s[i % 4];
			const sampan_handle h = udp_socket(s, 0);
			struct sampan_datagram info = {.peer = to};

			EXPECT_EQ(sampan_sendmsg(s, h, &byte, 1, &info), 1);
			send_all(&w);
			while (step(&w, w.now + SAMPAN_MS(100)))
				;
			info = (struct sampan_datagram){.ttl = 0};
			EXPECT_EQ(sampan_recvmsg(w.s[CLIENT], server, &byte, 1, &info), 1);
			EXPECT_EQ(sampan_sendmsg(w.s[CLIENT], server, &byte, 1, &info), 1);
			send_all(&w);
			while (step(&w, w.now + SAMPAN_MS(100)))
				;
			EXPECT_EQ(sampan_recv(s, h, &byte, 1), 1);
			EXPECT_EQ(sampan_connect(s, h, &closed), 0);
			EXPECT_EQ(sampan_send(s, h, &byte, 1), 1);
			send_all(&w);
			while (step(&w, w.now + SAMPAN_SEC(2)))
				;
			EXPECT_EQ(sampan_status(s, h, &st), 0);
			EXPECT_EQ(st.error, SAMPAN_ECONNREFUSED);
		}
	}
}

/* The same seed, the same bytes. */
TEST(the_same_run_again_is_the_same)
{
	uint64_t digest[2];

	for (unsigned run = 0; run < 2; run++) {
		struct wire w;

		open_team(&w, 3, false, 42);
		for (unsigned i = 0; i < 3; i++)
			listen_at(w.s[i], PORT);
		EXPECT_EQ(talk(&w, CLIENT, 2, 10, SAMPAN_SEC(100)), 10);
		digest[run] = w.digest;
	}
	EXPECT_EQ(digest[0], digest[1]);
}
