/*
 * end.h - local ends of sockets: whose packets one takes, which of them meet, and how
 * a caller names an address that means something on one link only.
 *
 * Any address (::) takes packets of both families, unless IPV6_V6ONLY says otherwise;
 * 0.0.0.0, which is ::ffff:0:0 here, takes IPv4's alone.  RFC 3493 §3.7, §5.3
 * (R-MISC-13); who stands in whose way is Linux's rule: two ends meet if some packet
 * could be both's.
 */
#ifndef SAMPAN_NET_END_H
#define SAMPAN_NET_END_H

#include "net/stack.h"

struct sp_end {
	struct sampan_addr addr;
	uint16_t port;
	bool v6only;		/* says something of :: only */
};

extern const struct sampan_addr sp_end_any, sp_end_any4;

static inline bool
sp_end_is_any(const struct sampan_addr *local)
{
	return sp_addr_equal(local, &sp_end_any);
}

/* Does a socket at this address take packets of that family? */
static inline bool
sp_end_takes(const struct sampan_addr *local, bool v6only, bool v4)
{
	return sp_end_is_any(local) ? !v4 || !v6only : sp_addr_is_v4(local) == v4;
}

/* Number i of the addresses that one who meets this end may be bound to; false: there are
 * no more. */
bool sp_end_rival(const struct sampan *s, const struct sp_end *end, unsigned i,
    struct sampan_addr *at);

/* Does it meet one that is bound to `at`, which sp_end_rival() has named? */
static inline bool
sp_end_meets(const struct sp_end *end, const struct sampan_addr *at, bool v6only)
{
	return !sp_end_is_any(at) || !v6only || sp_end_takes(&end->addr, end->v6only, false);
}

/* May a socket at this address speak to that peer?  INVAL: they are of two families.
 * NETUNREACH: IPv4, and IPV6_V6ONLY. */
int sp_end_reaches(const struct sampan_addr *local, bool v6only, const struct sampan_addr *peer);

/* An address as an application gives it, as the stack has it; link: where it is if that is
 * not said, 0: anywhere.  INVAL: link-local, and no link is named, or none that there is,
 * or another one.  RFC 4007 §6, RFC 3493 §3.3 (R-MISC-13). */
int sp_end_scope(const struct sampan *s, const struct sampan_sockaddr *named, unsigned link,
    struct sampan_addr *addr);

#endif
