/*
 * control.c - the server's end of the control socket (host.h).
 *
 * A client costs the loop a bounded amount, whatever it does: requests longer
 * than 4 KiB end it, answers are made a page at a time into one buffer and
 * only when that has been taken, all clients together get 256 rows a turn,
 * and there are 16 of them at most: a newcomer then replaces the one that was
 * quiet for longest.  A client may close its sending side and still gets its
 * answer.
 *
 * One name, one process: the socket is bound under a lock, so that the one
 * left behind by a dead process can be told from a live one and replaced.
 * The lock is a file of its own that only its owner can open.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/control_cmd.h"
#include "host/control_path.h"
#include "host/loop.h"

#define MAX_CLIENTS 16
#define REQUEST_BYTES 4096

struct client {
	struct sampan_control *control;
	int fd;			/* -1: free */
	bool ended;		/* it sends no more */
	uint64_t active_turn;	/* when it last did something */
	size_t request_len;
	size_t sent;		/* of reply */
	struct sp_query query;
	struct sp_reply reply;
	char request[REQUEST_BYTES];
};

struct sampan_control {
	struct sampan_loop *loop;
	int fd;
	struct sockaddr_un address;
	uint64_t ration_turn;
	unsigned ration_rows;
	struct client clients[MAX_CLIENTS];
};

static void
drop_client(struct client *c)
{
	(void)sampan_loop_remove_fd(c->control->loop, c->fd);
	(void)close(c->fd);
	free(c->reply.text);
	*c = (struct client){ .control = c->control, .fd = -1 };
}

/* ---- Answering ---- */

/* Rows that may still be made in this turn. */
static unsigned *
ration(struct sampan_control *control)
{
	const uint64_t turn = sp_loop_turn_number(control->loop);

	if (control->ration_turn != turn) {
		control->ration_turn = turn;
		control->ration_rows = SP_CONTROL_ROWS;
	}
	return &control->ration_rows;
}

static void
answer_error(struct client *c, const char *text)
{
	cJSON *line = cJSON_CreateObject();

	cJSON_AddStringToObject(line, "refused", text);
	(void)sp_reply_line(&c->reply, line);
}

static void
answer_end(struct client *c)
{
	cJSON *line = cJSON_CreateObject();

	cJSON_AddTrueToObject(line, "end");
	cJSON_AddNumberToObject(line, "rows", (double)c->query.rows);
	(void)sp_reply_line(&c->reply, line);
	c->query.cmd = NULL;
}

/* Begins the answer to a request of len bytes. */
static void
begin(struct client *c, size_t len)
{
	cJSON *request = cJSON_ParseWithLength(c->request, len);
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "do"));
	const struct sp_control_cmd *cmd = name == NULL ? NULL : sp_control_cmd_find(name);
	const char *error;

	c->query = (struct sp_query){ .cmd = cmd };
	if (cmd == NULL)
		error = name == NULL ? "not a JSON object with a \"do\"" : "no such command";
	else
		error = cmd->begin(&c->query, request);
	cJSON_Delete(request);
	if (error == NULL)
		return;
	c->query.cmd = NULL;
	answer_error(c, error);
}

/* Begins with the next request if a whole line of it is there. */
static bool
next_request(struct client *c)
{
	const char *end = memchr(c->request, '\n', c->request_len);
	size_t len;

	if (end == NULL)
		return false;
	len = (size_t)(end - c->request);
	begin(c, len);
	c->request_len -= len + 1;
	memmove(c->request, end + 1, c->request_len);
	return true;
}

/* One page of the answer, as the ration allows. */
static void
make_page(struct client *c)
{
	unsigned *left = ration(c->control);
	unsigned rows = SP_CONTROL_ROWS - 1;	/* and the last line */

	if (rows > *left)
		rows = *left;
	if (rows == 0)
		return;
	*left -= rows;
	if (c->query.cmd->page(&c->query, sampan_loop_stack(c->control->loop), &c->reply, rows))
		answer_end(c);
}

/* False: the client is gone. */
static bool
flush(struct client *c)
{
	ssize_t n;

	if (c->sent == c->reply.len)
		return true;
	n = send(c->fd, c->reply.text + c->sent, c->reply.len - c->sent, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->sent += (size_t)n;
	if (c->sent == c->reply.len) {
		c->sent = 0;
		c->reply.len = 0;
	}
	return true;
}

/* False: the client is gone, or asks for too much. */
static bool
take_request(struct client *c)
{
	const size_t room = REQUEST_BYTES - c->request_len;
	ssize_t n;

	if (c->ended || room == 0)
		return true;
	n = recv(c->fd, c->request + c->request_len, room, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->ended = n == 0;
	c->request_len += (size_t)n;
	return true;
}

static bool
is_idle(const struct client *c)
{
	return c->query.cmd == NULL && c->reply.len == 0;
}

/* What the client waits for, or has still to say. */
static uint32_t
interest_of(const struct client *c)
{
	const bool asked = memchr(c->request, '\n', c->request_len) != NULL;

	return is_idle(c) && !asked ? EPOLLIN : EPOLLOUT;
}

static void
client_ready(void *ctx, int fd, uint32_t ready)
{
	struct client *c = ctx;
	bool alive = !(ready & EPOLLERR);

	c->active_turn = sp_loop_turn_number(c->control->loop);
	if (alive && (ready & (EPOLLIN | EPOLLHUP)))
		alive = take_request(c);
	if (alive && is_idle(c) && !next_request(c))
		alive = !c->ended && c->request_len < REQUEST_BYTES;
	if (alive && c->query.cmd != NULL && c->reply.len == 0)
		make_page(c);
	if (alive)
		alive = flush(c);
	if (!alive || sampan_loop_set_fd(c->control->loop, fd, interest_of(c)) != 0)
		drop_client(c);
}

/* ---- Clients come ---- */

/* A free place, made by dropping the client that was quiet for longest if
 * there is none. */
static struct client *
find_place(struct sampan_control *control)
{
	struct client *oldest = &control->clients[0];

	for (unsigned i = 0; i < MAX_CLIENTS; i++) {
		struct client *c = &control->clients[i];

		if (c->fd < 0)
			return c;
		if (c->active_turn < oldest->active_turn)
			oldest = c;
	}
	drop_client(oldest);
	return oldest;
}

static void
client_comes(void *ctx, int fd, uint32_t ready)
{
	struct sampan_control *control = ctx;
	const int client_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;

	(void)ready;
	if (client_fd < 0)
		return;
	c = find_place(control);
	c->reply.text = malloc(SP_CONTROL_REPLY_BYTES);
	if (c->reply.text == NULL ||
	    sampan_loop_add_fd(control->loop, client_fd, EPOLLIN, client_ready, c) != 0) {
		free(c->reply.text);
		c->reply.text = NULL;
		(void)close(client_fd);
		return;
	}
	c->fd = client_fd;
	c->active_turn = sp_loop_turn_number(control->loop);
}

/* ---- The socket and its name ---- */

/* Makes the directory and takes its lock.  Returns the lock's descriptor. */
static int
lock_dir(const char *dir, const struct sp_why *why)
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
	lock_fd = lock_dir(dir, why);
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
	for (unsigned i = 0; i < MAX_CLIENTS; i++)
		control->clients[i] = (struct client){ .control = control, .fd = -1 };
	if (open_socket(control, name, &why) == 0 &&
	    sampan_loop_add_fd(loop, control->fd, EPOLLIN, client_comes, control) == 0) {
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
		if (control->clients[i].fd >= 0)
			drop_client(&control->clients[i]);
	}
	(void)sampan_loop_remove_fd(control->loop, control->fd);
	(void)close(control->fd);
	(void)unlink(control->address.sun_path);
	free(control);
}
