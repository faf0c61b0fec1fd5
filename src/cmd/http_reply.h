/*
 * http_reply.h - what a request is answered with: a status, a head, and which
 * bytes of which file.
 *
 * A reply is a value that can wait: text that is ready, a stretch of a file
 * behind it, and the ranges that are still to come.  Source: RFC 9110.
 */
#ifndef SAMPAN_CMD_HTTP_REPLY_H
#define SAMPAN_CMD_HTTP_REPLY_H

#include "cmd/http_file.h"
#include "cmd/http_range.h"
#include "cmd/http_request.h"

/* A head with a Location of HTTP_LOCATION_BYTES and a page for people fits. */
#define HTTP_TEXT_BYTES 2048
#define HTTP_LOCATION_BYTES 1000

struct http_reply {
	uint16_t status;
	bool keep_alive;	/* after it */
	bool no_body;		/* to HEAD */
	uint16_t text_at, text_len;
	struct http_file *file;	/* with a reference; NULL: none */
	uint64_t at, end;	/* of the file, behind the text */
	uint64_t body_bytes;	/* of the whole answer, for the log */
	unsigned parts, part;	/* multipart: so many, and the next */
	bool last_boundary;	/* is still to come */
	struct http_range ranges[HTTP_RANGES];
	char text[HTTP_TEXT_BYTES];
};

/* Answers with a file, which is taken over: 200, 206, 304, 412 or 416. */
void sp_http_reply_file(struct http_reply *a, const struct http_request *r, const char *message,
    struct http_file *f, int64_t wall_s);

/* Answers with a page that says the status; location may be NULL. */
void sp_http_reply_status(struct http_reply *a, uint16_t status, const char *location,
    int64_t wall_s);

/* Makes the next part ready.  False: that was all. */
bool sp_http_reply_next(struct http_reply *a);

/* Lets the file go. */
void sp_http_reply_end(struct http_reply *a);

/* The head and the bytes of a small file as one piece, for a request that asks
 * for nothing else; the head is written when the date changes.  NULL: the file
 * is not in memory. */
const char *sp_http_reply_whole(struct http_file *f, int64_t wall_s, size_t *len);

#endif
