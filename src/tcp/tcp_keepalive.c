/*
 * tcp_keepalive.c - is the peer still there?  RFC 9293 §3.8.4 (MAY-5).
 *
 * Off by default (MUST-25), switched per connection (MUST-24).  The deadline is
 * armed once and not moved by traffic: when it goes off it is compared with
 * when the peer was last heard, and armed for what is left.  So a busy
 * connection pays nothing for it.
 */
#include "tcp/tcp_int.h"

static sampan_dur
setting_dur(const struct sampan *s, uint32_t own_s, enum sampan_setting setting)
{
	return SAMPAN_SEC(own_s != 0 ? own_s : sp_setting(s, setting));
}

/* MUST-27; 2 h unless somebody says otherwise (MUST-28). */
static sampan_dur
idle_dur(const struct sampan *s, const struct tcp_tcb *t)
{
	return setting_dur(s, t->rare != 0 ? tcp_rare_of(s, t)->keepidle_s : 0,
	    SAMPAN_SET_TCP_KEEP_TIME);
}

/* 75 s (R-2525-7). */
static sampan_dur
interval_dur(const struct sampan *s, const struct tcp_tcb *t)
{
	return setting_dur(s, t->rare != 0 ? tcp_rare_of(s, t)->keepintvl_s : 0,
	    SAMPAN_SET_TCP_KEEP_INTVL);
}

static unsigned
probes_allowed(const struct sampan *s, const struct tcp_tcb *t)
{
	const unsigned own = t->rare != 0 ? tcp_rare_of(s, t)->keepcnt : 0;

	return own != 0 ? own : (unsigned)sp_setting(s, SAMPAN_SET_TCP_KEEP_PROBES);
}

/* States in which TCP_AT_LIFE is keepalive's. */
static bool
applies(const struct tcp_tcb *t)
{
	return t->state == SAMPAN_TCP_ESTABLISHED || t->state == SAMPAN_TCP_CLOSE_WAIT ||
	    t->state == SAMPAN_TCP_FIN_WAIT_1 || t->state == SAMPAN_TCP_CLOSING ||
	    t->state == SAMPAN_TCP_LAST_ACK ||
	    (t->state == SAMPAN_TCP_FIN_WAIT_2 && sp_endpoint_attached(&t->ep));
}

void
sp_tcp_on_keepalive(struct sampan *s, struct tcp_tcb *t)
{
	sampan_dur quiet;

	if (!applies(t))
		return;
	sp_tcp_disarm(t, TCP_AT_LIFE);
	if (!tcp_is(t, TCP_F_KEEPALIVE))
		return;
	quiet = sp_tick_since(t->heard_at, s->now);
	sp_tcp_arm(s, t, TCP_AT_LIFE, quiet < idle_dur(s, t) ? idle_dur(s, t) - quiet : 0);
}

/* Long enough unanswered?  One probe is not enough (MUST-29).  RFC 5482's
 * time-out, where set, replaces the count. */
static bool
gone(const struct sampan *s, const struct tcp_tcb *t, sampan_dur quiet)
{
	const uint32_t user_ms = t->rare != 0 ? tcp_rare_of(s, t)->user_timeout_ms : 0;

	if (user_ms != 0)
		return t->retries > 0 && quiet >= SAMPAN_MS(user_ms);
	return t->retries >= probes_allowed(s, t);
}

void
sp_tcp_keepalive_expired(struct sampan *s, struct tcp_tcb *t)
{
	const sampan_dur quiet = sp_tick_since(t->heard_at, s->now);

	/* MUST-26: only when nothing is outstanding or waits to be sent. */
	if (!seq_eq(t->snd.una, t->snd.nxt) || tcp_queued_bytes(s, t) != 0) {
		sp_tcp_arm(s, t, TCP_AT_LIFE, idle_dur(s, t));
		return;
	}
	if (quiet < idle_dur(s, t)) {
		t->retries = 0;
		sp_tcp_arm(s, t, TCP_AT_LIFE, idle_dur(s, t) - quiet);
		return;
	}
	if (gone(s, t, quiet)) {
		sp_tcp_send_abort(s, t);
		sp_tcp_fail(s, t, SAMPAN_ETIMEDOUT);
		return;
	}
	t->retries++;
	tcp_set(t, TCP_F_PROBE_DUE);	/* SHLD-12: without text, below SND.NXT */
	sp_count(s, SAMPAN_COUNT_TCP_KEEPALIVES);
	sp_tcp_arm(s, t, TCP_AT_LIFE, interval_dur(s, t));
}
