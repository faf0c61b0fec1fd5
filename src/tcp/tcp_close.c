/*
 * tcp_close.c - CLOSE and ABORT, and what becomes of a connection that no socket
 * holds any more.  RFC 9293 §3.10.4, §3.10.5.
 */
#include "tcp/tcp_int.h"
#include "tcp/tcp_mem.h"

/* CLOSE, RFC 9293 §3.10.4: nothing more will be queued. */
static void
queue_fin(struct sampan *s, struct tcp_tcb *t)
{
	if (tcp_is(t, TCP_F_FIN_QUEUED))
		return;
	tcp_set(t, TCP_F_FIN_QUEUED);
	if (t->state == SAMPAN_TCP_ESTABLISHED)
		sp_tcp_enter(s, t, SAMPAN_TCP_FIN_WAIT_1);
	else if (t->state == SAMPAN_TCP_CLOSE_WAIT)
		sp_tcp_enter(s, t, SAMPAN_TCP_LAST_ACK);
}

static bool
is_open(const struct tcp_tcb *t)
{
	return t->state != SAMPAN_TCP_CLOSED && t->state != SAMPAN_TCP_LISTEN &&
	    t->state != SAMPAN_TCP_SYN_SENT;
}

int
sp_tcp_shutdown(struct sampan *s, struct tcp_tcb *t, unsigned how)
{
	if (how == 0 || how > SAMPAN_SHUT_RDWR)
		return SAMPAN_EINVAL;
	if (!is_open(t) || t->state == SAMPAN_TCP_TIME_WAIT)
		return SAMPAN_ENOTCONN;
	if ((how & SAMPAN_SHUT_RD) != 0) {
		tcp_set(t, TCP_F_SHUT_RD);
		sp_endpoint_raise(s, &t->ep, SAMPAN_READABLE);
	}
	if ((how & SAMPAN_SHUT_WR) != 0)
		queue_fin(s, t);
	sp_tcp_settle(s, t);
	return 0;
}

/* RFC 9293 §3.10.5: in which states the peer is told. */
static bool
aborts_loudly(const struct tcp_tcb *t)
{
	return is_open(t) && t->state != SAMPAN_TCP_CLOSING && t->state != SAMPAN_TCP_LAST_ACK &&
	    t->state != SAMPAN_TCP_TIME_WAIT;
}

void
sp_tcp_abort(struct sampan *s, struct tcp_tcb *t)
{
	sp_endpoint_detach(s, &t->ep);
	if (t->state == SAMPAN_TCP_LISTEN)
		sp_tcp_listen_end(s, t);
	else if (aborts_loudly(t))
		sp_tcp_send_abort(s, t);
	sp_tcp_rx_free(s, t);
	sp_tcp_enter(s, t, SAMPAN_TCP_CLOSED);
	sp_tcp_settle(s, t);
}

/* ---- What no socket holds any more ---- */

bool
sp_tcp_is_orphan(const struct tcp_tcb *t)
{
	return !sp_endpoint_attached(&t->ep) && !tcp_is(t, TCP_F_QUEUED) &&
	    sp_node_linked(&t->ep.ready);
}

void
sp_tcp_orphan_end(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_globals *const g = sp_tcp(s);

	if (!sp_tcp_is_orphan(t))
		return;
	sp_list_remove(&s->arena, &g->orphans, &t->ep.ready);
	g->orphan_count--;
}

/* The peer is told that what is queued will not come. */
static void
give_up(struct sampan *s, struct tcp_tcb *t, enum sampan_count reason)
{
	sp_count(s, reason);
	sp_tcp_send_abort(s, t);
	sp_tcp_enter(s, t, SAMPAN_TCP_CLOSED);
}

void
sp_tcp_orphan_expired(struct sampan *s, struct tcp_tcb *t)
{
	give_up(s, t, SAMPAN_COUNT_TCP_ABORT_ON_LINGER);
}

/* Begins to be one: it costs what it has queued, and nobody waits for it any more,
 * so their number is bounded and memory that is spent is not theirs (R-V-17). */
static void
orphan(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_globals *const g = sp_tcp(s);

	if (t->state == SAMPAN_TCP_TIME_WAIT)
		return;			/* a record takes its place */
	sp_list_push(&s->arena, &g->orphans, &t->ep.ready);
	g->orphan_count++;
	if (g->orphan_count > (uint64_t)sp_setting(s, SAMPAN_SET_TCP_MAX_ORPHANS) ||
	    (sp_tcp_mem_full(s) && t->tx != 0))
		give_up(s, t, SAMPAN_COUNT_TCP_ABORT_ON_MEMORY);
	else if (t->state == SAMPAN_TCP_FIN_WAIT_2)
		sp_tcp_orphan_fin_wait_2(s, t);
}

/* SO_LINGER with a time: its life, if not all is delivered by then.  RFC 9293
 * §3.9.1.4. */
static int
linger(struct sampan *s, struct tcp_tcb *t)
{
	const int32_t linger_s = t->rare != 0 ? tcp_rare_of(s, t)->linger_s : -1;

	if (linger_s <= 0 || (t->state != SAMPAN_TCP_FIN_WAIT_1 &&
		t->state != SAMPAN_TCP_CLOSING && t->state != SAMPAN_TCP_LAST_ACK))
		return 0;
	tcp_clear(t, TCP_F_KEEPALIVE);
	sp_tcp_arm(s, t, TCP_AT_LIFE, SAMPAN_SEC(linger_s));
	return SAMPAN_EINPROGRESS;
}

/* RFC 9293 §3.6.1 (MAY-1): reading ends too. */
int
sp_tcp_close(struct sampan *s, struct tcp_tcb *t)
{
	const bool unread = tcp_readable_bytes(s, t) > 0;
	const bool at_once = t->rare != 0 && tcp_rare_of(s, t)->linger_s == 0;
	int result;

	if (t->rare != 0 && tcp_rare_of(s, t)->refs > 0) {
		tcp_rare_of(s, t)->refs--;
		return 0;
	}
	/* RFC 9293 §3.6.1 (SHLD-3): unread data are lost, and the peer is told. */
	if (!is_open(t) || ((unread || at_once) && t->state != SAMPAN_TCP_TIME_WAIT)) {
		sp_tcp_abort(s, t);
		return 0;
	}
	sp_endpoint_detach(s, &t->ep);
	sp_tcp_rx_free(s, t);
	queue_fin(s, t);
	result = linger(s, t);
	orphan(s, t);
	sp_tcp_settle(s, t);
	return result;
}

int
sp_tcp_ref(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_rare *r = sp_tcp_rare_need(s, t);

	if (r == NULL || r->refs == UINT32_MAX)
		return SAMPAN_ENOBUFS;
	r->refs++;
	return 0;
}
