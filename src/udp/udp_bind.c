/*
 * udp_bind.c - local ends, and the one peer of a connected socket.
 *
 * Who stands in whose way is TCP's rule (tcp_bind.c), in a port space of UDP's
 * own: two local ends meet if their ports are equal and their addresses are, or
 * one of them is any; that is allowed if both sockets have SO_REUSEPORT, or both
 * SO_REUSEADDR.
 */
#include "udp/udp.h"
#include "wire/ip4.h"

static const struct sampan_addr any;

static bool
get_along(const struct udp_sock *u, const struct udp_sock *other)
{
	return (u->flags & other->flags & (UDP_F_REUSEADDR | UDP_F_REUSEPORT)) != 0;
}

static bool
taken_at(const struct sampan *s, const struct udp_sock *u, const struct sampan_addr *local,
    uint16_t port)
{
	const struct sp_flow end = { .local = *local, .local_port = port };
	struct sp_cursor c = sp_udp_find_end(s, &end);
	const struct udp_sock *other;

	while ((other = sp_udp_next_end(s, &c, &end)) != NULL)
		if (other != u && !get_along(u, other))
			return true;
	return false;
}

static bool
taken(const struct sampan *s, const struct udp_sock *u, const struct sampan_addr *local,
    uint16_t port)
{
	if (taken_at(s, u, local, port) || taken_at(s, u, &any, port))
		return true;
	if (!sp_addr_is_any(local))
		return false;
	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++)
		if (taken_at(s, u, &s->addr[i].addr, port))
			return true;
	return false;
}

/* RFC 6056 §3.3.1 (R-6056-6): from a random one on the first that nobody else has,
 * whatever the options say.  0: none, and no endless search (R-6056-5). */
static uint16_t
choose_port(struct sampan *s, const struct sampan_addr *local)
{
	static const struct udp_sock stranger;
	const uint32_t first = (uint32_t)sp_setting(s, SAMPAN_SET_PORT_FIRST);
	const uint32_t last = (uint32_t)sp_setting(s, SAMPAN_SET_PORT_LAST);
	const uint32_t count = last >= first ? last - first + 1 : 0;
	const uint32_t start = count > 0 ? sp_rng_below(&s->rng, count) : 0;

	for (uint32_t i = 0; i < count; i++) {
		const uint16_t port = (uint16_t)(first + (start + i) % count);

		if (sp_team_owns_port(s, port) && !taken(s, &stranger, local, port))
			return port;
	}
	return 0;
}

/* Takes a local end, for a socket that has none. */
static int
take_end(struct sampan *s, struct udp_sock *u, const struct sampan_addr *local, uint16_t port)
{
	if (port == 0)
		port = choose_port(s, local);
	if (port == 0 || taken(s, u, local, port))
		return SAMPAN_EADDRINUSE;
	u->flow = (struct sp_flow){ .local = *local, .local_port = port };
	if (sp_udp_insert(s, u, UDP_TAG_END))
		return 0;
	u->flow = (struct sp_flow){ .local_port = 0 };
	return SAMPAN_ENOBUFS;
}

int
sp_udp_need_port(struct sampan *s, struct udp_sock *u)
{
	return u->flow.local_port != 0 ? 0 : take_end(s, u, &any, 0);
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
	const struct sampan_addr addr = sp_addr_is_any(&local->addr) ? any :
	    sp_addr_scoped(local->addr, local->link);
	int error;

	if (u->flow.local_port != 0)
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
	if (udp_is(u, UDP_F_BOUND))
		to = (struct sp_flow){ .local = u->bound, .local_port = u->flow.local_port };
	return move(s, u, &to, false);
}

/* RFC 1122 §4.1.3.5 (R-768-7): the address that was bound, else the one for the way. */
static int
choose_flow(struct sampan *s, const struct udp_sock *u, const struct sampan_sockaddr *peer,
    struct sp_flow *flow)
{
	*flow = (struct sp_flow){
		.remote = sp_addr_scoped(peer->addr, peer->link),
		.remote_port = peer->port,
		.local = u->bound,
		.local_port = u->flow.local_port,
	};
	if (!sp_addr_is_unicast(s, &flow->remote) || peer->port == 0)
		return SAMPAN_EINVAL;
	if (sp_local_find(s, 0, &flow->remote) != NULL)
		return SAMPAN_ENETUNREACH;	/* there is no loopback */
	if (sp_local_find(s, 0, &flow->local) == NULL &&
	    !sp_source_find(s, &flow->remote, &flow->local))
		return SAMPAN_ENETUNREACH;
	return 0;
}

int
sp_udp_connect(struct sampan *s, struct udp_sock *u, const struct sampan_sockaddr *peer)
{
	struct udp_sock *other;
	struct sp_flow flow;
	int error;

	if (sp_addr_is_any(&peer->addr) && peer->port == 0)
		return disconnect(s, u);
	error = choose_flow(s, u, peer, &flow);
	if (error == 0)
		error = sp_udp_need_port(s, u);
	if (error != 0)
		return error;
	flow.local_port = u->flow.local_port;
	if (!sp_team_owns(s, IP_PROTO_UDP, &flow))
		return SAMPAN_EADDRNOTAVAIL;
	other = sp_udp_find_flow(s, &flow);
	if (other != NULL && other != u)
		return SAMPAN_EADDRINUSE;
	error = move(s, u, &flow, true);
	if (error != 0)
		return error;
	u->link = peer->link < SP_LINKS_MAX ? (uint8_t)peer->link : 0;
	sp_udp_purge(s, u, &flow);
	return 0;
}
