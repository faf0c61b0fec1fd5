/*
 * http_path.c - see http_path.h.
 */
#include "cmd/http_path.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* -1: not a hexadecimal digit. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* The byte that at most three characters stand for, and how many; -1: none. */
static int
decode(const char *at, const char *end, size_t *used)
{
	int high, low;

	*used = 1;
	if (*at != '%')
		return (uint8_t)*at;
	if (end - at < 3)
		return -1;
	high = hex_value(at[1]);
	low = hex_value(at[2]);
	*used = 3;
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* The path within an absolute form; NULL: not a target of a file. */
static const char *
skip_authority(const char *target, const char *end)
{
	static const char scheme[] = "http://";

	if (target < end && *target == '/')
		return target;
	if ((size_t)(end - target) < sizeof(scheme) ||
	    strncasecmp(target, scheme, sizeof(scheme) - 1) != 0)
		return NULL;
	target += sizeof(scheme) - 1;
	while (target < end && *target != '/' && *target != '?')
		target++;
	return target;
}

/* Takes the last segment away; false: there is none. */
static bool
climb(struct http_path *p)
{
	if (p->len == 0)
		return false;
	p->len--;	/* the slash behind it */
	while (p->len > 0 && p->text[p->len - 1] != '/')
		p->len--;
	return true;
}

static bool
is_hidden(const char *segment, size_t len)
{
	static const char known[] = ".well-known";

	return segment[0] == '.' && (len != sizeof(known) - 1 || memcmp(segment, known, len) != 0);
}

/* Takes one segment, decoded and already in place behind the path. */
static int
take_segment(struct http_path *p, size_t len, bool last)
{
	const char *segment = p->text + p->len;
	const bool dot = len == 1 && segment[0] == '.';
	const bool dots = len == 2 && segment[0] == '.' && segment[1] == '.';

	p->folder = len == 0 || dot || dots;
	if (dots)
		return climb(p) ? 0 : 400;
	if (p->folder)
		return 0;
	if (is_hidden(segment, len))
		return 404;
	p->len += len;
	if (!last)
		p->text[p->len++] = '/';
	return 0;
}

int
sp_http_path_read(struct http_path *p, const char *target, size_t len)
{
	const char *end = target + len;
	const char *at = skip_authority(target, end), *query;
	size_t segment = 0;
	int status = 0;

	p->len = 0;
	p->folder = true;
	if (at == NULL)
		return 400;
	query = memchr(at, '?', (size_t)(end - at));
	end = query != NULL ? query : end;
	for (size_t used; at < end && status == 0; at += used) {
		const int c = decode(at, end, &used);

		if (c <= 0)
			return 400;
		if (p->len + segment + 2 >= sizeof(p->text))
			return 414;
		if (c == '/' && used == 3)
			return 404;	/* no file has a slash in its name */
		if (c == '/') {
			status = take_segment(p, segment, false);
			segment = 0;
		} else {
			p->text[p->len + segment++] = (char)c;
		}
	}
	if (status == 0)
		status = take_segment(p, segment, true);
	if (p->folder && p->len > 0)
		p->len--;	/* a folder's name has no slash behind it */
	p->text[p->len] = '\0';
	return status;
}

static bool
is_plain(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	    (c != '\0' && strchr("-._~/", c) != NULL);
}

size_t
sp_http_path_write(char *to, size_t room, const char *path)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t len = 0;

	for (; *path != '\0'; path++) {
		if (len + 4 > room)
			return 0;
		if (is_plain(*path)) {
			to[len++] = *path;
			continue;
		}
		to[len++] = '%';
		to[len++] = hex[(uint8_t)*path >> 4];
		to[len++] = hex[(uint8_t)*path & 15];
	}
	if (len >= room)
		return 0;
	to[len] = '\0';
	return len;
}
