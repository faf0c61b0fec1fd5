/*
 * tcp_ack.h - what an acknowledgement of something new means beyond loss: the parts
 * that tcp_in_ack.c and tcp_ack_fast.c share.  In line: every segment of a
 * conversation is such an acknowledgement.
 */
#ifndef SAMPAN_TCP_TCP_ACK_H
#define SAMPAN_TCP_TCP_ACK_H

#include "net/neigh.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_mem.h"

/* Autotuning: what is in flight must stay queued, and as much again should wait
 * behind it. */
static inline void
sp_tcp_tune_send_buffer(const struct sampan *s, struct tcp_tcb *t)
{
	const uint32_t most = (uint32_t)sp_setting(s, SAMPAN_SET_TCP_SNDBUF_MAX);
	const uint64_t twice = 2 * (uint64_t)t->cc.cwnd_bytes;
	const uint32_t want = twice < most ? (uint32_t)twice : most;

	if (!tcp_is(t, TCP_F_SNDBUF_SET) && want > t->sndbuf_bytes && !sp_tcp_mem_pressure(s))
		t->sndbuf_bytes = want;
}

/* A round trip took this long: the least of the window follows. */
static inline void
sp_tcp_note_min_rtt(const struct sampan *s, struct tcp_tcb *t, sampan_dur rtt)
{
	const uint32_t us = rtt < SAMPAN_SEC(60) ? (uint32_t)(rtt / 1000) : 60000000u;
	struct tcp_tx *tx = tcp_tx_if_any(s, t);
	struct tcp_min_rtt m = {
		.least_us = t->min_rtt_us,
		.least_at_s = t->min_rtt_at_s,
		.later_us = tx != NULL ? tx->later_min_rtt_us : 0,
	};

	sp_tcp_min_rtt(&m, us != 0 ? us : 1, (uint16_t)(s->now / SAMPAN_SEC(1)),
	    (uint16_t)sp_setting(s, SAMPAN_SET_TCP_MIN_RTT_WLEN));
	t->min_rtt_us = m.least_us;
	t->min_rtt_at_s = m.least_at_s;
	if (tx != NULL)
		tx->later_min_rtt_us = m.later_us;
}

/* ordered: the round trip of what arrived in order, 0: nothing did.  Only that may be
 * the least: what overtook others has shown how short another way is. */
static inline void
sp_tcp_take_sample(const struct sampan *s, struct tcp_tcb *t, sampan_dur rtt, sampan_dur ordered,
    uint32_t flight_bytes)
{
	sp_tcp_rtt_sample(&t->rtt, rtt, tcp_rtt_samples(flight_bytes, t->mss_bytes));
	if (ordered != 0)
		sp_tcp_note_min_rtt(s, t, ordered);
	t->backoff = 0;			/* RFC 6298 §5 (R-6298-14, R-2525-8) */
}

/* Something new was acknowledged: what that means beyond loss and congestion. */
static inline void
sp_tcp_go_on(struct sampan *s, struct tcp_tcb *t)
{
	sp_tcp_on_progress(s, t);
	sp_tcp_tune_send_buffer(s, t);
	if (tcp_is(t, TCP_F_WANT_ROOM))
		sp_tcp_tell_room(s, t);
	if (t->neigh != 0)
		sp_neigh_progress(s, t->neigh);
}

/* ---- tcp_ack_fast.c, tcp_in_ack.c ---- */

/* An acknowledgement in range, not below SND.UNA, where nothing is amiss.  False: it
 * is not so, and nothing has changed. */
bool sp_tcp_ack_fast(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg);

/* The same of any: what is in flight, and what the acknowledgement says about it. */
void sp_tcp_ack_slow(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg);

/* R-9293-19; RFC 7323 §2.3 (R-7323-4); RFC 5961 §5.2 (R-5961-7).  SND.WL2 is not
 * kept: RFC 9293 asks for SND.WL2 =< SEG.ACK, and whatever it was taken from has
 * moved SND.UNA at least there, below which SEG.ACK is not looked at. */
static inline void
sp_tcp_update_window(struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const uint32_t wnd = seg->wnd << t->snd_scale;

	if (seq_lt(seg->ack, t->snd.una))
		return;
	if (seq_lt(seg->seq, t->snd.wl1))
		return;
	t->snd.wnd_bytes = wnd;
	t->snd.wl1 = seg->seq;
	if (wnd > t->snd_max_wnd_bytes)
		t->snd_max_wnd_bytes = wnd;
}

/* The part of the fifth step that is about an acknowledgement in range, not older
 * than SND.UNA - MAX.SND.WND. */
static inline void
sp_tcp_take_ack(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	/* With nothing in flight, or remembered of it, there is nothing to learn. */
	const bool news = !seq_lt(seg->ack, t->snd.una) &&
	    (t->tx != 0 || seq_lt(t->snd.una, seg->ack));

	if (news && !sp_tcp_ack_fast(s, t, seg))
		sp_tcp_ack_slow(s, t, seg);
	sp_tcp_update_window(t, seg);
	/* The peer answers, and what waits, waits for its window: MUST-37, SHLD-17. */
	if (tcp_is(t, TCP_F_PERSIST) || seq_eq(t->snd.una, t->snd.nxt) || t->snd.wnd_bytes == 0)
		t->retries = 0;
}

#endif
