/*
 * tcp_rtt.c - see tcp_rtt.h.
 *
 * The scaled integers of RFC 6298's predecessors (Jacobson 1988): SRTT kept
 * eightfold and RTTVAR fourfold, so that the gains 1/8 and 1/4 lose nothing.
 */
#include "tcp/tcp_rtt.h"

#include "net/stack.h"

#define SAMPLE_MAX_US 60000000u
/* More in a round trip count as this: smaller steps would round to nothing. */
#define SAMPLES_MAX 64u
/* RFC 6298 §2.3 (R-6298-8): the clock granularity G. */
#define GRANULARITY_US 1u

/* What a value moves by for a sample, to the nearest: RFC 7323 §4.2 (R-7323-14) has
 * the gains divided by the samples in a round trip, so that as much is remembered of
 * the round trips before however many samples each gives. */
static int32_t
step(int32_t by, uint32_t samples)
{
	const int32_t n = (int32_t)(samples < SAMPLES_MAX ? samples : SAMPLES_MAX);

	if (n <= 1)
		return by;
	return (by < 0 ? by - n / 2 : by + n / 2) / n;
}

void
sp_tcp_rtt_sample(struct tcp_rtt *rtt, sampan_dur r, uint32_t samples)
{
	const sampan_dur us = r / 1000;
	const uint32_t m = us == 0 ? 1 : us > SAMPLE_MAX_US ? SAMPLE_MAX_US : (uint32_t)us;
	uint32_t srtt, err;

	if (rtt->srtt_us8 == 0) {		/* §2.2 (R-6298-2) */
		rtt->srtt_us8 = m * 8;
		rtt->rttvar_us4 = m * 2;
		return;
	}
	srtt = rtt->srtt_us8 / 8;		/* §2.3 (R-6298-3): the old SRTT */
	err = srtt > m ? srtt - m : m - srtt;
	rtt->rttvar_us4 += (uint32_t)step((int32_t)(err - rtt->rttvar_us4 / 4), samples);
	rtt->srtt_us8 += (uint32_t)step((int32_t)(m - srtt), samples);
	if (rtt->srtt_us8 == 0)
		rtt->srtt_us8 = 1;
}

void
sp_tcp_rtt_begin_slowly(struct tcp_rtt *rtt)
{
	if (rtt->srtt_us8 == 0)
		rtt->rttvar_us4 = (uint32_t)(TCP_RTO_AFTER_SYN_LOSS / 1000);
}

static inline sampan_dur
rto_from(const struct sampan *s, const struct tcp_rtt *rtt, uint32_t least_us, unsigned backoff)
{
	const uint64_t most_us = (uint64_t)sp_setting(s, SAMPAN_SET_TCP_RTO_MAX) * 1000;
	uint64_t rto_us = rtt->rttvar_us4 != 0 ? rtt->rttvar_us4 : TCP_RTO_INITIAL / 1000;

	if (rtt->srtt_us8 != 0) {
		const uint32_t var_us = rtt->rttvar_us4 > GRANULARITY_US ?
		    rtt->rttvar_us4 : GRANULARITY_US;

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

sampan_dur
sp_tcp_rtt_rto(const struct sampan *s, const struct tcp_rtt *rtt, unsigned backoff)
{
	const uint32_t least_us = (uint32_t)sp_setting(s, SAMPAN_SET_TCP_RTO_MIN);

	return rto_from(s, rtt, least_us, backoff);
}

sampan_dur
sp_tcp_rtt_rto_from(const struct sampan *s, const struct tcp_rtt *rtt, uint32_t least_us,
    unsigned backoff)
{
	return rto_from(s, rtt, least_us, backoff);
}

/* RFC 8985 §6.2 step 1 (R-8985-3). */
void
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
