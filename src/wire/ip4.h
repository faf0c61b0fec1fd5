/*
 * ip4.h - IPv4 header, RFC 791; address classes, RFC 1122 §3.2.1.3.
 *
 * Does not: judge addresses, lifetimes or fragments (net/), act on options, or
 * write them.  Addresses are numbers in the machine's order.
 */
#ifndef SAMPAN_WIRE_IP4_H
#define SAMPAN_WIRE_IP4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IP4_HDR_LEN 20
#define IP4_HDR_MAX 60

#define IP_PROTO_ICMP 1
#define IP_PROTO_TCP 6
#define IP_PROTO_UDP 17

struct ip4_hdr {
	uint8_t hdr_len;	/* octets, with options */
	uint8_t tos;
	uint16_t total_len;	/* octets, with this header */
	uint16_t id;
	bool df, mf;
	uint16_t frag_off_bytes;	/* a multiple of 8 */
	uint8_t ttl;
	uint8_t proto;
	uint32_t src, dst;
};

/* In the order of the checks, which is RFC 1812 §5.2.2 but for the version,
 * without which the checksum's extent means nothing. */
enum ip4_error {
	IP4_OK,
	IP4_SHORT,		/* the header is not all there */
	IP4_VERSION,		/* not 4 */
	IP4_IHL,		/* below 5 */
	IP4_CSUM,
	IP4_TOTAL_LEN,		/* below the header's length, or more than the frame holds */
};

/* p: avail contiguous octets of the frame_left that the frame has from here
 * on.  The frame may be longer than total_len: padding.  h is valid only after
 * IP4_OK (R-IP4-1 to R-IP4-3).  The reserved flag is ignored (RFC 791 §3.1;
 * R-IP4-26). */
enum ip4_error ip4_parse(struct ip4_hdr *h, const uint8_t *p, size_t avail, size_t frame_left);

/* The header of a datagram that an ICMP error quotes: avail octets at p, which
 * may end anywhere behind it; its checksum and total length are not looked at,
 * since routers change them.  False: no header. */
bool ip4_quoted(struct ip4_hdr *h, const uint8_t *p, size_t avail);

/* Writes IP4_HDR_LEN octets, checksum included; h->hdr_len is not looked at. */
void ip4_emit(uint8_t *p, const struct ip4_hdr *h);

/* Of a header that has parsed: are its options well formed (RFC 1122
 * §3.2.1.8)?  Unknown ones are. */
bool ip4_options_ok(const uint8_t *p, size_t hdr_len);

/* Is there a loose or strict source route among them?  Looks as far as they
 * are well formed. */
bool ip4_has_source_route(const uint8_t *p, size_t hdr_len);

/* The Ethernet address of a group, RFC 1112 §6.4 (R-IP4-22). */
void ip4_group_mac(uint8_t mac[6], uint32_t group);

static inline bool
ip4_is_multicast(uint32_t addr)
{
	return addr >> 28 == 0xe;	/* 224/4 */
}

static inline bool
ip4_is_loopback(uint32_t addr)
{
	return addr >> 24 == 127;
}

static inline bool
ip4_is_limited_broadcast(uint32_t addr)
{
	return addr == 0xffffffff;
}

static inline bool
ip4_is_zero_net(uint32_t addr)
{
	return addr >> 24 == 0;
}

/* 240/4, which the limited broadcast lies in. */
static inline bool
ip4_is_class_e(uint32_t addr)
{
	return addr >> 28 == 0xf;
}

#endif
