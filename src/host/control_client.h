/*
 * control_client.h - the asking end of the control socket (host.h).
 */
#ifndef SAMPAN_HOST_CONTROL_CLIENT_H
#define SAMPAN_HOST_CONTROL_CLIENT_H

#include <cjson/cJSON.h>

#include "link/why.h"

/* Called for each row of the answer, with the line as it came and parsed. */
typedef void sp_control_row_fn(void *ctx, const char *line, const cJSON *row);

/* Connects to an instance: the one of that name, or with NULL the only one
 * that runs.  Returns the descriptor. */
int sp_control_open_client(const char *name, const struct sp_why *why);

/* Sends a request, one line of JSON without its end, and waits for the whole
 * answer.  -1: the connection broke, or the instance refused. */
int sp_control_ask(int fd, const char *request, sp_control_row_fn *fn, void *ctx,
    const struct sp_why *why);

#endif
