/*
 * svc.c - the table of services, and what they share: listening, accepting,
 * finding the service and the record of an event, deadlines, the end.
 */
#include "cmd/svc.h"

#include <stdio.h>
#include <string.h>

#include <sampan/option.h>

/* Offered to users are those that have a port. */
static const struct svc *const services[] = {
	&sp_svc_echo,
	&sp_svc_discard,
	&sp_svc_daytime,
	&sp_svc_chargen,
	&sp_svc_time,
	&sp_svc_http,
	&sp_svc_chat,
	&sp_svc_goodbye_service,
};

#define SERVICES (sizeof(services) / sizeof(services[0]))

_Static_assert(SERVICES <= SVC_MOST, "struct svc_host has room for each");

/* Connections that wait to be accepted.  The stack caps it (somaxconn). */
#define BACKLOG 4096
/* Records that a tick looks at, of each service: 10,000 are seen once in
 * 0.75 s, a million once in a minute, and no tick takes long. */
#define SWEEP_RECORDS 4096
/* In the word of a socket for datagrams; no number of a record is so large. */
#define WORD_UDP ((uint64_t)1 << (SVC_WORD_BITS - 1))

const struct svc *
sp_svc_at(unsigned i)
{
	return i < SERVICES && services[i]->port != 0 ? services[i] : NULL;
}

const struct svc *
sp_svc_find(const char *name)
{
	for (unsigned i = 0; sp_svc_at(i) != NULL; i++) {
		if (strcmp(services[i]->name, name) == 0)
			return services[i];
	}
	return NULL;
}

/* As a URL has it: RFC 3986 §3.2.2, and without the port that is meant anyway. */
static size_t
write_authority(char *text, size_t room, const char *addr, uint16_t port)
{
	const bool v6 = strchr(addr, ':') != NULL;
	char suffix[8] = "";

	if (port != 80)
		(void)snprintf(suffix, sizeof(suffix), ":%u", (unsigned)port);
	return (size_t)snprintf(text, room, "%s%s%s%s", v6 ? "[" : "", addr, v6 ? "]" : "",
	    suffix);
}

void
sp_svc_hint(char *text, size_t room, const char *hint, const char *addr, uint16_t port)
{
	size_t len = 0;

	text[0] = '\0';
	for (const char *at = hint; *at != '\0' && len < room; at++) {
		if (at[0] == '%' && at[1] == 'a')
			len += (size_t)snprintf(text + len, room - len, "%s", addr);
		else if (at[0] == '%' && at[1] == 'p')
			len += (size_t)snprintf(text + len, room - len, "%u", (unsigned)port);
		else if (at[0] == '%' && at[1] == 'u')
			len += write_authority(text + len, room - len, addr, port);
		else
			len += (size_t)snprintf(text + len, room - len, "%c", *at);
		at += at[0] == '%' && at[1] != '\0';
	}
}

static unsigned
index_of(const struct svc *svc)
{
	unsigned i = 0;

	while (i < SERVICES - 1 && services[i] != svc)
		i++;
	return i;
}

static uint64_t
word_of(const struct svc *svc, uint64_t own)
{
	return (uint64_t)index_of(svc) << SVC_WORD_BITS | (own & SVC_WORD_MASK);
}

/* The word comes from word_of(). */
static const struct svc *
svc_of(uint64_t word)
{
	return services[(word >> SVC_WORD_BITS) % SERVICES];
}

static struct svc_pool *
pool_of(struct svc_host *x, const struct svc *svc)
{
	return &x->pools[index_of(svc)];
}

void *
sp_svc_state(const struct svc_host *x, const struct svc *svc)
{
	return x->state[index_of(svc)];
}

void
sp_svc_set_state(struct svc_host *x, const struct svc *svc, void *state)
{
	x->state[index_of(svc)] = state;
}

void
sp_svc_set_own(struct svc_host *x, const struct sampan_event *event, uint64_t own)
{
	(void)sampan_set_user(x->stack, event->handle, word_of(svc_of(event->user), own));
}

/* ---- Start ---- */

int
sp_svc_start(struct svc_host *x, const struct svc *svc, const struct sp_why *why)
{
	if (svc->start == NULL || sp_svc_state(x, svc) != NULL)
		return 0;
	return svc->start(x, why);
}

static int
start_listening(struct sampan *s, sampan_handle h, const struct svc *svc, uint16_t port)
{
	const struct sampan_sockaddr local = { .port = port };
	int error = sampan_bind(s, h, &local);

	/* Accepted sockets inherit these; who has vanished is to be missed. */
	if (error == 0)
		error = sampan_setopt(s, h, SAMPAN_OPT_KEEPALIVE, 1);
	if (error == 0 && svc->nodelay)
		error = sampan_setopt(s, h, SAMPAN_OPT_NODELAY, 1);
	if (error == 0)
		error = sampan_listen(s, h, BACKLOG);
	return error != 0 ? error : sampan_set_user(s, h, word_of(svc, 0));
}

int
sp_svc_listen(struct svc_host *x, const struct svc *svc, uint16_t port)
{
	sampan_handle h;
	int error = sampan_socket(x->stack, SAMPAN_STREAM, &h);

	if (error != 0)
		return error;
	error = start_listening(x->stack, h, svc, port);
	if (error != 0)
		(void)sampan_close(x->stack, h);
	if (error != 0 || svc->answer == NULL)
		return error;
	error = sp_svc_listen_udp(x, port);
	if (error == 0)
		error = sampan_set_user(x->stack, x->udp[x->udp_sockets - 1].handle,
		    word_of(svc, WORD_UDP));
	return error;
}

/* ---- Records ---- */

/* NULL: no memory for a record. */
static struct svc_conn *
take_record(struct svc_host *x, const struct svc *svc, sampan_handle h)
{
	struct svc_conn *c = sp_svc_pool_take(pool_of(x, svc), svc->conn_bytes, h);

	if (c != NULL)
		(void)sampan_set_user(x->stack, h, word_of(svc, c->number));
	return c;
}

/* NULL: the service has none, or it belongs to another socket by now. */
static struct svc_conn *
record_of(struct svc_host *x, uint64_t word, sampan_handle h)
{
	const struct svc *svc = svc_of(word);
	struct svc_conn *c = svc->conn_bytes == 0 ? NULL :
	    sp_svc_pool_at(pool_of(x, svc), word & SVC_WORD_MASK);

	return c != NULL && c->handle == h ? c : NULL;
}

/* Frees the record; the socket is another matter. */
static void
release(struct svc_host *x, struct svc_conn *c)
{
	uint64_t word;
	const struct svc *svc;

	if (sampan_get_user(x->stack, c->handle, &word) != 0)
		return;
	svc = svc_of(word);
	if (svc->release != NULL)
		svc->release(x, c);
	sp_svc_pool_free(pool_of(x, svc), c);
}

struct svc_conn *
sp_svc_next(const struct svc_host *x, const struct svc *svc, uint64_t number)
{
	return sp_svc_pool_next(&x->pools[index_of(svc)], number);
}

void
sp_svc_close(struct svc_host *x, struct svc_conn *c)
{
	const sampan_handle h = c->handle;

	release(x, c);
	(void)sampan_close(x->stack, h);
}

void
sp_svc_abort(struct svc_host *x, struct svc_conn *c)
{
	const sampan_handle h = c->handle;

	release(x, c);
	(void)sampan_abort(x->stack, h);
}

void
sp_svc_goodbye(struct svc_host *x, sampan_handle h, struct svc_conn *c)
{
	const struct sampan_event look = { .handle = h, .what = SAMPAN_READABLE };

	if (c != NULL)
		release(x, c);
	c = take_record(x, &sp_svc_goodbye_service, h);
	if (c == NULL || sampan_shutdown(x->stack, h, SAMPAN_SHUT_WR) != 0) {
		if (c != NULL)
			release(x, c);
		(void)sampan_close(x->stack, h);
		return;
	}
	c->deadline_at = x->now + SVC_GOODBYE_DUR;
	sp_svc_goodbye_service.run(x, c, &look);
}

/* ---- Events ---- */

/* Its data may have come before it was accepted, so the service looks at it
 * at once. */
static void
accept_one(struct svc_host *x, const struct svc *svc, struct sampan_event *first,
    const struct sampan_sockaddr *peer)
{
	struct svc_conn *c = NULL;

	if (svc->conn_bytes != 0) {
		c = take_record(x, svc, first->handle);
		if (c == NULL) {
			(void)sampan_abort(x->stack, first->handle);
			return;
		}
		first->user = word_of(svc, c->number);
	}
	if (svc->accepted != NULL)
		svc->accepted(x, c, peer);
	svc->run(x, c, first);
}

static void
accept_all(struct svc_host *x, const struct sampan_event *listener)
{
	struct sampan_event first = { .what = SAMPAN_READABLE | SAMPAN_WRITABLE };
	struct sampan_sockaddr peer;

	while (sampan_accept(x->stack, listener->handle, &first.handle, &peer) == 0) {
		first.user = listener->user;
		accept_one(x, svc_of(listener->user), &first, &peer);
	}
}

static void
run_service(struct svc_host *x, const struct sampan_event *e)
{
	struct svc_conn *c = record_of(x, e->user, e->handle);

	if (svc_of(e->user)->conn_bytes != 0 && c == NULL)
		return;		/* given up by an event before this one */
	if ((e->what & SAMPAN_FAILED) == 0)
		svc_of(e->user)->run(x, c, e);
	else if (c == NULL)
		(void)sampan_close(x->stack, e->handle);
	else if (svc_of(e->user)->failed != NULL)
		svc_of(e->user)->failed(x, c);
	else
		sp_svc_close(x, c);
}

void
sp_svc_events(struct svc_host *x, const struct sampan_event *events, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (events[i].user & WORD_UDP)
			sp_svc_datagrams(x, svc_of(events[i].user), events[i].handle);
		else if (events[i].what & SAMPAN_ACCEPTABLE)
			accept_all(x, &events[i]);
		else
			run_service(x, &events[i]);
	}
}

/* ---- Deadlines ---- */

bool
sp_svc_wants_tick(const struct svc_host *x)
{
	for (unsigned i = 0; i < SERVICES; i++) {
		if (x->pools[i].used > 0)
			return true;
	}
	return false;
}

static void
sweep(struct svc_host *x, unsigned i)
{
	struct svc_pool *p = &x->pools[i];
	unsigned most = p->records < SWEEP_RECORDS ? (unsigned)p->records : SWEEP_RECORDS;
	struct svc_conn *c;

	while ((c = sp_svc_pool_sweep(p, &most, x->now)) != NULL) {
		if (services[i]->expired != NULL)
			services[i]->expired(x, c);
		else
			sp_svc_abort(x, c);
	}
}

void
sp_svc_tick(struct svc_host *x)
{
	for (unsigned i = 0; i < SERVICES; i++) {
		if (services[i]->tick != NULL && x->state[i] != NULL)
			services[i]->tick(x);
		sweep(x, i);
	}
}

/* ---- The end ---- */

static void
stop_one(struct svc_host *x, const struct sampan_status *found)
{
	struct svc_conn *c;
	uint64_t word;

	if (sampan_get_user(x->stack, found->handle, &word) != 0)
		return;
	c = record_of(x, word, found->handle);
	if (found->state == SAMPAN_TCP_LISTEN)
		(void)sampan_close(x->stack, found->handle);
	else if (c != NULL && svc_of(word)->stop != NULL)
		svc_of(word)->stop(x, c);
	else if (svc_of(word) != &sp_svc_goodbye_service)
		sp_svc_goodbye(x, found->handle, c);
}

void
sp_svc_stop(struct svc_host *x)
{
	struct sampan_status found[64];
	uint64_t cursor = 0;

	x->ending = true;
	sp_svc_stop_udp(x);
	while (cursor != SAMPAN_WALK_END) {
		const int n = sampan_walk(x->stack, &cursor, found, 64);

		for (int i = 0; i < n; i++) {
			if (found[i].handle != 0)
				stop_one(x, &found[i]);
		}
		if (n < 0)
			return;
	}
}

static void
release_all(struct svc_host *x, unsigned i)
{
	struct svc_conn *c = NULL;
	uint64_t number = 0;

	while (services[i]->release != NULL &&
	    (c = sp_svc_pool_next(&x->pools[i], number)) != NULL) {
		number = c->number;
		services[i]->release(x, c);
	}
	sp_svc_pool_end(&x->pools[i]);
}

void
sp_svc_end(struct svc_host *x)
{
	for (unsigned i = 0; i < SERVICES; i++) {
		release_all(x, i);
		if (services[i]->end != NULL && x->state[i] != NULL)
			services[i]->end(x);
		x->state[i] = NULL;
	}
}
