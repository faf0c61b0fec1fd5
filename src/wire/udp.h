/*
 * udp.h - UDP header, RFC 768.
 *
 * Does not: sum up a checksum, which covers a pseudo-header and the data
 * (csum.h), nor judge one that is missing: over IPv4 it may be, over IPv6 not.
 */
#ifndef SAMPAN_WIRE_UDP_H
#define SAMPAN_WIRE_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UDP_HDR_LEN 8
#define UDP_CSUM_OFF 6		/* where the checksum is */
/* Most data that a datagram holds: what the 16-bit lengths leave. */
#define UDP4_DATA_MAX (65535 - 20 - UDP_HDR_LEN)
#define UDP6_DATA_MAX (65535 - UDP_HDR_LEN)

struct udp_hdr {
	uint16_t src_port;	/* 0: no answer is expected */
	uint16_t dst_port;
	uint16_t len;		/* of header and data */
	uint16_t csum;		/* as sent; 0: none */
};

/* p: avail contiguous octets of an IP payload of `room`.  False: too short, or a
 * length below 8 or beyond the payload; what is behind the length is none of
 * UDP's (R-768-1). */
bool udp_parse(struct udp_hdr *h, const uint8_t *p, size_t avail, size_t room);

/* Writes UDP_HDR_LEN octets; the checksum is 0 whatever h says. */
void udp_emit(uint8_t *p, const struct udp_hdr *h);

/* Puts the checksum in, from the sum over pseudo-header, header and data
 * (csum.h).  One that comes out as 0 is sent as all ones: RFC 768 (R-768-2). */
void udp_csum_put(uint8_t *p, uint64_t sum);

#endif
