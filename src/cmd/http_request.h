/*
 * http_request.h - one HTTP request out of the bytes of a connection.
 *
 * llhttp reads the grammar; what is kept is where things stand.  Whoever feeds
 * keeps the message, head and body, in one piece that begins at the same byte
 * each time (it may move in memory in between): nothing is copied here.  Bodies
 * are read past and not looked at.
 * Source: RFC 9112, RFC 9110.
 */
#ifndef SAMPAN_CMD_HTTP_REQUEST_H
#define SAMPAN_CMD_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <llhttp/llhttp.h>

/* A message that is longer is refused: 414, 431 or 413 by what is too long. */
#define HTTP_MESSAGE_BYTES 16384
#define HTTP_TARGET_BYTES 8000
#define HTTP_FIELDS 100

/* X(ID, "name"): fields that are looked at. */
#define HTTP_REQUEST_FIELDS(X) \
	X(HOST, "host") \
	X(RANGE, "range") \
	X(IF_RANGE, "if-range") \
	X(IF_MATCH, "if-match") \
	X(IF_NONE_MATCH, "if-none-match") \
	X(IF_MODIFIED_SINCE, "if-modified-since") \
	X(IF_UNMODIFIED_SINCE, "if-unmodified-since") \
	X(REFERER, "referer") \
	X(USER_AGENT, "user-agent")

enum http_field {
#define X(id, name) HTTP_##id,
	HTTP_REQUEST_FIELDS(X)
#undef X
	HTTP_FIELD_COUNT,
};

/* A part of the message. */
struct http_span {
	uint16_t at, len;	/* len 0: not there */
};

/* Text that is not ours and has no zero at its end. */
struct http_text {
	const char *p;
	size_t len;
};

struct http_request {
	llhttp_t parser;
	const char *base;	/* while it is fed */
	uint16_t fed;		/* bytes of the message that were looked at */
	uint16_t bytes;		/* of the message, once it is whole */
	uint16_t status;	/* 0: fine; else what to refuse it with */
	uint16_t fields;	/* so far */
	uint8_t field_now;	/* enum http_field, or HTTP_FIELD_COUNT: none of ours */
	bool head;		/* HEAD, not GET */
	bool keep_alive;	/* what the client wants */
	bool http_1_0;
	bool in_fields;		/* the request line is over */
	bool in_body;		/* the head is over */
	struct http_span line;	/* the method's first byte up to the target's end */
	struct http_span target;
	struct http_span name;	/* of the field that is being read */
	struct http_span field[HTTP_FIELD_COUNT];
};

void sp_http_request_begin(struct http_request *r);

/* Looks at a message of which len bytes have come so far.  True: it is whole,
 * or is to be refused now; `bytes` says how much of it was taken.  A request
 * that is refused with no keep_alive has an end that nobody knows. */
bool sp_http_request_feed(struct http_request *r, const char *message, size_t len);

/* No more comes: what a message is refused with that is not whole and does not
 * fit. */
uint16_t sp_http_request_too_long(const struct http_request *r);

static inline struct http_text
sp_http_request_text(const char *message, struct http_span span)
{
	return (struct http_text){ message + span.at, span.len };
}

#endif
