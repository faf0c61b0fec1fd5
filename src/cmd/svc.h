/*
 * svc.h - services that `sampan serve` offers: one file each, one line in
 * svc.c.
 *
 * A service is a few functions of events.  It does all that can be done
 * without waiting and keeps no more than it must: much stays in the stack's
 * own queues.  A service that remembers something of a connection has a record
 * of it (conn_bytes, from a pool); one that does not may keep a number of 56
 * bits in the socket's word, whose upper 8 bits are the service.
 *
 * Records have one deadline each and no timer: a sweep looks at some of them
 * each tick (svc_pool.h), so that resting connections cost nothing in between.
 */
#ifndef SAMPAN_CMD_SVC_H
#define SAMPAN_CMD_SVC_H

#include <sampan/socket.h>

#include "cmd/svc_pool.h"
#include "link/why.h"

#define SVC_WORD_BITS 56
#define SVC_WORD_MASK (((uint64_t)1 << SVC_WORD_BITS) - 1)
#define SVC_HINTS 3
/* Services there can be. */
#define SVC_MOST 16

/* How often sp_svc_tick() is due while sp_svc_wants_tick(). */
#define SVC_TICK_DUR SAMPAN_MS(250)
/* How long a connection that we ended may take to end its own side. */
#define SVC_GOODBYE_DUR SAMPAN_SEC(5)
/* The longest datagram there is. */
#define SVC_ANSWER_MAX 65535

/* Sockets for datagrams that one server may have. */
#define SVC_UDP_MOST 64

struct svc_udp {
	sampan_handle handle;
	uint16_t port;
};

/* What the command line says to services. */
struct svc_options {
	const char *root;	/* the folder that http serves; NULL: the welcome page */
	const char *access_log;	/* NULL: none; "-": standard output */
};

/* One for each stack that is served. */
struct svc_host {
	struct sampan *stack;
	struct svc_options options;
	sampan_time now;	/* of this turn, set by the caller */
	int64_t wall_s;		/* seconds since 1970, of this turn, set by the caller */
	bool ending;		/* sp_svc_stop() was called */
	struct svc_pool pools[SVC_MOST];	/* records of connections */
	void *state[SVC_MOST];	/* a service's own, from start() to end() */
	struct svc_udp udp[SVC_UDP_MOST];	/* sockets for datagrams */
	unsigned udp_sockets;
};

struct svc {
	const char *name;
	const char *text;	/* one line of help */
	uint16_t port;		/* unless the user says otherwise */
	bool by_default;	/* offered when the user names no service */
	bool single;		/* its connections know of each other: one thread has them all */
	bool nodelay;		/* its connections have TCP_NODELAY */
	uint16_t conn_bytes;	/* of a connection's record, 0: it has none */
	const char *hints[SVC_HINTS];	/* commands to try; see sp_svc_hint() */
	/* Before the first listener.  0, or -1 and a line in why. */
	int (*start)(struct svc_host *x, const struct sp_why *why);
	/* A connection was accepted; its record is zeroes.  run() follows. */
	void (*accepted)(struct svc_host *x, struct svc_conn *c,
	    const struct sampan_sockaddr *peer);
	/* Something happened to one of its connections.  Does all that can be
	 * done now: bits latch until the next arrival only.  Closes what has
	 * ended, by sp_svc_close() or sp_svc_goodbye(). */
	void (*run)(struct svc_host *x, struct svc_conn *c, const struct sampan_event *event);
	/* The connection has broken; without it the record just goes. */
	void (*failed)(struct svc_host *x, struct svc_conn *c);
	/* Its deadline has passed; without it the connection is aborted. */
	void (*expired)(struct svc_host *x, struct svc_conn *c);
	/* The server ends: finish soon, by one of the same two calls.  Without
	 * it the connection gets sp_svc_goodbye(). */
	void (*stop)(struct svc_host *x, struct svc_conn *c);
	/* Its record is about to be freed: let go of what it owns. */
	void (*release)(struct svc_host *x, struct svc_conn *c);
	/* Every SVC_TICK_DUR, more or less. */
	void (*tick)(struct svc_host *x);
	void (*end)(struct svc_host *x);
	/* A datagram came, to the same port of UDP: writes the answer, at most
	 * SVC_ANSWER_MAX octets, and returns its length, -1: there is none. */
	int (*answer)(struct svc_host *x, const uint8_t *said, size_t len, uint8_t *answer);
	/* All but run() may be NULL. */
};

extern const struct svc sp_svc_echo;
extern const struct svc sp_svc_discard;
extern const struct svc sp_svc_daytime;
extern const struct svc sp_svc_chargen;
extern const struct svc sp_svc_time;
extern const struct svc sp_svc_http;
extern const struct svc sp_svc_chat;
extern const struct svc sp_svc_goodbye_service;

/* ---- The table ---- */

/* Services in the order of the table; NULL behind the last. */
const struct svc *sp_svc_at(unsigned i);

/* NULL: no such service. */
const struct svc *sp_svc_find(const char *name);

/* Writes a hint as a command: %a is the address, %p the port, %u both as a URL
 * has them. */
void sp_svc_hint(char *text, size_t room, const char *hint, const char *addr, uint16_t port);

/* ---- For the command ---- */

/* Listens on a port of every address.  Returns 0 or a SAMPAN_E* code. */
int sp_svc_listen(struct svc_host *x, const struct svc *svc, uint16_t port);

/* Starts a service, once, however often it listens.  -1: see why. */
int sp_svc_start(struct svc_host *x, const struct svc *svc, const struct sp_why *why);

/* The same for datagrams, where the service answers them (svc_udp.c). */
int sp_svc_listen_udp(struct svc_host *x, uint16_t port);
void sp_svc_datagrams(struct svc_host *x, const struct svc *svc, sampan_handle h);
void sp_svc_stop_udp(struct svc_host *x);

/* Accepts what waits, and gives each event to its service. */
void sp_svc_events(struct svc_host *x, const struct sampan_event *events, unsigned n);

/* Looks at deadlines.  Needed only while there are records. */
bool sp_svc_wants_tick(const struct svc_host *x);
void sp_svc_tick(struct svc_host *x);

/* Closes all listeners and asks every connection to finish. */
void sp_svc_stop(struct svc_host *x);

/* Frees everything; sockets are left to the stack. */
void sp_svc_end(struct svc_host *x);

/* ---- For services ---- */

/* The service's own, as start() set it. */
void *sp_svc_state(const struct svc_host *x, const struct svc *svc);
void sp_svc_set_state(struct svc_host *x, const struct svc *svc, void *state);

/* The part of the word that is the service's own. */
static inline uint64_t
sp_svc_own(const struct sampan_event *event)
{
	return event->user & SVC_WORD_MASK;
}

/* For services without records. */
void sp_svc_set_own(struct svc_host *x, const struct sampan_event *event, uint64_t own);

/* The connection of a service behind that number, 0 to begin; NULL: no more. */
struct svc_conn *sp_svc_next(const struct svc_host *x, const struct svc *svc, uint64_t number);

/* Gives a connection and its record up: what is queued is still delivered. */
void sp_svc_close(struct svc_host *x, struct svc_conn *c);

/* The same at once, with a reset. */
void sp_svc_abort(struct svc_host *x, struct svc_conn *c);

/* Ends our side behind what is queued and throws away what still comes until
 * the client ends its side, for at most SVC_GOODBYE_DUR: a close with bytes
 * unread would be a reset, and take what is queued along (RFC 9293 §3.6.1
 * (SHLD-3), RFC 9112 §9.6).  The record goes now; c may be NULL. */
void sp_svc_goodbye(struct svc_host *x, sampan_handle h, struct svc_conn *c);

#endif
