/*
 * echo.c - see echo.h and sampan/echo.h.
 *
 * What makes an answer ours: it comes from where the request went, with its
 * identifier, number and length, and with the eight octets that its payload
 * began with, which nobody who has not seen the request knows.  Identifiers
 * are drawn for each request, so they tell nothing of others (R-V-27).
 */
#include "net/echo.h"

#include <string.h>

#include "net/ip.h"
#include "net/reply.h"
#include "wire/bytes.h"
#include "wire/csum.h"
#include "wire/icmp4.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"

#define HDR_LEN 8u
#define COOKIE_LEN 8u
/* A reply's chunk holds no more: what sp_icmp_in() answers has the same limit. */
#define PAYLOAD_MOST 4000u
/* One that nobody asked about for so long may go. */
#define CARE_DUR SAMPAN_SEC(60)

_Static_assert(ICMP4_HDR_LEN == HDR_LEN && ICMP6_HDR_LEN == HDR_LEN, "the same in both");

/* ---- Tickets: the place, from 1 on, and the generation of what is there ---- */

/* NULL: no request is waited for. */
static struct sp_echo *
table_of(const struct sampan *s)
{
	const struct sp_echo_table *table = sp_at(&s->arena, s->echoes);

	return s->echoes != 0 ? (struct sp_echo *)(uintptr_t)table->echo : NULL;
}

static uint32_t
ticket_of(const struct sampan *s, const struct sp_echo *e)
{
	return (uint32_t)e->generation << 8 | (uint32_t)(e - table_of(s) + 1);
}

static struct sp_echo *
find(struct sampan *s, uint32_t ticket)
{
	const uint32_t place = (ticket & 0xff) - 1;
	struct sp_echo *e = table_of(s);

	e = e != NULL && place < SAMPAN_ECHO_MOST ? &e[place] : NULL;

	if (e == NULL || e->state == SP_ECHO_FREE || e->generation != ticket >> 8)
		return NULL;
	return e;
}

/* Makes the table if there is none.  False: no memory. */
static bool
need_table(struct sampan *s)
{
	if (s->echoes != 0)
		return true;
	s->echoes = sp_pool_take(&s->arena, SP_KIND_ECHO);
	if (s->echoes == 0)
		return false;
	*(struct sp_echo_table *)sp_at(&s->arena, s->echoes) = (struct sp_echo_table){ 0 };
	return true;
}

/* A place that is free, or whose request nobody cares about; NULL. */
static struct sp_echo *
find_place(struct sampan *s)
{
	if (!need_table(s))
		return NULL;
	for (struct sp_echo *e = table_of(s); e < table_of(s) + SAMPAN_ECHO_MOST; e++) {
		if (e->state == SP_ECHO_FREE || s->now - e->asked_at > CARE_DUR)
			return e;
	}
	return NULL;
}

/* Gives a place back, and the table with the last one. */
static void
release(struct sampan *s, struct sp_echo *e)
{
	e->state = SP_ECHO_FREE;
	for (e = table_of(s); e < table_of(s) + SAMPAN_ECHO_MOST; e++) {
		if (e->state != SP_ECHO_FREE)
			return;
	}
	sp_pool_give(&s->arena, SP_KIND_ECHO, s->echoes);
	s->echoes = 0;
}

/* ---- Requests ---- */

/* How many octets fit into a packet on the way; 0: there is none. */
static uint32_t
room_on(const struct sampan *s, const struct sampan_addr *to)
{
	struct sp_path path;

	if (!sp_route_find(s, to, &path))
		return 0;
	return sp_link_mtu(s, path.link, sp_addr_is_v4(to)) - sp_ip_hdr_len(to) - HDR_LEN;
}

/* The cookie, then octets that count, as ping(8) has them. */
static void
fill_payload(uint8_t *p, const struct sp_echo *e)
{
	for (uint32_t i = 0; i < e->payload_bytes; i++)
		p[i] = (uint8_t)i;
	memcpy(p, &e->cookie, e->payload_bytes < COOKIE_LEN ? e->payload_bytes : COOKIE_LEN);
}

static void
fill(const struct sampan *s, struct sp_reply *r, const struct sp_ip_out *out,
    const struct sp_echo *e)
{
	const bool v4 = sp_addr_is_v4(out->dst);
	const struct icmp4_hdr hdr = {
		.type = v4 ? ICMP4_ECHO : ICMP6_ECHO,
		.rest = (uint32_t)e->id << 16 | e->seq,
	};
	uint8_t *p = sp_ip_l4(r);

	icmp4_emit(p, &hdr);
	fill_payload(p + HDR_LEN, e);
	if (v4)
		icmp4_csum_put(p, sp_csum_add(p, out->payload_len, 0, s->csum_variant));
	else
		sp_ip_csum_icmp6(s, r, out);
}

static int
send_request(struct sampan *s, const struct sampan_echo *echo, const struct sp_echo *e)
{
	const bool v4 = sp_addr_is_v4(&echo->to);
	struct sampan_addr src;
	const struct sp_ip_out out = {
		.src = &src,
		.dst = &echo->to,
		.payload_len = HDR_LEN + e->payload_bytes,
		.proto = v4 ? IP_PROTO_ICMP : IP_PROTO_ICMP6,
		.ttl = echo->ttl,
	};
	struct sp_reply *r;

	if (!sp_source_find(s, &echo->to, &src))
		return SAMPAN_ENETUNREACH;
	r = sp_ip_take(s, &out);
	if (r == NULL)
		return SAMPAN_ENOBUFS;
	fill(s, r, &out, e);
	sp_ip_send(s, r);
	sp_count(s, SAMPAN_COUNT_ICMP_ECHOS_OUT);
	return 0;
}

/* What can be said before a place is taken. */
static int
judge(const struct sampan *s, const struct sampan_echo *echo)
{
	uint32_t room;

	if (echo->size != sizeof(*echo) || !sp_addr_is_unicast(s, &echo->to))
		return SAMPAN_EINVAL;
	room = room_on(s, &echo->to);
	if (room == 0 || sp_local_find(s, 0, &echo->to) != NULL)
		return SAMPAN_ENETUNREACH;
	if (echo->payload_bytes > room || echo->payload_bytes > PAYLOAD_MOST)
		return SAMPAN_EMSGSIZE;
	return 0;
}

int
sampan_echo_send(struct sampan *s, const struct sampan_echo *echo, uint32_t *ticket)
{
	int error = judge(s, echo);
	struct sp_echo *e = error == 0 ? find_place(s) : NULL;
	uint64_t drawn;

	if (e == NULL)
		return error != 0 ? error : SAMPAN_ENOBUFS;
	drawn = sp_rng_u64(&s->rng);
	*e = (struct sp_echo){
		.to = echo->to,
		.sent_at = s->now,
		.asked_at = s->now,
		.cookie = sp_rng_u64(&s->rng),
		.id = (uint16_t)drawn,
		.generation = (uint16_t)(drawn >> 16),
		.seq = echo->seq,
		.payload_bytes = echo->payload_bytes,
		.state = SP_ECHO_WAITING,
	};
	error = send_request(s, echo, e);
	if (error != 0)
		release(s, e);
	else
		*ticket = ticket_of(s, e);
	return error;
}

/* ---- Answers ---- */

int
sampan_echo_take(struct sampan *s, uint32_t ticket, struct sampan_echo_answer *answer)
{
	struct sp_echo *e = find(s, ticket);
	int error;

	if (e == NULL)
		return SAMPAN_EBADHANDLE;
	e->asked_at = s->now;
	if (e->state == SP_ECHO_WAITING)
		return SAMPAN_EAGAIN;
	*answer = (struct sampan_echo_answer){
		.rtt_dur = e->rtt_dur,
		.seq = e->seq,
		.payload_bytes = e->payload_bytes,
		.ttl = e->ttl,
	};
	error = e->error;
	release(s, e);
	return error;
}

void
sampan_echo_forget(struct sampan *s, uint32_t ticket)
{
	struct sp_echo *e = find(s, ticket);

	if (e != NULL)
		release(s, e);
}

/* The request that waits for this identifier and number from there. */
static struct sp_echo *
find_waiting(struct sampan *s, const struct sampan_addr *from, uint32_t rest)
{
	struct sp_echo *table = table_of(s);

	for (unsigned i = 0; table != NULL && i < SAMPAN_ECHO_MOST; i++) {
		struct sp_echo *e = &table[i];

		if (e->state == SP_ECHO_WAITING && rest == ((uint32_t)e->id << 16 | e->seq) &&
		    sp_addr_equal(&e->to, from))
			return e;
	}
	return NULL;
}

bool
sp_echo_reply(struct sampan *s, const struct sp_pkt *pkt)
{
	struct sp_echo *e = find_waiting(s, &pkt->flow.remote, be32_get(pkt->body + 4));
	uint8_t cookie[COOKIE_LEN];
	struct sp_span span;

	if (e == NULL || pkt->span.len != HDR_LEN + e->payload_bytes)
		return false;
	span = sp_span_part(pkt->span, HDR_LEN, sizeof(cookie));
	sp_span_copy(cookie, span);
	if (memcmp(cookie, &e->cookie, span.len) != 0)
		return false;
	e->state = SP_ECHO_DONE;
	e->rtt_dur = pkt->at > e->sent_at ? pkt->at - e->sent_at : 0;
	e->ttl = pkt->hops;
	sp_count(s, SAMPAN_COUNT_ICMP_ECHO_REPS_IN);
	return true;
}

bool
sp_echo_error(struct sampan *s, const struct sp_icmp_error *error)
{
	struct sp_echo *e = find_waiting(s, &error->flow.remote, error->seq);

	if (e == NULL)
		return false;
	e->state = SP_ECHO_DONE;
	e->error = (int16_t)error->error;
	return true;
}
