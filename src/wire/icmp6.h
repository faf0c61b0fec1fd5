/*
 * icmp6.h - ICMPv6 header, RFC 4443.
 *
 * The first eight octets of every message; what follows is the caller's.
 * Does not: verify the checksum, which covers the whole message and the
 * pseudo-header of RFC 8200 §8.1; neighbour discovery (ndp.h).
 */
#ifndef SAMPAN_WIRE_ICMP6_H
#define SAMPAN_WIRE_ICMP6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ICMP6_HDR_LEN 8
#define ICMP6_CSUM_OFF 2

#define ICMP6_DEST_UNREACHABLE 1
#define ICMP6_PACKET_TOO_BIG 2
#define ICMP6_TIME_EXCEEDED 3
#define ICMP6_PARAM_PROBLEM 4
#define ICMP6_ECHO 128
#define ICMP6_ECHO_REPLY 129
#define ICMP6_MLD_QUERY 130
#define ICMP6_MLD1_REPORT 131
#define ICMP6_MLD1_DONE 132
#define ICMP6_ROUTER_SOLICIT 133
#define ICMP6_ROUTER_ADVERT 134
#define ICMP6_NEIGH_SOLICIT 135
#define ICMP6_NEIGH_ADVERT 136
#define ICMP6_REDIRECT 137
#define ICMP6_MLD2_REPORT 143

/* Codes of ICMP6_DEST_UNREACHABLE. */
#define ICMP6_UNREACH_NO_ROUTE 0
#define ICMP6_UNREACH_PROHIBITED 1
#define ICMP6_UNREACH_BEYOND_SCOPE 2
#define ICMP6_UNREACH_ADDRESS 3
#define ICMP6_UNREACH_PORT 4
#define ICMP6_UNREACH_POLICY 5
#define ICMP6_UNREACH_REJECT 6

/* Codes of ICMP6_TIME_EXCEEDED. */
#define ICMP6_EXCEEDED_HOPS 0
#define ICMP6_EXCEEDED_REASSEMBLY 1

struct icmp6_hdr {
	uint8_t type, code;
	uint32_t rest;		/* MTU of a packet too big, pointer of a problem, id and number */
};

/* False: shorter than a header. */
bool icmp6_parse(struct icmp6_hdr *h, const uint8_t *p, size_t len);

/* Writes ICMP6_HDR_LEN octets, the checksum as 0. */
void icmp6_emit(uint8_t *p, const struct icmp6_hdr *h);

/* Errors have the highest bit clear, also those that nobody knows yet: §2.1. */
static inline bool
icmp6_is_error(uint8_t type)
{
	return type < 128;
}

#endif
