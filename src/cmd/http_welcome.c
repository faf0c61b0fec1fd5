/*
 * http_welcome.c - what http serves when nobody gave it a folder: the pages
 * that are built in.
 */
#include "cmd/http_welcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/http_file.h"
#include "cmd/http_mime.h"

/* When the pages were new.  The entity tag, not the date, tells versions
 * apart. */
#define WELCOME_S 1763596800	/* 20 November 2025 */

static uint64_t
digest(const struct http_builtin *b)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < b->len; i++)
		hash = (hash ^ b->bytes[i]) * 1099511628211u;
	return hash;
}

struct http_file *
sp_http_welcome(const char *path)
{
	const struct http_builtin *b = sp_http_builtin;
	const char *name = path[0] == '\0' ? "index.html" : path;
	struct http_file *f;

	while (b->path != NULL && strcmp(b->path, name) != 0)
		b++;
	if (b->path == NULL)
		return NULL;
	f = sp_http_file_in_memory((const char *)b->bytes, b->len, sp_http_mime(name));
	if (f == NULL)
		return NULL;
	f->has_validators = true;
	f->modified_s = WELCOME_S;
	(void)snprintf(f->etag, sizeof(f->etag), "\"%016" PRIx64 "\"", digest(b));
	return f;
}
