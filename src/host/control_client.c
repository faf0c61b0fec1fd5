/*
 * control_client.c - see control_client.h.
 */
#include "host/control_client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "host/control_path.h"

/* An instance answers at once, unless it is stopped or hangs. */
#define PATIENCE_S 10

/* Is it NAME.sock?  Then takes the name off it. */
static bool
take_name(char *name, size_t room, const char *file)
{
	const char *dot = strrchr(file, '.');
	const size_t len = dot == NULL ? 0 : (size_t)(dot - file);

	if (len == 0 || len >= room || strcmp(dot, ".sock") != 0)
		return false;
	memcpy(name, file, len);
	name[len] = '\0';
	return sp_control_name_is_valid(name);
}

/* The instances that run: how many, and the connection to the last one seen. */
struct found {
	unsigned n;
	int fd;
	char names[128];	/* as many as fit */
};

static void
try_instance(struct found *found, const char *dir, const char *name)
{
	const struct sp_why nobody = { NULL, 0 };
	const size_t len = strlen(found->names);
	struct sockaddr_un address;
	int fd;

	if (sp_control_address(&address, dir, name, &nobody) != 0)
		return;
	fd = sp_control_connect(&address);
	if (fd < 0)
		return;
	if (found->n++ > 0)
		(void)close(found->fd);
	found->fd = fd;
	(void)snprintf(found->names + len, sizeof(found->names) - len, " %s", name);
}

static int
connect_to_only(const char *dir, const struct sp_why *why)
{
	struct found found = { .fd = -1 };
	char name[SP_CONTROL_NAME_MOST + 1];
	DIR *d = opendir(dir);

	for (struct dirent *e = d == NULL ? NULL : readdir(d); e != NULL; e = readdir(d)) {
		if (take_name(name, sizeof(name), e->d_name))
			try_instance(&found, dir, name);
	}
	if (d != NULL)
		(void)closedir(d);
	if (found.n == 1)
		return found.fd;
	if (found.n == 0)
		return sp_why(why, ENOENT, "no instance runs (sockets in %s): start one with "
		    "'sampan serve'%s", dir, geteuid() == 0 ? "" : ", or use sudo for root's");
	(void)close(found.fd);
	return sp_why(why, EEXIST, "several instances run: choose one with --name, of%s",
	    found.names);
}

static int
connect_to_name(const char *dir, const char *name, const struct sp_why *why)
{
	struct sockaddr_un address;
	int fd;

	if (sp_control_address(&address, dir, name, why) != 0)
		return -1;
	fd = sp_control_connect(&address);
	if (fd >= 0)
		return fd;
	if (errno == EACCES || errno == EPERM)
		return sp_why(why, errno, "no permission for %s: run as the user who started the "
		    "instance", address.sun_path);
	return sp_why(why, errno, "no instance of the name '%s' runs: start it with "
	    "'sampan serve --name %s'", name, name);
}

int
sp_control_open_client(const char *name, const struct sp_why *why)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	char dir[SP_CONTROL_DIR_BYTES];
	int fd;

	if (sp_control_dir(dir, why) != 0)
		return -1;
	fd = name == NULL ? connect_to_only(dir, why) : connect_to_name(dir, name, why);
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

/* ---- A talk ---- */

int
sp_talk_open(struct sp_talk *talk, int fd, const struct sp_why *why)
{
	const int read_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	*talk = (struct sp_talk){ .fd = fd };
	talk->from = read_fd < 0 ? NULL : fdopen(read_fd, "r");
	if (talk->from != NULL)
		return 0;
	if (read_fd >= 0)
		(void)close(read_fd);
	return sp_why(why, errno, "cannot read the answer: %s", strerror(errno));
}

void
sp_talk_close(struct sp_talk *talk)
{
	if (talk->from != NULL)
		(void)fclose(talk->from);
	free(talk->line);
	(void)close(talk->fd);
}

void
sp_talk_be_patient(struct sp_talk *talk)
{
	const struct timeval forever = { 0 };

	(void)setsockopt(talk->fd, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof(forever));
}

/* The descriptor rides on the first byte. */
static ssize_t
send_with(int fd, const char *text, size_t len, int passed_fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { (void *)(uintptr_t)text, len };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (passed_fd >= 0) {
		struct cmsghdr *c = (struct cmsghdr *)(void *)control;

		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &passed_fd, sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL);
}

int
sp_talk_say(struct sp_talk *talk, const char *request, int passed_fd, const struct sp_why *why)
{
	size_t len = strlen(request);

	for (const char *at = request; len > 0; passed_fd = -1) {
		const ssize_t n = send_with(talk->fd, at, len, passed_fd);

		if (n < 0)
			return sp_why(why, errno, "cannot ask the instance: %s", strerror(errno));
		at += n;
		len -= (size_t)n;
	}
	if (send(talk->fd, "\n", 1, MSG_NOSIGNAL) != 1)
		return sp_why(why, errno, "cannot ask the instance: %s", strerror(errno));
	return 0;
}

int
sp_talk_hear(struct sp_talk *talk, cJSON **row, const struct sp_why *why)
{
	const ssize_t len = getline(&talk->line, &talk->room, talk->from);
	const char *refusal;

	*row = NULL;
	if (len <= 0)
		return sp_why(why, EPIPE, "the instance ended, or did not answer for %d s",
		    PATIENCE_S);
	if (talk->line[len - 1] == '\n')
		talk->line[len - 1] = '\0';
	*row = cJSON_Parse(talk->line);
	if (*row == NULL)
		return sp_why(why, EPROTO, "the instance says: %s", talk->line);
	refusal = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(*row, "refused"));
	if (refusal == NULL && !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(*row, "end")))
		return 1;
	if (refusal != NULL)
		(void)sp_why(why, EPROTO, "%s", refusal);
	cJSON_Delete(*row);
	*row = NULL;
	return refusal == NULL ? 0 : -1;
}

static int
hear_all(struct sp_talk *talk, sp_control_row_fn *fn, void *ctx, const struct sp_why *why)
{
	cJSON *row;
	int result;

	while ((result = sp_talk_hear(talk, &row, why)) > 0) {
		fn(ctx, talk->line, row);
		cJSON_Delete(row);
	}
	return result;
}

int
sp_control_ask(int fd, const char *request, sp_control_row_fn *fn, void *ctx,
    const struct sp_why *why)
{
	const int own_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct sp_talk talk;
	int result, error;

	if (own_fd < 0)
		return sp_why(why, errno, "cannot ask the instance: %s", strerror(errno));
	result = sp_talk_open(&talk, own_fd, why);
	if (result == 0)
		result = sp_talk_say(&talk, request, -1, why);
	if (result == 0)
		result = hear_all(&talk, fn, ctx, why);
	error = errno;
	sp_talk_close(&talk);
	errno = error;
	return result;
}
