/*
 * udp_demux.c - from a datagram to the socket whose it is.
 *
 * One table, keyed (R-V-31).  A connected socket takes what comes from its peer;
 * what is left goes to a socket of exactly that local end, then to one of any
 * address (R-768-10).  Of several (SO_REUSEPORT, SO_REUSEADDR) the flow has one,
 * by a keyed hash: nobody outside can load one of them.
 */
#include "net/end.h"
#include "net/ip.h"
#include "udp/udp_sock.h"

static struct udp_sock *
sock_at(const struct sampan *s, const struct sp_entry *e)
{
	return sp_at(&s->arena, e->ref);
}

struct udp_sock *
sp_udp_find_flow(const struct sampan *s, const struct sp_flow *flow)
{
	const struct udp_globals *g = sp_udp_const(s);
	struct sp_cursor c = sp_table_find(&g->table, &s->arena,
	    sp_flow_hash(&s->flow_key, flow));
	const struct sp_entry *e;

	while ((e = sp_table_next(&s->arena, &c)) != NULL)
		if (sp_entry_tag(e) == UDP_TAG_FLOW && sp_flow_equal(&sock_at(s, e)->flow, flow))
			return sock_at(s, e);
	return NULL;
}

struct sp_cursor
sp_udp_find_end(const struct sampan *s, const struct sp_flow *end)
{
	return sp_table_find(&sp_udp_const(s)->table, &s->arena, sp_flow_hash(&s->flow_key, end));
}

struct udp_sock *
sp_udp_next_end(const struct sampan *s, struct sp_cursor *c, const struct sp_flow *end)
{
	const struct sp_entry *e;

	while ((e = sp_table_next(&s->arena, c)) != NULL) {
		struct udp_sock *u = sock_at(s, e);

		if (sp_entry_tag(e) == UDP_TAG_END && u->flow.local_port == end->local_port &&
		    sp_addr_equal(&u->flow.local, &end->local))
			return u;
	}
	return NULL;
}

/* The socket without a peer number `skip` at a local end that takes what is IPv4's (v4), or
 * IPv6's; *n: how many there are, or skip + 1. */
static struct udp_sock *
nth_at(const struct sampan *s, const struct sp_flow *end, bool v4, uint32_t skip, uint32_t *n)
{
	struct sp_cursor c = sp_udp_find_end(s, end);
	struct udp_sock *u;

	*n = 0;
	while ((u = sp_udp_next_end(s, &c, end)) != NULL)
		if (!udp_is(u, UDP_F_CONNECTED) && !(v4 && u->v6only) && (*n)++ == skip)
			return u;
	return NULL;
}

static struct udp_sock *
one_at(const struct sampan *s, const struct sampan_addr *local, const struct sp_flow *flow)
{
	const struct sp_flow end = { .local = *local, .local_port = flow->local_port };
	const bool v4 = sp_addr_is_v4(&flow->local);
	uint32_t n, nth;

	(void)nth_at(s, &end, v4, UINT32_MAX, &n);
	if (n == 0)
		return NULL;
	nth = n == 1 ? 0 :
	    (uint32_t)((uint64_t)sp_flow_hash(&sp_udp_const(s)->group_key, flow) * n >> 32);
	return nth_at(s, &end, v4, nth, &n);
}

struct udp_sock *
sp_udp_find_for(const struct sampan *s, const struct sp_flow *flow)
{
	struct udp_sock *u;

	if (!sp_udp_const(s)->made)
		return NULL;
	u = sp_udp_find_flow(s, flow);
	if (u == NULL)
		u = one_at(s, &flow->local, flow);
	if (u == NULL && sp_udp_const(s)->any4_ends > 0 && sp_addr_is_v4(&flow->local))
		u = one_at(s, &sp_end_any4, flow);
	return u != NULL ? u : one_at(s, &sp_end_any, flow);
}

static uint32_t
hash_of(const struct sampan *s, const struct udp_sock *u, enum udp_tag tag)
{
	const struct sp_flow end = { .local = u->flow.local, .local_port = u->flow.local_port };

	return sp_flow_hash(&s->flow_key, tag == UDP_TAG_FLOW ? &u->flow : &end);
}

static bool
is_any4_end(const struct udp_sock *u, enum udp_tag tag)
{
	return tag == UDP_TAG_END && sp_addr_equal(&u->flow.local, &sp_end_any4);
}

bool
sp_udp_insert(struct sampan *s, struct udp_sock *u, enum udp_tag tag)
{
	if (!sp_table_add(&sp_udp(s)->table, &s->arena, hash_of(s, u, tag),
	    sp_ref(&s->arena, u), tag))
		return false;
	sp_udp(s)->any4_ends += is_any4_end(u, tag);
	return true;
}

void
sp_udp_remove(struct sampan *s, struct udp_sock *u, enum udp_tag tag)
{
	sp_table_remove(&sp_udp(s)->table, &s->arena, hash_of(s, u, tag), sp_ref(&s->arena, u));
	sp_udp(s)->any4_ends -= is_any4_end(u, tag);
}
