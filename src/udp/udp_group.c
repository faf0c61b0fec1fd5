/*
 * udp_group.c - sockets that join groups and leave them: RFC 1112 §7.1, RFC 3376 §2.
 *
 * A socket remembers what it has joined, so that closing it leaves.  What arrives for
 * a group that the link is in goes to every socket of the port, whoever joined (udp_in.c).
 */
#include "net/group.h"
#include "udp/udp.h"

/* What a socket has joined: a list behind udp_sock's `joined`. */
struct member {
	uint32_t next;
	uint8_t link;
	uint8_t pad[3];
	struct sampan_addr group;
	uint8_t pad2[8];
};
_Static_assert(sizeof(struct member) == 32, "two granules");

void
sp_udp_group_init(struct sampan *s)
{
	sp_pool_init(&s->arena, SP_KIND_MEMBER, sizeof(struct member));
}

static struct member *
member_at(const struct sampan *s, uint32_t ref)
{
	return sp_at(&s->arena, ref);
}

/* Where the reference to this membership stands: in the socket, or in the one before; what
 * it points to is 0 if there is none.  *n: how many there are before it. */
static uint32_t *
find(const struct sampan *s, struct udp_sock *u, unsigned link, const struct sampan_addr *group,
    unsigned *n)
{
	uint32_t *at = &u->joined;

	for (*n = 0; *at != 0; (*n)++) {
		struct member *m = member_at(s, *at);

		if (m->link == link && sp_addr_equal(&m->group, group))
			break;
		at = &m->next;
	}
	return at;
}

/* The link that is named, or the one that packets to the group would leave by; 0: none. */
static unsigned
link_of(const struct sampan *s, const struct udp_sock *u, const struct sampan_sockaddr *group)
{
	return sp_udp_group_link(s, u, group->link, &group->addr);
}

int
sp_udp_join(struct sampan *s, struct udp_sock *u, const struct sampan_sockaddr *group)
{
	const unsigned link = link_of(s, u, group);
	uint32_t *at, ref;
	unsigned n;

	if (!sp_addr_is_multicast(&group->addr))
		return SAMPAN_EINVAL;
	if (link == 0)
		return SAMPAN_ENETUNREACH;
	at = find(s, u, link, &group->addr, &n);
	if (*at != 0)
		return SAMPAN_EADDRINUSE;
	if (n >= (uint64_t)sp_setting(s, SAMPAN_SET_IGMP_MEMBERSHIPS))
		return SAMPAN_ENOBUFS;
	ref = sp_arena_low(&s->arena) ? 0 : sp_pool_take(&s->arena, SP_KIND_MEMBER);
	if (ref == 0)
		return SAMPAN_ENOBUFS;
	if (!sp_group_join(s, link, &group->addr, s->now)) {
		sp_pool_give(&s->arena, SP_KIND_MEMBER, ref);
		return SAMPAN_ENOBUFS;
	}
	*member_at(s, ref) = (struct member){ .link = (uint8_t)link, .group = group->addr };
	*at = ref;
	return 0;
}

static void
leave(struct sampan *s, uint32_t *at)
{
	const uint32_t ref = *at;
	struct member *m = member_at(s, ref);

	*at = m->next;
	sp_group_leave(s, m->link, &m->group);
	sp_pool_give(&s->arena, SP_KIND_MEMBER, ref);
}

int
sp_udp_leave(struct sampan *s, struct udp_sock *u, const struct sampan_sockaddr *group)
{
	unsigned n;
	uint32_t *at = find(s, u, link_of(s, u, group), &group->addr, &n);

	if (*at == 0)
		return SAMPAN_EADDRNOTAVAIL;
	leave(s, at);
	return 0;
}

void
sp_udp_leave_all(struct sampan *s, struct udp_sock *u)
{
	while (u->joined != 0)
		leave(s, &u->joined);
}
