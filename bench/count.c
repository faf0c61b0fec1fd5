/*
 * count.c - see count.h.
 */
#include "count.h"

#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- By the processor ---- */

static int
open_counter(uint64_t config, int group)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = config,
		.disabled = group < 0,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, group, PERF_FLAG_FD_CLOEXEC);
}

static uint64_t
read_counter(int fd)
{
	uint64_t n = 0;

	return fd >= 0 && read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n) ? n : 0;
}

static void
close_counter(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

bool
count_possible(void)
{
	const int fd = open_counter(PERF_COUNT_HW_INSTRUCTIONS, -1);

	close_counter(fd);
	return fd >= 0;
}

bool
count_run(count_fn *fn, void *ctx, struct count *out)
{
	const int fd = open_counter(PERF_COUNT_HW_INSTRUCTIONS, -1);
	const int cycles_fd = open_counter(PERF_COUNT_HW_CPU_CYCLES, fd);
	bool good;

	(void)ioctl(fd, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP);
	good = fn(ctx);
	(void)ioctl(fd, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP);
	*out = (struct count){ read_counter(fd), read_counter(cycles_fd) };
	close_counter(cycles_fd);
	close_counter(fd);
	return good;
}

/* ---- By valgrind ---- */

/* Valgrind finds it by name, so there must be one of it. */
#ifdef __clang__
#define KEPT __attribute__((noinline))
#else
#define KEPT __attribute__((noinline, noclone))
#endif

KEPT
bool
count_marked(count_fn *fn, void *ctx)
{
	const bool good = fn(ctx);

	__asm__ volatile("" ::: "memory");	/* no tail call: the end counts too */
	return good;
}

/* The number in callgrind's "==PID== Collected : N". */
static uint64_t
read_collected(FILE *from)
{
	static const char mark[] = "Collected : ";
	char line[256];
	uint64_t n = 0;

	while (fgets(line, sizeof(line), from) != NULL) {
		const char *at = strstr(line, mark);

		if (at != NULL)
			n = strtoull(at + sizeof(mark) - 1, NULL, 10);
	}
	return n;
}

bool
count_by_valgrind(const char *argument, struct count *out)
{
	char program[400], command[640];
	const ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	FILE *f;

	program[n > 0 ? n : 0] = '\0';
	(void)snprintf(command, sizeof(command),
	    "valgrind --tool=callgrind --callgrind-out-file=/dev/null "
	    "--toggle-collect=count_marked '%s' '%s' 2>&1", program, argument);
	f = popen(command, "re");
	if (f == NULL)
		return false;
	*out = (struct count){ .instructions = read_collected(f) };
	return pclose(f) == 0 && out->instructions > 0;
}
