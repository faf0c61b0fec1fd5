/*
 * udp_sock.h - what udp/ keeps: a socket, a datagram that waits to be read, and
 * what a stack has one of.
 *
 * A socket with a port stands in the table under its local end; one that is
 * connected also under its flow.  Ports are UDP's own: TCP's are others.
 */
#ifndef SAMPAN_UDP_UDP_SOCK_H
#define SAMPAN_UDP_UDP_SOCK_H

#include "buf/chunk.h"
#include "net/endpoint.h"
#include "net/ip.h"
#include "net/stack.h"

enum udp_tag {
	UDP_TAG_FLOW,		/* a connected socket, by both ends */
	UDP_TAG_END,		/* any socket with a port, by its local end */
	UDP_TAG_PING,		/* of ICMP echo, by its identifier: udp_raw.c */
	UDP_TAG_RAW,		/* of ICMP, all in one place */
};

enum udp_flag {
	UDP_F_BOUND = 1,	/* by the application: disconnecting keeps the port */
	UDP_F_CONNECTED = 2,
	UDP_F_REUSEADDR = 4,
	UDP_F_REUSEPORT = 8,
	UDP_F_BROADCAST = 16,
	UDP_F_RECVERR = 32,	/* errors though it is not connected */
};

/* UDP, or ICMP: udp_raw.c. */
enum udp_kind {
	UDP_KIND_UDP,
	UDP_KIND_PING4,
	UDP_KIND_PING6,
	UDP_KIND_ICMP4,
	UDP_KIND_ICMP6,
};

/* IP_MTU_DISCOVER, in Linux's numbers. */
enum udp_discover {
	UDP_MTU_DONT,
	UDP_MTU_WANT,
	UDP_MTU_DO,
	UDP_MTU_PROBE,
};

struct udp_sock {
	struct sp_flow flow;	/* 0: the remote end only when connected */
	uint8_t link;		/* 36: of the peer, or where groups are; 0: any */
	uint8_t tos;
	uint8_t ttl;		/* 0: the default */
	uint8_t flags;		/* enum udp_flag; the highest two bits: enum udp_discover */
	uint32_t rcvbuf_bytes;	/* 40 */
	uint32_t sndbuf_bytes;
	struct sp_node waiting;	/* 48: among those that wait for room to send */
	struct sp_list queue;	/* 56: of struct udp_dgram, oldest first */
	struct sp_endpoint ep;	/* 64 */
	uint32_t queued_bytes;	/* 88: true size of the queue */
	struct sampan_addr bound;	/* 92: what bind() said, while connected */
	uint32_t joined;	/* 108: groups, udp_group.c; 0: none */
	uint32_t drops;		/* 112: for want of room in the queue */
	bool v6only;		/* 116: IPV6_V6ONLY: net/end.h */
	uint8_t kind;		/* enum udp_kind */
	uint8_t spare[2];
	uint32_t filter;	/* 120: of messages, udp_raw.c; 0: none */
};
_Static_assert(sizeof(struct udp_sock) <= 128, "two cache lines");
_Static_assert(offsetof(struct udp_sock, waiting) % SP_GRANULE == 0, "a node");
_Static_assert(offsetof(struct udp_sock, ep) % SP_GRANULE == 0, "begins with a node");

/* Stands at the start of its first chunk's data; the text follows, there and in
 * the chunks behind. */
struct udp_dgram {
	struct sp_node node;
	struct sp_chain chain;
	struct sampan_addr peer;	/* 16 */
	struct sampan_addr local;	/* 32: where it was sent to */
	uint32_t len;		/* 48 */
	uint32_t charged_bytes;	/* what its chunks occupy */
	uint16_t peer_port;
	uint8_t link;
	uint8_t tos;
	uint8_t ttl;
	bool group;		/* local is a broadcast or multicast address */
	uint8_t pad[2];
};
_Static_assert(sizeof(struct udp_dgram) == 64, "text begins on a granule");

/* Slabs of the table: 2,600 sockets in the smallest stack, 170,000 in a large one. */
#define UDP_TABLE_SEGMENTS 24

struct udp_globals {
	_Alignas(16) uint32_t dir[UDP_TABLE_SEGMENTS];
	struct sp_table table;	/* made with the first socket; tags are enum udp_tag */
	struct sp_list waiting;	/* sockets that found no room to send */
	struct sp_key group_key;	/* which of several sockets of one local end */
	uint32_t any4_ends;	/* sockets at any address of IPv4 */
	uint32_t raws;		/* sockets of ICMP that stand in the table */
	bool made;
};
_Static_assert(sizeof(struct udp_globals) <= sizeof(struct sp_transport_area), "fits");

static inline struct udp_globals *
sp_udp(struct sampan *s)
{
	return (struct udp_globals *)(void *)s->udp.bytes;
}

static inline const struct udp_globals *
sp_udp_const(const struct sampan *s)
{
	return (const struct udp_globals *)(const void *)s->udp.bytes;
}

static inline bool
udp_is(const struct udp_sock *u, enum udp_flag flag)
{
	return (u->flags & (unsigned)flag) != 0;
}

static inline bool
udp_is_raw(const struct udp_sock *u)
{
	return u->kind != UDP_KIND_UDP;
}

static inline bool
udp_is_ping(const struct udp_sock *u)
{
	return u->kind == UDP_KIND_PING4 || u->kind == UDP_KIND_PING6;
}

#define UDP_DISCOVER_SHIFT 6

static inline enum udp_discover
udp_discover_of(const struct udp_sock *u)
{
	return (enum udp_discover)(u->flags >> UDP_DISCOVER_SHIFT);
}

static inline void
udp_put(struct udp_sock *u, enum udp_flag flag, bool on)
{
	u->flags = (uint8_t)(on ? u->flags | (unsigned)flag : u->flags & ~(unsigned)flag);
}

/* ---- udp_demux.c ---- */

/* The socket that is connected to exactly that; NULL. */
struct udp_sock *sp_udp_find_flow(const struct sampan *s, const struct sp_flow *flow);

/* Going over the sockets of a local end: begin, then one after the other. */
struct sp_cursor sp_udp_find_end(const struct sampan *s, const struct sp_flow *end);
struct udp_sock *sp_udp_next_end(const struct sampan *s, struct sp_cursor *c,
    const struct sp_flow *end);

/* Whose is a datagram to one address of ours?  NULL: nobody's. */
struct udp_sock *sp_udp_find_for(const struct sampan *s, const struct sp_flow *flow);

/* Enters a socket under its flow, or its local end; false: no memory. */
bool sp_udp_insert(struct sampan *s, struct udp_sock *u, enum udp_tag tag);
void sp_udp_remove(struct sampan *s, struct udp_sock *u, enum udp_tag tag);

/* ---- udp_bind.c ---- */

/* Gives it a port if it has none.  ADDRINUSE: all are taken.  NOBUFS. */
int sp_udp_need_port(struct sampan *s, struct udp_sock *u);

/* ---- udp_out.c ---- */

/* The link that a group is on: the one that is named (0: none is), else the socket's, the
 * route's or the first; 0: there is none. */
unsigned sp_udp_group_link(const struct sampan *s, const struct udp_sock *u, unsigned named,
    const struct sampan_addr *group);

/* ---- udp_group.c ---- */

void sp_udp_group_init(struct sampan *s);
void sp_udp_leave_all(struct sampan *s, struct udp_sock *u);

/* ---- udp_in.c ---- */

/* Keeps what has arrived until it is read; false: no room in the queue, or no memory. */
bool sp_udp_keep(struct sampan *s, struct udp_sock *u, const struct sp_pkt *pkt,
    struct sp_span text);

/* Frees a datagram that is in no queue any more. */
void sp_udp_free_dgram(struct sampan *s, struct udp_dgram *d);

/* The oldest datagram; NULL: none waits. */
static inline struct udp_dgram *
udp_first(const struct sampan *s, const struct udp_sock *u)
{
	struct sp_node *n = sp_list_first(&s->arena, &u->queue);

	return n != NULL ? sp_container_of(n, struct udp_dgram, node) : NULL;
}

/* Forgets the datagrams that did not come from that end; NULL: all. */
void sp_udp_purge(struct sampan *s, struct udp_sock *u, const struct sp_flow *but);

#endif
