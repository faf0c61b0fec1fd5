/*
 * control_path.c - see control_path.h.
 */
#include "host/control_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

bool
sp_control_name_is_valid(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789._-";
	const size_t len = strlen(name);

	return len >= 1 && len <= SP_CONTROL_NAME_MOST && name[0] != '.' &&
	    strspn(name, allowed) == len;
}

int
sp_control_dir(char *dir, const struct sp_why *why)
{
	const char *chosen = getenv("SAMPAN_RUN_DIR");
	const char *base = geteuid() == 0 ? "/run" : getenv("XDG_RUNTIME_DIR");
	int len;

	if (chosen != NULL && chosen[0] != '\0')
		len = snprintf(dir, SP_CONTROL_DIR_BYTES, "%s", chosen);
	else if (base != NULL && base[0] != '\0')
		len = snprintf(dir, SP_CONTROL_DIR_BYTES, "%s/sampan", base);
	else
		return sp_why(why, ENOENT, "no directory for the control socket: set "
		    "SAMPAN_RUN_DIR or XDG_RUNTIME_DIR to a directory of yours");
	if ((size_t)len >= SP_CONTROL_DIR_BYTES)
		return sp_why(why, ENAMETOOLONG, "the path of the control socket is too long: set "
		    "SAMPAN_RUN_DIR to a shorter one");
	return 0;
}

int
sp_control_address(struct sockaddr_un *address, const char *dir, const char *name,
    const struct sp_why *why)
{
	int len;

	if (!sp_control_name_is_valid(name))
		return sp_why(why, EINVAL, "'%s' cannot name an instance: give up to %d letters, "
		    "digits and . _ -", name, SP_CONTROL_NAME_MOST);
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	len = snprintf(address->sun_path, sizeof(address->sun_path), "%s/%s.sock", dir, name);
	if ((size_t)len >= sizeof(address->sun_path))
		return sp_why(why, ENAMETOOLONG, "the path of the control socket of '%s' is too "
		    "long: choose a shorter --name, or set SAMPAN_RUN_DIR", name);
	return 0;
}

int
sp_control_connect(const struct sockaddr_un *address)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

int
sp_control_lock(const char *dir, const struct sp_why *why)
{
	char path[SP_CONTROL_DIR_BYTES + 8];
	int fd;

	if (mkdir(dir, 0755) != 0 && errno != EEXIST)
		return sp_why(why, errno, "cannot make the directory %s for the control socket "
		    "(%s): set SAMPAN_RUN_DIR to another", dir, strerror(errno));
	(void)stpcpy(stpcpy(path, dir), "/.lock");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) != 0) {
		const int error = errno;

		if (fd >= 0)
			(void)close(fd);
		return sp_why(why, error, "cannot write in %s (%s): set SAMPAN_RUN_DIR to a "
		    "directory of yours", dir, strerror(error));
	}
	return fd;
}

void
sp_control_sweep(const char *name)
{
	const struct sp_why nobody = { NULL, 0 };
	char dir[SP_CONTROL_DIR_BYTES];
	struct sockaddr_un address;
	int lock_fd, live_fd;

	if (sp_control_dir(dir, &nobody) != 0 ||
	    sp_control_address(&address, dir, name, &nobody) != 0)
		return;
	lock_fd = sp_control_lock(dir, &nobody);
	if (lock_fd < 0)
		return;
	live_fd = sp_control_connect(&address);
	if (live_fd >= 0)
		(void)close(live_fd);
	else
		(void)unlink(address.sun_path);
	(void)close(lock_fd);
}
