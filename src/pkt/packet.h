/*
 * packet.h - IP packets as bytes, both versions: TCP, UDP and ICMP.
 *
 * Does not: know scripts or connections.  Everything is in the machine's
 * order but the bytes.
 */
#ifndef SAMPAN_PKT_PACKET_H
#define SAMPAN_PKT_PACKET_H

#include <sampan/types.h>

#include "wire/tcp.h"

/* Room for the largest packet. */
#define PKT_PACKET_MAX 65600u

struct pkt_ip {
	struct sampan_addr src, dst;
	uint8_t tos, ttl;
	uint8_t proto;
};

struct pkt_live {
	struct pkt_ip ip;
	bool v6;
	bool csum_ok;		/* of TCP, UDP or ICMP, the IPv4 header too */
	bool is_fragment;
	struct tcp_hdr tcp;	/* of UDP the ports */
	const uint8_t *opts, *data;
	uint32_t opts_len, data_len;
	uint8_t icmp_type, icmp_code;
	uint32_t icmp_mtu;
};

enum {
	PKT_PROTO_ICMP4 = 1,
	PKT_PROTO_TCP = 6,
	PKT_PROTO_UDP = 17,
	PKT_PROTO_FRAGMENT = 44,
	PKT_PROTO_ICMP6 = 58,
};

/* False: not an IP packet that makes sense.  Points into bytes. */
bool sp_pkt_decode(struct pkt_live *live, const uint8_t *bytes, uint32_t len);

/* Writes an IP header, a TCP header with options and room for len bytes of
 * data, of which data may be NULL (then they are filled in before
 * sp_pkt_finish()); returns where the data begins. */
struct pkt_tcp_out {
	struct pkt_ip ip;
	struct tcp_hdr tcp;
	const uint8_t *opts;
	uint32_t opts_len;	/* a multiple of 4 */
	uint32_t data_len;
};

uint32_t sp_pkt_emit_tcp(uint8_t *p, const struct pkt_tcp_out *out);

/* The same of a datagram; returns where its data begins. */
struct pkt_udp_out {
	struct pkt_ip ip;
	uint16_t src_port, dst_port;
	uint32_t data_len;
};

uint32_t sp_pkt_emit_udp(uint8_t *p, const struct pkt_udp_out *out);

/* An ICMP error about a packet whose first quoted_len bytes are at quoted;
 * returns the length.  Complete. */
struct pkt_icmp_out {
	struct pkt_ip ip;
	uint8_t type, code;
	uint32_t rest;
	const uint8_t *quoted;
	uint32_t quoted_len;
};

uint32_t sp_pkt_emit_icmp(uint8_t *p, const struct pkt_icmp_out *out);

/* Puts the checksum of TCP or UDP into a packet of len bytes. */
void sp_pkt_finish(uint8_t *p, uint32_t len);

#endif
