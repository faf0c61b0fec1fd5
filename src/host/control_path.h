/*
 * control_path.h - where control sockets live: DIRECTORY/NAME.sock, DIRECTORY
 * being $SAMPAN_RUN_DIR, /run/sampan for root, or $XDG_RUNTIME_DIR/sampan.
 */
#ifndef SAMPAN_HOST_CONTROL_PATH_H
#define SAMPAN_HOST_CONTROL_PATH_H

#include <stdbool.h>
#include <sys/un.h>

#include "link/why.h"

/* A path of a UNIX socket ends within this. */
#define SP_CONTROL_DIR_BYTES (sizeof(((struct sockaddr_un *)0)->sun_path) - 16)

/* The instance's name is 1 to this many of A-Z a-z 0-9 . _ -, the first of
 * them no dot. */
#define SP_CONTROL_NAME_MOST 32

bool sp_control_name_is_valid(const char *name);

/* dir has SP_CONTROL_DIR_BYTES.  ENOENT: no directory is known. */
int sp_control_dir(char *dir, const struct sp_why *why);

/* The address of the instance's socket.  EINVAL: the name. */
int sp_control_address(struct sockaddr_un *address, const char *dir, const char *name,
    const struct sp_why *why);

/* Makes the directory and takes its lock, under which sockets are made and removed.
 * Returns the lock's descriptor, -1: see why. */
int sp_control_lock(const char *dir, const struct sp_why *why);

/* Removes the name of an instance's socket if nobody listens there any more. */
void sp_control_sweep(const char *name);

/* A connection to the process that listens there; -1: none does. */
int sp_control_connect(const struct sockaddr_un *address);

#endif
