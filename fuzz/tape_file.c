/*
 * tape_file.c - any bytes as a recording, and any bytes in place of some of a true one:
 * refused with a reason, or gone through within its bounds.
 *
 * Sums are not looked at, or nothing but noise would be refused.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <sampan/host.h>

#include "cmd/tape_read.h"

#define FILE_BYTES ((size_t)16384)
#define REEL_BYTES ((FILE_BYTES - TAPE_HEAD_BYTES) / TAPE_REELS)

static _Alignas(4096) uint8_t file[FILE_BYTES];

/* A tape whose first reel holds the bytes as calls. */
static void
make_file(const uint8_t *data, size_t bytes)
{
	struct tape_head head = { .version = TAPE_VERSION, .reel_bytes = REEL_BYTES,
		.arena_bytes = 65536 };
	struct tape_reel reel = { .number = 1, .snapshot_bytes = 64 };
	const size_t room = REEL_BYTES - sizeof(reel) - 64;

	memset(file, 0, sizeof(file));
	memcpy(head.magic, TAPE_MAGIC, sizeof(head.magic));
	memcpy(file, &head, sizeof(head));
	reel.used_bytes = bytes < room ? bytes : room;
	memcpy(file + TAPE_HEAD_BYTES, &reel, sizeof(reel));
	memcpy(file + TAPE_HEAD_BYTES + sizeof(reel) + 64, data, reel.used_bytes);
}

/* Every byte that a call of frames shows is looked at. */
static void
look_at_frames(const struct tape_call *call, const uint8_t *blob)
{
	struct sampan_frame f;
	unsigned sum = 0;

	for (uint64_t i = 0; i < call->arg[1]; i++) {
		uint32_t len;

		sp_tape_take_frame(&blob, &f);
		len = f.head_len;
		for (unsigned j = 0; j < f.slices; j++) {
			len += f.slice[j].len;
			for (uint32_t k = 0; k < f.slice[j].len; k++)
				sum += f.slice[j].data[k];
		}
		if (len != f.len || sum == UINT32_MAX)
			abort();
	}
}

static void
go_through(const uint8_t *bytes, size_t len)
{
	char text[SAMPAN_WHY_BYTES] = "";
	const struct sp_why why = { text, sizeof(text) };
	struct tape_reader r = { .trusting = true };
	const struct tape_call *call;
	const uint8_t *blob;
	int more = sp_tape_read(&r, bytes, len, &why);

	if (more != 0 && text[0] == '\0')
		abort();
	while (more >= 0 && (more = sp_tape_next(&r, &call, &blob, &why)) > 0) {
		if (sp_tape_call_name(call->id) == NULL || blob + call->blob_bytes > bytes + len)
			abort();
		if (call->id == TAPE_INPUT)
			look_at_frames(call, blob);
	}
	if (more < 0 && text[0] == '\0')
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const size_t cut = bytes < sizeof(file) ? bytes : sizeof(file);

	make_file(data, bytes);
	go_through(file, sizeof(file));
	memset(file, 0, sizeof(file));
	memcpy(file, data, cut);
	go_through(file, cut);
	return 0;
}
