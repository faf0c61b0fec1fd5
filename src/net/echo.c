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

#include "buf/chunk.h"
#include "net/split.h"
#include "wire/bytes.h"
#include "wire/csum.h"
#include "wire/icmp4.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"

#define HDR_LEN 8u
#define COOKIE_LEN 8u
#define PACKET_BYTES_MAX 65535u		/* RFC 791 §3.1; RFC 8200 §3: behind its header */
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

/* ---- Requests ---- */

/* How many octets an echo request to there can have. */
static uint32_t
payload_most(const struct sampan_addr *to)
{
	return PACKET_BYTES_MAX - HDR_LEN - (sp_addr_is_v4(to) ? sp_ip_hdr_len(to) : 0);
}

/* Shows octets that count, as ping(8) has them, behind the cookie: a chunk with some
 * rounds of them, as often as is needed.  False: the chunk is too small for that. */
static bool
show_octets(struct sampan_frame *f, struct sp_chunk *c, uint32_t len)
{
	const uint32_t each = len <= sp_chunk_cap(c) ? len : sp_chunk_cap(c) & ~255u;

	for (uint32_t i = 0; i < each; i++)
		c->data[i] = (uint8_t)(COOKIE_LEN + i);
	for (; len > 0 && each > 0 && f->slices < SAMPAN_FRAME_SLICES; f->slices++) {
		const uint32_t n = len < each ? len : each;

		f->slice[f->slices] = (struct sampan_slice){ c->data, n };
		len -= n;
	}
	return len == 0;
}

/* The header in front of the body, with its checksum. */
static void
write_hdr(const struct sampan *s, struct sp_text *text, const struct sp_ip_out *out,
    const struct sp_echo *e)
{
	const bool v4 = sp_addr_is_v4(out->dst);
	const struct icmp4_hdr hdr = {
		.type = v4 ? ICMP4_ECHO : ICMP6_ECHO,
		.rest = (uint32_t)e->id << 16 | e->seq,
	};
	struct sp_csum sum = { 0, false };

	icmp4_emit(text->hdr, &hdr);
	sum.sum = sp_csum_add(text->hdr, HDR_LEN, v4 ? 0 : sp_ip_pseudo(out), s->csum_variant);
	sp_span_csum(&sum, text->body, s->csum_variant);
	be16_put(text->hdr + ICMP6_CSUM_OFF, (uint16_t)~sp_csum_fold(sum.sum));
}

/* 0, or NOBUFS. */
static int
send_text(struct sampan *s, const struct sp_ip_out *out, const struct sp_echo *e)
{
	const uint32_t cookie_len = e->payload_bytes < COOKIE_LEN ? e->payload_bytes : COOKIE_LEN;
	const uint32_t ref = sp_chunk_take(&s->arena, e->payload_bytes - cookie_len);
	struct sampan_frame f = { .head_len = (uint16_t)cookie_len };
	struct sp_text text = { .hdr_len = HDR_LEN, .body = { &f, 0, e->payload_bytes } };
	int error = SAMPAN_ENOBUFS;

	if (ref == 0)
		return error;
	memcpy(f.head, &e->cookie, cookie_len);
	if (show_octets(&f, sp_chunk_at(&s->arena, ref), e->payload_bytes - cookie_len)) {
		write_hdr(s, &text, out, e);
		error = sp_ip_send_text(s, out, &text) ? 0 : SAMPAN_ENOBUFS;
	}
	sp_chunk_drop(&s->arena, ref);
	return error;
}

static int
send_request(struct sampan *s, const struct sampan_echo *echo, const struct sp_echo *e)
{
	struct sampan_addr src;
	const struct sp_ip_out out = {
		.src = &src,
		.dst = &echo->to,
		.payload_len = HDR_LEN + e->payload_bytes,
		.proto = sp_addr_is_v4(&echo->to) ? IP_PROTO_ICMP : IP_PROTO_ICMP6,
		.ttl = echo->ttl,
	};
	int error;

	if (!sp_source_find(s, &echo->to, &src))
		return SAMPAN_ENETUNREACH;
	error = send_text(s, &out, e);
	if (error == 0)
		sp_count(s, SAMPAN_COUNT_ICMP_ECHOS_OUT);
	return error;
}

/* What can be said before a place is taken. */
static int
judge(const struct sampan *s, const struct sampan_echo *echo)
{
	struct sp_path path;

	if (echo->size != sizeof(*echo) || !sp_addr_is_unicast(s, &echo->to))
		return SAMPAN_EINVAL;
	if (sp_local_find(s, 0, &echo->to) != NULL || !sp_route_find(s, &echo->to, &path))
		return SAMPAN_ENETUNREACH;
	return echo->payload_bytes > payload_most(&echo->to) ? SAMPAN_EMSGSIZE : 0;
}

int
sampan_echo_send(struct sampan *s, const struct sampan_echo *echo, uint32_t *ticket)
{
	int error = sp_team_follows(s) ? SAMPAN_EOPNOTSUPP : judge(s, echo);
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
