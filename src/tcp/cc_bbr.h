/*
 * cc_bbr.h - what the files of BBR share: its memory, its constants, and what should be
 * in flight.  Names are those of draft-ietf-ccwg-bbr.  Read first: the essay in cc_bbr.c.
 */
#ifndef SAMPAN_TCP_CC_BBR_H
#define SAMPAN_TCP_CC_BBR_H

#include "tcp/tcp_cc.h"

/* §2: constants. */
#define BBR_PROBE_RTT_CWND_GAIN 50u
#define BBR_LOSS_THRESH 2u			/* percent */
#define BBR_BETA 70u
#define BBR_HEADROOM 15u
#define BBR_MIN_PIPE_SEGS 4u

#define BBR_INFINITE UINT32_MAX
#define BBR_RATE_INFINITE UINT64_MAX
#define BBR_RATE_MAX ((uint64_t)1 << 36)	/* so that products fit */
#define BBR_BYTES_MAX ((uint64_t)INT32_MAX)

enum bbr_state {
	BBR_ASLEEP,
	BBR_STARTUP,
	BBR_DRAIN,
	BBR_DOWN,
	BBR_CRUISE,
	BBR_REFILL,
	BBR_UP,
	BBR_PROBE_RTT,
};

enum bbr_ack_phase {
	BBR_ACKS_INIT,
	BBR_ACKS_REFILLING,
	BBR_ACKS_STARTING,
	BBR_ACKS_FEEDBACK,
	BBR_ACKS_STOPPING,
};

struct bbr {
	uint64_t max_bw[2];		/* of this cycle, of the one before */
	uint64_t bw, bw_shortterm, bw_latest, full_bw, undo_bw_shortterm;
	uint64_t next_round_delivered, loss_round_delivered;
	uint64_t limited_until;		/* delivered: what ProbeRTT slowed down */
	sampan_time min_rtt_at, probe_rtt_min_at, probe_rtt_done_at, cycle_at, extra_at;
	uint32_t min_rtt_us, probe_rtt_min_us;
	uint32_t inflight_longterm, inflight_shortterm, inflight_latest;
	uint32_t undo_inflight_longterm, undo_inflight_shortterm;
	uint32_t prior_cwnd;
	uint32_t extra_delivered, extra_acked[2];
	uint32_t up_acked_per_inc, up_acked;
	uint32_t probe_wait_us;
	uint32_t round_count, drain_round;
	uint32_t lost_before;		/* this round of losses */
	uint8_t state, ack_phase, undo_state;
	uint8_t full_bw_count, up_rounds, rounds_since_probe, extra_rounds, losses_in_round;
	bool full_bw_now, full_bw_reached;
	bool round_start, loss_round_start, loss_in_round;
	bool recovering, idle_restart, probe_rtt_round_done;
	bool probe_sample, prev_too_high, prev_precautionary;
};
_Static_assert(sizeof(struct bbr) <= TCP_CC_MEM_MAX, "fits its block");

/* What one step works on. */
struct bbr_step {
	struct bbr *b;
	struct tcp_cc *cc;
	const struct tcp_cc_facts *at;
	const struct tcp_cc_ack *ack;
	uint64_t rate;			/* RS.delivery_rate, 0: none */
	bool limited;			/* RS.is_app_limited */
};

static inline uint32_t
bbr_least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t
bbr_most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static inline uint32_t
bbr_saturated(uint64_t bytes)
{
	return (uint32_t)(bytes < BBR_BYTES_MAX ? bytes : BBR_BYTES_MAX);
}

static inline uint64_t
bbr_max_bw(const struct bbr *b)
{
	return b->max_bw[0] > b->max_bw[1] ? b->max_bw[0] : b->max_bw[1];
}

static inline bool
bbr_in_probe_bw(const struct bbr *b)
{
	return b->state >= BBR_DOWN && b->state <= BBR_UP;
}

/* ---- What should be in flight, §5.6.4 ---- */

static inline uint32_t
bbr_bdp_multiple(const struct bbr_step *s, uint64_t bw, uint32_t gain)
{
	if (s->b->min_rtt_us == BBR_INFINITE)
		return tcp_cc_initial_window(s->at->mss_bytes);
	return bbr_saturated(bw * s->b->min_rtt_us / 1000000 * gain / 100);
}

static inline uint32_t
bbr_bdp(const struct bbr_step *s)
{
	return bbr_bdp_multiple(s, s->b->bw, 100);
}

static inline uint32_t
bbr_min_pipe(const struct bbr_step *s)
{
	return BBR_MIN_PIPE_SEGS * s->at->mss_bytes;
}

static inline uint32_t
bbr_quantized(const struct bbr_step *s, uint32_t cap)
{
	cap = bbr_most(cap, 3 * s->cc->pace->quantum_bytes);
	cap = bbr_most(cap, bbr_min_pipe(s));
	return bbr_saturated((uint64_t)cap + (s->b->state == BBR_UP ? 2 * s->at->mss_bytes : 0));
}

static inline uint32_t
bbr_inflight(const struct bbr_step *s, uint64_t bw)
{
	return bbr_quantized(s, bbr_bdp_multiple(s, bw, 100));
}

static inline uint32_t
bbr_target_inflight(const struct bbr_step *s)
{
	return bbr_least(bbr_bdp(s), s->cc->kept->cwnd_bytes);
}

static inline uint32_t
bbr_inflight_with_headroom(const struct bbr_step *s)
{
	const uint32_t longterm = s->b->inflight_longterm;
	const uint32_t room = bbr_most(s->at->mss_bytes,
	    (uint32_t)((uint64_t)longterm * BBR_HEADROOM / 100));

	if (longterm == BBR_INFINITE)
		return BBR_INFINITE;
	return bbr_most(longterm > room ? longterm - room : 0, bbr_min_pipe(s));
}

static inline uint32_t
bbr_probe_rtt_cwnd(const struct bbr_step *s)
{
	return bbr_most(bbr_bdp_multiple(s, s->b->bw, BBR_PROBE_RTT_CWND_GAIN), bbr_min_pipe(s));
}

/* ---- The window that losses and ProbeRTT take away for a while, §5.6.4.4 ---- */

static inline void
bbr_save_cwnd(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (!b->recovering && b->state != BBR_PROBE_RTT)
		b->prior_cwnd = s->cc->kept->cwnd_bytes;
	else
		b->prior_cwnd = bbr_most(b->prior_cwnd, s->cc->kept->cwnd_bytes);
}

static inline void
bbr_restore_cwnd(const struct bbr_step *s)
{
	s->cc->kept->cwnd_bytes = bbr_most(s->cc->kept->cwnd_bytes, s->b->prior_cwnd);
}

/* ---- Small steps of several others ---- */

static inline void
bbr_reset_full_bw(struct bbr *b)
{
	b->full_bw = 0;
	b->full_bw_count = 0;
	b->full_bw_now = false;
}

static inline void
bbr_start_round(const struct bbr_step *s)
{
	s->b->next_round_delivered = s->at->delivered_bytes;
}

/* ---- cc_bbr_model.c ---- */

/* The model after an acknowledgement, and after its state was looked at. */
void sp_bbr_update_model(const struct bbr_step *s);
void sp_bbr_advance_latest_signals(const struct bbr_step *s);

/* Takes the round trip of an acknowledgement.  True: it is time for ProbeRTT. */
bool sp_bbr_update_min_rtt(const struct bbr_step *s);

/* Something was lost. */
void sp_bbr_note_loss(const struct bbr_step *s);

/* Is that more loss than a probe may cost? */
bool sp_bbr_too_high(const struct bbr_step *s, uint32_t lost, uint32_t tx_in_flight);

/* How much was in flight when the losses crossed that line, within this one? */
uint32_t sp_bbr_inflight_at_loss(const struct tcp_cc_lost *l);

#endif
