/*
 * link_tap_spec.c - what may be asked of a TAP link.
 */
#include "lib/test.h"

#include <errno.h>

#include "link/tap_spec.h"

static char text[SAMPAN_ADDR_TEXT + 200];
static const struct sp_why why = { text, sizeof(text) };

static int
read_text(struct sp_tap_spec *tap, const char *description)
{
	struct sp_spec spec;

	EXPECT_EQ(sp_spec_read(&spec, description, &why), 0);
	errno = 0;
	return sp_tap_spec_read(tap, &spec, &why);
}

TEST(tap_spec_name_alone_takes_the_interface_as_it_is)
{
	struct sp_tap_spec tap;

	EXPECT_EQ(read_text(&tap, "tap:sampan0"), 0);
	EXPECT_STR(tap.name, "sampan0");
	EXPECT_EQ(tap.hosts, 0);
	EXPECT_EQ(tap.mtu_bytes, 0);
	EXPECT(tap.offload);
}

TEST(tap_spec_all_options_are_read)
{
	const struct sampan_addr host = sampan_addr_v4(10, 77, 0, 1);
	struct sp_tap_spec tap;

	EXPECT_EQ(read_text(&tap, "tap:t%d,mtu=9000,offload=off,host=10.77.0.1/24"), 0);
	EXPECT_STR(tap.name, "t%d");
	EXPECT_EQ(tap.hosts, 1);
	EXPECT_MEM(&tap.host[0].addr, &host, sizeof(host));
	EXPECT_EQ(tap.host[0].bits, 24);
	EXPECT_EQ(tap.mtu_bytes, 9000);
	EXPECT(!tap.offload);
}

TEST(tap_spec_mtu_edges)
{
	struct sp_tap_spec tap;

	EXPECT_EQ(read_text(&tap, "tap:a,mtu=575"), -1);
	EXPECT_EQ(read_text(&tap, "tap:a,mtu=576"), 0);
	EXPECT_EQ(read_text(&tap, "tap:a,mtu=65521"), 0);
	EXPECT_EQ(read_text(&tap, "tap:a,mtu=65522"), -1);
	EXPECT_EQ(errno, EINVAL);
}

TEST(tap_spec_unknown_options_are_refused)
{
	struct sp_tap_spec tap;

	EXPECT_EQ(read_text(&tap, "tap:a,hosts=10.77.0.1/24"), -1);
	EXPECT(strstr(text, "'hosts'") != NULL);
	EXPECT_EQ(read_text(&tap, "tap:a,offload=maybe"), -1);
	EXPECT_EQ(read_text(&tap, "tap:a,host=10.77.0.1"), -1);
	EXPECT_EQ(errno, EINVAL);
}

TEST(tap_spec_names_are_those_the_kernel_takes)
{
	static const char *const bad[] = { "tap:.", "tap:..", "tap:a/b", "tap:a b", "tap:a:b",
	    "tap:abcdefghijklmnop" };
	struct sp_tap_spec tap;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_EQ(read_text(&tap, bad[i]), -1);
	EXPECT_EQ(read_text(&tap, "tap:abcdefghijklmno"), 0);
}

TEST(tap_spec_both_families_have_a_host)
{
	const struct sampan_addr host6 = { { 0xfd, 0x77, [15] = 1 } };
	struct sp_tap_spec tap;

	EXPECT_EQ(read_text(&tap, "tap:a,host=10.77.0.1/24,host6=fd77::1/64"), 0);
	EXPECT_EQ(tap.hosts, 2);
	EXPECT_MEM(&tap.host[1].addr, &host6, sizeof(host6));
	EXPECT_EQ(tap.host[1].bits, 64);
	EXPECT_EQ(read_text(&tap, "tap:a,host=fd77::1/64"), 0);
	EXPECT_EQ(tap.hosts, 1);
	EXPECT_EQ(read_text(&tap, "tap:a,host6=10.77.0.1/24"), -1);
	EXPECT_EQ(errno, EINVAL);
	EXPECT_EQ(read_text(&tap, "tap:a,host6=fd77::1"), -1);
	EXPECT_EQ(read_text(&tap, "tap:a,host=10.0.0.1/8,host=10.77.0.1/24,host6=fd77::1/64"), -1);
}
