/*
 * udp_user.c - sockets: made, read, asked, set, closed.  Sending: udp_out.c;
 * local ends and peers: udp_bind.c.
 */
#include <string.h>

#include "net/pmtu.h"
#include "udp/udp.h"
#include "udp/udp_raw.h"

#define BUF_MIN 2304

void
sp_udp_init(struct sampan *s)
{
	sp_pool_init(&s->arena, SP_KIND_UDP, sizeof(struct udp_sock));
	sp_udp_group_init(s);
	sp_raw_init(s);
}

/* The table, with the first socket: who has none pays nothing. */
static bool
make_table(struct sampan *s)
{
	struct udp_globals *g = sp_udp(s);

	if (g->made)
		return true;
	if (!sp_table_init(&g->table, &s->arena, sp_ref(&s->arena, g->dir), UDP_TABLE_SEGMENTS))
		return false;
	g->group_key = sp_rng_key(&s->rng);
	g->made = true;
	return true;
}

struct udp_sock *
sp_udp_open(struct sampan *s, enum sampan_type type)
{
	static const enum udp_kind kinds[] = {
		[SAMPAN_PING4] = UDP_KIND_PING4, [SAMPAN_PING6] = UDP_KIND_PING6,
		[SAMPAN_ICMP4] = UDP_KIND_ICMP4, [SAMPAN_ICMP6] = UDP_KIND_ICMP6,
	};
	const uint32_t ref = make_table(s) && !sp_arena_low(&s->arena) ?
	    sp_pool_take(&s->arena, SP_KIND_UDP) : 0;
	struct udp_sock *u;

	if (ref == 0)
		return NULL;
	u = sp_at(&s->arena, ref);
	*u = (struct udp_sock){
		.rcvbuf_bytes = (uint32_t)sp_setting(s, SAMPAN_SET_RMEM_DEFAULT),
		.sndbuf_bytes = (uint32_t)sp_setting(s, SAMPAN_SET_WMEM_DEFAULT),
		.flags = UDP_MTU_WANT << UDP_DISCOVER_SHIFT,
	};
	u->v6only = sp_setting(s, SAMPAN_SET_BINDV6ONLY) != 0;
	if (type != SAMPAN_DGRAM && !sp_raw_begin(s, u, kinds[type])) {
		sp_pool_give(&s->arena, SP_KIND_UDP, ref);
		return NULL;
	}
	sp_endpoint_attach(s, &u->ep);
	return u;
}

void
sp_udp_close(struct sampan *s, struct udp_sock *u)
{
	if (udp_is_raw(u))
		sp_raw_leave_table(s, u);
	else if (udp_is(u, UDP_F_CONNECTED))
		sp_udp_remove(s, u, UDP_TAG_FLOW);
	if (u->flow.local_port != 0 && !udp_is_raw(u))
		sp_udp_remove(s, u, UDP_TAG_END);
	if (sp_node_linked(&u->waiting))
		sp_list_remove(&s->arena, &sp_udp(s)->waiting, &u->waiting);
	sp_udp_purge(s, u, NULL);
	sp_udp_leave_all(s, u);
	sp_endpoint_detach(s, &u->ep);
	u->flow.local_port = 0;		/* sampan_walk_udp() passes it over */
	sp_pool_give(&s->arena, SP_KIND_UDP, sp_ref(&s->arena, u));
}

int
sp_udp_take_error(struct udp_sock *u)
{
	const int error = -(int)u->ep.error;

	u->ep.error = 0;
	return error;
}

/* ---- Reading ---- */

static void
copy_out(const struct sampan *s, const struct udp_dgram *d, uint8_t *dst, size_t len)
{
	size_t left = len < d->len ? len : d->len;

	for (uint32_t ref = d->chain.head; left > 0; ref = sp_chunk_at(&s->arena, ref)->next) {
		const struct sp_chunk *c = sp_chunk_at(&s->arena, ref);
		const size_t n = sp_chunk_len(c) < left ? sp_chunk_len(c) : left;

		memcpy(dst, c->data + c->start, n);
		dst += n;
		left -= n;
	}
}

/* RFC 1122 §4.1.3.5, §4.1.4 (R-768-7, R-768-9): where it was sent to, and its TOS. */
static void
describe(const struct udp_sock *u, const struct udp_dgram *d, struct sampan_datagram *out)
{
	*out = (struct sampan_datagram){
		.peer = sp_sockaddr_of(&d->peer, d->peer_port, d->link),
		.local = sp_sockaddr_of(&d->local, u->flow.local_port, d->link),
		.tos = d->tos,
		.ttl = d->ttl,
		.group = d->group,
	};
}

int64_t
sp_udp_recv(struct sampan *s, struct udp_sock *u, void *data, size_t len,
    struct sampan_datagram *out)
{
	struct udp_dgram *d = udp_first(s, u);
	const int error = sp_udp_take_error(u);
	int64_t n;

	if (error != 0)
		return error;
	if (d == NULL)
		return SAMPAN_EAGAIN;
	n = d->len;
	copy_out(s, d, data, len);
	if (out != NULL)
		describe(u, d, out);
	(void)sp_list_pop(&s->arena, &u->queue);
	u->queued_bytes -= d->charged_bytes;
	sp_udp_free_dgram(s, d);
	return n;
}

int64_t
sp_udp_readable_bytes(const struct sampan *s, const struct udp_sock *u)
{
	const struct udp_dgram *d = udp_first(s, u);

	return d != NULL ? d->len : 0;
}

/* ---- Options ---- */

/* Linux's: twice what is asked for, of which half is for what surrounds the data. */
static uint32_t
buffer_bytes(const struct sampan *s, int64_t value, enum sampan_setting most)
{
	const int64_t cut = value < sp_setting(s, most) ? value : sp_setting(s, most);

	return 2 * cut < BUF_MIN ? BUF_MIN : (uint32_t)(2 * cut);
}

static unsigned
flag_of(enum sampan_option option)
{
	static const uint8_t flags[SAMPAN_OPT_COUNT] = {
		[SAMPAN_OPT_REUSEADDR] = UDP_F_REUSEADDR,
		[SAMPAN_OPT_REUSEPORT] = UDP_F_REUSEPORT,
		[SAMPAN_OPT_BROADCAST] = UDP_F_BROADCAST,
		[SAMPAN_OPT_RECVERR] = UDP_F_RECVERR,
	};

	return flags[option];
}

static int
set_number(struct sampan *s, struct udp_sock *u, enum sampan_option option, int64_t value)
{
	const bool buffer = option == SAMPAN_OPT_SNDBUF || option == SAMPAN_OPT_RCVBUF;

	if (option == SAMPAN_OPT_MTU_DISCOVER) {
		if (value < UDP_MTU_DONT || value > UDP_MTU_PROBE)
			return SAMPAN_ERANGE;
		u->flags = (uint8_t)((u->flags & ~(3u << UDP_DISCOVER_SHIFT)) |
		    (unsigned)value << UDP_DISCOVER_SHIFT);
		return 0;
	}
	if (option == SAMPAN_OPT_V6ONLY) {
		if (udp_is_raw(u))
			return SAMPAN_EOPNOTSUPP;
		u->v6only = u->flow.local_port == 0 ? value != 0 : u->v6only;
		return u->flow.local_port == 0 ? 0 : SAMPAN_EINVAL;
	}
	if (!buffer && option != SAMPAN_OPT_TOS && option != SAMPAN_OPT_TTL)
		return SAMPAN_EOPNOTSUPP;
	if (buffer ? value < 0 || value > INT32_MAX : value > 255 ||
	    (option == SAMPAN_OPT_TOS ? value < 0 : value < -1 || value == 0))
		return SAMPAN_ERANGE;
	if (option == SAMPAN_OPT_SNDBUF)
		u->sndbuf_bytes = buffer_bytes(s, value, SAMPAN_SET_WMEM_MAX);
	else if (option == SAMPAN_OPT_RCVBUF)
		u->rcvbuf_bytes = buffer_bytes(s, value, SAMPAN_SET_RMEM_MAX);
	else if (option == SAMPAN_OPT_TOS)
		u->tos = (uint8_t)value;
	else
		u->ttl = value < 0 ? 0 : (uint8_t)value;
	return 0;
}

int
sp_udp_setopt(struct sampan *s, struct udp_sock *u, enum sampan_option option, int64_t value)
{
	unsigned flag;

	if ((unsigned)option >= SAMPAN_OPT_COUNT)
		return SAMPAN_ENOENT;
	flag = flag_of(option);
	if (flag == 0)
		return set_number(s, u, option, value);
	udp_put(u, (enum udp_flag)flag, value != 0);
	return 0;
}

/* What the socket is, in Linux's numbers; -1: that is not asked. */
static int64_t
what_it_is(const struct udp_sock *u, enum sampan_option option)
{
	if (option == SAMPAN_OPT_TYPE)
		return udp_is_raw(u) && !udp_is_ping(u) ? 3 : 2;	/* SOCK_RAW, SOCK_DGRAM */
	if (option == SAMPAN_OPT_PROTOCOL)
		return udp_is_raw(u) ? sp_raw_proto(u) : 17;
	if (option != SAMPAN_OPT_DOMAIN)
		return -1;
	return sp_addr_is_v4(&u->flow.local) || sp_addr_is_v4(&u->flow.remote) ? 2 : 10;
}

static int
path_mtu(const struct sampan *s, const struct udp_sock *u, int64_t *value)
{
	struct sp_path path;

	if (!udp_is(u, UDP_F_CONNECTED) || !sp_route_find(s, &u->flow.remote, &path))
		return SAMPAN_ENOTCONN;
	*value = sp_path_mtu(s, &u->flow.remote, path.link);
	return 0;
}

int
sp_udp_getopt(struct sampan *s, struct udp_sock *u, enum sampan_option option, int64_t *value)
{
	if ((unsigned)option >= SAMPAN_OPT_COUNT)
		return SAMPAN_ENOENT;
	if (flag_of(option) != 0)
		*value = (u->flags & flag_of(option)) != 0;
	else if (option == SAMPAN_OPT_SNDBUF)
		*value = u->sndbuf_bytes;
	else if (option == SAMPAN_OPT_RCVBUF)
		*value = u->rcvbuf_bytes;
	else if (option == SAMPAN_OPT_TOS)
		*value = u->tos;
	else if (option == SAMPAN_OPT_TTL)
		*value = u->ttl != 0 ? u->ttl : sp_setting(s, SAMPAN_SET_IP_TTL);
	else if (option == SAMPAN_OPT_ERROR)
		*value = sp_udp_take_error(u);
	else if (option == SAMPAN_OPT_INQ)
		*value = sp_udp_readable_bytes(s, u);
	else if (option == SAMPAN_OPT_MTU_DISCOVER)
		*value = udp_discover_of(u);
	else if (option == SAMPAN_OPT_V6ONLY)
		*value = u->v6only;
	else if (option == SAMPAN_OPT_MTU)
		return path_mtu(s, u, value);
	else
		*value = what_it_is(u, option);
	return *value != -1 ? 0 : SAMPAN_EOPNOTSUPP;
}

/* ---- Status ---- */

void
sp_udp_status(const struct sampan *s, const struct udp_sock *u, struct sampan_status *st)
{
	const bool connected = udp_is(u, UDP_F_CONNECTED);

	*st = (struct sampan_status){
		.handle = (uint64_t)u->ep.generation << 32 | sp_ref(&s->arena, u),
		.state = connected ? SAMPAN_TCP_ESTABLISHED : SAMPAN_TCP_CLOSED,
		.error = -(int)u->ep.error,
		.local = sp_sockaddr_of(&u->flow.local, u->flow.local_port, u->link),
		.recv_queue_bytes = u->queued_bytes,
		.drops = u->drops,
		.v6only = u->v6only,
		.level = (u->queue.first != 0 || u->ep.error != 0 ? SAMPAN_READABLE : 0u) |
		    (sp_node_linked(&u->waiting) ? 0u : SAMPAN_WRITABLE),
	};
	if (connected)
		st->peer = sp_sockaddr_of(&u->flow.remote, u->flow.remote_port, u->link);
}
