/*
 * pmtu.h - how large a packet may be on the way to a destination: what the link and
 * the route allow, and what routers beyond have said.  RFC 1191, RFC 8201.
 *
 * Does not: judge whether an ICMP error is to be believed.  Who calls sp_pmtu_learn()
 * has seen that it quotes something of ours (tcp_icmp.c, udp_in.c, net/icmp6.c).
 */
#ifndef SAMPAN_NET_PMTU_H
#define SAMPAN_NET_PMTU_H

#include "net/stack.h"

/* RFC 8201 §4; RFC 1191 §3's 68 is below what anybody needs: 5-D10. */
#define SP_PMTU_FLOOR6 1280

void sp_pmtu_init(struct sampan *s);

/* The same with what is unusual; sp_path_mtu() asks it only if there is any. */
uint16_t sp_path_mtu_known(const struct sampan *s, const struct sampan_addr *dst, unsigned link);

/* The largest packet that goes to dst by the link. */
static inline uint16_t
sp_path_mtu(const struct sampan *s, const struct sampan_addr *dst, unsigned link)
{
	if (s->pmtus != 0 || s->route_metrics)
		return sp_path_mtu_known(s, dst, link);
	return sp_link_mtu(s, link, sp_addr_is_v4(dst));
}

/* The least that is believed of a path of that family. */
uint16_t sp_pmtu_floor(const struct sampan *s, bool v4);

/* A packet to dst was too big for a next hop that takes mtu_bytes.  True: that is less
 * than what was known; all who remember the way are told by route_gen. */
bool sp_pmtu_learn(struct sampan *s, const struct sampan_addr *dst, uint16_t mtu_bytes);

/* Forgets what is too old; returns when there is more. */
sampan_time sp_pmtu_due(struct sampan *s);

#endif
