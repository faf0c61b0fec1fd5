/*
 * icmp.h - ICMP of both families: what ip.h does not say.  The halves are icmp4.c
 * and icmp6.c; errors that we report are icmp_error.c's.
 */
#ifndef SAMPAN_NET_ICMP_H
#define SAMPAN_NET_ICMP_H

#include "net/ip.h"

/* sp_icmp_in() of one family. */
bool sp_icmp4_in(struct sampan *s, const struct sp_pkt *pkt, struct sp_icmp_error *error);
bool sp_icmp6_in(struct sampan *s, const struct sp_pkt *pkt, struct sp_icmp_error *error);

/* Is there a header, contiguous, and is the checksum right? */
bool sp_icmp_good(const struct sampan *s, const struct sp_pkt *pkt);

/* Which packet of ours does an error quote?  False: none. */
bool sp_icmp4_quoted(const struct sampan *s, const struct sp_pkt *pkt,
    struct sp_icmp_error *error);
bool sp_icmp6_quoted(const struct sampan *s, const struct sp_pkt *pkt,
    struct sp_icmp_error *error);

#endif
