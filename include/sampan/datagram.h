/*
 * datagram.h - UDP: the calls that TCP has no use for.
 *
 * A socket of SAMPAN_DGRAM is bound, connected and closed by the calls of
 * socket.h.  Connecting it names its only peer, at once, and may be done again;
 * a peer that is all zero ends that.  A datagram is sent whole and read whole.
 * Source: RFC 768, RFC 1122 §4.1.4.
 */
#ifndef SAMPAN_DATAGRAM_H
#define SAMPAN_DATAGRAM_H

#include <sampan/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- ICMP ----
 *
 * Sockets for ICMP take the same calls; what they send and receive is whole messages, from
 * the type on, and what IP says of them is in struct sampan_datagram.  Ports count for
 * nothing, but for the identifier below.  Buffers, options and groups are as UDP's.
 *
 * SAMPAN_PING4, SAMPAN_PING6: sends echo requests (INVAL: anything else) and receives the
 * answers to them.  Its local port is the identifier, which the stack puts into them.  A
 * connected one hears of ICMP errors, and one with RECVERR; as ping(8) without privileges.
 * SAMPAN_ICMP4, SAMPAN_ICMP6: receives every message but those of a type that is blocked,
 * from its peer alone if connected.  ICMPv6's checksum is the stack's to write, IPv4's the
 * sender's.  The stack goes on to do its own part with all of them.  RFC 3542 §3. */

/* Bit type % 32 of blocked[type / 32]: messages of this type are not received.  A new
 * socket blocks none.  OPNOTSUPP: not raw.  NOBUFS.  Linux: ICMP_FILTER, ICMP6_FILTER. */
struct sampan_icmp_filter {
	uint32_t blocked[8];
};
SAMPAN_API int sampan_icmp_filter_set(struct sampan *s, sampan_handle h,
    const struct sampan_icmp_filter *filter);
SAMPAN_API int sampan_icmp_filter_get(const struct sampan *s, sampan_handle h,
    struct sampan_icmp_filter *filter);

/* Where a datagram comes from and goes to. */
struct sampan_datagram {
	struct sampan_sockaddr peer;	/* all zero, to send: whom the socket is connected to */
	struct sampan_sockaddr local;	/* the address of ours that it came to, and the link; to
					 * send: from there; all zero: the stack chooses.  The port
					 * is the socket's in any case. */
	uint8_t tos;		/* DSCP and ECN; to send: used if not 0 */
	uint8_t ttl;		/* or hop limit; to send: used if not 0 */
	bool group;		/* received by broadcast or multicast */
};

/* From now on the link hears what is sent to the group, and tells routers so; the
 * address's `link` is which link, 0: as for sending.  Every socket of the port gets it,
 * whoever joined.  Closing the socket leaves.  Linux: IP_ADD_MEMBERSHIP,
 * IP_DROP_MEMBERSHIP, IPV6_JOIN_GROUP, IPV6_LEAVE_GROUP.  Source: RFC 1112 §7.1.
 * INVAL: no group.  NETUNREACH: no link.  ADDRINUSE: joined already; ADDRNOTAVAIL: not
 * joined.  NOBUFS: net.ipv4.igmp_max_memberships, 256 groups of a link, or no memory.
 * OPNOTSUPP: not a socket of SAMPAN_DGRAM. */
SAMPAN_API int sampan_join(struct sampan *s, sampan_handle h,
    const struct sampan_sockaddr *group);
SAMPAN_API int sampan_leave(struct sampan *s, sampan_handle h,
    const struct sampan_sockaddr *group);

/* Sends one datagram; returns len.  peer and d may be NULL.  A socket without a port
 * gets one.  To a group it goes by the link that peer names, or the socket's, or the
 * default route's, with a TTL of 1 unless told otherwise.
 * AGAIN: the link's queue is full, WRITABLE will tell.  NOTCONN: no peer.  INVAL:
 * the peer's address or port.  ADDRNOTAVAIL: local is not ours.  MSGSIZE: more
 * than a packet or SO_SNDBUF allows; what the link does not take whole goes in
 * fragments.  NETUNREACH.  OPNOTSUPP: broadcast without SO_BROADCAST, or not a socket
 * of SAMPAN_DGRAM.  NOBUFS: the datagram is lost.  An error that ICMP reported, once. */
SAMPAN_API int64_t sampan_sendto(struct sampan *s, sampan_handle h, const void *data, size_t len,
    const struct sampan_sockaddr *peer);
SAMPAN_API int64_t sampan_sendmsg(struct sampan *s, sampan_handle h, const void *data,
    size_t len, const struct sampan_datagram *d);

/* Moves the oldest datagram out and returns its length, which may be 0, and may be
 * more than len: what did not fit is lost.  peer may be NULL.
 * AGAIN: none.  OPNOTSUPP: not a socket of SAMPAN_DGRAM.  An error that ICMP
 * reported, once. */
SAMPAN_API int64_t sampan_recvfrom(struct sampan *s, sampan_handle h, void *data, size_t len,
    struct sampan_sockaddr *peer);
SAMPAN_API int64_t sampan_recvmsg(struct sampan *s, sampan_handle h, void *data, size_t len,
    struct sampan_datagram *d);

#ifdef __cplusplus
}
#endif

#endif
