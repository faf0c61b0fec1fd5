/*
 * http_file.h - what can be served: files of one folder, or the pages built
 * into the command.
 *
 * The kernel holds paths inside the folder (openat2 with RESOLVE_BENEATH): no
 * "..", no absolute path and no symbolic link leads out of it, whatever
 * happens to the folder meanwhile.
 *
 * A file that was asked for stays open for a second without another look, and
 * one of up to HTTP_SMALL_BYTES has its bytes and the head of its answer in
 * memory, one behind the other.  Files are counted: one that is still being
 * sent outlives its place in the cache.
 */
#ifndef SAMPAN_CMD_HTTP_FILE_H
#define SAMPAN_CMD_HTTP_FILE_H

#include <sys/stat.h>

#include <sampan/sampan.h>

#include "cmd/http_path.h"
#include "cmd/http_request.h"
#include "link/why.h"

#define HTTP_SMALL_BYTES 65536
#define HTTP_HEAD_BYTES 512	/* a head of a whole file fits */
#define HTTP_ETAG_BYTES 80

struct http_file {
	unsigned refs;
	int fd;				/* -1: the bytes are in memory */
	uint64_t size;
	const char *bytes;		/* NULL: read them from fd */
	char *owned;			/* to be freed: NULL, or a head and the bytes behind it */
	char *head;			/* of the answer 200 with keep-alive; NULL: not written */
	size_t head_len;
	int64_t head_s;			/* the date in it */
	const char *type;
	int64_t modified_s;
	bool has_validators;		/* a list of a folder has none */
	bool racy;			/* changed so lately that it may change unseen */
	char etag[HTTP_ETAG_BYTES];	/* with its quotes */
	struct stat st;
};

struct http_files;

/* Opens the folder; NULL: the pages built in.  -1: see why. */
int sp_http_files_open(struct http_files **out, const char *root, const struct sp_why *why);
void sp_http_files_close(struct http_files *files);

/* What time it is, for the calls below. */
void sp_http_files_time(struct http_files *files, sampan_time now, int64_t wall_s);

/* Finds what a target means.  Returns 0 and a file, or a status: 301 (a folder
 * without its slash), 403, 404, 400, 414, 500.  The path is as far as it was
 * read.  The caller owes sp_http_file_release(). */
int sp_http_file_find(struct http_files *files, struct http_text target, struct http_file **out,
    struct http_path *path);

/* The same for a target that was found a moment ago, without a look at the
 * folder; NULL: it was not.  The reference is the cache's. */
struct http_file *sp_http_file_cached(struct http_files *files, struct http_text target);

void sp_http_file_release(struct http_file *f);

/* Bytes of the file at a place; 0: it has become shorter. -1: see errno. */
int64_t sp_http_file_read(const struct http_file *f, void *to, size_t len, uint64_t at);

/* Closes what was not asked for lately. */
void sp_http_files_tick(struct http_files *files);

/* ---- For the parts of it ---- */

/* A file of bytes in memory: a head can be put before them.  It takes nothing
 * over.  NULL: no memory. */
struct http_file *sp_http_file_in_memory(const char *bytes, size_t len, const char *type);

/* http_list.c: a page about the folder.  NULL: it cannot be read. */
struct http_file *sp_http_list(int dir_fd, const char *path);

/* http_welcome.c: a page built in; NULL: there is none of that path. */
struct http_file *sp_http_welcome(const char *path);

#endif
