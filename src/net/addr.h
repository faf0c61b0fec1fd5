/*
 * addr.h - addresses of ours: which a link has, in which state, for how long.
 *
 * A small fixed table that is searched from start to end; what is in use stands
 * without gaps at its start.  An address may be spoken to, and spoken from,
 * while its state is PREFERRED or DEPRECATED; before that it is being checked
 * (dad.h).  Link-local addresses carry their link's number (flow.h).
 */
#ifndef SAMPAN_NET_ADDR_H
#define SAMPAN_NET_ADDR_H

#include <sampan/sampan.h>

#define SP_ADDRS_MAX 64
/* Of one link, so many by what routers say (R-4861-29). */
#define SP_AUTO_ADDRS_MAX 16

enum sp_addr_state {
	SP_ADDR_TENTATIVE,	/* being checked; nobody hears of it yet */
	SP_ADDR_PREFERRED,
	SP_ADDR_DEPRECATED,	/* goes on for what uses it, not for what begins */
	SP_ADDR_DUPLICATE,	/* somebody else has it */
};

enum sp_addr_origin {
	SP_ADDR_STATIC,		/* by sampan_addr_add() */
	SP_ADDR_LINK_LOCAL,	/* every IPv6 link has one; RFC 3927's too */
	SP_ADDR_SLAAC,		/* RFC 4862 with RFC 7217's identifier */
	SP_ADDR_TEMPORARY,	/* RFC 8981 */
	SP_ADDR_LEASED,		/* DHCP */
};

struct sp_local_addr {
	struct sampan_addr addr;	/* 0 */
	uint8_t link;		/* 16: 0: unused */
	uint8_t prefix_bits;	/* of the 128; what is in it is on the link */
	uint8_t state;		/* enum sp_addr_state */
	uint8_t origin;		/* enum sp_addr_origin */
	uint8_t probes;		/* 20: still to be sent, then to wait for */
	uint8_t announcements;	/* 21: still to be sent */
	uint8_t tries;		/* 22: RFC 7217's DAD_Counter */
	uint8_t net_bits;	/* 23: of the prefix that it was made for */
	sampan_time next_at;	/* 24: of those; SAMPAN_NEVER: none */
	sampan_time valid_until;	/* 32 */
	sampan_time preferred_until;	/* 40 */
	sampan_time made_at;	/* 48 */
	sampan_time defended_at;	/* 56: RFC 5227; 0: never */
};
_Static_assert(sizeof(struct sp_local_addr) == 64, "one cache line");

static inline bool
sp_addr_usable(const struct sp_local_addr *l)
{
	return l->state == SP_ADDR_PREFERRED || l->state == SP_ADDR_DEPRECATED;
}

/* The usable address of ours on that link (0: any link), NULL if there is none;
 * and the same in whatever state. */
const struct sp_local_addr *sp_local_find(const struct sampan *s, unsigned link,
    const struct sampan_addr *addr);
struct sp_local_addr *sp_addr_find(struct sampan *s, unsigned link,
    const struct sampan_addr *addr);

/* Adds an address of which addr, link, prefix_bits, origin and the lifetimes
 * count, and begins to check it.  INVAL, ADDRINUSE, NOSPACE. */
int sp_addr_make(struct sampan *s, const struct sp_local_addr *want);

/* Takes it away; what follows it in the table moves up. */
void sp_addr_drop(struct sampan *s, struct sp_local_addr *l);

/* What has come due: probes, announcements, ends of lifetimes.  Returns when
 * there is more. */
sampan_time sp_addrs_due(struct sampan *s);

/* Is it the broadcast address of a prefix of this link (0: any)? */
bool sp_is_subnet_broadcast(const struct sampan *s, unsigned link, uint32_t v4);

/* Could a host have this address?  Neither unspecified, broadcast, multicast
 * nor reserved.  RFC 1122 §3.2.1.3; RFC 9293 §3.9.1.1 (MUST-46). */
bool sp_addr_is_unicast(const struct sampan *s, const struct sampan_addr *a);

/* Do a and b share their first bits? */
bool sp_prefix_equal(const struct sampan_addr *a, const struct sampan_addr *b, unsigned bits);

/* A prefix length of the address's own family as one of the 128 bits; false:
 * longer than the address. */
bool sp_prefix_bits(const struct sampan_addr *addr, unsigned *bits);

#endif
