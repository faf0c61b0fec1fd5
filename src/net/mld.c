/*
 * mld.c - see mld.h.
 */
#include "net/mld.h"

#include <string.h>

/* ff01::1 and ff02::1 */
static bool
is_all_nodes(const struct sampan_addr *a)
{
	static const uint8_t rest[14] = { [13] = 1 };

	return a->b[0] == 0xff && (a->b[1] == 1 || a->b[1] == 2) && memcmp(a->b + 2, rest, 14) == 0;
}

/* Tentative addresses too: RFC 4862 §5.4.2 (R-4862-2). */
static bool
is_solicited_node(const struct sampan *s, unsigned link, const struct sampan_addr *group)
{
	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++) {
		const struct sp_local_addr *l = &s->addr[i];
		struct sampan_addr own = { { 0 } };

		if (l->link != link || sp_addr_is_v4(&l->addr) || l->state == SP_ADDR_DUPLICATE)
			continue;
		ip6_solicited_node(own.b, l->addr.b);
		if (sp_addr_equal(&own, group))
			return true;
	}
	return false;
}

bool
sp_mld_is_member(const struct sampan *s, unsigned link, const struct sampan_addr *group)
{
	return is_all_nodes(group) || is_solicited_node(s, link, group);
}
