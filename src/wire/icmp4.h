/*
 * icmp4.h - ICMP header, RFC 792; next-hop MTU, RFC 1191 §4.
 *
 * The first eight octets of every message; what follows (echo data, a quoted
 * datagram) is the caller's.  Does not: verify the checksum, which covers the
 * whole message: sp_csum_good() over it, without pseudo-header.
 */
#ifndef SAMPAN_WIRE_ICMP4_H
#define SAMPAN_WIRE_ICMP4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ICMP4_HDR_LEN 8

#define ICMP4_ECHO_REPLY 0
#define ICMP4_DEST_UNREACHABLE 3
#define ICMP4_SOURCE_QUENCH 4
#define ICMP4_REDIRECT 5
#define ICMP4_ECHO 8
#define ICMP4_TIME_EXCEEDED 11
#define ICMP4_PARAM_PROBLEM 12
#define ICMP4_TIMESTAMP 13
#define ICMP4_TIMESTAMP_REPLY 14

/* Codes of ICMP4_DEST_UNREACHABLE. */
#define ICMP4_UNREACH_NET 0
#define ICMP4_UNREACH_HOST 1
#define ICMP4_UNREACH_PROTO 2
#define ICMP4_UNREACH_PORT 3
#define ICMP4_UNREACH_FRAG_NEEDED 4
#define ICMP4_UNREACH_SOURCE_ROUTE 5

/* Codes of ICMP4_TIME_EXCEEDED. */
#define ICMP4_EXCEEDED_TTL 0
#define ICMP4_EXCEEDED_REASSEMBLY 1

struct icmp4_hdr {
	uint8_t type, code;
	uint32_t rest;		/* meaning depends on the type, see below */
};

/* False: shorter than a header. */
bool icmp4_parse(struct icmp4_hdr *h, const uint8_t *p, size_t len);

/* Writes ICMP4_HDR_LEN octets, the checksum as 0. */
void icmp4_emit(uint8_t *p, const struct icmp4_hdr *h);

/* Puts the checksum into the header at p.  sum: sp_csum_add() over the whole
 * message as emitted. */
void icmp4_csum_put(uint8_t *p, uint64_t sum);

/* A report about a datagram, which it quotes; nothing may be sent about it
 * (RFC 1122 §3.2.2). */
static inline bool
icmp4_is_error(uint8_t type)
{
	return type == ICMP4_DEST_UNREACHABLE || type == ICMP4_SOURCE_QUENCH ||
	    type == ICMP4_REDIRECT || type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAM_PROBLEM;
}

/* Echo and its reply. */
static inline uint16_t
icmp4_echo_id(const struct icmp4_hdr *h)
{
	return (uint16_t)(h->rest >> 16);
}

static inline uint16_t
icmp4_echo_seq(const struct icmp4_hdr *h)
{
	return (uint16_t)h->rest;
}

/* Fragmentation needed: 0 from a router that predates RFC 1191. */
static inline uint16_t
icmp4_next_hop_mtu(const struct icmp4_hdr *h)
{
	return (uint16_t)h->rest;
}

/* Parameter problem: offset of the octet that is wrong. */
static inline uint8_t
icmp4_pointer(const struct icmp4_hdr *h)
{
	return (uint8_t)(h->rest >> 24);
}

#endif
