/*
 * sack_out.c - the blocks that we report.  RFC 2018 §3, §4; RFC 2883 §4.
 */
#include "lib/fx_loss.h"

static struct fx
with_sack(void)
{
	return fx_established(.sack = true);
}

/* Text of the peer's that does not begin where it should. */
static void
arrives(struct fx *f, uint32_t from, uint32_t to)
{
	peer_sends(f, .seq = fx_their(f, from), .len = to - from);
}

/* The peer's stream is in order up to `at` now: acknowledgements say so. */
static void
in_order_to(struct fx *f, uint32_t at)
{
	f->rcv_nxt = fx_their(f, at);
}

/* ---- RFC 2018 ---- */

TEST_TWICE(established_text_behind_gap_is_reported)
{
	struct fx f = with_sack();

	COVERS("R-2018-2", "R-2018-4", "R-5681-20", "SHLD-31");
	arrives(&f, 100, 200);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 100, 200 });
	expect_quiet(&f);
}

TEST_TWICE(established_without_sack_nothing_is_reported)
{
	struct fx f = fx_established();

	COVERS("R-2018-3");
	arrives(&f, 100, 200);
	expect_segment(&f, .flags = TCP_ACK);
	expect_no_blocks(&f);
}

/* A FIN behind a gap has a sequence number too: without it the peer would not know
 * its last segment for delivered. */
TEST_TWICE(established_fin_behind_gap_is_reported)
{
	struct fx f = with_sack();

	COVERS("R-2018-2");
	peer_sends(&f, .flags = TCP_ACK | TCP_FIN, .seq = fx_their(&f, 100), .len = 100);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 100, 201 });
	expect_quiet(&f);
}

/* §4: the first block is the one that holds what came last. */
TEST_TWICE(established_newest_arrival_is_first_block)
{
	struct fx f = with_sack();

	COVERS("R-2018-6", "R-2018-7", "R-2018-5");
	arrives(&f, 500, 600);
	expect_segment(&f, .flags = TCP_ACK);
	arrives(&f, 100, 200);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 100, 200 }, { 500, 600 });
	arrives(&f, 300, 400);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 300, 400 }, { 100, 200 }, { 500, 600 });
	arrives(&f, 600, 700);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 500, 700 }, { 300, 400 }, { 100, 200 });
}

/* A block is the whole contiguous stretch, whatever pieces it came in. */
TEST_TWICE(established_neighbouring_arrivals_are_one_block)
{
	struct fx f = with_sack();

	COVERS("R-2018-6");
	arrives(&f, 300, 400);
	arrives(&f, 100, 200);
	fx_drop(&f);
	arrives(&f, 200, 300);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 100, 400 });
}

TEST_TWICE(established_five_islands_report_the_latest_four)
{
	struct fx f = with_sack();

	COVERS("R-2018-2", "R-2018-7");
	for (uint32_t i = 1; i <= 5; i++) {
		arrives(&f, i * 200, i * 200 + 100);
		expect_segment(&f, .flags = TCP_ACK);
	}
	expect_blocks(&f, { 1000, 1100 }, { 800, 900 }, { 600, 700 }, { 400, 500 });
}

TEST_TWICE(established_beside_timestamps_three_blocks_fit)
{
	struct fx f = fx_established(.sack = true, .ts = true);

	COVERS("R-2018-2");
	for (uint32_t i = 1; i <= 5; i++) {
		arrives(&f, i * 200, i * 200 + 100);
		expect_segment(&f, .flags = TCP_ACK, .ts = 1);
	}
	expect_blocks(&f, { 1000, 1100 }, { 800, 900 }, { 600, 700 });
}

/* Each block is reported in several acknowledgements, so that one may be lost. */
TEST_TWICE(established_each_block_is_reported_three_times)
{
	struct fx f = fx_established(.sack = true, .ts = true);
	unsigned reports = 0;

	COVERS("R-2018-7");
	for (uint32_t i = 1; i <= 6; i++) {
		arrives(&f, i * 200, i * 200 + 100);
		expect_segment(&f, .flags = TCP_ACK);
		for (unsigned k = 0; k < f.seg.tcp.opts.sack_count; k++)
			reports += f.seg.tcp.opts.sack[k].left == fx_their(&f, 200).raw;
	}
	EXPECT_EQ(reports, 3);
}

/* While something is held behind a gap, the acknowledgement of text that fills
 * only a part of the gap reports it. */
TEST_TWICE(established_partly_filled_gap_is_still_reported)
{
	struct fx f = with_sack();

	COVERS("R-2018-4", "R-5681-20");
	arrives(&f, 300, 400);
	fx_drop(&f);
	arrives(&f, 0, 100);
	expect_segment(&f, .flags = TCP_ACK, .ack = fx_their(&f, 100));
	expect_blocks(&f, { 300, 400 });
}

/* Text of ours that is about to leave does not keep the report back. */
TEST_TWICE(established_gap_is_reported_though_text_leaves)
{
	struct fx f = with_sack();

	COVERS("R-2018-4", "R-2018-5");
	arrives(&f, 300, 400);
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 300, 400 });
	expect_segment(&f, .flags = TCP_ACK, .len = 10, .seq = fx_our(&f, 0));
	expect_quiet(&f);
}

TEST_TWICE(established_duplicate_is_reported_though_text_leaves)
{
	struct fx f = with_sack();

	COVERS("R-2883-1");
	arrives(&f, 0, 300);
	fx_drop(&f);
	arrives(&f, 0, 300);
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 0, 300 });
	expect_segment(&f, .flags = TCP_ACK, .len = 10, .seq = fx_our(&f, 0));
}

TEST_TWICE(established_filled_gap_is_reported_no_more)
{
	struct fx f = with_sack();

	COVERS("R-2018-4", "R-5681-20");
	arrives(&f, 100, 200);
	arrives(&f, 300, 400);
	fx_drop(&f);
	arrives(&f, 0, 100);
	in_order_to(&f, 200);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 300, 400 });
	arrives(&f, 200, 300);
	in_order_to(&f, 400);
	expect_segment(&f, .flags = TCP_ACK);
	expect_no_blocks(&f);
	EXPECT_EQ(fx_read(&f, 1000), 400);
}

/* Twenty segments behind one gap, as one batch: one acknowledgement may say it
 * (MUST-58), and it says all. */
TEST_TWICE(established_batch_behind_gap_is_reported_whole)
{
	struct fx f = with_sack();

	COVERS("MUST-58", "R-2018-5");
	for (uint32_t i = 1; i <= 20; i++)
		arrives(&f, i * 1000, i * 1000 + 1000);
	fx_pump(&f);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 1000, 21000 });
}

/* ---- RFC 2883: duplicates ---- */

/* §4.1.1: below the cumulative acknowledgement, once. */
TEST_TWICE(established_duplicate_is_reported_once)
{
	struct fx f = with_sack();

	COVERS("R-2883-1", "R-2883-2", "R-2883-4");
	arrives(&f, 0, 300);
	fx_drop(&f);
	peer_sends(&f, .seq = fx_their(&f, 100), .len = 100);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 100, 200 });
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_segment(&f, .flags = TCP_ACK, .len = 10, .seq = fx_our(&f, 0));
	expect_no_blocks(&f);
}

/* §4: only the octets that came twice. */
TEST_TWICE(established_partial_duplicate_reports_its_part)
{
	struct fx f = with_sack();

	COVERS("R-2883-4");
	arrives(&f, 0, 300);
	fx_drop(&f);
	peer_sends(&f, .seq = fx_their(&f, 200), .len = 200);
	in_order_to(&f, 400);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 200, 300 });
}

/* §4.1.2, §4.2.1: a duplicate comes before the blocks that are held. */
TEST_TWICE(established_duplicate_goes_before_held_blocks)
{
	struct fx f = with_sack();

	COVERS("R-2883-1");
	arrives(&f, 0, 100);
	arrives(&f, 500, 600);
	fx_drop(&f);
	peer_sends(&f, .seq = fx_their(&f, 0), .len = 100);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 0, 100 }, { 500, 600 });
}

/* §4.2.2: a duplicate of what is held: the second block is the one around it. */
TEST_TWICE(established_duplicate_of_held_text_names_the_block_around)
{
	struct fx f = with_sack();

	COVERS("R-2883-3");
	arrives(&f, 1000, 1100);
	arrives(&f, 500, 900);
	fx_drop(&f);
	arrives(&f, 600, 700);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 600, 700 }, { 500, 900 }, { 1000, 1100 });
}

/* One duplicate takes the place of a block when there is no room for all. */
TEST_TWICE(established_duplicate_leaves_room_for_three_blocks)
{
	struct fx f = with_sack();

	COVERS("R-2883-1", "R-2018-2");
	arrives(&f, 0, 100);
	for (uint32_t i = 1; i <= 4; i++)
		arrives(&f, i * 200, i * 200 + 100);
	fx_drop(&f);
	peer_sends(&f, .seq = fx_their(&f, 0), .len = 100);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 0, 100 }, { 800, 900 }, { 600, 700 }, { 400, 500 });
}

/* What the window does not reach is no duplicate and is not reported. */
TEST_TWICE(established_text_beyond_window_is_not_reported)
{
	struct fx f = with_sack();

	peer_sends(&f, .seq = seq_add(f.rcv_nxt, f.rcv_wnd), .len = 100, .refused = true);
	expect_segment(&f, .flags = TCP_ACK);
	expect_no_blocks(&f);
}
