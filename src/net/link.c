/*
 * link.c - links, local addresses, routes.  RFC 1122 §3.3.1.
 *
 * All three are small fixed tables that are searched from start to end: a host
 * has few of them, and connections remember what they found (route_gen).
 */
#include <string.h>

#include "net/stack.h"
#include "wire/eth.h"
#include "wire/ip4.h"

#define MTU_MIN 576

struct sp_link *
sp_link_get(struct sampan *s, int link)
{
	if (link < 1 || link >= SP_LINKS_MAX || !s->link[link].used)
		return NULL;
	return &s->link[link];
}

int
sampan_link_add(struct sampan *s, const struct sampan_link_config *config)
{
	if (config->size != sizeof(*config) || config->mtu_bytes < MTU_MIN ||
	    eth_is_multicast(config->mac) || eth_is_zero(config->mac))
		return SAMPAN_EINVAL;
	for (int i = 1; i < SP_LINKS_MAX; i++) {
		struct sp_link *l = &s->link[i];

		if (l->used)
			continue;
		*l = (struct sp_link){
			.used = true,
			.mtu_bytes = config->mtu_bytes,
			.caps = config->caps,
		};
		memcpy(l->mac, config->mac, sizeof(l->mac));
		memcpy(l->name, config->name, sizeof(l->name) - 1);
		return i;
	}
	return SAMPAN_ENOSPACE;
}

/* Do a and b share their first n bits? */
static bool
prefix_equal(const struct sampan_addr *a, const struct sampan_addr *b, unsigned bits)
{
	const unsigned bytes = bits / 8;
	const uint8_t mask = (uint8_t)(0xff00u >> bits % 8);

	if (memcmp(a->b, b->b, bytes) != 0)
		return false;
	return bits % 8 == 0 || ((a->b[bytes] ^ b->b[bytes]) & mask) == 0;
}

/* A prefix length of the address's own family as one of the 128 bits. */
static bool
prefix_bits_of(const struct sampan_addr *addr, unsigned *bits)
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
		return a->b[0] != 0xff && !sp_addr_is_any(a);
	v4 = sp_addr_v4(a);
	return !ip4_is_zero_net(v4) && !ip4_is_multicast(v4) && !ip4_is_class_e(v4) &&
	    !sp_is_subnet_broadcast(s, 0, v4);
}

int
sampan_addr_add(struct sampan *s, int link, const struct sampan_addr *addr, unsigned prefix_bits)
{
	unsigned bits = prefix_bits;

	if (sp_link_get(s, link) == NULL || !prefix_bits_of(addr, &bits) ||
	    !sp_addr_is_unicast(s, addr))
		return SAMPAN_EINVAL;
	if (sp_local_find(s, 0, addr) != NULL)
		return SAMPAN_EADDRINUSE;
	for (int i = 0; i < SP_ADDRS_MAX; i++) {
		struct sp_local_addr *l = &s->addr[i];

		if (l->link != 0)
			continue;
		*l = (struct sp_local_addr){ *addr, (uint8_t)link, (uint8_t)bits };
		s->route_gen++;
		return 0;
	}
	return SAMPAN_ENOSPACE;
}

const struct sp_local_addr *
sp_local_find(const struct sampan *s, unsigned link, const struct sampan_addr *addr)
{
	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++) {
		const struct sp_local_addr *l = &s->addr[i];

		if ((link == 0 || l->link == link) && sp_addr_equal(&l->addr, addr))
			return l;
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
sampan_route_add(struct sampan *s, int link, const struct sampan_addr *dst, unsigned prefix_bits,
    const struct sampan_addr *gateway)
{
	unsigned bits = prefix_bits;

	if (sp_link_get(s, link) == NULL || !prefix_bits_of(dst, &bits) ||
	    !sp_addr_is_unicast(s, gateway) || sp_addr_is_v4(dst) != sp_addr_is_v4(gateway))
		return SAMPAN_EINVAL;
	for (int i = 0; i < SP_ROUTES_MAX; i++) {
		struct sp_route *r = &s->route[i];

		if (r->link != 0)
			continue;
		*r = (struct sp_route){ *dst, *gateway, (uint8_t)link, (uint8_t)bits };
		s->route_gen++;
		return 0;
	}
	return SAMPAN_ENOSPACE;
}

/* R-IP4-15. */
bool
sp_route_find(const struct sampan *s, const struct sampan_addr *dst, struct sp_path *path)
{
	int best = -1;

	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++) {
		const struct sp_local_addr *l = &s->addr[i];

		if (l->prefix_bits > best && prefix_equal(&l->addr, dst, l->prefix_bits)) {
			best = l->prefix_bits;
			*path = (struct sp_path){ l->link, *dst };
		}
	}
	for (int i = 0; i < SP_ROUTES_MAX && s->route[i].link != 0; i++) {
		const struct sp_route *r = &s->route[i];

		if (r->prefix_bits > best && prefix_equal(&r->dst, dst, r->prefix_bits)) {
			best = r->prefix_bits;
			*path = (struct sp_path){ r->link, r->gateway };
		}
	}
	return best >= 0;
}

bool
sp_source_find(const struct sampan *s, const struct sampan_addr *dst, struct sampan_addr *src)
{
	const struct sp_local_addr *found = NULL;
	struct sp_path path;

	if (!sp_route_find(s, dst, &path))
		return false;
	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++) {
		const struct sp_local_addr *l = &s->addr[i];

		if (l->link != path.link || sp_addr_is_v4(&l->addr) != sp_addr_is_v4(dst))
			continue;
		if (found == NULL || prefix_equal(&l->addr, &path.next_hop, l->prefix_bits))
			found = l;
	}
	if (found != NULL)
		*src = found->addr;
	return found != NULL;
}
