/*
 * end.c - see end.h.
 */
#include "net/end.h"

const struct sampan_addr sp_end_any;
const struct sampan_addr sp_end_any4 = { { [10] = 0xff, [11] = 0xff } };

/* Any address, any address of IPv4, the same address; and if it is any itself, each of ours
 * that it takes packets of.  What it does not meet is left out by naming :: again. */
bool
sp_end_rival(const struct sampan *s, const struct sp_end *end, unsigned i,
    struct sampan_addr *at)
{
	const struct sampan_addr fixed[] = { sp_end_any, sp_end_any4, end->addr };
	const unsigned n = sizeof(fixed) / sizeof(fixed[0]);

	if (i >= n && (!sp_addr_is_any(&end->addr) || i - n >= SP_ADDRS_MAX ||
	    s->addr[i - n].link == 0))
		return false;
	*at = i < n ? fixed[i] : s->addr[i - n].addr;
	if (!sp_end_is_any(at) && !sp_end_takes(&end->addr, end->v6only, sp_addr_is_v4(at)))
		*at = sp_end_any;
	return true;
}

int
sp_end_reaches(const struct sampan_addr *local, bool v6only, const struct sampan_addr *peer)
{
	if (sp_end_takes(local, v6only, sp_addr_is_v4(peer)))
		return 0;
	return sp_end_is_any(local) ? SAMPAN_ENETUNREACH : SAMPAN_EINVAL;
}

int
sp_end_scope(const struct sampan *s, const struct sampan_sockaddr *named, unsigned link,
    struct sampan_addr *addr)
{
	const unsigned there = named->link != 0 ? named->link : link;

	*addr = named->addr;
	if (!sp_addr_is_link_local(addr))
		return 0;
	if (there == 0 || (link != 0 && there != link) || there >= SP_LINKS_MAX ||
	    !s->link[there].used)
		return SAMPAN_EINVAL;
	*addr = sp_addr_scoped(*addr, there);
	return 0;
}
