/*
 * tcp_opt.h - TCP options: RFC 9293 §3.2 (MSS), RFC 7323 (window scale,
 * timestamps), RFC 2018 (SACK), RFC 9768 (accurate ECN).
 *
 * Does not: know in which segments an option is allowed, clamp what it says,
 * or judge SACK blocks; that is src/tcp/.
 */
#ifndef SAMPAN_WIRE_TCP_OPT_H
#define SAMPAN_WIRE_TCP_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/bytes.h"
#include "wire/tcp.h"

#define TCP_OPT_EOL 0
#define TCP_OPT_NOP 1
#define TCP_OPT_MSS 2
#define TCP_OPT_WSCALE 3
#define TCP_OPT_SACK_PERMITTED 4
#define TCP_OPT_SACK 5
#define TCP_OPT_TS 8
#define TCP_OPT_ACCECN0 172	/* RFC 9768: EE0B, ECEB, EE1B */
#define TCP_OPT_ACCECN1 174	/* EE1B, ECEB, EE0B */

#define TCP_SACK_MAX 4		/* blocks that fit into 40 octets */

/* The header of nearly every segment of nearly every connection: ACK, with PSH
 * or without, and timestamps alone, behind two NOPs (RFC 7323 appendix A). */
#define TCP_PLAIN_HDR_LEN 32
#define TCP_PLAIN_OPTS 0x0101080au	/* NOP, NOP, kind 8, length 10 */
#define TCP_PLAIN_TSVAL_OFF 24

/* p: avail contiguous octets of a segment. */
static inline bool
tcp_hdr_is_plain(const uint8_t *p, size_t avail)
{
	return avail >= TCP_PLAIN_HDR_LEN &&
	    (be16_get(p + 12) & ~TCP_PSH) == (TCP_PLAIN_HDR_LEN << 10 | TCP_ACK) &&
	    be32_get(p + TCP_HDR_LEN) == TCP_PLAIN_OPTS;
}

/* Octets that arrived with a mark, modulo 2^24, in the order of the option.  Fields may
 * be left out from the end. */
#define TCP_ACCECN_FIELDS 3

struct tcp_opt_accecn {
	bool has;
	bool order1;		/* kind 174 */
	uint8_t count;		/* of the fields */
	uint32_t field[TCP_ACCECN_FIELDS];
};

struct tcp_opts {
	bool has_mss, has_wscale, has_ts, sack_permitted;
	uint16_t mss;
	uint8_t wscale;		/* as sent; above 14 means 14 (RFC 7323 §2.3) */
	uint32_t tsval, tsecr;
	uint8_t sack_count;
	struct {
		uint32_t left, right;	/* [left, right), as sent */
	} sack[TCP_SACK_MAX];
	struct tcp_opt_accecn accecn;	/* SACK's blocks yield to it: whoever asks must know */
	bool malformed;		/* an illegal length; what stood before it counts */
};

/* Reads the len octets between header and data.  Never fails: an illegal
 * length ends the reading and sets malformed.  Of an option that is there
 * twice the last counts.  A value is 0 if its option is absent; blocks from
 * sack_count on are undefined. */
void tcp_opts_parse(struct tcp_opts *o, const uint8_t *p, size_t len);

/* Octets that tcp_opts_emit() writes: a multiple of 4, at most 40. */
size_t tcp_opts_len(const struct tcp_opts *o);

/* Writes the options and their padding, laid out as Linux does; returns
 * tcp_opts_len().  SACK blocks that do not fit are left out, the last ones
 * first: beside timestamps three fit. */
size_t tcp_opts_emit(uint8_t *p, const struct tcp_opts *o);

#endif
