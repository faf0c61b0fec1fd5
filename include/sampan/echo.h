/*
 * echo.h - is a host there?  ICMP echo requests, RFC 792 and RFC 4443 §4.1, as
 * ping(8) sends them.
 *
 *	sampan_echo_send()	a request leaves with the next output
 *	sampan_echo_take()	its answer, once it has come
 *	sampan_echo_forget()	nobody waits for it any more
 *
 * Nothing tells when an answer has come: ask after input.  A stack remembers
 * SAMPAN_ECHO_MOST requests; one that nobody has asked about for a minute gives
 * way to a new one.  Echo requests of others are answered without this.
 */
#ifndef SAMPAN_ECHO_H
#define SAMPAN_ECHO_H

#include <sampan/sampan.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SAMPAN_ECHO_MOST 16

struct sampan_echo {
	size_t size;		/* sizeof(struct sampan_echo) */
	struct sampan_addr to;
	uint16_t seq;
	uint16_t payload_bytes;	/* behind the ICMP header */
	uint8_t ttl;		/* 0: the setting's */
};

struct sampan_echo_answer {
	sampan_dur rtt_dur;
	uint16_t seq;
	uint16_t payload_bytes;
	uint8_t ttl;		/* of the answer, as it arrived */
};

/* Sends a request and names it.  INVAL: the structure, or no host's address.
 * NETUNREACH: no route, or our own address.  MSGSIZE: more than a packet holds,
 * 65,507 octets, over IPv6 65,527; what is too big for the link leaves in fragments.
 * NOBUFS: no memory, or SAMPAN_ECHO_MOST are waited for.  OPNOTSUPP: the leader of
 * the team has the answers (team.h). */
SAMPAN_API int sampan_echo_send(struct sampan *s, const struct sampan_echo *echo,
    uint32_t *ticket);

/* The answer; the ticket ends with it, and with any error but AGAIN: there is
 * none yet.  HOSTUNREACH, NETUNREACH, CONNREFUSED: what a router or the host
 * reported.  BADHANDLE: no such ticket. */
SAMPAN_API int sampan_echo_take(struct sampan *s, uint32_t ticket,
    struct sampan_echo_answer *answer);

/* Ends a ticket; nothing if there is none. */
SAMPAN_API void sampan_echo_forget(struct sampan *s, uint32_t ticket);

#ifdef __cplusplus
}
#endif

#endif
