/*
 * host_loop.c - descriptors in the event loop.  Links in it are tested on a
 * TAP, tests/interop/tap.sh.
 */
#include "lib/test.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <sampan/host.h>

#include "net/stack.h"

static _Alignas(64) uint8_t memory[1 << 20];

static void
ignore_events(void *ctx, const struct sampan_event *events, unsigned n)
{
	(void)ctx;
	(void)events;
	(void)n;
}

static struct sampan_loop *
open_loop(void)
{
	const struct sampan_config config = { .size = sizeof(config) };
	struct sampan *s = (struct sampan *)(void *)memory;
	const struct sampan_loop_config loop_config = { .size = sizeof(loop_config), .stack = s,
	    .events = ignore_events };
	struct sampan_loop *loop = NULL;

	EXPECT_EQ(sampan_init(memory, sizeof(memory), &config, sampan_clock()), 0);
	EXPECT_EQ(sampan_loop_open(&loop_config, &loop), 0);
	EXPECT(sampan_loop_stack(loop) == s);
	return loop;
}

/* What a callback saw, and shall do. */
struct seen {
	struct sampan_loop *loop;
	unsigned calls;
	uint32_t ready;
	int removes;		/* a descriptor; -1: none */
	bool stops;
};

static void
see(void *ctx, int fd, uint32_t ready)
{
	struct seen *seen = ctx;
	char byte;

	seen->calls++;
	seen->ready = ready;
	if (ready & EPOLLIN)
		EXPECT(read(fd, &byte, 1) >= 0);
	if (seen->removes >= 0)
		EXPECT_EQ(sampan_loop_remove_fd(seen->loop, seen->removes), 0);
	if (seen->stops)
		sampan_loop_stop(seen->loop);
}

TEST(loop_tells_of_ready_descriptors_by_level)
{
	struct seen seen = { .loop = open_loop(), .removes = -1 };
	int ends[2];

	EXPECT_EQ(pipe(ends), 0);
	EXPECT_EQ(sampan_loop_add_fd(seen.loop, ends[0], EPOLLIN, see, &seen), 0);
	EXPECT_EQ(sampan_loop_turn(seen.loop, 0), 0);
	EXPECT_EQ(seen.calls, 0);
	EXPECT_EQ(write(ends[1], "ab", 2), 2);
	EXPECT_EQ(sampan_loop_turn(seen.loop, SAMPAN_SEC(10)), 0);
	EXPECT_EQ(sampan_loop_turn(seen.loop, SAMPAN_SEC(10)), 0);
	EXPECT_EQ(seen.calls, 2);
	EXPECT_EQ(sampan_loop_turn(seen.loop, 0), 0);
	EXPECT_EQ(seen.calls, 2);
	(void)close(ends[1]);
	EXPECT_EQ(sampan_loop_turn(seen.loop, SAMPAN_SEC(10)), 0);
	EXPECT(seen.ready & EPOLLHUP);
	(void)close(ends[0]);
	sampan_loop_close(seen.loop);
}

static void
compare_clocks(void *ctx, int fd, uint32_t ready)
{
	(void)fd;
	(void)ready;
	EXPECT_EQ(sampan_loop_stack(ctx)->now, sampan_loop_now(ctx));
	sampan_loop_stop(ctx);
}

/* However long the stack has had nothing to do: an echo request or a SYN that
 * a callback sends leaves now. */
TEST(loop_callback_finds_the_stack_at_the_time_of_the_turn)
{
	struct sampan_loop *loop = open_loop();
	int ends[2];

	EXPECT_EQ(pipe(ends), 0);
	EXPECT_EQ(sampan_loop_add_fd(loop, ends[1], EPOLLOUT, compare_clocks, loop), 0);
	EXPECT_EQ(sampan_loop_run(loop), 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
	sampan_loop_close(loop);
}

TEST(loop_interest_can_change)
{
	struct seen seen = { .loop = open_loop(), .removes = -1 };
	int ends[2];

	EXPECT_EQ(pipe(ends), 0);
	EXPECT_EQ(sampan_loop_add_fd(seen.loop, ends[1], 0, see, &seen), 0);
	EXPECT_EQ(sampan_loop_turn(seen.loop, 0), 0);
	EXPECT_EQ(seen.calls, 0);
	EXPECT_EQ(sampan_loop_set_fd(seen.loop, ends[1], EPOLLOUT), 0);
	EXPECT_EQ(sampan_loop_turn(seen.loop, SAMPAN_SEC(10)), 0);
	EXPECT_EQ(seen.ready, EPOLLOUT);
	EXPECT_EQ(sampan_loop_set_fd(seen.loop, 12345, EPOLLOUT), -1);
	EXPECT_EQ(errno, ENOENT);
	(void)close(ends[0]);
	(void)close(ends[1]);
	sampan_loop_close(seen.loop);
}

/* Both are ready in the same turn; whoever is called first removes the other
 * and itself. */
TEST(loop_removed_descriptor_is_not_called_any_more)
{
	struct seen a = { .loop = open_loop() }, b = { .loop = a.loop };
	int one[2], two[2];

	EXPECT_EQ(pipe(one), 0);
	EXPECT_EQ(pipe(two), 0);
	a.removes = two[0];
	b.removes = one[0];
	EXPECT_EQ(sampan_loop_add_fd(a.loop, one[0], EPOLLIN, see, &a), 0);
	EXPECT_EQ(sampan_loop_add_fd(a.loop, two[0], EPOLLIN, see, &b), 0);
	EXPECT_EQ(write(one[1], "x", 1), 1);
	EXPECT_EQ(write(two[1], "x", 1), 1);
	EXPECT_EQ(sampan_loop_turn(a.loop, SAMPAN_SEC(10)), 0);
	EXPECT_EQ(a.calls + b.calls, 1);
	EXPECT_EQ(sampan_loop_remove_fd(a.loop, a.calls == 1 ? two[0] : one[0]), -1);
	(void)close(one[0]);
	(void)close(one[1]);
	(void)close(two[0]);
	(void)close(two[1]);
	sampan_loop_close(a.loop);
}

TEST(loop_stops_when_told)
{
	struct seen seen = { .loop = open_loop(), .removes = -1, .stops = true };
	int ends[2];

	EXPECT_EQ(pipe(ends), 0);
	EXPECT_EQ(write(ends[1], "x", 1), 1);
	EXPECT_EQ(sampan_loop_add_fd(seen.loop, ends[0], EPOLLIN, see, &seen), 0);
	EXPECT_EQ(sampan_loop_run(seen.loop), 0);
	EXPECT_EQ(seen.calls, 1);
	(void)close(ends[0]);
	(void)close(ends[1]);
	sampan_loop_close(seen.loop);
}

TEST(loop_sleeps_no_less_than_it_may)
{
	struct sampan_loop *loop = open_loop();
	const sampan_time begin = sampan_clock();

	EXPECT_EQ(sampan_loop_turn(loop, SAMPAN_MS(3)), 0);
	EXPECT(sampan_clock() - begin >= SAMPAN_MS(3));
	EXPECT(sampan_loop_now(loop) >= begin + SAMPAN_MS(3));
	sampan_loop_close(loop);
}

TEST(loop_impossible_configurations_are_refused)
{
	struct sampan_loop_config config = { .size = sizeof(config) };
	struct sampan_loop *loop;

	EXPECT_EQ(sampan_loop_open(&config, &loop), -1);
	EXPECT_EQ(errno, EINVAL);
}
