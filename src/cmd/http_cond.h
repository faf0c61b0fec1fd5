/*
 * http_cond.h - conditional requests, RFC 9110 §13.
 */
#ifndef SAMPAN_CMD_HTTP_COND_H
#define SAMPAN_CMD_HTTP_COND_H

#include "cmd/http_file.h"
#include "cmd/http_request.h"

/* 0: the condition holds or there is none; 304 or 412. */
uint16_t sp_http_cond(const struct http_request *r, const char *message,
    const struct http_file *f, int64_t wall_s);

/* Does If-Range let the ranges count? */
bool sp_http_cond_range(const struct http_request *r, const char *message,
    const struct http_file *f, int64_t wall_s);

#endif
