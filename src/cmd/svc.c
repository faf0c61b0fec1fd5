/*
 * svc.c - the table of services, and what they share: listening, accepting,
 * finding the service of an event.
 */
#include "cmd/svc.h"

#include <string.h>

static const struct svc *const services[] = {
	&sp_svc_echo,
	&sp_svc_discard,
};

#define SERVICES (sizeof(services) / sizeof(services[0]))

/* Connections that wait to be accepted.  The stack caps it (somaxconn). */
#define BACKLOG 4096

const struct svc *
sp_svc_at(unsigned i)
{
	return i < SERVICES ? services[i] : NULL;
}

const struct svc *
sp_svc_find(const char *name)
{
	for (size_t i = 0; i < SERVICES; i++) {
		if (strcmp(services[i]->name, name) == 0)
			return services[i];
	}
	return NULL;
}

static uint64_t
word_of(const struct svc *svc)
{
	uint64_t i = 0;

	while (i < SERVICES - 1 && services[i] != svc)
		i++;
	return i << SVC_WORD_BITS;
}

/* The word comes from word_of(), also by way of a service that has changed its
 * own part. */
static const struct svc *
svc_of(uint64_t word)
{
	return services[(word >> SVC_WORD_BITS) % SERVICES];
}

static int
start_listening(struct sampan *s, sampan_handle h, const struct svc *svc, uint16_t port)
{
	const struct sampan_sockaddr local = { .port = port };
	int error = sampan_bind(s, h, &local);

	if (error == 0)
		error = sampan_listen(s, h, BACKLOG);
	return error != 0 ? error : sampan_set_user(s, h, word_of(svc));
}

int
sp_svc_listen(struct sampan *s, const struct svc *svc, uint16_t port)
{
	sampan_handle h;
	int error = sampan_socket(s, SAMPAN_STREAM, &h);

	if (error != 0)
		return error;
	error = start_listening(s, h, svc, port);
	if (error != 0)
		(void)sampan_close(s, h);
	return error;
}

/* Its data may have come before it was accepted, so the service looks at it
 * at once. */
static void
accept_all(struct sampan *s, const struct sampan_event *listener)
{
	struct sampan_event first = {
		.user = listener->user,
		.what = SAMPAN_READABLE | SAMPAN_WRITABLE,
	};

	while (sampan_accept(s, listener->handle, &first.handle, NULL) == 0)
		svc_of(first.user)->run(s, &first);
}

void
sp_svc_events(void *stack, const struct sampan_event *events, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct sampan_event *e = &events[i];

		if (e->what & SAMPAN_ACCEPTABLE)
			accept_all(stack, e);
		else if (e->what & SAMPAN_FAILED)
			(void)sampan_close(stack, e->handle);
		else
			svc_of(e->user)->run(stack, e);
	}
}
