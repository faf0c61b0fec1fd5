/*
 * udp_raw.h - sockets for ICMP, beside UDP's: what udp/ and sock/ ask of udp_raw.c.
 */
#ifndef SAMPAN_UDP_UDP_RAW_H
#define SAMPAN_UDP_UDP_RAW_H

#include <sampan/datagram.h>

#include "net/split.h"
#include "udp/udp_sock.h"

void sp_raw_init(struct sampan *s);

/* Is there any that messages could be for? */
static inline bool
sp_raw_any(const struct sampan *s)
{
	return sp_udp_const(s)->raws > 0;
}

/* An ICMP message of either family, its checksum not yet verified, in front of sp_icmp_in().
 * True: an echo reply, and somebody has got it. */
bool sp_raw_in(struct sampan *s, const struct sp_pkt *pkt);

/* An ICMP error about an ICMP message of ours.  False: no socket's.  *sure: that a socket
 * has sent something there. */
bool sp_raw_error(struct sampan *s, const struct sp_icmp_error *error, bool *sure);

/* OPNOTSUPP: not a raw one.  NOBUFS. */
int sp_raw_set_filter(struct sampan *s, struct udp_sock *u, const struct sampan_icmp_filter *f);
int sp_raw_get_filter(const struct sampan *s, const struct udp_sock *u,
    struct sampan_icmp_filter *f);

/* ---- For udp/ ---- */

/* A new socket becomes of that kind; false: no memory. */
bool sp_raw_begin(struct sampan *s, struct udp_sock *u, enum udp_kind kind);

/* Undoes that, the identifier, and the filter. */
void sp_raw_leave_table(struct sampan *s, struct udp_sock *u);

int sp_raw_bind(struct sampan *s, struct udp_sock *u, const struct sampan_sockaddr *local);
int sp_raw_need_id(struct sampan *s, struct udp_sock *u);

/* NULL: it has no peer any more. */
int sp_raw_connect(struct sampan *s, struct udp_sock *u, const struct sp_flow *flow);

uint8_t sp_raw_proto(const struct udp_sock *u);

/* INVAL: no message, or not an echo request. */
int sp_raw_check(const struct udp_sock *u, const uint8_t *message, size_t len);

/* Identifier and checksum, into text->hdr. */
void sp_raw_seal(const struct sampan *s, const struct udp_sock *u, const struct sp_ip_out *out,
    struct sp_text *text);

#endif
