/*
 * ip_in.h - what ip_in.c and its halves for the two families share.
 */
#ifndef SAMPAN_NET_IP_IN_H
#define SAMPAN_NET_IP_IN_H

#include "net/ip.h"

/* Counts it; always false. */
bool sp_ip_dropped(struct sampan *s, struct sp_pkt *pkt, enum sampan_count reason);

/* Looks at a packet that begins at pkt->body, all of it in pkt->span. */
void sp_ip_look4(struct sampan *s, struct sp_pkt *pkt);
void sp_ip_look6(struct sampan *s, struct sp_pkt *pkt);

/* pkt->body and span begin at a transport header of pkt->proto: whose is it? */
void sp_ip_look_at_transport(const struct sampan *s, struct sp_pkt *pkt);

#endif
