/*
 * compare.h - does a packet that came out fit the one that a script expects?
 *
 * Always checked: checksum, addresses, flags, sequence and acknowledgement
 * numbers, length, every byte of the payload, TSecr.  Profiles loosen the rest
 * (docs/guide/pkt.md); none of them hides a missing or wrong data, RST or FIN.
 */
#ifndef SAMPAN_PKT_COMPARE_H
#define SAMPAN_PKT_COMPARE_H

#include "pkt/conn.h"

enum pkt_profile {
	PKT_STRICT, PKT_SHAPE, PKT_RFC, PKT_PROFILES,
};

struct pkt_compare {
	const struct pkt_packet *want;
	const struct pkt_live *live;
	const struct pkt_conn *conn;
	enum pkt_profile profile;
	uint64_t ts_tick_us;		/* 0: values of TS val are not checked */
	uint64_t ts_slack_us;
	char why[160];			/* what does not fit */
};

/* conn's first numbers must be known, or 0. */
bool sp_pkt_compare(struct pkt_compare *c);

/* An ACK and nothing else. */
bool sp_pkt_is_pure_ack(const struct pkt_live *live);

#endif
