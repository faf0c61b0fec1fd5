/*
 * link_queue.c - drop-tail, RED, CoDel and FQ-CoDel, one decision at a time.
 */
#include "lib/test.h"

#include <stdlib.h>

#include "lib/segment.h"
#include "link/queue.h"
#include "wire/bytes.h"

#define FRAME_DUR SAMPAN_MS(1)

static struct sp_queue
queue_of(const struct sp_queue_config *config)
{
	struct sp_queue q;

	EXPECT(sp_queue_open(&q, config, (const uint64_t[2]){ 1, 2 }));
	return q;
}

static struct sp_parcel *
parcel_of(const struct segment *s)
{
	struct sp_parcel *p = malloc(sizeof(*p) + 2000);

	EXPECT(p != NULL);
	p->len = segment_make(p->bytes, s);
	return p;
}

/* 1,000 bytes with a number, of a connection of that port. */
static void
push(struct sp_queue *q, uint32_t number, uint16_t port, sampan_time now)
{
	sp_queue_push(q, parcel_of(&(struct segment){ .src_port = port, .seq = number,
	    .len = 1000 - 54, .tos = 2 }), now, 0, FRAME_DUR);
}

/* -1: none. */
static int64_t
pop(struct sp_queue *q, sampan_time now)
{
	struct sp_parcel *p = sp_queue_pop(q, now);
	const int64_t number = p == NULL ? (int64_t)-1 : (int64_t)be32_get(p->bytes + 38);

	free(p);
	return number;
}

/* ---- Drop-tail ---- */

TEST(droptail_keeps_order_and_drops_what_does_not_fit)
{
	struct sp_queue q = queue_of(&(struct sp_queue_config){ .limit_bytes = 3000 });

	for (uint32_t i = 0; i < 5; i++)
		push(&q, i, 1, 0);
	EXPECT_EQ(q.bytes, 3000);
	EXPECT_EQ(q.full, 2);
	EXPECT_EQ(pop(&q, 1), 0);
	push(&q, 9, 1, 2);
	EXPECT_EQ(pop(&q, 3), 1);
	EXPECT_EQ(pop(&q, 3), 2);
	EXPECT_EQ(pop(&q, 3), 9);
	EXPECT_EQ(pop(&q, 3), -1);
	EXPECT_EQ(q.held_bytes, 0);
	sp_queue_close(&q);
}

TEST(droptail_counts_what_is_passing)
{
	struct sp_queue q = queue_of(&(struct sp_queue_config){ .limit_bytes = 1500 });

	sp_queue_push(&q, parcel_of(&(struct segment){ .len = 946 }), 0, 501, FRAME_DUR);
	EXPECT_EQ(q.full, 1);
	sp_queue_push(&q, parcel_of(&(struct segment){ .len = 946 }), 0, 500, FRAME_DUR);
	EXPECT_EQ(q.full, 1);
	sp_queue_close(&q);
}

/* ---- CoDel ---- */

static const struct sp_queue_config codel = { .kind = SP_QUEUE_CODEL, .limit_bytes = 1 << 20,
	.target_dur = SAMPAN_MS(5), .interval_dur = SAMPAN_MS(100) };

/* A standing queue of 20 ms: one frame in and one out each millisecond. */
static int64_t
stand(struct sp_queue *q, uint32_t ms)
{
	push(q, ms, 1, SAMPAN_MS(ms));
	return pop(q, SAMPAN_MS(ms));
}

static void
fill(struct sp_queue *q)
{
	for (uint32_t i = 0; i < 20; i++)
		push(q, i, 1, SAMPAN_MS(i));
}

/* RFC 8289 §5: first after an interval above the target, then after
 * interval / sqrt(2), interval / sqrt(3) more. */
TEST(codel_drops_by_its_control_law)
{
	struct sp_queue q = queue_of(&codel);
	uint64_t last = 0;
	uint32_t at[4] = { 0 };
	unsigned n = 0;

	fill(&q);
	for (uint32_t ms = 20; ms < 400 && n < 4; ms++) {
		(void)stand(&q, ms);
		if (q.early > last)
			at[n++] = ms;
		last = q.early;
	}
	EXPECT_EQ(at[0], 120);
	EXPECT_EQ(at[1], 120 + 100);
	EXPECT_EQ(at[2], 120 + 100 + 71);
	EXPECT_EQ(at[3], 120 + 100 + 71 + 58);
	EXPECT_EQ(q.full, 0);
	sp_queue_close(&q);
}

/* Never above the target for an interval: nothing is dropped. */
TEST(codel_leaves_bursts_alone)
{
	struct sp_queue q = queue_of(&codel);

	for (uint32_t round = 0; round < 10; round++) {
		for (uint32_t i = 0; i < 50; i++)
			push(&q, i, 1, SAMPAN_MS(100 * round));
		for (uint32_t i = 0; i < 50; i++)
			EXPECT_EQ(pop(&q, SAMPAN_MS(100 * round + i)), i);
	}
	EXPECT_EQ(q.early, 0);
	sp_queue_close(&q);
}

TEST(codel_marks_instead_where_it_may)
{
	struct sp_queue_config marking = codel;
	struct sp_queue q;

	marking.ecn = true;
	q = queue_of(&marking);
	fill(&q);
	for (uint32_t ms = 20; ms < 240; ms++)
		EXPECT_EQ(stand(&q, ms), ms - 20);
	EXPECT_EQ(q.early, 0);
	EXPECT_EQ(q.marked, 2);
	sp_queue_close(&q);
}

/* ---- FQ-CoDel ---- */

static const struct sp_queue_config fq_codel = { .kind = SP_QUEUE_FQ_CODEL,
	.limit_bytes = 20000, .target_dur = SAMPAN_MS(5), .interval_dur = SAMPAN_MS(100) };

/* Two frames of 1,000 make a quantum of 1,514, the second on credit: RFC 8290 §4.2. */
TEST(fq_codel_serves_flows_in_turn)
{
	static const int64_t order[] = { 0, 1, 100, 101, 2, 3, 102, 103 };
	struct sp_queue q = queue_of(&fq_codel);

	for (uint32_t i = 0; i < 4; i++)
		push(&q, i, 1, 0);
	for (uint32_t i = 0; i < 4; i++)
		push(&q, 100 + i, 2, 0);
	for (unsigned i = 0; i < 8; i++)
		EXPECT_EQ(pop(&q, 1), order[i]);
	EXPECT_EQ(pop(&q, 1), -1);
	sp_queue_close(&q);
}

TEST(fq_codel_lets_a_sparse_flow_pass_a_standing_one)
{
	struct sp_queue q = queue_of(&fq_codel);

	for (uint32_t i = 0; i < 10; i++)
		push(&q, i, 1, 0);
	(void)pop(&q, 1);
	(void)pop(&q, 1);
	(void)pop(&q, 1);
	push(&q, 500, 2, 2);
	EXPECT_EQ(pop(&q, 2), 500);
	sp_queue_close(&q);
}

/* RFC 8290 §4.1.2: from the head of the longest. */
TEST(fq_codel_when_full_takes_from_the_longest)
{
	struct sp_queue q = queue_of(&fq_codel);

	push(&q, 500, 2, 0);
	for (uint32_t i = 0; i < 25; i++)
		push(&q, i, 1, 0);
	EXPECT_EQ(q.full, 6);
	EXPECT_EQ(q.bytes, 20000);
	EXPECT_EQ(pop(&q, 1), 500);
	EXPECT_EQ(pop(&q, 1), 6);
	sp_queue_close(&q);
	EXPECT_EQ(q.held_bytes, 0);
}

/* ---- RED ---- */

static const struct sp_queue_config red = { .kind = SP_QUEUE_RED, .limit_bytes = 1 << 20,
	.red_min_bytes = 10000, .red_max_bytes = 30000, .red_ppb = 100000000 };

/* A standing queue of so many frames of 1,000 bytes; the share of 20,000 that is
 * dropped behind 5,000 for the average to settle, in thousandths. */
static unsigned
dropped_at(struct sp_queue *q, unsigned frames)
{
	uint64_t before = 0;

	for (uint32_t i = 0; i < 25000; i++) {
		while (q->bytes < frames * 1000)
			push(q, i, 1, SAMPAN_MS(i));
		(void)pop(q, SAMPAN_MS(i));
		if (i == 5000)
			before = q->early + q->marked;
	}
	return (unsigned)((q->early + q->marked - before) * 1000 / (20000 + q->early - before));
}

static bool
is_near(unsigned got, unsigned want)
{
	return got * 20 >= want * 19 && got * 20 <= want * 21;
}

/* What a frame finds is one less: averages of 9, 19 and 29 frames, between 10 and 30
 * where 10 % are dropped.  Drops at a share p are spread over 1/p frames, so that
 * they come every (1 + 1/p) / 2. */
TEST(red_drops_more_the_longer_the_queue)
{
	struct sp_queue q = queue_of(&red);

	EXPECT_EQ(dropped_at(&q, 10), 0);
	EXPECT(is_near(dropped_at(&q, 20), 1000 * 2 * 45 / 1045));
	EXPECT(is_near(dropped_at(&q, 30), 1000 * 2 * 95 / 1095));
	EXPECT_EQ(q.full, 0);
	sp_queue_close(&q);
}

TEST(red_forgets_while_it_is_idle)
{
	struct sp_queue q = queue_of(&red);

	(void)dropped_at(&q, 30);
	while (pop(&q, SAMPAN_SEC(30)) >= 0)
		continue;
	push(&q, 1, 1, SAMPAN_SEC(40));
	EXPECT(q.red_average < 1000 << 9);
	sp_queue_close(&q);
}
