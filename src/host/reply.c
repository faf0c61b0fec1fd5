/*
 * reply.c - see reply.h.
 */
#include "host/reply.h"

#include <string.h>

static void
put(struct sp_reply *r, const char *bytes, size_t len)
{
	const size_t end = r->len + SP_REPLY_ROW_BYTES < r->room ? r->len + SP_REPLY_ROW_BYTES :
	    r->room;

	if (r->full || len > end - r->at) {
		r->full = true;
		return;
	}
	memcpy(r->text + r->at, bytes, len);
	r->at += len;
}

static void
put_char(struct sp_reply *r, char c)
{
	put(r, &c, 1);
}

/* RFC 8259 §7: quotes, backslashes and control characters.  Bytes above 0x7f are
 * passed on: all text of ours is UTF-8. */
static void
put_string(struct sp_reply *r, const char *text)
{
	static const char hex[] = "0123456789abcdef";

	put_char(r, '"');
	for (; *text != '\0'; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c < 0x20) {
			put(r, "\\u00", 4);
			put_char(r, hex[c >> 4]);
			put_char(r, hex[c & 15]);
			continue;
		}
		if (c == '"' || c == '\\')
			put_char(r, '\\');
		put_char(r, (char)c);
	}
	put_char(r, '"');
}

static void
put_key(struct sp_reply *r, const char *key)
{
	if (r->at > r->len + 1)
		put_char(r, ',');
	put_string(r, key);
	put_char(r, ':');
}

void
sp_row_begin(struct sp_reply *r)
{
	r->at = r->len;
	r->full = false;
	put_char(r, '{');
}

void
sp_row_text(struct sp_reply *r, const char *key, const char *value)
{
	put_key(r, key);
	put_string(r, value);
}

static void
put_digits(struct sp_reply *r, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	put(r, digits + at, sizeof(digits) - at);
}

void
sp_row_number(struct sp_reply *r, const char *key, uint64_t value)
{
	put_key(r, key);
	put_digits(r, value);
}

void
sp_row_signed(struct sp_reply *r, const char *key, int64_t value)
{
	put_key(r, key);
	if (value < 0)
		put_char(r, '-');
	put_digits(r, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void
sp_row_true(struct sp_reply *r, const char *key)
{
	put_key(r, key);
	put(r, "true", 4);
}

bool
sp_row_end(struct sp_reply *r)
{
	put(r, "}\n", 2);
	if (!r->full)
		r->len = r->at;
	return !r->full;
}
