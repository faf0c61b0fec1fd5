/*
 * sock.h - what a handle names.
 *
 * A handle is the record's reference and a generation.  It is believed only if the
 * reference lies on an object of the right pool whose generation agrees, so a stale
 * or invented one is an error and never a crash (R-V-52).
 */
#ifndef SAMPAN_SOCK_SOCK_H
#define SAMPAN_SOCK_SOCK_H

#include "tcp/tcp.h"
#include "udp/udp.h"

/* The record of a handle; NULL: it names none of this kind. */
static inline struct tcp_tcb *
sp_sock_tcb(const struct sampan *s, sampan_handle h)
{
	const uint32_t generation = (uint32_t)(h >> 32);
	struct tcp_tcb *t;

	if (generation == 0 || !sp_pool_owns(&s->arena, SP_KIND_TCB, (uint32_t)h))
		return NULL;
	t = tcp_tcb_at(s, (uint32_t)h);
	return t->ep.generation == generation ? t : NULL;
}

static inline struct udp_sock *
sp_sock_udp(const struct sampan *s, sampan_handle h)
{
	const uint32_t generation = (uint32_t)(h >> 32);
	struct udp_sock *u;

	if (generation == 0 || !sp_pool_owns(&s->arena, SP_KIND_UDP, (uint32_t)h))
		return NULL;
	u = sp_at(&s->arena, (uint32_t)h);
	return u->ep.generation == generation ? u : NULL;
}

/* Of what is TCP's alone: why the handle will not do. */
static inline int
sp_sock_not_tcp(const struct sampan *s, sampan_handle h)
{
	return sp_sock_udp(s, h) != NULL ? SAMPAN_EOPNOTSUPP : SAMPAN_EBADHANDLE;
}

#endif
