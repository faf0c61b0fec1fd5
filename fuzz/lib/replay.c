/*
 * replay.c - main() of a fuzzer outside of libFuzzer: runs it over a corpus
 * and over random and mutated inputs, the same on every run.  Prints TAP.
 *
 * usage: fuzz_NAME [DIRECTORY]     a directory that is not there is empty
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX_BYTES ((size_t)65536)
#define RANDOM_MAX_BYTES 512u
#define RANDOM_RUNS 5000u
#define RANDOM_RUNS_FULL 200000u
#define MUTANTS_PER_FILE 50u

static uint64_t seed = 0x53616d70616e;

/* xorshift64*: the quality of its high half suffices. */
static uint32_t
next_random(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * 2685821657736338717u) >> 32);
}

/* Copied to a block of exactly its size, so that a sanitizer sees the edges. */
static void
run_once(const uint8_t *data, size_t bytes)
{
	uint8_t *copy = malloc(bytes > 0 ? bytes : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, data, bytes);
	LLVMFuzzerTestOneInput(copy, bytes);
	free(copy);
}

static void
run_mutants(uint8_t *data, size_t bytes)
{
	for (unsigned i = 0; i < MUTANTS_PER_FILE && bytes > 0; i++) {
		size_t at = next_random() % bytes;
		uint8_t old = data[at];

		data[at] = (uint8_t)next_random();
		run_once(data, i % 4 == 0 ? at : bytes);
		data[at] = old;
	}
}

static void
run_file(const char *path)
{
	static uint8_t data[INPUT_MAX_BYTES];
	FILE *f = fopen(path, "rb");
	size_t bytes;

	if (f == NULL)
		return;
	bytes = fread(data, 1, sizeof(data), f);
	fclose(f);
	run_once(data, bytes);
	run_mutants(data, bytes);
}

static unsigned
run_corpus(const char *path)
{
	struct dirent **entry;
	int n = scandir(path, &entry, NULL, alphasort);
	unsigned files = 0;

	for (int i = 0; i < n; i++) {
		char file[4096];
		int len = snprintf(file, sizeof(file), "%s/%s", path, entry[i]->d_name);

		if (entry[i]->d_name[0] != '.' && len > 0 && (size_t)len < sizeof(file)) {
			run_file(file);
			files++;
		}
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	return files;
}

static void
run_random(unsigned runs)
{
	uint8_t data[RANDOM_MAX_BYTES];

	for (unsigned i = 0; i < runs; i++) {
		size_t bytes = next_random() % (RANDOM_MAX_BYTES + 1);

		for (size_t b = 0; b < bytes; b++)
			data[b] = (uint8_t)(next_random() >> 24);
		run_once(data, bytes);
	}
}

int
main(int argc, char **argv)
{
	const char *full = getenv("SAMPAN_FULL");
	unsigned runs = full != NULL && full[0] == '1' ? RANDOM_RUNS_FULL : RANDOM_RUNS;
	unsigned files;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..2\n");
	files = argc > 1 ? run_corpus(argv[1]) : 0;
	printf("ok 1 - corpus and mutants (%u files)\n", files);
	run_random(runs);
	printf("ok 2 - random inputs (%u)\n", runs);
	return 0;
}
