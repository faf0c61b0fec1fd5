/*
 * frame.h - the frame: all that crosses between a link and the core.
 */
#ifndef SAMPAN_FRAME_H
#define SAMPAN_FRAME_H

#include <sampan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Room for 64 KiB in chunks of 4 KiB. */
#define SAMPAN_FRAME_SLICES 18
/* Room for Ethernet, IPv6 and TCP headers with all options, and a small message. */
#define SAMPAN_FRAME_HEAD 240

struct sampan_slice {
	const uint8_t *data;
	uint32_t len;
};

enum sampan_frame_owner {
	SAMPAN_FRAME_BORROWED,	/* in: valid during the call; what is kept is copied */
	SAMPAN_FRAME_LENT,	/* in: the stack may keep it until sampan_reclaim() */
	SAMPAN_FRAME_STACK,	/* out: pinned until sampan_sent() */
};

enum sampan_frame_csum {
	SAMPAN_CSUM_COMPLETE,	/* in: not looked at, the stack checks.
				 * out: all checksums are in place */
	SAMPAN_CSUM_PARTIAL,	/* the TCP or UDP checksum holds the pseudo-header's sum and is
				 * to be completed from csum_start on, at + csum_offset */
	SAMPAN_CSUM_VERIFIED,	/* in: the link has checked the TCP or UDP checksum */
};

/* A frame is head[0, head_len) followed by its slices.  A link that receives
 * may leave the head empty; headers should then be whole in the first slice. */
struct sampan_frame {
	sampan_time at;		/* in: when it arrived, not after `now`; 0: now */
	uint64_t token;		/* in: the lender's name for it */
	uint32_t len;		/* of the whole frame */
	uint16_t head_len;
	uint8_t slices;
	uint8_t owner;		/* enum sampan_frame_owner */
	uint8_t csum;		/* enum sampan_frame_csum */
	bool tso;		/* TCP payload in pieces of gso_bytes: to be cut, or put together */
	uint16_t gso_bytes;
	uint16_t csum_start;	/* from the start of the frame */
	uint16_t csum_offset;
	uint16_t drop;		/* in, set by sampan_input(): 0, or 1 + the enum sampan_count of
				 * the reason why it was dropped, or a part of it was */
	uint8_t to;		/* in, set by sampan_input() of a team's member: 0, or whose it is
				 * instead (team.h) */
	uint8_t head[SAMPAN_FRAME_HEAD];
	struct sampan_slice slice[SAMPAN_FRAME_SLICES];
};

#ifdef __cplusplus
}
#endif

#endif
