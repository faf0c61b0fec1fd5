/*
 * http_log.h - a line for each request, in the combined format that log
 * readers know.
 *
 * Lines are gathered and written each tick, or when there are many.  Text from
 * outside is written with quotes, backslashes and control characters escaped.
 */
#ifndef SAMPAN_CMD_HTTP_LOG_H
#define SAMPAN_CMD_HTTP_LOG_H

#include "cmd/http_request.h"
#include "link/why.h"

#include <sampan/sampan.h>

struct http_log;

/* Appends to the file, "-" is standard output.  -1: see why. */
int sp_http_log_open(struct http_log **out, const char *path, const struct sp_why *why);

struct http_log_line {
	const struct sampan_sockaddr *peer;
	const struct http_request *request;
	const char *message;
	int64_t wall_s;
	unsigned status;
	uint64_t body_bytes;
};

void sp_http_log(struct http_log *log, const struct http_log_line *line);
void sp_http_log_flush(struct http_log *log);
void sp_http_log_close(struct http_log *log);

#endif
