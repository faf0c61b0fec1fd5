/*
 * link_emulate.c - the emulator as a link: around one end of a memory pair,
 * with two stacks and a transfer through all that it does, in virtual time.
 */
#include "lib/test.h"

#include <errno.h>
#include <stdio.h>

#include <sampan/emulate.h>
#include <sampan/host.h>
#include <sampan/socket.h>
#include <sampan/stats.h>

#include "lib/frame.h"

#define PORT 7
#define PATIENCE SAMPAN_SEC(3600)
#define STEPS_MOST 1000000

/* Stack 0 behind a bad line, stack 1 at its other end. */
struct world {
	struct sampan_pair *pair;
	struct sampan_link *link[2];
	struct sampan *s[2];
	sampan_time now;
	sampan_dur srtt_dur;		/* as the last transfer's sender saw it */
};

static void
open_stack(struct world *w, unsigned i)
{
	static _Alignas(64) uint8_t memory[2][4 << 20];
	const struct sampan_config config = { .size = sizeof(config), .seed = { i, 1 } };
	const struct sampan_addr addr = sampan_addr_v4(10, 0, 0, (uint8_t)(1 + i));

	EXPECT_EQ(sampan_init(memory[i], sizeof(memory[i]), &config, w->now), 0);
	w->s[i] = (struct sampan *)(void *)memory[i];
	EXPECT_EQ(sampan_link_attach(w->link[i], w->s[i]), 1);
	EXPECT_EQ(sampan_addr_add(w->s[i], 1, &addr, 24), 0);
}

static void
open_world(struct world *w, const char *words, uint32_t caps, uint32_t queue_frames)
{
	const struct sampan_pair_config config = { .size = sizeof(config), .caps = caps,
		.queue_frames = queue_frames };
	char why[SAMPAN_WHY_BYTES];

	*w = (struct world){ .now = SAMPAN_SEC(1) };
	EXPECT_EQ(sampan_pair_open(&config, &w->pair), 0);
	EXPECT_EQ(sampan_link_emulate(sampan_pair_end(w->pair, 0), words, &w->link[0], why,
	    sizeof(why)), 0);
	w->link[1] = sampan_pair_end(w->pair, 1);
	open_stack(w, 0);
	open_stack(w, 1);
}

static void
close_world(struct world *w)
{
	sampan_link_close(w->link[0]);
	sampan_pair_close(w->pair);
}

static void
move(struct world *w)
{
	unsigned moved;

	do {
		moved = 0;
		for (unsigned i = 0; i < 2; i++) {
			moved += sampan_link_output(w->link[i], w->now);
			moved += sampan_link_input(w->link[i], w->now);
		}
	} while (moved > 0);
}

static void
step(struct world *w)
{
	sampan_time next = SAMPAN_NEVER;

	for (unsigned i = 0; i < 2; i++) {
		const sampan_time at = sampan_link_deadline(w->link[i]);

		next = at < next ? at : next;
		next = sampan_deadline(w->s[i]) < next ? sampan_deadline(w->s[i]) : next;
	}
	if (next != SAMPAN_NEVER && next > w->now)
		w->now = next;
	move(w);
	sampan_advance(w->s[0], w->now);
	sampan_advance(w->s[1], w->now);
	move(w);
}

static uint8_t
byte_of(uint32_t at)
{
	return (uint8_t)((at + 1) * 2654435761u >> 13);
}

/* Sends what there is room for; ends the stream behind the last byte. */
static void
send_more(struct sampan *s, sampan_handle h, uint32_t *sent, uint32_t total)
{
	uint8_t piece[4096];
	const uint32_t left = total - *sent;
	const uint32_t len = left < sizeof(piece) ? left : sizeof(piece);
	int64_t n;

	if (left == 0)
		return;
	for (uint32_t i = 0; i < len; i++)
		piece[i] = byte_of(*sent + i);
	n = sampan_send(s, h, piece, len);
	*sent += n > 0 ? (uint32_t)n : 0;
	if (*sent == total)
		EXPECT_EQ(sampan_shutdown(s, h, SAMPAN_SHUT_WR), 0);
}

/* True at the end of the stream. */
static bool
receive_more(struct sampan *s, sampan_handle h, uint32_t *got)
{
	uint8_t piece[4096];
	int64_t n;

	while ((n = sampan_recv(s, h, piece, sizeof(piece))) > 0) {
		for (int64_t i = 0; i < n; i++)
			EXPECT_EQ(piece[i], byte_of(*got + (uint32_t)i));
		*got += (uint32_t)n;
	}
	EXPECT(n == 0 || n == SAMPAN_EAGAIN);
	return n == 0;
}

/* Stack `from` sends so much to the other; all of it arrives. */
static void
transfer(struct world *w, unsigned from, uint32_t total)
{
	const struct sampan_sockaddr here = { .port = PORT };
	const struct sampan_sockaddr there = { sampan_addr_v4(10, 0, 0, (uint8_t)(2 - from)), PORT,
	    0 };
	struct sampan *a = w->s[from], *b = w->s[1 - from];
	sampan_handle listener, out, in = 0;
	uint32_t sent = 0, got = 0, steps = 0;
	struct sampan_status status;
	bool ended = false;

	EXPECT_EQ(sampan_socket(b, SAMPAN_STREAM, &listener), 0);
	EXPECT_EQ(sampan_bind(b, listener, &here), 0);
	EXPECT_EQ(sampan_listen(b, listener, 1), 0);
	EXPECT_EQ(sampan_socket(a, SAMPAN_STREAM, &out), 0);
	EXPECT_EQ(sampan_connect(a, out, &there), SAMPAN_EINPROGRESS);
	move(w);
	while (!ended) {
		step(w);
		EXPECT(w->now < PATIENCE && ++steps < STEPS_MOST);
		send_more(a, out, &sent, total);
		if (in == 0)
			(void)sampan_accept(b, listener, &in, NULL);
		if (in != 0)
			ended = receive_more(b, in, &got);
		move(w);
	}
	EXPECT_EQ(got, total);
	EXPECT_EQ(sampan_status(a, out, &status), 0);
	w->srtt_dur = status.srtt_dur;
	EXPECT_EQ(sampan_close(b, in), 0);
	EXPECT_EQ(sampan_close(a, out), 0);
	EXPECT_EQ(sampan_close(b, listener), 0);
	move(w);
}

static const uint32_t all_caps = SAMPAN_LINK_CSUM_OUT | SAMPAN_LINK_TSO4;

TEST(emulate_transfers_arrive_whole_through_everything)
{
	static const char *const lines[] = { "seed=1", "loss=2%,delay=10ms,reorder=1%",
	    "corrupt=1%", "dup=5%,jitter=3ms", "rate=10mbit,queue=20k,delay=20ms",
	    "burst=0.2%/20%,delay=1ms", "in.loss=5%", "out.loss=5%",
	    ("loss=1%,burst=0.1%/30%/50%,delay=10ms,jitter=2ms,rate=20mbit,queue=64k,reorder=1%,"
	     "dup=1%,corrupt=1%,seed=9") };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		for (unsigned big = 0; big < 2; big++) {
			struct world w;

			open_world(&w, lines[i], big ? all_caps : 0, 256);
			transfer(&w, big, 300000);
			transfer(&w, 1 - big, 300000);
			close_world(&w);
		}
	}
}

/* What the line damages, the stack finds. */
TEST(emulate_every_damaged_frame_is_counted_as_such)
{
	struct sampan_emulate_counts in, out;
	struct world w;
	uint64_t found[2];

	open_world(&w, "corrupt=3%", all_caps, 256);
	transfer(&w, 1, 2000000);
	for (unsigned i = 0; i < 2; i++)
		found[i] = sampan_counter(w.s[i], SAMPAN_DROP_TCP_CSUM) +
		    sampan_counter(w.s[i], SAMPAN_DROP_IP_CSUM) +
		    sampan_counter(w.s[i], SAMPAN_DROP_TCP_MALFORMED);	/* its data offset */
	EXPECT(sampan_link_emulated(w.link[0], SAMPAN_IN, &in));
	EXPECT(sampan_link_emulated(w.link[0], SAMPAN_OUT, &out));
	EXPECT(in.corrupted > 20);
	EXPECT_EQ(found[0], in.corrupted);
	EXPECT_EQ(found[1], out.corrupted);
	close_world(&w);
}

TEST(emulate_round_trip_is_the_two_delays)
{
	struct world w;

	open_world(&w, "in.delay=30ms,out.delay=12ms", all_caps, 64);
	transfer(&w, 0, 100000);
	EXPECT(w.srtt_dur >= SAMPAN_MS(42));
	EXPECT(w.srtt_dur < SAMPAN_MS(60));	/* acknowledgements may be delayed */
	close_world(&w);
}

/* Frames as on a wire, whatever the stack hands down. */
TEST(emulate_cuts_and_completes_in_both_directions)
{
	struct sampan_emulate_counts out;
	struct world w;

	open_world(&w, "seed=1", all_caps, 256);
	transfer(&w, 0, 1000000);
	EXPECT(sampan_link_emulated(w.link[0], SAMPAN_OUT, &out));
	EXPECT(out.frames >= 1000000 / 1460);
	EXPECT(sampan_counter(w.s[0], SAMPAN_COUNT_TCP_SEGS_OUT) < out.frames);
	EXPECT_EQ(sampan_counter(w.s[1], SAMPAN_DROP_TCP_CSUM), 0);
	EXPECT_EQ(out.unsendable, 0);
	close_world(&w);
}

/* A pair whose queue is full takes no more: what is due waits, no frame is
 * lost or overtaken. */
TEST(emulate_waits_for_room_in_the_inner_link)
{
	struct sampan_pair_config config = { .size = sizeof(config), .queue_frames = 3 };
	uint8_t bytes[60] = { 0 };
	const struct sampan_frame f = { .len = 60, .slices = 1, .slice[0] = { bytes, 60 } };
	struct sampan_frame got[8];
	struct sampan_pair *pair;
	struct sampan_link *link;

	EXPECT_EQ(sampan_pair_open(&config, &pair), 0);
	EXPECT_EQ(sampan_link_emulate(sampan_pair_end(pair, 0), "out.delay=1ms", &link, NULL, 0),
	    0);
	for (uint8_t i = 0; i < 5; i++) {
		bytes[0] = i;
		EXPECT_EQ(sampan_link_send(link, &f, 1, 0), 1);
	}
	EXPECT_EQ(sampan_link_deadline(link), SAMPAN_MS(1));
	EXPECT(!sampan_link_blocked(link));
	EXPECT_EQ(sampan_link_send(link, NULL, 0, SAMPAN_MS(1)), 0);
	EXPECT(sampan_link_blocked(link));
	EXPECT(sampan_link_deadline(link) == SAMPAN_NEVER);
	EXPECT_EQ(sampan_link_receive(sampan_pair_end(pair, 1), got, 8, SAMPAN_MS(1)), 3);
	EXPECT_EQ(sampan_link_receive(sampan_pair_end(pair, 1), got, 8, SAMPAN_MS(1)), 0);
	EXPECT_EQ(sampan_link_send(link, NULL, 0, SAMPAN_MS(2)), 0);
	EXPECT(!sampan_link_blocked(link));
	EXPECT_EQ(sampan_link_receive(sampan_pair_end(pair, 1), got, 8, SAMPAN_MS(2)), 2);
	EXPECT_EQ(got[0].slice[0].data[0], 3);
	EXPECT_EQ(got[1].slice[0].data[0], 4);
	sampan_link_close(link);
	sampan_pair_close(pair);
}

/* The time at which a frame came out of the line, not that of the call. */
TEST(emulate_ingress_time_is_when_a_frame_was_due)
{
	struct sampan_pair_config config = { .size = sizeof(config), .queue_frames = 8 };
	static const uint8_t bytes[60];
	const struct sampan_frame f = { .len = 60, .slices = 1, .slice[0] = { bytes, 60 } };
	struct sampan_frame got[8];
	struct sampan_pair *pair;
	struct sampan_link *link;

	EXPECT_EQ(sampan_pair_open(&config, &pair), 0);
	EXPECT_EQ(sampan_link_emulate(sampan_pair_end(pair, 0), "in.rate=480kbit,in.delay=5ms",
	    &link, NULL, 0), 0);
	EXPECT_EQ(sampan_link_send(sampan_pair_end(pair, 1), &f, 1, SAMPAN_MS(1)), 1);
	EXPECT_EQ(sampan_link_send(sampan_pair_end(pair, 1), &f, 1, SAMPAN_MS(1)), 1);
	EXPECT_EQ(sampan_link_receive(link, got, 8, SAMPAN_MS(1)), 0);
	EXPECT_EQ(sampan_link_deadline(link), SAMPAN_MS(7));
	EXPECT_EQ(sampan_link_receive(link, got, 8, SAMPAN_MS(100)), 2);
	EXPECT_EQ(got[0].at, SAMPAN_MS(7));
	EXPECT_EQ(got[1].at, SAMPAN_MS(8));
	sampan_link_close(link);
	sampan_pair_close(pair);
}

TEST(emulate_bad_words_leave_the_inner_link_alone)
{
	struct sampan_pair_config config = { .size = sizeof(config) };
	struct sampan_emulate_counts counts;
	char why[SAMPAN_WHY_BYTES];
	struct sampan_pair *pair;
	struct sampan_link *link = NULL;

	EXPECT_EQ(sampan_pair_open(&config, &pair), 0);
	EXPECT_EQ(sampan_link_emulate(sampan_pair_end(pair, 0), "los=1%", &link, why, sizeof(why)),
	    -1);
	EXPECT_EQ(errno, EINVAL);
	EXPECT(link == NULL);
	EXPECT(strstr(why, "'los'") != NULL);
	EXPECT(!sampan_link_emulated(sampan_pair_end(pair, 0), SAMPAN_IN, &counts));
	sampan_pair_close(pair);
}
