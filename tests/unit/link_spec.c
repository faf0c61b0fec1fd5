/*
 * link_spec.c - descriptions of links and addresses.
 */
#include "lib/test.h"

#include <errno.h>

#include "link/spec.h"

static char text[SP_PREFIX_TEXT + 200];
static const struct sp_why why = { text, sizeof(text) };

TEST(spec_parts_are_taken_apart)
{
	struct sp_spec spec;

	EXPECT_EQ(sp_spec_read(&spec, "tap:sampan0,host=10.77.0.1/24,mtu=9000", &why), 0);
	EXPECT_STR(spec.kind, "tap");
	EXPECT_STR(spec.name, "sampan0");
	EXPECT_EQ(spec.n, 2);
	EXPECT_STR(spec.options[0].key, "host");
	EXPECT_STR(spec.options[0].value, "10.77.0.1/24");
	EXPECT_STR(spec.options[1].key, "mtu");
	EXPECT_STR(spec.options[1].value, "9000");
}

TEST(spec_values_may_hold_colons_and_equals)
{
	struct sp_spec spec;

	EXPECT_EQ(sp_spec_read(&spec, "tap:a,host=fd00::1/64,x=y=z", &why), 0);
	EXPECT_STR(spec.options[0].value, "fd00::1/64");
	EXPECT_STR(spec.options[1].value, "y=z");
}

TEST(spec_malformed_is_refused_with_an_example)
{
	static const char *const bad[] = { "", "tap", "tap:", ":a", "tap:a,", "tap:a,host",
	    "tap:a,=1", "tap:a,host=", "tap:a,,mtu=1", "a-kind-that-is-much-too-long:a",
	    "tap:a,a-key-that-is-much-too-long=1",
	    "tap:a,1=1,2=2,3=3,4=4,5=5,6=6,7=7,8=8,9=9" };
	struct sp_spec spec;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		EXPECT_EQ(sp_spec_read(&spec, bad[i], &why), -1);
		EXPECT_EQ(errno, EINVAL);
		EXPECT(strstr(text, "tap:sampan0,host=10.77.0.1/24") != NULL);
	}
}

TEST(prefix_of_both_families_is_read_and_written)
{
	static const char *const good[] = { "10.77.0.2/24", "192.168.1.1/32", "10.0.0.0/31",
	    "fd00::1/64", "2001:db8::/64", "10.77.1.0/23" };
	struct sp_prefix prefix;
	char back[SP_PREFIX_TEXT];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		EXPECT_EQ(sp_prefix_read(&prefix, good[i], &why), 0);
		sp_prefix_write(&prefix, back);
		EXPECT_STR(back, good[i]);
	}
}

TEST(prefix_malformed_is_refused)
{
	static const char *const bad[] = { "", "10.77.0.2", "10.77.0.2/", "10.77.0.2/33",
	    "10.77.0.2/-1", "10.77.0.2/24x", "10.77.0/24", "fd00::1/129", "host/24", "/24" };
	struct sp_prefix prefix;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		EXPECT_EQ(sp_prefix_read(&prefix, bad[i], &why), -1);
		EXPECT_EQ(errno, EINVAL);
	}
}

TEST(prefix_of_a_whole_network_is_refused)
{
	struct sp_prefix prefix;

	EXPECT_EQ(sp_prefix_read(&prefix, "10.77.0.0/24", &why), -1);
	EXPECT_EQ(sp_prefix_read(&prefix, "10.77.0.255/24", &why), -1);
	EXPECT_EQ(sp_prefix_read(&prefix, "10.77.0.3/30", &why), -1);
	EXPECT_EQ(sp_prefix_read(&prefix, "10.77.0.0/0", &why), 0);
	EXPECT_EQ(sp_prefix_read(&prefix, "0.0.0.0/0", &why), -1);
	EXPECT(strstr(text, "one host") != NULL);
}

TEST(prefix_holds_its_network_only)
{
	struct sp_prefix prefix;
	struct sampan_addr in = sampan_addr_v4(10, 77, 1, 200);
	struct sampan_addr out = sampan_addr_v4(10, 77, 2, 1);

	EXPECT_EQ(sp_prefix_read(&prefix, "10.77.0.1/23", &why), 0);
	EXPECT(sp_prefix_holds(&prefix, &in));
	EXPECT(!sp_prefix_holds(&prefix, &out));

	EXPECT_EQ(sp_prefix_read(&prefix, "fd00::1/65", &why), 0);
	in = prefix.addr;
	in.b[15] = 9;
	EXPECT(sp_prefix_holds(&prefix, &in));
	in.b[8] = 0x80;
	EXPECT(!sp_prefix_holds(&prefix, &in));
	EXPECT(!sp_prefix_holds(&prefix, &out));
}
