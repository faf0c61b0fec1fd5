/*
 * sandbox_files.c - Landlock: what is left of the file system, and of the kernel's own
 * network.  Source: Linux, Documentation/userspace-api/landlock.rst.
 *
 * Descriptors that are open stay as they are; what is opened from now on lies in the
 * folder that may be read.  Each version of the interface knows more kinds of access,
 * all of which are forbidden; the header that this is built with may be older.
 */
#include "cmd/sandbox.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ruleset {
	uint64_t files;
	uint64_t net;		/* from version 4 on: bind and connect of TCP */
	uint64_t scoped;	/* from 6: abstract sockets of Unix, signals */
};

/* Kinds of access to files that a version knows, the first 13 in all of them. */
static uint64_t
files_of(int version)
{
	const unsigned kinds = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13;

	return ((uint64_t)1 << kinds) - 1;
}

static int
make_ruleset(int version)
{
	const struct ruleset all = { .files = files_of(version), .net = 3, .scoped = 3 };
	const size_t bytes = version >= 6 ? 24 : version >= 4 ? 16 : 8;

	return (int)syscall(SYS_landlock_create_ruleset, &all, bytes, 0);
}

static int
allow(int ruleset_fd, int dir_fd, uint64_t access)
{
	const struct landlock_path_beneath_attr rule = {
		.allowed_access = access,
		.parent_fd = dir_fd,
	};

	if (dir_fd < 0)
		return 0;
	return (int)syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule,
	    0);
}

int
sp_sandbox_files(int read_fd, int remove_fd)
{
	const int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	int fd, result;

	if (version <= 0)
		return 0;
	fd = make_ruleset(version);
	if (fd < 0)
		return -1;
	result = allow(fd, read_fd, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
	if (result == 0)
		result = allow(fd, remove_fd, LANDLOCK_ACCESS_FS_REMOVE_FILE);
	if (result == 0)
		result = (int)syscall(SYS_landlock_restrict_self, fd, 0);
	(void)close(fd);
	return result == 0 ? version : -1;
}
