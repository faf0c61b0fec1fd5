/*
 * sock_verdict.c - sampan_input() says in each frame why it was dropped, which
 * a capture shows.
 */
#include "lib/fx.h"

/* A batch of n frames of so many bytes, from the MAC address that our own is
 * to, or to another. */
static void
expect_verdict(struct fx *f, uint8_t to, uint32_t len, unsigned reason)
{
	uint8_t bytes[64] = { 2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, 2, 0x12, 0x34 };
	struct sampan_frame frames[20];

	for (unsigned i = 0; i < 20; i++)
		frames[i] = (struct sampan_frame){ .len = i % 2 ? len : 60, .slices = 1,
		    .slice[0] = { bytes, i % 2 ? len : 60 }, .drop = 0xffff };
	EXPECT_EQ(sampan_input(f->s, f->link, frames, 20, f->now), 0);
	for (unsigned i = 0; i < 20; i++)
		EXPECT_EQ(frames[i].drop, 1 + (i % 2 ? reason : SAMPAN_DROP_FRAME_TYPE));
}

TEST(input_says_of_each_frame_of_a_batch_why_it_was_dropped)
{
	struct fx f = fx_listen();

	expect_verdict(&f, 1, 13, SAMPAN_DROP_FRAME_SHORT);
	expect_verdict(&f, 1, 60, SAMPAN_DROP_FRAME_TYPE);
}

/* Who has 10.0.0.1? */
static const uint8_t arp[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1,
    8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1 };

TEST(input_says_nothing_of_a_frame_that_was_taken)
{
	struct fx f = fx_listen();
	uint8_t bad[60];
	struct sampan_frame frames[2] = {
		{ .len = 60, .slices = 1, .slice[0] = { bad, 60 }, .drop = 0xffff },
		{ .len = 60, .slices = 1, .slice[0] = { arp, 60 }, .drop = 0xffff },
	};

	memcpy(bad, arp, sizeof(bad));
	bad[19] = 9;		/* no such length of an address */
	EXPECT_EQ(sampan_input(f.s, f.link, frames, 2, f.now), 0);
	EXPECT_EQ(frames[0].drop, 1 + SAMPAN_DROP_ARP_MALFORMED);
	EXPECT_EQ(frames[1].drop, 0);
	fx_drop(&f);
}
