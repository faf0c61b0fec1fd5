/*
 * tcp_bind.c - a local end for a socket, and passive OPEN.  RFC 9293 §3.9.1.1,
 * §3.10.1.
 *
 * Who stands in whose way is Linux's rule.  Two local ends meet if their ports
 * are equal and some packet could be for both (net/end.h).  They stand in each
 * other's way unless both have SO_REUSEPORT, or both SO_REUSEADDR and neither
 * listens.  Connections, half-open ones and TIME-WAIT of the port (of any address)
 * stand in the way of a socket without SO_REUSEADDR only: who restarts a server
 * sets it, who does not is kept from taking the port over unawares.
 */
#include "net/end.h"
#include "net/port.h"
#include "tcp/tcp_int.h"

/* May both have the same local end? */
static bool
get_along(const struct tcp_tcb *t, const struct tcp_tcb *other)
{
	if (tcp_is(t, TCP_F_REUSEPORT) && tcp_is(other, TCP_F_REUSEPORT))
		return true;
	return tcp_is(t, TCP_F_REUSEADDR) && tcp_is(other, TCP_F_REUSEADDR) &&
	    other->state != SAMPAN_TCP_LISTEN;
}

/* Does somebody who is bound to this address stand in the way? */
static bool
taken_at(const struct sampan *s, const struct tcp_tcb *t, const struct sp_end *end,
    const struct sampan_addr *local)
{
	const struct sp_flow at = { .local = *local, .local_port = end->port };
	struct sp_cursor c = sp_tcp_find_bound(s, &at);
	const struct tcp_tcb *other;

	while ((other = sp_tcp_next_bound(s, &c, &at)) != NULL)
		if (other != t && sp_end_meets(end, local, other->v6only) && !get_along(t, other))
			return true;
	return false;
}

/* RFC 9293 §3.9.1.1 (MUST-41); with SO_REUSEADDR what has a peer does not stand in
 * the way (MUST-42). */
static bool
taken(const struct sampan *s, const struct tcp_tcb *t, const struct sp_end *end)
{
	struct sampan_addr rival;

	for (unsigned i = 0; sp_end_rival(s, end, i, &rival); i++)
		if (taken_at(s, t, end, &rival))
			return true;
	return false;
}

/* The same for bind(), where connections count too. */
static bool
in_use(const struct sampan *s, const struct tcp_tcb *t, const struct sp_end *end)
{
	return (sp_port_count(s, end->port) > 0 && !tcp_is(t, TCP_F_REUSEADDR)) ||
	    taken(s, t, end);
}

/* A free port for a listener or a bound socket (R-6056-6), 0: none.  Nobody else
 * has it, whatever the options say. */
static uint16_t
choose_bind_port(struct sampan *s, struct sp_end end)
{
	static const struct tcp_tcb stranger;
	const uint32_t first = (uint32_t)sp_setting(s, SAMPAN_SET_PORT_FIRST);
	const uint32_t last = (uint32_t)sp_setting(s, SAMPAN_SET_PORT_LAST);
	const uint32_t count = last >= first ? last - first + 1 : 0;
	const uint32_t start = count > 0 ? sp_rng_below(&s->rng, count) : 0;

	for (uint32_t i = 0; i < count; i++) {
		end.port = (uint16_t)(first + (start + i) % count);
		if (sp_port_may_choose(s, end.port) && !in_use(s, &stranger, &end))
			return end.port;
	}
	return 0;
}

int
sp_tcp_bind(struct sampan *s, struct tcp_tcb *t, const struct sampan_sockaddr *local)
{
	struct sp_end end = { .port = local->port, .v6only = t->v6only };

	if (tcp_is(t, TCP_F_USED) || tcp_is(t, TCP_F_BOUND) ||
	    sp_end_scope(s, local, 0, &end.addr) != 0 ||
	    (t->v6only && sp_addr_is_v4(&end.addr)))
		return SAMPAN_EINVAL;
	/* MUST-43 */
	if (!sp_addr_is_any(&end.addr) && sp_local_find(s, 0, &end.addr) == NULL)
		return SAMPAN_EADDRNOTAVAIL;
	if (end.port == 0)
		end.port = choose_bind_port(s, end);
	if (end.port == 0 || in_use(s, t, &end))
		return SAMPAN_EADDRINUSE;
	t->flow = (struct sp_flow){ .local = end.addr, .local_port = end.port };
	if (!sp_tcp_insert(s, &t->flow, sp_ref(&s->arena, t), TCP_TAG_BOUND))
		return SAMPAN_ENOBUFS;
	t->flags |= TCP_F_IN_TABLE | TCP_F_BOUND;
	return 0;
}

/* May it listen now?  It gets a port if it has none; another one may listen at its
 * local end since it was bound. */
static int
prepare(struct sampan *s, struct tcp_tcb *t)
{
	static const struct sampan_sockaddr any;
	const struct sp_end end = { t->flow.local, t->flow.local_port, t->v6only };

	if (!tcp_is(t, TCP_F_BOUND))
		return sp_tcp_bind(s, t, &any);
	return taken(s, t, &end) ? SAMPAN_EADDRINUSE : 0;
}

int
sp_tcp_listen(struct sampan *s, struct tcp_tcb *t, uint32_t backlog)
{
	const uint32_t most = (uint32_t)sp_setting(s, SAMPAN_SET_SOMAXCONN);
	struct tcp_rare *rare;
	int error;

	if (t->state == SAMPAN_TCP_LISTEN) {
		tcp_listen_of(s, t)->backlog = backlog < most ? backlog : most;
		return 0;
	}
	if (tcp_is(t, TCP_F_USED))
		return SAMPAN_EINVAL;
	error = prepare(s, t);
	if (error != 0)
		return error;
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
