/*
 * udp_in.c - datagrams that arrive: judged, found a socket for, kept whole until
 * they are read; and ICMP errors about ours.
 *
 * What a datagram occupies in memory is what counts against SO_RCVBUF, so that
 * many small ones cannot take more than a few large ones.  A socket whose queue
 * is empty takes one of any size.
 */
#include "net/dhcp.h"
#include "net/end.h"
#include "net/icmp_error.h"
#include "net/pmtu.h"
#include "udp/udp.h"
#include "wire/ip4.h"
#include "wire/udp.h"

static bool
drop(struct sampan *s, const struct sp_pkt *pkt, enum sampan_count reason)
{
	sp_drop(s, reason, pkt->link);
	return false;
}

/* RFC 1122 §4.1.3.4, RFC 8200 §8.1 (R-768-3, R-768-4).  A partial checksum was made on this
 * machine and has not left it. */
static bool
checksum_good(struct sampan *s, const struct sp_pkt *pkt, const struct udp_hdr *h)
{
	const struct sp_ip_out pseudo = {
		.src = &pkt->flow.remote,
		.dst = &pkt->flow.local,
		.payload_len = h->len,
		.proto = IP_PROTO_UDP,
	};
	struct sp_csum sum;

	if (pkt->frame->csum == SAMPAN_CSUM_PARTIAL)
		return true;
	if (h->csum == 0) {
		if (sp_pkt_is_v4(pkt) && sp_setting(s, SAMPAN_SET_UDP_CSUM_NEEDED) == 0)
			return true;
		return drop(s, pkt, SAMPAN_DROP_UDP_NO_CSUM);
	}
	if (pkt->frame->csum == SAMPAN_CSUM_VERIFIED)
		return true;
	sum = (struct sp_csum){ sp_ip_pseudo(&pseudo), false };
	sp_span_csum(&sum, sp_span_part(pkt->span, 0, h->len), s->csum_variant);
	return sp_csum_good(sum.sum) || drop(s, pkt, SAMPAN_DROP_UDP_CSUM);
}

/* ---- The queue ---- */

/* The chunks that a chain of this many bytes takes. */
static uint32_t
true_size(uint32_t bytes)
{
	const uint32_t large = SP_CHUNK_LARGE_BYTES - (uint32_t)sizeof(struct sp_chunk);
	const uint32_t small = SP_CHUNK_SMALL_BYTES - (uint32_t)sizeof(struct sp_chunk);
	const uint32_t rest = bytes % large;

	return bytes / large * SP_CHUNK_LARGE_BYTES +
	    (rest == 0 ? 0 : rest <= small ? SP_CHUNK_SMALL_BYTES : SP_CHUNK_LARGE_BYTES);
}

/* Copies the text behind what the chain has; returns what its chunks occupy, 0: no
 * memory for all. */
static uint32_t
fill(struct sampan *s, struct sp_chain *chain, struct sp_span text)
{
	uint32_t charged = sp_chunk_cap(sp_chunk_at(&s->arena, chain->tail)) +
	    (uint32_t)sizeof(struct sp_chunk);
	const uint32_t total = text.len;

	for (uint32_t done = 0; done < total;) {
		const uint32_t last = chain->tail;
		struct sp_chunk *c = sp_chain_room(chain, &s->arena, total - done);
		struct sp_span part;

		if (c == NULL)
			return 0;
		charged += chain->tail != last ? sp_chunk_cap(c) + (uint32_t)sizeof(*c) : 0;
		part = sp_span_part(text, done, sp_chunk_room(c));
		sp_span_copy(c->data + c->end, part);
		c->end = (uint16_t)(c->end + part.len);
		done += part.len;
	}
	return charged;
}

/* NULL: no memory. */
static struct udp_dgram *
make_dgram(struct sampan *s, const struct sp_pkt *pkt, struct sp_span text)
{
	struct sp_chain chain = { 0, 0 };
	struct sp_chunk *first;
	struct udp_dgram *d;
	uint32_t charged;

	if (sp_arena_low(&s->arena))
		return NULL;
	first = sp_chain_room(&chain, &s->arena, (uint32_t)sizeof(*d) + text.len);
	if (first == NULL)
		return NULL;
	first->start = first->end = sizeof(*d);
	charged = fill(s, &chain, text);
	if (charged == 0) {
		sp_chain_clear(&chain, &s->arena);
		return NULL;
	}
	d = (struct udp_dgram *)(void *)first->data;
	*d = (struct udp_dgram){
		.chain = chain,
		.peer = pkt->flow.remote,
		.local = pkt->flow.local,
		.len = text.len,
		.charged_bytes = charged,
		.peer_port = pkt->flow.remote_port,
		.link = pkt->link,
		.tos = pkt->tos,
		.ttl = pkt->hops,
		.group = pkt->ip_group || pkt->l2_group,
	};
	return d;
}

void
sp_udp_free_dgram(struct sampan *s, struct udp_dgram *d)
{
	struct sp_chain chain = d->chain;

	sp_chain_clear(&chain, &s->arena);
}

void
sp_udp_purge(struct sampan *s, struct udp_sock *u, const struct sp_flow *but)
{
	struct sp_list keep = { 0, 0 };
	struct sp_node *n;

	while ((n = sp_list_pop(&s->arena, &u->queue)) != NULL) {
		struct udp_dgram *d = sp_container_of(n, struct udp_dgram, node);

		if (but != NULL && d->peer_port == but->remote_port &&
		    sp_addr_equal(&d->peer, &but->remote)) {
			sp_list_push(&s->arena, &keep, n);
			continue;
		}
		u->queued_bytes -= d->charged_bytes;
		sp_udp_free_dgram(s, d);
	}
	u->queue = keep;
}

static bool
has_room(const struct udp_sock *u, struct sp_span text)
{
	const uint32_t size = true_size((uint32_t)sizeof(struct udp_dgram) + text.len);

	return u->queued_bytes == 0 || u->queued_bytes + size <= u->rcvbuf_bytes;
}

bool
sp_udp_keep(struct sampan *s, struct udp_sock *u, const struct sp_pkt *pkt, struct sp_span text)
{
	struct udp_dgram *d;

	if (!has_room(u, text)) {
		u->drops++;
		return false;
	}
	d = make_dgram(s, pkt, text);
	if (d == NULL)
		return false;
	sp_list_push(&s->arena, &u->queue, &d->node);
	u->queued_bytes += d->charged_bytes;
	sp_endpoint_raise(s, &u->ep, SAMPAN_READABLE);
	return true;
}

static void
deliver(struct sampan *s, struct udp_sock *u, const struct sp_pkt *pkt, struct sp_span text)
{
	const bool room = has_room(u, text);

	if (sp_udp_keep(s, u, pkt, text))
		sp_count(s, SAMPAN_COUNT_UDP_IN);
	else
		sp_drop(s, room ? SAMPAN_DROP_MEMORY : SAMPAN_DROP_UDP_RCVBUF, pkt->link);
}

/* ---- Arrival ---- */

/* RFC 1122 §4.1.3.1 (R-768-5).  Port 0 is nobody's, and nobody is told (R-768-12).  The
 * stack answers no datagram but by this, and nothing by an error that is one: there
 * is no loop (R-768-13, R-V-56).  Services are cmd/svc_udp.c's. */
static void
to_one(struct sampan *s, const struct sp_pkt *pkt, struct sp_span text)
{
	struct udp_sock *u = pkt->flow.local_port != 0 ? sp_udp_find_for(s, &pkt->flow) : NULL;

	if (u != NULL) {
		deliver(s, u, pkt, text);
		return;
	}
	(void)drop(s, pkt, SAMPAN_DROP_UDP_NO_SOCKET);
	if (pkt->flow.local_port != 0)
		sp_icmp_no_port(s, pkt);
}

static unsigned
to_all_at(struct sampan *s, const struct sp_pkt *pkt, const struct sampan_addr *local,
    struct sp_span text)
{
	const struct sp_flow end = { .local = *local, .local_port = pkt->flow.local_port };
	struct sp_cursor c = sp_udp_find_end(s, &end);
	struct udp_sock *u;
	unsigned n = 0;

	while ((u = sp_udp_next_end(s, &c, &end)) != NULL) {
		if (u->v6only && sp_pkt_is_v4(pkt))
			continue;
		deliver(s, u, pkt, text);
		n++;
	}
	return n;
}

/* RFC 1122 §3.3.6 (R-768-10): each socket that is bound to the group or broadcast
 * address gets it, and those of any address, whoever joined: net/ has let pass only
 * groups that the link is in.  Nobody is told that there is none. */
static void
to_group(struct sampan *s, const struct sp_pkt *pkt, struct sp_span text)
{
	unsigned n = 0;

	if (sp_udp_const(s)->made && pkt->flow.local_port != 0) {
		n = to_all_at(s, pkt, &pkt->flow.local, text);
		n += to_all_at(s, pkt, &sp_end_any, text);
		if (sp_udp_const(s)->any4_ends > 0 && sp_pkt_is_v4(pkt))
			n += to_all_at(s, pkt, &sp_end_any4, text);
	}
	if (n == 0)
		sp_drop(s, SAMPAN_DROP_IP_BROADCAST, pkt->link);
}

/* What is invalid as a source has been dropped below (R-768-8); port 0 is none to
 * answer to, but may speak (R-768-12). */
void
sp_udp_in(struct sampan *s, const struct sp_pkt *pkt)
{
	struct udp_hdr h;
	struct sp_span text;

	if (!udp_parse(&h, pkt->body, pkt->body_len, pkt->span.len)) {
		sp_drop(s, SAMPAN_DROP_UDP_MALFORMED, pkt->link);
		return;
	}
	if (!checksum_good(s, pkt, &h))
		return;
	text = sp_span_part(pkt->span, UDP_HDR_LEN, h.len - (uint32_t)UDP_HDR_LEN);
	if (pkt->flow.local_port == DHCP_CLIENT_PORT && s->link[pkt->link].dhcp != 0)
		sp_dhcp_in(s, pkt, text);
	else if (pkt->ip_group)
		to_group(s, pkt, text);
	else
		to_one(s, pkt, text);
}

void
sp_udp_prefetch(struct sampan *s, struct sp_pkt *pkt)
{
	if (sp_udp_const(s)->made)
		sp_table_prefetch(&sp_udp_const(s)->table, &s->arena, pkt->hash);
}

/* A connected socket, of which the flow tells; the others come by their local end. */
void
sp_udp_prefetch_sock(struct sampan *s, struct sp_pkt *pkt)
{
	struct sp_cursor c;
	const struct sp_entry *e;

	if (!sp_udp_const(s)->made)
		return;
	c = sp_table_find(&sp_udp_const(s)->table, &s->arena, pkt->hash);
	e = sp_table_next(&s->arena, &c);
	if (e == NULL)
		return;
	sp_prefetch(sp_at(&s->arena, e->ref));
	sp_prefetch((const uint8_t *)sp_at(&s->arena, e->ref) + 64);
}

/* What hangs on it is its queue's, and that is only pushed to. */
void
sp_udp_prefetch_rest(struct sampan *s, struct sp_pkt *pkt)
{
	(void)s;
	(void)pkt;
}

/* ---- ICMP ---- */

/* RFC 1122 §4.1.3.3 (R-768-6): the peer's is told to a connected socket; the
 * others cannot tell a forged one, and hear of none unless they ask for it by
 * IP_RECVERR.  A source quench does not come here (R-768-11). */
void
sp_udp_icmp(struct sampan *s, const struct sp_icmp_error *error)
{
	struct udp_sock *u = sp_udp_find_for(s, &error->flow);

	if (u != NULL && error->too_big && (udp_is(u, UDP_F_CONNECTED) || error->ours))
		(void)sp_pmtu_learn(s, &error->flow.remote, error->mtu_bytes);
	if (u == NULL || (!udp_is(u, UDP_F_CONNECTED) && !udp_is(u, UDP_F_RECVERR))) {
		sp_drop(s, SAMPAN_DROP_ICMP_NO_FLOW, 0);
		return;
	}
	u->ep.error = (uint8_t)-(error->too_big ? SAMPAN_EMSGSIZE : error->error);
	sp_endpoint_raise(s, &u->ep, SAMPAN_READABLE | SAMPAN_WRITABLE);
}
