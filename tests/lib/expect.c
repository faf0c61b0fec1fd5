/*
 * expect.c - expectations that say what they saw, and the record of
 * requirements covered.  Read test.h first.
 */
#include "lib/test.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct test_case *current;

void
test_set_current(const struct test_case *test)
{
	current = test;
}

const struct test_case *
test_current(void)
{
	return current;
}

bool
test_full(void)
{
	const char *full = getenv("SAMPAN_FULL");

	return full != NULL && full[0] != '\0' && strcmp(full, "0") != 0;
}

void
test_fail(const char *file, int line, const char *what)
{
	printf("# %s:%d: expected %s\n", file, line, what);
	_fail(file, line);
}

void
test_expect_eq(int64_t got, int64_t want, const char *what, const char *file, int line)
{
	if (got == want)
		return;
	printf("# got %" PRId64 " (0x%" PRIx64 "), want %" PRId64 " (0x%" PRIx64 ")\n", got,
	    (uint64_t)got, want, (uint64_t)want);
	test_fail(file, line, what);
}

/* Sixteen bytes from the place of the first difference. */
static void
print_bytes(const char *label, const uint8_t *p, size_t at, size_t bytes)
{
	size_t end = bytes - at > 16 ? at + 16 : bytes;

	printf("# %s", label);
	for (size_t i = at; i < end; i++)
		printf(" %02x", p[i]);
	printf("\n");
}

void
test_expect_mem(const void *got, const void *want, size_t bytes, const char *file, int line)
{
	const uint8_t *g = got, *w = want;
	size_t at = 0;

	while (at < bytes && g[at] == w[at])
		at++;
	if (at == bytes)
		return;
	printf("# first difference at byte %zu of %zu:\n", at, bytes);
	print_bytes("got ", g, at, bytes);
	print_bytes("want", w, at, bytes);
	test_fail(file, line, "equal memory");
}

void
test_expect_str(const char *got, const char *want, const char *file, int line)
{
	if (strcmp(got, want) == 0)
		return;
	printf("# got \"%s\", want \"%s\"\n", got, want);
	test_fail(file, line, "equal strings");
}

/* One write per line, because programs run in parallel. */
static void
append_line(int fd, const char *id)
{
	char line[256];
	int len = snprintf(line, sizeof(line), "%s\t%s\n", current->name, id);

	if (len < 0 || (size_t)len >= sizeof(line) || write(fd, line, (size_t)len) != len)
		test_fail(__FILE__, __LINE__, "SAMPAN_COVERS to be written");
}

void
test_covers(const char *const *ids)
{
	const char *path = getenv("SAMPAN_COVERS");
	int fd;

	if (path == NULL || path[0] == '\0')
		return;
	if (current == NULL)
		test_fail(__FILE__, __LINE__, "COVERS inside a test");
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0)
		test_fail(__FILE__, __LINE__, "SAMPAN_COVERS to name a file that opens");
	for (; *ids != NULL; ids++)
		append_line(fd, *ids);
	close(fd);
}
