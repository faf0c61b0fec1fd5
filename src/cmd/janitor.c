/*
 * janitor.c - see janitor.h.
 */
#include "cmd/janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/sandbox.h"
#include "host/control_path.h"

static const int allowed[] = {
	SCMP_SYS(read), SCMP_SYS(openat), SCMP_SYS(mkdir), SCMP_SYS(flock), SCMP_SYS(socket),
	SCMP_SYS(connect), SCMP_SYS(unlink), SCMP_SYS(close), SCMP_SYS(geteuid),
	SCMP_SYS(exit_group),
};

/* Nothing of what the server has open may stay open here. */
static void
keep_only(int fd)
{
	(void)dup2(fd, 0);
	(void)close_range(1, ~0u, 0);
}

static void
lock_up(void)
{
	struct sandbox nobody_else = { .uid = geteuid(), .gid = getegid() };
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || sp_sandbox_drop(&nobody_else) < 0 ||
	    sp_sandbox_calls_of(allowed, sizeof(allowed) / sizeof(allowed[0])) < 0)
		_exit(1);
}

_Noreturn static void
work(int fd, const char *name)
{
	char byte;
	bool charged = false;

	keep_only(fd);
	lock_up();
	while (read(0, &byte, 1) == 1)
		charged = true;
	if (charged)
		sp_control_sweep(name);
	_exit(0);
}

int
sp_janitor_start(struct janitor *j, const char *name, const struct sp_why *why)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return sp_why(why, errno, "no pipe: %s", strerror(errno));
	j->pid = fork();
	if (j->pid == 0)
		work(ends[0], name);
	(void)close(ends[0]);
	j->fd = ends[1];
	return j->pid > 0 ? 0 : sp_why(why, errno, "no second process: %s", strerror(errno));
}

void
sp_janitor_charge(const struct janitor *j)
{
	if (j->fd >= 0)
		(void)!write(j->fd, "x", 1);
}

void
sp_janitor_end(struct janitor *j)
{
	if (j->fd < 0)
		return;
	(void)close(j->fd);
	j->fd = -1;
	(void)waitpid(j->pid, NULL, 0);
}
