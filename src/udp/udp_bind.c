/*
 * udp_bind.c - local ends, and the one peer of a connected socket.
 *
 * Who stands in whose way is TCP's rule (tcp_bind.c), in a port space of UDP's
 * own: two local ends meet if their ports are equal and some datagram could be for
 * both (net/end.h); that is allowed if both sockets have SO_REUSEPORT, or both
 * SO_REUSEADDR.
 */
#include "net/end.h"
#include "net/port.h"
#include "udp/udp.h"
#include "udp/udp_raw.h"
#include "wire/ip4.h"

static bool
get_along(const struct udp_sock *u, const struct udp_sock *other)
{
	return (u->flags & other->flags & (UDP_F_REUSEADDR | UDP_F_REUSEPORT)) != 0;
}

static bool
taken_at(const struct sampan *s, const struct udp_sock *u, const struct sp_end *end,
    const struct sampan_addr *local)
{
	const struct sp_flow at = { .local = *local, .local_port = end->port };
	struct sp_cursor c = sp_udp_find_end(s, &at);
	const struct udp_sock *other;

	while ((other = sp_udp_next_end(s, &c, &at)) != NULL)
		if (other != u && sp_end_meets(end, local, other->v6only) && !get_along(u, other))
			return true;
	return false;
}

static bool
taken(const struct sampan *s, const struct udp_sock *u, const struct sp_end *end)
{
	struct sampan_addr rival;

	for (unsigned i = 0; sp_end_rival(s, end, i, &rival); i++)
		if (taken_at(s, u, end, &rival))
			return true;
	return false;
}

/* RFC 6056 §3.3.1 (R-6056-6): from a random one on the first that nobody else has,
 * whatever the options say.  0: none, and no endless search (R-6056-5). */
static uint16_t
choose_port(struct sampan *s, struct sp_end end)
{
	static const struct udp_sock stranger;
	const uint32_t first = (uint32_t)sp_setting(s, SAMPAN_SET_PORT_FIRST);
	const uint32_t last = (uint32_t)sp_setting(s, SAMPAN_SET_PORT_LAST);
	const uint32_t count = last >= first ? last - first + 1 : 0;
	const uint32_t start = count > 0 ? sp_rng_below(&s->rng, count) : 0;

	for (uint32_t i = 0; i < count; i++) {
		end.port = (uint16_t)(first + (start + i) % count);
		if (sp_port_may_choose(s, end.port) && sp_team_owns_port(s, end.port) &&
		    !taken(s, &stranger, &end))
			return end.port;
	}
	return 0;
}

/* Takes a local end, for a socket that has none. */
static int
take_end(struct sampan *s, struct udp_sock *u, const struct sampan_addr *local, uint16_t port)
{
	struct sp_end end = { *local, port, u->v6only };

	if (port == 0)
		end.port = choose_port(s, end);
	if (end.port == 0 || taken(s, u, &end))
		return SAMPAN_EADDRINUSE;
	u->flow = (struct sp_flow){ .local = *local, .local_port = end.port };
	if (sp_udp_insert(s, u, UDP_TAG_END))
		return 0;
	u->flow = (struct sp_flow){ .local_port = 0 };
	return SAMPAN_ENOBUFS;
}

int
sp_udp_need_port(struct sampan *s, struct udp_sock *u)
{
	if (udp_is_raw(u))
		return sp_raw_need_id(s, u);
	return u->flow.local_port != 0 ? 0 : take_end(s, u, &sp_end_any, 0);
}

/* An address of ours, or one that packets for us may carry. */
static bool
bindable(const struct sampan *s, const struct sampan_addr *a)
{
	return sp_local_find(s, 0, a) != NULL || sp_addr_is_multicast(a) ||
	    (sp_addr_is_v4(a) && (sp_addr_v4(a) == UINT32_MAX ||
	    sp_is_subnet_broadcast(s, 0, sp_addr_v4(a))));
}

int
sp_udp_bind(struct sampan *s, struct udp_sock *u, const struct sampan_sockaddr *local)
{
	struct sampan_addr addr;
	int error;

	if (udp_is_raw(u))
		return sp_raw_bind(s, u, local);
	if (u->flow.local_port != 0 || sp_end_scope(s, local, 0, &addr) != 0 ||
	    (u->v6only && sp_addr_is_v4(&addr)))
		return SAMPAN_EINVAL;
	if (!sp_addr_is_any(&addr) && !bindable(s, &addr))
		return SAMPAN_EADDRNOTAVAIL;
	error = take_end(s, u, &addr, local->port);
	if (error != 0)
		return error;
	udp_put(u, UDP_F_BOUND, true);
	u->bound = addr;
	u->link = local->link < SP_LINKS_MAX ? (uint8_t)local->link : 0;
	return 0;
}

/* Moves it to another flow: out of the table, changed, and in again, where it was
 * before; so there is memory.  connected: `to` has a peer. */
static int
move(struct sampan *s, struct udp_sock *u, const struct sp_flow *to, bool connected)
{
	if (udp_is(u, UDP_F_CONNECTED))
		sp_udp_remove(s, u, UDP_TAG_FLOW);
	if (u->flow.local_port != 0)
		sp_udp_remove(s, u, UDP_TAG_END);
	u->flow = *to;
	udp_put(u, UDP_F_CONNECTED, false);
	if (to->local_port == 0)
		return 0;
	if (!sp_udp_insert(s, u, UDP_TAG_END)) {
		u->flow = (struct sp_flow){ .local_port = 0 };
		udp_put(u, UDP_F_BOUND, false);
		return SAMPAN_ENOBUFS;
	}
	if (connected && !sp_udp_insert(s, u, UDP_TAG_FLOW))
		return SAMPAN_ENOBUFS;
	udp_put(u, UDP_F_CONNECTED, connected);
	return 0;
}

/* A port that bind() chose stays, one that came with the peer goes with it. */
static int
disconnect(struct sampan *s, struct udp_sock *u)
{
	struct sp_flow to = { .local_port = 0 };

	if (!udp_is(u, UDP_F_CONNECTED))
		return 0;
	if (udp_is_raw(u))
		return sp_raw_connect(s, u, NULL);
	if (udp_is(u, UDP_F_BOUND))
		to = (struct sp_flow){ .local = u->bound, .local_port = u->flow.local_port };
	return move(s, u, &to, false);
}

/* RFC 1122 §4.1.3.5 (R-768-7): the address that was bound, else the one for the way. */
static int
choose_flow(struct sampan *s, const struct udp_sock *u, const struct sampan_sockaddr *peer,
    struct sp_flow *flow)
{
	int error;

	*flow = (struct sp_flow){
		.remote_port = peer->port,
		.local = u->bound,
		.local_port = u->flow.local_port,
	};
	error = sp_end_scope(s, peer, sp_addr_link(&u->bound), &flow->remote);
	if (error == 0)
		error = sp_end_reaches(&u->bound, u->v6only, &flow->remote);
	if (error != 0)
		return error;
	if (!sp_addr_is_unicast(s, &flow->remote) || (peer->port == 0 && !udp_is_raw(u)))
		return SAMPAN_EINVAL;
	if (sp_local_find(s, 0, &flow->remote) != NULL)
		return SAMPAN_ENETUNREACH;	/* there is no loopback */
	if (sp_local_find(s, 0, &flow->local) == NULL &&
	    !sp_source_find(s, &flow->remote, &flow->local))
		return SAMPAN_ENETUNREACH;
	return 0;
}

/* Moves it to the flow, with the port that it has, or gets. */
static int
take_flow(struct sampan *s, struct udp_sock *u, struct sp_flow *flow)
{
	const int error = sp_udp_need_port(s, u);
	struct udp_sock *other;

	if (error != 0)
		return error;
	flow->local_port = u->flow.local_port;
	if (!sp_team_owns(s, IP_PROTO_UDP, flow))
		return SAMPAN_EADDRNOTAVAIL;
	other = sp_udp_find_flow(s, flow);
	if (other != NULL && other != u)
		return SAMPAN_EADDRINUSE;
	return move(s, u, flow, true);
}

int
sp_udp_connect(struct sampan *s, struct udp_sock *u, const struct sampan_sockaddr *peer)
{
	struct sp_flow flow;
	int error;

	if (sp_addr_is_any(&peer->addr) && peer->port == 0)
		return disconnect(s, u);
	error = choose_flow(s, u, peer, &flow);
	if (error == 0)
		error = udp_is_raw(u) ? sp_raw_connect(s, u, &flow) : take_flow(s, u, &flow);
	if (error != 0)
		return error;
	u->link = peer->link < SP_LINKS_MAX ? (uint8_t)peer->link : 0;
	if (sp_addr_link(&flow.remote) != 0)
		u->link = (uint8_t)sp_addr_link(&flow.remote);
	flow.remote_port = udp_is_raw(u) ? 0 : flow.remote_port;
	sp_udp_purge(s, u, &flow);
	return 0;
}
