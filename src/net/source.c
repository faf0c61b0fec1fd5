/*
 * source.c - which address of ours to speak from, and which of a peer's to
 * prefer: RFC 6724.
 *
 * Candidates are the usable addresses of the link that the route leads to
 * (§4 (R-6724-3)); of two the rules of §5 in their order choose (R-6724-1).
 * Rule 4, home addresses, has nothing to say here.  IPv4 is in the tables as
 * its mapped form, so both families are chosen from by the same rules.
 */
#include <sampan/address.h>

#include "net/ll4.h"
#include "net/neigh.h"
#include "net/stack.h"

/* RFC 6724 §2.1 (R-6724-2).  It is not a setting. */
static const struct {
	struct sampan_addr prefix;
	uint8_t bits, precedence, label;
} policy[] = {
	{ { { [15] = 1 } }, 128, 50, 0 },
	{ { { [10] = 0xff, [11] = 0xff } }, 96, 35, 4 },
	{ { { 0 } }, 96, 1, 3 },
	{ { { 0x20, 0x01 } }, 32, 5, 5 },
	{ { { 0x20, 0x02 } }, 16, 30, 2 },
	{ { { 0x3f, 0xfe } }, 16, 1, 12 },
	{ { { 0xfe, 0xc0 } }, 10, 1, 11 },
	{ { { 0xfc } }, 7, 3, 13 },
	{ { { 0 } }, 0, 40, 1 },
};

/* The index of the longest prefix that holds a: they stand in that order. */
static unsigned
policy_of(const struct sampan_addr *a)
{
	unsigned i = 0;

	while (!sp_prefix_equal(&policy[i].prefix, a, policy[i].bits))
		i++;
	return i;
}

/* RFC 6724 §3.1, §3.2: as of multicast addresses. */
static unsigned
scope_of(const struct sampan_addr *a)
{
	if (sp_addr_is_v4(a)) {
		const uint32_t v4 = sp_addr_v4(a);

		return v4 >> 24 == 127 || v4 >> 16 == 0xa9fe ? 2 : 14;
	}
	if (ip6_is_multicast(a->b))
		return ip6_group_scope(a->b);
	if (ip6_is_link_local(a->b) || ip6_is_loopback(a->b))
		return 2;
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0xc0 ? 5 : 14;
}

/* The bits that a and b share at their start, at most `most`. */
static unsigned
common_bits(const struct sampan_addr *a, const struct sampan_addr *b, unsigned most)
{
	unsigned n = 0;

	while (n < most && ((a->b[n / 8] ^ b->b[n / 8]) & 0x80u >> n % 8) == 0)
		n++;
	return n;
}

struct choice {
	const struct sampan *s;
	const struct sampan_addr *dst;
	const struct sp_path *path;
};

/* Rules that compare two properties: positive, a has the better one. */
static int
rule_scope(const struct choice *c, const struct sp_local_addr *a, const struct sp_local_addr *b)
{
	const int sa = (int)scope_of(&a->addr), sb = (int)scope_of(&b->addr);
	const int sd = (int)scope_of(c->dst);

	if (sa == sb)
		return 0;
	if (sa < sb)
		return sa < sd ? -1 : 1;
	return sb < sd ? 1 : -1;
}

static int
rule_label(const struct choice *c, const struct sp_local_addr *a, const struct sp_local_addr *b)
{
	const uint8_t label = policy[policy_of(c->dst)].label;

	return (policy[policy_of(&a->addr)].label == label) -
	    (policy[policy_of(&b->addr)].label == label);
}

/* Rule 5.5 (R-4861-32): on the prefix of the next hop.  A router's link-local
 * address has none; then it says nothing. */
static int
rule_next_hop(const struct choice *c, const struct sp_local_addr *a, const struct sp_local_addr *b)
{
	const struct sampan_addr *hop = &c->path->next_hop;

	return sp_prefix_equal(&a->addr, hop, a->prefix_bits) -
	    sp_prefix_equal(&b->addr, hop, b->prefix_bits);
}

static int
rule_longest(const struct choice *c, const struct sp_local_addr *a, const struct sp_local_addr *b)
{
	return (int)common_bits(&a->addr, c->dst, a->prefix_bits) -
	    (int)common_bits(&b->addr, c->dst, b->prefix_bits);
}

/* Is a the better source than b?  §5, rules 1 to 8. */
static bool
is_better(const struct choice *c, const struct sp_local_addr *a, const struct sp_local_addr *b)
{
	int by = sp_addr_equal(&a->addr, c->dst) - sp_addr_equal(&b->addr, c->dst);	/* 1 */

	if (by == 0)
		by = rule_scope(c, a, b);					/* 2 */
	if (by == 0)
		by = (a->state == SP_ADDR_PREFERRED) - (b->state == SP_ADDR_PREFERRED);	/* 3 */
	if (by == 0)
		by = (a->link == c->path->link) - (b->link == c->path->link);	/* 5 */
	if (by == 0)
		by = rule_next_hop(c, a, b);					/* 5.5 */
	if (by == 0)
		by = rule_label(c, a, b);					/* 6 */
	if (by == 0)
		by = (a->origin == SP_ADDR_TEMPORARY) - (b->origin == SP_ADDR_TEMPORARY);
	if (by == 0)
		by = rule_longest(c, a, b);					/* 8 */
	return by > 0;
}

const struct sp_local_addr *
sp_source_on(const struct sampan *s, const struct sampan_addr *dst, const struct sp_path *path)
{
	const struct choice c = { s, dst, path };
	const struct sp_local_addr *best = NULL;
	/* RFC 3927 §2.6.2 (R-3927-1) */
	const bool by_gateway = path->route != NULL && !sp_addr_equal(&path->next_hop, dst);

	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++) {
		const struct sp_local_addr *l = &s->addr[i];

		if (l->link != path->link || !sp_addr_usable(l) ||
		    sp_addr_is_v4(&l->addr) != sp_addr_is_v4(dst) ||
		    (sp_addr_is_ll4(&l->addr) && by_gateway))
			continue;
		if (best == NULL || is_better(&c, l, best))
			best = l;
	}
	return best;
}

bool
sp_source_find(const struct sampan *s, const struct sampan_addr *dst, struct sampan_addr *src)
{
	const struct sp_local_addr *l;
	struct sp_path path;

	if (!sp_route_find(s, dst, &path))
		return false;
	l = sp_source_on(s, dst, &path);
	if (l != NULL)
		*src = l->addr;
	return l != NULL;
}

/* ---- Destinations, §6 (R-6724-4, R-6724-5) ---- */

struct target {
	const struct sampan_addr *addr;
	const struct sp_local_addr *src;	/* NULL: it cannot be reached */
};

/* Rule 1: unreachable, or known not to answer. */
static struct target
target_of(const struct sampan *s, const struct sampan_addr *dst)
{
	struct sp_path path;

	if (!sp_route_find(s, dst, &path) || sp_neigh_is_dead(s, path.link, &path.next_hop))
		return (struct target){ dst, NULL };
	return (struct target){ dst, sp_source_on(s, dst, &path) };
}

static bool
label_fits(const struct target *t)
{
	return policy[policy_of(&t->src->addr)].label == policy[policy_of(t->addr)].label;
}

/* Positive: a comes first.  Rules 1, 2, 3, 5, 6, 8, 9; 4 and 7, mobility and
 * encapsulation, have nothing to say here. */
static int
compare(const struct target *a, const struct target *b)
{
	int by = (a->src != NULL) - (b->src != NULL);

	if (by != 0 || a->src == NULL)
		return by;
	by = (scope_of(a->addr) == scope_of(&a->src->addr)) -
	    (scope_of(b->addr) == scope_of(&b->src->addr));
	if (by == 0)
		by = (a->src->state == SP_ADDR_PREFERRED) - (b->src->state == SP_ADDR_PREFERRED);
	if (by == 0)
		by = label_fits(a) - label_fits(b);
	if (by == 0)
		by = policy[policy_of(a->addr)].precedence - policy[policy_of(b->addr)].precedence;
	if (by == 0)
		by = (int)scope_of(b->addr) - (int)scope_of(a->addr);
	if (by == 0 && sp_addr_is_v4(a->addr) == sp_addr_is_v4(b->addr))
		by = (int)common_bits(a->addr, &a->src->addr, a->src->prefix_bits) -
		    (int)common_bits(b->addr, &b->src->addr, b->src->prefix_bits);
	return by;
}

/* By insertion, so that equals stay in their order: rule 10. */
void
sampan_sort_destinations(const struct sampan *s, struct sampan_addr *addrs, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		const struct sampan_addr moved = addrs[i];
		const struct target t = target_of(s, &moved);
		unsigned at = i;

		while (at > 0) {
			const struct target before = target_of(s, &addrs[at - 1]);

			if (compare(&t, &before) <= 0)
				break;
			addrs[at] = addrs[at - 1];
			at--;
		}
		addrs[at] = moved;
	}
}
