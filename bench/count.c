/*
 * count.c - see count.h.
 */
#include "count.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"

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

static bool
count_by_processor(count_fn *fn, void *ctx, struct count *out)
{
	const int fd = open_counter(PERF_COUNT_HW_INSTRUCTIONS, -1);
	const int cycles_fd = fd >= 0 ? open_counter(PERF_COUNT_HW_CPU_CYCLES, fd) : -1;
	bool good;

	if (fd < 0)
		return false;
	(void)ioctl(fd, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP);
	good = fn(ctx);
	(void)ioctl(fd, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP);
	*out = (struct count){ read_counter(fd), read_counter(cycles_fd), "counted by the processor" };
	if (cycles_fd >= 0)
		(void)close(cycles_fd);
	(void)close(fd);
	return good && out->instructions > 0;
}

/* ---- Step by step ---- */

#if defined(__x86_64__)

/* The child stops itself before and after the work. */
static _Noreturn void
be_traced(count_fn *fn, void *ctx)
{
	bool good;

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(2);
	(void)raise(SIGSTOP);
	good = fn(ctx);
	(void)raise(SIGSTOP);
	_exit(good ? 0 : 1);
}

static bool
stopped_by(pid_t child, int signal)
{
	int status;

	return waitpid(child, &status, 0) == child && WIFSTOPPED(status) &&
	    WSTOPSIG(status) == signal;
}

static uint64_t
place_of(pid_t child)
{
	return (uint64_t)ptrace(PTRACE_PEEKUSER, child, offsetof(struct user, regs.rip), NULL);
}

/* Steps until the child stops itself.  A repeated string instruction stops
 * after each repetition at the same place: it counts as one, as it does for
 * the processor. */
static uint64_t
steps_until_stop(pid_t child)
{
	uint64_t n = 0, last = 0;

	while (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) == 0 && stopped_by(child, SIGTRAP)) {
		const uint64_t place = place_of(child);

		n += place != last;
		last = place;
	}
	return n;
}

static bool
step_through(count_fn *fn, void *ctx, uint64_t *steps)
{
	const pid_t child = fork();
	int status = 1;

	if (child < 0)
		return false;
	if (child == 0)
		be_traced(fn, ctx);
	if (stopped_by(child, SIGSTOP)) {
		*steps = steps_until_stop(child);
		(void)ptrace(PTRACE_CONT, child, NULL, NULL);
	} else {
		(void)kill(child, SIGKILL);
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
do_nothing(void *ctx)
{
	(void)ctx;
	return true;
}

static bool
count_by_steps(count_fn *fn, void *ctx, struct count *out)
{
	uint64_t all = 0, around = 0;

	out->how = "no counter in this machine, and ptrace(2) is not allowed";
	if (!step_through(do_nothing, NULL, &around))
		return false;
	out->how = "the work went wrong";
	if (!step_through(fn, ctx, &all) || all <= around)
		return false;
	*out = (struct count){ all - around, 0, "counted by single steps" };
	return true;
}

#else

static bool
count_by_steps(count_fn *fn, void *ctx, struct count *out)
{
	(void)fn;
	(void)ctx;
	out->how = "no counter in this machine, and single steps are counted on x86-64 only";
	return false;
}

#endif

bool
count_run(count_fn *fn, void *ctx, struct count *out)
{
	*out = (struct count){ 0 };
	return count_by_processor(fn, ctx, out) || count_by_steps(fn, ctx, out);
}
