/*
 * tcp_in_ack.c - the fifth step: the acknowledgement.  RFC 9293 §3.10.7.4.
 */
#include "tcp/tcp_ack.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_fast.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_loss.h"
#include "tcp/tcp_mem.h"
#include "tcp/tcp_recovery.h"
#include "tcp/tcp_sack.h"
#include "tcp/tcp_tally.h"

/* R-9293-17. */
static enum tcp_step
complete_handshake(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	if (!seq_lt(t->snd.una, seg->ack) || !seq_le(seg->ack, t->snd.nxt)) {
		sp_drop(s, SAMPAN_DROP_TCP_ACK_RANGE, seg->pkt->link);
		sp_tcp_send_reset(s, seg);
		return TCP_DONE;
	}
	t->snd.una = seq_add(t->iss, 1);
	t->snd.wnd_bytes = seg->wnd << t->snd_scale;
	t->snd_max_wnd_bytes = t->snd.wnd_bytes;
	t->snd.wl1 = seg->seq;
	sp_tcp_start_sending(s, t, t->retries);
	if (tcp_is(t, TCP_F_SYN_DUE))		/* our SYN-ACK was not sent: R-9293-32 */
		tcp_set(t, TCP_F_ACK_NOW);
	tcp_clear(t, TCP_F_SYN_DUE);
	sp_tcp_on_progress(s, t);
	t->backoff = 0;
	sp_tcp_enter(s, t, SAMPAN_TCP_ESTABLISHED);
	if (tcp_is(t, TCP_F_FIN_QUEUED))
		sp_tcp_enter(s, t, SAMPAN_TCP_FIN_WAIT_1);
	return TCP_PASS;
}

/* RFC 5961 §5.2 (R-5961-6, MAY-12), R-9293-18, R-V-22. */
static bool
ack_in_range(const struct tcp_tcb *t, const struct tcp_seg *seg)
{
	return seq_le(seq_sub(t->snd.una, t->snd_max_wnd_bytes), seg->ack) &&
	    seq_le(seg->ack, t->snd.nxt);
}

/* The round trip that this acknowledgement shows (R-6298-7); 0: none.  By a
 * segment that was sent once, if all it delivers was (Karn, RFC 6298 §3 (R-6298-6): behind a
 * repair things may have waited), else by the echoed timestamp, which also
 * tells what a repair cannot (RFC 7323 §4.1 (R-7323-13)). */
static sampan_dur
sample_of(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_seg *seg,
    const struct tcp_delivery *d)
{
	uint32_t ms;

	if (d->once_at != 0 && !d->again)
		return seg->at > d->once_at ? seg->at - d->once_at : 1;
	if (d->acked_bytes == 0 || !tcp_is(t, TCP_F_TS) || !seg->opts.has_ts ||
	    seg->opts.tsecr == 0)
		return 0;
	ms = sp_tcp_ts_now(s, t->ts_offset) - seg->opts.tsecr;
	return ms < 60000 ? SAMPAN_MS(ms > 0 ? ms : 1) : 0;
}

/* RFC 8985 §6.2 step 2 (R-8985-4). */
static void
set_again_bounds(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_seg *seg,
    struct tcp_delivery *d)
{
	const uint32_t age_ms = sp_tcp_ts_now(s, t->ts_offset) - seg->opts.tsecr;
	const sampan_dur min_rtt = SAMPAN_US(t->min_rtt_us);
	const sampan_time tick = s->now / SAMPAN_MS(1);

	d->again_by_rtt = s->now > min_rtt ? s->now - min_rtt : 0;
	d->again_by_echo = s->now;
	if (tcp_is(t, TCP_F_TS) && seg->opts.has_ts && seg->opts.tsecr != 0 && age_ms < tick)
		d->again_by_echo = SAMPAN_MS(tick - age_ms + 1) - 1;
}

void
sp_tcp_ack_slow(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	struct tcp_delivery d = { .prior_in_flight_bytes = sp_tcp_pipe(s, t) };
	const bool progress = seq_lt(t->snd.una, seg->ack);
	sampan_dur rtt, ordered;

	set_again_bounds(s, t, seg, &d);
	d.undo_stop = t->tx != 0 ? tcp_tx_of(s, t)->undo_stop : t->snd.una;
	d.prior_lost_bytes = t->tx != 0 ? tcp_tx_of(s, t)->lost_total_bytes : 0;
	if (progress)
		sp_tcp_rtx_acked(s, t, seg->ack, &d);
	ordered = d.acked_bytes > 0 ? sample_of(s, t, seg, &d) : 0;
	rtt = ordered;
	if (seg->opts.sack_count > 0) {
		sp_tcp_sack_in(s, t, seg, &d);
		rtt = sample_of(s, t, seg, &d);
	}
	if (rtt != 0)
		sp_tcp_take_sample(s, t, rtt, ordered, d.prior_in_flight_bytes);
	if (rtt != 0 && t->tx != 0)
		tcp_tx_of(s, t)->tlp_spent = false;
	if (t->rare != 0)
		sp_tcp_tally_delivery(s, t, &d);
	if (t->tx != 0)
		sp_tcp_recovery_ack(s, t, seg, &d, ordered);
	if (progress)
		sp_tcp_go_on(s, t);
	if (progress || d.fresh_bytes > 0)
		sp_tcp_loss_rearm(s, t);
}

/* What follows once our FIN is acknowledged.  R-9293-20. */
static void
fin_acked(struct sampan *s, struct tcp_tcb *t)
{
	switch ((enum sampan_tcp_state)t->state) {
	case SAMPAN_TCP_FIN_WAIT_1:
		sp_tcp_enter(s, t, SAMPAN_TCP_FIN_WAIT_2);
		break;
	case SAMPAN_TCP_CLOSING:
		sp_tcp_enter(s, t, SAMPAN_TCP_TIME_WAIT);
		break;
	case SAMPAN_TCP_LAST_ACK:
		sp_tcp_enter(s, t, SAMPAN_TCP_CLOSED);
		break;
	case SAMPAN_TCP_CLOSED:
	case SAMPAN_TCP_LISTEN:
	case SAMPAN_TCP_SYN_SENT:
	case SAMPAN_TCP_SYN_RECEIVED:
	case SAMPAN_TCP_ESTABLISHED:
	case SAMPAN_TCP_FIN_WAIT_2:
	case SAMPAN_TCP_CLOSE_WAIT:
	case SAMPAN_TCP_TIME_WAIT:
	case SAMPAN_TCP_STATE_COUNT:
		break;
	}
}

enum tcp_step
sp_tcp_check_ack(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	if ((seg->flags & TCP_ACK) == 0) {		/* R-9293-16 */
		sp_drop(s, SAMPAN_DROP_TCP_NO_FLAGS, seg->pkt->link);
		return TCP_DONE;
	}
	if (t->state == SAMPAN_TCP_SYN_RECEIVED &&
	    complete_handshake(s, t, seg) == TCP_DONE)
		return TCP_DONE;
	if (!ack_in_range(t, seg)) {
		sp_drop(s, SAMPAN_DROP_TCP_ACK_RANGE, seg->pkt->link);
		sp_tcp_challenge(s, t);
		return TCP_DONE;
	}
	sp_tcp_take_ack(s, t, seg);
	if (tcp_is(t, TCP_F_FIN_SENT) && seq_eq(t->snd.una, t->snd.nxt))
		fin_acked(s, t);
	return t->state == SAMPAN_TCP_CLOSED ? TCP_DONE : TCP_PASS;
}
