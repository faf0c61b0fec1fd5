/*
 * capture.h - frames that pass between links and their stack, as a file that
 * others can read.
 *
 * Stands at the joint of every kind of link (link.c) while somebody captures:
 * so it sees what the stack saw and sent, behind an emulator too, and the
 * reason why the stack dropped a frame.  Frames are shown as a wire would have
 * carried them, cut and with checksums completed, or whole.
 *
 * Links of several threads may be in one: each shows its frames under a lock.  Whoever
 * adds a link, finishes or closes keeps their threads from it meanwhile.
 *
 * Never waits for the reader: packets go into a ring of a fixed size, and those that find no
 * room are counted.  A frame that the filter does not want costs its own copy
 * and no more.
 */
#ifndef SAMPAN_LINK_CAPTURE_H
#define SAMPAN_LINK_CAPTURE_H

#include <sampan/host.h>

struct bpf_insn;

#define SP_CAPTURE_LINKS 16

struct sp_capture_config {
	bool whole;		/* do not cut big frames */
	uint32_t snap_bytes;	/* of a packet are kept; 0: all */
	uint64_t packets_most;	/* 0: any number */
	uint64_t bytes_most;	/* of the file; 0: any number */
	const struct bpf_insn *program;	/* copied; a packet for which it returns 0 is left out */
	unsigned program_len;	/* 0: all are wanted */
};

struct sp_capture;

/* NULL: no memory, or the program is not sound (EINVAL). */
struct sp_capture *sp_capture_open(const struct sp_capture_config *config);

/* Takes itself off its links. */
void sp_capture_close(struct sp_capture *c);

/* -1: the link has as many captures as it can. */
int sp_capture_add(struct sp_capture *c, struct sampan_link *link);

/* A batch that passed the joint.  Frames that came in have their verdict. */
void sp_capture_frames(struct sp_capture *c, const struct sampan_link *link,
    const struct sampan_frame *frames, unsigned n, bool outbound);

/* What waits to be written, in one piece; and that so much of it was. */
size_t sp_capture_peek(struct sp_capture *c, const uint8_t **bytes);
void sp_capture_take(struct sp_capture *c, size_t len);

/* Writes the last blocks; nothing is captured any more. */
void sp_capture_finish(struct sp_capture *c);

struct sp_capture_counts {
	uint64_t packets;	/* in the file, or on their way to it */
	uint64_t unwanted;	/* the filter left out */
	uint64_t dropped;	/* for want of room */
	bool is_full;		/* as many as were asked for */
};

struct sp_capture_counts sp_capture_counts(struct sp_capture *c);

#endif
