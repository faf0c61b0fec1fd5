/*
 * tcp_listen.c - half-open connections and the accept queue.
 * RFC 9293 §3.10.7.2 and §3.10.7.4 for SYN-RECEIVED; RFC 4987 §3.5 (R-4987-1).
 *
 * A SYN makes a record of 64 bytes, not a control block; it knows what its
 * SYN-ACK said and no more.  The acknowledgement that completes the handshake
 * turns it into a control block in the listener's accept queue, and is then
 * processed there like any other segment, text and all (R-9293-34).
 * Where there is no room for a record, a cookie takes its place: tcp_syncookie.c.
 */
#include "tcp/tcp_accecn.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_evict.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_source.h"

/* Half-open connections may take this part of all memory: SYNs are free to forge. */
#define MEMORY_SHARE 8
/* SYN-ACKs sent again while their table is half full. */
#define RETRIES_CROWDED 2

static unsigned
retries_of(const struct tcp_half_open *h)
{
	return h->has >> HALF_OPEN_RETRIES_SHIFT & 7u;
}

static uint16_t
features_of(const struct sampan *s, const struct tcp_opts *o, const struct tcp_tcb *listener)
{
	unsigned has = HALF_OPEN_NO_SCALE;

	if (o->has_wscale && sp_setting(s, SAMPAN_SET_TCP_WINDOW_SCALING) != 0)
		has = o->wscale < TCP_WSCALE_MAX ? o->wscale : TCP_WSCALE_MAX;
	if (o->has_ts && sp_setting(s, SAMPAN_SET_TCP_TIMESTAMPS) != 0)
		has |= HALF_OPEN_TS;
	if (o->sack_permitted && sp_setting(s, SAMPAN_SET_TCP_SACK) != 0)
		has |= HALF_OPEN_SACK;
	has |= (unsigned)sp_tcp_wnd_scale(s, listener) << HALF_OPEN_OWN_SCALE_SHIFT;
	return (uint16_t)has;
}

static uint8_t
own_scale(const struct tcp_half_open *h)
{
	return h->has >> HALF_OPEN_OWN_SCALE_SHIFT & 15;
}

/* What the SYN-ACK announces: the link's, and the listener may want less. */
static uint16_t
mss_of(const struct sampan *s, const struct tcp_half_open *h, const struct tcp_tcb *listener)
{
	const struct sp_local_addr *l = sp_local_find(s, 0, &h->flow.local);
	const uint16_t most = listener != NULL ? tcp_rare_of(s, listener)->maxseg_bytes : 0;
	const uint16_t own = sp_tcp_own_mss(s, l != NULL ? l->link : 0, &h->flow.remote);

	return most != 0 && most < own ? most : own;
}

/* The window that the SYN-ACK offers: the listener's buffer will be its own. */
static uint16_t
window_by(const struct sampan *s, const struct tcp_half_open *h, const struct tcp_tcb *listener,
    uint16_t mss)
{
	return sp_tcp_wnd_initial(s, listener, &h->flow.remote,
	    (h->has & HALF_OPEN_TS) != 0 ? mss - TCP_TS_BYTES : mss);
}

static uint16_t
window_of(const struct sampan *s, const struct tcp_half_open *h)
{
	const struct tcp_tcb *listener = sp_tcp_find_listener(s, &h->flow);

	return window_by(s, h, listener, mss_of(s, h, listener));
}

/* What each of its segments has: timestamps (R-7323-9), and the listener's DSCP
 * and TTL (MUST-48, MUST-49). */
static void
dress(struct sampan *s, const struct tcp_half_open *h, const struct tcp_tcb *listener,
    struct tcp_bare *bare)
{
	if (listener != NULL) {
		bare->tos = tcp_rare_of(s, listener)->tos;
		bare->ttl = tcp_rare_of(s, listener)->ttl;
	}
	bare->opts.has_ts = (h->has & HALF_OPEN_TS) != 0;
	if (!bare->opts.has_ts)
		return;
	bare->opts.tsval = sp_tcp_ts_now(s, sp_tcp_ts_offset(s, &h->flow));
	bare->opts.tsecr = h->ts_recent;
}

/* MUST-14, SHLD-5. */
static void
send_syn_ack(struct sampan *s, const struct tcp_half_open *h, const struct tcp_tcb *listener,
    bool cookie)
{
	const unsigned ace = sp_tcp_ecn_syn_ack(h, retries_of(h));
	struct tcp_bare bare = {
		.flow = &h->flow,
		.seq = h->iss,
		.ack = seq_add(h->irs, 1),
		.flags = TCP_SYN | TCP_ACK | tcp_ace_flags(ace),
		.ae = (ace & 4u) != 0,
	};

	if (sp_local_find(s, 0, &h->flow.local) == NULL)
		return;
	bare.opts.has_mss = true;
	bare.opts.mss = mss_of(s, h, listener);
	bare.wnd = window_by(s, h, listener, bare.opts.mss);
	bare.opts.sack_permitted = (h->has & HALF_OPEN_SACK) != 0;
	/* R-7323-2 */
	bare.opts.has_wscale = (h->has & HALF_OPEN_SCALE) != HALF_OPEN_NO_SCALE;
	bare.opts.wscale = own_scale(h);
	dress(s, h, listener, &bare);
	if (cookie && bare.opts.has_ts)
		bare.opts.tsval = sp_tcp_syncookie_tsval(h, bare.opts.tsval);
	if (ace > ACE_CLASSIC && retries_of(h) == 0)
		sp_tcp_accecn_first(s, &bare.opts.accecn);
	sp_tcp_send_bare(s, &bare);
}

/* RFC 5961 §3.2 (R-5961-3). */
static void
challenge(struct sampan *s, const struct tcp_half_open *h)
{
	struct tcp_bare bare = {
		.flow = &h->flow,
		.seq = seq_add(h->iss, 1),
		.ack = seq_add(h->irs, 1),
		.flags = TCP_ACK,
		.wnd = window_of(s, h),
	};

	if (!sp_tcp_may_answer(s, &h->flow))
		return;
	if ((h->has & HALF_OPEN_SCALE) != HALF_OPEN_NO_SCALE)
		bare.wnd = (uint16_t)(bare.wnd >> own_scale(h));
	dress(s, h, sp_tcp_find_listener(s, &h->flow), &bare);
	sp_tcp_send_bare(s, &bare);
	sp_count(s, SAMPAN_COUNT_TCP_CHALLENGES);
}

static void
arm(struct sampan *s, struct tcp_half_open *h)
{
	sp_wheel_add(&s->wheel, &s->arena, &h->timer,
	    sp_tick_after(s->now, TCP_RTO_INITIAL << retries_of(h)));
}

/* What the SYN asks for and we agree to. */
static struct tcp_half_open
half_open_of(struct sampan *s, const struct tcp_tcb *listener, const struct tcp_seg *seg)
{
	const bool v4 = sp_addr_is_v4(&seg->pkt->flow.remote);
	struct tcp_half_open h = {
		.flow = seg->pkt->flow,
		.irs = seg->seq,
		.ts_recent = seg->opts.tsval,
		.peer_mss_bytes = v4 ? TCP_MSS_DEFAULT4 : TCP_MSS_DEFAULT6,
		.has = features_of(s, &seg->opts, listener),
	};

	h.has |= (uint16_t)sp_tcp_ecn_answer(s, seg);
	if (seg->opts.has_mss && seg->opts.mss != 0)	/* 0 says nothing, as in Linux */
		h.peer_mss_bytes = seg->opts.mss;	/* MUST-14 */
	return h;
}

/* The number, and the memory, that the whole stack spends on them. */
static bool
is_full(const struct sampan *s)
{
	return sp_tcp_const(s)->half_open >=
		(uint64_t)sp_setting(s, SAMPAN_SET_TCP_MAX_SYN_BACKLOG) ||
	    s->arena.pool[SP_KIND_HALF_OPEN].slabs > s->arena.slab_count / MEMORY_SHARE ||
	    sp_arena_low_for_newcomers(&s->arena);
}

/* A place in the table; NULL: no room for a newcomer. */
static struct tcp_half_open *
place_for(struct sampan *s, const struct sp_flow *flow)
{
	uint32_t ref;

	if (sp_setting(s, SAMPAN_SET_TCP_SYNCOOKIES) == SYNCOOKIES_ALWAYS || is_full(s) ||
	    sp_tcp_source_full(s, flow, TCP_SOURCE_HALF_OPEN))
		return NULL;
	ref = sp_pool_take(&s->arena, SP_KIND_HALF_OPEN);
	if (ref == 0)
		return NULL;
	if (sp_tcp_insert(s, flow, ref, TCP_TAG_HALF_OPEN))
		return sp_at(&s->arena, ref);
	sp_pool_give(&s->arena, SP_KIND_HALF_OPEN, ref);
	return NULL;
}

/* R-4987-2, R-4987-5, R-V-18. */
static void
answer_with_cookie(struct sampan *s, const struct tcp_tcb *listener, const struct tcp_seg *seg)
{
	struct tcp_half_open h = half_open_of(s, listener, seg);

	sp_tcp_syncookie_make(s, &h);
	send_syn_ack(s, &h, listener, true);
}

void
sp_tcp_half_open_new(struct sampan *s, const struct tcp_tcb *listener, const struct tcp_seg *seg,
    const tcp_seq *iss_after)
{
	struct tcp_half_open *h = place_for(s, &seg->pkt->flow);

	/* A cookie has no choice of number: it cannot follow a TIME-WAIT. */
	if (h == NULL) {
		if (iss_after == NULL && sp_setting(s, SAMPAN_SET_TCP_SYNCOOKIES) != 0)
			answer_with_cookie(s, listener, seg);
		else
			sp_drop(s, SAMPAN_DROP_TCP_HALF_OPEN, seg->pkt->link);
		return;
	}
	*h = half_open_of(s, listener, seg);
	h->iss = sp_tcp_isn(s, &h->flow);
	if (iss_after != NULL && !seq_lt(*iss_after, h->iss))
		h->iss = seq_add(*iss_after, 65535 + 2);	/* R-6191-7 */
	sp_tcp(s)->half_open++;
	sp_tcp_source_add(s, &h->flow, TCP_SOURCE_HALF_OPEN);
	sp_count(s, SAMPAN_COUNT_TCP_PASSIVE_OPENS);
	arm(s, h);
	send_syn_ack(s, h, listener, false);
}

/* Its flow has been taken out of the table, or taken over. */
static void
release(struct sampan *s, struct tcp_half_open *h)
{
	sp_wheel_remove(&s->wheel, &s->arena, &h->timer);
	sp_tcp(s)->half_open--;
	sp_tcp_source_drop(s, &h->flow, TCP_SOURCE_HALF_OPEN);
	h->flow.local_port = 0;
	sp_pool_give(&s->arena, SP_KIND_HALF_OPEN, sp_ref(&s->arena, h));
}

static void
forget(struct sampan *s, struct tcp_half_open *h)
{
	sp_tcp_remove(s, &h->flow, sp_ref(&s->arena, h));
	sp_count(s, SAMPAN_COUNT_TCP_ATTEMPT_FAILS);
	release(s, h);
}

/* How often a SYN-ACK is repeated: less often when many wait. */
static unsigned
retries_allowed(const struct sampan *s)
{
	const unsigned most = (unsigned)sp_setting(s, SAMPAN_SET_TCP_SYNACK_RETRIES);
	const bool crowded = sp_tcp_const(s)->half_open >
		(uint64_t)sp_setting(s, SAMPAN_SET_TCP_MAX_SYN_BACKLOG) / 2 ||
	    s->arena.pool[SP_KIND_HALF_OPEN].slabs > s->arena.slab_count / MEMORY_SHARE / 2;

	return crowded && most > RETRIES_CROWDED ? RETRIES_CROWDED : most;
}

/* R-4987-8, R-4987-12, R-V-37.
 *
 * DEVIATES: MUST-23: a SYN-ACK is repeated for a minute, not for three: whoever
 * sent the SYN repeats it too, and most that stay silent never sent one. */
void
sp_tcp_half_open_timer(struct sampan *s, struct tcp_half_open *h)
{
	if (retries_of(h) >= retries_allowed(s)) {
		forget(s, h);
		return;
	}
	h->has = (uint16_t)(h->has + (1u << HALF_OPEN_RETRIES_SHIFT));
	arm(s, h);
	send_syn_ack(s, h, sp_tcp_find_listener(s, &h->flow), false);
	sp_count(s, SAMPAN_COUNT_TCP_RETRANS_SEGS);
}

/* How long ago its SYN-ACK left, if it left once. */
static sampan_dur
age(const struct sampan *s, const struct tcp_half_open *h)
{
	const sampan_time end = sp_tick_time(h->timer.at, s->now);
	const sampan_time sent_at = end > TCP_RTO_INITIAL ? end - TCP_RTO_INITIAL : 0;

	return s->now > sent_at ? s->now - sent_at : 0;
}

/* Copies what the handshake agreed on. */
static void
inherit(struct sampan *s, struct tcp_tcb *t, const struct tcp_half_open *h)
{
	t->flow = h->flow;
	t->iss = h->iss;
	t->irs = h->irs;
	t->snd.una = h->iss;
	t->snd.nxt = seq_add(h->iss, 1);
	t->rcv.nxt = seq_add(h->irs, 1);
	t->rcv.acked = t->rcv.nxt;
	t->rcv.edge = seq_add(t->rcv.nxt, window_of(s, h));
	tcp_set(t, TCP_F_PASSIVE);
	tcp_set(t, TCP_F_USED);
	if ((h->has & HALF_OPEN_SCALE) != HALF_OPEN_NO_SCALE) {
		tcp_set(t, TCP_F_WSCALE);
		t->snd_scale = h->has & 15u;
		t->rcv_scale = own_scale(h) & 15u;
	}
	if ((h->has & HALF_OPEN_TS) != 0) {
		tcp_set(t, TCP_F_TS);
		sp_tcp_ts_set(s, t, h->ts_recent);
		t->ts_offset = sp_tcp_ts_offset(s, &h->flow);
	}
	if ((h->has & HALF_OPEN_SACK) != 0)
		tcp_set(t, TCP_F_SACK);
}

/* The handshake is complete: from here on it is SYN-RECEIVED with a control
 * block for the moment that the acknowledgement needs to be processed.  The
 * caller puts it into the table.  NULL: no memory. */
static struct tcp_tcb *
block_for(struct sampan *s, const struct tcp_half_open *h, const struct tcp_tcb *listener)
{
	const struct sp_local_addr *local = sp_local_find(s, 0, &h->flow.local);
	struct tcp_tcb *t = NULL;

	sp_tcp_evict_idle(s);
	if (local != NULL && !sp_arena_low(&s->arena))
		t = sp_tcp_tcb_new(s);
	if (t == NULL)
		return NULL;
	inherit(s, t, h);
	t->link = local->link;
	t->ep.user = listener->ep.user;
	sp_tcp_inherit_options(s, t, listener);
	sp_tcp_ecn_inherit(s, t, h);
	sp_tcp_set_mss(s, t, h->peer_mss_bytes);
	sp_tcp_take_route(s, t);
	sp_tcp_wnd_open(s, t);
	t->sent_at = sp_tick_of(s->now);
	t->heard_at = sp_tick_of(s->now);
	return t;
}

static void
queue_up(struct sampan *s, struct tcp_tcb *t, struct tcp_tcb *listener, unsigned retries)
{
	struct tcp_listen *l = tcp_listen_of(s, listener);

	tcp_set(t, TCP_F_IN_TABLE);
	t->snd.una = t->snd.nxt;
	sp_tcp_start_sending(s, t, retries);
	t->retrans_segs = retries;
	sp_tcp_enter(s, t, SAMPAN_TCP_ESTABLISHED);
	sp_tcp_source_add(s, &t->flow, TCP_SOURCE_CONNECTION);
	tcp_set(t, TCP_F_QUEUED);
	sp_list_push(&s->arena, &l->ready, &t->ep.ready);
	l->ready_count++;
	sp_count(s, SAMPAN_COUNT_TCP_ACCEPTED);
	sp_endpoint_raise(s, &listener->ep, SAMPAN_ACCEPTABLE);
}

static struct tcp_tcb *
promote(struct sampan *s, struct tcp_half_open *h, struct tcp_tcb *listener,
    const struct tcp_seg *seg)
{
	struct tcp_tcb *t = block_for(s, h, listener);

	if (t == NULL)
		return NULL;
	sp_tcp_replace(s, &h->flow, sp_ref(&s->arena, h), sp_ref(&s->arena, t), TCP_TAG_TCB);
	sp_tcp_handshake_sample(s, t, seg, retries_of(h), age(s, h));
	queue_up(s, t, listener, retries_of(h));
	release(s, h);
	return t;
}

/* The same for what a cookie remembered. */
static struct tcp_tcb *
promote_cookie(struct sampan *s, const struct tcp_half_open *h, struct tcp_tcb *listener)
{
	struct tcp_tcb *t = block_for(s, h, listener);

	if (t == NULL)
		return NULL;
	if (!sp_tcp_insert(s, &h->flow, sp_ref(&s->arena, t), TCP_TAG_TCB)) {
		sp_tcp_settle(s, t);	/* in CLOSED, and nobody's */
		return NULL;
	}
	sp_count(s, SAMPAN_COUNT_TCP_COOKIES_RECV);
	queue_up(s, t, listener, 0);
	return t;
}

/* Is it the acknowledgement that completes the handshake?  R-9293-17. */
static bool
completes(struct sampan *s, const struct tcp_half_open *h, const struct tcp_seg *seg)
{
	if ((seg->flags & TCP_ACK) == 0) {
		sp_drop(s, SAMPAN_DROP_TCP_NO_FLAGS, seg->pkt->link);
		return false;
	}
	if (!seq_eq(seg->ack, seq_add(h->iss, 1))) {
		sp_drop(s, SAMPAN_DROP_TCP_ACK_RANGE, seg->pkt->link);
		sp_tcp_send_reset(s, seg);
		return false;
	}
	return true;
}

/* RFC 7323 §3.2 (R-7323-10), but for a SYN, which may be repeated without; §5.3 R1
 * (R-7323-16). */
static enum tcp_step
check_timestamp(struct sampan *s, const struct tcp_half_open *h, const struct tcp_seg *seg)
{
	if ((h->has & HALF_OPEN_TS) == 0)
		return TCP_PASS;
	if (!seg->opts.has_ts && (seg->flags & TCP_SYN) == 0) {
		sp_drop(s, SAMPAN_DROP_TCP_NO_TS, seg->pkt->link);
		return TCP_DONE;
	}
	if (seg->opts.has_ts && (int32_t)(seg->opts.tsval - h->ts_recent) < 0) {
		sp_drop(s, SAMPAN_DROP_TCP_PAWS, seg->pkt->link);
		challenge(s, h);
		return TCP_DONE;
	}
	return TCP_PASS;
}

/* RFC 9293 §3.10.7.4, first (R-9293-9, R-9293-10); a SYN counts where it is itself. */
static bool
acceptable(const struct sampan *s, const struct tcp_half_open *h, const struct tcp_seg *seg)
{
	const tcp_seq nxt = seq_add(h->irs, 1);

	if (seg->len == 0 || (seg->flags & TCP_SYN) != 0)
		return seq_in(seg->seq, nxt, window_of(s, h));
	return seq_overlap(seg->seq, seg->len, nxt, window_of(s, h));
}

/* RST, SYN, what is old and what is outside the window.  R-9293-13, R-9293-15;
 * RFC 5961 §3.2 (R-5961-12). */
static enum tcp_step
check_before_ack(struct sampan *s, struct tcp_half_open *h, const struct tcp_seg *seg)
{
	const bool in_window = seq_in(seg->seq, seq_add(h->irs, 1), window_of(s, h));
	const bool repeated =
	    (seg->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && seq_eq(seg->seq, h->irs);

	if ((seg->flags & TCP_RST) != 0) {
		if (seq_eq(seg->seq, seq_add(h->irs, 1))) {
			forget(s, h);
		} else if (in_window) {
			sp_drop(s, SAMPAN_DROP_TCP_RST_CHALLENGED, seg->pkt->link);
			challenge(s, h);
		} else {
			sp_drop(s, SAMPAN_DROP_TCP_RST_OLD, seg->pkt->link);
		}
		return TCP_DONE;
	}
	if (check_timestamp(s, h, seg) == TCP_DONE)
		return TCP_DONE;
	if (repeated || !acceptable(s, h, seg)) {	/* R-9293-36 */
		if (repeated && !sp_tcp_ecn_syn_again(s, h, seg)) {
			sp_tcp_send_reset(s, seg);
			forget(s, h);
		} else if (repeated) {
			send_syn_ack(s, h, sp_tcp_find_listener(s, &h->flow), false);
		} else {
			sp_drop(s, SAMPAN_DROP_TCP_SEQ, seg->pkt->link);
			challenge(s, h);		/* R-9293-10 */
		}
		return TCP_DONE;
	}
	if ((seg->flags & TCP_SYN) != 0) {
		sp_drop(s, SAMPAN_DROP_TCP_SYN_CHALLENGED, seg->pkt->link);
		forget(s, h);
		return TCP_DONE;
	}
	return TCP_PASS;
}

/* RFC 9293 leaves the length of the queue to us; when it is full the
 * acknowledgement counts as lost (R-4987-9). */
static bool
queue_is_full(struct sampan *s, const struct tcp_tcb *listener, const struct tcp_seg *seg)
{
	const struct tcp_listen *l = tcp_listen_of(s, listener);

	if (l->ready_count > l->backlog)
		sp_drop(s, SAMPAN_DROP_TCP_BACKLOG, seg->pkt->link);
	else if (sp_tcp_source_full(s, &seg->pkt->flow, TCP_SOURCE_CONNECTION))
		sp_drop(s, SAMPAN_DROP_TCP_SOURCE, seg->pkt->link);
	else
		return false;
	if (sp_setting(s, SAMPAN_SET_TCP_ABORT_ON_OVERFLOW) != 0)
		sp_tcp_send_reset(s, seg);
	return true;
}

/* The acknowledgement itself is processed by the new connection. */
static void
hand_on(struct sampan *s, struct tcp_tcb *t, struct tcp_seg *seg)
{
	if (t == NULL) {
		sp_drop(s, SAMPAN_DROP_MEMORY, seg->pkt->link);
		return;
	}
	t->snd.wnd_bytes = seg->wnd << t->snd_scale;
	t->snd_max_wnd_bytes = t->snd.wnd_bytes;
	t->snd.wl1 = seg->seq;
	if (t->rare != 0)
		sp_tcp_note_segment(s, t, seg);
	sp_tcp_arrives_other(s, t, seg);
	sp_tcp_settle(s, t);
}

enum tcp_step
sp_tcp_arrives_cookie(struct sampan *s, struct tcp_tcb *listener, struct tcp_seg *seg)
{
	struct tcp_half_open h;

	if (!sp_tcp_syncookie_check(s, seg, &h))
		return TCP_PASS;
	h.has |= (uint16_t)(sp_tcp_wnd_scale(s, listener) << HALF_OPEN_OWN_SCALE_SHIFT);
	if (!queue_is_full(s, listener, seg))
		hand_on(s, promote_cookie(s, &h, listener), seg);
	return TCP_DONE;
}

void
sp_tcp_arrives_half_open(struct sampan *s, struct tcp_half_open *h, struct tcp_seg *seg)
{
	struct tcp_tcb *listener;

	if (check_before_ack(s, h, seg) == TCP_DONE || !completes(s, h, seg))
		return;
	listener = sp_tcp_find_listener(s, &h->flow);
	if (listener == NULL) {
		forget(s, h);
		sp_tcp_arrives_closed(s, seg);
		return;
	}
	if (queue_is_full(s, listener, seg)) {
		if (sp_setting(s, SAMPAN_SET_TCP_ABORT_ON_OVERFLOW) != 0)
			forget(s, h);
		return;
	}
	/* Wait for text, but not longer than for the handshake itself. */
	if (tcp_rare_of(s, listener)->defer_accept_s != 0 && seg->text.len == 0 &&
	    (seg->flags & TCP_FIN) == 0 && retries_of(h) <
	    (unsigned)sp_setting(s, SAMPAN_SET_TCP_SYNACK_RETRIES)) {
		sp_count(s, SAMPAN_COUNT_TCP_DEFERRED);
		return;
	}
	hand_on(s, promote(s, h, listener, seg), seg);
}

void
sp_tcp_listen_end(struct sampan *s, struct tcp_tcb *listener)
{
	struct tcp_listen *l = tcp_listen_of(s, listener);
	struct sp_node *n;

	while ((n = sp_list_pop(&s->arena, &l->ready)) != NULL) {
		struct tcp_tcb *t = sp_container_of(n, struct tcp_tcb, ep.ready);

		tcp_clear(t, TCP_F_QUEUED);
		if (t->state != SAMPAN_TCP_CLOSED) {
			sp_tcp_send_abort(s, t);
			sp_tcp_enter(s, t, SAMPAN_TCP_CLOSED);
		}
		sp_tcp_settle(s, t);
	}
	sp_pool_give(&s->arena, SP_KIND_LISTEN, tcp_rare_of(s, listener)->listen);
	tcp_rare_of(s, listener)->listen = 0;
}
