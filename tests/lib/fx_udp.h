/*
 * fx_udp.h - the words of UDP tests, for the fixture: datagrams as frames, in and
 * out, in both families.
 */
#ifndef SAMPAN_TESTS_LIB_FX_UDP_H
#define SAMPAN_TESTS_LIB_FX_UDP_H

#include <sampan/datagram.h>

#include "lib/fx.h"

#define FX_UDP_PORT 5000
#define FX_UDP_PEER 6000

/* A datagram that the peer sends; its text is fx_byte(0) and on. */
struct fx_dgram {
	uint16_t src_port, dst_port;
	uint32_t len;		/* of text */
	int udp_len;		/* FX_ANY: the right one */
	uint32_t behind;	/* octets of the IP packet behind the datagram */
	bool no_csum, bad_csum;
	struct sampan_addr src, dst;	/* all zero: as usual */
	uint8_t tos, ttl;
	bool broadcast;		/* in a broadcast frame */
};

#define datagram_comes(f, ...) \
	(fx_here(__FILE__, __LINE__), \
	    fx_send_datagram(f, (struct fx_dgram){ .src_port = FX_UDP_PEER, \
		.dst_port = FX_UDP_PORT, .len = 10, .udp_len = FX_ANY, .ttl = 64, \
		__VA_ARGS__ }))

/* What left the stack next: UDP or ICMP.  The fixture must know the peer's MAC. */
struct fx_packet {
	uint8_t proto, tos, ttl;
	uint8_t mac[6];
	struct sampan_addr src, dst;
	uint16_t src_port, dst_port;	/* ICMP: type, code */
	uint16_t csum;
	uint32_t label;		/* IPv6 */
	bool df;		/* IPv4 */
	uint32_t ip_len;	/* of the packet */
	uint32_t len;		/* behind eight octets of header */
	const uint8_t *text;
};

/* A stack that has talked with the peer; it has no TCP connection any more. */
struct fx fx_udp_begin(void);

/* A socket, bound to that port of any address; 0: not bound. */
sampan_handle fx_udp_socket(struct fx *f, uint16_t port);

/* The same, connected to the peer's FX_UDP_PEER. */
sampan_handle fx_udp_connected(struct fx *f, uint16_t port);

void fx_send_datagram(struct fx *f, struct fx_dgram d);

/* A port unreachable, or another error, from the peer about a datagram between
 * these two ports. */
void fx_udp_error(struct fx *f, uint8_t type, uint8_t code, uint16_t port, uint16_t peer_port);

/* Too big for a router, whose next hop takes so much; label: of the packet that it
 * quotes. */
void fx_udp_too_big(struct fx *f, uint16_t port, uint16_t mtu_bytes, uint32_t label);

/* What both come to. */
struct fx_udp_icmp {
	uint8_t type, code;
	uint16_t port, peer_port;
	uint32_t rest, label;
};
void fx_send_udp_error(struct fx *f, struct fx_udp_icmp e);

/* An ICMP message from the peer, with its checksum, or a wrong one. */
void fx_icmp_comes(struct fx *f, const void *message, uint32_t len, bool bad_csum);

/* False: nothing leaves. */
bool fx_udp_next(struct fx *f, struct fx_packet *p);

/* The socket reads one datagram of len octets; FX_ANY in len: it has none. */
void fx_udp_reads(struct fx *f, sampan_handle h, int64_t len);

#endif
