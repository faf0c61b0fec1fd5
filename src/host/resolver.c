/*
 * resolver.c - see resolver.h.
 */
#include "host/resolver.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <sampan/address.h>
#include <sampan/datagram.h>
#include <sampan/names.h>

#include "host/loop.h"

/* A server has this long, twice as long in each round; so many rounds. */
#define TIMEOUT SAMPAN_SEC(2)
#define ROUNDS 3

/* ---- Sockets ---- */

static void
close_lookup(struct sp_resolver *r, struct sp_lookup *l)
{
	if (l->handle == 0)
		return;
	if (r->loop != NULL)
		sp_loop_disown(r->loop, l->handle);
	(void)sampan_abort(r->s, l->handle);
	l->handle = 0;
}

/* A socket of that type to the server; the error. */
static int
open_lookup(struct sp_resolver *r, struct sp_lookup *l, enum sampan_type type)
{
	struct sampan_sockaddr server;
	int error;

	close_lookup(r, l);
	if (sampan_name_server_get(r->s, r->server, &server) != 0)
		return SAMPAN_ENOENT;
	error = sampan_socket(r->s, type, &l->handle);
	if (error != 0) {
		l->handle = 0;
		return error;
	}
	if (r->loop != NULL && sp_loop_own(r->loop, l->handle) != 0) {
		(void)sampan_abort(r->s, l->handle);
		l->handle = 0;
		return SAMPAN_ENOSPACE;
	}
	error = sampan_connect(r->s, l->handle, &server);
	return error == SAMPAN_EINPROGRESS ? 0 : error;
}

static void
settle(struct sp_resolver *r, struct sp_lookup *l, enum dns_verdict verdict)
{
	l->settled = true;
	l->verdict = verdict;
	close_lookup(r, l);
}

/* ---- Asking ---- */

static uint16_t
random_id(void)
{
	uint16_t id = 0;

	while (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		;
	return id;
}

/* RFC 5452 §9.2: a number and a port that nobody can foretell, new ones each time. */
static void
ask(struct sp_resolver *r, struct sp_lookup *l)
{
	uint8_t query[DNS_QUERY_MAX];
	size_t len;

	l->tcp = l->asked = false;
	l->settled = false;
	l->got = 0;
	l->id = random_id();
	len = dns_emit_query(query, l->id, r->name, l->type);
	if (open_lookup(r, l, SAMPAN_DGRAM) != 0 ||
	    sampan_send(r->s, l->handle, query, len) != (int64_t)len)
		settle(r, l, DNS_SERVER_FAILED);
}

static void
ask_unsettled(struct sp_resolver *r, sampan_time now)
{
	for (unsigned i = 0; i < 2; i++)
		if (!r->lookup[i].settled || r->lookup[i].verdict == DNS_SERVER_FAILED)
			ask(r, &r->lookup[i]);
	r->wake_at = now + (TIMEOUT << (r->attempt < ROUNDS ? r->attempt : ROUNDS));
}

/* RFC 7766 §5 */
static void
ask_by_tcp(struct sp_resolver *r, struct sp_lookup *l)
{
	l->tcp = true;
	if (open_lookup(r, l, SAMPAN_STREAM) != 0)
		settle(r, l, DNS_SERVER_FAILED);
}

/* ---- Hearing ---- */

static enum dns_verdict
read_answer(struct sp_resolver *r, struct sp_lookup *l, const uint8_t *p, size_t len)
{
	const struct dns_question q = { l->id, l->type, r->name };

	return dns_parse(&l->answer, p, len, &q);
}

/* What is no answer to our question is as if it had not come. */
static void
hear_udp(struct sp_resolver *r, struct sp_lookup *l)
{
	uint8_t bytes[DNS_UDP_MAX];
	int64_t n;

	while (!l->settled && !l->tcp &&
	    (n = sampan_recv(r->s, l->handle, bytes, sizeof(bytes))) != SAMPAN_EAGAIN) {
		const size_t len = n > DNS_UDP_MAX ? DNS_UDP_MAX : (size_t)(n > 0 ? n : 0);
		enum dns_verdict verdict;

		verdict = n < 0 ? DNS_SERVER_FAILED : read_answer(r, l, bytes, len);
		if (verdict == DNS_TRUNCATED)
			ask_by_tcp(r, l);
		else if (verdict == DNS_MALFORMED)
			settle(r, l, DNS_SERVER_FAILED);
		else if (verdict != DNS_NOT_OURS)
			settle(r, l, verdict);
	}
}

/* True: the question is out.  RFC 1035 §4.2.2: its length goes before it. */
static bool
send_by_tcp(struct sp_resolver *r, struct sp_lookup *l)
{
	uint8_t query[2 + DNS_QUERY_MAX];
	struct sampan_status st;
	size_t len;

	if (l->asked)
		return true;
	if (sampan_status(r->s, l->handle, &st) != 0 || st.error != 0) {
		settle(r, l, DNS_SERVER_FAILED);
		return false;
	}
	if (st.state == SAMPAN_TCP_SYN_SENT || st.state == SAMPAN_TCP_SYN_RECEIVED)
		return false;
	len = dns_emit_query(query + 2, l->id, r->name, l->type);
	query[0] = (uint8_t)(len >> 8);
	query[1] = (uint8_t)len;
	l->asked = sampan_send(r->s, l->handle, query, len + 2) == (int64_t)(len + 2);
	if (!l->asked)
		settle(r, l, DNS_SERVER_FAILED);
	return l->asked;
}

static void
hear_tcp(struct sp_resolver *r, struct sp_lookup *l)
{
	enum dns_verdict verdict;
	unsigned len;
	int64_t n;

	if (!send_by_tcp(r, l))
		return;
	n = sampan_recv(r->s, l->handle, l->tcp_bytes + l->got, sizeof(l->tcp_bytes) - l->got);
	if (n == SAMPAN_EAGAIN)
		return;
	l->got += n > 0 ? (unsigned)n : 0;
	len = l->got >= 2 ? (unsigned)l->tcp_bytes[0] << 8 | l->tcp_bytes[1] : 0;
	if (l->got >= 2 && l->got - 2 >= len) {
		verdict = read_answer(r, l, l->tcp_bytes + 2, len);
		settle(r, l, verdict == DNS_FOUND || verdict == DNS_NO_NAME ? verdict :
									      DNS_SERVER_FAILED);
	} else if (n <= 0 || l->got == sizeof(l->tcp_bytes)) {
		settle(r, l, DNS_SERVER_FAILED);	/* its end, or too long */
	}
}

/* ---- Names ---- */

/* RFC 1123 §6.1.4.3: a name with a dot is tried as it is first, one without last; one that
 * ends in a dot only so.  False: no more ways to complete it. */
static bool
next_name(struct sp_resolver *r)
{
	const size_t len = strlen(r->asked);
	const bool whole = len > 0 && r->asked[len - 1] == '.';
	const bool dotted = strchr(r->asked, '.') != NULL;
	char domain[SAMPAN_DOMAIN_TEXT];
	const unsigned i = r->candidate++;

	(void)memcpy(r->name, r->asked, sizeof(r->name));
	if (whole || (dotted && i == 0))
		return i == 0;
	if (sampan_search_domain_get(r->s, dotted ? i - 1 : i, domain) != 0) {
		r->candidate = UINT32_MAX / 2;		/* the last one */
		return !dotted && i < UINT32_MAX / 2;
	}
	if (len + 1 + strlen(domain) > DNS_NAME_MAX)
		return next_name(r);
	r->name[len] = '.';
	(void)stpcpy(r->name + len + 1, domain);
	return true;
}

static void
fail(struct sp_resolver *r, const char *why)
{
	(void)snprintf(r->why, sizeof(r->why), "%s", why);
	r->state = SP_RESOLVER_FAILED;
}

static void
begin_name(struct sp_resolver *r, sampan_time now)
{
	uint8_t query[DNS_QUERY_MAX];

	if (!next_name(r)) {
		fail(r, "no such name");
		return;
	}
	if (dns_emit_query(query, 0, r->name, DNS_TYPE_A) == 0) {
		fail(r, "that is no name");
		return;
	}
	r->attempt = 0;
	r->refusals = 0;
	for (unsigned i = 0; i < 2; i++) {
		r->lookup[i].settled = false;
		r->lookup[i].type = i == 0 ? DNS_TYPE_A : DNS_TYPE_AAAA;
	}
	ask_unsettled(r, now);
}

/* ---- The end ---- */

static void
collect(struct sp_resolver *r)
{
	r->addrs = 0;
	for (unsigned i = 0; i < 2; i++) {
		const struct sp_lookup *l = &r->lookup[i];

		for (unsigned k = 0; l->verdict == DNS_FOUND && k < l->answer.addrs; k++) {
			const uint8_t *a = l->answer.addr[k];
			struct sampan_addr *to = &r->addr[r->addrs++];

			if (l->type == DNS_TYPE_A)
				*to = sampan_addr_v4(a[0], a[1], a[2], a[3]);
			else
				memcpy(to->b, a, 16);
		}
	}
	sampan_sort_destinations(r->s, r->addr, r->addrs);
}

/* The next server, or the first in another round. */
static void
next_server(struct sp_resolver *r, sampan_time now)
{
	struct sampan_sockaddr server;

	r->server++;
	if (sampan_name_server_get(r->s, r->server, &server) != 0) {
		r->server = 0;
		r->attempt++;
	}
	if (r->attempt == ROUNDS)
		fail(r, r->refusals > 0 ? "the name servers cannot answer" :
		    "no name server answers");
	else
		ask_unsettled(r, now);
}

static void
judge(struct sp_resolver *r, sampan_time now)
{
	const struct sp_lookup *a = &r->lookup[0], *b = &r->lookup[1];
	const bool settled = a->settled && b->settled;
	const bool failed = settled &&
	    (a->verdict == DNS_SERVER_FAILED || b->verdict == DNS_SERVER_FAILED);

	if (settled && !failed) {
		collect(r);
		if (r->addrs > 0)
			r->state = SP_RESOLVER_DONE;
		else
			begin_name(r, now);
		return;
	}
	if (!failed && now < r->wake_at)
		return;
	r->refusals += failed;
	collect(r);
	if (r->addrs > 0)		/* of the other family: that will do */
		r->state = SP_RESOLVER_DONE;
	else
		next_server(r, now);
}

void
sp_resolver_begin(struct sp_resolver *r, struct sampan *s, struct sampan_loop *loop,
    const char *name, sampan_time now)
{
	struct sampan_sockaddr server;

	memset(r, 0, sizeof(*r));
	r->s = s;
	r->loop = loop;
	if (strlen(name) > DNS_NAME_MAX) {
		fail(r, "the name is too long");
		return;
	}
	(void)stpcpy(r->asked, name);
	if (sampan_name_server_get(s, 0, &server) != 0)
		fail(r, "no name server is known: give one with 'sampan serve --name-server', or "
		    "let a network tell, with --addr dhcp or --addr slaac");
	else
		begin_name(r, now);
}

enum sp_resolver_state
sp_resolver_step(struct sp_resolver *r, sampan_time now)
{
	if (r->state != SP_RESOLVER_BUSY)
		return r->state;
	for (unsigned i = 0; i < 2; i++) {
		struct sp_lookup *l = &r->lookup[i];

		if (!l->settled && !l->tcp)
			hear_udp(r, l);
		if (!l->settled && l->tcp)
			hear_tcp(r, l);
	}
	judge(r, now);
	if (r->state != SP_RESOLVER_BUSY)
		sp_resolver_end(r);
	return r->state;
}

void
sp_resolver_end(struct sp_resolver *r)
{
	for (unsigned i = 0; i < 2; i++)
		close_lookup(r, &r->lookup[i]);
}
