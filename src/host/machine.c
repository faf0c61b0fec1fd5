/*
 * machine.c - what a stack gets from the machine: time, memory, a seed.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#include <sampan/host.h>

#define TRACE_ENTRIES 4096

sampan_time
sampan_clock(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return SAMPAN_SEC(ts.tv_sec) + (sampan_time)ts.tv_nsec;
}

/* The best variant of the checksum (sampan.h). */
#if defined(__x86_64__)
static uint32_t
csum_variant(void)
{
	return __builtin_cpu_supports("avx2") ? 1 : 0;
}
#else
static uint32_t
csum_variant(void)
{
	return 0;
}
#endif

/* What stays the same over restarts: the machine's name for itself, machine-id(5).  It
 * is only ever the key of a hash.  Zero where there is none. */
static void
fill_secret(uint64_t secret[2])
{
	unsigned long long high, low;
	FILE *f = fopen("/etc/machine-id", "re");

	if (f == NULL)
		return;
	if (fscanf(f, "%16llx%16llx", &high, &low) == 2) {
		secret[0] = high;
		secret[1] = low;
	}
	(void)fclose(f);
}

int
sampan_config_fill(struct sampan_config *config)
{
	*config = (struct sampan_config){
		.size = sizeof(*config),
		.csum_variant = csum_variant(),
		.trace_entries = TRACE_ENTRIES,
	};
	fill_secret(config->secret);
	if (getrandom(config->seed, sizeof(config->seed), 0) != (ssize_t)sizeof(config->seed))
		return -1;
	return 0;
}

void *
sampan_memory_alloc(size_t bytes, bool touch)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	(void)madvise(memory, bytes, MADV_HUGEPAGE);	/* a wish: small pages serve too */
	if (touch && madvise(memory, bytes, MADV_POPULATE_WRITE) != 0) {
		const int error = errno;

		(void)munmap(memory, bytes);
		errno = error;
		return NULL;
	}
	return memory;
}

void
sampan_memory_free(void *memory, size_t bytes)
{
	if (memory != NULL)
		(void)munmap(memory, bytes);
}
