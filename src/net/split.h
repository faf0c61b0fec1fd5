/*
 * split.h - packets that are larger than the link takes, in fragments: RFC 791,
 * RFC 8200 §4.5.  For what has no connection: TCP never needs it (R-FRAG-21).
 */
#ifndef SAMPAN_NET_SPLIT_H
#define SAMPAN_NET_SPLIT_H

#include "net/ip.h"

/* What a packet carries: a transport header of at most 8 octets that is complete,
 * checksum and all, and what follows it. */
struct sp_text {
	uint8_t hdr[8];
	uint32_t hdr_len;
	struct sp_span body;
};

/* Sends it whole if it fits, in fragments if not; out->payload_len is of both.
 * False: it was not sent, or not all of it: no way, no room, or too long for a
 * packet.  Counted. */
bool sp_ip_send_text(struct sampan *s, const struct sp_ip_out *out, const struct sp_text *text);

#endif
