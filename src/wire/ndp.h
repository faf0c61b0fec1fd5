/*
 * ndp.h - messages of neighbour discovery, RFC 4861, with their options.
 *
 * Parsing checks what RFC 4861 §6.1 and §7.1 ask of a message alone: lengths,
 * the code, its options, its target.  What needs the IP header (hop limit,
 * source, destination) and the checksum are net/'s.
 *
 * Does not: the options of a message that has no use for them are skipped
 * (R-4861-6, R-4861-30); prefix, route and DNS options are handed out as they
 * stand, one by one.
 */
#ifndef SAMPAN_WIRE_NDP_H
#define SAMPAN_WIRE_NDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest message that is emitted here: an advertisement with its link-layer
 * address, or a solicitation with that and a nonce. */
#define NDP_MAX 40
#define NDP_RA_LEN 16		/* without options */
#define NDP_NONCE_LEN 6

#define NDP_OPT_SOURCE_MAC 1
#define NDP_OPT_TARGET_MAC 2
#define NDP_OPT_PREFIX 3
#define NDP_OPT_REDIRECTED 4
#define NDP_OPT_MTU 5
#define NDP_OPT_NONCE 14
#define NDP_OPT_ROUTE 24
#define NDP_OPT_RDNSS 25
#define NDP_OPT_DNSSL 31

/* Solicitation, advertisement, redirect: what they have in common. */
struct ndp_msg {
	uint8_t type;			/* ICMP6_NEIGH_SOLICIT and so on */
	bool router, solicited, override;	/* of an advertisement */
	bool has_mac;			/* source's or target's, whichever belongs here */
	bool has_nonce;
	uint8_t target[16];
	uint8_t dst[16];		/* of a redirect */
	uint8_t mac[6];
	uint8_t nonce[NDP_NONCE_LEN];
};

/* False: not to be believed (R-4861-1 to R-4861-3, R-4861-5).  p begins at the
 * ICMPv6 type, len octets are contiguous. */
bool ndp_parse(struct ndp_msg *m, const uint8_t *p, size_t len);

/* Writes a solicitation or an advertisement, the checksum as 0, and returns its
 * length. */
size_t ndp_emit(uint8_t *p, const struct ndp_msg *m);

/* A router solicitation, with our link-layer address unless mac is NULL. */
size_t ndp_emit_router_solicit(uint8_t *p, const uint8_t *mac);

/* A router advertisement's fixed part, in the units of the wire. */
struct ndp_ra {
	uint8_t hop_limit;		/* 0: not said */
	bool managed, other;
	int8_t preference;		/* RFC 4191 §2.1: -1, 0, 1 */
	uint16_t lifetime_s;		/* as a default router; 0: none */
	uint32_t reachable_ms;		/* 0: not said */
	uint32_t retrans_ms;		/* 0: not said */
};

/* False: not to be believed; every option has been looked over (R-4861-1). */
bool ndp_parse_ra(struct ndp_ra *ra, const uint8_t *p, size_t len);

/* The next option at *at, which moves on: its type, its body of *len octets
 * with type and length.  NULL: no more.  Of a message that has parsed. */
const uint8_t *ndp_next_option(const uint8_t *p, size_t len, size_t *at, size_t *opt_len);

/* RFC 4861 §4.6.2.  False: too short. */
struct ndp_prefix {
	uint8_t bits;
	bool on_link, autonomous;
	uint32_t valid_s, preferred_s;	/* UINT32_MAX: for ever */
	uint8_t prefix[16];
};
bool ndp_parse_prefix(struct ndp_prefix *o, const uint8_t *p, size_t len);

/* RFC 4191 §2.3. */
struct ndp_route {
	uint8_t bits;
	int8_t preference;
	uint32_t lifetime_s;
	uint8_t prefix[16];
};
bool ndp_parse_route(struct ndp_route *o, const uint8_t *p, size_t len);

/* RFC 8106 §5.1: how many addresses, the first of which is at *addrs.  0: the
 * option is malformed, such as of even length (R-8200-20, R-V-39). */
unsigned ndp_parse_rdnss(uint32_t *lifetime_s, const uint8_t **addrs, const uint8_t *p, size_t len);

#endif
