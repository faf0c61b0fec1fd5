/*
 * sack_in.c - what the peer's blocks mean to us.  RFC 2018 §5, RFC 6675 §5.1,
 * R-2018-12.
 */
#include "lib/fx_loss.h"

#define RTT SAMPAN_MS(100)

/* Ten segments are out, sent a round trip ago. */
static struct fx
ten_out(void)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	EXPECT_EQ(fx_write(&f, 10000), 10000);
	expect_text(&f, fx_our(&f, 0), 10000);
	fx_advance(&f, RTT);
	return f;
}

/* Only holes are repaired, in the order of the stream. */
TEST_TWICE(established_only_holes_are_repaired)
{
	struct fx f = ten_out();

	COVERS("R-6675-3", "R-5681-23");
	peer_sacks(&f, 1000, { 9000, 10000 }, { 5000, 7000 }, { 2000, 4000 });
	for (unsigned i = 0; i < 20; i++) {
		const struct fx_out *o = fx_next_out(&f);
		static const uint32_t holes[] = { 1, 4, 7, 8 };

		if (o == NULL) {
			EXPECT_EQ(i, 4);
			return;
		}
		EXPECT(i < 4);
		EXPECT_EQ(seq_diff(o->seq, fx_our(&f, 0)), holes[i] * 1000);
		EXPECT_EQ(o->tcp.len, 1000);
		fx_advance(&f, SAMPAN_MS(1));
		peer_sacks(&f, 1000, { 9000, 10000 }, { 5000, 7000 }, { 2000, 4000 });
	}
}

/* Blocks may be smaller than segments; what they leave is repaired exactly. */
TEST_TWICE(established_part_of_a_segment_is_repaired_alone)
{
	struct fx f = ten_out();

	COVERS("R-6675-3");
	peer_sacks(&f, 0, { 400, 10000 });
	expect_segment(&f, .flags = TCP_ACK, .seq = fx_our(&f, 0), .len = 400);
	expect_quiet(&f);
}

static void
expect_ignored(struct fx *f)
{
	EXPECT_EQ(fx_info(f).sacked_segs, 0);
	expect_quiet(f);
	expect_state(f, TCP_ESTABLISHED);
}

/* Beyond what was sent, below what is acknowledged, backwards, empty. */
TEST_TWICE(established_implausible_blocks_are_ignored)
{
	static const struct fx_block bad[] = { { 10000, 11000 }, { 9000, 10001 }, { 5000, 5000 },
		{ 6000, 5000 }, { 0, 0x80000000 }, { 3000, 0x7fffffff }, { 0x90000000, 5000 } };
	struct fx f = ten_out();

	COVERS("R-2018-12", "R-V-23");
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		peer_sacks(&f, 0, bad[i]);
		expect_ignored(&f);
	}
	peer_sacks(&f, 1000, { 500, 2000 });	/* begins below: a duplicate, if anything */
	expect_ignored(&f);
}

/* A block may hold our FIN, which is outstanding, but nothing behind it. */
TEST_TWICE(fin_wait_1_block_with_our_fin_counts)
{
	struct fx f = ten_out();

	COVERS("R-2018-12");
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	expect_segment(&f, .flags = TCP_ACK | TCP_FIN, .seq = fx_our(&f, 10000));
	fx_advance(&f, RTT);
	peer_sacks(&f, 0, { 9000, 10002 });
	EXPECT_EQ(fx_info(&f).sacked_segs, 0);
	peer_sacks(&f, 0, { 4000, 10001 });
	EXPECT_EQ(fx_info(&f).sacked_segs, 6);
}

TEST_TWICE(established_blocks_without_permission_are_ignored)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .sack = false);

	COVERS("R-2018-3", "R-2018-12");
	EXPECT_EQ(fx_write(&f, 5000), 5000);
	expect_text(&f, fx_our(&f, 0), 5000);
	fx_advance(&f, RTT);
	peer_sacks(&f, 0, { 1000, 5000 });
	expect_quiet(&f);
}

/* A good block beside bad ones still counts. */
TEST_TWICE(established_plausible_block_among_others_counts)
{
	struct fx f = ten_out();

	COVERS("R-2018-12");
	peer_sacks(&f, 0, { 20000, 21000 }, { 2000, 5000 }, { 7000, 7000 });
	EXPECT_EQ(fx_info(&f).sacked_segs, 3);
}

/* The same again says nothing new. */
TEST_TWICE(established_repeated_blocks_count_once)
{
	struct fx f = ten_out();

	COVERS("R-6675-1");
	for (unsigned i = 0; i < 50; i++)
		peer_sacks(&f, 0, { 9000, 10000 });
	EXPECT_EQ(fx_info(&f).sacked_segs, 1);
	expect_quiet(&f);
}

/* §5: what was selectively acknowledged stays in the queue until it is
 * acknowledged: the room is not the application's yet. */
TEST_TWICE(established_sacked_text_stays_queued)
{
	struct fx f = ten_out();
	int64_t queued = 0;

	COVERS("R-2018-8");
	peer_sacks(&f, 0, { 1000, 10000 });
	EXPECT_EQ(sampan_getopt(f.s, f.h, SAMPAN_OPT_OUTQ, &queued), 0);
	EXPECT_EQ(queued, 10000);
}

/* After a time-out what is known to be there is not sent again. */
TEST_TWICE(established_after_rto_sacked_text_is_not_repeated)
{
	struct fx f = ten_out();

	COVERS("R-6675-12", "5-D14");
	peer_sacks(&f, 0, { 1000, 9000 });
	fx_drop(&f);			/* the repair of segment 0 is lost */
	fx_advance(&f, SAMPAN_SEC(5));
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 9000));
	expect_seg(&f, 9);
	expect_quiet(&f);
}

/* A peer that reported a block and threw it away gets it again: R-2018-9. */
TEST_TWICE(established_reneging_peer_gets_everything_again)
{
	struct fx f = ten_out();
	uint32_t next = 0;

	COVERS("R-2018-9", "R-2018-8", "5-D14");
	peer_sacks(&f, 0, { 5000, 10000 });
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 5000));
	while (next < 10000) {			/* it never saw 5000 to 10000 after all */
		fx_wait(&f, SAMPAN_SEC(200));
		EXPECT(fx_next_out(&f) != NULL);
		next = seq_diff(f.seg.seq, fx_our(&f, 0)) + f.seg.tcp.len;
		EXPECT(next > 5000);
		peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, next));
	}
	expect_quiet(&f);
}

/* R-V-2: a hundred thousand reports of crumbs cost neither time nor memory
 * without bound. */
TEST_TWICE(established_crumbs_reported_stay_bounded)
{
	struct fx f = fx_with_rtt(.rtt = RTT);
	struct sampan_stats before, after;

	COVERS("R-V-2", "R-V-1");
	EXPECT_EQ(fx_write(&f, 10000), 10000);
	fx_drop(&f);
	sampan_stats(f.s, &before);
	for (uint32_t i = 0; i < 4999; i++)
		peer_sacks(&f, 0, { i * 2 + 1, i * 2 + 2 });
	sampan_stats(f.s, &after);
	EXPECT(after.used_bytes < before.used_bytes + 800000);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 10000));
	expect_quiet(&f);
}
