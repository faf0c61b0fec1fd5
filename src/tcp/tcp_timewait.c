/*
 * tcp_timewait.c - TIME-WAIT as a compact record.  RFC 9293 §3.6.1 (MUST-13),
 * §3.10.7.4; RFC 1337; RFC 6191.
 *
 * Answers what still needs an answer, and is revived by a SYN that is newer
 * than what it remembers.  It answers nothing to a bare acknowledgement, so
 * that two of them cannot talk to each other forever (R-V-34).
 */
#include "tcp/tcp_int.h"

/* Of net.ipv4.tcp_tw_reuse. */
#define TW_REUSE_ALWAYS 1

static uint8_t
features_of(const struct tcp_tcb *t)
{
	return (uint8_t)(t->rcv_scale << 4 | (tcp_is(t, TCP_F_TS) ? 1 : 0));
}

static bool
has_ts(const struct tcp_time_wait *w)
{
	return (w->has & 1) != 0;
}

static void
arm(struct sampan *s, struct tcp_time_wait *w, sampan_dur dur)
{
	sp_wheel_remove(&s->wheel, &s->arena, &w->timer);
	sp_wheel_add(&s->wheel, &s->arena, &w->timer, sp_tick_after(s->now, dur));
}

/* 5-D2: the MSL is a setting; 30 s, not the 2 minutes that RFC 9293 assumes. */
static sampan_dur
two_msl(const struct sampan *s)
{
	return 2 * SAMPAN_MS(sp_setting(s, SAMPAN_SET_TCP_MSL));
}

static void
forget(struct sampan *s, struct tcp_time_wait *w)
{
	const uint32_t ref = sp_ref(&s->arena, w);

	sp_wheel_remove(&s->wheel, &s->arena, &w->timer);
	sp_tcp_remove(s, &w->flow, ref);
	sp_tcp(s)->time_wait--;
	w->flow.local_port = 0;
	sp_pool_give(&s->arena, SP_KIND_TIME_WAIT, ref);
}

void
sp_tcp_time_wait_timer(struct sampan *s, struct tcp_time_wait *w)
{
	forget(s, w);
}

/* DEVIATES: R-1337-3: past the limit the newest is not kept, in place of the
 * oldest: no list holds them by age, and a flood cannot push others out. */
void
sp_tcp_time_wait_from(struct sampan *s, struct tcp_tcb *t)
{
	const sp_tick end = t->at[TCP_AT_LIFE];
	const uint32_t old = sp_ref(&s->arena, t);
	struct tcp_time_wait *w;
	uint32_t ref = 0;

	if (sp_tcp(s)->time_wait < (uint64_t)sp_setting(s, SAMPAN_SET_TCP_MAX_TW))
		ref = sp_pool_take(&s->arena, SP_KIND_TIME_WAIT);
	if (ref == 0) {
		sp_count(s, SAMPAN_COUNT_TCP_TIME_WAIT_OVERFLOW);
	} else {
		w = sp_at(&s->arena, ref);
		*w = (struct tcp_time_wait){
			.flow = t->flow,
			.snd_nxt = t->snd.nxt,
			.rcv_nxt = t->rcv.nxt,
			.ts_recent = t->ts_recent,
			.wnd = (uint16_t)(tcp_rcv_wnd(t) >> t->rcv_scale),
			.link = t->link,
			.has = features_of(t),
		};
		sp_tcp_replace(s, &t->flow, old, ref, TCP_TAG_TIME_WAIT);
		tcp_clear(t, TCP_F_IN_TABLE);
		sp_tcp(s)->time_wait++;
		sp_wheel_add(&s->wheel, &s->arena, &w->timer, end);
	}
	sp_tcp_enter(s, t, SAMPAN_TCP_CLOSED);
	sp_tcp_rest(s, t);
}

static void
acknowledge(struct sampan *s, const struct tcp_time_wait *w)
{
	struct tcp_bare bare = {
		.flow = &w->flow,
		.seq = w->snd_nxt,
		.ack = w->rcv_nxt,
		.flags = TCP_ACK,
		.wnd = w->wnd,
	};

	if (!sp_tcp_may_answer(s, &w->flow))		/* R-1337-2 */
		return;
	if (has_ts(w)) {
		bare.opts.has_ts = true;
		bare.opts.tsval = sp_tcp_ts_now(s, sp_tcp_ts_offset(s, &w->flow));
		bare.opts.tsecr = w->ts_recent;
	}
	sp_tcp_send_bare(s, &bare);
}

/* RFC 6191 §2 (R-6191-1 to R-6191-5), RFC 9293 §3.6.1 (SHLD-4, MAY-2): may this
 * SYN begin a new connection?  The last number seen is the FIN's, RCV.NXT - 1. */
static bool
syn_is_newer(const struct tcp_time_wait *w, const struct tcp_seg *seg)
{
	const bool seq_newer = seq_le(w->rcv_nxt, seg->seq);

	if (!has_ts(w))
		return seg->opts.has_ts || seq_newer;
	if (!seg->opts.has_ts)
		return seq_newer;
	if (seg->opts.tsval == w->ts_recent)
		return seq_newer;
	return (int32_t)(seg->opts.tsval - w->ts_recent) > 0;
}

/* The listener that takes the segment, if that is a SYN which begins a new connection;
 * else NULL. */
static const struct tcp_tcb *
revived_by(const struct sampan *s, const struct tcp_time_wait *w, const struct tcp_seg *seg)
{
	const struct tcp_tcb *listener = sp_tcp_find_listener(s, &w->flow);

	if ((seg->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) != TCP_SYN ||
	    listener == NULL || !syn_is_newer(w, seg) ||
	    tcp_listen_of(s, listener)->ready_count > tcp_listen_of(s, listener)->backlog)
		return NULL;
	return listener;
}

/* R-6191-7: beyond everything that the old connection may have sent. */
static tcp_seq
iss_after(tcp_seq snd_nxt)
{
	return seq_add(snd_nxt, 65535 + 2);
}

/* True: the record is gone and the SYN is a new connection's. */
static bool
revive(struct sampan *s, struct tcp_time_wait *w, const struct tcp_seg *seg)
{
	const tcp_seq after = iss_after(w->snd_nxt);
	const struct tcp_tcb *listener = revived_by(s, w, seg);

	if (listener == NULL)
		return false;
	forget(s, w);
	sp_tcp_half_open_new(s, listener, seg, &after);
	return true;
}

/* The same where a socket still holds the old connection: it keeps a control
 * block in CLOSED. */
bool
sp_tcp_time_wait_revive(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const tcp_seq after = iss_after(t->snd.nxt);
	const struct tcp_time_wait w = {
		.flow = t->flow,
		.rcv_nxt = t->rcv.nxt,
		.ts_recent = t->ts_recent,
		.has = features_of(t),
	};
	const struct tcp_tcb *listener = NULL;

	if (t->state == SAMPAN_TCP_TIME_WAIT)
		listener = revived_by(s, &w, seg);
	if (listener == NULL)
		return false;
	sp_tcp_enter(s, t, SAMPAN_TCP_CLOSED);
	sp_tcp_half_open_new(s, listener, seg, &after);
	return true;
}

bool
sp_tcp_time_wait_reusable(const struct sampan *s, const struct tcp_time_wait *w)
{
	const sampan_time end = sp_tick_time(w->timer.at, s->now);
	const sampan_dur left = end > s->now ? end - s->now : 0;

	return sp_setting(s, SAMPAN_SET_TCP_TW_REUSE) == TW_REUSE_ALWAYS &&
	    sp_setting(s, SAMPAN_SET_TCP_TIMESTAMPS) != 0 && has_ts(w) &&
	    left + SAMPAN_SEC(1) <= two_msl(s);
}

tcp_seq
sp_tcp_time_wait_reuse(struct sampan *s, struct tcp_time_wait *w)
{
	const tcp_seq after = iss_after(w->snd_nxt);

	sp_count(s, SAMPAN_COUNT_TCP_TIME_WAIT_REUSED);
	forget(s, w);
	return after;
}

/* Inside the window that was last offered. */
static bool
in_window(const struct tcp_time_wait *w, const struct tcp_seg *seg)
{
	const uint32_t wnd = (uint32_t)w->wnd << (w->has >> 4);

	return wnd > 0 && seg->len > 0 && seq_overlap(seg->seq, seg->len, w->rcv_nxt, wnd);
}

/* DEVIATES: R-6191-6: an old SYN is answered with an acknowledgement, so that a
 * half-open peer finds out (5-D4), not dropped in silence.
 *
 * DEVIATES: R-9293-10: what has no length is not answered, or two records could
 * talk to each other forever (R-V-34).
 */
void
sp_tcp_arrives_time_wait(struct sampan *s, struct tcp_time_wait *w, struct tcp_seg *seg)
{
	if (revive(s, w, seg))
		return;
	sp_drop(s, SAMPAN_DROP_TCP_TIME_WAIT, seg->pkt->link);
	if ((seg->flags & TCP_RST) != 0) {		/* RFC 1337 §3 (R-1337-1) */
		if (sp_setting(s, SAMPAN_SET_TCP_RFC1337) == 0 && seq_eq(seg->seq, w->rcv_nxt))
			forget(s, w);
		return;
	}
	if (has_ts(w) && !seg->opts.has_ts && (seg->flags & TCP_SYN) == 0)
		return;					/* R-7323-10 */
	if ((seg->flags & TCP_FIN) != 0 && seq_eq(seq_add(seg->seq, seg->len), w->rcv_nxt) &&
	    (!has_ts(w) || (int32_t)(seg->opts.tsval - w->ts_recent) >= 0))	/* R-1337-4 */
		arm(s, w, two_msl(s));			/* R-9293-21 */
	if ((seg->flags & (TCP_ACK | TCP_SYN)) == 0 && in_window(w, seg))
		return;					/* R-9293-16 */
	if (seg->len > 0)
		acknowledge(s, w);
}
