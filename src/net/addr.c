/*
 * addr.c - see addr.h.  RFC 1122 §3.3.1, RFC 4862 §5.5.4.
 */
#include "net/addr.h"

#include <sampan/address.h>

#include <string.h>

#include "net/dad.h"
#include "net/due.h"
#include "net/group.h"
#include "net/slaac.h"
#include "net/stack.h"
#include "wire/ip4.h"

bool
sp_prefix_equal(const struct sampan_addr *a, const struct sampan_addr *b, unsigned bits)
{
	const uint64_t upper = be64_get(a->b) ^ be64_get(b->b);
	const uint64_t lower = be64_get(a->b + 8) ^ be64_get(b->b + 8);

	if (bits <= 64)
		return bits == 0 || upper >> (64 - bits) == 0;
	return upper == 0 && lower >> (128 - bits) == 0;
}

bool
sp_prefix_bits(const struct sampan_addr *addr, unsigned *bits)
{
	if (*bits > (sp_addr_is_v4(addr) ? 32u : 128u))
		return false;
	if (sp_addr_is_v4(addr))
		*bits += 96;
	return true;
}

bool
sp_addr_is_unicast(const struct sampan *s, const struct sampan_addr *a)
{
	uint32_t v4;

	if (!sp_addr_is_v4(a))
		return !ip6_is_multicast(a->b) && !ip6_is_loopback(a->b) && !ip6_is_any(a->b);
	v4 = sp_addr_v4(a);
	return !ip4_is_zero_net(v4) && !ip4_is_multicast(v4) && !ip4_is_class_e(v4) &&
	    !sp_is_subnet_broadcast(s, 0, v4);
}

struct sp_local_addr *
sp_addr_find(struct sampan *s, unsigned link, const struct sampan_addr *addr)
{
	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++) {
		struct sp_local_addr *l = &s->addr[i];

		if ((link == 0 || l->link == link) && sp_addr_equal(&l->addr, addr))
			return l;
	}
	return NULL;
}

const struct sp_local_addr *
sp_local_find(const struct sampan *s, unsigned link, const struct sampan_addr *addr)
{
	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++) {
		const struct sp_local_addr *l = &s->addr[i];

		if ((link == 0 || l->link == link) && sp_addr_equal(&l->addr, addr))
			return sp_addr_usable(l) ? l : NULL;
	}
	return NULL;
}

bool
sp_is_subnet_broadcast(const struct sampan *s, unsigned link, uint32_t v4)
{
	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++) {
		const struct sp_local_addr *l = &s->addr[i];
		uint32_t host_mask;

		if ((link != 0 && l->link != link) || !sp_addr_is_v4(&l->addr) ||
		    l->prefix_bits > 96 + 30)
			continue;
		host_mask = UINT32_MAX >> (l->prefix_bits - 96);
		if (l->prefix_bits > 96 && v4 == (sp_addr_v4(&l->addr) | host_mask))
			return true;
	}
	return false;
}

int
sp_addr_make(struct sampan *s, const struct sp_local_addr *want)
{
	if (!sp_addr_is_unicast(s, &want->addr) ||
	    (sp_addr_is_v4(&want->addr) && ip4_is_loopback(sp_addr_v4(&want->addr))))
		return SAMPAN_EINVAL;	/* RFC 1122 §3.2.1.3 (R-IP4-6): none of them leaves */
	if (sp_addr_find(s, 0, &want->addr) != NULL)
		return SAMPAN_EADDRINUSE;
	for (int i = 0; i < SP_ADDRS_MAX; i++) {
		struct sp_local_addr *l = &s->addr[i];

		if (l->link != 0)
			continue;
		*l = *want;
		l->made_at = s->now;
		s->route_gen++;
		sp_due_at(s, sp_earlier(l->preferred_until, l->valid_until));
		sp_dad_begin(s, l);
		sp_group_for_addr(s, l);
		return 0;
	}
	return SAMPAN_ENOSPACE;
}

void
sp_addr_drop(struct sampan *s, struct sp_local_addr *l)
{
	struct sp_local_addr *const end = s->addr + SP_ADDRS_MAX;

	sp_group_without_addr(s, l);
	memmove(l, l + 1, (size_t)(end - l - 1) * sizeof(*l));
	end[-1] = (struct sp_local_addr){ .link = 0 };
	s->route_gen++;
}

int
sampan_addr_add(struct sampan *s, int link, const struct sampan_addr *addr, unsigned prefix_bits)
{
	unsigned bits = prefix_bits;
	struct sp_local_addr want = { .origin = SP_ADDR_STATIC, .link = (uint8_t)link,
		.valid_until = SAMPAN_NEVER, .preferred_until = SAMPAN_NEVER };
	int error;

	if (sp_team_follows(s))
		return SAMPAN_EOPNOTSUPP;
	if (sp_link_get(s, link) == NULL || !sp_prefix_bits(addr, &bits) ||
	    (!sp_addr_is_v4(addr) && s->link[link].mtu_bytes < IP6_MTU_MIN))	/* R-8200-9 */
		return SAMPAN_EINVAL;
	want.addr = sp_addr_scoped(*addr, (unsigned)link);
	want.prefix_bits = (uint8_t)bits;
	error = sp_addr_make(s, &want);
	if (error == 0 && !sp_addr_is_v4(addr))
		sp_slaac_link_local(s, (unsigned)link);
	return error;
}

int
sampan_addr_remove(struct sampan *s, int link, const struct sampan_addr *addr)
{
	const struct sampan_addr scoped = sp_addr_scoped(*addr, (unsigned)link);
	struct sp_local_addr *l;

	if (sp_team_follows(s))
		return SAMPAN_EOPNOTSUPP;
	if (sp_link_get(s, link) == NULL)
		return SAMPAN_EINVAL;
	l = sp_addr_find(s, (unsigned)link, &scoped);
	if (l == NULL)
		return SAMPAN_EADDRNOTAVAIL;
	sp_addr_drop(s, l);
	return 0;
}

int
sampan_addr_get(const struct sampan *s, unsigned i, struct sampan_addr_info *info)
{
	static const enum sampan_addr_state states[] = {
		[SP_ADDR_TENTATIVE] = SAMPAN_ADDR_TENTATIVE,
		[SP_ADDR_PREFERRED] = SAMPAN_ADDR_PREFERRED,
		[SP_ADDR_DEPRECATED] = SAMPAN_ADDR_DEPRECATED,
		[SP_ADDR_DUPLICATE] = SAMPAN_ADDR_DUPLICATE,
	};
	const struct sp_local_addr *l = &s->addr[i];

	if (i >= SP_ADDRS_MAX || l->link == 0)
		return SAMPAN_ENOENT;
	*info = (struct sampan_addr_info){
		.addr = sp_addr_wire(l->addr),
		.link = l->link,
		.prefix_bits = l->prefix_bits - (sp_addr_is_v4(&l->addr) ? 96u : 0u),
		.state = states[l->state],
		.valid_until = sp_stack_callers_time(s, l->valid_until),
		.preferred_until = sp_stack_callers_time(s, l->preferred_until),
	};
	return 0;
}

/* RFC 4862 §5.5.4 (R-4862-9).  True: the address is gone. */
static bool
age(struct sampan *s, struct sp_local_addr *l)
{
	if (l->valid_until <= s->now) {
		sp_addr_drop(s, l);
		return true;
	}
	if (l->preferred_until <= s->now && l->state == SP_ADDR_PREFERRED) {
		l->state = SP_ADDR_DEPRECATED;
		s->route_gen++;
	}
	return false;
}

sampan_time
sp_addrs_due(struct sampan *s)
{
	sampan_time next = SAMPAN_NEVER;

	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++) {
		struct sp_local_addr *l = &s->addr[i];

		if (l->next_at <= s->now)
			sp_dad_step(s, l);
		if (age(s, l)) {
			i--;
			continue;
		}
		next = sp_earlier(next, sp_slaac_renew(s, l));
		next = sp_earlier(next, sp_earlier(l->next_at, l->valid_until));
		if (l->state == SP_ADDR_PREFERRED)
			next = sp_earlier(next, l->preferred_until);
	}
	return next;
}
