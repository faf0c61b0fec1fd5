/*
 * janitor.h - a process that outlives the server for a moment, to remove the name of
 * its control socket: the server itself may not any more (sandbox.h).
 *
 * It waits, in a sandbox of its own, for the end of the server, however that comes,
 * and hears nothing from it but that.  It keeps root's user, without capabilities:
 * that is whose the folder is.
 */
#ifndef SAMPAN_CMD_JANITOR_H
#define SAMPAN_CMD_JANITOR_H

#include <sys/types.h>

#include "link/why.h"

struct janitor {
	int fd;			/* its end is our end; -1: there is none */
	pid_t pid;
};

/* Before memory is taken that would be shared. */
int sp_janitor_start(struct janitor *j, const char *name, const struct sp_why *why);

/* The name is ours: from now on it is to be removed. */
void sp_janitor_charge(const struct janitor *j);

/* Lets it do its work, and waits for that. */
void sp_janitor_end(struct janitor *j);

#endif
