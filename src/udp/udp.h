/*
 * udp.h - what sock/ may call of UDP, RFC 768, RFC 1122 §4.1.
 *
 * Datagrams leave at once, by the link's queue of packets that no connection
 * stands behind (net/reply.h), of which they may fill one half.  Errors:
 * negative SAMPAN_E*, as datagram.h and socket.h list them.
 *
 * Does not: tell routers of groups (net/group.h).
 */
#ifndef SAMPAN_UDP_UDP_H
#define SAMPAN_UDP_UDP_H

#include <sampan/datagram.h>
#include <sampan/option.h>

#include "net/ip.h"
#include "udp/udp_sock.h"

/* Declares the pool and draws the key. */
void sp_udp_init(struct sampan *s);

/* The rows of sock/input.c. */
void sp_udp_prefetch(struct sampan *s, struct sp_pkt *pkt);
void sp_udp_prefetch_sock(struct sampan *s, struct sp_pkt *pkt);
void sp_udp_prefetch_rest(struct sampan *s, struct sp_pkt *pkt);
void sp_udp_in(struct sampan *s, const struct sp_pkt *pkt);
void sp_udp_icmp(struct sampan *s, const struct sp_icmp_error *error);

/* The link has sent: who waits for room may try again. */
void sp_udp_room(struct sampan *s, unsigned link);

struct udp_sock *sp_udp_open(struct sampan *s, enum sampan_type type);
int sp_udp_bind(struct sampan *s, struct udp_sock *u, const struct sampan_sockaddr *local);
int sp_udp_connect(struct sampan *s, struct udp_sock *u, const struct sampan_sockaddr *peer);
void sp_udp_close(struct sampan *s, struct udp_sock *u);

int sp_udp_join(struct sampan *s, struct udp_sock *u, const struct sampan_sockaddr *group);
int sp_udp_leave(struct sampan *s, struct udp_sock *u, const struct sampan_sockaddr *group);

/* as: peer, source, TOS and TTL; NULL: the socket's own. */
int64_t sp_udp_send(struct sampan *s, struct udp_sock *u, const void *data, size_t len,
    const struct sampan_datagram *as);

/* out may be NULL. */
int64_t sp_udp_recv(struct sampan *s, struct udp_sock *u, void *data, size_t len,
    struct sampan_datagram *out);

int sp_udp_setopt(struct sampan *s, struct udp_sock *u, enum sampan_option option, int64_t value);
int sp_udp_getopt(struct sampan *s, struct udp_sock *u, enum sampan_option option,
    int64_t *value);
void sp_udp_status(const struct sampan *s, const struct udp_sock *u, struct sampan_status *st);

/* Of the oldest datagram. */
int64_t sp_udp_readable_bytes(const struct sampan *s, const struct udp_sock *u);

/* The error that ICMP reported, the first time it is asked for; 0: none. */
int sp_udp_take_error(struct udp_sock *u);

#endif
