/*
 * http_welcome.h - the files of src/cmd/welcome/, built into the command.
 */
#ifndef SAMPAN_CMD_HTTP_WELCOME_H
#define SAMPAN_CMD_HTTP_WELCOME_H

#include <stddef.h>

struct http_builtin {
	const char *path;
	const unsigned char *bytes;
	size_t len;
};

/* Ends with a path of NULL.  Made by cmake/embed.cmake. */
extern const struct http_builtin sp_http_builtin[];

#endif
