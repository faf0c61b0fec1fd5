/*
 * reply.h - packets that no connection stands behind: ARP, echo replies,
 * resets, SYN-ACKs, acknowledgements from TIME-WAIT.
 *
 * Made when something arrives, kept in a chunk, sent by the next pull.  There
 * are at most SP_REPLIES_MAX of them on a link; more are dropped and counted,
 * which every protocol above survives.
 */
#ifndef SAMPAN_NET_REPLY_H
#define SAMPAN_NET_REPLY_H

#include "buf/chunk.h"
#include "net/stack.h"

/* Stands at the start of its chunk's data; the packet follows. */
struct sp_reply {
	struct sp_node node;
	struct sampan_addr next_hop;	/* unused when to_mac */
	uint32_t len;		/* of the packet, without the Ethernet header */
	uint16_t type;		/* Ethernet type */
	uint8_t mac[6];		/* with to_mac: where it goes */
	bool to_mac;
	uint8_t link;		/* and where the transport's part begins: net/ip.h */
	uint8_t l4_off;
	uint8_t pad[9];
};
_Static_assert(sizeof(struct sp_reply) == 48, "packets begin on a granule");

/* The longest packet that one holds: in small stacks chunks are shorter than packets. */
static inline uint32_t
sp_reply_packet_max(const struct sampan *s)
{
	return s->arena.pool[SP_KIND_LARGE].object_bytes -
	    (uint32_t)(sizeof(struct sp_chunk) + sizeof(struct sp_reply));
}

/* An empty reply with len bytes of room at sp_reply_packet(); NULL: no room. */
struct sp_reply *sp_reply_take(struct sampan *s, unsigned link, uint32_t len);

static inline uint8_t *
sp_reply_packet(struct sp_reply *r)
{
	return (uint8_t *)r + sizeof(*r);
}

/* Queues it on the link. */
void sp_reply_send(struct sampan *s, unsigned link, struct sp_reply *r);

/* Builds the next reply of the link into a frame; false: none is ready. */
bool sp_reply_output(struct sampan *s, unsigned link, struct sampan_frame *f);

#endif
