/*
 * tcp_user.c - OPEN, SEND, RECEIVE, CLOSE, ABORT, STATUS.  RFC 9293 §3.10.1
 * to §3.10.6.  Errors: as socket.h lists them.
 */
#include "tcp/tcp_int.h"
#include "tcp/tcp_loss.h"

/* Tries at random before a search for a port becomes a walk. */
#define PORT_DRAWS 8

struct tcp_tcb *
sp_tcp_open(struct sampan *s)
{
	struct tcp_tcb *t = sp_tcp_tcb_new(s);

	if (t != NULL)
		sp_endpoint_attach(s, &t->ep);
	return t;
}

/* May `local` be taken for a port by itself?  RFC 9293 §3.9.1.1 (MUST-41): what
 * has a peer does not stand in the way (MUST-42). */
static bool
bind_conflict(const struct sampan *s, const struct sampan_addr *local, uint16_t port)
{
	static const struct sampan_addr any;

	if (sp_tcp_find_bound(s, local, port) != NULL || sp_tcp_find_bound(s, &any, port) != NULL)
		return true;
	if (!sp_addr_is_any(local))
		return false;
	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++)
		if (sp_tcp_find_bound(s, &s->addr[i].addr, port) != NULL)
			return true;
	return false;
}

/* A free port for a listener or a bound socket (R-6056-6), 0: none. */
static uint16_t
choose_bind_port(struct sampan *s, const struct sampan_addr *local)
{
	const uint32_t first = (uint32_t)sp_setting(s, SAMPAN_SET_PORT_FIRST);
	const uint32_t last = (uint32_t)sp_setting(s, SAMPAN_SET_PORT_LAST);
	const uint32_t count = last >= first ? last - first + 1 : 0;
	const uint32_t start = count > 0 ? sp_rng_below(&s->rng, count) : 0;

	for (uint32_t i = 0; i < count; i++) {
		const uint16_t port = (uint16_t)(first + (start + i) % count);

		if (!bind_conflict(s, local, port))
			return port;
	}
	return 0;
}

int
sp_tcp_bind(struct sampan *s, struct tcp_tcb *t, const struct sampan_sockaddr *local)
{
	static const struct sampan_addr zero;
	const bool any = sp_addr_is_any(&local->addr);
	const struct sampan_addr addr = any ? zero : local->addr;
	uint16_t port = local->port;

	if (tcp_is(t, TCP_F_USED) || tcp_is(t, TCP_F_BOUND))
		return SAMPAN_EINVAL;
	if (!any && sp_local_find(s, 0, &addr) == NULL)	/* MUST-43 */
		return SAMPAN_EADDRNOTAVAIL;
	if (port == 0)
		port = choose_bind_port(s, &addr);
	if (port == 0 || bind_conflict(s, &addr, port))
		return SAMPAN_EADDRINUSE;
	t->flow = (struct sp_flow){ .local = addr, .local_port = port };
	if (!sp_tcp_insert(s, &t->flow, sp_ref(&s->arena, t), TCP_TAG_BOUND))
		return SAMPAN_ENOBUFS;
	t->flags |= TCP_F_IN_TABLE | TCP_F_BOUND;
	return 0;
}

int
sp_tcp_listen(struct sampan *s, struct tcp_tcb *t, uint32_t backlog)
{
	const uint32_t most = (uint32_t)sp_setting(s, SAMPAN_SET_SOMAXCONN);
	struct tcp_rare *rare;

	if (t->state == SAMPAN_TCP_LISTEN) {
		tcp_listen_of(s, t)->backlog = backlog < most ? backlog : most;
		return 0;
	}
	if (tcp_is(t, TCP_F_USED))
		return SAMPAN_EISCONN;
	if (!tcp_is(t, TCP_F_BOUND))
		return SAMPAN_EINVAL;
	rare = sp_tcp_rare_need(s, t);
	if (rare != NULL)
		rare->listen = sp_pool_take(&s->arena, SP_KIND_LISTEN);
	if (rare == NULL || rare->listen == 0)
		return SAMPAN_ENOBUFS;
	*tcp_listen_of(s, t) = (struct tcp_listen){
		.backlog = backlog < most ? backlog : most,
	};
	tcp_set(t, TCP_F_USED);
	sp_tcp_enter(s, t, SAMPAN_TCP_LISTEN);
	return 0;
}

struct tcp_tcb *
sp_tcp_accept(struct sampan *s, struct tcp_tcb *listener)
{
	struct tcp_listen *l = tcp_listen_of(s, listener);
	struct sp_node *n = sp_list_pop(&s->arena, &l->ready);
	struct tcp_tcb *t;

	if (n == NULL)
		return NULL;
	l->ready_count--;
	t = sp_container_of(n, struct tcp_tcb, ep.ready);
	tcp_clear(t, TCP_F_QUEUED);
	sp_endpoint_attach(s, &t->ep);
	return t;
}

/* A flow that is known is not taken, in TIME-WAIT neither (R-6056-5, R-6056-7,
 * R-6191-8). */
static bool
flow_is_free(const struct sampan *s, const struct sp_flow *flow)
{
	return sp_tcp_find(s, flow, sp_flow_hash(&s->flow_key, flow)).ref == 0;
}

/* RFC 6056 §3.3.1 (R-6056-2): drawn at random, so that no port tells about another
 * one (R-V-29).  Where most are taken a few draws find none: then on from where this
 * ended last time, so that filling the range costs one walk over it.
 *
 * DEVIATES: R-6056-1: the range is Linux's by default, 32768 to 60999; it is a
 * setting.
 * DEVIATES: R-6056-3: no counters for destinations: with draws there is no
 * table whose size could tell about other connections. */
static uint16_t
choose_port(struct sampan *s, struct sp_flow *flow)
{
	const uint32_t first = (uint32_t)sp_setting(s, SAMPAN_SET_PORT_FIRST);
	const uint32_t last = (uint32_t)sp_setting(s, SAMPAN_SET_PORT_LAST);
	const uint32_t count = last >= first ? last - first + 1 : 0;
	uint32_t *next = &sp_tcp(s)->next_port;

	for (unsigned i = 0; i < PORT_DRAWS && count > 0; i++) {
		flow->local_port = (uint16_t)(first + sp_rng_below(&s->rng, count));
		if (flow_is_free(s, flow))
			return flow->local_port;
	}
	for (uint32_t i = 0; i < count; i++) {
		flow->local_port = (uint16_t)(first + (*next)++ % count);
		if (flow_is_free(s, flow))
			return flow->local_port;
	}
	return 0;
}

/* The flow that a connect gets.  RFC 9293 §3.9.1.1 (MUST-44 to MUST-46). */
static int
choose_flow(struct sampan *s, const struct tcp_tcb *t, const struct sampan_sockaddr *peer,
    struct sp_flow *flow)
{
	*flow = (struct sp_flow){
		.remote = peer->addr,
		.remote_port = peer->port,
		.local = t->flow.local,
		.local_port = t->flow.local_port,
	};
	if (!sp_addr_is_unicast(s, &peer->addr) || peer->port == 0)
		return SAMPAN_EINVAL;
	if (sp_addr_is_any(&flow->local) && !sp_source_find(s, &peer->addr, &flow->local))
		return SAMPAN_ENETUNREACH;
	if (sp_local_find(s, 0, &peer->addr) != NULL)
		return SAMPAN_ENETUNREACH;	/* there is no loopback: R-V-35 */
	if (flow->local_port == 0)
		return choose_port(s, flow) != 0 ? 0 : SAMPAN_EADDRNOTAVAIL;
	return flow_is_free(s, flow) ? 0 : SAMPAN_EADDRINUSE;
}

/* The table knows the connection by its flow from here on. */
static int
take_flow(struct sampan *s, struct tcp_tcb *t, const struct sp_flow *flow)
{
	const uint32_t ref = sp_ref(&s->arena, t);

	if (!sp_tcp_insert(s, flow, ref, TCP_TAG_TCB))
		return SAMPAN_ENOBUFS;
	if (tcp_is(t, TCP_F_BOUND))
		sp_tcp_remove(s, &t->flow, ref);
	tcp_clear(t, TCP_F_BOUND);
	tcp_set(t, TCP_F_IN_TABLE);
	t->flow = *flow;
	return 0;
}

/* What our SYN offers; the peer's tells what is agreed. */
static void
offer(const struct sampan *s, struct tcp_tcb *t)
{
	if (sp_setting(s, SAMPAN_SET_TCP_WINDOW_SCALING) != 0) {
		tcp_set(t, TCP_F_WSCALE);
		t->rcv_scale = sp_tcp_wnd_scale(s) & 15u;
	}
	if (sp_setting(s, SAMPAN_SET_TCP_TIMESTAMPS) != 0)
		tcp_set(t, TCP_F_TS);
	if (sp_setting(s, SAMPAN_SET_TCP_SACK) != 0)
		tcp_set(t, TCP_F_SACK);
}

int
sp_tcp_connect(struct sampan *s, struct tcp_tcb *t, const struct sampan_sockaddr *peer)
{
	struct sp_path path;
	struct sp_flow flow;
	int error;

	if (t->state == SAMPAN_TCP_SYN_SENT || t->state == SAMPAN_TCP_SYN_RECEIVED)
		return SAMPAN_EALREADY;
	if (t->state == SAMPAN_TCP_LISTEN)
		return SAMPAN_EOPNOTSUPP;
	if (tcp_is(t, TCP_F_USED))
		return SAMPAN_EISCONN;
	error = choose_flow(s, t, peer, &flow);
	if (error == 0 && !sp_route_find(s, &flow.remote, &path))
		error = SAMPAN_ENETUNREACH;
	if (error == 0)
		error = take_flow(s, t, &flow);
	if (error != 0)
		return error;
	t->link = (uint8_t)path.link;
	t->iss = sp_tcp_isn(s, &flow);
	t->snd.una = t->iss;
	t->snd.nxt = t->iss;
	t->rcv.edge = seq_of(sp_tcp_wnd_initial(t->rcvbuf_bytes,
	    sp_tcp_own_mss(s, t->link, &flow.remote)));
	t->ts_offset = sp_tcp_ts_offset(s, &flow);
	offer(s, t);
	t->flags |= TCP_F_USED | TCP_F_SYN_DUE;
	sp_tcp_enter(s, t, SAMPAN_TCP_SYN_SENT);
	sp_count(s, SAMPAN_COUNT_TCP_ACTIVE_OPENS);
	sp_tcp_on_syn_due(s, t);
	sp_tcp_settle(s, t);
	return SAMPAN_EINPROGRESS;
}

/* The error that ended the connection, the first time it is asked for. */
static int
take_error(struct tcp_tcb *t)
{
	const int error = -(int)t->ep.error;

	t->ep.error = 0;
	return error;
}

uint32_t
sp_tcp_writable_bytes(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t queued = tcp_queued_bytes(s, t);

	if (tcp_is(t, TCP_F_FIN_QUEUED) ||
	    (t->state != SAMPAN_TCP_ESTABLISHED && t->state != SAMPAN_TCP_CLOSE_WAIT))
		return 0;
	if (queued >= t->sndbuf_bytes ||
	    (t->rare != 0 && sp_tcp_unsent(s, t) >= tcp_rare_of(s, t)->notsent_lowat_bytes))
		return 0;
	return t->sndbuf_bytes - queued;
}

/* Why nothing can be sent at all; 0: it could. */
static int
send_error(struct tcp_tcb *t)
{
	if (t->ep.error != 0)
		return take_error(t);
	if (t->state == SAMPAN_TCP_SYN_SENT || t->state == SAMPAN_TCP_SYN_RECEIVED)
		return SAMPAN_EAGAIN;
	if (!tcp_is(t, TCP_F_USED) || t->state == SAMPAN_TCP_LISTEN)
		return SAMPAN_ENOTCONN;
	return t->state == SAMPAN_TCP_CLOSED || tcp_is(t, TCP_F_FIN_QUEUED) ? SAMPAN_EPIPE : 0;
}

int64_t
sp_tcp_send(struct sampan *s, struct tcp_tcb *t, const uint8_t *data, size_t len)
{
	const uint32_t room = sp_tcp_writable_bytes(s, t);
	const uint32_t want = len < room ? (uint32_t)len : room;
	const int error = send_error(t);
	struct tcp_tx *tx;
	uint32_t done = 0;

	if (error != 0 || len == 0) {
		if (error == SAMPAN_EAGAIN)
			tcp_set(t, TCP_F_WANT_ROOM);
		return error;
	}
	tx = want > 0 && !sp_arena_low(&s->arena) ? sp_tcp_tx_need(s, t) : NULL;
	if (tx != NULL)
		done = sp_sendq_append(&tx->q, &s->arena, data, want);
	if (done < len)
		tcp_set(t, TCP_F_WANT_ROOM);
	if (tx != NULL && tx->q.bytes == 0)
		sp_tcp_loss_rearm(s, t);
	if (done == 0) {
		if (room > 0)
			sp_tcp_on_starved(s, t);
		sp_tcp_settle(s, t);
		return SAMPAN_EAGAIN;
	}
	sp_tcp_settle(s, t);
	return done;
}

/* RFC 9293 §3.6 (MUST-12): the end of the stream is 0, a reset an error. */
int64_t
sp_tcp_recv(struct sampan *s, struct tcp_tcb *t, uint8_t *data, size_t len)
{
	struct tcp_rx *rx = tcp_rx_if_any(s, t);
	uint32_t done, to_mark;

	if (t->state == SAMPAN_TCP_LISTEN || !tcp_is(t, TCP_F_USED))
		return SAMPAN_ENOTCONN;
	if (rx == NULL || rx->q.bytes == 0 || tcp_is(t, TCP_F_SHUT_RD)) {
		if (t->ep.error != 0)
			return take_error(t);
		if (t->state == SAMPAN_TCP_CLOSED || tcp_is(t, TCP_F_PEER_FIN) ||
		    tcp_is(t, TCP_F_SHUT_RD))
			return 0;
		return SAMPAN_EAGAIN;
	}
	to_mark = sp_tcp_to_mark(s, t);
	done = sp_recvq_read(&rx->q, &s->arena, data, len < to_mark ? (uint32_t)len : to_mark);
	sp_tcp_rx_release(s, t);
	sp_tcp_wnd_tune(s, t);
	if (t->state != SAMPAN_TCP_CLOSED && !tcp_is(t, TCP_F_PEER_FIN) &&
	    sp_tcp_wnd_update_due(s, t)) {
		tcp_set(t, TCP_F_ACK_NOW);
		sp_tcp_settle(s, t);
	}
	return done;
}

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
	if (!is_open(t))
		return SAMPAN_ENOTCONN;
	if ((how & SAMPAN_SHUT_RD) != 0) {
		tcp_set(t, TCP_F_SHUT_RD);
		sp_tcp_rx_discard(s, t);
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

/* RFC 9293 §3.6.1 (MAY-1): reading ends too. */
void
sp_tcp_close(struct sampan *s, struct tcp_tcb *t)
{
	const bool unread = tcp_readable_bytes(s, t) > 0;

	const bool at_once = t->rare != 0 && tcp_rare_of(s, t)->linger_s == 0;

	/* RFC 9293 §3.6.1 (SHLD-3): unread data are lost, and the peer is told. */
	if (!is_open(t) || ((unread || at_once) && t->state != SAMPAN_TCP_TIME_WAIT)) {
		sp_tcp_abort(s, t);
		return;
	}
	sp_endpoint_detach(s, &t->ep);
	sp_tcp_rx_free(s, t);
	queue_fin(s, t);
	if (t->state == SAMPAN_TCP_FIN_WAIT_2)
		sp_tcp_orphan_fin_wait_2(s, t);
	sp_tcp_settle(s, t);
}

unsigned
sp_tcp_level(const struct sampan *s, const struct tcp_tcb *t)
{
	unsigned level = 0;

	if (t->state == SAMPAN_TCP_LISTEN)
		return tcp_listen_of(s, t)->ready_count > 0 ? SAMPAN_ACCEPTABLE : 0;
	if (tcp_readable_bytes(s, t) > 0 || tcp_is(t, TCP_F_PEER_FIN))
		level |= SAMPAN_READABLE;
	if (sp_tcp_writable_bytes(s, t) > 0)
		level |= SAMPAN_WRITABLE;
	if (tcp_is(t, TCP_F_PEER_FIN))
		level |= SAMPAN_PEER_CLOSED;
	if (tcp_is(t, TCP_F_USED) &&
	    (t->state == SAMPAN_TCP_CLOSED || t->state == SAMPAN_TCP_TIME_WAIT))
		level |= SAMPAN_CLOSED | SAMPAN_READABLE;
	if (t->ep.was_error != 0)
		level |= SAMPAN_FAILED;
	if (sp_tcp_to_mark(s, t) != UINT32_MAX)
		level |= SAMPAN_URGENT;
	return level;
}

void
sp_tcp_status(const struct sampan *s, const struct tcp_tcb *t, struct sampan_status *st)
{
	*st = (struct sampan_status){
		.state = (enum sampan_tcp_state)t->state,
		.error = -(int)t->ep.was_error,
		.local = { t->flow.local, t->flow.local_port, t->link },
		.peer = { t->flow.remote, t->flow.remote_port, t->link },
		.recv_queue_bytes = tcp_readable_bytes(s, t),
		.send_queue_bytes = tcp_queued_bytes(s, t),
		.cwnd_bytes = t->cc.cwnd_bytes,
		.mss_bytes = t->mss_bytes,
		.srtt_dur = sp_tcp_rtt_srtt(&t->rtt),
		.rto_dur = sp_tcp_rtt_rto(s, &t->rtt, t->backoff),
		.level = sp_tcp_level(s, t),
	};
	sp_tcp_status_timer(s, t, st);
	if (sp_endpoint_attached(&t->ep))
		st->handle = (uint64_t)t->ep.generation << 32 | sp_ref(&s->arena, t);
	if (t->state == SAMPAN_TCP_LISTEN) {
		st->recv_queue_bytes = tcp_listen_of(s, t)->ready_count;
		st->send_queue_bytes = tcp_listen_of(s, t)->backlog;
	}
}
