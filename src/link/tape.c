/*
 * tape.c - see tape.h: the file, its reels, and what is written there.
 */
#include "link/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/siphash.h"
#include "buf/span.h"
#include "net/stack.h"

#define ALIGN 64

struct tape {
	const struct sampan *stack;
	uint8_t *file;
	uint64_t file_bytes;
	struct tape_reel *reel;		/* that is written */
	uint8_t *calls;			/* of it */
	uint64_t room_bytes;		/* for them */
	uint64_t call_count;
	bool ended;
};

/* There is one, for there is one server in a process. */
static struct tape tape;

/* ---- Sums ---- */

uint64_t
sp_tape_sum(uint64_t sum, const void *bytes, size_t len)
{
	const struct sp_key key = { { sum, len } };

	return sp_siphash13(&key, bytes, len);
}

uint64_t
sp_tape_sum_frames(const struct sampan_frame *frames, unsigned n)
{
	uint64_t sum = n;

	for (unsigned i = 0; i < n; i++) {
		const struct sampan_frame *f = &frames[i];
		const bool open = f->csum == SAMPAN_CSUM_PARTIAL;
		/* Without their reason the others are what was there before. */
		const uint64_t words[] = { f->len, f->head_len, f->csum, f->tso,
			f->tso ? f->gso_bytes : 0, open ? f->csum_start : 0,
			open ? f->csum_offset : 0 };

		sum = sp_tape_sum(sum, words, sizeof(words));
		sum = sp_tape_sum(sum, f->head, f->head_len);
		for (unsigned j = 0; j < f->slices; j++)
			sum = sp_tape_sum(sum, f->slice[j].data, f->slice[j].len);
	}
	return sum;
}

uint64_t
sp_tape_sum_events(const struct sampan_event *events, unsigned n)
{
	uint64_t sum = n;

	for (unsigned i = 0; i < n; i++) {
		const uint64_t words[] = { events[i].handle, events[i].user, events[i].what };

		sum = sp_tape_sum(sum, words, sizeof(words));
	}
	return sum;
}

uint32_t
sp_tape_sum_in(const struct tape_call *call, const void *blob)
{
	const uint64_t sum = sp_tape_sum(call->id, call->arg, sizeof(call->arg));

	return (uint32_t)sp_tape_sum(sum, blob, call->blob_bytes);
}

/* ---- The stack's memory ---- */

uint64_t
sp_tape_extent(const struct sampan *s)
{
	return (uint64_t)sp_slab_ref(&s->arena, s->arena.slabs_fresh) << SP_GRANULE_SHIFT;
}

void
sp_tape_layout(const struct sampan *s, struct tape_head *head)
{
	head->layout = s->arena.layout;
	head->arena_version = s->arena.version;
	head->arena_bytes = s->arena.bytes;
}

/* ---- Reels ---- */

static struct tape_head *
head_of(void)
{
	return (struct tape_head *)(void *)tape.file;
}

static struct tape_reel *
reel_at(unsigned i)
{
	return (struct tape_reel *)(void *)(tape.file + TAPE_HEAD_BYTES +
	    i * head_of()->reel_bytes);
}

/* The next reel begins with the stack as it is.  False: it does not fit. */
static bool
begin_reel(void)
{
	const uint64_t number = tape.reel == NULL ? 1 : tape.reel->number + 1;
	const uint64_t extent = sp_tape_extent(tape.stack);
	const uint64_t aligned = (extent + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
	const uint64_t taken = sizeof(struct tape_reel) + aligned;
	struct tape_reel *reel = reel_at((unsigned)((number - 1) % TAPE_REELS));
	uint8_t *snapshot = (uint8_t *)(reel + 1);

	if (taken + sizeof(struct tape_call) > head_of()->reel_bytes)
		return false;
	*reel = (struct tape_reel){ .snapshot_bytes = extent, .first_call = tape.call_count };
	memcpy(snapshot, tape.stack, extent);
	reel->snapshot_sum = sp_tape_sum(extent, snapshot, extent);
	__atomic_store_n(&reel->number, number, __ATOMIC_RELEASE);
	tape.reel = reel;
	tape.calls = (uint8_t *)reel + taken;
	tape.room_bytes = head_of()->reel_bytes - taken;
	return true;
}

/* Room for a call of so many bytes; NULL: there is none, and never will be. */
static struct tape_call *
take_room(uint64_t bytes)
{
	if (tape.ended)
		return NULL;
	if (bytes > tape.room_bytes - tape.reel->used_bytes &&
	    (!begin_reel() || bytes > tape.room_bytes)) {
		tape.ended = true;
		return NULL;
	}
	return (struct tape_call *)(void *)(tape.calls + tape.reel->used_bytes);
}

bool
sp_tape_ended(void)
{
	return tape.ended;
}

/* ---- Calls ---- */

/* The head of a call whose blob will have so many bytes. */
static struct tape_call *
open_call(const struct sampan *s, enum tape_id id, size_t blob_bytes)
{
	const uint64_t bytes = (sizeof(struct tape_call) + blob_bytes + 7) & ~(uint64_t)7;
	struct tape_call *call;

	if (tape.stack != s)
		return NULL;
	call = take_room(bytes);
	if (call == NULL || bytes > UINT32_MAX)
		return NULL;
	*call = (struct tape_call){
		.bytes = (uint32_t)bytes,
		.id = (uint16_t)id,
		.blob_bytes = (uint32_t)blob_bytes,
	};
	return call;
}

/* From now on it counts, whatever comes. */
static struct tape_call *
commit(struct tape_call *call)
{
	call->sum = sp_tape_sum_in(call, call + 1);
	__atomic_store_n(&tape.reel->used_bytes, tape.reel->used_bytes + call->bytes,
	    __ATOMIC_RELEASE);
	tape.call_count++;
	return call;
}

struct tape_call *
sp_tape_begin(const struct sampan *s, enum tape_id id, const struct tape_in *in)
{
	struct tape_call *call = open_call(s, id, in->len[0] + in->len[1]);
	uint8_t *to;

	if (call == NULL)
		return NULL;
	to = (uint8_t *)(call + 1);
	memcpy(call->arg, in->arg, sizeof(call->arg));
	if (in->len[0] > 0)
		memcpy(to, in->blob[0], in->len[0]);
	if (in->len[1] > 0)
		memcpy(to + in->len[0], in->blob[1], in->len[1]);
	return commit(call);
}

void
sp_tape_end(struct tape_call *call, int64_t result, uint64_t out_sum)
{
	if (call == NULL)
		return;
	call->result = result;
	call->out_sum = out_sum;
	__atomic_store_n(&call->done, 1, __ATOMIC_RELEASE);
}

static size_t
frame_bytes(const struct sampan_frame *f)
{
	return sizeof(struct tape_frame) + f->slices * sizeof(uint32_t) + f->len;
}

static uint8_t *
put_frame(uint8_t *to, const struct sampan_frame *f)
{
	const struct tape_frame head = { .at = f->at, .len = f->len, .head_len = f->head_len,
		.gso_bytes = f->gso_bytes, .csum_start = f->csum_start,
		.csum_offset = f->csum_offset, .slices = f->slices, .owner = f->owner,
		.csum = f->csum, .tso = f->tso };

	memcpy(to, &head, sizeof(head));
	to += sizeof(head);
	for (unsigned i = 0; i < f->slices; i++, to += sizeof(uint32_t))
		memcpy(to, &f->slice[i].len, sizeof(uint32_t));
	sp_span_copy(to, (struct sp_span){ f, 0, f->len });
	return to + f->len;
}

struct tape_call *
sp_tape_begin_input(const struct sampan *s, int link, const struct sampan_frame *frames, unsigned n,
    sampan_time now)
{
	struct tape_call *call;
	size_t bytes = 0;
	uint8_t *to;

	if (tape.stack != s)
		return NULL;
	for (unsigned i = 0; i < n; i++)
		bytes += frame_bytes(&frames[i]);
	call = open_call(s, TAPE_INPUT, bytes);
	if (call == NULL)
		return NULL;
	call->arg[0] = (uint64_t)link;
	call->arg[1] = n;
	call->arg[2] = now;
	to = (uint8_t *)(call + 1);
	for (unsigned i = 0; i < n; i++)
		to = put_frame(to, &frames[i]);
	return commit(call);
}

struct tape_call *
sp_tape_begin_sent(const struct sampan *s, const struct sampan_frame *frames, unsigned n)
{
	struct tape_call *call = open_call(s, TAPE_SENT, n * sizeof(struct tape_shown));
	struct tape_shown *shown;

	if (call == NULL)
		return NULL;
	shown = (struct tape_shown *)(void *)(call + 1);
	call->arg[0] = n;
	for (unsigned i = 0; i < n; i++, shown++) {
		*shown = (struct tape_shown){ .slices = frames[i].slices,
			.owner = frames[i].owner };
		for (unsigned j = 0; j < frames[i].slices; j++) {
			shown->offset[j] = (uint64_t)(frames[i].slice[j].data - (const uint8_t *)s);
			shown->len[j] = frames[i].slice[j].len;
		}
	}
	return commit(call);
}

/* ---- The file ---- */

/* All of it is on the disk before we begin: a full one would be a signal later. */
static int
make_file(const char *path, uint64_t bytes, const struct sp_why *why)
{
	const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int error;

	if (fd < 0 || fchmod(fd, 0600) != 0) {
		error = errno;
		if (fd >= 0)
			(void)close(fd);
		return sp_why(why, error, "--record %.150s: %s", path, strerror(error));
	}
	error = posix_fallocate(fd, 0, (off_t)bytes);
	if (error == 0)
		return fd;
	(void)close(fd);
	(void)unlink(path);
	return sp_why(why, error, "--record %.150s: %s: give less --record-size", path,
	    strerror(error));
}

static int
map_file(const char *path, uint64_t bytes, const struct sp_why *why)
{
	const int fd = make_file(path, bytes, why);
	void *file;

	if (fd < 0)
		return -1;
	file = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (file == MAP_FAILED)
		return sp_why(why, errno, "--record %.150s: %s", path, strerror(errno));
	tape.file = file;
	tape.file_bytes = bytes;
	return 0;
}

int
sp_tape_open(const char *path, uint64_t bytes, struct sampan *s, const char *build,
    const struct sp_why *why)
{
	struct tape_head *head;

	tape = (struct tape){ 0 };
	if (map_file(path, bytes, why) != 0)
		return -1;
	head = head_of();
	*head = (struct tape_head){
		.version = TAPE_VERSION,
		.reel_bytes = (bytes - TAPE_HEAD_BYTES) / TAPE_REELS & ~(uint64_t)(ALIGN - 1),
	};
	sp_tape_layout(s, head);
	(void)strncpy(head->build, build, sizeof(head->build) - 1);
	memcpy(head->magic, TAPE_MAGIC, sizeof(head->magic));
	tape.stack = s;
	if (begin_reel())
		return 0;
	sp_tape_close();
	return sp_why(why, EINVAL, "--record-size is too small for a stack of this --memory: give "
	    "more, such as 1G");
}

void
sp_tape_close(void)
{
	if (tape.file != NULL)
		(void)munmap(tape.file, tape.file_bytes);
	tape = (struct tape){ 0 };
}
