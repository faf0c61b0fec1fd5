/*
 * eth.h - Ethernet II header, RFC 894.
 *
 * Does not: know VLAN tags or IEEE 802.3 lengths.  A type of 1500 or less is a
 * length (RFC 1122 §2.3.3) and thus none of the types below.
 */
#ifndef SAMPAN_WIRE_ETH_H
#define SAMPAN_WIRE_ETH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ETH_HDR_LEN 14
#define ETH_ADDR_LEN 6

#define ETH_TYPE_IP4 0x0800
#define ETH_TYPE_ARP 0x0806
#define ETH_TYPE_IP6 0x86dd

struct eth_hdr {
	uint8_t dst[ETH_ADDR_LEN], src[ETH_ADDR_LEN];
	uint16_t type;
};

/* False: shorter than a header. */
bool eth_parse(struct eth_hdr *h, const uint8_t *p, size_t len);

/* Writes ETH_HDR_LEN octets. */
void eth_emit(uint8_t *p, const struct eth_hdr *h);

/* The group bit; true for broadcast too. */
static inline bool
eth_is_multicast(const uint8_t *mac)
{
	return (mac[0] & 1) != 0;
}

static inline bool
eth_is_broadcast(const uint8_t *mac)
{
	return (mac[0] & mac[1] & mac[2] & mac[3] & mac[4] & mac[5]) == 0xff;
}

static inline bool
eth_is_zero(const uint8_t *mac)
{
	return (mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]) == 0;
}

#endif
