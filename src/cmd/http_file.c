/*
 * http_file.c - see http_file.h.
 */
#include "cmd/http_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cmd/http_mime.h"

#define CACHE_PLACES 512
#define CACHE_TARGET_BYTES 200	/* longer targets are not remembered */
/* A file is believed for this long, and its place kept for that long. */
#define FRESH_DUR SAMPAN_SEC(1)
#define KEEP_DUR SAMPAN_SEC(10)
#define SWEEP_PLACES 64
/* The clock of file systems is coarse, 10 ms at worst: what changed this lately
 * may change once more without looking different. */
#define RACY_S 2

struct place {
	struct http_file *file;	/* NULL: empty */
	sampan_time checked_at;
	sampan_time used_at;
	uint32_t hash;
	uint32_t len;
	char target[CACHE_TARGET_BYTES];
};

struct http_files {
	int root_fd;		/* -1: the pages built in */
	sampan_time now;
	int64_t wall_s;
	unsigned swept;
	struct place places[CACHE_PLACES];
};

int
sp_http_files_open(struct http_files **out, const char *root, const struct sp_why *why)
{
	struct http_files *files = calloc(1, sizeof(*files));

	if (files == NULL)
		return sp_why(why, ENOMEM, "no memory for http");
	files->root_fd = -1;
	if (root != NULL)
		files->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root != NULL && files->root_fd < 0) {
		free(files);
		return sp_why(why, errno, "--root %.150s: %s: give a folder that can be read",
		    root, strerror(errno));
	}
	*out = files;
	return 0;
}

void
sp_http_files_time(struct http_files *files, sampan_time now, int64_t wall_s)
{
	files->now = now;
	files->wall_s = wall_s;
}

static void
empty_place(struct place *p)
{
	if (p->file != NULL)
		sp_http_file_release(p->file);
	*p = (struct place){ 0 };
}

void
sp_http_files_close(struct http_files *files)
{
	for (unsigned i = 0; i < CACHE_PLACES; i++)
		empty_place(&files->places[i]);
	if (files->root_fd >= 0)
		(void)close(files->root_fd);
	free(files);
}

/* ---- A file ---- */

void
sp_http_file_release(struct http_file *f)
{
	if (--f->refs > 0)
		return;
	if (f->fd >= 0)
		(void)close(f->fd);
	free(f->owned);
	free(f);
}

int64_t
sp_http_file_read(const struct http_file *f, void *to, size_t len, uint64_t at)
{
	return pread(f->fd, to, len, (off_t)at);
}

struct http_file *
sp_http_file_in_memory(const char *bytes, size_t len, const char *type)
{
	struct http_file *f = calloc(1, sizeof(*f));
	char *owned = f == NULL ? NULL : malloc(HTTP_HEAD_BYTES + len);

	if (owned == NULL) {
		free(f);
		return NULL;
	}
	memcpy(owned + HTTP_HEAD_BYTES, bytes, len);
	*f = (struct http_file){ .refs = 1, .fd = -1, .size = len, .owned = owned,
		.bytes = owned + HTTP_HEAD_BYTES, .type = type };
	return f;
}

/* Puts a small file's bytes into memory.  Not being able to is no harm. */
static void
load(struct http_file *f)
{
	char *owned;
	size_t got = 0;
	ssize_t n = 1;

	if (f->size > HTTP_SMALL_BYTES)
		return;
	owned = malloc(HTTP_HEAD_BYTES + f->size + 1);
	if (owned == NULL)
		return;
	/* One more, to notice that it has grown. */
	while (n > 0 && got <= f->size) {
		n = pread(f->fd, owned + HTTP_HEAD_BYTES + got, f->size + 1 - got, (off_t)got);
		got += n > 0 ? (size_t)n : 0;
	}
	if (n != 0 || got != f->size) {
		free(owned);
		return;
	}
	f->owned = owned;
	f->bytes = owned + HTTP_HEAD_BYTES;
	(void)close(f->fd);
	f->fd = -1;
}

/* RFC 9110 §8.8.1: a validator is strong only if no change escapes it. */
static void
set_validators(struct http_file *f, int64_t wall_s)
{
	const struct stat *st = &f->st;

	f->has_validators = true;
	f->modified_s = st->st_mtim.tv_sec;
	f->racy = wall_s - st->st_mtim.tv_sec < RACY_S;
	(void)snprintf(f->etag, sizeof(f->etag), "%s\"%llx-%llx-%llx.%lx\"", f->racy ? "W/" :
	    "", (unsigned long long)st->st_ino, (unsigned long long)st->st_size,
	    (unsigned long long)st->st_mtim.tv_sec, (unsigned long)st->st_mtim.tv_nsec);
}

/* Takes the descriptor over. */
static struct http_file *
make_file(int fd, const struct stat *st, const char *path, int64_t wall_s)
{
	struct http_file *f = calloc(1, sizeof(*f));

	if (f == NULL) {
		(void)close(fd);
		return NULL;
	}
	f->refs = 1;
	f->fd = fd;
	f->st = *st;
	f->size = (uint64_t)st->st_size;
	f->type = sp_http_mime(path);
	set_validators(f, wall_s);
	load(f);
	return f;
}

/* ---- The folder ---- */

static int
open_beneath(int root_fd, const char *path)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, root_fd, path[0] == '\0' ? "." : path, &how, sizeof(how));
}

static int
status_of(int error)
{
	if (error == EACCES || error == EPERM)
		return 403;
	if (error == EMFILE || error == ENFILE || error == ENOMEM || error == EIO)
		return 500;
	/* EXDEV is what would lead out of the folder. */
	return 404;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	    a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* What a path leads to now; `before` comes back if it is still that. */
static int
look(struct http_files *files, const char *path, struct http_file *before,
    struct http_file **out)
{
	const int fd = open_beneath(files->root_fd, path);
	struct stat st = { 0 };

	if (fd < 0)
		return status_of(errno);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return S_ISDIR(st.st_mode) ? 301 : 403;
	}
	if (before != NULL && !before->racy && is_same(&before->st, &st)) {
		(void)close(fd);
		before->refs++;
		*out = before;
		return 0;
	}
	*out = make_file(fd, &st, path, files->wall_s);
	return *out == NULL ? 500 : 0;
}

/* Its index.html, or else a list of what is in it. */
static int
look_at_folder(struct http_files *files, const char *path, struct http_file *before,
    struct http_file **out)
{
	char index[HTTP_PATH_BYTES + 16];
	int dir_fd, status;

	(void)snprintf(index, sizeof(index), "%s%sindex.html", path, path[0] == '\0' ? "" : "/");
	status = look(files, index, before, out);
	if (status != 404)
		return status == 301 ? 403 : status;
	dir_fd = open_beneath(files->root_fd, path);
	if (dir_fd < 0)
		return status_of(errno);
	*out = sp_http_list(dir_fd, path);
	(void)close(dir_fd);
	return *out == NULL ? 404 : 0;
}

static int
look_anywhere(struct http_files *files, const struct http_path *path, struct http_file *before,
    struct http_file **out)
{
	if (files->root_fd < 0) {
		*out = sp_http_welcome(path->text);
		return *out == NULL ? 404 : 0;
	}
	if (path->folder)
		return look_at_folder(files, path->text, before, out);
	return look(files, path->text, before, out);
}

/* ---- The cache ---- */

static uint32_t
hash_of(struct http_text target)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < target.len; i++)
		hash = (hash ^ (uint8_t)target.p[i]) * 16777619u;
	return hash;
}

/* The place that a target has or may have. */
static struct place *
place_of(struct http_files *files, struct http_text target, uint32_t hash, bool *is_there)
{
	struct place *p = &files->places[hash % CACHE_PLACES];

	*is_there = p->file != NULL && p->hash == hash && p->len == target.len &&
	    memcmp(p->target, target.p, target.len) == 0;
	return p;
}

struct http_file *
sp_http_file_cached(struct http_files *files, struct http_text target)
{
	struct place *p;
	bool is_there;

	p = place_of(files, target, hash_of(target), &is_there);
	if (!is_there || files->now - p->checked_at >= FRESH_DUR)
		return NULL;
	p->used_at = files->now;
	return p->file;
}

static void
remember(struct place *p, struct http_text target, uint32_t hash, struct http_file *f,
    sampan_time now)
{
	f->refs++;
	empty_place(p);
	*p = (struct place){ .file = f, .checked_at = now, .used_at = now, .hash = hash,
		.len = (uint32_t)target.len };
	memcpy(p->target, target.p, target.len);
}

int
sp_http_file_find(struct http_files *files, struct http_text target, struct http_file **out,
    struct http_path *path)
{
	const uint32_t hash = hash_of(target);
	bool is_there;
	struct place *p = place_of(files, target, hash, &is_there);
	int status = sp_http_path_read(path, target.p, target.len);

	if (status == 0)
		status = look_anywhere(files, path, is_there ? p->file : NULL, out);
	if (status == 0 && target.len <= CACHE_TARGET_BYTES && (*out)->has_validators)
		remember(p, target, hash, *out, files->now);
	else if (is_there)
		empty_place(p);
	return status;
}

void
sp_http_files_tick(struct http_files *files)
{
	for (unsigned i = 0; i < SWEEP_PLACES; i++) {
		struct place *p = &files->places[files->swept];

		if (p->file != NULL && files->now - p->used_at > KEEP_DUR)
			empty_place(p);
		files->swept = (files->swept + 1) % CACHE_PLACES;
	}
}
