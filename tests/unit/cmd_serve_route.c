/*
 * cmd_serve_route.c - routes as `sampan serve --route` takes them.
 */
#include "cmd/serve_route.h"

#include <errno.h>
#include <string.h>

#include "lib/test.h"

static char said[300];

static int
read_route(struct sampan_route *r, const char *text)
{
	said[0] = '\0';
	return sp_serve_route_read(r, text, &(struct sp_why){ said, sizeof(said) });
}

TEST(route_all_words_are_read)
{
	const struct sampan_addr dst = sampan_addr_v4(10, 9, 0, 0);
	const struct sampan_addr via = sampan_addr_v4(10, 0, 0, 9);
	struct sampan_route r;

	EXPECT_EQ(read_route(&r, "10.9.0.0/16 via 10.0.0.9 metric 7 mtu 1300 window 8000 "
	    "initcwnd 20 initrwnd 4 advmss 1000 rto_min 50ms quickack 1"), 0);
	EXPECT_EQ(r.size, sizeof(r));
	EXPECT(memcmp(&r.dst, &dst, sizeof(dst)) == 0 && r.prefix_bits == 16);
	EXPECT(memcmp(&r.gateway, &via, sizeof(via)) == 0);
	EXPECT(r.metric == 7 && r.mtu_bytes == 1300 && r.window_bytes == 8000);
	EXPECT(r.initcwnd_segs == 20 && r.initrwnd_segs == 4 && r.advmss_bytes == 1000);
	EXPECT(r.rto_min_ms == 50 && r.quickack);
}

TEST(route_forms_of_prefixes_and_times)
{
	struct sampan_route r;

	EXPECT_EQ(read_route(&r, "  default  via\tfe80::1 "), 0);
	EXPECT(r.prefix_bits == 0 && r.gateway.b[0] == 0xfe && !r.quickack);
	EXPECT_EQ(read_route(&r, "10.9.8.7 rto_min 2s"), 0);
	EXPECT(r.prefix_bits == 32 && r.rto_min_ms == 2000);
	EXPECT_EQ(read_route(&r, "fd00::/64 rto_min 300"), 0);
	EXPECT(r.prefix_bits == 64 && r.rto_min_ms == 300);
	EXPECT_EQ(read_route(&r, "fd00::9"), 0);
	EXPECT_EQ(r.prefix_bits, 128);
	EXPECT_EQ(read_route(&r, "10.0.0.0/0 via 10.0.0.1"), 0);
}

TEST(route_bad_input_is_told)
{
	static const struct { const char *text, *said; } bad[] = {
		{ "", "begin with a prefix" }, { " ", "begin with a prefix" },
		{ "nowhere via 10.0.0.1", "begin with a prefix" },
		{ "via 10.0.0.1", "begin with a prefix" },
		{ "10.0.0.0/33", "0 to 32 bits" }, { "fd00::/129", "0 to 128 bits" },
		{ "10.0.0.0/", "bits" }, { "10.0.0.0/-1", "bits" }, { "10.0.0.0/8x", "bits" },
		{ "10.0.0.0/99999999999999999999", "bits" },
		{ "default", "via which" }, { "default mtu 1300", "via which" },
		{ "10.0.0.0/8 via", "give an address" }, { "10.0.0.0/8 via 10.0.0.1/8", "address" },
		{ "10.0.0.0/8 mtu", "give a number" }, { "10.0.0.0/8 mtu 65536", "up to 65535" },
		{ "10.0.0.0/8 mtu -1", "give a number" },
		{ "10.0.0.0/8 mtu 1300ms", "give a number" },
		{ "10.0.0.0/8 mtu 0x500", "give a number" },
		{ "10.0.0.0/8 rto_min 61s", "up to 60000" }, { "10.0.0.0/8 rto_min 5m", "2s" },
		{ "10.0.0.0/8 rto_min 999999999999s", "up to 60000" },
		{ "10.0.0.0/8 quickack 2", "up to 1" }, { "10.0.0.0/8 metrics 2", "is none of" },
	};
	struct sampan_route r;
	char text[300];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(read_route(&r, bad[i].text), EINVAL);
		if (strstr(said, bad[i].said) == NULL)
			print_message("# '%s': %s\n", bad[i].text, said);
		EXPECT(strstr(said, bad[i].said) != NULL && strchr(said, '\n') == NULL);
	}
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	EXPECT_EQ(read_route(&r, text), EINVAL);
}
