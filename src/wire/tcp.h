/*
 * tcp.h - TCP header, RFC 9293 §3.1.
 *
 * The fixed twenty octets; options are in tcp_opt.h.  Does not: compute or
 * verify the checksum, which covers a pseudo-header and the data (csum.h).
 */
#ifndef SAMPAN_WIRE_TCP_H
#define SAMPAN_WIRE_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TCP_HDR_LEN 20
#define TCP_HDR_MAX 60
#define TCP_OPTS_MAX (TCP_HDR_MAX - TCP_HDR_LEN)
#define TCP_CSUM_OFF 16		/* where the checksum is */

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4
#define TCP_PSH 8
#define TCP_ACK 16
#define TCP_URG 32
#define TCP_ECE 64
#define TCP_CWR 128

struct tcp_hdr {
	uint16_t src_port, dst_port;
	uint32_t seq, ack;
	uint8_t data_off_bytes;	/* where data begins; a multiple of 4 */
	uint8_t flags;		/* TCP_FIN .. TCP_CWR */
	bool ae;		/* the lowest reserved bit: accurate ECN, RFC 9768 */
	uint16_t wnd;		/* as sent, not scaled */
	uint16_t up;
};

/* Does the header that its data offset tells fit into the avail contiguous
 * octets at p, of a segment of seg_len? */
static inline bool
tcp_hdr_fits(const uint8_t *p, size_t avail, size_t seg_len)
{
	const size_t len = avail >= TCP_HDR_LEN ? (p[12] >> 4) * (size_t)4 : 0;

	return len >= TCP_HDR_LEN && len <= avail && len <= seg_len;
}

/* p: avail contiguous octets of a segment of seg_len, header and data.  False:
 * too short, or a data offset below 5 or beyond the segment or avail
 * (RFC 9293 §3.1 (R-9293-30)).  The other reserved bits are ignored (R-9293-29). */
bool tcp_hdr_parse(struct tcp_hdr *h, const uint8_t *p, size_t avail, size_t seg_len);

/* Writes TCP_HDR_LEN octets; checksum and reserved bits are 0 (R-9293-29). */
void tcp_hdr_emit(uint8_t *p, const struct tcp_hdr *h);

#endif
