/*
 * frag.h - one fragment, of either family, taken apart: RFC 791 §3.2, RFC 8200 §4.5.
 */
#ifndef SAMPAN_NET_FRAG_H
#define SAMPAN_NET_FRAG_H

#include "net/ip.h"

struct sp_frag {
	const struct sp_pkt *pkt;
	struct sp_span data;
	uint32_t id, start, end;
	uint8_t proto;			/* what follows, if it is the first one */
	bool more, v4;
};

/* False: its lengths cannot be, or it hides headers; counted, and reported where
 * the sender may know. */
bool sp_frag_read(struct sampan *s, const struct sp_pkt *pkt, struct sp_frag *f);

/* Drops it; always false. */
bool sp_frag_refuse(struct sampan *s, const struct sp_frag *f, enum sampan_count reason);

#endif
