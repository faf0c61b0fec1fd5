/*
 * tcp_rtt.h - round-trip estimate and retransmission timeout, RFC 6298.
 *
 * Does: section 2 and rule 5.5.  Does not: choose samples (tcp_rtx.c, by
 * Karn's rule, section 3) or own a timer (tcp_timer.c).
 * Units: the interface takes sampan_dur; kept are microseconds in 32 bits, a
 * clock granularity of 1 us.  Conformance: RFC 9293 §3.8.1 (MUST-18).
 */
#ifndef SAMPAN_TCP_RTT_H
#define SAMPAN_TCP_RTT_H

#include "base/time.h"

struct sampan;

/* RFC 6298 §2.1 (R-6298-1, R-2525-5) */
#define TCP_RTO_INITIAL SAMPAN_SEC(1)

/* RFC 6298 §5.7 (R-6298-12, 5-D9): after a SYN was lost, and no sample says
 * better. */
#define TCP_RTO_AFTER_SYN_LOSS SAMPAN_SEC(3)

struct tcp_rtt {
	uint32_t srtt_us8;	/* 8 * SRTT; 0: no sample yet */
	uint32_t rttvar_us4;	/* 4 * RTTVAR; without a sample the RTO to begin with, in us,
				 * 0: TCP_RTO_INITIAL */
};

/* Takes the sample r.  r == 0 counts as 1 us, more than 60 s as 60 s. */
void sp_tcp_rtt_sample(struct tcp_rtt *rtt, sampan_dur r);

/* A connection begins without a sample, after its SYN was lost. */
void sp_tcp_rtt_begin_slowly(struct tcp_rtt *rtt);

/* RTO after `backoff` doublings (MUST-19), within the settings' bounds (R-6298-5). */
sampan_dur sp_tcp_rtt_rto(const struct sampan *s, const struct tcp_rtt *rtt, unsigned backoff);

/* SRTT; 0: no sample yet. */
static inline sampan_dur
sp_tcp_rtt_srtt(const struct tcp_rtt *rtt)
{
	return SAMPAN_US(rtt->srtt_us8) / 8;
}

#endif
