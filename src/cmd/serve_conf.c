/*
 * serve_conf.c - see serve_conf.h.
 */
#include "cmd/serve_conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"

/* No file of settings is longer. */
#define CONF_BYTES ((size_t)1 << 20)

/* KEY=VALUE; the text is taken apart. */
static int
set_one(struct sampan *s, char *setting)
{
	char why[SAMPAN_WHY_BYTES];
	char *value = strchr(setting, '=');
	int result;

	*value++ = '\0';
	result = sampan_conf_set(s, setting, value, why, sizeof(why));
	if (result < 0)
		return sp_cmd_fail("sampan serve", EINVAL, "--set %s=%s: %s", setting, value, why);
	if (result > 0)
		(void)sp_cmd_fail("sampan serve", 0, "--set %s", why);
	return 0;
}

/* ---- A file ---- */

struct reader {
	const char *path;
	unsigned first_wrong;	/* a line, 0: none */
	char why[SAMPAN_WHY_BYTES];
};

static void
line_judged(void *ctx, unsigned line, bool wrong, const char *why)
{
	struct reader *r = ctx;

	if (!wrong) {
		(void)sp_cmd_fail("sampan serve", 0, "%s:%u: %s", r->path, line, why);
	} else if (r->first_wrong == 0) {
		r->first_wrong = line;
		(void)snprintf(r->why, sizeof(r->why), "%s", why);
	}
}

static int
apply_text(struct sampan *s, const char *path, const char *text, size_t len)
{
	struct reader r = { .path = path };
	const int wrong = sampan_conf_apply(s, text, len, line_judged, &r);

	if (wrong == 0)
		return 0;
	if (wrong == 1)
		return sp_cmd_fail("sampan serve", EINVAL, "--conf %s:%u: %s", path, r.first_wrong,
		    r.why);
	return sp_cmd_fail("sampan serve", EINVAL, "--conf %s:%u: %s (and %d more such lines)",
	    path, r.first_wrong, r.why, wrong - 1);
}

/* Returns how much was read, -1: see errno. */
static ssize_t
read_whole(const char *path, char *text)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -1;
	while (n > 0 && len < CONF_BYTES) {
		n = read(fd, text + len, CONF_BYTES - len);
		len += n > 0 ? (size_t)n : 0;
	}
	(void)close(fd);
	if (n > 0)
		errno = EFBIG;
	return n == 0 ? (ssize_t)len : -1;
}

static int
apply_file(struct sampan *s, const char *path)
{
	char *text = malloc(CONF_BYTES);
	const ssize_t len = text == NULL ? -1 : read_whole(path, text);
	const int error = errno;
	int exit_code;

	if (len < 0)
		exit_code = sp_cmd_fail("sampan serve", error, "--conf %s: %s", path,
		    strerror(error));
	else
		exit_code = apply_text(s, path, text, (size_t)len);
	free(text);
	return exit_code;
}

int
sp_serve_conf_apply(struct sampan *s, const struct serve_args *args)
{
	int exit_code = args->conf == NULL ? 0 : apply_file(s, args->conf);

	for (unsigned i = 0; i < args->settings && exit_code == 0; i++)
		exit_code = set_one(s, args->setting[i]);
	return exit_code;
}
