/*
 * reass.h - fragments, put together: RFC 791, RFC 815, RFC 8200 §4.5.
 *
 * One reassembler for both families.  What is whole again is a frame like any
 * other and goes the way of every frame (sp_ip_look()).
 */
#ifndef SAMPAN_NET_REASS_H
#define SAMPAN_NET_REASS_H

#include <sampan/sampan.h>

#include "base/wheel.h"

struct sp_pkt;

/* A packet that is whole again. */
struct sp_whole {
	struct sampan_frame frame;
	uint32_t ref;		/* of what holds its bytes; 0: the fragment itself */
};

void sp_reass_init(struct sampan *s);

/* Takes a fragment (SP_PKT_FRAGMENT).  True: it was the last that lacked, `whole`
 * is the packet, whose bytes are there until sp_reass_done(). */
bool sp_reass_in(struct sampan *s, const struct sp_pkt *pkt, struct sp_whole *whole);
void sp_reass_done(struct sampan *s, const struct sp_whole *whole);

/* Memory that packets of one family take which are not whole. */
uint64_t sp_reass_bytes(const struct sampan *s, bool v4);

/* Its time is over. */
void sp_reass_timer(struct sampan *s, struct sp_timer *timer);

#endif
