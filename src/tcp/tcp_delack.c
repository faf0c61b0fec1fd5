/*
 * tcp_delack.c - see tcp_delack.h.
 *
 * Theory of operation.  A connection begins by acknowledging at once, so that a
 * slow-starting peer gets its window open (t->quick counts down).  As soon as
 * text of ours leaves shortly after text of the peer's, it is taken for a
 * conversation (TCP_F_PINGPONG): an acknowledgement may wait for the answer to
 * carry it.  How long is the peer's usual pause between two segments (t->ato),
 * from 40 to 200 ms; if it waited in vain, the conversation is over.
 */
#include "tcp/tcp_delack.h"

#include "tcp/tcp_int.h"

#define ATO_MIN_MS 40u
/* RFC 9293 §3.8.6.3 (MUST-40): strictly below 500 ms. */
#define ATO_MAX_MS 200u
#define QUICK_ACKS 16u

/* Text arrives again after `pause`: the estimate follows. */
static void
follow(const struct sampan *s, struct tcp_tcb *t, sampan_dur pause)
{
	const uint32_t pause_ms = pause < SAMPAN_SEC(60) ? (uint32_t)(pause / SAMPAN_MS(1)) : 60000;

	if (pause_ms <= ATO_MIN_MS / 2) {
		t->ato_ms = (uint8_t)(t->ato_ms / 2 + ATO_MIN_MS / 2);
	} else if (pause_ms < t->ato_ms) {
		const uint32_t ato_ms = t->ato_ms / 2 + pause_ms;

		t->ato_ms = (uint8_t)(ato_ms < ATO_MAX_MS ? ato_ms : ATO_MAX_MS);
	} else if (pause > tcp_rto(s, t, 0)) {
		t->quick = QUICK_ACKS;	/* it has been away: help it to start again */
	}
}

void
sp_tcp_delack_text(struct sampan *s, struct tcp_tcb *t)
{
	const uint32_t owed = seq_diff(t->rcv.nxt, t->rcv.acked);

	if (t->ato_ms == 0) {		/* the first text */
		t->ato_ms = ATO_MIN_MS;
		t->quick = QUICK_ACKS;
	} else {
		follow(s, t, sp_tick_since(t->got_at, s->now));
	}
	t->got_at = sp_tick_of(s->now);
	/* SHLD-18, SHLD-19; R-WND-8, R-WND-15: every second full segment at once. */
	if ((t->quick > 0 && !tcp_is(t, TCP_F_PINGPONG)) || owed >= 2u * t->mss_bytes ||
	    (t->rare != 0 && tcp_rare_of(s, t)->route_quickack))
		tcp_set(t, TCP_F_ACK_NOW);
	else
		tcp_set(t, TCP_F_ACK_DUE);
}

void
sp_tcp_delack_sent_text(struct sampan *s, struct tcp_tcb *t)
{
	if (t->ato_ms != 0 && sp_tick_since(t->got_at, s->now) < SAMPAN_MS(t->ato_ms))
		tcp_set(t, TCP_F_PINGPONG);
}

void
sp_tcp_delack_acked(struct tcp_tcb *t)
{
	if (t->quick > 0)
		t->quick--;
}

sampan_dur
sp_tcp_delack_dur(const struct sampan *s, const struct tcp_tcb *t)
{
	const sampan_dur srtt = sp_tcp_rtt_srtt(&t->rtt);
	sampan_dur wait = SAMPAN_MS(t->ato_ms > ATO_MIN_MS ? t->ato_ms : ATO_MIN_MS);

	(void)s;
	/* Not longer than a round trip, where that is known to be short. */
	if (wait > SAMPAN_MS(ATO_MIN_MS) && srtt != 0 && srtt < wait)
		wait = srtt > SAMPAN_MS(ATO_MIN_MS) ? srtt : SAMPAN_MS(ATO_MIN_MS);
	return wait;
}

void
sp_tcp_delack_expired(struct sampan *s, struct tcp_tcb *t)
{
	if (tcp_is(t, TCP_F_PINGPONG)) {
		tcp_clear(t, TCP_F_PINGPONG);
		t->ato_ms = ATO_MIN_MS;
	} else {
		t->ato_ms = t->ato_ms < ATO_MAX_MS / 2 ? (uint8_t)(t->ato_ms * 2) : ATO_MAX_MS;
	}
	tcp_set(t, TCP_F_ACK_NOW);
	sp_count(s, SAMPAN_COUNT_TCP_DELAYED_ACKS);
}

void
sp_tcp_delack_quick(struct tcp_tcb *t, bool on)
{
	t->quick = on ? QUICK_ACKS : 0;
	if (on) {
		tcp_clear(t, TCP_F_PINGPONG);
		if (!seq_eq(t->rcv.acked, t->rcv.nxt))
			tcp_set(t, TCP_F_ACK_NOW);
	} else {
		tcp_set(t, TCP_F_PINGPONG);
	}
}
