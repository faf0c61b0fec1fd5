/*
 * buf_recvq.c - the receive queue against a map of bytes; gaps, overlaps,
 * memory that runs out; and spans, which feed it.
 */
#include "lib/test.h"
#include "unit/buf_util.h"

#define WINDOW 40000u

/* The slow, obvious queue: what is held of the window behind `end`. */
struct run {
	struct sp_arena *a;
	struct sp_recvq q;
	struct sp_rng rng;
	uint32_t read, end;	/* places in the stream: read so far, in order */
	bool held[2 * WINDOW];	/* [i]: byte end + i is there */
};

static uint32_t
held_bytes(const struct run *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < 2 * WINDOW; i++)
		n += r->held[i];
	return n;
}

static void
move_on(struct run *r, uint32_t by)
{
	memmove(r->held, r->held + by, 2 * WINDOW - by);
	memset(r->held + 2 * WINDOW - by, 0, by);
	r->end += by;
}

/* Bytes [end + off, + len).  Those that are held already come wrong this time:
 * they must not replace the right ones. */
static struct sp_span
make(struct run *r, struct sampan_frame *f, uint32_t off, uint32_t len)
{
	static uint8_t data[2 * WINDOW];

	for (uint32_t i = 0; i < len; i++) {
		const uint8_t good = buf_byte(r->end + off + i);

		data[i] = r->held[off + i] && off > 0 ? (uint8_t)~good : good;
	}
	return buf_span(f, &r->rng, data, len);
}

static void
put(struct run *r)
{
	const uint32_t off = 1 + sp_rng_below(&r->rng, WINDOW);
	const uint32_t len = 1 + sp_rng_below(&r->rng, sp_rng_below(&r->rng, 3) ? 200 : 6000);
	struct sampan_frame f;
	const bool all = sp_recvq_put(&r->q, r->a, r->end + off, make(r, &f, off, len));

	for (uint32_t i = 0; i < len; i++) {
		const bool there = sp_recvq_find(&r->q, r->a, r->end + off + i) != NULL;

		EXPECT(there || !all);
		EXPECT(there || !r->held[off + i]);
		r->held[off + i] = there;
	}
}

/* Without loss of memory the end moves over everything that follows. */
static void
append(struct run *r, bool ample)
{
	const uint32_t len = 1 + sp_rng_below(&r->rng, sp_rng_below(&r->rng, 3) ? 100 : 5000);
	struct sampan_frame f;
	const struct sp_span span = make(r, &f, 0, len);
	uint32_t want = len, moved;

	while (r->held[want])
		want++;
	moved = sp_recvq_append(&r->q, r->a, r->end, span);
	EXPECT(ample ? moved == want : moved <= want);
	if (!ample)		/* it may have let go of what is behind gaps */
		for (uint32_t i = moved; i < 2 * WINDOW; i++)
			r->held[i] = sp_recvq_find(&r->q, r->a, r->end + i) != NULL;
	move_on(r, moved);
}

static void
take(struct run *r)
{
	static uint8_t data[2 * WINDOW];
	const uint32_t len = sp_rng_below(&r->rng, 8000);
	const uint32_t want = len < r->end - r->read ? len : r->end - r->read;
	const uint32_t n = sp_recvq_read(&r->q, r->a, data, len);

	EXPECT_EQ(n, want);
	for (uint32_t i = 0; i < n; i++)
		if (data[i] != buf_byte(r->read + i))
			EXPECT_EQ(i, n);
	r->read += n;
}

static void
play(uint64_t seed, size_t arena_bytes, bool ample)
{
	static struct run r;
	const uint32_t begin = (uint32_t)seed * 0x10000000u - 30000;

	memset(&r, 0, sizeof(r));
	r.a = buf_arena(arena_bytes);
	r.rng = base_rng(seed);
	r.read = r.end = begin;		/* some of them wrap */
	for (unsigned i = 0; i < 3000; i++) {
		const uint32_t lot = sp_rng_below(&r.rng, 8);

		if (lot < 4)
			put(&r);
		else if (lot < 6)
			append(&r, ample);
		else
			take(&r);
		EXPECT_EQ(r.q.bytes, r.end - r.read);
		EXPECT_EQ(r.q.part_bytes, held_bytes(&r));
		EXPECT(r.q.part_count <= SP_RECVQ_PARTS_MAX);
		EXPECT(i % 64 != 0 || sp_arena_check(r.a));
	}
	sp_recvq_clear(&r.q, r.a);
	EXPECT(sp_recvq_empty(&r.q));
	EXPECT(buf_all_given_back(r.a));
	free(r.a);
}

TEST(recvq_is_a_map_of_bytes)
{
	for (uint64_t seed = 0; seed < 16; seed++)
		play(seed, (size_t)4 << 20, true);
}

TEST(recvq_survives_exhaustion)
{
	for (uint64_t seed = 100; seed < 132; seed++)
		play(seed, (size_t)64 << 10, false);
}

static bool
put_at(struct sp_recvq *q, struct sp_arena *a, uint32_t pos, uint32_t len)
{
	static uint8_t data[10000];
	const struct sampan_frame f = { .len = len, .slices = 1, .slice = { { data, len } } };

	buf_fill(data, pos, len);
	return sp_recvq_put(q, a, pos, (struct sp_span){ &f, 0, len });
}

/* R-V-4, R-WND-17: crumbs behind gaps are bounded in number. */
TEST(recvq_holds_so_many_stretches_and_no_more)
{
	struct sp_arena *a = buf_arena((size_t)1 << 20);
	struct sp_recvq q = { 0 };
	unsigned kept = 0;

	COVERS("R-V-4", "R-WND-17");
	for (uint32_t i = 0; i < 2 * SP_RECVQ_PARTS_MAX; i++)
		kept += put_at(&q, a, 1 + 2 * i, 1);
	EXPECT_EQ(kept, SP_RECVQ_PARTS_MAX);
	EXPECT(put_at(&q, a, 2, 1));		/* joins two: there is room again */
	EXPECT_EQ(q.part_count, SP_RECVQ_PARTS_MAX - 1);
	sp_recvq_drop_parts(&q, a);
	EXPECT(sp_recvq_empty(&q));
	EXPECT(buf_all_given_back(a));
	free(a);
}

/* Of segments, as many as their bytes pay for; crumbs do not profit from them for long. */
TEST(recvq_holds_more_stretches_if_they_are_long)
{
	struct sp_arena *a = buf_arena((size_t)8 << 20);
	const uint32_t segs = 8 * SP_RECVQ_PARTS_MAX;
	struct sp_recvq q = { 0 };
	unsigned crumbs = 0;

	COVERS("R-WND-17");
	for (uint32_t i = 0; i < segs; i++)
		EXPECT(put_at(&q, a, 1000 + 2000 * i, 1000));
	EXPECT_EQ(q.part_count, segs);
	for (uint32_t i = 0; i < 4 * segs; i++)
		crumbs += put_at(&q, a, 2000 * segs + 2000 + 2 * i, 1);
	EXPECT(crumbs >= segs - SP_RECVQ_PARTS_MAX && crumbs <= segs);
	sp_recvq_clear(&q, a);
	EXPECT(buf_all_given_back(a));
	free(a);
}

/* R-V-4: the front, the end, and where the last one went are near; what is farther than
 * a search goes is refused. */
TEST(recvq_searches_no_farther_than_its_limit)
{
	struct sp_arena *a = buf_arena((size_t)8 << 20);
	const uint32_t segs = 8 * SP_RECVQ_PARTS_MAX;
	struct sp_recvq q = { 0 };

	COVERS("R-V-4");
	for (uint32_t i = 0; i < segs; i++)
		EXPECT(put_at(&q, a, 1000 + 2000 * i, 1000));
	EXPECT(!put_at(&q, a, 2000 * (SP_RECVQ_SEARCH_MAX + 1), 1000));
	EXPECT(sp_recvq_find(&q, a, 2000 * (SP_RECVQ_SEARCH_MAX + 2)) == NULL);
	for (uint32_t i = 2; i < segs; i += 2)		/* repairs come from the front on */
		EXPECT(put_at(&q, a, 2000 * i, 1000));
	EXPECT_EQ(q.part_count, segs / 2 + 1);
	EXPECT(sp_recvq_find(&q, a, 2000 * (segs - 2)) != NULL);
	sp_recvq_clear(&q, a);
	EXPECT(buf_all_given_back(a));
	free(a);
}

/* R-V-54: what is in order goes before what is behind a gap. */
TEST(recvq_in_order_text_displaces_what_is_behind_gaps)
{
	struct sp_arena *a = buf_arena((size_t)64 << 10);
	struct sp_recvq q = { 0 };
	static uint8_t data[1000];
	const struct sampan_frame f = { .len = 1000, .slices = 1, .slice = { { data, 1000 } } };
	uint32_t pos = 10000;

	COVERS("R-V-54");
	while (put_at(&q, a, pos, 5000))
		pos += 6000;
	buf_fill(data, 0, 1000);
	EXPECT_EQ(sp_recvq_append(&q, a, 0, (struct sp_span){ &f, 0, 1000 }), 1000);
	EXPECT_EQ(q.bytes, 1000);
	sp_recvq_clear(&q, a);
	EXPECT(buf_all_given_back(a));
	free(a);
}

/* ---- Spans ---- */

TEST(span_shows_the_bytes_across_head_and_slices)
{
	struct sp_rng rng = base_rng(7);
	uint8_t data[3000], copy[3000];
	struct sampan_frame f;

	buf_fill(data, 0, sizeof(data));
	for (unsigned i = 0; i < 3000; i++) {
		const uint32_t len = sp_rng_below(&rng, sizeof(data) + 1);
		const uint32_t skip = sp_rng_below(&rng, len + 1);
		struct sp_span span = sp_span_part(buf_span(&f, &rng, data, len), skip, len);
		struct sp_csum sum = { 0, false };
		uint32_t slow = 0;

		EXPECT_EQ(span.len, len - skip);
		memset(copy, 0, sizeof(copy));
		sp_span_copy(copy, span);
		EXPECT_MEM(copy, data + skip, span.len);
		for (uint32_t k = 0; k < span.len; k++)
			slow += (uint32_t)copy[k] << (k % 2 == 0 ? 8 : 0);
		while (slow >> 16 != 0)
			slow = (slow & 0xffff) + (slow >> 16);
		sp_span_csum(&sum, span, 0);
		EXPECT_EQ(sp_csum_fold(sum.sum) % 0xffff, slow % 0xffff);
	}
}
