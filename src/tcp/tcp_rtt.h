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

/* Takes the sample r, one of about `samples` in a round trip.  r == 0 counts as
 * 1 us, more than 60 s as 60 s. */
void sp_tcp_rtt_sample(struct tcp_rtt *rtt, sampan_dur r, uint32_t samples);

/* RFC 7323 appendix G (R-7323-14): every second segment is acknowledged. */
static inline uint32_t
tcp_rtt_samples(uint32_t flight_bytes, uint32_t mss_bytes)
{
	if (flight_bytes <= 2 * mss_bytes)
		return flight_bytes > 0;
	return (flight_bytes + 2 * mss_bytes - 1) / (2 * mss_bytes);
}

/* The least of what was measured in the last `window_s` seconds, after a sample.
 * least_us, 0: none yet, was seen at least_at_s; *later_us is the least since half
 * the window after that, 0: none, and takes over when the window has passed. */
struct tcp_min_rtt {
	uint32_t least_us, later_us;
	uint16_t least_at_s;
};

void sp_tcp_min_rtt(struct tcp_min_rtt *m, uint32_t us, uint16_t now_s, uint16_t window_s);

/* A connection begins without a sample, after its SYN was lost. */
void sp_tcp_rtt_begin_slowly(struct tcp_rtt *rtt);

/* RTO after `backoff` doublings (MUST-19), within the settings' bounds (R-6298-5). */
sampan_dur sp_tcp_rtt_rto(const struct sampan *s, const struct tcp_rtt *rtt, unsigned backoff);

/* The same with another floor. */
sampan_dur sp_tcp_rtt_rto_from(const struct sampan *s, const struct tcp_rtt *rtt,
    uint32_t least_us, unsigned backoff);

/* SRTT; 0: no sample yet. */
static inline sampan_dur
sp_tcp_rtt_srtt(const struct tcp_rtt *rtt)
{
	return SAMPAN_US(rtt->srtt_us8) / 8;
}

#endif
