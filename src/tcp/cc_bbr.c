/*
 * cc_bbr.c - BBR version 3, draft-ietf-ccwg-bbr (called "the draft" here; names of
 * steps and variables are its).
 *
 * Theory of operation.  Instead of taking each loss for congestion, BBR keeps a model of
 * the path: the most it has delivered (max_bw, of two probing cycles) and the least
 * round trip (min_rtt, of ten seconds).  Their product is what should be in flight; the
 * pace is max_bw, a little less or more by turns.  Startup doubles the rate each round
 * until it delivers no more, Drain empties the queue that this has made, and then a
 * cycle repeats: DOWN (leave room), CRUISE, REFILL (one round), UP (is there more?).
 * Every five seconds ProbeRTT halves what is in flight for 200 ms to see the path
 * without a queue.  More loss than 2 % in a round while probing bounds what may be in
 * flight for long (inflight_longterm), loss at other times for the present cycle only
 * (bw_shortterm, inflight_shortterm).
 *
 * Integers only: rates are bytes a second below RATE_MAX, gains percent, times of a
 * path microseconds.  While it does not send, kept->words remember max_bw and min_rtt;
 * memory that is zero (state ASLEEP) is filled from them when something happens.
 *
 * What differs from the draft, and why, stands in docs/decisions/0013-bbr-and-pacing.md.
 */
#include "tcp/cc_bbr.h"

enum { BW, MIN_RTT };			/* words; BW: in units of 256 bytes/s, 0: none */
#define WORD_FULL 0x80000000u		/* in MIN_RTT: full_bw_reached */

/* §2: constants. */
#define STARTUP_GAIN 277u
#define DRAIN_GAIN 50u
#define DOWN_GAIN 90u
#define UP_GAIN 125u
#define CWND_GAIN 200u
#define UP_CWND_GAIN 225u
#define MARGIN 1u
#define FULL_LOSSES 6u
#define PROBE_RTT_DUR SAMPAN_MS(200)
#define QUANTUM_MAX 65536u

/* ---- Entering states, §5.3 ---- */

static void
reset_short_term(struct bbr *b)
{
	b->bw_shortterm = BBR_RATE_INFINITE;
	b->inflight_shortterm = BBR_INFINITE;
}

/* Something that no other flow does at the same time: the low bits of the clock and
 * of what was delivered, stirred. */
static uint32_t
chance(const struct bbr_step *s)
{
	const uint64_t x = (s->at->now ^ s->at->delivered_bytes << 20) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(x >> 32);
}

/* Two to three seconds, or 62 to 63 rounds. */
static void
start_down(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	const uint32_t draw = chance(s);

	b->loss_in_round = false;
	b->bw_latest = 0;
	b->inflight_latest = 0;
	b->up_acked_per_inc = BBR_INFINITE;
	b->rounds_since_probe = (uint8_t)(draw & 1);
	b->probe_wait_us = 2000000 + (draw >> 1) % 1000000;
	b->cycle_at = s->at->now;
	b->ack_phase = BBR_ACKS_STOPPING;
	bbr_start_round(s);
	b->state = BBR_DOWN;
}

static void
start_refill(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	reset_short_term(b);
	b->up_rounds = 0;
	b->up_acked = 0;
	b->prev_precautionary = false;
	b->ack_phase = BBR_ACKS_REFILLING;
	bbr_start_round(s);
	b->state = BBR_REFILL;
}

static void
raise_longterm_slope(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	const uint32_t growth = (uint32_t)1 << b->up_rounds;

	b->up_rounds = (uint8_t)bbr_least(b->up_rounds + 1u, 30);
	b->up_acked_per_inc = bbr_most(s->cc->kept->cwnd_bytes / growth, s->at->mss_bytes);
}

static void
start_up(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	b->ack_phase = BBR_ACKS_STARTING;
	bbr_start_round(s);
	bbr_reset_full_bw(b);
	b->full_bw = s->rate;
	b->state = BBR_UP;
	raise_longterm_slope(s);
}

/* Another control that takes over from here avoids congestion. */
static void
enter_drain(const struct bbr_step *s)
{
	s->b->state = BBR_DRAIN;
	s->b->drain_round = s->b->round_count;
	s->cc->kept->ssthresh_bytes = bbr_most(bbr_bdp(s), 2 * s->at->mss_bytes);
}

/* ---- Pace, §5.6.2, §5.6.3 ---- */

static uint32_t
pacing_gain(const struct bbr *b)
{
	static const uint16_t gain[] = {
		[BBR_ASLEEP] = STARTUP_GAIN,
		[BBR_STARTUP] = STARTUP_GAIN,
		[BBR_DRAIN] = DRAIN_GAIN,
		[BBR_DOWN] = DOWN_GAIN,
		[BBR_CRUISE] = 100,
		[BBR_REFILL] = 100,
		[BBR_UP] = UP_GAIN,
		[BBR_PROBE_RTT] = 100,
	};

	return gain[b->state];
}

static void
set_pace(const struct bbr_step *s, uint32_t gain)
{
	struct tcp_cc_pace *pace = s->cc->pace;
	const uint64_t rate = s->b->bw * gain * (100 - MARGIN) / 10000;

	if (rate != 0 && (s->b->full_bw_reached || rate > pace->bytes_per_s))
		pace->bytes_per_s = rate;
	pace->quantum_bytes = bbr_least(bbr_saturated(pace->bytes_per_s / 1000), QUANTUM_MAX);
	pace->quantum_bytes = bbr_most(pace->quantum_bytes, 2 * s->at->mss_bytes);
}

static void
handle_too_high(const struct bbr_step *s, uint32_t tx_in_flight)
{
	struct bbr *b = s->b;

	b->prev_too_high = true;
	b->probe_sample = false;
	if (!s->limited)
		b->inflight_longterm = bbr_most(tx_in_flight,
		    (uint32_t)((uint64_t)bbr_target_inflight(s) * BBR_BETA / 100));
	if (b->state == BBR_UP) {
		b->undo_state = BBR_UP;
		start_down(s);
	}
}

/* §5.3.1.3: sustained loss says that the pipe is full. */
static void
check_startup_high_loss(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (b->state != BBR_STARTUP || !b->loss_round_start)
		return;
	if (b->recovering && (b->losses_in_round >= FULL_LOSSES || !s->at->selective) &&
	    sp_bbr_too_high(s, s->ack->sent_lost_bytes, s->ack->sent_in_flight_bytes)) {
		b->undo_state = BBR_STARTUP;
		b->full_bw_reached = true;
		b->inflight_longterm = bbr_most(bbr_bdp(s), b->inflight_latest);
	}
	b->losses_in_round = 0;
}

static void
check_startup_and_drain(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	check_startup_high_loss(s);
	if (b->state == BBR_STARTUP && b->full_bw_reached)
		enter_drain(s);
	if (b->state == BBR_DRAIN && (s->at->in_flight_bytes <= bbr_inflight(s, b->bw) ||
	    b->round_count > b->drain_round + 3))
		start_down(s);
}

/* ---- The cycle of ProbeBW, §5.3.3 ---- */

static void
probe_longterm_upward(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	uint32_t steps;

	if (!s->ack->cwnd_limited || s->cc->kept->cwnd_bytes < b->inflight_longterm)
		return;
	b->up_acked += s->ack->acked_bytes;
	steps = b->up_acked / b->up_acked_per_inc;
	b->up_acked -= steps * b->up_acked_per_inc;
	b->inflight_longterm = bbr_saturated(b->inflight_longterm +
	    (uint64_t)steps * s->at->mss_bytes);
	if (b->round_start)
		raise_longterm_slope(s);
}

/* True: another state was entered. */
static bool
adapt_long_term(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (b->ack_phase == BBR_ACKS_STARTING && b->round_start)
		b->ack_phase = BBR_ACKS_FEEDBACK;
	if (b->ack_phase == BBR_ACKS_STOPPING && b->round_start) {
		b->probe_sample = false;
		b->ack_phase = BBR_ACKS_INIT;
		if (bbr_in_probe_bw(b) && !s->limited) {
			b->max_bw[1] = b->max_bw[0];
			b->max_bw[0] = 0;
		}
		if (bbr_in_probe_bw(b) && b->prev_precautionary && !b->prev_too_high) {
			start_refill(s);
			return true;
		}
	}
	if (sp_bbr_too_high(s, s->ack->sent_lost_bytes, s->ack->sent_in_flight_bytes) ||
	    b->inflight_longterm == BBR_INFINITE)
		return false;
	b->inflight_longterm = bbr_most(b->inflight_longterm, s->ack->sent_in_flight_bytes);
	if (b->state == BBR_UP)
		probe_longterm_upward(s);
	return false;
}

static bool
is_time_to_probe(const struct bbr_step *s)
{
	const struct bbr *b = s->b;
	const uint32_t reno_rounds = bbr_target_inflight(s) / s->at->mss_bytes;

	return s->at->now > b->cycle_at + SAMPAN_US(b->probe_wait_us) ||
	    b->rounds_since_probe >= bbr_least(reno_rounds, 63);
}

static bool
is_time_to_go_down(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (b->prev_too_high && s->at->in_flight_bytes >= b->inflight_longterm) {
		b->prev_precautionary = true;
		return true;
	}
	if (s->ack->cwnd_limited && s->cc->kept->cwnd_bytes >= b->inflight_longterm) {
		bbr_reset_full_bw(b);
		b->full_bw = s->rate;
		return false;
	}
	return b->full_bw_now;
}

static void
update_cycle(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	const uint32_t flight = s->at->in_flight_bytes;

	if (!b->full_bw_reached || adapt_long_term(s))
		return;
	if (b->state == BBR_DOWN || b->state == BBR_CRUISE) {
		if (is_time_to_probe(s))
			start_refill(s);
		else if (b->state == BBR_DOWN && flight <= bbr_inflight_with_headroom(s) &&
		    flight <= bbr_inflight(s, bbr_max_bw(b)))
			b->state = BBR_CRUISE;
	} else if (b->state == BBR_REFILL) {
		if (b->round_start) {
			b->probe_sample = true;
			start_up(s);
		}
	} else if (b->state == BBR_UP && is_time_to_go_down(s)) {
		b->prev_too_high = false;
		start_down(s);
	}
}

/* ---- ProbeRTT, §5.3.4 ---- */

static void
check_probe_rtt_done(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (b->probe_rtt_done_at == 0 || s->at->now <= b->probe_rtt_done_at)
		return;
	b->probe_rtt_min_at = s->at->now;
	bbr_restore_cwnd(s);
	reset_short_term(b);
	if (!b->full_bw_reached) {
		b->state = BBR_STARTUP;
		return;
	}
	start_down(s);
	b->state = BBR_CRUISE;
}

static void
check_probe_rtt(const struct bbr_step *s, bool expired)
{
	struct bbr *b = s->b;

	if (b->state != BBR_PROBE_RTT && expired && !b->idle_restart) {
		bbr_save_cwnd(s);
		b->state = BBR_PROBE_RTT;
		b->probe_rtt_done_at = 0;
		b->ack_phase = BBR_ACKS_STOPPING;
		bbr_start_round(s);
	}
	b->idle_restart = false;
	if (b->state != BBR_PROBE_RTT)
		return;
	b->limited_until = s->at->delivered_bytes + s->at->in_flight_bytes;
	if (b->probe_rtt_done_at == 0) {
		if (s->at->in_flight_bytes > bbr_probe_rtt_cwnd(s))
			return;
		b->probe_rtt_done_at = s->at->now + PROBE_RTT_DUR;
		b->probe_rtt_round_done = false;
		bbr_start_round(s);
		return;
	}
	if (b->round_start)
		b->probe_rtt_round_done = true;
	if (b->probe_rtt_round_done)
		check_probe_rtt_done(s);
}

/* ---- The window, §5.6.4 ---- */

static void
set_cwnd(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	struct tcp_cc_state *kept = s->cc->kept;
	const uint32_t gain = b->state == BBR_UP ? UP_CWND_GAIN :
	    b->state == BBR_PROBE_RTT ? BBR_PROBE_RTT_CWND_GAIN : CWND_GAIN;
	const uint32_t extra = bbr_most(b->extra_acked[0], b->extra_acked[1]);
	const uint32_t max_inflight = bbr_quantized(s,
	    bbr_saturated((uint64_t)bbr_bdp_multiple(s, b->bw, gain) + extra));
	uint32_t cap = BBR_INFINITE;

	if (b->full_bw_reached || kept->cwnd_bytes < max_inflight ||
	    s->at->delivered_bytes < tcp_cc_initial_window(s->at->mss_bytes))
		tcp_cc_grow(kept, s->ack->acked_bytes);
	if (b->full_bw_reached)
		kept->cwnd_bytes = bbr_least(kept->cwnd_bytes, max_inflight);
	kept->cwnd_bytes = bbr_most(kept->cwnd_bytes, bbr_min_pipe(s));
	if (b->state == BBR_PROBE_RTT)
		kept->cwnd_bytes = bbr_least(kept->cwnd_bytes, bbr_probe_rtt_cwnd(s));
	if (b->state == BBR_PROBE_RTT || b->state == BBR_CRUISE)
		cap = bbr_inflight_with_headroom(s);
	else if (bbr_in_probe_bw(b))
		cap = b->inflight_longterm;
	cap = bbr_most(bbr_least(cap, b->inflight_shortterm), bbr_min_pipe(s));
	kept->cwnd_bytes = bbr_least(kept->cwnd_bytes, cap);
}

/* ---- What is called ---- */

static void
bbr_init(struct tcp_cc *cc, const struct tcp_cc_facts *facts)
{
	if (cc->kept->cwnd_bytes == 0)
		*cc->kept = (struct tcp_cc_state){
			.cwnd_bytes = tcp_cc_initial_window(facts->mss_bytes),
			.ssthresh_bytes = TCP_SSTHRESH_INFINITE,
		};
}

/* What a pause left.  Its idleness was an attempt to drain the queue (§5.3.4.3). */
static void
recall(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	const uint32_t *words = s->cc->kept->words;

	if (words[BW] == 0)
		return;
	b->max_bw[0] = (uint64_t)words[BW] << 8;
	b->bw = b->max_bw[0];
	b->min_rtt_us = bbr_most(words[MIN_RTT] & ~WORD_FULL, 1);
	b->full_bw_reached = (words[MIN_RTT] & WORD_FULL) != 0;
	if (b->full_bw_reached) {
		start_down(s);
		b->state = BBR_CRUISE;
	}
}

/* §5.2.1. */
static void
begin(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	const uint64_t srtt_us = s->at->srtt / 1000;
	const uint32_t first = bbr_most(tcp_cc_initial_window(s->at->mss_bytes),
	    s->cc->kept->cwnd_bytes);

	b->state = BBR_STARTUP;
	b->min_rtt_us = srtt_us != 0 ? bbr_saturated(srtt_us) : BBR_INFINITE;
	b->probe_rtt_min_us = b->min_rtt_us;
	b->min_rtt_at = s->at->now;
	b->probe_rtt_min_at = s->at->now;
	b->extra_at = s->at->now;
	b->inflight_longterm = BBR_INFINITE;
	b->up_acked_per_inc = BBR_INFINITE;
	b->prior_cwnd = s->cc->kept->cwnd_bytes;
	reset_short_term(b);
	bbr_start_round(s);
	b->loss_round_delivered = s->at->delivered_bytes;
	recall(s);
	s->cc->pace->bytes_per_s = b->bw == 0 ?
	    (uint64_t)first * STARTUP_GAIN * 10000 / (srtt_us != 0 ? srtt_us : 1000) : 1;
	set_pace(s, pacing_gain(b));
}

static struct bbr_step
step_of(struct tcp_cc *cc, const struct tcp_cc_facts *at)
{
	const struct bbr_step s = { .b = cc->mem, .cc = cc, .at = at };

	if (s.b->state == BBR_ASLEEP)
		begin(&s);
	return s;
}

static void
bbr_rest(struct tcp_cc *cc)
{
	const struct bbr *b = cc->mem;

	if (b->state == BBR_ASLEEP || b->bw == 0)
		return;
	cc->kept->words[BW] = bbr_saturated((bbr_max_bw(b) >> 8) + 1);
	cc->kept->words[MIN_RTT] = b->min_rtt_us | (b->full_bw_reached ? WORD_FULL : 0);
	cc->kept->cwnd_bytes = bbr_most(cc->kept->cwnd_bytes, b->prior_cwnd);
}

/* §5.2.3. */
static void
bbr_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct bbr_step s = step_of(cc, &ack->at);
	const uint64_t delivered = ack->at.delivered_bytes - ack->prior_delivered_bytes;
	const uint64_t us = ack->interval_dur / 1000;
	bool expired;

	s.ack = ack;
	if (us != 0)
		s.rate = delivered * 1000000 / us;
	if (s.rate > BBR_RATE_MAX)
		s.rate = BBR_RATE_MAX;
	s.limited = ack->app_limited || ack->prior_delivered_bytes < s.b->limited_until;
	sp_bbr_update_model(&s);
	check_startup_and_drain(&s);
	update_cycle(&s);
	expired = sp_bbr_update_min_rtt(&s);
	check_probe_rtt(&s, expired);
	sp_bbr_advance_latest_signals(&s);
	s.b->bw = bbr_max_bw(s.b) < s.b->bw_shortterm ? bbr_max_bw(s.b) : s.b->bw_shortterm;
	set_pace(&s, pacing_gain(s.b));
	set_cwnd(&s);
}

static void
bbr_lost(struct tcp_cc *cc, const struct tcp_cc_lost *lost)
{
	struct bbr_step s = step_of(cc, &lost->at);

	s.limited = lost->app_limited;
	sp_bbr_note_loss(&s);
	if (s.b->probe_sample &&
	    sp_bbr_too_high(&s, lost->sent_lost_bytes, lost->sent_in_flight_bytes))
		handle_too_high(&s, sp_bbr_inflight_at_loss(lost));
}

/* §5.5.11.2. */
static void
undo(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	const enum bbr_state to = (enum bbr_state)b->undo_state;

	b->recovering = false;
	bbr_restore_cwnd(s);
	b->loss_in_round = false;
	bbr_reset_full_bw(b);
	if (b->bw_shortterm < b->undo_bw_shortterm)
		b->bw_shortterm = b->undo_bw_shortterm;
	b->inflight_shortterm = bbr_most(b->inflight_shortterm, b->undo_inflight_shortterm);
	b->inflight_longterm = bbr_most(b->inflight_longterm, b->undo_inflight_longterm);
	b->undo_state = BBR_ASLEEP;
	if (to == BBR_STARTUP && b->state != BBR_STARTUP) {
		b->full_bw_reached = false;
		if (b->state != BBR_PROBE_RTT)
			b->state = BBR_STARTUP;
	} else if (to == BBR_UP && b->state != BBR_UP && b->state != BBR_PROBE_RTT) {
		start_refill(s);
	}
}

/* §5.4.1. */
static void
restart(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	b->idle_restart = true;
	b->extra_at = s->at->now;
	b->extra_delivered = 0;
	if (bbr_in_probe_bw(b))
		set_pace(s, 100);
	else if (b->state == BBR_PROBE_RTT)
		check_probe_rtt_done(s);
}

/* The draft leaves ECN open.  RFC 3168 wants an answer as to a loss: that is one. */
static void
bbr_event(struct tcp_cc *cc, enum tcp_cc_event event, const struct tcp_cc_facts *facts)
{
	const struct bbr_step s = step_of(cc, facts);
	struct tcp_cc_state *kept = cc->kept;

	switch (event) {
	case TCP_CC_RECOVERY_ENTER:
		sp_bbr_note_loss(&s);
		bbr_save_cwnd(&s);
		s.b->recovering = true;
		break;
	case TCP_CC_RTO:
		sp_bbr_note_loss(&s);
		bbr_save_cwnd(&s);
		s.b->recovering = true;
		if (s.b->probe_sample)
			handle_too_high(&s, facts->in_flight_bytes);
		kept->cwnd_bytes = facts->mss_bytes;
		break;
	case TCP_CC_RECOVERY_EXIT:
	case TCP_CC_RTO_EXIT:
		s.b->recovering = false;
		s.b->undo_state = BBR_ASLEEP;
		bbr_restore_cwnd(&s);
		break;
	case TCP_CC_ECN:
		sp_bbr_note_loss(&s);
		if (s.b->probe_sample)
			handle_too_high(&s, facts->in_flight_bytes);
		break;
	case TCP_CC_UNDO:
		undo(&s);
		break;
	case TCP_CC_RESTART:
	case TCP_CC_IDLE_RESTART:
		restart(&s);
		break;
	case TCP_CC_MSS:
		kept->cwnd_bytes = bbr_most(kept->cwnd_bytes, facts->mss_bytes);
		break;
	}
}

const struct tcp_cc_ops tcp_cc_bbr = {
	.name = "bbr",
	.mem_bytes = sizeof(struct bbr),
	.paces = true,
	.owns_window = true,
	.init = bbr_init,
	.rest = bbr_rest,
	.ack = bbr_ack,
	.event = bbr_event,
	.lost = bbr_lost,
};
