/*
 * segment.h - a TCP segment in an Ethernet frame, as words: for what looks at
 * frames from outside of a stack.
 *
 *	const uint32_t len = segment_make(bytes, &(struct segment){ .flags = TCP_ACK });
 */
#ifndef SAMPAN_TESTS_LIB_SEGMENT_H
#define SAMPAN_TESTS_LIB_SEGMENT_H

#include "lib/frame.h"

struct segment {
	unsigned from, to;	/* the last octet of 10.0.0.0/24; 0: 1 and 2 */
	uint16_t src_port, dst_port;
	uint8_t flags, tos;
	uint32_t seq, ack;
	struct tcp_opts opts;
	uint32_t len;		/* of text */
};

/* Writes the frame, with good checksums, and returns its length. */
uint32_t segment_make(uint8_t *bytes, const struct segment *s);

/* Are all its checksums right? */
bool segment_is_sound(const uint8_t *bytes, uint32_t len);

#endif
