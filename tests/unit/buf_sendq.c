/*
 * buf_sendq.c - the send queue against an array of bytes; what frames show
 * outlives the queue.
 */
#include "lib/test.h"
#include "unit/buf_util.h"

#define SHOWN_MAX 64

/* What a frame shows, and what it should. */
struct shown {
	struct sampan_frame f;
	uint32_t pos, len;
};

struct run {
	struct sp_arena *a;
	struct sp_sendq q;
	struct sp_rng rng;
	uint32_t first, end;	/* places in the stream that the queue holds */
	struct shown shown[SHOWN_MAX];
	unsigned shown_count;
};

static void
append(struct run *r, uint32_t most)
{
	static uint8_t data[70000];
	const uint32_t len = sp_rng_below(&r->rng, most);
	uint32_t done;

	buf_fill(data, r->end, len);
	if (sp_rng_below(&r->rng, 2) != 0)
		done = sp_sendq_append_sum(&r->q, r->a, data, len, sp_rng_below(&r->rng, 2));
	else
		done = sp_sendq_append(&r->q, r->a, data, len);
	EXPECT(done <= len);
	r->end += done;
	memset(data, 0xee, len);
}

static void
drop(struct run *r)
{
	const uint32_t n = sp_rng_below(&r->rng, r->q.bytes + 1);

	sp_sendq_drop(&r->q, r->a, n);
	r->first += n;
}

static void
check_shown(const struct shown *s)
{
	uint32_t pos = s->pos;

	for (unsigned i = 0; i < s->f.slices; i++)
		for (uint32_t k = 0; k < s->f.slice[i].len; k++)
			if (s->f.slice[i].data[k] != buf_byte(pos++))
				EXPECT(false);
	EXPECT_EQ(pos - s->pos, s->len);
}

/* With the sums that chunks keep, and behind an odd octet too, as without. */
static void
check_sum(const struct run *r, const struct sampan_frame *f)
{
	for (unsigned odd = 0; odd < 2; odd++) {
		struct sp_csum kept = { 1, odd != 0 }, plain = { 1, odd != 0 };

		sp_sendq_csum(&kept, r->a, f, SP_CSUM_PORTABLE);
		for (unsigned i = 0; i < f->slices; i++)
			sp_csum_feed(&plain, f->slice[i].data, f->slice[i].len, SP_CSUM_PORTABLE);
		EXPECT_EQ(sp_csum_fold(kept.sum), sp_csum_fold(plain.sum));
		EXPECT_EQ(kept.odd, plain.odd);
	}
}

static void
show(struct run *r)
{
	struct shown *s = &r->shown[r->shown_count];
	const uint32_t off = sp_rng_below(&r->rng, r->q.bytes + 1);
	const uint32_t len = sp_rng_below(&r->rng, r->q.bytes - off + 1);

	if (r->shown_count == SHOWN_MAX)
		return;
	*s = (struct shown){ .pos = r->first + off };
	s->len = sp_sendq_show(&r->q, r->a, off, len, &s->f);
	check_sum(r, &s->f);
	EXPECT(s->len <= len);
	EXPECT(s->len == len || s->f.slices == SAMPAN_FRAME_SLICES);
	check_shown(s);
	r->shown_count++;
}

/* Any of them, not in order. */
static void
sent(struct run *r)
{
	const unsigned i = r->shown_count > 0 ? sp_rng_below(&r->rng, r->shown_count) : 0;
	struct shown *s = &r->shown[i];

	if (r->shown_count == 0)
		return;
	check_shown(s);
	for (unsigned k = 0; k < s->f.slices; k++)
		sp_chunk_unpin(r->a, s->f.slice[k].data);
	*s = r->shown[--r->shown_count];
}

static void
play(uint64_t seed, size_t arena_bytes, uint32_t most)
{
	struct run r = { .a = buf_arena(arena_bytes), .rng = base_rng(seed) };

	for (unsigned i = 0; i < 4000; i++) {
		switch (sp_rng_below(&r.rng, 5)) {
		case 0: drop(&r); break;
		case 1: show(&r); break;
		case 2: sent(&r); break;
		default: append(&r, most); break;
		}
		EXPECT_EQ(r.q.bytes, r.end - r.first);
		EXPECT(i % 64 != 0 || sp_arena_check(r.a));
	}
	sp_sendq_clear(&r.q, r.a);
	for (unsigned i = 0; i < r.shown_count; i++)
		check_shown(&r.shown[i]);	/* though nothing queues it */
	while (r.shown_count > 0)
		sent(&r);
	EXPECT(buf_all_given_back(r.a));
	free(r.a);
}

TEST(sendq_is_an_array_of_bytes)
{
	for (uint64_t seed = 0; seed < 10; seed++)
		play(seed, (size_t)4 << 20, 3000);
}

TEST(sendq_takes_small_pieces)
{
	for (uint64_t seed = 0; seed < 10; seed++)
		play(100 + seed, (size_t)1 << 20, 20);
}

/* What does not fit is not taken, and nothing else is disturbed. */
TEST(sendq_survives_exhaustion)
{
	for (uint64_t seed = 0; seed < 20; seed++)
		play(200 + seed, (size_t)64 << 10, 20000);
}

/* RFC 1071 §1: what adds up to zero is 0xffff; a chunk of zeros knows its sum all the same. */
TEST(sendq_sum_of_zeros_is_known)
{
	struct sp_arena *a = buf_arena((size_t)1 << 20);
	static const uint8_t data[SP_CHUNK_LARGE_BYTES];
	struct sp_sendq q = { 0 };
	struct sampan_frame f = { 0 };
	struct sp_csum sum = { 7, false };

	EXPECT_EQ(sp_sendq_append_sum(&q, a, data, sizeof(data), 0), sizeof(data));
	EXPECT_EQ(sp_chunk_at(a, q.chain.head)->sum, 0xffff);
	EXPECT_EQ(sp_sendq_show(&q, a, 0, sizeof(data), &f), sizeof(data));
	sp_sendq_csum(&sum, a, &f, 0);
	EXPECT_EQ(sp_csum_fold(sum.sum), sp_csum_fold(7));
	for (unsigned i = 0; i < f.slices; i++)
		sp_chunk_unpin(a, f.slice[i].data);
	sp_sendq_clear(&q, a);
	free(a);
}

TEST(sendq_empty_holds_no_memory)
{
	struct sp_arena *a = buf_arena((size_t)64 << 10);
	struct sp_sendq q = { 0 };
	uint8_t data[1000] = { 1 };

	EXPECT_EQ(sp_sendq_append(&q, a, data, sizeof(data)), sizeof(data));
	EXPECT(a->pool[SP_KIND_SMALL].objects + a->pool[SP_KIND_LARGE].objects > 0);
	sp_sendq_drop(&q, a, sizeof(data));
	EXPECT(buf_all_given_back(a));
	EXPECT_EQ(sp_sendq_append(&q, a, data, 0), 0);
	EXPECT(buf_all_given_back(a));
	free(a);
}

/* chunk.h: a small message never occupies a large chunk. */
TEST(sendq_small_message_takes_a_small_chunk)
{
	struct sp_arena *a = buf_arena((size_t)1 << 20);
	struct sp_sendq q = { 0 };
	uint8_t data[100] = { 1 };

	EXPECT_EQ(sp_sendq_append(&q, a, data, sizeof(data)), sizeof(data));
	EXPECT_EQ(a->pool[SP_KIND_LARGE].objects, 0);
	EXPECT_EQ(a->pool[SP_KIND_SMALL].objects, 1);
	sp_sendq_clear(&q, a);
	free(a);
}
