/*
 * cc_cubic.c - CUBIC, RFC 9438, with HyStart++ for its slow start, RFC 9406
 * (5-D17, 5-D18; MAY-18; R-MISC-14).
 *
 * Theory of operation.  After a loss the window returns to where it was along a
 * cubic curve of time: fast at first, flat near W_max, fast again beyond, so
 * that growth does not depend on the round trip.  Where Reno would be faster
 * (short round trips) an estimate of Reno's window takes over.  Slow start ends
 * when the least round trip of a round has grown, before anything is lost; for
 * five rounds it then grows at a quarter of its pace, in case it was jitter.
 *
 * Integers only: times are counted in 1/1024 s, windows in bytes; powers are
 * taken of segments and 64 bits hold them.  kept->words: W_max and cwnd_prior.
 *
 * DEVIATES: R-9406-8: an acknowledgement lets the window grow by all that it delivers,
 * paced or not (L is infinite), because links put acknowledgements together; as
 * Linux does.
 *
 * DEVIATES: R-9438-10, R-3168-14: with a window of one segment an ECN echo does not
 * make the next one wait for the RTO: tcp_ecn.c reduces once a round trip, and the
 * window stays at one segment.
 */
#include "base/root.h"
#include "tcp/tcp_cc.h"

enum { W_MAX, CWND_PRIOR };

/* RFC 9438 §4.6 (R-9438-7): beta = 0.7; §5 (R-9438-2): C = 0.4 = 2/5. */
#define BETA_TENTHS 7u
/* RFC 8511 §3 (R-8511-1): with beta 0.7 for loss, 0.85 for an ECN echo. */
#define BETA_ECN_PERCENT 85u
/* §4.3: alpha = 3 (1 - beta) / (1 + beta) = 9/17. */
#define ALPHA_NUM 9u
#define ALPHA_DEN 17u
#define TIME_FAR (1 << 20)	/* 1,024 s: the curve is out of any window by then */

/* RFC 9406 §4.3. */
#define MIN_RTT_THRESH_US 4000u
#define MAX_RTT_THRESH_US 16000u
#define RTT_DIVISOR 8u
#define RTT_SAMPLES 8u
#define CSS_GROWTH_DIVISOR 4u
#define CSS_ROUNDS 5u

struct cubic_past {
	sampan_time epoch_at;
	uint32_t cwnd_bytes, ssthresh_bytes;	/* cwnd 0: there was no reduction */
	uint32_t words[TCP_CC_WORDS];
	uint32_t k, w_est_bytes;
};

struct cubic {
	sampan_time epoch_at;		/* congestion avoidance began; 0: it has not */
	sampan_time seen_at;		/* its last acknowledgement */
	/* HyStart++; least round trips, 0: none yet. */
	uint32_t last_us, current_us, baseline_us;
	uint8_t samples, css_rounds;	/* css_rounds 0: not in CSS */
	/* Nothing of this is needed while the window is not the limit. */
	uint64_t credit, est_credit;	/* fractions of a byte, of cwnd and of w_est */
	uint32_t k;			/* 1/1024 s */
	uint32_t w_est_bytes;
	struct cubic_past past;
};
_Static_assert(sizeof(struct cubic) <= TCP_CC_MEM_INLINE, "needs no block of its own");

static uint32_t
larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void
cubic_init(struct tcp_cc *cc, const struct tcp_cc_facts *facts)
{
	if (cc->kept->cwnd_bytes == 0)
		*cc->kept = (struct tcp_cc_state){
			.cwnd_bytes = tcp_cc_initial_window(facts->mss_bytes),
			.ssthresh_bytes = TCP_SSTHRESH_INFINITE,
		};
}

/* ---- The curve, RFC 9438 §4.2 ---- */

static int64_t
ticks_of(sampan_dur dur)
{
	return (int64_t)((dur << 10) / SAMPAN_SEC(1) < TIME_FAR ?
	    (dur << 10) / SAMPAN_SEC(1) : TIME_FAR);
}

/* K = cbrt((W_max - cwnd_epoch) / C), R-9438-1. */
static uint32_t
k_of(uint32_t below_bytes, uint32_t mss_bytes)
{
	return sp_cube_root(((uint64_t)below_bytes << 29) * 5 / mss_bytes);
}

/* C (t - K)^3 + W_max, in bytes. */
static uint32_t
w_cubic(const struct cubic *c, uint32_t w_max_bytes, uint32_t mss_bytes, int64_t t)
{
	const int64_t off = t - c->k;
	const uint64_t far = (uint64_t)(off < 0 ? -off : off);
	const uint64_t d = far < TIME_FAR ? far : TIME_FAR;
	const uint64_t by_bytes = (d * d * d >> 20) * mss_bytes * 2 / 5 >> 10;

	if (off < 0)
		return by_bytes < w_max_bytes ? w_max_bytes - (uint32_t)by_bytes : 0;
	return by_bytes < INT32_MAX - (uint64_t)w_max_bytes ?
	    w_max_bytes + (uint32_t)by_bytes : INT32_MAX;
}

/* A stage of congestion avoidance begins.  Above W_max, after HyStart++ (R-9438-15)
 * and after a time-out (R-9438-12) the curve starts at its turning point. */
static void
begin_epoch(struct cubic *c, struct tcp_cc_state *kept, const struct tcp_cc_facts *at)
{
	c->epoch_at = at->now;
	c->seen_at = at->now;
	c->credit = 0;
	c->est_credit = 0;
	c->w_est_bytes = kept->cwnd_bytes;
	if (kept->cwnd_bytes < kept->words[W_MAX]) {
		c->k = k_of(kept->words[W_MAX] - kept->cwnd_bytes, at->mss_bytes);
	} else {
		c->k = 0;
		kept->words[W_MAX] = kept->cwnd_bytes;
	}
}

/* §4.3 (R-9438-5): what Reno would have by now. */
static void
estimate_reno(struct cubic *c, const struct tcp_cc_state *kept, const struct tcp_cc_ack *ack)
{
	const bool caught_up = c->w_est_bytes >= kept->words[CWND_PRIOR];
	const uint64_t unit = (uint64_t)kept->cwnd_bytes * ALPHA_DEN;
	uint64_t grown;

	c->est_credit += (uint64_t)ack->acked_bytes * ack->at.mss_bytes *
	    (caught_up ? ALPHA_DEN : ALPHA_NUM);
	grown = c->est_credit / unit;
	c->est_credit %= unit;
	if (grown < INT32_MAX - c->w_est_bytes)
		c->w_est_bytes += (uint32_t)grown;
}

/* §4.2 (R-9438-3), §4.4, §4.5 (R-9438-6). */
static void
avoid_congestion(struct cubic *c, struct tcp_cc_state *kept, const struct tcp_cc_ack *ack)
{
	const uint32_t cwnd = kept->cwnd_bytes, mss = ack->at.mss_bytes;
	uint32_t target;
	int64_t t;

	if (c->epoch_at == 0)
		begin_epoch(c, kept, &ack->at);
	c->seen_at = ack->at.now;
	t = ticks_of(ack->at.now - c->epoch_at);
	estimate_reno(c, kept, ack);
	if (w_cubic(c, kept->words[W_MAX], mss, t) < c->w_est_bytes) {
		kept->cwnd_bytes = larger(cwnd, c->w_est_bytes);
		return;
	}
	target = w_cubic(c, kept->words[W_MAX], mss, t + ticks_of(ack->at.srtt));
	if (target < cwnd)
		target = cwnd;
	else if (target > cwnd + cwnd / 2)
		target = cwnd + cwnd / 2;
	c->credit += (uint64_t)(target - cwnd) * ack->acked_bytes;
	tcp_cc_grow(kept, c->credit / cwnd);
	c->credit %= cwnd;
}

/* ---- HyStart++, RFC 9406 §4.2 ---- */

/* R-9406-1, R-9406-6. */
static void
begin_round(struct cubic *c, struct tcp_cc_state *kept)
{
	c->last_us = c->current_us;
	c->current_us = 0;
	c->samples = 0;
	if (c->css_rounds == 0)
		return;
	if (c->css_rounds++ < CSS_ROUNDS)
		return;
	kept->ssthresh_bytes = kept->cwnd_bytes;
	kept->words[CWND_PRIOR] = kept->cwnd_bytes;	/* R-9438-15 */
	kept->words[W_MAX] = 0;
}

static void
take_sample(struct cubic *c, sampan_dur rtt)
{
	const uint32_t us = rtt < SAMPAN_SEC(60) ? (uint32_t)(rtt / 1000) + 1 : 60000000u;

	if (c->current_us == 0 || us < c->current_us)
		c->current_us = us;
	if (c->samples < UINT8_MAX)
		c->samples++;
}

/* R-9406-2. */
static uint32_t
rtt_thresh_us(const struct cubic *c)
{
	const uint32_t part = c->last_us / RTT_DIVISOR;

	if (part < MIN_RTT_THRESH_US)
		return MIN_RTT_THRESH_US;
	return part < MAX_RTT_THRESH_US ? part : MAX_RTT_THRESH_US;
}

/* Has the path begun to fill (R-9406-3), or was that a mistake (R-9406-5)? */
static void
watch_delay(struct cubic *c)
{
	if (c->samples < RTT_SAMPLES)
		return;
	if (c->css_rounds > 0) {
		if (c->current_us < c->baseline_us)
			c->css_rounds = 0;
	} else if (c->last_us != 0 && c->current_us >= c->last_us + rtt_thresh_us(c)) {
		c->baseline_us = c->current_us;
		c->css_rounds = 1;
	}
}

/* RFC 9438 §4.10 (R-9438-14).  The first one only (R-9406-9): after a loss the
 * threshold is known. */
static void
start_slowly(struct cubic *c, struct tcp_cc_state *kept, const struct tcp_cc_ack *ack)
{
	const bool first = kept->ssthresh_bytes == TCP_SSTHRESH_INFINITE;
	uint32_t grow = ack->cwnd_limited ? ack->acked_bytes : 0;

	if (first) {
		if (ack->round_start)
			begin_round(c, kept);
		if (ack->rtt != 0)
			take_sample(c, ack->rtt);
		watch_delay(c);
		if (c->css_rounds > 0)		/* R-9406-4 */
			grow /= CSS_GROWTH_DIVISOR;
	}
	if (kept->cwnd_bytes < kept->ssthresh_bytes)
		tcp_cc_grow(kept, grow);
}

/* Time in which the window was not the limit does not count: RFC 9438 §4.2, §5.8
 * (R-9438-4, R-9438-9). */
static void
cubic_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct cubic *c = cc->mem;

	if (ack->in_recovery)
		return;
	if (cc->kept->cwnd_bytes < cc->kept->ssthresh_bytes) {
		start_slowly(c, cc->kept, ack);
	} else if (ack->cwnd_limited) {
		avoid_congestion(c, cc->kept, ack);
	} else {
		if (c->epoch_at != 0)
			c->epoch_at += ack->at.now - c->seen_at;
		c->seen_at = ack->at.now;
	}
}

/* ---- Reductions ---- */

/* What an undo needs, R-9438-13. */
static void
remember(struct cubic *c, const struct tcp_cc_state *kept)
{
	c->past = (struct cubic_past){
		.epoch_at = c->epoch_at,
		.cwnd_bytes = kept->cwnd_bytes,
		.ssthresh_bytes = kept->ssthresh_bytes,
		.words = { kept->words[0], kept->words[1] },
		.k = c->k,
		.w_est_bytes = c->w_est_bytes,
	};
}

/* §4.6 (R-9438-8), §4.7 (R-9438-11); also out of slow start (R-9406-7). */
static void
reduce(struct tcp_cc *cc, const struct tcp_cc_facts *facts, uint32_t percent)
{
	struct tcp_cc_state *kept = cc->kept;
	struct cubic *c = cc->mem;
	const uint32_t cwnd = kept->cwnd_bytes;
	const uint64_t flight = facts->in_flight_bytes;

	remember(c, kept);
	if (cwnd < kept->words[W_MAX])
		kept->words[W_MAX] = (uint32_t)((uint64_t)cwnd * (10 + BETA_TENTHS) / 20);
	else
		kept->words[W_MAX] = cwnd;
	kept->words[CWND_PRIOR] = cwnd;
	kept->ssthresh_bytes = larger((uint32_t)(flight * percent / 100), 2 * facts->mss_bytes);
	c->epoch_at = 0;
	c->css_rounds = 0;
}

/* §4.9.1, RFC 4015 §3.2. */
static void
undo(struct cubic *c, struct tcp_cc_state *kept)
{
	const struct cubic_past past = c->past;

	if (kept->cwnd_bytes >= past.cwnd_bytes)
		return;
	kept->cwnd_bytes = past.cwnd_bytes;
	kept->ssthresh_bytes = past.ssthresh_bytes;
	kept->words[0] = past.words[0];
	kept->words[1] = past.words[1];
	c->epoch_at = past.epoch_at;
	c->k = past.k;
	c->w_est_bytes = past.w_est_bytes;
}

static void
cubic_event(struct tcp_cc *cc, enum tcp_cc_event event, const struct tcp_cc_facts *facts)
{
	struct tcp_cc_state *kept = cc->kept;
	struct cubic *c = cc->mem;

	switch (event) {
	case TCP_CC_RECOVERY_ENTER:
		reduce(cc, facts, 10 * BETA_TENTHS);
		kept->cwnd_bytes = kept->ssthresh_bytes;
		break;
	case TCP_CC_ECN:
		reduce(cc, facts, BETA_ECN_PERCENT);
		if (kept->cwnd_bytes > kept->ssthresh_bytes)
			kept->cwnd_bytes = kept->ssthresh_bytes;
		break;
	case TCP_CC_RECOVERY_EXIT:
		kept->cwnd_bytes = kept->ssthresh_bytes;
		break;
	case TCP_CC_RTO:			/* §4.8 (R-9438-12) */
		reduce(cc, facts, 10 * BETA_TENTHS);
		kept->words[W_MAX] = 0;
		kept->cwnd_bytes = facts->mss_bytes;
		break;
	case TCP_CC_IDLE_RESTART:
		c->epoch_at = 0;
		if (kept->cwnd_bytes > facts->restart_bytes)
			kept->cwnd_bytes = facts->restart_bytes;
		break;
	case TCP_CC_RESTART:
		if (c->epoch_at != 0)
			c->epoch_at += facts->now - c->seen_at;
		c->seen_at = facts->now;
		break;
	case TCP_CC_MSS:
		kept->cwnd_bytes = larger(kept->cwnd_bytes, facts->mss_bytes);
		break;
	case TCP_CC_UNDO:
		undo(c, kept);
		break;
	case TCP_CC_RTO_EXIT:
		break;
	}
}

const struct tcp_cc_ops tcp_cc_cubic = {
	.name = "cubic",
	.brief = true,
	.mem_bytes = sizeof(struct cubic),
	.init = cubic_init,
	.ack = cubic_ack,
	.event = cubic_event,
};
