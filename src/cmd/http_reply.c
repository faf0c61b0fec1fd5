/*
 * http_reply.c - see http_reply.h.
 */
#include "cmd/http_reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd/http_cond.h"
#include "cmd/http_date.h"

/* Between the parts of several ranges; no text has it by chance. */
#define BOUNDARY "sampan-3f9c1e7b52d8a604-part"

static const char *
reason_of(uint16_t status)
{
	switch (status) {
	case 200: return "OK";
	case 206: return "Partial Content";
	case 301: return "Moved Permanently";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 408: return "Request Timeout";
	case 412: return "Precondition Failed";
	case 413: return "Content Too Large";
	case 414: return "URI Too Long";
	case 416: return "Range Not Satisfiable";
	case 431: return "Request Header Fields Too Large";
	case 501: return "Not Implemented";
	case 505: return "HTTP Version Not Supported";
	default: return "Internal Server Error";
	}
}

__attribute__((format(printf, 2, 3)))
static void
add(struct http_reply *a, const char *format, ...)
{
	const size_t room = sizeof(a->text) - a->text_len;
	va_list args;
	int n;

	va_start(args, format);
	/* clang 14 does not see va_start(). NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	n = vsnprintf(a->text + a->text_len, room, format, args);
	va_end(args);
	if (n > 0)
		a->text_len = (uint16_t)(a->text_len + ((size_t)n < room ? (size_t)n : room - 1));
}

static void
begin_head(struct http_reply *a, uint16_t status, int64_t wall_s)
{
	char date[HTTP_DATE_BYTES];

	a->status = status;
	a->text_at = 0;
	a->text_len = 0;
	sp_http_date_write(date, wall_s);
	add(a, "HTTP/1.1 %u %s\r\nServer: sampan\r\nDate: %.*s\r\n", (unsigned)status,
	    reason_of(status), HTTP_DATE_BYTES, date);
}

/* RFC 9110 §15.4.5: a 304 has those of a 200 that a cache needs. */
static void
add_validators(struct http_reply *a, const struct http_file *f)
{
	char date[HTTP_DATE_BYTES];

	if (!f->has_validators)
		return;
	sp_http_date_write(date, f->modified_s);
	add(a, "Last-Modified: %.*s\r\nETag: %s\r\nAccept-Ranges: bytes\r\n", HTTP_DATE_BYTES, date,
	    f->etag);
}

static void
end_head(struct http_reply *a)
{
	add(a, "Connection: %s\r\n\r\n", a->keep_alive ? "keep-alive" : "close");
}

/* ---- A status ---- */

void
sp_http_reply_status(struct http_reply *a, uint16_t status, const char *location, int64_t wall_s)
{
	char page[200];
	const int len = snprintf(page, sizeof(page), "<!DOCTYPE html>\n<title>%u</title>\n"
	    "<h1>%u %s</h1>\n", (unsigned)status, (unsigned)status, reason_of(status));

	a->file = NULL;
	a->at = a->end = 0;
	a->parts = a->part = 0;
	a->last_boundary = false;
	begin_head(a, status, wall_s);
	if (location != NULL)
		add(a, "Location: %s\r\n", location);
	if (status == 405)
		add(a, "Allow: GET, HEAD\r\n");
	add(a, "Content-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n", len);
	end_head(a);
	a->body_bytes = a->no_body ? 0 : (uint64_t)len;
	if (!a->no_body)
		add(a, "%s", page);
}

/* ---- A file ---- */

static void
reply_304(struct http_reply *a, int64_t wall_s)
{
	begin_head(a, 304, wall_s);
	add_validators(a, a->file);
	end_head(a);
	a->at = a->end = 0;
	a->body_bytes = 0;
}

static void
reply_416(struct http_reply *a, int64_t wall_s)
{
	begin_head(a, 416, wall_s);
	add(a, "Content-Range: bytes */%llu\r\nContent-Length: 0\r\n",
	    (unsigned long long)a->file->size);
	end_head(a);
	a->at = a->end = 0;
	a->body_bytes = 0;
}

static void
reply_200(struct http_reply *a, int64_t wall_s)
{
	const struct http_file *f = a->file;

	begin_head(a, 200, wall_s);
	add(a, "Content-Type: %s\r\nContent-Length: %llu\r\n", f->type,
	    (unsigned long long)f->size);
	add_validators(a, f);
	end_head(a);
	a->at = 0;
	a->end = a->no_body ? 0 : f->size;
	a->body_bytes = a->end;
}

static void
reply_one_range(struct http_reply *a, int64_t wall_s)
{
	const struct http_range *range = &a->ranges[0];

	begin_head(a, 206, wall_s);
	a->at = range->at;
	a->end = range->end;
	a->body_bytes = a->end - a->at;
	add(a, "Content-Type: %s\r\nContent-Length: %llu\r\nContent-Range: bytes %llu-%llu/%llu"
	    "\r\n", a->file->type, (unsigned long long)a->body_bytes,
	    (unsigned long long)range->at, (unsigned long long)range->end - 1,
	    (unsigned long long)a->file->size);
	add_validators(a, a->file);
	end_head(a);
}

/* The head of a part; without room only its length counts. */
static size_t
part_head(char *text, size_t room, const struct http_file *f, const struct http_range *range)
{
	const int n = snprintf(text, room, "\r\n--" BOUNDARY "\r\nContent-Type: %s\r\n"
	    "Content-Range: bytes %llu-%llu/%llu\r\n\r\n", f->type, (unsigned long long)range->at,
	    (unsigned long long)range->end - 1, (unsigned long long)f->size);

	return n > 0 ? (size_t)n : 0;
}

static const char last_boundary[] = "\r\n--" BOUNDARY "--\r\n";

/* RFC 9110 §14.6. */
static void
reply_ranges(struct http_reply *a, unsigned n, int64_t wall_s)
{
	uint64_t len = sizeof(last_boundary) - 1;
	char none;

	for (unsigned i = 0; i < n; i++)
		len += part_head(&none, 0, a->file, &a->ranges[i]) + a->ranges[i].end -
		    a->ranges[i].at;
	begin_head(a, 206, wall_s);
	add(a, "Content-Type: multipart/byteranges; boundary=" BOUNDARY "\r\nContent-Length: %llu"
	    "\r\n", (unsigned long long)len);
	add_validators(a, a->file);
	end_head(a);
	a->at = a->end = 0;
	a->body_bytes = len;
	a->parts = n;
	a->last_boundary = true;
}

/* What the Range field asks for: as sp_http_range_read(). */
static int
ranges_of(struct http_reply *a, const struct http_request *r, const char *message, int64_t wall_s)
{
	const struct http_text text = sp_http_request_text(message, r->field[HTTP_RANGE]);

	/* RFC 9110 §14.2: for GET only. */
	if (text.len == 0 || r->head || !a->file->has_validators ||
	    !sp_http_cond_range(r, message, a->file, wall_s))
		return 0;
	return sp_http_range_read(a->ranges, text.p, text.len, a->file->size);
}

void
sp_http_reply_file(struct http_reply *a, const struct http_request *r, const char *message,
    struct http_file *f, int64_t wall_s)
{
	const uint16_t cond = f->has_validators ? sp_http_cond(r, message, f, wall_s) : 0;
	int n;

	a->parts = a->part = 0;
	a->last_boundary = false;
	a->file = f;
	n = cond == 0 ? ranges_of(a, r, message, wall_s) : 0;
	if (cond == 304) {
		reply_304(a, wall_s);
	} else if (cond != 0) {
		sp_http_reply_end(a);
		sp_http_reply_status(a, cond, NULL, wall_s);
	} else if (n < 0) {
		reply_416(a, wall_s);
	} else if (n == 0) {
		reply_200(a, wall_s);
	} else if (n == 1) {
		reply_one_range(a, wall_s);
	} else {
		reply_ranges(a, (unsigned)n, wall_s);
	}
}

bool
sp_http_reply_next(struct http_reply *a)
{
	a->text_at = 0;
	a->text_len = 0;
	if (a->part < a->parts) {
		const struct http_range *range = &a->ranges[a->part++];

		a->text_len = (uint16_t)part_head(a->text, sizeof(a->text), a->file, range);
		a->at = range->at;
		a->end = range->end;
		return true;
	}
	if (a->last_boundary) {
		a->last_boundary = false;
		add(a, "%s", last_boundary);
		return true;
	}
	return false;
}

void
sp_http_reply_end(struct http_reply *a)
{
	if (a->file != NULL)
		sp_http_file_release(a->file);
	a->file = NULL;
}

/* ---- The short way ---- */

/* Where "Date: " stands in every head. */
#define DATE_AT (sizeof("HTTP/1.1 200 OK\r\nServer: sampan\r\nDate: ") - 1)

static void
write_head(struct http_file *f, int64_t wall_s)
{
	struct http_reply a = { .keep_alive = true, .file = f };

	reply_200(&a, wall_s);
	f->head_len = a.text_len;
	f->head = f->owned + HTTP_HEAD_BYTES - f->head_len;
	memcpy(f->head, a.text, f->head_len);
}

const char *
sp_http_reply_whole(struct http_file *f, int64_t wall_s, size_t *len)
{
	if (f->owned == NULL)
		return NULL;
	if (f->head == NULL)
		write_head(f, wall_s);
	else if (f->head_s != wall_s)
		sp_http_date_write(f->head + DATE_AT, wall_s);
	f->head_s = wall_s;
	*len = f->head_len + (size_t)f->size;
	return f->head;
}
