/*
 * cut.h - what a network card does to a frame on its way to the wire: big
 * segments are cut, open checksums completed.
 *
 * For links that alter, delay or show frames: behind it every frame is one
 * that a wire carries.  Knows TCP over IPv4 and IPv6; a frame that is not to
 * be cut keeps its protocol to itself, as csum_start and csum_offset say all
 * that is needed.  Rules: RFC 9293 §3.1, RFC 3168 §6.1.2 (CWR in the first
 * segment only), RFC 6864 §4 (an identification for each packet).
 */
#ifndef SAMPAN_LINK_CUT_H
#define SAMPAN_LINK_CUT_H

#include <sampan/frame.h>

/* The longest frame: 64 KiB of IP behind Ethernet. */
#define SP_CUT_FRAME_MOST (14 + 65535)
/* Ethernet, IPv6 with a few extension headers, TCP with all options. */
#define SP_CUT_HDR_MOST 256

struct sp_cut {
	const struct sampan_frame *frame;
	uint32_t hdr_bytes;		/* copied before each piece of text */
	uint32_t done_bytes;		/* of the frame: header and pieces so far */
	uint32_t piece_bytes;		/* no piece is longer, header included */
	bool ended;
	uint8_t hdr[SP_CUT_HDR_MOST];	/* of frames to be cut */
};

/* Looks at a frame, which must stay as it is until its last piece is made.
 * False: it is not what it says it is, and cannot be sent. */
bool sp_cut_begin(struct sp_cut *cut, const struct sampan_frame *frame);

/* Writes the next piece to dst, which has room for piece_bytes, and returns
 * its length; 0: that was all. */
uint32_t sp_cut_next(struct sp_cut *cut, uint8_t *dst);

/* Copies len bytes of a frame from `at` on; false: it has fewer. */
bool sp_frame_copy(uint8_t *dst, const struct sampan_frame *frame, uint32_t at, uint32_t len);

#endif
