/*
 * link_ring.c - records between two threads: order, edges, and a race for the
 * thread sanitizer.
 */
#include <pthread.h>
#include <sched.h>

#include "base/rng.h"
#include "lib/test.h"
#include "link/ring.h"

#define BYTES ((uint64_t)128 << 10)

static void
fill(uint8_t *p, uint32_t len, uint32_t n)
{
	memset(p, (int)(n * 7), len);
	if (len >= sizeof(n))
		memcpy(p, &n, sizeof(n));
}

static void
expect_record(struct sp_ring *r, uint32_t len, uint32_t n)
{
	uint8_t want[70000];
	uint32_t got_len;
	const uint8_t *p = sp_ring_get(r, &got_len);

	EXPECT(p != NULL);
	EXPECT_EQ(got_len, len);
	fill(want, len, n);
	EXPECT_MEM(p, want, len);
}

TEST(what_is_not_published_is_not_seen)
{
	struct sp_ring r;
	uint32_t len;

	EXPECT_EQ(sp_ring_open(&r, BYTES), 0);
	EXPECT(!sp_ring_waits(&r));
	fill(sp_ring_put(&r, 10), 10, 1);
	EXPECT(!sp_ring_waits(&r));
	EXPECT(sp_ring_get(&r, &len) == NULL);
	sp_ring_publish(&r);
	EXPECT(sp_ring_waits(&r));
	expect_record(&r, 10, 1);
	EXPECT(!sp_ring_waits(&r));
	EXPECT(sp_ring_get(&r, &len) == NULL);
	sp_ring_close(&r);
}

/* Room comes back when the reader gives it back, not when it looks. */
TEST(full_is_full_until_released)
{
	struct sp_ring r;
	unsigned n = 0;

	EXPECT_EQ(sp_ring_open(&r, BYTES), 0);
	for (uint8_t *p; (p = sp_ring_put(&r, 1000)) != NULL; n++)
		fill(p, 1000, n);
	EXPECT_EQ(n, BYTES / 1024);
	sp_ring_publish(&r);
	expect_record(&r, 1000, 0);
	EXPECT(sp_ring_put(&r, 1000) == NULL);
	sp_ring_release(&r);
	fill(sp_ring_put(&r, 1000), 1000, n);
	EXPECT(sp_ring_put(&r, 1000) == NULL);
	sp_ring_publish(&r);
	for (unsigned i = 1; i <= n; i++)
		expect_record(&r, 1000, i);
	sp_ring_close(&r);
}

TEST(records_are_those_of_a_queue)
{
	static uint32_t lens[4096];
	unsigned first = 0, last = 0, published = 0;
	struct sp_ring r;
	struct sp_rng rng;

	sp_rng_init(&rng, (const uint64_t[]){ 1, 2 });
	EXPECT_EQ(sp_ring_open(&r, BYTES), 0);
	for (unsigned i = 0; i < 200000; i++) {
		const uint32_t what = sp_rng_below(&rng, 4);

		if (what < 2) {
			const uint32_t most = sp_rng_below(&rng, 50) == 0 ? 66000 : 2000;
			const uint32_t len = sp_rng_below(&rng, most);
			uint8_t *p = sp_ring_put(&r, len);

			if (p == NULL)
				continue;
			EXPECT_EQ((uintptr_t)p % 64, 8);
			fill(p, len, last);
			lens[last++ % 4096] = len;
			if (what == 1) {
				sp_ring_publish(&r);
				published = last;
			}
		} else if (first < published) {
			expect_record(&r, lens[first % 4096], first);
			first++;
			if (what == 3)
				sp_ring_release(&r);
		} else {
			EXPECT(!sp_ring_waits(&r));
			sp_ring_release(&r);
		}
	}
	EXPECT(first > 10000);
	sp_ring_close(&r);
}

#define RACE 20000u

static void *
write_all(void *ctx)
{
	struct sp_ring *r = ctx;

	for (uint32_t n = 0; n < RACE;) {
		uint8_t *p = sp_ring_put(r, 8 + n % 900);

		if (p != NULL) {
			fill(p, 8 + n % 900, n);
			n++;
		}
		if (p == NULL || n % 7 == 0 || n == RACE)
			sp_ring_publish(r);
		if (p == NULL)
			(void)sched_yield();
	}
	return NULL;
}

TEST(two_threads_lose_nothing)
{
	struct sp_ring r;
	pthread_t writer;

	EXPECT_EQ(sp_ring_open(&r, BYTES), 0);
	EXPECT_EQ(pthread_create(&writer, NULL, write_all, &r), 0);
	for (uint32_t n = 0; n < RACE;) {
		if (!sp_ring_waits(&r)) {
			sp_ring_release(&r);
			(void)sched_yield();
			continue;
		}
		expect_record(&r, 8 + n % 900, n);
		n++;
	}
	EXPECT_EQ(pthread_join(writer, NULL), 0);
	sp_ring_close(&r);
}
