/*
 * tcp_demux.c - from a flow to what stands for it.  RFC 9293 §3.10.7 (R-9293-35).
 *
 * One table for connections, half-open and TIME-WAIT records, and (by their
 * local end only) listeners: a segment costs one search, a SYN up to three.  Its
 * hash is keyed (R-4987-10, R-V-31).
 */
#include "net/end.h"
#include "net/port.h"
#include "net/stack.h"
#include "tcp/tcp_ahead.h"
#include "tcp/tcp_int.h"

struct sp_entry
sp_tcp_find(const struct sampan *s, const struct sp_flow *flow, uint32_t hash)
{
	struct sp_cursor c = sp_table_find(&s->conns, &s->arena, hash);
	const struct sp_entry *e;

	while ((e = sp_table_next(&s->arena, &c)) != NULL) {
		const struct sp_flow *f = sp_at(&s->arena, e->ref);

		if (sp_entry_tag(e) != TCP_TAG_BOUND && sp_flow_equal(f, flow))
			return *e;
	}
	return (struct sp_entry){ 0, 0 };
}

struct tcp_tcb *
sp_tcp_next_bound(const struct sampan *s, struct sp_cursor *c, const struct sp_flow *local)
{
	const struct sp_entry *e;

	while ((e = sp_table_next(&s->arena, c)) != NULL)
		if (sp_entry_tag(e) == TCP_TAG_BOUND &&
		    sp_flow_equal(sp_at(&s->arena, e->ref), local))
			return tcp_tcb_at(s, e->ref);
	return NULL;
}

/* The first entry of a hash is mostly the one; or there was none. */
struct sp_entry
sp_tcp_find_for(const struct sampan *s, const struct sp_pkt *pkt)
{
	if (pkt->hint_changes != s->conns.changes)
		return sp_tcp_find(s, &pkt->flow, pkt->hash);
	if (pkt->hint.ref == 0 && pkt->hint.hash_tag == TCP_HINT_NOBODY)
		return (struct sp_entry){ 0, 0 };
	if (pkt->hint.ref != 0 && sp_entry_tag(&pkt->hint) != TCP_TAG_BOUND &&
	    sp_flow_equal(sp_at(&s->arena, pkt->hint.ref), &pkt->flow))
		return pkt->hint;
	return sp_tcp_find(s, &pkt->flow, pkt->hash);
}

struct sp_cursor
sp_tcp_find_bound(const struct sampan *s, const struct sp_flow *local)
{
	return sp_table_find(&s->conns, &s->arena, sp_flow_hash(&s->flow_key, local));
}

/* The listener number `skip` at a local end that takes what is IPv4's (v4), or IPv6's; *n:
 * how many there are, or skip + 1. */
static struct tcp_tcb *
listener_at(const struct sampan *s, const struct sp_flow *local, bool v4, uint32_t skip,
    uint32_t *n)
{
	struct sp_cursor c = sp_tcp_find_bound(s, local);
	struct tcp_tcb *t;

	*n = 0;
	while ((t = sp_tcp_next_bound(s, &c, local)) != NULL)
		if (t->state == SAMPAN_TCP_LISTEN && !(v4 && t->v6only) && (*n)++ == skip)
			return t;
	return NULL;
}

/* Of several listeners (SO_REUSEPORT) the flow has one, by a keyed hash: nobody
 * outside can load one of them. */
static struct tcp_tcb *
listener_of(const struct sampan *s, const struct sampan_addr *local, const struct sp_flow *flow)
{
	const struct sp_flow at = { .local = *local, .local_port = flow->local_port };
	const bool v4 = sp_addr_is_v4(&flow->local);
	uint32_t n, nth;
	struct tcp_tcb *first = listener_at(s, &at, v4, 0, &n);

	if (first == NULL || !tcp_is(first, TCP_F_REUSEPORT))
		return first;
	(void)listener_at(s, &at, v4, UINT32_MAX, &n);
	nth = (uint32_t)((uint64_t)sp_flow_hash(&sp_tcp_const(s)->group_key, flow) * n >> 32);
	return listener_at(s, &at, v4, nth, &n);
}

struct tcp_tcb *
sp_tcp_find_listener(const struct sampan *s, const struct sp_flow *flow)
{
	struct tcp_tcb *t = NULL;

	if (sp_tcp_const(s)->bound_exactly > 0) {
		t = listener_of(s, &flow->local, flow);
		if (t == NULL && sp_addr_is_v4(&flow->local))
			t = listener_of(s, &sp_end_any4, flow);
	}
	return t != NULL ? t : listener_of(s, &sp_end_any, flow);
}

/* One that is bound to no address is the only one of its port, unless some of that port
 * are bound to one or to a family, or share it. */
struct tcp_tcb *
sp_tcp_find_listener_again(struct sampan *s, const struct sp_flow *flow)
{
	struct tcp_globals *g = sp_tcp(s);
	struct tcp_tcb *t = tcp_tcb_at(s, g->listener);

	if (g->listener != 0 && g->bound_exactly == 0 && t->state == SAMPAN_TCP_LISTEN &&
	    t->flow.local_port == flow->local_port && !tcp_is(t, TCP_F_REUSEPORT) && !t->v6only)
		return t;
	t = sp_tcp_find_listener(s, flow);
	g->listener = t != NULL ? sp_ref(&s->arena, t) : 0;
	return t;
}

/* What is bound has no peer. */
static bool
is_local_end(const struct sp_flow *flow)
{
	return flow->remote_port == 0 && sp_addr_is_any(&flow->remote);
}

/* Bound to one address, or to those of IPv4: not to any. */
static bool
is_exact_local_end(const struct sp_flow *flow)
{
	return flow->remote_port == 0 && is_local_end(flow) && !sp_end_is_any(&flow->local);
}

bool
sp_tcp_insert(struct sampan *s, const struct sp_flow *flow, uint32_t ref, enum sp_conn_tag tag)
{
	const uint32_t hash = sp_flow_hash(&s->flow_key, flow);

	if (tag != TCP_TAG_BOUND && !sp_port_hold(s, flow->local_port))
		return false;
	if (sp_table_add(&s->conns, &s->arena, hash, ref, tag)) {
		sp_tcp(s)->bound_exactly += is_exact_local_end(flow);
		return true;
	}
	if (tag != TCP_TAG_BOUND)
		sp_port_drop(s, flow->local_port);
	return false;
}

void
sp_tcp_remove(struct sampan *s, const struct sp_flow *flow, uint32_t ref)
{
	sp_table_remove(&s->conns, &s->arena, sp_flow_hash(&s->flow_key, flow), ref);
	if (!is_local_end(flow))
		sp_port_drop(s, flow->local_port);
	sp_tcp(s)->bound_exactly -= is_exact_local_end(flow);
	if (sp_tcp(s)->listener == ref)
		sp_tcp(s)->listener = 0;
}

void
sp_tcp_replace(struct sampan *s, const struct sp_flow *flow, uint32_t ref, uint32_t by,
    enum sp_conn_tag tag)
{
	sp_table_replace(&s->conns, &s->arena, sp_flow_hash(&s->flow_key, flow), ref,
	    (struct sp_entry){ by, tag });
}
