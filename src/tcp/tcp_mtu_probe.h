/*
 * tcp_mtu_probe.h - packetization layer path MTU discovery: probes that are larger
 * than the segments known to get through, and black holes.  RFC 4821 for TCP.
 *
 * State: struct tcp_mtu_probe in struct tcp_rare; low_bytes 0: not for this connection.
 */
#ifndef SAMPAN_TCP_TCP_MTU_PROBE_H
#define SAMPAN_TCP_TCP_MTU_PROBE_H

#include "tcp/tcp_build.h"
#include "tcp/tcp_of.h"

/* A connection begins to send: it probes if the setting says always. */
void sp_tcp_mtup_begin(struct sampan *s, struct tcp_tcb *t);

/* What there is to send and may be, in bytes. */
struct tcp_mtu_room {
	uint32_t text;		/* queued, and allowed by the peer's window */
	uint32_t cwnd;		/* allowed by the congestion window */
};

#define TCP_MTUP_WAIT UINT32_MAX	/* there will be one: send nothing until there is room */

/* Bytes of new text that make a probe now; 0: none. */
uint32_t sp_tcp_mtup_len(const struct sampan *s, const struct tcp_tcb *t,
    struct tcp_mtu_room room);

/* It left; plan->len is what really went into it. */
void sp_tcp_mtup_sent(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan);

/* SND.UNA has moved; there is a struct tcp_rare. */
void sp_tcp_mtup_acked(struct sampan *s, struct tcp_tcb *t);

/* How many of the lost bytes say nothing about congestion: those of a probe, if it is
 * all that was lost.  There is a struct tcp_rare. */
uint32_t sp_tcp_mtup_excused(struct sampan *s, struct tcp_tcb *t);

/* Time-outs in a row: perhaps large segments vanish without a word. */
void sp_tcp_mtup_black_hole(struct sampan *s, struct tcp_tcb *t);

#endif
