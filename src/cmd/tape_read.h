/*
 * tape_read.h - a tape (link/tape.h) as bytes that nobody vouches for: where its reels
 * are, and each call with every length checked.
 *
 * Does: find the older reel, the sums, the shape of each call.  Does not: make any call
 * (tape_play.h).  Pure: reads the bytes, changes nothing.
 */
#ifndef SAMPAN_CMD_TAPE_READ_H
#define SAMPAN_CMD_TAPE_READ_H

#include "link/tape.h"

struct tape_reader {
	const uint8_t *file;
	uint64_t file_bytes;
	struct tape_head head;
	const struct tape_reel *reel[TAPE_REELS];	/* in order; NULL: there is none */
	unsigned reels;
	bool trusting;		/* sums are not looked at: for fuzzers */
	/* Where it is. */
	unsigned at_reel;
	uint64_t at_byte;	/* behind the reel's snapshot */
	uint64_t call_number;	/* of the call read last; the first of all is 1 */
};

/* Opens a tape.  -1: it is none, another version's, or damaged at its beginning. */
int sp_tape_read(struct tape_reader *r, const uint8_t *file, uint64_t bytes,
    const struct sp_why *why);

/* The stack's memory at the beginning of the first reel. */
const uint8_t *sp_tape_snapshot(const struct tape_reader *r, uint64_t *bytes);

/* The next call and its blob.  1; 0: that was all; -1: damaged there. */
int sp_tape_next(struct tape_reader *r, const struct tape_call **call, const uint8_t **blob,
    const struct sp_why *why);

/* Takes the frame at *at, of an INPUT that the above has approved, and moves on. */
void sp_tape_take_frame(const uint8_t **at, struct sampan_frame *f);

/* "recv"; NULL: there is no such call. */
const char *sp_tape_call_name(unsigned id);

#endif
