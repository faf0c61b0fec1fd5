/*
 * machine.c - see machine.h.
 */
#include "machine.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* Those at the start; pinning makes the process's own set smaller. */
static cpu_set_t all_cores;

static void
find_cores(void)
{
	if (CPU_COUNT(&all_cores) == 0)
		(void)sched_getaffinity(0, sizeof(all_cores), &all_cores);
}

unsigned
machine_cores(void)
{
	find_cores();
	return (unsigned)CPU_COUNT(&all_cores);
}

uint64_t
machine_cpu_time(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void
machine_pin(unsigned i)
{
	unsigned left = i % machine_cores();
	cpu_set_t one;

	CPU_ZERO(&one);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all_cores) || left-- > 0)
			continue;
		CPU_SET(cpu, &one);
		break;
	}
	(void)sched_setaffinity(0, sizeof(one), &one);
}

void
machine_directory(char *path, size_t room)
{
	const ssize_t n = readlink("/proc/self/exe", path, room - 1);
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL)
		*slash = '\0';
}

static void
cut_line(char *text)
{
	text[strcspn(text, "\n")] = '\0';
}

/* The first line of a file that begins with `key`, from behind `skip` on. */
static void
read_line(const char *path, const char *key, const char *skip, char *text, size_t room)
{
	FILE *f = fopen(path, "re");
	char line[512];

	(void)snprintf(text, room, "unknown");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		const char *from = strstr(line, skip);

		if (strncmp(line, key, strlen(key)) != 0 || from == NULL)
			continue;
		(void)snprintf(text, room, "%s", from + strlen(skip));
		cut_line(text);
		break;
	}
	if (f != NULL)
		(void)fclose(f);
}

static void
read_commit(char *text, size_t room)
{
	char directory[400], command[512];
	FILE *f;

	machine_directory(directory, sizeof(directory));
	(void)snprintf(command, sizeof(command),
	    "git -C '%s' describe --always --dirty --abbrev=12 2>/dev/null", directory);
	f = popen(command, "re");
	if (f == NULL || fgets(text, (int)room, f) == NULL)
		(void)snprintf(text, room, "unknown");
	cut_line(text);
	if (f != NULL)
		(void)pclose(f);
}

void
machine_print(void)
{
	const time_t now = time(NULL);
	struct utsname kernel;
	char cpu[128], pages[128], commit[64], date[32];
	struct tm tm;

	read_line("/proc/cpuinfo", "model name", ": ", cpu, sizeof(cpu));
	read_line("/sys/kernel/mm/transparent_hugepage/enabled", "", "", pages, sizeof(pages));
	read_commit(commit, sizeof(commit));
	(void)uname(&kernel);
	(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	(void)printf("# machine: %s, %u cores, %s\n", cpu, machine_cores(), kernel.machine);
	(void)printf("# kernel: %s %s; pages %ld bytes, huge pages %s\n", kernel.sysname,
	    kernel.release, sysconf(_SC_PAGESIZE), pages);
	(void)printf("# compiler: %s; commit %s; %s\n", __VERSION__, commit, date);
}
