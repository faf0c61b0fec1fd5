/*
 * http_list.c - a page that lists a folder: names with links, sizes, dates.
 *
 * Hidden names are left out, as they are not served; of a symbolic link, which
 * may lead elsewhere, only the name is told.  Folders come first, each
 * kind in the order of strcoll() for the C locale.  A folder of more than
 * LIST_MOST names is cut, and says so.
 */
#include "cmd/http_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LIST_MOST 10000

struct entry {
	char *name;
	bool folder;
	bool link;
	int64_t size;
	time_t modified_s;
};

struct list {
	size_t n;
	bool cut;
	struct entry *entries;
};

static void
free_list(struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->entries[i].name);
	free(l->entries);
}

static void
add(struct list *l, int dir_fd, const char *name)
{
	struct stat st;
	struct entry *e = &l->entries[l->n];

	if (name[0] == '.' || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode)))
		return;
	l->cut = l->n == LIST_MOST;
	if (l->cut)
		return;
	*e = (struct entry){ .name = strdup(name), .folder = S_ISDIR(st.st_mode),
		.link = S_ISLNK(st.st_mode), .size = st.st_size, .modified_s = st.st_mtim.tv_sec };
	l->n += e->name != NULL;
}

static bool
read_folder(struct list *l, int dir_fd)
{
	const int fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	if (dir == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return false;
	}
	while (!l->cut && (d = readdir(dir)) != NULL)
		add(l, dir_fd, d->d_name);
	(void)closedir(dir);
	return true;
}

static int
compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->folder != y->folder ? (int)y->folder - (int)x->folder : strcmp(x->name, y->name);
}

/* Text as HTML. */
static void
print_text(FILE *to, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&': (void)fputs("&amp;", to); break;
		case '<': (void)fputs("&lt;", to); break;
		case '>': (void)fputs("&gt;", to); break;
		case '"': (void)fputs("&quot;", to); break;
		default: (void)fputc(*text, to); break;
		}
	}
}

static void
print_entry(FILE *to, const struct entry *e)
{
	const char *slash = e->folder ? "/" : "";
	char link[3 * 256 + 1], date[32] = "";
	struct tm tm;

	if (sp_http_path_write(link, sizeof(link), e->name) == 0)
		return;
	if (!e->link && gmtime_r(&e->modified_s, &tm) != NULL)
		(void)strftime(date, sizeof(date), "%Y-%m-%d %H:%M", &tm);
	/* "./" keeps a name with a colon from being a scheme. */
	(void)fprintf(to, "<tr><td><a href=\"./%s%s\">", link, slash);
	print_text(to, e->name);
	(void)fprintf(to, "%s</a><td>%s<td>", slash, date);
	if (!e->folder && !e->link)
		(void)fprintf(to, "%lld", (long long)e->size);
	(void)fputc('\n', to);
}

static void
print_page(FILE *to, const struct list *l, const char *path)
{
	(void)fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>/", to);
	print_text(to, path);
	(void)fputs("</title>\n<style>body{font:16px/1.5 sans-serif;margin:2em}"
	    "td{padding:0 1.5em 0 0}td:last-child{text-align:right}</style>\n<h1>/", to);
	print_text(to, path);
	(void)fputs("</h1>\n<table>\n", to);
	if (path[0] != '\0')
		(void)fputs("<tr><td><a href=\"../\">../</a>\n", to);
	for (size_t i = 0; i < l->n; i++)
		print_entry(to, &l->entries[i]);
	(void)fputs("</table>\n", to);
	if (l->cut)
		(void)fprintf(to, "<p>Only %d names are shown.\n", LIST_MOST);
}

struct http_file *
sp_http_list(int dir_fd, const char *path)
{
	struct list l = { .entries = calloc(LIST_MOST + 1, sizeof(*l.entries)) };
	struct http_file *f = NULL;
	char *text = NULL;
	size_t len = 0;
	FILE *to;

	if (l.entries == NULL)
		return NULL;
	to = read_folder(&l, dir_fd) ? open_memstream(&text, &len) : NULL;
	if (to != NULL) {
		qsort(l.entries, l.n, sizeof(*l.entries), compare);
		print_page(to, &l, path);
		(void)fclose(to);
		f = sp_http_file_in_memory(text, len, "text/html; charset=utf-8");
	}
	free(text);
	free_list(&l);
	return f;
}
