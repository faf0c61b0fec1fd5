/*
 * tape_read.c - see tape_read.h.
 */
#include "cmd/tape_read.h"

#include <errno.h>
#include <string.h>

#define ALIGN 64
/* What one call may be given: frames of a batch, sockets to wait for. */
#define FRAMES_MOST 1024

/* What a call is made of, besides words: lengths of its blob. */
enum shape {
	BARE,
	ADDRESS,	/* struct sampan_sockaddr */
	BYTES,		/* arg[1] of them */
	MESSAGE,	/* a struct sampan_datagram if arg[2], then arg[1] bytes */
	ROOM,		/* arg[1] bytes are read, none stand here */
	COUNT,		/* arg[1] frames or arg[0] events at most come out */
	FRAMES,
	SHOWN,		/* arg[0] of them */
	LINK,
	ADDR,
	ROUTE,
	ROUTE_WHOLE,
	TEXTS,		/* two, with their zeroes */
	ECHO,
};

static const struct {
	const char *name;
	uint8_t shape;
} kinds[TAPE_ID_COUNT] = {
#define X(id, text) [TAPE_##id].name = (text),
	TAPE_CALLS(X)
#undef X
	[TAPE_INPUT].shape = FRAMES,
	[TAPE_OUTPUT].shape = COUNT,
	[TAPE_SENT].shape = SHOWN,
	[TAPE_EVENTS].shape = COUNT,
	[TAPE_BIND].shape = ADDRESS,
	[TAPE_CONNECT].shape = ADDRESS,
	[TAPE_SEND].shape = BYTES,
	[TAPE_RECV].shape = ROOM,
	[TAPE_SENDMSG].shape = MESSAGE,
	[TAPE_RECVMSG].shape = ROOM,
	[TAPE_LINK_ADD].shape = LINK,
	[TAPE_ADDR_ADD].shape = ADDR,
	[TAPE_NAME_SERVER_ADD].shape = ADDR,
	[TAPE_ROUTE_ADD].shape = ROUTE,
	[TAPE_ROUTE_SET].shape = ROUTE_WHOLE,
	[TAPE_SETTING_WRITE].shape = TEXTS,
	[TAPE_ECHO_SEND].shape = ECHO,
};

const char *
sp_tape_call_name(unsigned id)
{
	return id < TAPE_ID_COUNT ? kinds[id].name : NULL;
}

/* ---- The file ---- */

static uint64_t
taken_by(const struct tape_reel *reel)
{
	return sizeof(*reel) + ((reel->snapshot_bytes + ALIGN - 1) & ~(uint64_t)(ALIGN - 1));
}

static bool
reel_holds(const struct tape_reader *r, const struct tape_reel *reel)
{
	const uint64_t room = r->head.reel_bytes;

	return reel->number != 0 && reel->snapshot_bytes < room && taken_by(reel) <= room &&
	    reel->used_bytes <= room - taken_by(reel) &&
	    reel->snapshot_bytes <= r->head.arena_bytes && (r->trusting ||
	    reel->snapshot_sum == sp_tape_sum(reel->snapshot_bytes, reel + 1,
	    reel->snapshot_bytes));
}

/* The reels in the order in which they were written. */
static void
find_reels(struct tape_reader *r)
{
	const struct tape_reel *found[TAPE_REELS] = { NULL };
	bool turn;

	for (unsigned i = 0; i < TAPE_REELS; i++) {
		const struct tape_reel *reel = (const struct tape_reel *)(const void *)(r->file +
		    TAPE_HEAD_BYTES + i * r->head.reel_bytes);

		found[i] = reel_holds(r, reel) ? reel : NULL;
	}
	turn = found[0] != NULL && found[1] != NULL && found[1]->number < found[0]->number;
	for (unsigned i = 0; i < TAPE_REELS; i++) {
		if (found[turn ? 1 - i : i] != NULL)
			r->reel[r->reels++] = found[turn ? 1 - i : i];
	}
	/* With a gap between them only the newer is of use. */
	if (r->reels == 2 && r->reel[1]->number != r->reel[0]->number + 1) {
		r->reel[0] = r->reel[1];
		r->reels = 1;
	}
}

static bool
head_is_sound(const struct tape_reader *r)
{
	const struct tape_head *h = &r->head;

	return h->reel_bytes >= 2 * sizeof(struct tape_reel) && h->reel_bytes % ALIGN == 0 &&
	    h->reel_bytes <= (r->file_bytes - TAPE_HEAD_BYTES) / TAPE_REELS &&
	    h->build[sizeof(h->build) - 1] == '\0';
}

int
sp_tape_read(struct tape_reader *r, const uint8_t *file, uint64_t bytes, const struct sp_why *why)
{
	const bool trusting = r->trusting;

	*r = (struct tape_reader){ .file = file, .file_bytes = bytes, .trusting = trusting };
	if (bytes < TAPE_HEAD_BYTES || memcmp(file, TAPE_MAGIC, sizeof(r->head.magic)) != 0)
		return sp_why(why, EINVAL, "no recording: give a file that 'sampan serve --record' "
		    "wrote");
	memcpy(&r->head, file, sizeof(r->head));
	if (r->head.version != TAPE_VERSION)
		return sp_why(why, EINVAL, "a recording of version %u: this program reads %d",
		    (unsigned)r->head.version, TAPE_VERSION);
	if (!head_is_sound(r))
		return sp_why(why, EINVAL, "the recording is cut short, or its beginning is "
		    "damaged");
	find_reels(r);
	if (r->reels == 0)
		return sp_why(why, EINVAL, "the recording is damaged: neither reel begins with a "
		    "whole stack");
	r->call_number = r->reel[0]->first_call;
	return 0;
}

const uint8_t *
sp_tape_snapshot(const struct tape_reader *r, uint64_t *bytes)
{
	*bytes = r->reel[0]->snapshot_bytes;
	return (const uint8_t *)(r->reel[0] + 1);
}

/* ---- Calls ---- */

/* The length of the frame at the beginning of len bytes, 0: it does not fit. */
static uint64_t
frame_fits(const uint8_t *at, uint64_t len)
{
	struct tape_frame head;
	uint64_t pieces = 0, skip;
	uint32_t piece;

	if (len < sizeof(head))
		return 0;
	memcpy(&head, at, sizeof(head));
	skip = sizeof(head) + head.slices * sizeof(piece);
	if (head.slices > SAMPAN_FRAME_SLICES || head.head_len > SAMPAN_FRAME_HEAD || len < skip ||
	    head.owner > SAMPAN_FRAME_LENT || head.csum > SAMPAN_CSUM_VERIFIED || head.tso > 1)
		return 0;
	for (unsigned i = 0; i < head.slices; i++) {
		memcpy(&piece, at + sizeof(head) + i * sizeof(piece), sizeof(piece));
		pieces += piece;
	}
	if (head.head_len + pieces != head.len || len - skip < head.len)
		return 0;
	return skip + head.len;
}

static bool
frames_fit(const struct tape_call *call, const uint8_t *blob)
{
	uint64_t left = call->blob_bytes;

	if (call->arg[1] > FRAMES_MOST)
		return false;
	for (uint64_t i = 0; i < call->arg[1]; i++) {
		const uint64_t len = frame_fits(blob, left);

		if (len == 0)
			return false;
		blob += len;
		left -= len;
	}
	return left == 0;
}

/* Offsets into a stack of so many bytes. */
static bool
shown_fit(const struct tape_call *call, const uint8_t *blob, uint64_t arena_bytes)
{
	struct tape_shown shown;

	if (call->arg[0] > FRAMES_MOST || call->blob_bytes != call->arg[0] * sizeof(shown))
		return false;
	for (uint64_t i = 0; i < call->arg[0]; i++) {
		memcpy(&shown, blob + i * sizeof(shown), sizeof(shown));
		if (shown.slices > SAMPAN_FRAME_SLICES || shown.owner > SAMPAN_FRAME_STACK)
			return false;
		for (unsigned j = 0; j < shown.slices; j++) {
			if (shown.offset[j] >= arena_bytes ||
			    shown.len[j] > arena_bytes - shown.offset[j])
				return false;
		}
	}
	return true;
}

static bool
texts_fit(const struct tape_call *call, const uint8_t *blob)
{
	const uint8_t *first = memchr(blob, 0, call->blob_bytes);

	return first != NULL && first + 1 < blob + call->blob_bytes &&
	    blob[call->blob_bytes - 1] == 0;
}

static bool
shape_fits(const struct tape_reader *r, const struct tape_call *call, const uint8_t *blob)
{
	const uint64_t len = call->blob_bytes, room = UINT32_MAX;

	switch ((enum shape)kinds[call->id].shape) {
	case BARE:
		return len == 0;
	case ADDRESS:
		return len == sizeof(struct sampan_sockaddr);
	case BYTES:
		return len == call->arg[1];
	case MESSAGE:
		return len == call->arg[1] + (call->arg[2] ? sizeof(struct sampan_datagram) : 0);
	case ROOM:
		return len == 0 && call->arg[1] <= room;
	case COUNT:
		return len == 0 && call->arg[call->id == TAPE_OUTPUT] <= FRAMES_MOST;
	case FRAMES:
		return frames_fit(call, blob);
	case SHOWN:
		return shown_fit(call, blob, r->head.arena_bytes);
	case LINK:
		return len == sizeof(struct sampan_link_config);
	case ADDR:
		return len == sizeof(struct sampan_addr);
	case ROUTE:
		return len == 2 * sizeof(struct sampan_addr);
	case ROUTE_WHOLE:
		return len == sizeof(struct sampan_route);
	case TEXTS:
		return texts_fit(call, blob);
	case ECHO:
		return len == sizeof(struct sampan_echo);
	}
	return false;
}

/* Whether the call at the beginning of `left` bytes is one. */
static bool
call_is_sound(const struct tape_reader *r, const struct tape_call *call, uint64_t left)
{
	const uint8_t *blob = (const uint8_t *)(call + 1);

	if (left < sizeof(*call) || call->bytes > left || call->bytes % 8 != 0 ||
	    call->bytes < sizeof(*call) || call->blob_bytes > call->bytes - sizeof(*call) ||
	    call->id >= TAPE_ID_COUNT || call->done > 1)
		return false;
	if (!r->trusting && call->sum != sp_tape_sum_in(call, blob))
		return false;
	return shape_fits(r, call, blob);
}

int
sp_tape_next(struct tape_reader *r, const struct tape_call **call, const uint8_t **blob,
    const struct sp_why *why)
{
	const struct tape_reel *reel;

	while (r->at_reel < r->reels && r->at_byte >= r->reel[r->at_reel]->used_bytes) {
		r->at_reel++;
		r->at_byte = 0;
	}
	if (r->at_reel >= r->reels)
		return 0;
	reel = r->reel[r->at_reel];
	*call = (const struct tape_call *)(const void *)((const uint8_t *)reel + taken_by(reel) +
	    r->at_byte);
	if (!call_is_sound(r, *call, reel->used_bytes - r->at_byte))
		return sp_why(why, EINVAL, "the recording is damaged at call %llu",
		    (unsigned long long)r->call_number + 1);
	*blob = (const uint8_t *)(*call + 1);
	r->at_byte += (*call)->bytes;
	r->call_number++;
	return 1;
}

void
sp_tape_take_frame(const uint8_t **at, struct sampan_frame *f)
{
	struct tape_frame head;
	const uint8_t *bytes;

	memcpy(&head, *at, sizeof(head));
	bytes = *at + sizeof(head) + head.slices * sizeof(uint32_t);
	*f = (struct sampan_frame){ .at = head.at, .len = head.len, .head_len = head.head_len,
		.slices = head.slices, .owner = head.owner, .csum = head.csum, .tso = head.tso,
		.gso_bytes = head.gso_bytes, .csum_start = head.csum_start,
		.csum_offset = head.csum_offset };
	memcpy(f->head, bytes, head.head_len);
	bytes += head.head_len;
	for (unsigned i = 0; i < head.slices; i++) {
		memcpy(&f->slice[i].len, *at + sizeof(head) + i * sizeof(uint32_t),
		    sizeof(uint32_t));
		f->slice[i].data = bytes;
		bytes += f->slice[i].len;
	}
	*at = bytes;
}
