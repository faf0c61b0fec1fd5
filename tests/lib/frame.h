/*
 * frame.h - frames as plain bytes: flatten, cut, complete, verify.
 *
 * What a wire, a NIC or an observer does with what sampan_output() hands out.
 * Checksums are added up here by the slowest obvious loop, not by src/wire/.
 */
#ifndef SAMPAN_TESTS_LIB_FRAME_H
#define SAMPAN_TESTS_LIB_FRAME_H

#include <sampan/sampan.h>

#include "wire/tcp.h"
#include "wire/tcp_opt.h"

/* The longest frame: Ethernet, and 65,535 octets of IP. */
#define FRAME_MAX (14 + 65535)

/* The ones' complement sum of RFC 1071, not complemented, on top of `sum`. */
uint32_t frame_sum(const uint8_t *p, uint32_t len, uint32_t sum);

/* Of the IP packet at p, either family: octets of its header (IPv6: without any
 * extension headers), and of all behind it. */
uint32_t frame_ip_hdr_len(const uint8_t *ip);
uint32_t frame_payload_len(const uint8_t *ip);

/* The protocol that the header names. */
uint8_t frame_proto(const uint8_t *ip);

/* The sum over the pseudo-header of the packet at ip. */
uint32_t frame_pseudo(const uint8_t *ip);

/* Copies the frame's bytes to dst (FRAME_MAX) and returns how many. */
uint32_t frame_flatten(const struct sampan_frame *f, uint8_t *dst);

/* Into how many frames a link cuts it, and frame number i of them with all
 * checksums in place, as it goes on the wire.  bytes: the flattened frame. */
unsigned frame_pieces(const struct sampan_frame *f, const uint8_t *bytes);
uint32_t frame_piece(const struct sampan_frame *f, const uint8_t *bytes, unsigned i, uint8_t *dst);

/* What is wrong with a frame that the stack sent; NULL: nothing.  Lengths, IP
 * and TCP or ICMP checksums, a partial checksum's pseudo-header. */
const char *frame_flaw(const struct sampan_frame *f, const uint8_t *bytes);

/* A TCP segment, taken apart.  Wire numbers in host order. */
/* AE, where it stands among the flags. */
#define FX_AE 0x100u

struct frame_tcp {
	struct sampan_addr from, to;
	uint32_t src, dst;	/* the same as numbers, with IPv4 */
	struct tcp_hdr h;
	struct tcp_opts opts;
	uint8_t tos;		/* or traffic class */
	uint32_t flow_label;	/* of IPv6 */
	uint32_t len;		/* of text */
	const uint8_t *text;
};

/* False: not TCP. */
bool frame_tcp_read(struct frame_tcp *t, const uint8_t *bytes, uint32_t len);

#endif
