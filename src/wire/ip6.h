/*
 * ip6.h - IPv6 header and its chain of extension headers, RFC 8200; kinds of
 * addresses, RFC 4291.
 *
 * Does not: judge addresses or hop limits (net/), put fragments together, or
 * write extension headers.  Addresses are octets as on the wire; their kinds
 * are told from those.
 */
#ifndef SAMPAN_WIRE_IP6_H
#define SAMPAN_WIRE_IP6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IP6_HDR_LEN 40
/* RFC 8200 §5 (R-8200-9): every link carries this much. */
#define IP6_MTU_MIN 1280

#define IP_PROTO_HOPOPTS 0
#define IP_PROTO_ROUTING 43
#define IP_PROTO_FRAGMENT 44
#define IP_PROTO_ICMP6 58
#define IP_PROTO_NONE 59
#define IP_PROTO_DSTOPTS 60

struct ip6_hdr {
	uint8_t tclass;
	uint32_t flow_label;	/* 20 bits */
	uint16_t payload_len;	/* octets behind this header */
	uint8_t next;
	uint8_t hop_limit;
	uint8_t src[16], dst[16];
};

/* In the order of the checks. */
enum ip6_error {
	IP6_OK,
	IP6_SHORT,		/* the header is not all there */
	IP6_VERSION,		/* not 6 */
	IP6_PAYLOAD_LEN,	/* more than the frame holds */
};

/* p: avail contiguous octets of the frame_left that the frame has from here
 * on.  The frame may be longer: padding.  RFC 8200 §3 (R-8200-1). */
enum ip6_error ip6_parse(struct ip6_hdr *h, const uint8_t *p, size_t avail, size_t frame_left);

/* The header of a packet that an ICMPv6 error quotes: lengths are not looked
 * at.  False: no header. */
bool ip6_quoted(struct ip6_hdr *h, const uint8_t *p, size_t avail);

/* Writes IP6_HDR_LEN octets. */
void ip6_emit(uint8_t *p, const struct ip6_hdr *h);

/* How far the chain of extension headers is followed: RFC 8504 §5.3 lets a host
 * have limits (R-8200-13). */
#define IP6_CHAIN_MAX 512	/* octets of them, in all */
#define IP6_CHAIN_HEADERS 8
#define IP6_CHAIN_OPTIONS 8	/* in one header, padding apart */
#define IP6_CHAIN_PAD 7		/* octets of one stretch of padding */

enum ip6_verdict {
	IP6_CHAIN_OK,		/* `proto` begins at off */
	IP6_CHAIN_NOTHING,	/* next header 59: nothing does */
	IP6_CHAIN_FRAGMENT,	/* the fragment header is at off: reassembly goes on */
	IP6_CHAIN_DROP,		/* in silence: malformed, or past a limit, or asked for */
	IP6_CHAIN_PROBLEM,	/* drop and report: code and pointer */
};

/* Codes of a parameter problem, RFC 4443 §3.4. */
#define IP6_PROBLEM_FIELD 0
#define IP6_PROBLEM_NEXT 1
#define IP6_PROBLEM_OPTION 2
#define IP6_PROBLEM_CHAIN 3	/* RFC 7112: the first fragment lacks headers */

struct ip6_chain {
	uint8_t proto;		/* what the chain ends in */
	uint16_t off;		/* octets from the IPv6 header on */
	uint16_t next_at;	/* the octet that names it */
	bool router_alert;	/* RFC 2711 */
	/* IP6_CHAIN_PROBLEM */
	uint8_t code;
	uint16_t pointer;	/* the octet that is wrong, from the IPv6 header on */
	bool even_group;	/* report it though the destination is a group */
};

/* Follows the chain of the packet at p, whose first avail octets, of len in
 * all, are contiguous: strictly in order, any number and order of headers up
 * to the limits above (RFC 8200 §4 (R-8200-2)).  first: a hop-by-hop header
 * may come next. */
enum ip6_verdict ip6_walk(struct ip6_chain *c, const uint8_t *p, size_t avail, size_t len);

/* Is it one of the headers that ip6_walk() looks into? */
static inline bool
ip6_is_extension(uint8_t next)
{
	return next == IP_PROTO_HOPOPTS || next == IP_PROTO_ROUTING ||
	    next == IP_PROTO_FRAGMENT || next == IP_PROTO_DSTOPTS || next == IP_PROTO_NONE;
}

/* ---- Kinds of addresses, RFC 4291 §2.4 ---- */

static inline bool
ip6_is_multicast(const uint8_t *a)
{
	return a[0] == 0xff;
}

static inline bool
ip6_is_link_local(const uint8_t *a)
{
	return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;	/* fe80::/10 */
}

/* The scope of a multicast address: 1 interface, 2 link ... */
static inline unsigned
ip6_group_scope(const uint8_t *a)
{
	return a[1] & 15u;
}

bool ip6_is_loopback(const uint8_t *a);
bool ip6_is_any(const uint8_t *a);

/* The solicited-node group of an address, RFC 4291 §2.7.1; the Ethernet
 * address of a group, RFC 2464 §7. */
void ip6_solicited_node(uint8_t group[16], const uint8_t *a);
void ip6_group_mac(uint8_t mac[6], const uint8_t *group);

#endif
