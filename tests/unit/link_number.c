/*
 * link_number.c - numbers and sizes that users write.
 */
#include "lib/test.h"

#include "link/number.h"

TEST(number_digits_are_read)
{
	uint64_t n;

	EXPECT(sp_number_read(&n, "0"));
	EXPECT_EQ(n, 0);
	EXPECT(sp_number_read(&n, "65535"));
	EXPECT_EQ(n, 65535);
	EXPECT(sp_number_read(&n, "18446744073709551615"));
	EXPECT(n == UINT64_MAX);
}

TEST(number_anything_else_is_refused)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0x10", "1K", "one",
	    "18446744073709551616", "99999999999999999999999" };
	uint64_t n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT(!sp_number_read(&n, bad[i]));
}

TEST(bytes_units_are_powers_of_1024)
{
	uint64_t n;

	EXPECT(sp_bytes_read(&n, "512") && n == 512);
	EXPECT(sp_bytes_read(&n, "64K") && n == (uint64_t)64 << 10);
	EXPECT(sp_bytes_read(&n, "64k") && n == (uint64_t)64 << 10);
	EXPECT(sp_bytes_read(&n, "256M") && n == (uint64_t)256 << 20);
	EXPECT(sp_bytes_read(&n, "4g") && n == (uint64_t)4 << 30);
	EXPECT(sp_bytes_read(&n, "2T") && n == (uint64_t)2 << 40);
}

TEST(bytes_overflow_and_unknown_units_are_refused)
{
	static const char *const bad[] = { "", "M", "12Q", "1MB", "1 M", "-1M", "1.5G",
	    "18014398509481984K", "16777216T" };
	uint64_t n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT(!sp_bytes_read(&n, bad[i]));
	EXPECT(sp_bytes_read(&n, "18014398509481983K"));
	EXPECT(sp_bytes_read(&n, "16777215T"));
}
