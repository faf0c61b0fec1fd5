/*
 * fx_ip6.h - IPv6 packets by hand, and what leaves the stack, one frame at a time.
 * A program that includes it runs over IPv6.
 */
#ifndef SAMPAN_TESTS_LIB_FX_IP6_H
#define SAMPAN_TESTS_LIB_FX_IP6_H

#include <sampan/address.h>

#include "lib/fx.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/icmp6.h"
#include "wire/ip6.h"
#include "wire/ndp.h"

#define L4 (ETH_HDR_LEN + IP6_HDR_LEN)

/* The packet that is being made, and the last one that left. */
extern uint8_t frame[2000];
extern uint8_t out[FRAME_MAX];

/* A packet of len octets behind the IPv6 header; payload may be NULL: zeros. */
uint32_t make(struct sampan_addr src, struct sampan_addr dst, uint8_t next, const void *payload,
    uint32_t len);

/* The ICMPv6 message `at` octets behind the header gets its checksum. */
void seal(uint32_t at, uint32_t len);

uint32_t make_icmp(struct sampan_addr src, struct sampan_addr dst, const void *message,
    uint32_t len);
uint32_t make_echo(struct sampan_addr dst);

/* The next frame out, flat, but for reports of groups (net_group.c); its length, 0: none. */
uint32_t next_frame(struct fx *f);

/* Time passes, and nobody pulls. */
void pass(struct fx *f, sampan_dur dur);

/* Exactly this counter of all drops has grown, by one. */
void expect_dropped(struct fx *f, uint32_t len, unsigned reason);

/* A stack whose peer has been resolved. */
struct fx ready(void);

struct sampan_addr group(uint8_t scope, uint8_t last);

/* Address number i of the stack. */
struct sampan_addr_info info_of(struct fx *f, unsigned i);

#endif
