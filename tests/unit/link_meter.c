/*
 * link_meter.c - rates, buckets and policers, to the nanosecond.
 */
#include "lib/test.h"

#include "link/meter.h"

static struct sp_meter
meter_of(uint64_t rate_bits, uint64_t bucket_bytes)
{
	struct sp_meter m;

	sp_meter_open(&m, rate_bits, bucket_bytes);
	return m;
}

/* 1,000 bytes at 8 Mbit/s are 1 ms. */
TEST(meter_lets_bytes_pass_one_after_the_other)
{
	struct sp_meter m = meter_of(8000000, 0);

	EXPECT_EQ(sp_meter_pass(&m, 1000, SAMPAN_MS(5)), SAMPAN_MS(6));
	EXPECT_EQ(sp_meter_pass(&m, 500, SAMPAN_MS(5)), SAMPAN_US(6500));
	EXPECT_EQ(sp_meter_waiting(&m, SAMPAN_MS(5)), 1500);
	EXPECT_EQ(sp_meter_waiting(&m, SAMPAN_MS(6)), 500);
	EXPECT_EQ(sp_meter_waiting(&m, SAMPAN_MS(7)), 0);
	EXPECT_EQ(sp_meter_pass(&m, 1000, SAMPAN_MS(9)), SAMPAN_MS(10));
}

TEST(meter_counts_parts_of_a_nanosecond)
{
	struct sp_meter m = meter_of(3000000000, 0);
	sampan_time at = 0;

	for (unsigned i = 0; i < 3000; i++)
		at = sp_meter_pass(&m, 1, 0);
	EXPECT_EQ(at, 8000);
}

/* After a rest 2,000 bytes pass at once, then one every millisecond. */
TEST(meter_with_a_bucket_shapes)
{
	struct sp_meter m = meter_of(8000000, 2000);

	EXPECT_EQ(sp_meter_pass(&m, 1000, SAMPAN_MS(5)), SAMPAN_MS(5));
	EXPECT_EQ(sp_meter_pass(&m, 1000, SAMPAN_MS(5)), SAMPAN_MS(5));
	EXPECT_EQ(sp_meter_pass(&m, 1000, SAMPAN_MS(5)), SAMPAN_MS(6));
	EXPECT_EQ(sp_meter_pass(&m, 1000, SAMPAN_MS(5)), SAMPAN_MS(7));
	EXPECT_EQ(sp_meter_pass(&m, 1000, SAMPAN_MS(8)), SAMPAN_MS(8));
	EXPECT_EQ(sp_meter_pass(&m, 1000, SAMPAN_MS(8)), SAMPAN_MS(9));
}

/* The same bucket admits what need not wait: the edge, and a nanosecond before. */
TEST(meter_polices_to_the_nanosecond)
{
	struct sp_meter m = meter_of(8000000, 2000);

	EXPECT(sp_meter_admit(&m, 2000, SAMPAN_MS(5)));
	EXPECT(!sp_meter_admit(&m, 1, SAMPAN_MS(5)));
	EXPECT(!sp_meter_admit(&m, 1000, SAMPAN_MS(6) - 1));
	EXPECT(sp_meter_admit(&m, 1000, SAMPAN_MS(6)));
	EXPECT(!sp_meter_admit(&m, 2001, SAMPAN_SEC(6)));
	EXPECT(sp_meter_admit(&m, 2000, SAMPAN_SEC(6)));
}

TEST(meter_changed_moves_what_has_not_passed)
{
	struct sp_meter m = meter_of(8000000, 0);

	(void)sp_meter_pass(&m, 1000, 0);
	sp_meter_change(&m, 4000000, SAMPAN_US(500));
	EXPECT_EQ(m.busy_until_at, SAMPAN_US(1500));
	EXPECT_EQ(sp_meter_pass(&m, 1000, SAMPAN_MS(1)), SAMPAN_US(3500));
	sp_meter_change(&m, 8000000, SAMPAN_MS(9));
	EXPECT_EQ(sp_meter_pass(&m, 1000, SAMPAN_MS(9)), SAMPAN_MS(10));
}
