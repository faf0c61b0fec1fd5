/*
 * control_client.h - the asking end of the control socket (host.h).
 */
#ifndef SAMPAN_HOST_CONTROL_CLIENT_H
#define SAMPAN_HOST_CONTROL_CLIENT_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "link/why.h"

/* Called for each row of the answer, with the line as it came and parsed. */
typedef void sp_control_row_fn(void *ctx, const char *line, const cJSON *row);

/* Connects to an instance: the one of that name, or with NULL the only one
 * that runs.  Returns the descriptor. */
int sp_control_open_client(const char *name, const struct sp_why *why);

/* Sends a request, one line of JSON without its end, and waits for the whole
 * answer.  -1: the connection broke, or the instance refused (EPROTO, and its
 * own words). */
int sp_control_ask(int fd, const char *request, sp_control_row_fn *fn, void *ctx,
    const struct sp_why *why);

/* The same a row at a time, for answers that go on for long. */
struct sp_talk {
	int fd;
	FILE *from;
	char *line;		/* the latest, without its end */
	size_t room;
};

/* Takes a descriptor of sp_control_open_client(), which the talk then owns. */
int sp_talk_open(struct sp_talk *talk, int fd, const struct sp_why *why);
void sp_talk_close(struct sp_talk *talk);

/* passed_fd, if not -1, goes along; both ends have it then. */
int sp_talk_say(struct sp_talk *talk, const char *request, int passed_fd,
    const struct sp_why *why);

/* Waits for the next row, which is the caller's to delete.  1; 0: that was
 * all; -1: as sp_control_ask(). */
int sp_talk_hear(struct sp_talk *talk, cJSON **row, const struct sp_why *why);

/* Answers may take as long as they like from now on. */
void sp_talk_be_patient(struct sp_talk *talk);

#endif
