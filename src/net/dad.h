/*
 * dad.h - is an address free?  Duplicate address detection, RFC 4862 §5.4, and
 * IPv4's conflict detection, RFC 5227: the same steps with other packets.
 *
 * A new address is TENTATIVE while probes are sent and answers waited for, then
 * PREFERRED and, with IPv4, announced.  Whoever else uses it is noticed then and
 * later.
 */
#ifndef SAMPAN_NET_DAD_H
#define SAMPAN_NET_DAD_H

#include "net/stack.h"

/* Begins to check a new address, or finds at once that nothing asks for it. */
void sp_dad_begin(struct sampan *s, struct sp_local_addr *l);

/* Its next_at has come. */
void sp_dad_step(struct sampan *s, struct sp_local_addr *l);

/* Somebody else has it, or is about to. */
void sp_dad_conflict(struct sampan *s, struct sp_local_addr *l);

#endif
