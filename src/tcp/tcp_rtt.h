/*
 * tcp_rtt.h - round-trip estimate and retransmission timeout, RFC 6298.
 *
 * Does: section 2 and rule 5.5.  Does not: choose samples (tcp_rtx.c, by
 * Karn's rule, section 3) or own a timer (tcp_timer.c).
 * Units: the interface takes sampan_dur; kept are microseconds in 32 bits, a
 * clock granularity of 1 us.  Conformance: RFC 9293 §3.8.1 (MUST-18).
 *
 * The scaled integers of RFC 6298's predecessors (Jacobson 1988): SRTT kept
 * eightfold and RTTVAR fourfold, so that the gains 1/8 and 1/4 lose nothing.
 * In line: each acknowledgement takes a sample.
 */
#ifndef SAMPAN_TCP_RTT_H
#define SAMPAN_TCP_RTT_H

#include "base/time.h"
#include "net/stack.h"

/* RFC 6298 §2.1 (R-6298-1, R-2525-5) */
#define TCP_RTO_INITIAL SAMPAN_SEC(1)

/* RFC 6298 §5.7 (R-6298-12, 5-D9): after a SYN was lost, and no sample says
 * better. */
#define TCP_RTO_AFTER_SYN_LOSS SAMPAN_SEC(3)

#define TCP_RTT_MAX_US 60000000u
/* More in a round trip count as this: smaller steps would round to nothing. */
#define TCP_RTT_SAMPLES_MAX 64u
/* RFC 6298 §2.3 (R-6298-8): the clock granularity G. */
#define TCP_RTT_GRANULARITY_US 1u

struct tcp_rtt {
	uint32_t srtt_us8;	/* 8 * SRTT; 0: no sample yet */
	uint32_t rttvar_us4;	/* 4 * RTTVAR; without a sample the RTO to begin with, in us,
				 * 0: TCP_RTO_INITIAL */
};

/* What a value moves by for a sample, to the nearest: RFC 7323 §4.2 (R-7323-14) has
 * the gains divided by the samples in a round trip, so that as much is remembered of
 * the round trips before however many samples each gives. */
static inline int32_t
tcp_rtt_step(int32_t by, uint32_t samples)
{
	const int32_t n = (int32_t)(samples < TCP_RTT_SAMPLES_MAX ? samples : TCP_RTT_SAMPLES_MAX);

	if (n <= 1)
		return by;
	return (by < 0 ? by - n / 2 : by + n / 2) / n;
}

/* Takes the sample r, one of about `samples` in a round trip.  r == 0 counts as
 * 1 us, more than 60 s as 60 s. */
static inline void
sp_tcp_rtt_sample(struct tcp_rtt *rtt, sampan_dur r, uint32_t samples)
{
	const sampan_dur us = r / 1000;
	const uint32_t m = us == 0 ? 1 : us > TCP_RTT_MAX_US ? TCP_RTT_MAX_US : (uint32_t)us;
	uint32_t srtt, err;

	if (rtt->srtt_us8 == 0) {		/* §2.2 (R-6298-2) */
		rtt->srtt_us8 = m * 8;
		rtt->rttvar_us4 = m * 2;
		return;
	}
	srtt = rtt->srtt_us8 / 8;		/* §2.3 (R-6298-3): the old SRTT */
	err = srtt > m ? srtt - m : m - srtt;
	rtt->rttvar_us4 += (uint32_t)tcp_rtt_step((int32_t)(err - rtt->rttvar_us4 / 4), samples);
	rtt->srtt_us8 += (uint32_t)tcp_rtt_step((int32_t)(m - srtt), samples);
	if (rtt->srtt_us8 == 0)
		rtt->srtt_us8 = 1;
}

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

/* RFC 8985 §6.2 step 1 (R-8985-3). */
static inline void
sp_tcp_min_rtt(struct tcp_min_rtt *m, uint32_t us, uint16_t now_s, uint16_t window_s)
{
	const uint16_t age_s = (uint16_t)(now_s - m->least_at_s);

	if (m->least_us == 0 || us <= m->least_us) {
		*m = (struct tcp_min_rtt){ .least_us = us, .least_at_s = now_s };
		return;
	}
	if (age_s >= window_s / 2 && (m->later_us == 0 || us < m->later_us))
		m->later_us = us;
	if (age_s >= window_s)
		*m = (struct tcp_min_rtt){ .least_us = m->later_us, .least_at_s = now_s };
}

/* A connection begins without a sample, after its SYN was lost. */
void sp_tcp_rtt_begin_slowly(struct tcp_rtt *rtt);

/* RTO after `backoff` doublings (MUST-19), from this floor to the setting's most (R-6298-5). */
static inline sampan_dur
sp_tcp_rtt_rto_from(const struct sampan *s, const struct tcp_rtt *rtt, uint32_t least_us,
    unsigned backoff)
{
	const uint64_t most_us = (uint64_t)sp_setting(s, SAMPAN_SET_TCP_RTO_MAX) * 1000;
	uint64_t rto_us = rtt->rttvar_us4 != 0 ? rtt->rttvar_us4 : TCP_RTO_INITIAL / 1000;

	if (rtt->srtt_us8 != 0) {
		const uint32_t var_us = rtt->rttvar_us4 > TCP_RTT_GRANULARITY_US ?
		    rtt->rttvar_us4 : TCP_RTT_GRANULARITY_US;

		/* DEVIATES: rto-min: 200 ms, for recovery in datacentres
		 * (5-D3); RFC 6298 §2.4 (R-6298-4) wants 1 s.  As in Linux it
		 * is the least variance, so the RTO is never less than RFC 6298
		 * would have it with that floor. */
		rto_us = (uint64_t)(rtt->srtt_us8 / 8) + (var_us < least_us ? least_us : var_us);
	}
	while (backoff-- > 0 && rto_us < most_us)	/* §5.5 (R-6298-11) */
		rto_us *= 2;
	return SAMPAN_US(rto_us < most_us ? rto_us : most_us);
}

/* The same within the settings' bounds. */
static inline sampan_dur
sp_tcp_rtt_rto(const struct sampan *s, const struct tcp_rtt *rtt, unsigned backoff)
{
	const uint32_t least_us = (uint32_t)sp_setting(s, SAMPAN_SET_TCP_RTO_MIN);

	return sp_tcp_rtt_rto_from(s, rtt, least_us, backoff);
}

/* SRTT; 0: no sample yet. */
static inline sampan_dur
sp_tcp_rtt_srtt(const struct tcp_rtt *rtt)
{
	return SAMPAN_US(rtt->srtt_us8) / 8;
}

#endif
