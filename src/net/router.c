/*
 * router.c - see router.h.
 */
#include "net/router.h"

void
sp_router_advert(struct sampan *s, const struct sp_pkt *pkt, const uint8_t *p, size_t len)
{
	(void)p;
	(void)len;
	sp_drop(s, SAMPAN_DROP_ND_NOT_OURS, pkt->link);
}

void
sp_router_redirect(struct sampan *s, const struct sp_pkt *pkt, const struct ndp_msg *m)
{
	(void)m;
	sp_drop(s, SAMPAN_DROP_ICMP_REDIRECT, pkt->link);
}

void
sp_router_gone(struct sampan *s, unsigned link, const struct sampan_addr *addr)
{
	for (int i = 0; i < SP_ROUTES_MAX && s->route[i].link != 0; i++) {
		struct sp_route *r = &s->route[i];

		if (r->link != link || r->origin == SP_ROUTE_STATIC ||
		    !sp_addr_equal(&r->gateway, addr))
			continue;
		sp_route_drop(s, r);
		i--;
	}
}
