/*
 * udp_out.c - a datagram that the application sends: who gets it, from which
 * address, by which link, and whether there is room now.
 *
 * It goes into the link's queue of packets without a connection at once, so there
 * is no send buffer; a full queue is AGAIN, and the socket waits in a list of the
 * stack's until half of that has left.
 */
#include "net/end.h"
#include "net/pmtu.h"
#include "net/reply.h"
#include "net/split.h"
#include "udp/udp.h"
#include "udp/udp_raw.h"
#include "wire/ip4.h"
#include "wire/udp.h"

/* Of the packets that may wait on a link: the rest is for ARP, resets, answers. */
#define QUEUE_MAX (SP_REPLIES_MAX / 2)
#define QUEUE_LOW (QUEUE_MAX / 2)
/* Groups are on the link unless somebody says otherwise: RFC 1112 §6.1. */
#define GROUP_TTL 1

/* What is to be sent, as it takes shape. */
struct job {
	struct sp_flow flow;
	struct sp_path path;
	struct sp_ip_out out;
};

static bool
is_broadcast(const struct sampan *s, const struct sampan_addr *a)
{
	return sp_addr_is_v4(a) && (ip4_is_limited_broadcast(sp_addr_v4(a)) ||
	    sp_is_subnet_broadcast(s, 0, sp_addr_v4(a)));
}

static bool
is_link(const struct sampan *s, unsigned link)
{
	return link != 0 && link < SP_LINKS_MAX && s->link[link].used;
}

unsigned
sp_udp_group_link(const struct sampan *s, const struct udp_sock *u, unsigned named,
    const struct sampan_addr *group)
{
	struct sp_path path;

	if (named != 0)
		return is_link(s, named) ? named : 0;
	if (is_link(s, u->group_link))
		return u->group_link;
	if (is_link(s, u->link))
		return u->link;
	if (sp_route_find(s, group, &path))
		return path.link;
	for (unsigned i = 1; i < SP_LINKS_MAX; i++)
		if (is_link(s, i))
			return i;
	return 0;
}

/* The link of a link-local peer that names none: the one to speak from; 0: none. */
static unsigned
scope_of(const struct udp_sock *u, const struct sampan_datagram *as)
{
	return as->local.link != 0 ? as->local.link : sp_addr_link(&u->flow.local);
}

/* Whom to.  RFC 1122 §4.1.3.6: no invalid address leaves. */
static int
choose_peer(const struct sampan *s, const struct udp_sock *u, const struct sampan_datagram *as,
    struct job *j)
{
	int error;

	if (sp_end_is_any(&as->peer.addr) && as->peer.port == 0) {
		j->flow.remote = u->flow.remote;
		j->flow.remote_port = u->flow.remote_port;
		return udp_is(u, UDP_F_CONNECTED) ? 0 : SAMPAN_ENOTCONN;
	}
	j->flow.remote_port = as->peer.port;
	error = sp_end_scope(s, &as->peer, scope_of(u, as), &j->flow.remote);
	if (error == 0)
		error = sp_end_reaches(&u->flow.local, u->v6only, &j->flow.remote);
	if (error != 0 || (as->peer.port == 0 && !udp_is_raw(u)))
		return error != 0 ? error : SAMPAN_EINVAL;
	if (is_broadcast(s, &j->flow.remote))
		return udp_is(u, UDP_F_BROADCAST) ? 0 : SAMPAN_EOPNOTSUPP;
	if (!sp_addr_is_multicast(&j->flow.remote) && !sp_addr_is_unicast(s, &j->flow.remote))
		return SAMPAN_EINVAL;
	return sp_local_find(s, 0, &j->flow.remote) == NULL ? 0 : SAMPAN_ENETUNREACH;
}

static int
choose_way(const struct sampan *s, const struct udp_sock *u, const struct sampan_datagram *as,
    struct job *j)
{
	const struct sampan_addr *dst = &j->flow.remote;
	unsigned named = as->peer.link;

	if (!sp_addr_is_multicast(dst) && !is_broadcast(s, dst))
		return sp_route_find(s, dst, &j->path) ? 0 : SAMPAN_ENETUNREACH;
	if (named == 0 && is_link(s, as->local.link))
		named = as->local.link;
	j->path = (struct sp_path){ sp_udp_group_link(s, u, named, dst), *dst, NULL };
	j->out.link = (uint8_t)j->path.link;
	j->out.ttl = GROUP_TTL;
	return j->path.link != 0 ? 0 : SAMPAN_ENETUNREACH;
}

/* RFC 1122 §4.1.3.5 (R-768-7): what the caller says, else what the socket is bound
 * to, else the address for the way.  An address that is a group's is nobody's source. */
static int
choose_source(const struct sampan *s, const struct udp_sock *u, const struct sampan_datagram *as,
    struct job *j)
{
	const struct sp_local_addr *l;
	struct sampan_addr want;

	if (sp_end_scope(s, &as->local, sp_addr_link(&j->flow.remote), &want) != 0)
		return SAMPAN_EINVAL;

	if (!sp_addr_is_any(&want)) {
		if (sp_addr_is_v4(&want) != sp_addr_is_v4(&j->flow.remote))
			return SAMPAN_EINVAL;
		j->flow.local = want;
		return sp_local_find(s, 0, &want) != NULL ? 0 : SAMPAN_EADDRNOTAVAIL;
	}
	if (sp_local_find(s, 0, &u->flow.local) != NULL) {
		j->flow.local = u->flow.local;
		return 0;
	}
	l = sp_source_on(s, &j->flow.remote, &j->path);
	if (l == NULL)
		return SAMPAN_ENETUNREACH;
	j->flow.local = l->addr;
	return 0;
}

/* The longest text that the socket lets go.  One that wants no fragments sends none:
 * by what is known of the path (R-8899-1), or (a probe, RFC 4821 §9 (R-4821-9)) only of
 * the link. */
static size_t
most_text(const struct sampan *s, const struct udp_sock *u, const struct job *j)
{
	const struct sampan_addr *dst = &j->flow.remote;
	const bool v4 = sp_addr_is_v4(dst);
	const size_t own = udp_is_raw(u) ? 0 : UDP_HDR_LEN;
	const size_t hdrs = sp_ip_hdr_len(dst) + own;
	const size_t uncut = sp_reply_packet_max(s) - hdrs;
	size_t most = (size_t)(v4 ? UDP4_DATA_MAX : UDP6_DATA_MAX) + UDP_HDR_LEN - own;

	if (udp_discover_of(u) == UDP_MTU_DO)
		most = sp_path_mtu(s, dst, j->path.link) - hdrs;
	else if (udp_discover_of(u) == UDP_MTU_PROBE)
		most = sp_link_mtu(s, j->path.link, v4) - hdrs;
	if (udp_discover_of(u) >= UDP_MTU_DO && most > uncut)
		most = uncut;
	return most < u->sndbuf_bytes ? most : u->sndbuf_bytes;
}

/* Both ends of one family, and no longer than IP and the socket allow. */
static int
check_size(const struct sampan *s, const struct udp_sock *u, const struct job *j, size_t len)
{
	if (sp_addr_is_v4(&j->flow.remote) != sp_addr_is_v4(&j->flow.local))
		return SAMPAN_EINVAL;
	return len <= most_text(s, u, j) ? 0 : SAMPAN_EMSGSIZE;
}

static int
plan(struct sampan *s, struct udp_sock *u, const struct sampan_datagram *as, struct job *j)
{
	int error = choose_peer(s, u, as, j);

	if (error == 0)
		error = choose_way(s, u, as, j);
	if (error == 0)
		error = choose_source(s, u, as, j);
	if (error == 0)
		error = sp_udp_need_port(s, u);
	if (!udp_is_raw(u))	/* whose packets have one flow label */
		j->flow.local_port = u->flow.local_port;
	return error;
}

/* RFC 1122 §4.1.3.4 (R-768-2): the checksum is always there. */
static void
write_hdr(const struct sampan *s, uint8_t *p, const struct job *j, struct sp_span body)
{
	const struct udp_hdr h = {
		.src_port = j->flow.local_port,
		.dst_port = j->flow.remote_port,
		.len = (uint16_t)j->out.payload_len,
	};
	struct sp_csum sum = { sp_ip_pseudo(&j->out), false };

	udp_emit(p, &h);
	sp_csum_feed(&sum, p, UDP_HDR_LEN, s->csum_variant);
	sp_span_csum(&sum, body, s->csum_variant);
	udp_csum_put(p, sum.sum);
}

/* A datagram's text, or a message of ICMP, whose first octets are its header; whole, or
 * in fragments. */
static int
send_text(struct sampan *s, const struct udp_sock *u, struct job *j, struct sampan_slice data)
{
	const bool raw = udp_is_raw(u);
	const uint32_t from = raw ? sizeof(((struct sp_text *)NULL)->hdr) : 0;
	const struct sampan_frame f = { .slices = 1, .slice = { data } };
	struct sp_text text = { .hdr_len = UDP_HDR_LEN, .body = { &f, from, data.len - from } };

	j->out.payload_len = UDP_HDR_LEN + data.len - from;
	if (raw) {
		memcpy(text.hdr, data.data, sizeof(text.hdr));
		sp_raw_seal(s, u, &j->out, &text);
	} else {
		write_hdr(s, text.hdr, j, text.body);
	}
	if (sp_arena_low(&s->arena) || !sp_ip_send_text(s, &j->out, &text))
		return SAMPAN_ENOBUFS;
	sp_count(s, raw ? SAMPAN_COUNT_RAW_OUT : SAMPAN_COUNT_UDP_OUT);
	return 0;
}

/* Is there room in the link's queue?  If not, WRITABLE will tell. */
static bool
has_room(struct sampan *s, struct udp_sock *u, unsigned link)
{
	if (s->link[link].reply_count < QUEUE_MAX)
		return true;
	if (!sp_node_linked(&u->waiting))
		sp_list_push(&s->arena, &sp_udp(s)->waiting, &u->waiting);
	return false;
}

/* What the caller says, then the socket, for groups in words of its own. */
static uint8_t
ttl_of(const struct udp_sock *u, const struct sampan_datagram *as, const struct job *j)
{
	if (as->ttl != 0)
		return as->ttl;
	if (u->group_ttl != 0 && sp_addr_is_multicast(&j->flow.remote))
		return u->group_ttl;
	return u->ttl != 0 ? u->ttl : j->out.ttl;
}

int64_t
sp_udp_send(struct sampan *s, struct udp_sock *u, const void *data, size_t len,
    const struct sampan_datagram *as)
{
	static const struct sampan_datagram plain;
	struct job j = { .out = { .src = &j.flow.local, .dst = &j.flow.remote, .flow = &j.flow,
		.proto = udp_is_raw(u) ? sp_raw_proto(u) : IP_PROTO_UDP } };
	int error = sp_udp_take_error(u);

	if (as == NULL)
		as = &plain;
	if (error == 0 && udp_is_raw(u))
		error = sp_raw_check(u, data, len);
	if (error == 0)
		error = plan(s, u, as, &j);
	if (error == 0)
		error = check_size(s, u, &j, len);
	if (error != 0)
		return error;
	if (!has_room(s, u, j.path.link))
		return SAMPAN_EAGAIN;
	/* RFC 1122 §4.1.4 (R-768-9) */
	j.out.tos = as->tos != 0 ? as->tos : u->tos;
	j.out.ttl = ttl_of(u, as, &j);
	j.out.no_df = udp_discover_of(u) == UDP_MTU_DONT;
	j.out.probe = udp_discover_of(u) == UDP_MTU_PROBE;
	error = send_text(s, u, &j, (struct sampan_slice){ data, (uint32_t)len });
	return error != 0 ? error : (int64_t)len;
}

void
sp_udp_room(struct sampan *s, unsigned link)
{
	struct sp_list *waiting = &sp_udp(s)->waiting;
	struct sp_node *n;

	if (sp_list_empty(waiting) || s->link[link].reply_count > QUEUE_LOW)
		return;
	while ((n = sp_list_pop(&s->arena, waiting)) != NULL)
		sp_endpoint_raise(s, &sp_container_of(n, struct udp_sock, waiting)->ep,
		    SAMPAN_WRITABLE);
}
