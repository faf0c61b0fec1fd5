/*
 * packet.h - a frame as a box in the middle of a path sees it: which addresses
 * and ports, what TCP says, and how to alter it so that its checksums stay right.
 *
 * Knows IPv4 and IPv6 without extension headers, whole packets only.  Judges
 * nothing: checksums may be wrong, and stay as wrong as they were.
 */
#ifndef SAMPAN_LINK_PACKET_H
#define SAMPAN_LINK_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/siphash.h"

struct sp_packet {
	uint8_t *ip, *l4;
	uint32_t l4_len;	/* header and data */
	uint8_t proto;
	bool is_ip6;
};

/* False: it is no such packet. */
bool sp_packet_look(struct sp_packet *p, uint8_t *frame, uint32_t len);

/* The same, and TCP with a whole header. */
bool sp_packet_look_tcp(struct sp_packet *p, uint8_t *frame, uint32_t len);

/* A hash of addresses and ports (of TCP and UDP), of this direction or of the
 * other. */
uint64_t sp_packet_flow(const struct sp_packet *p, const struct sp_key *key);
uint64_t sp_packet_flow_back(const struct sp_packet *p, const struct sp_key *key);

/* Marks congestion; false: its sender does not know ECN.  RFC 3168 §5. */
bool sp_packet_mark(struct sp_packet *p);

/* Writes into the TCP header, not over the checksum, which is mended. */
void sp_packet_put8(struct sp_packet *p, uint32_t at, uint8_t value);
void sp_packet_put32(struct sp_packet *p, uint32_t at, uint32_t value);

#endif
