/*
 * tcp_user.c - active OPEN, SEND, RECEIVE, STATUS.  RFC 9293 §3.10.1 to §3.10.3,
 * §3.10.6.  Errors: as socket.h lists them.  Passive OPEN: tcp_bind.c; CLOSE and
 * ABORT: tcp_close.c.
 */
#include "tcp/tcp_user.h"

#include "net/end.h"
#include "net/port.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_loss.h"
#include "tcp/tcp_mem.h"
#include "tcp/tcp_tally.h"
#include "wire/ip4.h"

/* Tries at random before a search for a port becomes a walk. */
#define PORT_DRAWS 8

struct tcp_tcb *
sp_tcp_open(struct sampan *s)
{
	struct tcp_tcb *t = sp_tcp_tcb_new(s);

	if (t == NULL)
		return NULL;
	t->v6only = sp_setting(s, SAMPAN_SET_BINDV6ONLY) != 0;
	sp_endpoint_attach(s, &t->ep);
	return t;
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

/* A flow that is known is not taken (R-6056-5), in TIME-WAIT only where that is
 * safe (R-6056-7, R-6191-8). */
static bool
flow_is_free(const struct sampan *s, const struct sp_flow *flow)
{
	const struct sp_entry e = sp_tcp_find(s, flow, sp_flow_hash(&s->flow_key, flow));

	if (e.ref == 0)
		return true;
	return sp_entry_tag(&e) == TCP_TAG_TIME_WAIT &&
	    sp_tcp_time_wait_reusable(s, sp_at(&s->arena, e.ref));
}

/* The same of a port that may be chosen: what comes back comes here (net/team.h). */
static bool
fits(const struct sampan *s, const struct sp_flow *flow)
{
	return sp_port_may_choose(s, flow->local_port) && sp_team_owns(s, IP_PROTO_TCP, flow) &&
	    flow_is_free(s, flow);
}

/* RFC 6056 §3.3.1 (R-6056-2): drawn at random, so that no port tells about another
 * one (R-V-29).  Where most are taken a few draws find none: then on from where this
 * ended last time, so that filling the range costs one walk over it; the same where a
 * long list of ports is reserved (R-6056-4).
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

	for (unsigned i = 0; i < PORT_DRAWS * s->team.members && count > 0; i++) {
		flow->local_port = (uint16_t)(first + sp_rng_below(&s->rng, count));
		if (fits(s, flow))
			return flow->local_port;
	}
	for (uint32_t i = 0; i < count; i++) {
		flow->local_port = (uint16_t)(first + (*next)++ % count);
		if (fits(s, flow))
			return flow->local_port;
	}
	return 0;
}

/* The flow that a connect gets.  RFC 9293 §3.9.1.1 (MUST-44 to MUST-46). */
static int
choose_flow(struct sampan *s, const struct tcp_tcb *t, const struct sampan_sockaddr *peer,
    struct sp_flow *flow)
{
	int error;

	*flow = (struct sp_flow){
		.remote_port = peer->port,
		.local = t->flow.local,
		.local_port = t->flow.local_port,
	};
	error = sp_end_scope(s, peer, sp_addr_link(&flow->local), &flow->remote);
	if (error == 0)
		error = sp_end_reaches(&flow->local, t->v6only, &flow->remote);
	if (error != 0)
		return error;
	if (!sp_addr_is_unicast(s, &flow->remote) || peer->port == 0)
		return SAMPAN_EINVAL;
	if (sp_addr_is_any(&flow->local) && !sp_source_find(s, &flow->remote, &flow->local))
		return SAMPAN_ENETUNREACH;
	if (sp_local_find(s, 0, &flow->remote) != NULL)
		return SAMPAN_ENETUNREACH;	/* there is no loopback: R-V-35 */
	if (flow->local_port == 0)
		return choose_port(s, flow) != 0 ? 0 : SAMPAN_EADDRNOTAVAIL;
	if (!sp_team_owns(s, IP_PROTO_TCP, flow))
		return SAMPAN_EADDRNOTAVAIL;
	return flow_is_free(s, flow) ? 0 : SAMPAN_EADDRINUSE;
}

/* The table knows the connection by its flow from here on; its ISS is beyond what a
 * connection in TIME-WAIT, which it takes the place of, has sent. */
static int
take_flow(struct sampan *s, struct tcp_tcb *t, const struct sp_flow *flow)
{
	const struct sp_entry old = sp_tcp_find(s, flow, sp_flow_hash(&s->flow_key, flow));
	const uint32_t ref = sp_ref(&s->arena, t);

	t->iss = sp_tcp_isn(s, flow);
	if (old.ref != 0) {
		const tcp_seq after = sp_tcp_time_wait_reuse(s, sp_at(&s->arena, old.ref));

		t->iss = seq_lt(after, t->iss) ? t->iss : after;
	}
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
offer(struct sampan *s, struct tcp_tcb *t)
{
	if (sp_setting(s, SAMPAN_SET_TCP_WINDOW_SCALING) != 0) {
		tcp_set(t, TCP_F_WSCALE);
		t->rcv_scale = sp_tcp_wnd_scale(s, t) & 15u;
	}
	if (sp_setting(s, SAMPAN_SET_TCP_TIMESTAMPS) != 0)
		tcp_set(t, TCP_F_TS);
	if (sp_setting(s, SAMPAN_SET_TCP_SACK) != 0)
		tcp_set(t, TCP_F_SACK);
	sp_tcp_ecn_offer(s, t);
}

/* The error that ended the connection, the first time it is asked for. */
static int
take_error(struct tcp_tcb *t)
{
	const int error = -(int)t->ep.error;

	t->ep.error = 0;
	return error;
}

/* Has it been opened in vain? */
static bool
failed_to_open(const struct tcp_tcb *t)
{
	return t->state == SAMPAN_TCP_CLOSED && tcp_is(t, TCP_F_USED) &&
	    !tcp_is(t, TCP_F_PASSIVE) && t->ep.was_error != 0 && seq_eq(t->snd.una, t->iss);
}

/* As it was before that: what was set and the local end stay. */
static void
renew(struct tcp_tcb *t)
{
	const uint32_t kept = TCP_F_NODELAY | TCP_F_KEEPALIVE | TCP_F_CORK | TCP_F_REUSEADDR |
	    TCP_F_REUSEPORT | TCP_F_SNDBUF_SET | TCP_F_RCVBUF_SET | TCP_F_OOBINLINE;

	*t = (struct tcp_tcb){
		.flow = { .local = t->flow.local, .local_port = t->flow.local_port },
		.state = SAMPAN_TCP_CLOSED,
		.flags = t->flags & kept,
		.ep = t->ep,
		.rare = t->rare,
		.cc_id = t->cc_id,
		.sndbuf_bytes = t->sndbuf_bytes,
		.rcvbuf_bytes = t->rcvbuf_bytes,
		.v6only = t->v6only,
	};
	t->ep.was_error = 0;
	t->ep.soft_error = 0;
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
	if (failed_to_open(t)) {	/* that is told first, then it may try again */
		if (t->ep.error != 0)
			return take_error(t);
		renew(t);
	}
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
	t->snd.una = t->iss;
	t->snd.nxt = t->iss;
	sp_tcp_take_route(s, t);
	t->rcv.edge = seq_of(sp_tcp_wnd_initial(s, t, &t->flow.remote,
	    sp_tcp_announced_mss(s, t)));
	t->ts_offset = sp_tcp_ts_offset(s, &flow);
	offer(s, t);
	sp_tcp_tally_begin(s, t);
	t->flags |= TCP_F_USED | TCP_F_SYN_DUE;
	sp_tcp_enter(s, t, SAMPAN_TCP_SYN_SENT);
	sp_count(s, SAMPAN_COUNT_TCP_ACTIVE_OPENS);
	sp_tcp_on_syn_due(s, t);
	sp_tcp_settle(s, t);
	return SAMPAN_EINPROGRESS;
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

/* A third of the buffer, so that the application is not woken for every segment;
 * and half of what NOTSENT_LOWAT allows, for the same reason. */
bool
sp_tcp_has_room(const struct sampan *s, const struct tcp_tcb *t)
{
	if (sp_tcp_writable_bytes(s, t) < t->sndbuf_bytes / 3)
		return false;
	return t->rare == 0 || (uint64_t)sp_tcp_unsent(s, t) * 2 <
	    tcp_rare_of(s, t)->notsent_lowat_bytes;
}

void
sp_tcp_tell_room(struct sampan *s, struct tcp_tcb *t)
{
	if (!tcp_is(t, TCP_F_WANT_ROOM) || !sp_tcp_has_room(s, t))
		return;
	tcp_clear(t, TCP_F_WANT_ROOM);
	sp_endpoint_raise(s, &t->ep, SAMPAN_WRITABLE);
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

/* Is there memory for more to send?  Of tcp_mem's last page on only what each
 * connection is guaranteed. */
static bool
may_queue(const struct sampan *s, const struct tcp_tcb *t)
{
	return !sp_arena_low(&s->arena) && (!sp_tcp_mem_full(s) ||
	    tcp_queued_bytes(s, t) < sp_setting(s, SAMPAN_SET_TCP_SNDBUF_MIN));
}

int64_t
sp_tcp_send_room(struct sampan *s, struct tcp_tcb *t, size_t len)
{
	const uint32_t room = sp_tcp_writable_bytes(s, t);
	const uint32_t want = len < room ? (uint32_t)len : room;
	const int error = send_error(t);

	if (error != 0 || len == 0) {
		if (error == SAMPAN_EAGAIN)
			tcp_set(t, TCP_F_WANT_ROOM);
		return error;
	}
	return want > 0 && may_queue(s, t) ? want : sp_tcp_send_done(s, t, len, 0);
}

int64_t
sp_tcp_send_done(struct sampan *s, struct tcp_tcb *t, size_t len, uint32_t done)
{
	sp_tcp_mem_look(s);
	if (done < len)
		tcp_set(t, TCP_F_WANT_ROOM);
	if (t->tx != 0 && tcp_tx_of(s, t)->q.bytes == 0)
		sp_tcp_loss_rearm(s, t);
	if (done == 0 && sp_tcp_writable_bytes(s, t) > 0)
		sp_tcp_on_starved(s, t);
	sp_tcp_settle(s, t);
	return done > 0 ? (int64_t)done : SAMPAN_EAGAIN;
}

/* What most calls ask for: text on a connection that sends, nothing is special, and
 * there is room for all of it. */
static inline bool
is_plain_write(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_write *w)
{
	return t->tx != 0 && t->state == SAMPAN_TCP_ESTABLISHED && w->flags == 0 &&
	    t->rare == 0 && (t->flags & (TCP_F_FIN_QUEUED | TCP_F_DIRTY)) == 0 &&
	    t->ep.error == 0 && w->len > 0 &&
	    tcp_tx_of(s, t)->q.bytes + w->len <= t->sndbuf_bytes && tcp_mem_calm(s) &&
	    !sp_arena_low(&s->arena);
}

/* Where the link cuts but does not add up, whole chunks are sent at once: their sums are
 * made while they are in the cache anyway, and nobody looks at the bytes a second time,
 * neither for the first transmission nor for another one. */
static inline uint32_t
queue_text(struct sampan *s, const struct tcp_tcb *t, const uint8_t *data, uint32_t len)
{
	const uint32_t caps = s->link[t->link].caps;
	const uint32_t cuts = SAMPAN_LINK_TSO4 | SAMPAN_LINK_TSO6;
	struct sp_sendq *q = &tcp_tx_of(s, t)->q;

	if (len <= SP_CHUNK_SMALL_BYTES || (caps & cuts) == 0 || (caps & SAMPAN_LINK_CSUM_OUT) != 0)
		return sp_sendq_append(q, &s->arena, data, len);
	return sp_sendq_append_sum(q, &s->arena, data, len, s->csum_variant);
}

static int64_t
send_plainly(struct sampan *s, struct tcp_tcb *t, const struct tcp_write *w)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);
	uint32_t done;

	for (size_t at = 64; at < TCP_TX_HOT_BYTES; at += 64)
		sp_prefetch((const uint8_t *)tx + at);	/* for sp_tcp_output() */
	if (t->rx != 0)
		sp_prefetch(tcp_rx_of(s, t));
	done = queue_text(s, t, w->data, (uint32_t)w->len);
	tx->more = false;
	if (done < w->len)		/* no memory */
		return sp_tcp_send_done(s, t, w->len, done);
	if (!sp_node_linked(&t->run))
		sp_list_push(&s->arena, &s->link[t->link].run, &t->run);
	return done;
}

int64_t
sp_tcp_send(struct sampan *s, struct tcp_tcb *t, const struct tcp_write *w)
{
	struct tcp_tx *tx;
	uint32_t done = 0;
	int64_t want;

	if (is_plain_write(s, t, w))
		return send_plainly(s, t, w);
	want = sp_tcp_send_room(s, t, w->len);
	if (want <= 0)
		return want;
	if ((w->flags & SAMPAN_MSG_OOB) != 0 && sp_tcp_rare_need(s, t) == NULL)
		return SAMPAN_ENOBUFS;
	tx = sp_tcp_tx_need(s, t);
	if (tx != NULL) {
		tx->more = (w->flags & SAMPAN_MSG_MORE) != 0;
		done = queue_text(s, t, w->data, (uint32_t)want);
	}
	if (done > 0 && (w->flags & SAMPAN_MSG_OOB) != 0)
		sp_tcp_send_urgent(s, t);
	return sp_tcp_send_done(s, t, w->len, done);
}

int
sp_tcp_recv_ready(struct tcp_tcb *t, const struct tcp_rx *rx)
{
	if (t->state == SAMPAN_TCP_LISTEN || !tcp_is(t, TCP_F_USED))
		return SAMPAN_ENOTCONN;
	if (rx != NULL && rx->q.bytes > 0)
		return 1;
	if (t->ep.error != 0)
		return take_error(t);
	if (t->state == SAMPAN_TCP_CLOSED || tcp_is(t, TCP_F_PEER_FIN) ||
	    tcp_is(t, TCP_F_SHUT_RD))
		return 0;
	return SAMPAN_EAGAIN;
}

void
sp_tcp_recv_done(struct sampan *s, struct tcp_tcb *t)
{
	sp_tcp_urg_skip(s, t);
	sp_tcp_rx_release(s, t);
	sp_tcp_wnd_tune(s, t);
	if (t->state != SAMPAN_TCP_CLOSED && !tcp_is(t, TCP_F_PEER_FIN) &&
	    sp_tcp_wnd_update_due(s, t)) {
		tcp_set(t, TCP_F_ACK_NOW);
		sp_tcp_settle(s, t);
	}
}

/* sp_tcp_recv_done() without a struct tcp_rare. */
static inline void
recv_done_plainly(struct sampan *s, struct tcp_tcb *t)
{
	if (t->tx == 0)
		sp_tcp_rx_release(s, t);
	sp_tcp_wnd_tune(s, t);
	if (t->rcvbuf_bytes / 4 < tcp_rcv_wnd(t))
		return;			/* sp_tcp_wnd_update_due() would say no */
	sp_tcp_recv_done(s, t);
}

/* RFC 9293 §3.6 (MUST-12): the end of the stream is 0, a reset an error. */
int64_t
sp_tcp_recv(struct sampan *s, struct tcp_tcb *t, const struct tcp_read *r)
{
	struct tcp_rx *rx = tcp_rx_if_any(s, t);
	uint32_t to_mark, most, done;
	int ready;

	if (rx != NULL && rx->q.bytes > 0 && r->flags == 0 && t->rare == 0) {
		done = sp_recvq_read(&rx->q, &s->arena, r->data,
		    r->len < UINT32_MAX ? (uint32_t)r->len : UINT32_MAX);
		recv_done_plainly(s, t);
		return done;
	}
	to_mark = sp_tcp_to_mark(s, t);
	most = r->len < to_mark ? (uint32_t)r->len : to_mark;

	if ((r->flags & SAMPAN_MSG_OOB) != 0)
		return sp_tcp_recv_urgent(s, t, r);
	ready = sp_tcp_recv_ready(t, rx);
	if (ready <= 0)
		return ready;
	if ((r->flags & SAMPAN_MSG_PEEK) != 0)
		return sp_recvq_copy(&rx->q, &s->arena, 0, r->data, most);
	done = sp_recvq_read(&rx->q, &s->arena, r->data, most);
	sp_tcp_recv_done(s, t);
	return done;
}

unsigned
sp_tcp_level(const struct sampan *s, const struct tcp_tcb *t)
{
	unsigned level = 0;

	if (t->state == SAMPAN_TCP_LISTEN)
		return tcp_listen_of(s, t)->ready_count > 0 ? SAMPAN_ACCEPTABLE : 0;
	if (tcp_readable_bytes(s, t) > 0 || tcp_is(t, TCP_F_PEER_FIN))
		level |= SAMPAN_READABLE;
	if (sp_tcp_has_room(s, t))
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
		.local = sp_sockaddr_of(&t->flow.local, t->flow.local_port, t->link),
		.v6only = t->v6only,
		.peer = sp_sockaddr_of(&t->flow.remote, t->flow.remote_port, t->link),
		.recv_queue_bytes = tcp_readable_bytes(s, t),
		.send_queue_bytes = tcp_queued_bytes(s, t),
		.cwnd_bytes = t->cc.cwnd_bytes,
		.mss_bytes = t->mss_bytes,
		.srtt_dur = sp_tcp_rtt_srtt(&t->rtt),
		.rto_dur = tcp_rto(s, t, t->backoff),
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
