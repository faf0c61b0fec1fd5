/*
 * box.h - what boxes in the middle of paths do to TCP: options go missing, an
 * MSS is made smaller, sequence numbers become others, ECN is erased.
 *
 * Stateless: a connection's sequence numbers are moved by a hash of its
 * addresses, so that the two directions of a line agree if they have the same
 * key.
 */
#ifndef SAMPAN_LINK_BOX_H
#define SAMPAN_LINK_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/siphash.h"

/* X(ID, "its word", "what it takes away") */
#define SP_STRIPS(X) \
	X(MSS, "mss", "the MSS option") \
	X(WSCALE, "wscale", "the window scale option") \
	X(SACK, "sack", "SACK, permission and blocks") \
	X(TS, "ts", "timestamps") \
	X(OTHER, "other", "options of any other kind") \
	X(ECN, "ecn", "the ECN field of IP")

enum sp_strip {
#define X(id, word, text) SP_STRIP_##id,
	SP_STRIPS(X)
#undef X
	SP_STRIP_COUNT,
};

enum sp_box_seq {
	SP_BOX_SEQ_KEPT,
	SP_BOX_SEQ_MOVED,	/* numbers, acknowledgements and SACK blocks */
	SP_BOX_SEQ_SACK_BLIND,	/* as many boxes do it: SACK blocks are forgotten */
};

struct sp_box {
	uint32_t strip;		/* 1 << enum sp_strip */
	uint32_t mss_bytes;	/* at most so much; 0: as it is */
	enum sp_box_seq seq;
};

static inline bool
sp_box_is_none(const struct sp_box *box)
{
	return box->strip == 0 && box->mss_bytes == 0 && box->seq == SP_BOX_SEQ_KEPT;
}

/* Alters a frame as it passes; was anything changed? */
bool sp_box_pass(const struct sp_box *box, const struct sp_key *key, uint8_t *frame,
    uint32_t len);

#endif
