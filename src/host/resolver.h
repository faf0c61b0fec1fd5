/*
 * resolver.h - a stub resolver: a name's addresses from the stack's name servers, asked
 * over the stack itself.  RFC 1035, RFC 5452, RFC 7766.
 *
 * It has no clock and waits for nothing: sp_resolver_step() in every turn does what can
 * be done.  IPv4 and IPv6 addresses are asked for at the same time, each from a socket of
 * its own with a random port and number; an answer that is cut short is asked for again
 * by TCP.  Servers take turns when they are silent.  What is found is sorted: RFC 6724 §6.
 *
 * Does not: cache.
 */
#ifndef SAMPAN_HOST_RESOLVER_H
#define SAMPAN_HOST_RESOLVER_H

#include <sampan/host.h>

#include "wire/dns.h"

/* The longest answer by TCP that is read. */
#define SP_RESOLVER_TCP_BYTES 8192
#define SP_RESOLVER_ADDRS (2 * DNS_ADDRS)
#define SP_RESOLVER_WHY 200

/* A question of one type. */
struct sp_lookup {
	sampan_handle handle;	/* 0: none */
	uint16_t id, type;
	bool tcp;
	bool asked;		/* by TCP: the question is on its way */
	bool settled;
	unsigned got;		/* bytes of tcp_bytes */
	enum dns_verdict verdict;
	struct dns_answer answer;
	uint8_t tcp_bytes[SP_RESOLVER_TCP_BYTES];
};

enum sp_resolver_state {
	SP_RESOLVER_BUSY,
	SP_RESOLVER_DONE,	/* there are addresses */
	SP_RESOLVER_FAILED,	/* why says why */
};

struct sp_resolver {
	struct sampan *s;
	struct sampan_loop *loop;	/* whose application is not to hear of the sockets; NULL */
	enum sp_resolver_state state;
	char asked[DNS_NAME_TEXT];	/* by the caller */
	char name[DNS_NAME_TEXT];	/* with what it is completed */
	unsigned candidate;	/* how it is completed */
	unsigned attempt, server;
	unsigned refusals;	/* servers that failed */
	sampan_time wake_at;	/* step then, though nothing happens */
	struct sp_lookup lookup[2];
	unsigned addrs;
	struct sampan_addr addr[SP_RESOLVER_ADDRS];	/* best first */
	char why[SP_RESOLVER_WHY];
};

/* Begins; s and loop must outlive it. */
void sp_resolver_begin(struct sp_resolver *r, struct sampan *s, struct sampan_loop *loop,
    const char *name, sampan_time now);

/* Does what can be done now. */
enum sp_resolver_state sp_resolver_step(struct sp_resolver *r, sampan_time now);

/* Gives its sockets back. */
void sp_resolver_end(struct sp_resolver *r);

#endif
