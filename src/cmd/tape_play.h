/*
 * tape_play.h - makes the calls of a tape once more, on a stack of its own, and compares
 * what comes of each with what came of it then.
 */
#ifndef SAMPAN_CMD_TAPE_PLAY_H
#define SAMPAN_CMD_TAPE_PLAY_H

#include "cmd/tape_read.h"

struct tape_player {
	struct sampan *stack;
	size_t stack_bytes;
	void *scratch;		/* as large: for what is read */
	sampan_time now;	/* as the last call that brought a time said */
};

struct tape_result {
	int64_t result;
	uint64_t out_sum;
};

/* A stack as the tape's was at its beginning.  -1: it cannot be. */
int sp_tape_player_open(struct tape_player *p, const struct tape_reader *r,
    const struct sp_why *why);
void sp_tape_player_close(struct tape_player *p);

/* Makes a call that sp_tape_next() has approved. */
struct tape_result sp_tape_play(struct tape_player *p, const struct tape_call *call,
    const uint8_t *blob);

#endif
