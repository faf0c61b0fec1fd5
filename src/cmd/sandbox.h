/*
 * sandbox.h - what a mistake in the server cannot become: a way into the machine.
 *
 * Once everything is open, the process gives up what it does not need any more:
 *
 *	user		root becomes an unprivileged user, for good
 *	capabilities	none, and none can be had again
 *	seccomp		only system calls that a running server makes (sandbox_calls.c)
 *	Landlock	of the file system only the folder that http serves, to be
 *			read (sandbox_files.c)
 *
 * Does not: protect the connections from each other, or the stack from whoever
 * controls the process.  What the kernel lacks is left out, and told.
 */
#ifndef SAMPAN_CMD_SANDBOX_H
#define SAMPAN_CMD_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "link/why.h"

#define SANDBOX_USER "nobody"

struct sandbox {
	const char *user;	/* whom root becomes; NULL: SANDBOX_USER */
	const char *read_dir;	/* whose files may be read; NULL: none */
	const char *remove_dir;	/* whose files may be removed; NULL: none */
	/* What has come of it. */
	uid_t uid;
	gid_t gid;
	bool changes_user;
	bool has_seccomp;
	int landlock;		/* the version of its interface, 0: the kernel has none */
};

/* Finds the user, so that a wrong name is told early.  -1: there is none. */
int sp_sandbox_prepare(struct sandbox *b, const struct sp_why *why);

/* Gives everything up.  Before any thread begins: each has rights of its own.  -1: it
 * cannot, and the process is to end. */
int sp_sandbox_enter(struct sandbox *b, const struct sp_why *why);

/* One line about what holds, and what the kernel lacks. */
void sp_sandbox_describe(const struct sandbox *b, char *text, size_t room);

/* Its parts.  1: done; 0: the kernel lacks it; -1: failed, with errno. */
int sp_sandbox_calls(void);
int sp_sandbox_calls_of(const int *calls, size_t n);

/* Landlock: returns the version of its interface that is in force, 0 or -1 as
 * above.  read_fd, remove_fd: folders, -1: none. */
int sp_sandbox_files(int read_fd, int remove_fd);

/* Takes every capability away, and becomes that user if that is another. */
int sp_sandbox_drop(const struct sandbox *b);

#endif
