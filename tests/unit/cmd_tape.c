/*
 * cmd_tape.c - a session of the server that was recorded is the same when it is gone
 * through again; a tape that is not whole is told as such.
 *
 * What tests/unit/svc_util.h does to the server's stack goes by the tape too.
 */
#include "link/tape_calls.h"
/* Calls of svc_util.h that are the same for both stacks. */
#include "svc_util.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/tape_play.h"
#include "link/tape.h"

#define TAPE_BYTES ((uint64_t)24 << 20)

static struct sv v;
static char path[] = "/tmp/sampan-tape-XXXXXX";
static uint8_t *file;
static uint64_t file_bytes;

static void
begin_tape(uint64_t bytes)
{
	char text[SAMPAN_WHY_BYTES] = "";
	const struct sp_why why = { text, sizeof(text) };

	if (file == NULL)
		EXPECT_EQ(close(mkstemp(path)), 0);
	EXPECT_EQ(sp_tape_open(path, bytes, v.s[1], "test", &why), 0);
	EXPECT_STR(text, "");
}

/* The whole file, aligned as a mapping is. */
static void
load_tape(void)
{
	struct stat st;
	FILE *f = fopen(path, "r");

	sp_tape_close();
	EXPECT(f != NULL);
	EXPECT_EQ(fstat(fileno(f), &st), 0);
	EXPECT_EQ(st.st_mode & 0777, 0600);
	free(file);
	file_bytes = (uint64_t)st.st_size;
	file = aligned_alloc(4096, (file_bytes + 4095) & ~(uint64_t)4095);
	EXPECT_EQ(fread(file, 1, file_bytes, f), file_bytes);
	(void)fclose(f);
	(void)unlink(path);
}

enum outcome { SAME, DIFFERENT, DAMAGED, REFUSED };

struct played {
	enum outcome outcome;
	uint64_t calls, first;
	char why[SAMPAN_WHY_BYTES];
};

static struct played
play(uint64_t bytes)
{
	struct played got = { .outcome = SAME };
	const struct sp_why why = { got.why, sizeof(got.why) };
	struct tape_reader r = { 0 };
	struct tape_player p = { 0 };
	const struct tape_call *call;
	const uint8_t *blob;
	int more = -1;

	if (sp_tape_read(&r, file, bytes, &why) != 0 || sp_tape_player_open(&p, &r, &why) != 0)
		got.outcome = REFUSED;
	got.first = r.call_number;
	while (got.outcome == SAME && (more = sp_tape_next(&r, &call, &blob, &why)) > 0) {
		const struct tape_result now = sp_tape_play(&p, call, blob);

		got.calls++;
		if (call->done && (now.result != call->result || now.out_sum != call->out_sum))
			got.outcome = DIFFERENT;
	}
	if (got.outcome == SAME && more < 0)
		got.outcome = DAMAGED;
	sp_tape_player_close(&p);
	return got;
}

/* Something of everything, and an end. */
static void
session(unsigned rounds)
{
	static char bytes[30000];
	struct sv_client *c;

	memset(bytes, 'x', sizeof(bytes));
	for (unsigned i = 0; i < rounds; i++) {
		c = sv_connect(&v, 7);
		sv_say_bytes(&v, c, bytes, sizeof(bytes));
		sv_run(&v, SAMPAN_MS(30));
		EXPECT_EQ(c->len, sizeof(bytes));
		sv_leave(&v, c);
		c = sv_connect(&v, 80);
		sv_say(&v, c, "GET / HTTP/1.0\r\n\r\n");
		c = sv_connect(&v, 5000);
		sv_say(&v, c, "hello\n/quit\n");
		c = sv_connect(&v, 13);
		sv_run(&v, SAMPAN_MS(300));
	}
}

TEST(tape_of_a_session_is_the_same_again)
{
	struct played got;

	sv_make(&v, (struct svc_options){ 0 });
	begin_tape(TAPE_BYTES);
	session(10);
	load_tape();
	sv_end(&v);
	got = play(file_bytes);
	EXPECT_STR(got.why, "");
	EXPECT_EQ(got.outcome, SAME);
	EXPECT_EQ(got.first, 0);
	EXPECT(got.calls > 1000);
}

/* Of a long session the end: reel after reel is written over. */
TEST(tape_is_a_ring)
{
	struct played got;

	sv_make(&v, (struct svc_options){ 0 });
	begin_tape((uint64_t)10 << 20);
	session(200);
	EXPECT(!sp_tape_ended());
	load_tape();
	sv_end(&v);
	got = play(file_bytes);
	EXPECT_STR(got.why, "");
	EXPECT_EQ(got.outcome, SAME);
	EXPECT(got.first > 1000 && got.calls > 1000);
}

/* A call that has not returned: the server ended there. */
TEST(tape_may_end_inside_a_call)
{
	struct played got;
	struct tape_in in = { .arg = { 1000, 0, 0 } };

	sv_make(&v, (struct svc_options){ 0 });
	begin_tape(TAPE_BYTES);
	session(1);
	EXPECT(sp_tape_begin(v.s[1], TAPE_CLOSE, &in) != NULL);
	load_tape();
	sv_end(&v);
	got = play(file_bytes);
	EXPECT_EQ(got.outcome, SAME);
}

/* Finds the n-th call of that kind, to be changed. */
static struct tape_call *
find(enum tape_id id, unsigned n)
{
	struct tape_reader r = { 0 };
	const struct tape_call *call;
	const uint8_t *blob;

	EXPECT_EQ(sp_tape_read(&r, file, file_bytes, NULL), 0);
	while (sp_tape_next(&r, &call, &blob, NULL) > 0) {
		if (call->id == id && n-- == 0)
			return (struct tape_call *)(uintptr_t)call;
	}
	test_fail(__FILE__, __LINE__, "no such call");
	return NULL;
}

static void
record_once(void)
{
	sv_make(&v, (struct svc_options){ 0 });
	begin_tape(TAPE_BYTES);
	session(2);
	load_tape();
	sv_end(&v);
}

/* Other bytes from an application, the sum put right: they leave, and that is noticed. */
TEST(tape_stops_at_the_first_difference)
{
	struct tape_call *call;

	record_once();
	EXPECT_EQ(play(file_bytes).outcome, SAME);
	call = find(TAPE_SEND, 3);
	((uint8_t *)(call + 1))[0] ^= 1;
	call->sum = sp_tape_sum_in(call, call + 1);
	EXPECT_EQ(play(file_bytes).outcome, DIFFERENT);
	((uint8_t *)(call + 1))[0] ^= 1;
	call->sum = sp_tape_sum_in(call, call + 1);
	EXPECT_EQ(play(file_bytes).outcome, SAME);
	find(TAPE_RECV, 2)->result++;
	EXPECT_EQ(play(file_bytes).outcome, DIFFERENT);
}

TEST(tape_that_is_damaged_is_told)
{
	struct tape_call *call;
	struct played got;

	record_once();
	call = find(TAPE_INPUT, 20);
	((uint8_t *)(call + 1))[40] ^= 1;
	got = play(file_bytes);
	EXPECT_EQ(got.outcome, DAMAGED);
	EXPECT(strstr(got.why, "damaged at call ") != NULL);
	((uint8_t *)(call + 1))[40] ^= 1;
	call->bytes = 7;
	EXPECT_EQ(play(file_bytes).outcome, DAMAGED);
	call->bytes = UINT32_MAX - 7;
	EXPECT_EQ(play(file_bytes).outcome, DAMAGED);
}

TEST(tape_that_is_none_is_refused)
{
	static const uint64_t cuts[] = { 0, 1, 64, 4095, 4096, 5000, TAPE_BYTES / 2,
		TAPE_BYTES - 1 };
	struct tape_head *head;
	struct played got;

	record_once();
	for (unsigned i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++)
		EXPECT_EQ(play(cuts[i]).outcome, REFUSED);
	head = (struct tape_head *)(void *)file;
	head->layout ^= 1;
	got = play(file_bytes);
	EXPECT(got.outcome == REFUSED && strstr(got.why, "another build, 'test'") != NULL);
	head->layout ^= 1;
	head->version++;
	got = play(file_bytes);
	EXPECT(got.outcome == REFUSED && strstr(got.why, "of version 2") != NULL);
	head->version--;
	file[TAPE_HEAD_BYTES + sizeof(struct tape_reel) + 99] ^= 1;
	got = play(file_bytes);
	EXPECT(got.outcome == REFUSED && strstr(got.why, "neither reel") != NULL);
}

TEST(tape_that_is_too_small_for_the_stack_is_refused)
{
	char text[SAMPAN_WHY_BYTES] = "";
	const struct sp_why why = { text, sizeof(text) };

	sv_make(&v, (struct svc_options){ 0 });
	EXPECT_EQ(sp_tape_open("/nonexistent/file", TAPE_BYTES, v.s[1], "test", &why), -1);
	EXPECT(strstr(text, "--record /nonexistent/file: No such file") == text);
	EXPECT_EQ(sp_tape_open("/tmp/sampan-tape-small", 8192, v.s[1], "test", &why), -1);
	EXPECT(strstr(text, "too small") != NULL);
	(void)unlink("/tmp/sampan-tape-small");
	sv_end(&v);
}
