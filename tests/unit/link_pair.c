/*
 * link_pair.c - the memory pair as links, without stacks: queues, delay, loss.
 * The way between two stacks is in cmd_svc.c.
 */
#include "lib/test.h"

#include <errno.h>

#include <sampan/host.h>

static struct sampan_pair *
pair_of(uint32_t queue_frames, sampan_dur delay_dur, uint32_t loss_ppm, uint64_t seed)
{
	const struct sampan_pair_config config = { .size = sizeof(config), .loss_ppm = loss_ppm,
	    .queue_frames = queue_frames, .delay_dur = delay_dur, .seed = seed };
	struct sampan_pair *pair = NULL;

	EXPECT_EQ(sampan_pair_open(&config, &pair), 0);
	return pair;
}

/* A frame of a head and two slices, told apart by a number. */
static struct sampan_frame
frame_of(const uint8_t number)
{
	static const uint8_t tail[] = "some bytes, and more";
	struct sampan_frame f = { .len = 3 + sizeof(tail), .head_len = 3, .slices = 2,
	    .owner = SAMPAN_FRAME_STACK, .csum = SAMPAN_CSUM_PARTIAL, .csum_start = 1,
	    .csum_offset = 2, .tso = true, .gso_bytes = 9 };

	memset(f.head, number, 3);
	f.slice[0] = (struct sampan_slice){ tail, 4 };
	f.slice[1] = (struct sampan_slice){ tail + 4, sizeof(tail) - 4 };
	return f;
}

static unsigned
send_one(struct sampan_pair *pair, unsigned end, uint8_t number, sampan_time now)
{
	const struct sampan_frame f = frame_of(number);

	return sampan_link_send(sampan_pair_end(pair, end), &f, 1, now);
}

TEST(pair_frames_arrive_whole_and_in_order)
{
	struct sampan_pair *pair = pair_of(8, 0, 0, 1);
	struct sampan_frame got[8];

	for (uint8_t i = 1; i <= 3; i++)
		EXPECT_EQ(send_one(pair, 0, i, 0), 1);
	EXPECT_EQ(sampan_link_receive(sampan_pair_end(pair, 1), got, 8, 0), 3);
	for (uint8_t i = 0; i < 3; i++) {
		EXPECT_EQ(got[i].len, frame_of(0).len);
		EXPECT_EQ(got[i].slices, 1);
		EXPECT_EQ(got[i].owner, SAMPAN_FRAME_BORROWED);
		EXPECT_EQ(got[i].csum, SAMPAN_CSUM_PARTIAL);
		EXPECT_EQ(got[i].gso_bytes, 9);
		EXPECT_EQ(got[i].slice[0].data[0], i + 1);
		EXPECT_MEM(got[i].slice[0].data + 3, "some bytes, and more", 21);
	}
	EXPECT_EQ(sampan_link_receive(sampan_pair_end(pair, 0), got, 8, 0), 0);
	sampan_pair_close(pair);
}

TEST(pair_full_queue_takes_no_more)
{
	struct sampan_pair *pair = pair_of(2, 0, 0, 1);
	struct sampan_frame got[4];

	EXPECT_EQ(send_one(pair, 0, 1, 0), 1);
	EXPECT_EQ(send_one(pair, 0, 2, 0), 1);
	EXPECT_EQ(send_one(pair, 0, 3, 0), 0);
	EXPECT_EQ(sampan_link_receive(sampan_pair_end(pair, 1), got, 1, 0), 1);
	EXPECT_EQ(send_one(pair, 0, 3, 0), 0);	/* the receiver still reads it */
	EXPECT_EQ(sampan_link_receive(sampan_pair_end(pair, 1), got, 4, 0), 1);
	EXPECT_EQ(got[0].slice[0].data[0], 2);
	EXPECT_EQ(send_one(pair, 0, 3, 0), 1);
	EXPECT_EQ(sampan_link_receive(sampan_pair_end(pair, 1), got, 4, 0), 1);
	EXPECT_EQ(got[0].slice[0].data[0], 3);
	sampan_pair_close(pair);
}

TEST(pair_delay_holds_frames_until_they_are_due)
{
	struct sampan_pair *pair = pair_of(8, SAMPAN_MS(10), 0, 1);
	struct sampan_frame got[8];

	EXPECT(sampan_pair_deadline(pair) == SAMPAN_NEVER);
	EXPECT_EQ(send_one(pair, 1, 1, SAMPAN_MS(5)), 1);
	EXPECT_EQ(send_one(pair, 1, 2, SAMPAN_MS(6)), 1);
	EXPECT_EQ(sampan_pair_deadline(pair), SAMPAN_MS(15));
	EXPECT_EQ(sampan_link_receive(sampan_pair_end(pair, 0), got, 8, SAMPAN_MS(15) - 1), 0);
	EXPECT_EQ(sampan_link_receive(sampan_pair_end(pair, 0), got, 8, SAMPAN_MS(15)), 1);
	EXPECT_EQ(got[0].at, SAMPAN_MS(15));
	EXPECT_EQ(sampan_pair_deadline(pair), SAMPAN_MS(16));
	sampan_pair_close(pair);
}

/* Sends n frames one by one and returns which arrived, as a hash of their
 * places; *arrived counts them. */
static uint64_t
run_with_loss(uint64_t seed, unsigned n, unsigned *arrived)
{
	struct sampan_pair *pair = pair_of(1, 0, 250000, seed);
	struct sampan_frame got[1];
	uint64_t hash = 0;

	*arrived = 0;
	for (unsigned i = 0; i < n; i++) {
		EXPECT_EQ(send_one(pair, 0, 1, i), 1);
		if (sampan_link_receive(sampan_pair_end(pair, 1), got, 1, i) == 0)
			continue;
		(*arrived)++;
		hash = hash * 31 + i;
		(void)sampan_link_receive(sampan_pair_end(pair, 1), got, 1, i);
	}
	sampan_pair_close(pair);
	return hash;
}

TEST(pair_loss_is_as_asked_and_the_same_for_a_seed)
{
	unsigned first, again, other;
	const uint64_t hash = run_with_loss(1, 10000, &first);

	EXPECT(first > 7300 && first < 7700);
	EXPECT(run_with_loss(1, 10000, &again) == hash);
	EXPECT_EQ(again, first);
	EXPECT(run_with_loss(2, 10000, &other) != hash);
}

TEST(pair_loss_is_counted)
{
	struct sampan_pair *pair = pair_of(4, 0, 1000000, 1);
	struct sampan_link_counts counts;

	EXPECT_EQ(send_one(pair, 0, 1, 0), 1);
	sampan_link_counts(sampan_pair_end(pair, 0), &counts);
	EXPECT_EQ(counts.drops_out, 1);
	sampan_pair_close(pair);
}

TEST(pair_impossible_configurations_are_refused)
{
	struct sampan_pair_config config = { .size = sizeof(config) };
	struct sampan_pair *pair;

	config.delay_dur = 1;		/* and no queue */
	EXPECT_EQ(sampan_pair_open(&config, &pair), -1);
	EXPECT_EQ(errno, EINVAL);
	config = (struct sampan_pair_config){ .size = sizeof(config), .loss_ppm = 1000001 };
	EXPECT_EQ(sampan_pair_open(&config, &pair), -1);
	config = (struct sampan_pair_config){ .size = sizeof(config), .mtu_bytes = 575 };
	EXPECT_EQ(sampan_pair_open(&config, &pair), -1);
	config = (struct sampan_pair_config){ .size = 1 };
	EXPECT_EQ(sampan_pair_open(&config, &pair), -1);
}
