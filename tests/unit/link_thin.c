/*
 * link_thin.c - acknowledgements that are thinned out.
 */
#include "lib/test.h"

#include <stdlib.h>

#include "lib/segment.h"
#include "link/queue.h"
#include "link/thin.h"
#include "wire/bytes.h"

#define ACK_AT (14 + 20 + 8)

static struct sp_parcel *
parcel_of(const struct segment *s)
{
	struct sp_parcel *p = malloc(sizeof(*p) + 200);

	EXPECT(p != NULL);
	p->len = segment_make(p->bytes, s);
	return p;
}

/* Puts a segment in; the acknowledgement numbers that go on as one number,
 * hundreds first: 0 none, 7 one, 307 two. */
static unsigned
put(struct sp_thin *thin, const struct segment *s, sampan_time now)
{
	struct sp_parcel *out[2];
	const unsigned n = sp_thin_put(thin, parcel_of(s), now, out);
	unsigned acks = 0;

	for (unsigned i = 0; i < n; i++) {
		acks = acks * 100 + be32_get(out[i]->bytes + ACK_AT);
		free(out[i]);
	}
	return acks;
}

#define ACK(n) (&(struct segment){ .flags = TCP_ACK, .ack = (n) })

TEST(thin_passes_one_of_so_many)
{
	struct sp_thin thin = { .acks = 3, .wait_dur = SAMPAN_MS(1) };

	EXPECT_EQ(put(&thin, ACK(1), 0), 0);
	EXPECT_EQ(put(&thin, ACK(2), 0), 0);
	EXPECT_EQ(put(&thin, ACK(3), 0), 3);
	EXPECT_EQ(put(&thin, ACK(4), 0), 0);
	EXPECT_EQ(thin.thinned, 2);
	sp_thin_close(&thin);
}

TEST(thin_of_one_passes_all)
{
	struct sp_thin thin = { .acks = 1 };

	EXPECT_EQ(put(&thin, ACK(1), 0), 1);
	EXPECT(sp_thin_due(&thin) == SAMPAN_NEVER);
}

TEST(thin_sends_on_what_waited_long_enough)
{
	struct sp_thin thin = { .acks = 3, .wait_dur = SAMPAN_MS(1) };
	struct sp_parcel *p;
	sampan_time at;

	(void)put(&thin, ACK(1), SAMPAN_MS(5));
	(void)put(&thin, ACK(2), SAMPAN_US(5500));
	EXPECT_EQ(sp_thin_due(&thin), SAMPAN_MS(6));
	EXPECT(sp_thin_take(&thin, SAMPAN_MS(6) - 1, &at) == NULL);
	p = sp_thin_take(&thin, SAMPAN_MS(7), &at);
	EXPECT(p != NULL);
	EXPECT_EQ(at, SAMPAN_MS(6));
	EXPECT_EQ(be32_get(p->bytes + ACK_AT), 2);
	free(p);
	EXPECT(sp_thin_due(&thin) == SAMPAN_NEVER);
}

/* A duplicate, one with SACK blocks, data: what waits goes first. */
TEST(thin_keeps_what_says_more_than_how_far)
{
	const struct segment duplicate = { .flags = TCP_ACK, .ack = 3 };
	const struct segment sack = { .flags = TCP_ACK, .ack = 4,
		.opts = { .sack_count = 1, .sack = { { 5, 6 } } } };
	const struct segment text = { .flags = TCP_ACK, .ack = 5, .len = 1 };
	struct sp_thin thin = { .acks = 9, .wait_dur = SAMPAN_MS(1) };

	EXPECT_EQ(put(&thin, ACK(3), 0), 0);
	EXPECT_EQ(put(&thin, &duplicate, 0), 3);
	EXPECT_EQ(put(&thin, &sack, 0), 304);
	EXPECT_EQ(put(&thin, &text, 0), 5);
	EXPECT_EQ(put(&thin, ACK(6), 0), 0);
	EXPECT_EQ(put(&thin, &text, 0), 605);
	sp_thin_close(&thin);
}

TEST(thin_keeps_connections_apart)
{
	struct sp_thin thin = { .acks = 2, .wait_dur = SAMPAN_MS(1) };
	unsigned passed = 0;

	for (uint16_t port = 1; port <= 1000; port++)
		passed += put(&thin, &(struct segment){ .src_port = port, .flags = TCP_ACK,
		    .ack = 1 }, 0) > 0;
	EXPECT(passed >= 1000 - SP_THIN_FLOWS);
	EXPECT_EQ(thin.thinned, 0);
	sp_thin_close(&thin);
}
