/*
 * cc_bbr_model.c - the model of the path that BBR keeps: draft-ietf-ccwg-bbr §5.5.
 *
 * Does: rounds, what the path delivers at most and of late, how acknowledgements are
 * aggregated, whether the pipe is full, what losses say.  Does not: states, pace and
 * window (cc_bbr.c).
 */
#include "tcp/cc_bbr.h"

#define MIN_RTT_FILTER SAMPAN_SEC(10)
#define PROBE_RTT_INTERVAL SAMPAN_SEC(5)
#define EXTRA_ACKED_ROUNDS 5u		/* two slots of them make the ten of the draft */

/* ---- Losses, §5.5.10 ---- */

/* What an undo needs is saved once an episode, by its first loss: also where that ends a
 * probe, so that the round begins anew and more of the same losses follow. */
void
sp_bbr_note_loss(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (!b->loss_in_round)
		b->loss_round_delivered = s->at->delivered_bytes;
	if (!b->loss_in_round && !b->recovering && b->undo_state == BBR_ASLEEP) {
		bbr_save_cwnd(s);
		b->undo_bw_shortterm = b->bw_shortterm;
		b->undo_inflight_shortterm = b->inflight_shortterm;
		b->undo_inflight_longterm = b->inflight_longterm;
	}
	b->loss_in_round = true;
}

/* §5.5.10.2, and beyond chance: at a steady loss of half the threshold every fifteenth
 * round of a hundred segments exceeds it.  What is lost must be more than the threshold
 * and a standard deviation of what that would lose at random.  Without SACK a round shows
 * one loss at most. */
bool
sp_bbr_too_high(const struct bbr_step *s, uint32_t lost, uint32_t tx_in_flight)
{
	const uint64_t mss = s->at->mss_bytes;
	const uint64_t had = (uint64_t)lost * 100 / mss;	/* segments, hundredfold */
	const uint64_t may = (uint64_t)tx_in_flight * BBR_LOSS_THRESH / mss;

	if (!s->at->selective)
		return lost > 0;
	return had > may && (had - may) * (had - may) > 100 * may;
}

uint32_t
sp_bbr_inflight_at_loss(const struct tcp_cc_lost *l)
{
	const uint32_t flight = l->sent_in_flight_bytes > l->bytes ?
	    l->sent_in_flight_bytes - l->bytes : 0;
	const uint32_t lost = l->sent_lost_bytes > l->bytes ? l->sent_lost_bytes - l->bytes : 0;
	const uint64_t allowed = (uint64_t)flight * BBR_LOSS_THRESH / 100;

	if (allowed <= lost)
		return flight;
	return bbr_saturated(flight + (allowed - lost) * 100 / (100 - BBR_LOSS_THRESH));
}

/* Once a round that has lost too much, while not probing.
 *
 * Otherwise than draft-ietf-ccwg-bbr §5.5.10.3 not for any loss: what is delivered in a round
 * is at most what the pace, 1 % below bw, has sent; so every round with a single loss would
 * lower bw by that and more. */
static void
adapt_lower_bounds(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	const uint64_t rate = b->bw_shortterm == BBR_RATE_INFINITE ? bbr_max_bw(b) :
	    b->bw_shortterm;
	const uint32_t flight = b->inflight_shortterm == BBR_INFINITE ?
	    s->cc->kept->cwnd_bytes : b->inflight_shortterm;
	const bool probing = b->state == BBR_STARTUP || b->state == BBR_REFILL ||
	    b->state == BBR_UP;

	if (!b->loss_in_round || probing ||
	    !sp_bbr_too_high(s, (uint32_t)s->at->lost_bytes - b->lost_before, b->inflight_latest))
		return;
	b->bw_shortterm = rate * BBR_BETA / 100;
	if (b->bw_latest > b->bw_shortterm)
		b->bw_shortterm = b->bw_latest;
	b->inflight_shortterm = bbr_most(b->inflight_latest,
	    (uint32_t)((uint64_t)flight * BBR_BETA / 100));
}

/* ---- The model ---- */

static void
update_latest_signals(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	const uint32_t delivered =
	    bbr_saturated(s->at->delivered_bytes - s->ack->prior_delivered_bytes);

	b->loss_round_start = false;
	if (s->rate > b->bw_latest)
		b->bw_latest = s->rate;
	b->inflight_latest = bbr_most(b->inflight_latest, delivered);
	if (s->ack->prior_delivered_bytes >= b->loss_round_delivered) {
		b->loss_round_delivered = s->at->delivered_bytes;
		b->loss_round_start = true;
	}
}

void
sp_bbr_advance_latest_signals(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (!b->loss_round_start)
		return;
	b->bw_latest = s->rate;
	b->inflight_latest = bbr_saturated(s->at->delivered_bytes - s->ack->prior_delivered_bytes);
}

static void
update_round(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	b->round_start = s->ack->prior_delivered_bytes >= b->next_round_delivered;
	if (!b->round_start)
		return;
	bbr_start_round(s);
	b->round_count++;
	if (b->rounds_since_probe < UINT8_MAX)
		b->rounds_since_probe++;
}

static void
update_congestion_signals(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	update_round(s);
	if (s->rate > b->max_bw[0] && (s->rate >= bbr_max_bw(b) || !s->limited))
		b->max_bw[0] = s->rate;
	if (s->ack->lost_bytes > 0 && b->losses_in_round < UINT8_MAX)
		b->losses_in_round++;
	if (!b->loss_round_start)
		return;
	adapt_lower_bounds(s);
	b->lost_before = (uint32_t)s->at->lost_bytes;
	b->loss_in_round = false;
}

/* How much more came than the rate explains: what aggregates acknowledgements. */
static void
update_ack_aggregation(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	const sampan_dur dur = s->at->now - b->extra_at;
	uint64_t expected = dur < SAMPAN_SEC(60) ? b->bw * (dur / 1000) / 1000000 : BBR_RATE_MAX;
	uint32_t extra;

	if (b->extra_delivered <= expected) {
		b->extra_delivered = 0;
		b->extra_at = s->at->now;
		expected = 0;
	}
	b->extra_delivered = bbr_saturated((uint64_t)b->extra_delivered + s->ack->acked_bytes);
	extra = bbr_least(bbr_saturated(b->extra_delivered - expected), s->cc->kept->cwnd_bytes);
	if (b->round_start && ++b->extra_rounds >= (b->full_bw_reached ? EXTRA_ACKED_ROUNDS : 1)) {
		b->extra_rounds = 0;
		b->extra_acked[1] = b->full_bw_reached ? b->extra_acked[0] : 0;
		b->extra_acked[0] = 0;
	}
	b->extra_acked[0] = bbr_most(b->extra_acked[0], extra);
}

static void
check_full_bw(const struct bbr_step *s)
{
	struct bbr *b = s->b;

	if (b->full_bw_now || !b->round_start || s->limited || s->rate == 0)
		return;
	if (s->rate >= b->full_bw + b->full_bw / 4) {
		bbr_reset_full_bw(b);
		b->full_bw = s->rate;
		return;
	}
	b->full_bw_count++;
	b->full_bw_now = b->full_bw_count >= 3;
	if (b->full_bw_now)
		b->full_bw_reached = true;
}

void
sp_bbr_update_model(const struct bbr_step *s)
{
	update_latest_signals(s);
	update_congestion_signals(s);
	update_ack_aggregation(s);
	check_full_bw(s);
}

/* ---- The least round trip, §5.3.4.3 ---- */

bool
sp_bbr_update_min_rtt(const struct bbr_step *s)
{
	struct bbr *b = s->b;
	const bool expired = s->at->now > b->probe_rtt_min_at + PROBE_RTT_INTERVAL;
	const uint32_t us = s->ack->rtt < SAMPAN_SEC(60) ? (uint32_t)(s->ack->rtt / 1000) :
	    60000000u;

	if (s->ack->rtt != 0 && (us < b->probe_rtt_min_us || expired)) {
		b->probe_rtt_min_us = bbr_most(us, 1);
		b->probe_rtt_min_at = s->at->now;
	}
	if (b->probe_rtt_min_us < b->min_rtt_us || s->at->now > b->min_rtt_at + MIN_RTT_FILTER) {
		b->min_rtt_us = b->probe_rtt_min_us;
		b->min_rtt_at = b->probe_rtt_min_at;
	}
	return expired;
}
