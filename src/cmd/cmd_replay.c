/*
 * cmd_replay.c - `sampan replay`: goes through a recording of `sampan serve --record`
 * again, and stops at the first difference.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/tape_play.h"

struct replay_args {
	const char *path;
	bool verbose;
};

static const struct argp_option options[] = {
	{ "verbose", 'v', NULL, 0, "a line for each call: its number, the time in seconds since "
	  "the beginning, what it was given and what it returned", 0 },
	{ 0 },
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	const struct cmd_args *args = state->input;
	struct replay_args *a = args->options;

	(void)arg;
	if (key != 'v')
		return ARGP_ERR_UNKNOWN;
	a->verbose = true;
	return 0;
}

/* ---- The file ---- */

/* Private: the stack may write into frames. */
static uint8_t *
map_file(const char *path, uint64_t *bytes, const struct sp_why *why)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *file = MAP_FAILED;
	int error = fd < 0 ? errno : 0;

	if (error == 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0))
		error = EINVAL;
	if (error == 0)
		file = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_NORESERVE, fd, 0);
	if (error == 0 && file == MAP_FAILED)
		error = errno;
	if (fd >= 0)
		(void)close(fd);
	if (error == 0) {
		*bytes = (uint64_t)st.st_size;
		return file;
	}
	(void)sp_why(why, error, "%s", error == EINVAL ? "no recording: give a file that 'sampan "
	    "serve --record' wrote" : strerror(error));
	return NULL;
}

/* ---- What is said ---- */

struct replay {
	struct tape_reader reader;
	struct tape_player player;
	sampan_time began_at;	/* the first time that a call brought; 0: none yet */
	uint64_t calls;
};

static double
seconds_of(const struct replay *v)
{
	return v->began_at == 0 ? 0 : (double)(v->player.now - v->began_at) / 1e9;
}

static void
print_call(const struct replay *v, const struct tape_call *call, const struct tape_result *got)
{
	(void)printf("%llu %.9f %s(0x%llx, %llu, %lld) %u bytes = %lld\n",
	    (unsigned long long)v->reader.call_number, seconds_of(v), sp_tape_call_name(call->id),
	    (unsigned long long)call->arg[0], (unsigned long long)call->arg[1],
	    (long long)call->arg[2], (unsigned)call->blob_bytes, (long long)got->result);
}

/* 0, or the exit code after a line. */
static int
judge(const struct replay *v, const struct tape_call *call, const struct tape_result *got)
{
	char where[100];

	if (!call->done) {
		(void)printf("The recording ends inside call %llu, %s, which has returned now: "
		    "%lld.\n", (unsigned long long)v->reader.call_number,
		    sp_tape_call_name(call->id), (long long)got->result);
		return 0;
	}
	if (got->result == call->result && got->out_sum == call->out_sum)
		return 0;
	(void)snprintf(where, sizeof(where), "call %llu, %s, %.9f s after the beginning",
	    (unsigned long long)v->reader.call_number, sp_tape_call_name(call->id), seconds_of(v));
	if (got->result != call->result)
		return sp_cmd_fail("sampan replay", EIO, "different: %s: returned %lld, recorded "
		    "%lld", where, (long long)got->result, (long long)call->result);
	return sp_cmd_fail("sampan replay", EIO, "different: %s: returned %lld as recorded, but "
	    "other bytes", where, (long long)got->result);
}

static int
play_all(struct replay *v, const struct replay_args *a, const struct sp_why *why)
{
	const struct tape_call *call;
	const uint8_t *blob;
	int more;

	while ((more = sp_tape_next(&v->reader, &call, &blob, why)) > 0) {
		const struct tape_result got = sp_tape_play(&v->player, call, blob);
		int exit_code;

		v->calls++;
		if (v->began_at == 0)
			v->began_at = v->player.now;
		if (a->verbose)
			print_call(v, call, &got);
		exit_code = judge(v, call, &got);
		if (exit_code != 0)
			return exit_code;
	}
	return more;
}

static int
replay(const struct replay_args *a, const uint8_t *file, uint64_t bytes)
{
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };
	struct replay v = { .calls = 0 };
	int result = sp_tape_read(&v.reader, file, bytes, &why);
	const uint64_t before = v.reader.call_number;

	if (result == 0)
		result = sp_tape_player_open(&v.player, &v.reader, &why);
	if (result == 0)
		result = play_all(&v, a, &why);
	if (result < 0)
		result = sp_cmd_fail("sampan replay", EIO, "%s: %s", a->path, text);
	else if (result == 0)
		(void)printf("%llu calls, from the %llu. on, in %.3f s: every byte is the same.\n",
		    (unsigned long long)v.calls, (unsigned long long)before + 1, seconds_of(&v));
	sp_tape_player_close(&v.player);
	return result;
}

static int
replay_run(int argc, char **argv)
{
	static const struct argp argp = { .options = options, .parser = parse };
	struct cmd_words words = { .most = 1 };
	struct replay_args a = { .path = NULL };
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };
	int exit_code = sp_cmd_parse_words(&argp, argc, argv, &a, &words);
	uint64_t bytes;
	uint8_t *file;

	if (exit_code != 0)
		return exit_code;
	if (words.n != 1)
		return sp_cmd_fail(argv[0], EINVAL, "give a file, such as 'sampan replay session'");
	a.path = words.word[0];
	file = map_file(a.path, &bytes, &why);
	if (file == NULL)
		return sp_cmd_fail(argv[0], EIO, "%s: %s", a.path, text);
	exit_code = replay(&a, file, bytes);
	(void)munmap(file, bytes);
	return exit_code;
}

const struct cmd sp_cmd_replay = {
	.name = "replay",
	.text = "go through a recording again",
	.words = "FILE",
	.about = "Makes every call of a recording (sampan serve --record FILE) once more, on a "
	    "stack of its own, and compares what it gives back, byte by byte. It stops at the "
	    "first difference, with exit code 1. What crashed or hung then does so again, here "
	    "under a debugger. The build must be the one that recorded.",
	.options = options,
	.examples = {
		{ "session", "Does the same come of it?" },
		{ "-v session | tail", "What the last calls were." },
	},
	.run = replay_run,
};
