/*
 * udp_raw.c - sockets for ICMP: raw ones, which see and send messages of any type, and
 * those for echo requests, which get the answers to their own.  RFC 3542 §3.
 *
 * They are UDP's in all but name: the same queue, options and calls.  What one is bound
 * to is an identifier (echo) or nothing; both stand in UDP's table, by tags of their own.
 * The stack does its own work with every message first or as well: it answers requests,
 * and learns from errors and neighbours.
 *
 * Does not: give IPv4's header to the reader, as Linux does; what it says is in struct
 * sampan_datagram, for both families alike.
 */
#include "udp/udp_raw.h"

#include "net/end.h"
#include "net/icmp.h"
#include "wire/icmp4.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"

#define ID_DRAWS 64

struct filter {
	struct sampan_icmp_filter blocked;
};
_Static_assert(sizeof(struct filter) == 32, "two granules");

void
sp_raw_init(struct sampan *s)
{
	sp_pool_init(&s->arena, SP_KIND_FILTER, sizeof(struct filter));
}

static bool
is_v4(const struct udp_sock *u)
{
	return u->kind == UDP_KIND_PING4 || u->kind == UDP_KIND_ICMP4;
}

uint8_t
sp_raw_proto(const struct udp_sock *u)
{
	return is_v4(u) ? IP_PROTO_ICMP : IP_PROTO_ICMP6;
}

/* ---- The table ---- */

/* All raw sockets stand in one place, those for echo requests by their identifier. */
static struct sp_cursor
cursor_of(const struct sampan *s, uint16_t id)
{
	const struct sp_flow key = { .local_port = id, .remote_port = id == 0 };

	return sp_table_find(&sp_udp_const(s)->table, &s->arena, sp_flow_hash(&s->flow_key, &key));
}

/* The next of that kind; id: 0 for raw sockets. */
static struct udp_sock *
next_of(const struct sampan *s, struct sp_cursor *c, enum udp_kind kind, uint16_t id)
{
	const enum udp_tag tag = id != 0 ? UDP_TAG_PING : UDP_TAG_RAW;
	const struct sp_entry *e;

	while ((e = sp_table_next(&s->arena, c)) != NULL) {
		struct udp_sock *u = sp_at(&s->arena, e->ref);

		if (sp_entry_tag(e) == tag && u->kind == kind &&
		    (id == 0 || u->flow.local_port == id))
			return u;
	}
	return NULL;
}

static uint32_t
hash_of(const struct sampan *s, uint16_t id)
{
	const struct sp_flow key = { .local_port = id, .remote_port = id == 0 };

	return sp_flow_hash(&s->flow_key, &key);
}

static bool
enter(struct sampan *s, const struct udp_sock *u, uint16_t id)
{
	if (!sp_table_add(&sp_udp(s)->table, &s->arena, hash_of(s, id), sp_ref(&s->arena, u),
	    id != 0 ? UDP_TAG_PING : UDP_TAG_RAW))
		return false;
	sp_udp(s)->raws++;
	return true;
}

void
sp_raw_leave_table(struct sampan *s, struct udp_sock *u)
{
	const uint16_t id = u->flow.local_port;

	if (u->filter != 0)
		sp_pool_give(&s->arena, SP_KIND_FILTER, u->filter);
	if (id == 0 && udp_is_ping(u))
		return;
	sp_table_remove(&sp_udp(s)->table, &s->arena, hash_of(s, id), sp_ref(&s->arena, u));
	sp_udp(s)->raws--;
}

/* ---- Sockets ---- */

bool
sp_raw_begin(struct sampan *s, struct udp_sock *u, enum udp_kind kind)
{
	u->kind = (uint8_t)kind;
	u->v6only = !is_v4(u);
	u->bound = is_v4(u) ? sp_end_any4 : sp_end_any;
	u->flow.local = u->bound;
	return udp_is_ping(u) || enter(s, u, 0);
}

static bool
id_taken(const struct sampan *s, const struct udp_sock *u, uint16_t id)
{
	struct sp_cursor c = cursor_of(s, id);

	return next_of(s, &c, (enum udp_kind)u->kind, id) != NULL;
}

static uint16_t
choose_id(struct sampan *s, const struct udp_sock *u)
{
	for (unsigned i = 0; i < ID_DRAWS; i++) {
		const uint16_t id = (uint16_t)(1 + sp_rng_below(&s->rng, UINT16_MAX));

		if (!id_taken(s, u, id))
			return id;
	}
	return 0;
}

static int
take_id(struct sampan *s, struct udp_sock *u, uint16_t id)
{
	if (id == 0)
		id = choose_id(s, u);
	if (id == 0 || id_taken(s, u, id))
		return SAMPAN_EADDRINUSE;
	if (!enter(s, u, id))
		return SAMPAN_ENOBUFS;
	u->flow.local_port = id;
	return 0;
}

int
sp_raw_need_id(struct sampan *s, struct udp_sock *u)
{
	return !udp_is_ping(u) || u->flow.local_port != 0 ? 0 : take_id(s, u, 0);
}

int
sp_raw_bind(struct sampan *s, struct udp_sock *u, const struct sampan_sockaddr *local)
{
	struct sampan_addr addr;
	int error = 0;

	if (udp_is(u, UDP_F_BOUND) || u->flow.local_port != 0 ||
	    sp_end_scope(s, local, 0, &addr) != 0)
		return SAMPAN_EINVAL;
	if (sp_addr_is_any(&addr))
		addr = u->bound;
	if (sp_addr_is_v4(&addr) != is_v4(u))
		return SAMPAN_EINVAL;
	if (!sp_addr_is_any(&addr) && sp_local_find(s, 0, &addr) == NULL)
		return SAMPAN_EADDRNOTAVAIL;
	if (udp_is_ping(u))
		error = take_id(s, u, local->port);
	if (error != 0)
		return error;
	udp_put(u, UDP_F_BOUND, true);
	u->bound = u->flow.local = addr;
	u->link = local->link < SP_LINKS_MAX ? (uint8_t)local->link : 0;
	return 0;
}

int
sp_raw_connect(struct sampan *s, struct udp_sock *u, const struct sp_flow *flow)
{
	const int error = flow != NULL ? sp_raw_need_id(s, u) : 0;

	if (error != 0)
		return error;
	u->flow.remote = flow != NULL ? flow->remote : sp_end_any;
	u->flow.local = flow != NULL ? flow->local : u->bound;
	udp_put(u, UDP_F_CONNECTED, flow != NULL);
	return 0;
}

/* ---- Filters ---- */

int
sp_raw_set_filter(struct sampan *s, struct udp_sock *u, const struct sampan_icmp_filter *f)
{
	if (!udp_is_raw(u) || udp_is_ping(u))
		return SAMPAN_EOPNOTSUPP;
	if (u->filter == 0)
		u->filter = sp_pool_take(&s->arena, SP_KIND_FILTER);
	if (u->filter == 0)
		return SAMPAN_ENOBUFS;
	((struct filter *)sp_at(&s->arena, u->filter))->blocked = *f;
	return 0;
}

int
sp_raw_get_filter(const struct sampan *s, const struct udp_sock *u, struct sampan_icmp_filter *f)
{
	if (!udp_is_raw(u) || udp_is_ping(u))
		return SAMPAN_EOPNOTSUPP;
	*f = (struct sampan_icmp_filter){ { 0 } };
	if (u->filter != 0)
		*f = ((const struct filter *)sp_at(&s->arena, u->filter))->blocked;
	return 0;
}

/* RFC 3542 §3.2 */
static bool
is_blocked(const struct sampan *s, const struct udp_sock *u, uint8_t type)
{
	const struct filter *f;

	if (u->filter == 0)
		return false;
	f = sp_at(&s->arena, u->filter);
	return (f->blocked.blocked[type / 32] >> type % 32 & 1) != 0;
}

/* ---- In ---- */

/* Is it from whom and to where the socket says? */
static bool
is_for(const struct udp_sock *u, const struct sp_pkt *pkt)
{
	return (sp_addr_is_any(&u->flow.local) ||
	    sp_addr_equal(&u->flow.local, &pkt->flow.local)) &&
	    (!udp_is(u, UDP_F_CONNECTED) || sp_addr_equal(&u->flow.remote, &pkt->flow.remote));
}

/* The stack has the message anyway: no room for a socket's copy is the socket's loss. */
static void
give(struct sampan *s, struct udp_sock *u, const struct sp_pkt *pkt)
{
	if (sp_udp_keep(s, u, pkt, pkt->span))
		sp_count(s, SAMPAN_COUNT_RAW_IN);
	else
		sp_count(s, SAMPAN_COUNT_RAW_DROPS);
}

static bool
to_raw(struct sampan *s, const struct sp_pkt *pkt, bool v4)
{
	const enum udp_kind kind = v4 ? UDP_KIND_ICMP4 : UDP_KIND_ICMP6;
	struct sp_cursor c = cursor_of(s, 0);
	struct udp_sock *u;
	bool given = false;

	while ((u = next_of(s, &c, kind, 0)) != NULL) {
		if (!is_for(u, pkt) || is_blocked(s, u, pkt->body[0]))
			continue;
		give(s, u, pkt);
		given = true;
	}
	return given;
}

static bool
to_asker(struct sampan *s, const struct sp_pkt *pkt, bool v4)
{
	const enum udp_kind kind = v4 ? UDP_KIND_PING4 : UDP_KIND_PING6;
	const uint16_t id = be16_get(pkt->body + 4);
	struct sp_cursor c = cursor_of(s, id);
	struct udp_sock *u = id != 0 ? next_of(s, &c, kind, id) : NULL;

	if (u == NULL || !is_for(u, pkt))
		return false;
	give(s, u, pkt);
	return true;
}

bool
sp_raw_in(struct sampan *s, const struct sp_pkt *pkt)
{
	const bool v4 = sp_pkt_is_v4(pkt);
	bool given;

	if (!sp_icmp_good(s, pkt))
		return false;
	given = to_raw(s, pkt, v4);
	if (pkt->body[0] != (v4 ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY))
		return false;
	return to_asker(s, pkt, v4) || given;
}

/* Does it quote a request, from an address of the socket's?  A peer knows the identifier from
 * requests, and what we answer to his own is not the socket's. */
static bool
may_be_of(const struct udp_sock *u, const struct sp_icmp_error *error)
{
	const uint16_t asks = (uint16_t)((is_v4(u) ? ICMP4_ECHO : ICMP6_ECHO) << 8);

	return error->flow.local_port == asks &&
	    (sp_addr_is_any(&u->flow.local) ||
		sp_addr_equal(&u->flow.local, &error->flow.local));
}

/* As for UDP: a connected socket hears of it, and one that asks for it (R-768-6).  Only of
 * the peer of a connected one it is sure that something went there: an identifier is soon
 * guessed (RFC 5927 §7). */
bool
sp_raw_error(struct sampan *s, const struct sp_icmp_error *error, bool *sure)
{
	const enum udp_kind kind =
	    error->proto == IP_PROTO_ICMP ? UDP_KIND_PING4 : UDP_KIND_PING6;
	const uint16_t id = (uint16_t)(error->seq >> 16);
	struct sp_cursor c = cursor_of(s, id);
	struct udp_sock *u = id != 0 ? next_of(s, &c, kind, id) : NULL;
	const bool connected = u != NULL && udp_is(u, UDP_F_CONNECTED);

	if (u == NULL || !may_be_of(u, error) ||
	    (connected && !sp_addr_equal(&u->flow.remote, &error->flow.remote)))
		return false;
	*sure = connected;
	if (!connected && !udp_is(u, UDP_F_RECVERR))
		return true;
	u->ep.error = (uint8_t)-(error->too_big ? SAMPAN_EMSGSIZE : error->error);
	sp_endpoint_raise(s, &u->ep, SAMPAN_READABLE | SAMPAN_WRITABLE);
	return true;
}

/* ---- Out ---- */

int
sp_raw_check(const struct udp_sock *u, const uint8_t *message, size_t len)
{
	const uint8_t echo = is_v4(u) ? ICMP4_ECHO : ICMP6_ECHO;

	if (len < ICMP4_HDR_LEN)
		return SAMPAN_EINVAL;
	if (udp_is_ping(u) && (message[0] != echo || message[1] != 0))
		return SAMPAN_EINVAL;
	return 0;
}

/* An echo request gets the socket's identifier.  RFC 3542 §3.1: the checksum of ICMPv6 is
 * the stack's, whatever the message says; a raw one of IPv4 is the sender's. */
void
sp_raw_seal(const struct sampan *s, const struct udp_sock *u, const struct sp_ip_out *out,
    struct sp_text *text)
{
	struct sp_csum sum = { is_v4(u) ? 0 : sp_ip_pseudo(out), false };

	if (udp_is_ping(u))
		be16_put(text->hdr + 4, u->flow.local_port);
	if (u->kind == UDP_KIND_ICMP4)
		return;
	be16_put(text->hdr + ICMP6_CSUM_OFF, 0);
	sp_csum_feed(&sum, text->hdr, text->hdr_len, s->csum_variant);
	sp_span_csum(&sum, text->body, s->csum_variant);
	be16_put(text->hdr + ICMP6_CSUM_OFF, (uint16_t)~sp_csum_fold(sum.sum));
}
