/*
 * tcp_status.c - STATUS, RFC 9293 §3.9.1.6: what a tool is told of the compact
 * records, and of what a connection waits for.
 */
#include "tcp/tcp.h"
#include "tcp/tcp_timer.h"

static sampan_dur
until(const struct sampan *s, sp_tick tick)
{
	const sampan_time at = sp_tick_time(tick, s->now);

	return at > s->now ? at - s->now : 0;
}

/* Takes the timer if it is the earliest so far. */
static void
offer(struct sampan_status *st, enum sampan_timer timer, sampan_dur dur)
{
	if (st->timer != SAMPAN_TIMER_NONE && st->timer_dur <= dur)
		return;
	st->timer = timer;
	st->timer_dur = dur;
}

static enum sampan_timer
life_of(const struct tcp_tcb *t)
{
	if (t->state == SAMPAN_TCP_TIME_WAIT)
		return SAMPAN_TIMER_TIME_WAIT;
	return t->state == SAMPAN_TCP_FIN_WAIT_2 && !sp_endpoint_attached(&t->ep) ?
	    SAMPAN_TIMER_FIN_WAIT : SAMPAN_TIMER_KEEPALIVE;
}

void
sp_tcp_status_timer(const struct sampan *s, const struct tcp_tcb *t, struct sampan_status *st)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);

	st->retries = t->retries;
	if (tcp_armed(t, TCP_AT_RTX))
		offer(st, tcp_is(t, TCP_F_PERSIST) ? SAMPAN_TIMER_PERSIST : SAMPAN_TIMER_RTX,
		    until(s, t->at[TCP_AT_RTX]));
	if (tcp_armed(t, TCP_AT_ACK))
		offer(st, SAMPAN_TIMER_ACK, until(s, t->at[TCP_AT_ACK]));
	/* Without text it is only the end of what is remembered (tcp_loss.c). */
	if (tcp_armed(t, TCP_AT_LOSS) && tx != NULL && tx->q.bytes > 0)
		offer(st, SAMPAN_TIMER_LOSS, until(s, tx->loss_at));
	if (tcp_armed(t, TCP_AT_LIFE))
		offer(st, life_of(t), until(s, t->at[TCP_AT_LIFE]));
}

void
sp_tcp_status_half_open(const struct sampan *s, const struct tcp_half_open *h,
    struct sampan_status *st)
{
	*st = (struct sampan_status){
		.state = SAMPAN_TCP_SYN_RECEIVED,
		.local = sp_sockaddr_of(&h->flow.local, h->flow.local_port, 0),
		.peer = sp_sockaddr_of(&h->flow.remote, h->flow.remote_port, 0),
		.timer = SAMPAN_TIMER_RTX,
		.timer_dur = until(s, h->timer.at),
	};
}

void
sp_tcp_status_time_wait(const struct sampan *s, const struct tcp_time_wait *w,
    struct sampan_status *st)
{
	*st = (struct sampan_status){
		.state = SAMPAN_TCP_TIME_WAIT,
		.local = sp_sockaddr_of(&w->flow.local, w->flow.local_port, w->link),
		.peer = sp_sockaddr_of(&w->flow.remote, w->flow.remote_port, w->link),
		.timer = SAMPAN_TIMER_TIME_WAIT,
		.timer_dur = until(s, w->timer.at),
	};
}
