/*
 * dsack.c - how often a duplicate is reported.  RFC 2883 §4.
 */
#include "lib/fx_loss.h"

/* In one acknowledgement, not in those that follow. */
TEST_TWICE(established_duplicate_is_reported_once)
{
	struct fx f = fx_established(.sack = true);

	COVERS("R-2883-4");
	peer_sends(&f, .flags = TCP_ACK, .len = 300);
	fx_drop(&f);
	peer_sends(&f, .seq = fx_their(&f, 100), .len = 100);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 100, 200 });
	peer_sends(&f, .flags = TCP_ACK, .seq = fx_their(&f, 400), .len = 100);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 400, 500 });
	peer_sends(&f, .seq = fx_their(&f, 100), .len = 100);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 100, 200 }, { 400, 500 });
}

/* RFC 2018 §4, RFC 2883 §4: what is to be reported does not wait for text of ours,
 * beside which it has no room; nor does a duplicate for a peer without SACK, who
 * takes one with text for none (RFC 5681 §2). */
TEST_TWICE(established_gap_is_reported_before_text)
{
	struct fx f = fx_established(.sack = true);

	COVERS("R-2018-4", "R-2883-1", "R-5681-20");
	EXPECT_EQ(fx_write(&f, 100), 100);
	peer_sends(&f, .flags = TCP_ACK, .seq = fx_their(&f, 400), .len = 100, .ack = f.snd_una);
	expect_segment(&f, .flags = TCP_ACK, .seq = f.snd_una, .len = 0);
	expect_blocks(&f, { 400, 500 });
	expect_text(&f, f.snd_una, 100);
	expect_quiet(&f);
}

TEST_TWICE(established_without_sack_duplicates_go_before_text)
{
	struct fx f = fx_established();

	COVERS("R-5681-20", "R-5681-12");
	EXPECT_EQ(fx_write(&f, 100), 100);
	for (uint32_t i = 0; i < 3; i++)
		peer_sends(&f, .flags = TCP_ACK, .seq = fx_their(&f, 400 + i * 100), .len = 100,
		    .ack = f.snd_una);
	for (unsigned i = 0; i < 3; i++)
		expect_segment(&f, .flags = TCP_ACK, .seq = f.snd_una, .len = 0);
	expect_text(&f, f.snd_una, 100);
	expect_quiet(&f);
}

/* A peer that probes with its last octet is always answered, but told only now and
 * then that it was a duplicate: R-2883-6. */
TEST_TWICE(established_probes_with_text_are_not_all_duplicates)
{
	struct fx f = fx_established(.sack = true);

	COVERS("R-2883-6");
	peer_sends(&f, .flags = TCP_ACK, .len = 300);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .seq = fx_their(&f, 299), .len = 1);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 299, 300 });
	peer_sends(&f, .flags = TCP_ACK, .seq = fx_their(&f, 299), .len = 1);
	expect_segment(&f, .flags = TCP_ACK);
	expect_no_blocks(&f);
	fx_advance(&f, SAMPAN_SEC(1));
	peer_sends(&f, .flags = TCP_ACK, .seq = fx_their(&f, 299), .len = 1);
	expect_segment(&f, .flags = TCP_ACK);
	expect_blocks(&f, { 299, 300 });
}
