/*
 * svc.h - services that `sampan serve` offers: one file each, one line in
 * svc.c.
 *
 * A service is a function of events.  It allocates nothing for a connection:
 * what must be remembered stays in the stack's queues, or in the socket's
 * word, whose upper 8 bits are the service and whose lower 56 are its own.
 */
#ifndef SAMPAN_CMD_SVC_H
#define SAMPAN_CMD_SVC_H

#include <sampan/socket.h>

#define SVC_WORD_BITS 56
#define SVC_HINTS 2

struct svc {
	const char *name;
	const char *text;	/* one line of help */
	uint16_t port;		/* unless the user says otherwise */
	bool by_default;	/* offered when the user names no service */
	const char *hints[SVC_HINTS];	/* commands to try; address and port follow */
	/* Something happened to one of its connections; also called once for
	 * a connection just accepted.  Does all that can be done now: bits
	 * latch until the next arrival only.  Closes what has ended. */
	void (*run)(struct sampan *s, const struct sampan_event *event);
};

extern const struct svc sp_svc_echo;
extern const struct svc sp_svc_discard;

/* Services in the order of the table; NULL behind the last. */
const struct svc *sp_svc_at(unsigned i);

/* NULL: no such service. */
const struct svc *sp_svc_find(const char *name);

/* Listens on a port of every address.  Returns 0 or a SAMPAN_E* code. */
int sp_svc_listen(struct sampan *s, const struct svc *svc, uint16_t port);

/* Accepts what waits, and gives each event to its service. */
void sp_svc_events(void *stack, const struct sampan_event *events, unsigned n);

#endif
