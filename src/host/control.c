/*
 * control.c - the server's end of the control socket (host.h): its name, and
 * the clients that come.  What one of them may do is control_peer.h's.
 *
 * There are 16 clients at most: a newcomer then replaces the one that was
 * quiet for longest, but none with a live answer.
 *
 * One name, one process: the socket is bound under a lock, so that the one
 * left behind by a dead process can be told from a live one and replaced.
 * The lock is a file of its own that only its owner can open.  The socket is
 * its owner's and root's alone, by its mode and by who the kernel says calls.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/control_path.h"
#include "host/control_peer.h"
#include "host/loop.h"

#define MAX_CLIENTS 16

struct sampan_control {
	struct sampan_loop *loop;
	int fd;
	uid_t owner;		/* who opened it, whoever the process becomes later */
	struct sockaddr_un address;
	struct sp_ration ration;
	struct sp_peer peers[MAX_CLIENTS];
};

/* ---- Clients come ---- */

/* A free place, made by dropping the client that was quiet for longest if
 * there is none.  NULL: all have live answers. */
static struct sp_peer *
find_place(struct sampan_control *control)
{
	struct sp_peer *oldest = NULL;

	for (unsigned i = 0; i < MAX_CLIENTS; i++) {
		struct sp_peer *p = &control->peers[i];

		if (p->fd < 0)
			return p;
		if (!sp_peer_is_live(p) &&
		    (oldest == NULL || p->active_turn < oldest->active_turn))
			oldest = p;
	}
	if (oldest != NULL)
		sp_peer_drop(oldest);
	return oldest;
}

static bool
may_ask(const struct sampan_control *control, int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
	    (who.uid == 0 || who.uid == control->owner);
}

static void
client_comes(void *ctx, int fd, uint32_t ready)
{
	struct sampan_control *control = ctx;
	const int client_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct sp_peer *p;

	(void)ready;
	if (client_fd < 0)
		return;
	p = may_ask(control, client_fd) ? find_place(control) : NULL;
	if (p == NULL)
		(void)close(client_fd);
	else
		(void)sp_peer_start(p, client_fd);
}

static sampan_time
turn(void *ctx, sampan_time now)
{
	struct sampan_control *control = ctx;
	sampan_time wake_at = SAMPAN_NEVER;

	(void)now;
	for (unsigned i = 0; i < MAX_CLIENTS; i++) {
		const sampan_time at = sp_peer_turn(&control->peers[i]);

		if (at < wake_at)
			wake_at = at;
	}
	return wake_at;
}

/* ---- The socket and its name ---- */

/* Binds and listens, the lock being held.  The socket's name is for its owner
 * alone: on Linux it gets the mode that the descriptor has. */
static int
bind_locked(struct sampan_control *control)
{
	const struct sockaddr *address = (const struct sockaddr *)&control->address;

	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->fd < 0 || fchmod(control->fd, 0600) != 0)
		return -1;
	(void)unlink(control->address.sun_path);
	if (bind(control->fd, address, sizeof(control->address)) != 0)
		return -1;
	return listen(control->fd, MAX_CLIENTS);
}

static int
open_socket(struct sampan_control *control, const char *name, const struct sp_why *why)
{
	char dir[SP_CONTROL_DIR_BYTES];
	int lock_fd, live_fd, result = 0;

	if (sp_control_dir(dir, why) != 0 ||
	    sp_control_address(&control->address, dir, name, why) != 0)
		return -1;
	lock_fd = sp_control_lock(dir, why);
	if (lock_fd < 0)
		return -1;
	live_fd = sp_control_connect(&control->address);
	if (live_fd >= 0)
		result = sp_why(why, EADDRINUSE, "an instance of the name '%s' runs already: "
		    "choose another --name", name);
	else if (bind_locked(control) != 0)
		result = sp_why(why, errno, "cannot make the control socket %s: %s",
		    control->address.sun_path, strerror(errno));
	if (live_fd >= 0)
		(void)close(live_fd);
	(void)close(lock_fd);
	return result;
}

int
sampan_control_open(struct sampan_loop *loop, const char *name, struct sampan_control **out,
    char *why_text, size_t why_len)
{
	const struct sp_why why = { why_text, why_len };
	struct sampan_control *control = calloc(1, sizeof(*control));
	int error;

	if (control == NULL)
		return sp_why(&why, ENOMEM, "no memory for the control socket");
	control->loop = loop;
	control->fd = -1;
	control->owner = geteuid();
	for (unsigned i = 0; i < MAX_CLIENTS; i++)
		control->peers[i] = (struct sp_peer){ .loop = loop, .ration = &control->ration,
		    .fd = -1, .passed_fd = -1, .query = { .data_fd = -1 } };
	if (open_socket(control, name, &why) == 0 &&
	    sampan_loop_add_fd(loop, control->fd, EPOLLIN, client_comes, control) == 0) {
		sp_loop_on_turn(loop, turn, control);
		*out = control;
		return 0;
	}
	error = errno;
	if (control->fd >= 0)
		(void)close(control->fd);
	free(control);
	errno = error;
	return -1;
}

void
sampan_control_close(struct sampan_control *control)
{
	if (control == NULL)
		return;
	for (unsigned i = 0; i < MAX_CLIENTS; i++) {
		if (control->peers[i].fd >= 0)
			sp_peer_drop(&control->peers[i]);
	}
	sp_loop_on_turn(control->loop, NULL, NULL);
	(void)sampan_loop_remove_fd(control->loop, control->fd);
	(void)close(control->fd);
	(void)unlink(control->address.sun_path);
	free(control);
}
