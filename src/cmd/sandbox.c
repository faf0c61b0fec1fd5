/*
 * sandbox.c - see sandbox.h.
 *
 * The order matters: the user goes while there is a capability to do it with, the
 * folders are opened before and judged after it, and the system calls that all this
 * takes are forbidden last.
 */
#include "cmd/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define WAY_OUT "or leave the sandbox off: --no-sandbox"

static const char *
user_of(const struct sandbox *b)
{
	return b->user != NULL ? b->user : SANDBOX_USER;
}

int
sp_sandbox_prepare(struct sandbox *b, const struct sp_why *why)
{
	const struct passwd *who;

	b->uid = geteuid();
	b->gid = getegid();
	if (b->uid != 0 && b->user != NULL)
		return sp_why(why, EPERM, "--user %.60s: only root can become another user: leave "
		    "it out", b->user);
	if (b->uid != 0)
		return 0;
	who = getpwnam(user_of(b));
	if (who == NULL)
		return sp_why(why, EINVAL, "--user %.60s: no such user: give one of /etc/passwd, "
		    WAY_OUT, user_of(b));
	b->uid = who->pw_uid;
	b->gid = who->pw_gid;
	b->changes_user = b->uid != 0;
	return 0;
}

int
sp_sandbox_drop(const struct sandbox *b)
{
	const unsigned flags = (unsigned)CAPNG_DROP_SUPP_GRP | (unsigned)CAPNG_CLEAR_BOUNDING |
	    (unsigned)CAPNG_CLEAR_AMBIENT;

	capng_clear(CAPNG_SELECT_ALL);
	if (geteuid() != 0)
		return capng_apply(CAPNG_SELECT_CAPS) == 0 ? 1 : -1;
	return capng_change_id((int)b->uid, (int)b->gid, (capng_flags_t)flags) == 0 ? 1 : -1;
}

static int
open_dir(const char *path)
{
	return path == NULL ? -1 : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void
close_dir(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

/* The user has changed: does the folder still open? */
static int
judge_dir(const struct sandbox *b, int fd, const struct sp_why *why)
{
	if (fd < 0 || faccessat(fd, ".", R_OK | X_OK, 0) == 0)
		return 0;
	return sp_why(why, errno, "--root %.100s: the user %.40s may not read it: change its "
	    "mode, give --user NAME, " WAY_OUT, b->read_dir, user_of(b));
}

static int
give_up(struct sandbox *b, int read_fd, int remove_fd, const struct sp_why *why)
{
	int seccomp;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || sp_sandbox_drop(b) < 0)
		return sp_why(why, EPERM, "cannot give up the capabilities: run it as another "
		    "user, " WAY_OUT);
	if (judge_dir(b, read_fd, why) != 0)
		return -1;
	b->landlock = sp_sandbox_files(read_fd, remove_fd);
	if (b->landlock < 0)
		return sp_why(why, errno, "cannot enter the Landlock domain (%s): try without it: "
		    "--no-sandbox", strerror(errno));
	seccomp = sp_sandbox_calls();
	if (seccomp < 0)
		return sp_why(why, errno, "cannot load the seccomp filter (%s): try without it: "
		    "--no-sandbox", strerror(errno));
	b->has_seccomp = seccomp > 0;
	return 0;
}

int
sp_sandbox_enter(struct sandbox *b, const struct sp_why *why)
{
	const int read_fd = open_dir(b->read_dir);
	const int remove_fd = b->changes_user ? -1 : open_dir(b->remove_dir);
	int result;

	tzset();	/* what the C library reads once, it reads now */
	result = give_up(b, read_fd, remove_fd, why);
	close_dir(read_fd);
	close_dir(remove_fd);
	return result;
}

void
sp_sandbox_describe(const struct sandbox *b, char *text, size_t room)
{
	(void)snprintf(text, room, "Sandbox: %s%s%sno capabilities%s%s%s%s.",
	    b->changes_user ? "user " : "", b->changes_user ? user_of(b) : "",
	    b->changes_user ? ", " : "", b->has_seccomp ? ", seccomp" : "",
	    b->landlock > 0 ? ", Landlock" : "",
	    b->has_seccomp ? "" : "; this kernel has no seccomp filters",
	    b->landlock > 0 ? "" : "; this kernel has no Landlock");
}
