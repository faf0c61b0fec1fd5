/*
 * ip.h - IP in and out, both families: from a frame to a packet that a transport
 * can take, and the headers in front of what a transport sends.
 *
 * In: sp_ip_look() (ip_in.c, ip_in4.c, ip_in6.c).  Out: a connection that fills
 * a frame itself writes its header with sp_ip_emit(); everything else, of any
 * protocol and family, goes by sp_ip_take(), sp_ip_l4(), sp_ip_send()
 * (ip_out.c).  How a transport plugs in: docs/design.md.
 */
#ifndef SAMPAN_NET_IP_H
#define SAMPAN_NET_IP_H

#include "buf/span.h"
#include "net/stack.h"

enum sp_pkt_kind {
	SP_PKT_DROPPED,		/* counted already */
	SP_PKT_ARP,
	SP_PKT_ICMP,		/* of either family; or IGMP */
	SP_PKT_TRANSPORT,	/* anything else: `proto` says what */
	SP_PKT_FRAGMENT,	/* to be put together */
	SP_PKT_OTHERS,		/* another member's of the team */
	SP_PKT_PROBLEM,		/* to be reported to its sender, then dropped */
};

/* What is known about a frame after its first look. */
struct sp_pkt {
	struct sampan_frame *frame;
	const uint8_t *body;	/* behind the Ethernet or IP header, contiguous for body_len */
	struct sp_span span;	/* the same, whole, without link padding */
	uint8_t kind;		/* enum sp_pkt_kind */
	uint8_t link;
	uint8_t proto;		/* behind all IP headers */
	uint8_t tos;		/* or traffic class; RFC 1122 §3.2.1.6 (R-IP4-10) */
	uint8_t hops;		/* TTL or hop limit as it arrived */
	bool router_alert;	/* IPv6: came with one (RFC 2711) */
	bool fragmented;	/* was put together, or came with a fragment header */
	bool l2_group;		/* came by broadcast or multicast frame */
	bool ip_group;		/* IP destination is a broadcast or multicast address */
	bool problem_even_group;	/* SP_PKT_PROBLEM: report it all the same */
	uint8_t problem_code;
	uint16_t problem_at;	/* the octet that is wrong, from the IP header on */
	uint16_t ip_at;		/* the IP header, from the start of the frame */
	uint16_t ip_len;	/* of the packet with that header */
	uint32_t body_len;
	uint32_t hash;		/* of flow, for transports */
	struct sp_entry hint;	/* what a look ahead found in the table of connections */
	uint32_t hint_changes;	/* valid while the table's `changes` is that; ref 0: none */
	struct sp_flow flow;	/* ports only for transports */
	sampan_time at;
};

static inline bool
sp_pkt_is_v4(const struct sp_pkt *pkt)
{
	return sp_addr_is_v4(&pkt->flow.local);
}

/* Looks at a frame: validates everything below the transport and finds out
 * whose it is.  Changes nothing but counters. */
void sp_ip_look(struct sampan *s, unsigned link, struct sampan_frame *f, struct sp_pkt *pkt);

/* The same for a frame like nearly all others; false: it is not, *pkt is as it was. */
bool sp_ip_look_fast(struct sampan *s, unsigned link, struct sampan_frame *f, struct sp_pkt *pkt);

/* What an ICMP error says about a packet of ours that it quotes. */
struct sp_icmp_error {
	struct sp_flow flow;	/* of the packet: local is where it came from */
	uint8_t proto;		/* whose it was */
	uint32_t seq;		/* octets 4 to 7 of its transport header: TCP's SEG.SEQ */
	uint16_t mtu_bytes;	/* with `too_big`: of the next hop, or a guess */
	bool too_big;		/* the packet must be smaller */
	bool ours;		/* the packet was, as far as what is quoted can show */
	bool hard;		/* in the sense of RFC 1122 §4.2.3.9 */
	int error;		/* SAMPAN_E* for the application */
};

/* Does everything that ICMP of either family asks for but what concerns a
 * transport: true, an error about a packet of `error->proto` is filled in.
 * RFC 1122 §3.2.2, RFC 4443. */
bool sp_icmp_in(struct sampan *s, const struct sp_pkt *pkt, struct sp_icmp_error *error);

/* A packet of ours to be. */
struct sp_ip_out {
	const struct sampan_addr *src, *dst;
	const struct sp_flow *flow;	/* NULL: none, so no flow label */
	uint32_t payload_len;
	uint8_t proto;
	uint8_t tos;
	uint8_t ttl;		/* or hop limit; 0: the link's or the setting's */
	uint8_t link;		/* 0: by the route; else there, straight to dst */
	bool router_alert;	/* RFC 2113, RFC 2711: for IGMP and MLD */
	bool probe;		/* sp_ip_send_text(): by the link's MTU, not the path's */
	bool no_df;		/* IPv4, sp_ip_send_text(): routers may cut it */
};

/* Bytes of the IP header towards this address. */
static inline uint32_t
sp_ip_hdr_len(const struct sampan_addr *dst)
{
	return sp_addr_is_v4(dst) ? 20 : 40;
}

/* Writes it.  out->link is the link that it leaves by. */
void sp_ip_emit(const struct sampan *s, uint8_t *p, const struct sp_ip_out *out);

/* The pseudo-header's part of a transport checksum.  RFC 9293 §3.1, RFC 8200 §8.1. */
uint64_t sp_ip_pseudo(const struct sp_ip_out *out);

/* RFC 6437 §3 (R-8200-18): the same for all packets of a flow, and nobody
 * outside can tell what comes of what (R-V-30). */
uint32_t sp_ip_flow_label(const struct sampan *s, const struct sp_flow *flow);

/* A packet without a connection: _take finds the way and writes the headers (NULL:
 * no room, no route; counted), the caller fills out->payload_len bytes at _l4,
 * _send queues it.  Groups need out->link. */
struct sp_reply;
struct sp_reply *sp_ip_take(struct sampan *s, const struct sp_ip_out *out);
uint8_t *sp_ip_l4(struct sp_reply *r);
void sp_ip_send(struct sampan *s, struct sp_reply *r);

/* A new ICMPv6 message in front of sp_ip_send(): its checksum. */
void sp_ip_csum_icmp6(const struct sampan *s, struct sp_reply *r, const struct sp_ip_out *out);

#endif
