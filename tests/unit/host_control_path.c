/*
 * host_control_path.c - names of instances, places of their sockets.
 */
#include "lib/test.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/control_path.h"

static char text[256];
static const struct sp_why why = { text, sizeof(text) };

TEST(control_names_are_short_and_plain)
{
	EXPECT(sp_control_name_is_valid("sampan"));
	EXPECT(sp_control_name_is_valid("a.b_c-9"));
	EXPECT(sp_control_name_is_valid("12345678901234567890123456789012"));
	EXPECT(!sp_control_name_is_valid("123456789012345678901234567890123"));
	EXPECT(!sp_control_name_is_valid(""));
	EXPECT(!sp_control_name_is_valid(".hidden"));
	EXPECT(!sp_control_name_is_valid("../up"));
	EXPECT(!sp_control_name_is_valid("a/b"));
	EXPECT(!sp_control_name_is_valid("a b"));
	EXPECT(!sp_control_name_is_valid("\xc3\xa4"));
}

TEST(control_dir_is_the_chosen_one_first)
{
	char dir[SP_CONTROL_DIR_BYTES];

	(void)setenv("SAMPAN_RUN_DIR", "/somewhere", 1);
	EXPECT_EQ(sp_control_dir(dir, &why), 0);
	EXPECT_STR(dir, "/somewhere");
	(void)unsetenv("SAMPAN_RUN_DIR");
}

TEST(control_dir_of_root_and_of_others)
{
	char dir[SP_CONTROL_DIR_BYTES];

	(void)setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	EXPECT_EQ(sp_control_dir(dir, &why), 0);
	EXPECT_STR(dir, geteuid() == 0 ? "/run/sampan" : "/run/user/7/sampan");
}

TEST(control_address_refuses_what_does_not_fit)
{
	char dir[SP_CONTROL_DIR_BYTES];
	struct sockaddr_un address;

	EXPECT_EQ(sp_control_address(&address, "/run/sampan", "a", &why), 0);
	EXPECT_STR(address.sun_path, "/run/sampan/a.sock");
	EXPECT_EQ(sp_control_address(&address, "/run/sampan", "a/b", &why), -1);
	EXPECT_EQ(errno, EINVAL);

	memset(dir, 'd', sizeof(dir) - 1);
	dir[sizeof(dir) - 1] = '\0';
	EXPECT_EQ(sp_control_address(&address, dir, "123456789012345678901234567890", &why), -1);
	EXPECT_EQ(errno, ENAMETOOLONG);
}
