/*
 * tcp_pace.c - see tcp_pace.h.
 *
 * Theory of operation.  Text leaves in quanta: what the rate allows in a millisecond,
 * one segment at least.  pace_at is when the last byte sent would be through if the path
 * had exactly this rate; a new quantum begins when that has come, and not before.  What
 * is left of a quantum may leave at any time, in as many frames as it takes, as the link
 * asks for them.  So the timer of the connection goes off once a quantum, not once a
 * segment, and however late it or the link are, the rate is kept: up to LATE is made
 * good.  Longer silence is not, so that nothing is saved up for a burst: in any time
 * leaves what the rate allows in it and two quanta at most.
 *
 * Who paces: connections whose congestion control asks for it (struct tcp_cc_ops), whose
 * application sets SO_MAX_PACING_RATE, and all where net.sampan.tcp_pacing says so.
 * Where the control names no rate, it is the window over a round trip, and something on
 * top so that the window stays the limit: the ratios are Linux's.  The first window
 * leaves at once as in Linux, which knows no rate then, unless a setting forbids it.
 *
 * What it costs where it is not used: one look at a bit of struct tcp_tx for each frame.
 */
#include "tcp/tcp_pace.h"

#include "tcp/tcp_facts.h"
#include "tcp/tcp_int.h"

/* A quantum lasts as long, and lateness of as much is made good. */
#define QUANTUM_DUR SAMPAN_MS(1)
#define LATE SAMPAN_MS(1)
/* No more at once: one big frame. */
#define QUANTUM_MAX 65536u
/* Without a round trip: draft-ietf-ccwg-bbr §5.6.2. */
#define RTT_UNKNOWN SAMPAN_MS(1)

static uint64_t
asked_rate(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint64_t most = t->rare != 0 ? tcp_rare_of(s, t)->max_pace_bytes_per_s : 0;

	return most != 0 ? most : UINT64_MAX;
}

void
sp_tcp_pace_begin(const struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_if_any(s, t);

	if (tx == NULL)
		return;
	tx->paced = sp_tcp_cc_ops(t->cc_id)->paces || sp_setting(s, SAMPAN_SET_TCP_PACING) != 0 ||
	    asked_rate(s, t) != UINT64_MAX;
	if (!tx->paced)
		sp_tcp_disarm(t, TCP_AT_PACE);
}

/* A window in a round trip, and more. */
static uint64_t
window_rate(const struct sampan *s, const struct tcp_tcb *t)
{
	const sampan_dur srtt = t->rtt.srtt_us8 != 0 ? sp_tcp_rtt_srtt(&t->rtt) : RTT_UNKNOWN;
	const enum sampan_setting ratio = t->cc.cwnd_bytes < t->cc.ssthresh_bytes / 2 ?
	    SAMPAN_SET_TCP_PACING_SS_RATIO : SAMPAN_SET_TCP_PACING_CA_RATIO;
	const uint64_t bytes = (uint64_t)t->cc.cwnd_bytes * (uint64_t)sp_setting(s, ratio) / 100;

	return bytes * 1000000 / (srtt >= SAMPAN_US(1) ? srtt / SAMPAN_US(1) : 1);
}

uint64_t
sp_tcp_pace_rate(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint64_t of_control = tcp_tx_of(s, t)->pace.bytes_per_s;
	const uint64_t rate = of_control != 0 ? of_control : window_rate(s, t);
	const uint64_t most = asked_rate(s, t);
	const uint64_t least = rate < most ? rate : most;

	return least != 0 ? least : 1;
}

/* In whole segments. */
static uint32_t
quantum(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t of_control = tcp_tx_of(s, t)->pace.quantum_bytes;
	const uint64_t rate = sp_tcp_pace_rate(s, t);
	uint64_t bytes = rate / (SAMPAN_SEC(1) / QUANTUM_DUR);

	if (of_control != 0) {	/* which may be more than that at a low rate */
		bytes = bytes > 2u * t->mss_bytes ? bytes : 2u * t->mss_bytes;
		bytes = bytes < of_control ? bytes : of_control;
	}
	if (bytes > QUANTUM_MAX)
		bytes = QUANTUM_MAX;
	bytes -= bytes % t->mss_bytes;
	return bytes != 0 ? (uint32_t)bytes : t->mss_bytes;
}

uint32_t
sp_tcp_pace_room(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t left = tcp_tx_of(s, t)->pace_left_bytes;

	return left != 0 ? left : quantum(s, t);
}

/* Has nothing been acknowledged yet?  RFC 6928. */
static bool
is_first_window(const struct tcp_tcb *t)
{
	return t->una_wraps == 0 && seq_diff(t->snd.una, t->iss) <= 1;
}

void
sp_tcp_pace_sent(struct sampan *s, struct tcp_tcb *t, uint32_t len)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	if (is_first_window(t) && sp_setting(s, SAMPAN_SET_TCP_PACING_INITIAL) == 0 &&
	    asked_rate(s, t) == UINT64_MAX)
		return;
	if (tx->pace_left_bytes == 0)
		tx->pace_left_bytes = quantum(s, t);
	if (s->now > tx->pace_at + LATE)
		tx->pace_at = s->now;
	tx->pace_at += (sampan_dur)len * SAMPAN_SEC(1) / sp_tcp_pace_rate(s, t);
	tx->pace_left_bytes -= len < tx->pace_left_bytes ? len : tx->pace_left_bytes;
}

void
sp_tcp_pace_wait(struct sampan *s, struct tcp_tcb *t)
{
	const struct tcp_tx *tx = tcp_tx_of(s, t);
	const bool fin = tcp_is(t, TCP_F_FIN_DUE) ||
	    (tcp_is(t, TCP_F_FIN_QUEUED) && !tcp_is(t, TCP_F_FIN_SENT));

	if (fin || sp_tcp_unsent(s, t) > 0 || tx->lost.first != 0 || tx->tlp_due)
		sp_tcp_arm(s, t, TCP_AT_PACE, tx->pace_at - s->now);
}
