/*
 * tcp_timer.c - the deadlines of a connection.  RFC 9293 §3.10.8, RFC 6298 §5.
 *
 * Theory of operation.  A connection has several deadlines and one node in the
 * stack's wheel.  The node is never later than the earliest deadline, but it
 * may be earlier: a deadline that moves away or is called off leaves the node
 * where it is, and when that goes off too early it is simply armed again.  So
 * a connection that sends and is acknowledged all the time touches the wheel
 * once a time-out, not twice a segment.  Only a connection that comes to rest,
 * with no deadline left, takes its node out: otherwise the wheel would move it
 * from level to level and fire it for nothing, each a cache miss.
 *
 * Other files report what happened (sp_tcp_on_*); this one decides what that
 * means for the deadlines.  Nothing is sent here: time-outs leave intent.
 *
 * TCP_AT_RTX is two timers that exclude each other: the retransmission timer
 * while something is outstanding, the persist timer (TCP_F_PERSIST) while the
 * peer's window keeps everything back and nothing is.
 *
 * DEVIATES: R-8985-17: the retransmission deadline runs on beside that of
 * tcp_loss.c, so that nothing which moves the latter can put it off.
 */
#include "tcp/tcp_timer.h"

#include "net/neigh.h"
#include "tcp/tcp_delack.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_evict.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_loss.h"
#include "tcp/tcp_mtu_probe.h"
#include "tcp/tcp_pmtu.h"
#include "tcp/tcp_recovery.h"

/* The longest that TCP_CORK holds back: option.h. */
#define CORK_MAX SAMPAN_MS(200)
/* Time-outs that a connection without a socket survives: about 100 s, as Linux. */
#define ORPHAN_RETRIES 8

void
sp_tcp_timer_rest(struct sampan *s, struct tcp_tcb *t)
{
	tcp_clear(t, TCP_F_DIRTY);
	sp_wheel_remove(&s->wheel, &s->arena, &t->timer);
}

void
sp_tcp_timer_sync(struct sampan *s, struct tcp_tcb *t)
{
	sp_tick first = sp_tick_of(s->now) + SP_TICK_FAR;

	tcp_clear(t, TCP_F_DIRTY);
	if (t->armed == 0)
		return;
	for (unsigned left = t->armed; left != 0; left &= left - 1) {
		const sp_tick *at = tcp_deadline(s, t, (enum tcp_deadline)__builtin_ctz(left));

		if (sp_tick_before(*at, first))
			first = *at;
	}
	if (sp_timer_armed(&t->timer)) {
		if (!sp_tick_before(first, t->timer.at))
			return;
		sp_wheel_remove(&s->wheel, &s->arena, &t->timer);
	}
	sp_wheel_add(&s->wheel, &s->arena, &t->timer, first);
}

/* With a struct tcp_rare: not past the user's time-out. */
void
sp_tcp_arm_rtx_rare(struct sampan *s, struct tcp_tcb *t)
{
	sampan_dur wait = tcp_rto(s, t, t->backoff);

	if (tcp_rare_of(s, t)->user_timeout_ms != 0) {
		const sampan_dur waited = sp_tick_since(tcp_rare_of(s, t)->progress_at, s->now);
		const sampan_dur most = SAMPAN_MS(tcp_rare_of(s, t)->user_timeout_ms);
		const sampan_dur left = most > waited ? most - waited : 0;

		wait = left < wait ? left : wait;
	}
	sp_tcp_arm(s, t, TCP_AT_RTX, wait);
}

/* Waiting for the peer begins, or begins anew. */
static void
note_progress(struct sampan *s, struct tcp_tcb *t)
{
	if (t->rare != 0)
		tcp_rare_of(s, t)->progress_at = sp_tick_of(s->now);
}

/* A SYN of ours waits to be sent: it is to be given up even if it never can. */
void
sp_tcp_on_syn_due(struct sampan *s, struct tcp_tcb *t)
{
	note_progress(s, t);
	sp_tcp_arm_rtx(s, t);
}

/* Something left that must be acknowledged.  RFC 6298 §5.1 (R-6298-10). */
void
sp_tcp_start_rtx(struct sampan *s, struct tcp_tcb *t)
{
	if (tcp_is(t, TCP_F_PERSIST)) {
		tcp_clear(t, TCP_F_PERSIST);
		sp_tcp_disarm(t, TCP_AT_RTX);
		t->backoff = 0;
	}
	if (!tcp_armed(t, TCP_AT_RTX)) {
		note_progress(s, t);
		sp_tcp_arm_rtx(s, t);
	}
}

/* A probe for a lost tail left: what follows is the retransmission timer's.
 * RFC 8985 §7.3 (R-8985-15). */
void
sp_tcp_on_probe_sent(struct sampan *s, struct tcp_tcb *t)
{
	sp_tcp_disarm(t, TCP_AT_LOSS);
	sp_tcp_arm_rtx(s, t);
}

/* Something new was acknowledged: what a struct tcp_rare remembers of it. */
void
sp_tcp_note_progress(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_rare *r = tcp_rare_of(s, t);

	note_progress(s, t);
	if (r->held_mtu_bytes != 0 && seq_lt(r->held_seq, t->snd.una))
		r->held_mtu_bytes = 0;
	if (r->mtup.size_bytes != 0)
		sp_tcp_mtup_acked(s, t);
}

/* By the application: TCP_CORK, MSG_MORE. */
static bool
is_held_back(const struct sampan *s, const struct tcp_tcb *t)
{
	return tcp_is(t, TCP_F_CORK) || (t->tx != 0 && tcp_tx_of(s, t)->more);
}

/* There is something to send, nothing outstanding, and the window forbids it.
 * RFC 9293 §3.8.6.1 (SHLD-29): probes begin after one RTO. */
void
sp_tcp_on_blocked(struct sampan *s, struct tcp_tcb *t)
{
	if (tcp_armed(t, TCP_AT_RTX))
		return;
	note_progress(s, t);
	tcp_set(t, TCP_F_PERSIST);
	sp_tcp_arm_rtx(s, t);
	if (is_held_back(s, t) && t->snd.wnd_bytes > 0 &&
	    sp_tick_before(sp_tick_after(s->now, CORK_MAX), t->at[TCP_AT_RTX]))
		sp_tcp_arm(s, t, TCP_AT_RTX, CORK_MAX);
}

/* There was no memory for what the application wants to send; nothing in flight
 * will bring an acknowledgement that tells it to try again, so the persist
 * timer will. */
void
sp_tcp_on_starved(struct sampan *s, struct tcp_tcb *t)
{
	if (seq_eq(t->snd.una, t->snd.nxt))
		sp_tcp_on_blocked(s, t);
}

/* An acknowledgement is owed and nothing that could carry it was sent. */
void
sp_tcp_on_ack_owed(struct sampan *s, struct tcp_tcb *t)
{
	if (!tcp_armed(t, TCP_AT_ACK))
		sp_tcp_arm(s, t, TCP_AT_ACK, sp_tcp_delack_dur(s, t));
}

/* How many time-outs in a row the connection survives: R2, RFC 9293 §3.8.3
 * (SHLD-11); of SYN at least 3 minutes (MUST-22, MUST-23, 5-D1). */
static unsigned
retries_allowed(const struct sampan *s, const struct tcp_tcb *t)
{
	const unsigned orphan = (unsigned)sp_setting(s, SAMPAN_SET_TCP_ORPHAN_RETRIES);
	const unsigned syncnt = t->rare != 0 ? tcp_rare_of(s, t)->syncnt : 0;

	if (t->state == SAMPAN_TCP_SYN_SENT || t->state == SAMPAN_TCP_SYN_RECEIVED)
		return syncnt != 0 ? syncnt : (unsigned)sp_setting(s, SAMPAN_SET_TCP_SYN_RETRIES);
	if (!sp_endpoint_attached(&t->ep) && !tcp_is(t, TCP_F_QUEUED))
		return orphan != 0 ? orphan : ORPHAN_RETRIES;
	return (unsigned)sp_setting(s, SAMPAN_SET_TCP_RETRIES2);
}

/* RFC 9293 §3.8.6.1 (MUST-36, MUST-37, SHLD-30): probes go on for as long as they are
 * answered (which resets `retries`), at growing distances. */
static void
persist_timeout(struct sampan *s, struct tcp_tcb *t)
{
	if (sp_tcp_unsent(s, t) == 0) {		/* starved, not blocked */
		tcp_clear(t, TCP_F_PERSIST);
		tcp_clear(t, TCP_F_WANT_ROOM);
		sp_endpoint_raise(s, &t->ep, SAMPAN_WRITABLE);
		return;
	}
	tcp_set(t, TCP_F_PROBE_DUE);
	sp_count(s, SAMPAN_COUNT_TCP_PROBES);
	if (t->backoff < UINT8_MAX)
		t->backoff++;
	sp_tcp_arm_rtx(s, t);
}

/* RFC 6298 §5.4 to §5.6 (R-6298-11). */
static void
retransmission_timeout(struct sampan *s, struct tcp_tcb *t)
{
	sp_count(s, SAMPAN_COUNT_TCP_TIMEOUTS);
	if (t->state == SAMPAN_TCP_SYN_SENT)
		sp_tcp_ecn_syn_lost(t);
	if (t->state == SAMPAN_TCP_SYN_SENT || t->state == SAMPAN_TCP_SYN_RECEIVED)
		tcp_set(t, TCP_F_SYN_DUE);
	else
		sp_tcp_recovery_timeout(s, t);
	sp_tcp_loss_rearm(s, t);
	if (t->backoff < UINT8_MAX)
		t->backoff++;
	sp_tcp_arm_rtx(s, t);
}

/* Is it time to give the connection up?  By the count (R2), or by the time that
 * the application allows (RFC 5482; R-5482-10, R-WND-12, R-MISC-11).  RFC 9293 §3.8.3
 * (MUST-20, MUST-21), §3.10.8 (R-9293-31). */
static bool
given_up(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t user_ms = t->rare != 0 ? tcp_rare_of(s, t)->user_timeout_ms : 0;

	if (user_ms == 0)
		return t->retries >= retries_allowed(s, t);
	return sp_tick_since(tcp_rare_of(s, t)->progress_at, s->now) >= SAMPAN_MS(user_ms);
}

/* What the time-outs are blamed on: an ICMP error, if there was one. */
static int
blame(const struct tcp_tcb *t)
{
	return t->ep.soft_error != 0 ? -(int)t->ep.soft_error : SAMPAN_ETIMEDOUT;
}

static void
rtx_expired(struct sampan *s, struct tcp_tcb *t)
{
	if (given_up(s, t)) {
		if (t->state == SAMPAN_TCP_SYN_SENT || t->state == SAMPAN_TCP_SYN_RECEIVED)
			sp_count(s, SAMPAN_COUNT_TCP_ATTEMPT_FAILS);
		sp_tcp_fail(s, t, blame(t));
		return;
	}
	if (sp_tcp_evict_slow(s, t))
		return;
	t->retries++;
	if (t->retries == sp_setting(s, SAMPAN_SET_TCP_RETRIES1)) {
		/* R1 (MUST-20, SHLD-10): perhaps the way is the trouble.  Who asks
		 * is told (SHLD-9), unless something better is known. */
		if (t->ep.soft_error == 0)
			t->ep.soft_error = (uint8_t)-SAMPAN_ETIMEDOUT;
		if (t->neigh != 0)
			sp_neigh_doubt(s, t->neigh);
		sp_tcp_path_release(s, t);
	}
	if (t->retries >= sp_setting(s, SAMPAN_SET_TCP_RETRIES1))
		sp_tcp_mtup_black_hole(s, t);
	if (t->rare != 0)
		sp_tcp_pmtu_timeout(s, t);
	if (tcp_is(t, TCP_F_PERSIST))
		persist_timeout(s, t);
	else
		retransmission_timeout(s, t);
}

static void
life_expired(struct sampan *s, struct tcp_tcb *t)
{
	const bool unheld = !sp_endpoint_attached(&t->ep);
	const bool waits = t->state == SAMPAN_TCP_FIN_WAIT_2 && unheld;
	const bool abort = waits && t->rare != 0 && tcp_rare_of(s, t)->linger2_s < 0;

	if (!abort && (waits || t->state == SAMPAN_TCP_TIME_WAIT))
		sp_tcp_enter(s, t, SAMPAN_TCP_CLOSED);
	else if (!abort && tcp_is(t, TCP_F_KEEPALIVE))
		sp_tcp_keepalive_expired(s, t);
	else if (abort || sp_tcp_is_orphan(t))
		sp_tcp_orphan_expired(s, t);
}

/* Is it armed and due?  Then it is armed no more. */
static bool
expired(struct sampan *s, struct tcp_tcb *t, enum tcp_deadline which)
{
	if (!tcp_armed(t, which) || sp_tick_before(sp_tick_of(s->now), *tcp_deadline(s, t, which)))
		return false;
	sp_tcp_disarm(t, which);
	return true;
}

void
sp_tcp_tcb_timer(struct sampan *s, struct tcp_tcb *t)
{
	tcp_set(t, TCP_F_DIRTY);	/* the node is out of the wheel */
	if (expired(s, t, TCP_AT_ACK))
		sp_tcp_delack_expired(s, t);
	(void)expired(s, t, TCP_AT_PACE);	/* its turn at the link is all that it needs */
	if (expired(s, t, TCP_AT_LIFE))
		life_expired(s, t);
	else if (expired(s, t, TCP_AT_LOSS))
		sp_tcp_loss_timer(s, t);
	else if (expired(s, t, TCP_AT_RTX))
		rtx_expired(s, t);
	sp_tcp_settle(s, t);
}

void
sp_tcp_timer(struct sampan *s, enum sp_kind kind, struct sp_timer *timer)
{
	uint8_t *record = (uint8_t *)timer - offsetof(struct tcp_tcb, timer);

	if (kind == SP_KIND_TCB)
		sp_tcp_tcb_timer(s, (struct tcp_tcb *)(void *)record);
	else if (kind == SP_KIND_HALF_OPEN)
		sp_tcp_half_open_timer(s, (struct tcp_half_open *)(void *)record);
	else if (kind == SP_KIND_TIME_WAIT)
		sp_tcp_time_wait_timer(s, (struct tcp_time_wait *)(void *)record);
}
