/*
 * link_capacity.c - traces of capacity: files that are none, and exact times.
 */
#include "lib/test.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <sampan/host.h>

#include "link/capacity.h"

static char text[SAMPAN_WHY_BYTES];
static const struct sp_why why = { text, sizeof(text) };

/* Reads a file of these lines. */
static int
open_lines(struct sp_capacity *c, const char *lines)
{
	char path[] = "/tmp/sampan-capacity-XXXXXX";
	const int fd = mkstemp(path);
	int result;

	EXPECT(fd >= 0);
	EXPECT_EQ(write(fd, lines, strlen(lines)), strlen(lines));
	EXPECT_EQ(close(fd), 0);
	result = sp_capacity_open(c, path, &why);
	EXPECT_EQ(unlink(path), 0);
	return result;
}

TEST(capacity_lets_a_frame_pass_at_each_chance)
{
	struct sp_capacity c;
	struct sp_capacity_cursor at = { .left_bytes = SP_CAPACITY_CHANCE_BYTES };

	EXPECT_EQ(open_lines(&c, "2\n2\n7\r\n10\n"), 0);
	EXPECT_EQ(sp_capacity_pass(&c, &at, 1514, 0), SAMPAN_MS(2));
	EXPECT_EQ(sp_capacity_pass(&c, &at, 1514, SAMPAN_MS(2)), SAMPAN_MS(2));
	EXPECT_EQ(sp_capacity_pass(&c, &at, 1514, SAMPAN_MS(2)), SAMPAN_MS(7));
	EXPECT_EQ(sp_capacity_pass(&c, &at, 1514, SAMPAN_MS(7)), SAMPAN_MS(10));
	EXPECT_EQ(sp_capacity_pass(&c, &at, 1514, SAMPAN_MS(10)), SAMPAN_MS(12));
	sp_capacity_close(&c);
}

TEST(capacity_is_shared_by_small_frames_and_lost_when_nobody_waits)
{
	struct sp_capacity c;
	struct sp_capacity_cursor at = { .left_bytes = SP_CAPACITY_CHANCE_BYTES };

	EXPECT_EQ(open_lines(&c, "5\n10\n"), 0);
	EXPECT_EQ(sp_capacity_pass(&c, &at, 1000, 0), SAMPAN_MS(5));
	EXPECT_EQ(sp_capacity_pass(&c, &at, 514, 0), SAMPAN_MS(5));
	EXPECT_EQ(sp_capacity_pass(&c, &at, 1, SAMPAN_MS(5)), SAMPAN_MS(10));
	EXPECT_EQ(sp_capacity_pass(&c, &at, 1514, SAMPAN_MS(991)), SAMPAN_MS(995));
	EXPECT_EQ(sp_capacity_pass(&c, &at, 3028, SAMPAN_MS(995)), SAMPAN_MS(1005));
	sp_capacity_close(&c);
}

TEST(capacity_refuses_what_is_no_trace)
{
	static const struct { const char *lines, *named; } bad[] = {
		{ "", "at least one line" },
		{ "0\n0\n", "at least one line" },
		{ "1\nx\n", ":2: give milliseconds" },
		{ "1\n\n", ":2: give milliseconds" },
		{ "3\n2\n", ":2: give milliseconds" },
		{ "86400001\n", ":1: give milliseconds" },
	};
	struct sp_capacity c;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(open_lines(&c, bad[i].lines), -1);
		EXPECT_EQ(errno, EINVAL);
		EXPECT(strstr(text, bad[i].named) != NULL);
	}
	EXPECT_EQ(sp_capacity_open(&c, "/nowhere/trace", &why), -1);
	EXPECT_EQ(errno, ENOENT);
}
