/*
 * http_request.c - any bytes as HTTP requests: read in pieces or at once they
 * mean the same, what is found lies within them, and paths, ranges and dates in
 * them are read or refused.  The first byte says how large the pieces are.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/http_date.h"
#include "cmd/http_path.h"
#include "cmd/http_range.h"
#include "cmd/http_request.h"

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static void
check_span(const struct http_request *r, struct http_span span)
{
	check(span.len == 0 || span.at + span.len <= r->fed);
}

static void
check_path(const char *message, struct http_span target)
{
	struct http_path p;
	char again[1 + 3 * HTTP_PATH_BYTES + 1] = "/";
	const struct http_text text = sp_http_request_text(message, target);
	const int status = sp_http_path_read(&p, text.p, text.len);

	if (status != 0)
		return;
	check(p.len == strlen(p.text) && p.text[0] != '/');
	check(strstr(p.text, "/../") == NULL && strncmp(p.text, "../", 3) != 0);
	check(strcmp(p.text, "..") != 0);
	check(sp_http_path_write(again + 1, sizeof(again) - 1, p.text) > 0 || p.len == 0);
}

static void
check_fields(const struct http_request *r, const char *message)
{
	struct http_range ranges[HTTP_RANGES];
	const struct http_text range = sp_http_request_text(message, r->field[HTTP_RANGE]);
	const struct http_text date = sp_http_request_text(message,
	    r->field[HTTP_IF_MODIFIED_SINCE]);
	const int n = sp_http_range_read(ranges, range.p, range.len, 1000);
	int64_t at_s;

	check(n >= -1 && n <= HTTP_RANGES);
	for (int i = 0; i < n; i++)
		check(ranges[i].at < ranges[i].end && ranges[i].end <= 1000);
	if (sp_http_date_read(&at_s, date.p, date.len, 1000000000))
		check(at_s >= 0 && at_s < 253402300800);
}

/* Reads one request; returns how much it took, 0: it is not whole. */
static size_t
read_one(struct http_request *r, const char *message, size_t len, size_t piece)
{
	bool whole = false;

	sp_http_request_begin(r);
	for (size_t at = piece; at < len && !whole; at += piece)
		whole = sp_http_request_feed(r, message, at);
	if (!whole)
		whole = sp_http_request_feed(r, message, len);
	check_span(r, r->target);
	check_span(r, r->line);
	for (unsigned i = 0; i < HTTP_FIELD_COUNT; i++)
		check_span(r, r->field[i]);
	check(!whole || r->bytes <= len);
	return whole ? r->bytes : 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct http_request r, same;
	const char *at = (const char *)data + 1;
	size_t left = bytes > 1 ? bytes - 1 : 0;
	const size_t piece = bytes > 0 ? (size_t)data[0] + 1 : 1;

	left = left < HTTP_MESSAGE_BYTES ? left : HTTP_MESSAGE_BYTES;
	while (left > 0) {
		const size_t took = read_one(&r, at, left, piece);
		const size_t at_once = read_one(&same, at, left, left);

		check((took > 0) == (at_once > 0) && r.status == same.status);
		if (took == 0 || r.status != 0)
			break;
		check(took == at_once && memcmp(r.field, same.field, sizeof(r.field)) == 0);
		check_path(at, r.target);
		check_fields(&r, at);
		at += took;
		left -= took;
	}
	return 0;
}
