/*
 * arp.h - ARP packets for IPv4 over Ethernet, RFC 826.
 *
 * Does not: other hardware or protocol types (they do not parse), or judge
 * addresses and opcodes (net/).
 */
#ifndef SAMPAN_WIRE_ARP_H
#define SAMPAN_WIRE_ARP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARP_LEN 28

#define ARP_REQUEST 1
#define ARP_REPLY 2

/* The RFC's ar$ names. */
struct arp_pkt {
	uint16_t op;
	uint8_t sha[6];		/* sender's hardware address */
	uint32_t spa;		/* sender's protocol address */
	uint8_t tha[6];		/* target's; means nothing in a request */
	uint32_t tpa;
};

/* False: too short, or not IPv4 over Ethernet (R-826-1).  What follows is padding. */
bool arp_parse(struct arp_pkt *a, const uint8_t *p, size_t len);

/* Writes ARP_LEN octets. */
void arp_emit(uint8_t *p, const struct arp_pkt *a);

#endif
