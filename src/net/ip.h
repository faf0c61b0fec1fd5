/*
 * ip.h - IP in and out: from a frame to a packet that a transport can take,
 * and the headers in front of what a transport sends.
 */
#ifndef SAMPAN_NET_IP_H
#define SAMPAN_NET_IP_H

#include "buf/span.h"
#include "net/stack.h"

enum sp_pkt_kind {
	SP_PKT_DROPPED,		/* counted already */
	SP_PKT_ARP,
	SP_PKT_ICMP4,
	SP_PKT_TCP,
};

/* What is known about a frame after its first look. */
struct sp_pkt {
	struct sampan_frame *frame;
	const uint8_t *body;	/* behind the Ethernet or IP header, contiguous for body_len */
	uint32_t body_len;
	struct sp_span span;	/* the same, whole, without link padding */
	uint8_t kind;		/* enum sp_pkt_kind */
	uint8_t link;
	uint8_t tos;
	bool l2_group;		/* came by broadcast or multicast frame */
	bool ip_group;		/* IP destination is a broadcast address */
	uint32_t hash;		/* of flow, for transports */
	struct sp_entry hint;	/* what a look ahead found in the table of connections */
	uint32_t hint_changes;	/* valid while the table's `changes` is that; ref 0: none */
	struct sp_flow flow;	/* ports only for transports */
	sampan_time at;
};

/* Looks at a frame: validates everything below the transport and finds out
 * whose it is.  Changes nothing but counters. */
void sp_ip_look(struct sampan *s, unsigned link, struct sampan_frame *f, struct sp_pkt *pkt);

/* The same for a frame like nearly all others; false: it is not, *pkt is as it was. */
bool sp_ip_look_fast(struct sampan *s, unsigned link, struct sampan_frame *f, struct sp_pkt *pkt);

/* What an ICMP error says about a TCP segment that it quotes. */
struct sp_icmp_error {
	struct sp_flow flow;	/* of the segment: local is where it came from */
	uint32_t seq;		/* SEG.SEQ as quoted */
	uint16_t mtu_bytes;	/* with `too_big`: of the next hop, or a guess */
	bool too_big;		/* the packet must be smaller */
	bool hard;		/* in the sense of RFC 1122 §4.2.3.9 */
	int error;		/* SAMPAN_E* for the application */
};

/* Echo requests are answered; an error about a TCP segment is filled in (true);
 * everything else is counted.  RFC 1122 §3.2.2. */
bool sp_icmp4_in(struct sampan *s, const struct sp_pkt *pkt, struct sp_icmp_error *error);

struct sp_ip_out {
	const struct sampan_addr *src, *dst;
	uint32_t payload_len;
	uint8_t proto;
	uint8_t tos;
	uint8_t ttl;		/* 0: the setting's */
};

/* Bytes of the IP header towards this address. */
static inline uint32_t
sp_ip_hdr_len(const struct sampan_addr *dst)
{
	return sp_addr_is_v4(dst) ? 20 : 40;
}

/* Writes it. */
void sp_ip_emit(const struct sampan *s, uint8_t *p, const struct sp_ip_out *out);

/* The pseudo-header's part of a transport checksum. */
uint64_t sp_ip_pseudo(const struct sp_ip_out *out);

/* Queues a packet of l4_len bytes, already at sp_ip_reply_l4(), towards
 * out->dst.  Returns NULL from _take when there is no room or no route. */
struct sp_reply;
struct sp_reply *sp_ip_reply_take(struct sampan *s, const struct sp_ip_out *out, unsigned *link);
uint8_t *sp_ip_reply_l4(struct sp_reply *r, const struct sp_ip_out *out);

#endif
