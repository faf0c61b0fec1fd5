/*
 * tape.h - everything that goes into a stack, written down: so that it can be gone
 * through once more (cmd/tape_play.h), to the same bytes.
 *
 * A stack does the same again when the same calls are made with the same words, for it
 * knows nothing else: no clock, no randomness of its own.  So the tape is the calls, in
 * order, with what they were given, and a sum of what they gave back.
 *
 * The file is two reels of equal size, of which the older is written over when the newer
 * is full.  A reel begins with the whole stack as it was then, which is bytes in one
 * block without an address in it.  The file is mapped, so that it is whole whatever
 * becomes of the process, and a call stands there before it is made.
 *
 * It holds keys and all that was sent and received: its mode is 0600.
 */
#ifndef SAMPAN_LINK_TAPE_H
#define SAMPAN_LINK_TAPE_H

#include <sampan/frame.h>
#include <sampan/sampan.h>

#include "link/why.h"

#define TAPE_MAGIC "SAMPTAPE"
#define TAPE_VERSION 1
#define TAPE_REELS 2
#define TAPE_HEAD_BYTES 4096
#define TAPE_ARGS 4
/* The least and the most that a tape takes on disk. */
#define TAPE_BYTES_MIN ((uint64_t)1 << 20)
#define TAPE_BYTES_MAX ((uint64_t)1 << 40)

/* X(ID, name): what changes a stack, of what links, host and the command use. */
#define TAPE_CALLS(X) \
	X(INPUT, "input") \
	X(OUTPUT, "output") \
	X(SENT, "sent") \
	X(ADVANCE, "advance") \
	X(EVENTS, "events") \
	X(SOCKET, "socket") \
	X(BIND, "bind") \
	X(LISTEN, "listen") \
	X(ACCEPT, "accept") \
	X(CONNECT, "connect") \
	X(SEND, "send") \
	X(RECV, "recv") \
	X(SENDMSG, "sendmsg") \
	X(RECVMSG, "recvmsg") \
	X(SETOPT, "setopt") \
	X(SET_USER, "set_user") \
	X(SHUTDOWN, "shutdown") \
	X(CLOSE, "close") \
	X(ABORT, "abort") \
	X(LINK_ADD, "link_add") \
	X(ADDR_ADD, "addr_add") \
	X(ROUTE_ADD, "route_add") \
	X(ROUTE_SET, "route_set") \
	X(AUTOCONF, "autoconf") \
	X(LINK_LOCAL, "link_local") \
	X(NAME_SERVER_ADD, "name_server_add") \
	X(DHCP_START, "dhcp_start") \
	X(DHCP_STOP, "dhcp_stop") \
	X(SETTING_WRITE, "setting_write") \
	X(ECHO_SEND, "echo_send") \
	X(ECHO_TAKE, "echo_take") \
	X(ECHO_FORGET, "echo_forget")

enum tape_id {
#define X(id, name) TAPE_##id,
	TAPE_CALLS(X)
#undef X
	TAPE_ID_COUNT,
};

/* ---- The file, in the machine's own order ---- */

struct tape_head {
	char magic[8];
	uint32_t version;
	uint32_t layout, arena_version;	/* of the stack's memory */
	uint32_t pad;
	uint64_t arena_bytes;
	uint64_t reel_bytes;
	char build[24];		/* that made it, zero-terminated */
};

struct tape_reel {
	uint64_t number;	/* 1, 2, 3 ...; 0: never begun */
	uint64_t snapshot_bytes, snapshot_sum;
	uint64_t first_call;	/* how many came before it, in all */
	uint64_t used_bytes;	/* by calls, behind the snapshot */
	uint64_t pad[3];
};
_Static_assert(sizeof(struct tape_reel) == 64, "the snapshot lies aligned behind it");

/* A call; its blob follows, filled up to 8. */
struct tape_call {
	uint32_t bytes;		/* of all */
	uint16_t id;		/* enum tape_id */
	uint16_t done;		/* it has returned */
	uint32_t blob_bytes;
	uint32_t sum;		/* of what went in */
	uint64_t arg[TAPE_ARGS];
	int64_t result;
	uint64_t out_sum;	/* of what came out */
};
_Static_assert(sizeof(struct tape_call) == 64, "one cache line");

/* A frame of INPUT, in its blob: this, the lengths of its pieces, their bytes. */
struct tape_frame {
	sampan_time at;
	uint32_t len;
	uint16_t head_len;
	uint16_t gso_bytes, csum_start, csum_offset;
	uint8_t slices, owner, csum, tso;
};
_Static_assert(sizeof(struct tape_frame) == 24, "packed");

/* A frame of SENT: what it shows of the stack's memory, as offsets. */
struct tape_shown {
	uint64_t offset[SAMPAN_FRAME_SLICES];
	uint32_t len[SAMPAN_FRAME_SLICES];
	uint32_t slices, owner;
};

/* ---- Writing ---- */

/* Begins a tape of the stack; there is one in a process.  -1: see why. */
int sp_tape_open(const char *path, uint64_t bytes, struct sampan *s, const char *build,
    const struct sp_why *why);
void sp_tape_close(void);

/* Has it ended before its time?  Because the stack has outgrown a reel. */
bool sp_tape_ended(void);

/* What goes into a call: words, and up to two runs of bytes. */
struct tape_in {
	uint64_t arg[TAPE_ARGS];
	const void *blob[2];
	size_t len[2];
};

/* The call is about to be made; NULL: not of a stack that is recorded.  And over. */
struct tape_call *sp_tape_begin(const struct sampan *s, enum tape_id id, const struct tape_in *in);
void sp_tape_end(struct tape_call *call, int64_t result, uint64_t out_sum);

/* The same for frames that go in, and frames that have left. */
struct tape_call *sp_tape_begin_input(const struct sampan *s, int link,
    const struct sampan_frame *frames, unsigned n, sampan_time now);
struct tape_call *sp_tape_begin_sent(const struct sampan *s, const struct sampan_frame *frames,
    unsigned n);

/* ---- Sums, which both sides take ---- */

uint64_t sp_tape_sum(uint64_t sum, const void *bytes, size_t len);
uint64_t sp_tape_sum_frames(const struct sampan_frame *frames, unsigned n);
uint64_t sp_tape_sum_events(const struct sampan_event *events, unsigned n);
uint32_t sp_tape_sum_in(const struct tape_call *call, const void *blob);

/* How many bytes of a stack are in use, from its beginning. */
uint64_t sp_tape_extent(const struct sampan *s);

/* Which layout its memory has. */
void sp_tape_layout(const struct sampan *s, struct tape_head *head);

#endif
