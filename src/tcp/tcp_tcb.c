/*
 * tcp_tcb.c - the life of a control block, and what hangs on it.
 *
 * sp_tcp_settle() is the one place where a change becomes consequences: every
 * entry into TCP ends with it.
 */
#include "tcp/tcp_tcb.h"

#include "net/neigh.h"
#include "net/pmtu.h"
#include "tcp/tcp_accecn.h"
#include "tcp/tcp_facts.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_mem.h"
#include "tcp/tcp_pmtu.h"
#include "tcp/tcp_source.h"
#include "tcp/tcp_tally.h"

/* A key for each purpose, from the seed (R-6528-3). */
void
sp_tcp_draw_keys(struct sampan *s)
{
	struct tcp_globals *g = sp_tcp(s);

	g->isn_key = sp_rng_key(&s->rng);
	g->ts_key = sp_rng_key(&s->rng);
	g->group_key = sp_rng_key(&s->rng);
	g->cookies.master = sp_rng_key(&s->rng);
	g->cookies.keyed = false;
}

void
sp_tcp_init(struct sampan *s)
{
	struct tcp_globals *g = sp_tcp(s);

	sp_pool_init(&s->arena, SP_KIND_TCB, sizeof(struct tcp_tcb));
	sp_pool_init(&s->arena, SP_KIND_HALF_OPEN, sizeof(struct tcp_half_open));
	sp_pool_init(&s->arena, SP_KIND_TIME_WAIT, sizeof(struct tcp_time_wait));
	sp_pool_init(&s->arena, SP_KIND_TCP_TX, sizeof(struct tcp_tx));
	sp_pool_init(&s->arena, SP_KIND_TCP_RX, sizeof(struct tcp_rx));
	sp_pool_init(&s->arena, SP_KIND_TCP_SENT, sizeof(struct tcp_sent));
	sp_pool_init(&s->arena, SP_KIND_TCP_RARE, sizeof(struct tcp_rare));
	sp_pool_init(&s->arena, SP_KIND_TCP_CC, TCP_CC_MEM_MAX);
	sp_pool_init(&s->arena, SP_KIND_TCP_TALLY, sizeof(struct tcp_tally));
	sp_pool_init(&s->arena, SP_KIND_TCP_ACCECN, sizeof(struct tcp_accecn));
	sp_recvq_init(&s->arena);
	sp_pool_init(&s->arena, SP_KIND_TCP_SOURCE, sizeof(struct tcp_source));
	sp_pool_init(&s->arena, SP_KIND_LISTEN, sizeof(struct tcp_listen));
	*g = (struct tcp_globals){ 0 };
	sp_tcp_draw_keys(s);
	sp_tcp_mem_init(s);
}

struct tcp_tcb *
sp_tcp_tcb_new(struct sampan *s)
{
	const uint32_t ref = sp_pool_take(&s->arena, SP_KIND_TCB);
	struct tcp_tcb *t = tcp_tcb_at(s, ref);

	if (ref == 0)
		return NULL;
	*t = (struct tcp_tcb){
		.state = SAMPAN_TCP_CLOSED,
		.sndbuf_bytes = (uint32_t)sp_setting(s, SAMPAN_SET_TCP_SNDBUF),
		.rcvbuf_bytes = (uint32_t)sp_setting(s, SAMPAN_SET_TCP_RCVBUF),
		.cc_id = (uint8_t)sp_setting(s, SAMPAN_SET_TCP_CONGESTION),
	};
	sp_tcp(s)->tcbs++;
	return t;
}

static void
tcb_free(struct sampan *s, struct tcp_tcb *t)
{
	sp_tcp_orphan_end(s, t);
	sp_wheel_remove(&s->wheel, &s->arena, &t->timer);
	sp_tcp_tx_free(s, t);
	sp_tcp_rx_free(s, t);
	if (t->rare != 0) {
		(void)sp_tcp_tally_set(s, t, false);
		sp_tcp_accecn_end(s, t);
		sp_pool_give(&s->arena, SP_KIND_TCP_RARE, t->rare);
	}
	sp_tcp(s)->tcbs--;
	t->state = SAMPAN_TCP_STATE_COUNT;
	sp_pool_give(&s->arena, SP_KIND_TCB, sp_ref(&s->arena, t));
}

/* Might sp_tcp_output() have something to do?  May say yes in vain. */
static bool
wants_output(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t due = TCP_F_SYN_DUE | TCP_F_FIN_DUE | TCP_F_ACK_NOW | TCP_F_ACK_DUE |
	    TCP_F_PROBE_DUE;

	if ((t->flags & due) != 0)
		return true;
	if (tcp_is(t, TCP_F_FIN_QUEUED) && !tcp_is(t, TCP_F_FIN_SENT))
		return true;
	return t->tx != 0 &&
	    (sp_tcp_unsent(s, t) > 0 || tcp_tx_of(s, t)->lost.first != 0 ||
		tcp_tx_of(s, t)->tlp_due);
}

void
sp_tcp_rest(struct sampan *s, struct tcp_tcb *t)
{
	const bool held = sp_endpoint_attached(&t->ep) || tcp_is(t, TCP_F_QUEUED);

	if (t->rare != 0)
		sp_tcp_tally_limit(s, t);
	if (t->state == SAMPAN_TCP_ESTABLISHED && t->armed != 0) {
		if (tcp_is(t, TCP_F_DIRTY))
			sp_tcp_timer_sync(s, t);
		return;
	}
	if (t->state == SAMPAN_TCP_CLOSED || t->state == SAMPAN_TCP_LISTEN) {
		if (!held)
			tcb_free(s, t);
	} else if (t->state == SAMPAN_TCP_TIME_WAIT && !held) {
		sp_tcp_time_wait_from(s, t);
	} else if (t->armed == 0) {
		sp_tcp_timer_rest(s, t);
	} else if (tcp_is(t, TCP_F_DIRTY)) {
		sp_tcp_timer_sync(s, t);
	}
}

void
sp_tcp_settle(struct sampan *s, struct tcp_tcb *t)
{
	if (t->rare != 0)
		sp_tcp_tally_limit(s, t);
	if (t->state == SAMPAN_TCP_CLOSED || !wants_output(s, t)) {
		sp_tcp_rest(s, t);
		return;
	}
	if (!sp_node_linked(&t->run))
		sp_list_push(&s->arena, &s->link[t->link].run, &t->run);
	if (tcp_is(t, TCP_F_DIRTY))
		sp_tcp_timer_sync(s, t);
}

/* RFC 6691 §2 (R-6691-1): fixed headers only; R-1191-9; RFC 8200 §8.3 (R-8200-11). */
uint16_t
sp_tcp_own_mss(const struct sampan *s, unsigned link, const struct sampan_addr *peer)
{
	const struct sp_route *r = sp_route_metrics(s, peer);
	uint32_t mtu = sp_link_mtu(s, link, sp_addr_is_v4(peer));

	if (r != NULL && r->mtu_bytes != 0 && r->mtu_bytes < mtu)
		mtu = r->mtu_bytes;
	mtu -= sp_ip_hdr_len(peer) + TCP_HDR_LEN;
	if (r != NULL && r->advmss_bytes != 0 && r->advmss_bytes < mtu)
		mtu = r->advmss_bytes > TCP_MSS_FLOOR ? r->advmss_bytes : TCP_MSS_FLOOR;
	return (uint16_t)mtu;
}

uint16_t
sp_tcp_announced_mss(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint16_t own = sp_tcp_own_mss(s, t->link, &t->flow.remote);
	const uint16_t cap = t->rare != 0 ? tcp_rare_of(s, t)->maxseg_bytes : 0;

	return cap != 0 && cap < own ? cap : own;
}

uint32_t
sp_tcp_segment_room(const struct sampan *s, const struct tcp_tcb *t)
{
	return (uint32_t)sp_tcp_announced_mss(s, t) - (tcp_is(t, TCP_F_TS) ? TCP_TS_BYTES : 0);
}

/* RFC 6691 §2 (R-6691-2, R-2525-13); a peer that says 65535 leaves it to the path
 * (RFC 2675 §5.1 (R-9293-33)). */
void
sp_tcp_set_mss(struct sampan *s, struct tcp_tcb *t, uint16_t peer_mss_bytes)
{
	const uint32_t hdrs = sp_ip_hdr_len(&t->flow.remote) + TCP_HDR_LEN;
	const uint16_t path = (uint16_t)(sp_tcp_mtu(s, t) - hdrs);
	const uint16_t cap = t->rare != 0 ? tcp_rare_of(s, t)->maxseg_bytes : 0;
	const uint16_t own = cap != 0 && cap < path ? cap : path;
	uint16_t mss = peer_mss_bytes < TCP_MSS_FLOOR ? TCP_MSS_FLOOR : peer_mss_bytes;

	t->peer_mss_bytes = mss;
	if (mss > own)
		mss = own;
	if (tcp_is(t, TCP_F_TS))
		mss = (uint16_t)(mss - TCP_TS_BYTES);
	t->mss_bytes = mss;
}

void
sp_tcp_take_route(struct sampan *s, struct tcp_tcb *t)
{
	const struct sp_route *route = sp_route_metrics(s, &t->flow.remote);
	const uint32_t most = route != NULL ? route->window_bytes : 0;
	struct tcp_rare *r = NULL;

	if (route != NULL && (most != 0 || route->rto_min_ms != 0 || route->quickack))
		r = sp_tcp_rare_need(s, t);
	if (r == NULL)
		return;
	if (most != 0 && (r->window_clamp_bytes == 0 || r->window_clamp_bytes > most))
		r->window_clamp_bytes = most;
	r->rto_min_ms = route->rto_min_ms;
	r->route_quickack = route->quickack;
}

void
sp_tcp_path_release(struct sampan *s, struct tcp_tcb *t)
{
	if (t->neigh != 0)
		sp_neigh_release(s, t->neigh);
	t->neigh = 0;
}

/* Looks the way up anew; READY: it goes on as before.  From an address that we have
 * no longer nothing is sent (RFC 2131 §4.4.5 (R-2131-11), R-4862-9); it may come back. */
static enum tcp_path
find_path(struct sampan *s, struct tcp_tcb *t)
{
	const uint8_t link = t->link;
	const uint16_t mss = t->mss_bytes;
	struct sp_path path;

	sp_tcp_path_release(s, t);
	if (sp_local_find(s, 0, &t->flow.local) == NULL ||
	    !sp_route_find(s, &t->flow.remote, &path))
		return TCP_PATH_NONE;
	t->link = (uint8_t)path.link;
	t->route_gen = s->route_gen;
	t->neigh = sp_neigh_hold(s, path.link, &path.next_hop);
	if (mss != 0)
		sp_tcp_pmtu_sync(s, t);
	if (t->link != link || t->mss_bytes != mss)
		return TCP_PATH_MOVED;
	return t->neigh != 0 ? TCP_PATH_READY : TCP_PATH_NONE;
}

enum tcp_path
sp_tcp_path(struct sampan *s, struct tcp_tcb *t)
{
	if (t->neigh == 0 || t->route_gen != s->route_gen) {
		const enum tcp_path path = find_path(s, t);

		if (path != TCP_PATH_READY)
			return path;
	}
	switch (sp_neigh_use(s, t->neigh)) {
	case SP_NEIGH_USE:
		return TCP_PATH_READY;
	case SP_NEIGH_WAIT:
		return TCP_PATH_WAIT;
	case SP_NEIGH_DEAD:
		break;
	}
	return TCP_PATH_DEAD;
}

struct tcp_tx *
sp_tcp_tx_need(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx;

	if (t->tx != 0)
		return tcp_tx_of(s, t);
	t->tx = sp_pool_take(&s->arena, SP_KIND_TCP_TX);
	if (t->tx == 0)
		return NULL;
	tx = tcp_tx_of(s, t);
	*tx = (struct tcp_tx){
		.round_end = t->snd.nxt,
		.small_end = t->snd.una,
		.rack_fack = t->snd.una,
	};
	if (!sp_tcp_cc_wake(s, t)) {
		sp_pool_give(&s->arena, SP_KIND_TCP_TX, t->tx);
		t->tx = 0;
		return NULL;
	}
	return tx;
}

struct tcp_rare *
sp_tcp_rare_need(struct sampan *s, struct tcp_tcb *t)
{
	if (t->rare != 0)
		return tcp_rare_of(s, t);
	t->rare = sp_pool_take(&s->arena, SP_KIND_TCP_RARE);
	if (t->rare == 0)
		return NULL;
	*tcp_rare_of(s, t) = (struct tcp_rare){
		.linger_s = -1,
		.notsent_lowat_bytes = UINT32_MAX,
		.rcvlowat_bytes = 1,
		.progress_at = sp_tick_of(s->now),
		.snd_up = t->snd.una,
		.rcv_up = t->rcv.nxt,
	};
	return tcp_rare_of(s, t);
}

struct tcp_rx *
sp_tcp_rx_need(struct sampan *s, struct tcp_tcb *t)
{
	if (t->rx != 0)
		return tcp_rx_of(s, t);
	t->rx = sp_pool_take(&s->arena, SP_KIND_TCP_RX);
	if (t->rx == 0)
		return NULL;
	*tcp_rx_of(s, t) = (struct tcp_rx){ 0 };
	return tcp_rx_of(s, t);
}

void
sp_tcp_tx_free(struct sampan *s, struct tcp_tcb *t)
{
	if (t->tx == 0)
		return;
	sp_tcp_disarm(t, TCP_AT_LOSS);
	sp_tcp_disarm(t, TCP_AT_PACE);
	sp_tcp_cc_rest(s, t);
	sp_tcp_rtx_clear(s, tcp_tx_of(s, t));
	sp_sendq_clear(&tcp_tx_of(s, t)->q, &s->arena);
	sp_pool_give(&s->arena, SP_KIND_TCP_TX, t->tx);
	t->tx = 0;
	sp_tcp_rx_release(s, t);
}

/* A conversation needs it again before long. */
void
sp_tcp_rx_release(struct sampan *s, struct tcp_tcb *t)
{
	if (t->rx == 0 || t->tx != 0 || !tcp_rx_is_empty(s, t))
		return;
	sp_pool_give(&s->arena, SP_KIND_TCP_RX, t->rx);
	t->rx = 0;
}

void
sp_tcp_rx_free(struct sampan *s, struct tcp_tcb *t)
{
	if (t->rx == 0)
		return;
	sp_recvq_clear(&tcp_rx_of(s, t)->q, &s->arena);
	sp_pool_give(&s->arena, SP_KIND_TCP_RX, t->rx);
	t->rx = 0;
}
