/*
 * ip_fast.h - what the two fast first looks share: ip_fast.c, ip_fast6.c.
 */
#ifndef SAMPAN_NET_IP_FAST_H
#define SAMPAN_NET_IP_FAST_H

#include "net/ip.h"

/* The contiguous start of a frame; len 0: it lacks bytes that it says it has. */
struct sp_start {
	struct sampan_frame *frame;
	const uint8_t *p;
	uint32_t len;
};

/* sp_ip_look_fast() for IPv6. */
bool sp_ip_look_fast6(struct sampan *s, unsigned link, const struct sp_start *start,
    struct sp_pkt *pkt);

#endif
