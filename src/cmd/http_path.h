/*
 * http_path.h - the target of a request as the path of a file.
 *
 * Percent-encoding is undone first, then dot segments are taken out, so that
 * no spelling of ".." is left for anybody to walk up.  Names that begin with a
 * dot (but for .well-known, RFC 8615) are not served: what hides in a folder
 * is rarely meant for everybody.  Source: RFC 3986 §2.1, §5.2.4; RFC 9112 §3.2.
 */
#ifndef SAMPAN_CMD_HTTP_PATH_H
#define SAMPAN_CMD_HTTP_PATH_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_PATH_BYTES 2048

struct http_path {
	char text[HTTP_PATH_BYTES];	/* without a slash in front; "" is the folder itself */
	size_t len;
	bool folder;			/* a folder was meant: the target ends in a slash */
};

/* 0, or the status to refuse it with. */
int sp_http_path_read(struct http_path *path, const char *target, size_t len);

/* Writes a path with everything encoded that is not plainly part of one, and a
 * zero.  Returns the length, 0: it does not fit. */
size_t sp_http_path_write(char *to, size_t room, const char *path);

#endif
