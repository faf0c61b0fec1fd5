/*
 * link_box.c - boxes that alter TCP: what changes, what does not, and that
 * checksums stay right.
 */
#include "lib/test.h"

#include <stdlib.h>

#include "base/rng.h"
#include "lib/segment.h"
#include "link/box.h"
#include "link/packet.h"
#include "wire/eth.h"

static const struct sp_key key = { { 7, 8 } };
static const struct sp_key other_key = { { 9, 8 } };

static const struct tcp_opts syn_opts = { .has_mss = true, .mss = 1460, .has_wscale = true,
	.wscale = 7, .sack_permitted = true, .has_ts = true, .tsval = 1, .tsecr = 2 };

struct passed {
	uint8_t bytes[200];
	uint32_t len;
	struct frame_tcp t;
	bool changed;
};

static struct passed
pass(const struct sp_box *box, const struct sp_key *k, const struct segment *s)
{
	struct passed p;

	p.len = segment_make(p.bytes, s);
	p.changed = sp_box_pass(box, k, p.bytes, p.len);
	EXPECT(segment_is_sound(p.bytes, p.len));
	EXPECT(frame_tcp_read(&p.t, p.bytes, p.len));
	return p;
}

TEST(box_without_a_task_changes_nothing)
{
	const struct passed p = pass(&(struct sp_box){ 0 }, &key,
	    &(struct segment){ .flags = TCP_SYN, .opts = syn_opts });

	EXPECT(!p.changed);
	EXPECT_EQ(p.t.opts.mss, 1460);
}

TEST(box_strips_the_options_it_is_told)
{
	const struct passed p = pass(&(struct sp_box){ .strip = 1u << SP_STRIP_SACK |
	    1u << SP_STRIP_WSCALE }, &key, &(struct segment){ .flags = TCP_SYN,
	    .opts = syn_opts });

	EXPECT(p.changed);
	EXPECT(!p.t.opts.sack_permitted);
	EXPECT(!p.t.opts.has_wscale);
	EXPECT(p.t.opts.has_ts);
	EXPECT_EQ(p.t.opts.tsval, 1);
	EXPECT_EQ(p.t.opts.mss, 1460);
}

TEST(box_strips_all_options)
{
	const struct passed p = pass(&(struct sp_box){ .strip = 0x1f }, &key,
	    &(struct segment){ .flags = TCP_SYN, .opts = syn_opts });

	EXPECT(!p.t.opts.has_mss && !p.t.opts.has_wscale && !p.t.opts.has_ts &&
	    !p.t.opts.sack_permitted);
	EXPECT(!p.t.opts.malformed);
}

/* A larger MSS is cut, its own and a smaller one are left. */
TEST(box_clamps_the_mss)
{
	const struct sp_box box = { .mss_bytes = 1400 };
	const uint16_t was[] = { 1399, 1400, 1401, 65535 }, is[] = { 1399, 1400, 1400, 1400 };

	for (unsigned i = 0; i < 4; i++) {
		const struct passed p = pass(&box, &key, &(struct segment){ .flags = TCP_SYN,
		    .opts = { .has_mss = true, .mss = was[i] } });

		EXPECT_EQ(p.t.opts.mss, is[i]);
		EXPECT_EQ(p.changed, was[i] != is[i]);
	}
}

/* There and back: what one direction adds the other takes away. */
TEST(box_moves_sequence_numbers_both_ways)
{
	const struct sp_box box = { .seq = SP_BOX_SEQ_MOVED };
	const uint32_t seqs[] = { 1000, 0xfffffff0 };

	for (unsigned i = 0; i < 2; i++) {
		const struct passed there = pass(&box, &key, &(struct segment){ .from = 1, .to = 2,
		    .src_port = 5, .dst_port = 6, .flags = TCP_ACK, .seq = seqs[i], .len = 10 });
		const uint32_t moved = there.t.h.seq;
		const struct passed back = pass(&box, &key, &(struct segment){ .from = 2, .to = 1,
		    .src_port = 6, .dst_port = 5, .flags = TCP_ACK, .ack = moved + 10,
		    .opts = { .sack_count = 1, .sack = { { moved + 20, moved + 30 } } } });

		EXPECT(moved != seqs[i]);
		EXPECT_EQ(back.t.h.ack, (uint32_t)(seqs[i] + 10));
		EXPECT_EQ(back.t.opts.sack[0].left, (uint32_t)(seqs[i] + 20));
		EXPECT_EQ(back.t.opts.sack[0].right, (uint32_t)(seqs[i] + 30));
	}
}

TEST(box_that_is_sack_blind_moves_all_but_sack)
{
	const struct sp_box box = { .seq = SP_BOX_SEQ_SACK_BLIND };
	const struct passed back = pass(&box, &key, &(struct segment){ .flags = TCP_ACK,
	    .ack = 1000, .opts = { .sack_count = 1, .sack = { { 2000, 3000 } } } });

	EXPECT(back.t.h.ack != 1000);
	EXPECT_EQ(back.t.opts.sack[0].left, 2000);
	EXPECT_EQ(back.t.opts.sack[0].right, 3000);
}

TEST(box_moves_by_its_key_and_the_connection)
{
	const struct sp_box box = { .seq = SP_BOX_SEQ_MOVED };
	const struct passed a = pass(&box, &key, &(struct segment){ .src_port = 5 });
	const struct passed b = pass(&box, &key, &(struct segment){ .src_port = 6 });
	const struct passed c = pass(&box, &other_key, &(struct segment){ .src_port = 5 });

	EXPECT(a.t.h.seq != b.t.h.seq);
	EXPECT(a.t.h.seq != c.t.h.seq);
	EXPECT_EQ(a.t.h.ack, 0);	/* no ACK flag: no number */
}

TEST(box_erases_ecn)
{
	const struct sp_box box = { .strip = 1u << SP_STRIP_ECN };

	EXPECT_EQ(pass(&box, &key, &(struct segment){ .tos = 0xba }).t.tos, 0xb8);
	EXPECT(!pass(&box, &key, &(struct segment){ .tos = 0xb8 }).changed);
}

/* RFC 3168 §5: Not-ECT stays, ECT(0), ECT(1) and CE are CE. */
TEST(packet_marks_what_may_be_marked)
{
	uint8_t bytes[200];

	for (unsigned ecn = 0; ecn < 4; ecn++) {
		const uint32_t len = segment_make(bytes, &(struct segment){
		    .tos = (uint8_t)(0xb8 | ecn) });
		struct sp_packet packet;

		EXPECT(sp_packet_look(&packet, bytes, len));
		EXPECT_EQ(sp_packet_mark(&packet), ecn != 0);
		EXPECT_EQ(bytes[ETH_HDR_LEN + 1], ecn == 0 ? 0xb8 : 0xbb);
		EXPECT(segment_is_sound(bytes, len));
	}
}

/* Any bytes: nothing is read or written behind the frame (a sanitizer looks). */
TEST(box_takes_any_bytes)
{
	const struct sp_box box = { .strip = 0x3f, .mss_bytes = 1, .seq = SP_BOX_SEQ_MOVED };
	uint8_t *bytes;
	struct sp_rng rng;

	sp_rng_init(&rng, (const uint64_t[2]){ 3, 4 });
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t whole[200];
		uint32_t len = segment_make(whole, &(struct segment){ .flags = TCP_SYN,
		    .opts = syn_opts });

		for (unsigned k = 0; k < 3; k++)
			whole[12 + sp_rng_below(&rng, len - 12)] = (uint8_t)sp_rng_u64(&rng);
		len = sp_rng_below(&rng, len + 1);
		bytes = malloc(len + 1);
		EXPECT(bytes != NULL);
		memcpy(bytes, whole, len);
		(void)sp_box_pass(&box, &key, bytes, len);
		free(bytes);
	}
}
