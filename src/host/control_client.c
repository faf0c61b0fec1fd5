/*
 * control_client.c - see control_client.h.
 */
#include "host/control_client.h"

#include <dirent.h>
#include <errno.h>
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

enum answer { ANSWER_GOES_ON, ANSWER_ENDS, ANSWER_IS_ERROR };

static enum answer
take_line(const char *line, sp_control_row_fn *fn, void *ctx, const struct sp_why *why)
{
	cJSON *row = cJSON_Parse(line);
	const char *error = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "refused"));
	enum answer answer = ANSWER_GOES_ON;

	if (row == NULL || error != NULL) {
		(void)sp_why(why, EPROTO, "the instance says: %s", row == NULL ? line : error);
		answer = ANSWER_IS_ERROR;
	} else if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(row, "end"))) {
		answer = ANSWER_ENDS;
	} else {
		fn(ctx, line, row);
	}
	cJSON_Delete(row);
	return answer;
}

static int
read_answer(FILE *stream, sp_control_row_fn *fn, void *ctx, const struct sp_why *why)
{
	enum answer answer = ANSWER_GOES_ON;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while (answer == ANSWER_GOES_ON && (len = getline(&line, &room, stream)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		answer = take_line(line, fn, ctx, why);
	}
	free(line);
	if (answer == ANSWER_GOES_ON)
		return sp_why(why, EPIPE, "the instance ended, or did not answer for %d s",
		    PATIENCE_S);
	return answer == ANSWER_ENDS ? 0 : -1;
}

int
sp_control_ask(int fd, const char *request, sp_control_row_fn *fn, void *ctx,
    const struct sp_why *why)
{
	const int stream_fd = dup(fd);
	FILE *stream = stream_fd < 0 ? NULL : fdopen(stream_fd, "r");
	int result;

	if (stream == NULL) {
		if (stream_fd >= 0)
			(void)close(stream_fd);
		return sp_why(why, errno, "cannot read the answer: %s", strerror(errno));
	}
	if (dprintf(fd, "%s\n", request) < 0)
		result = sp_why(why, errno, "cannot ask the instance: %s", strerror(errno));
	else
		result = read_answer(stream, fn, ctx, why);
	(void)fclose(stream);
	return result;
}
