/*
 * group.h - groups that our links are in, of both families, and when routers and
 * switches hear of them: IGMP (RFC 3376, RFC 2236) and MLD (RFC 3810, RFC 2710) as a host.
 *
 * Members are sockets (udp/udp_group.c) and, of solicited-node groups, addresses.  A
 * member takes what any source sends; there are no source filters, so that the rules are
 * those of RFC 5790.  What is said to whom: group_report.c.
 */
#ifndef SAMPAN_NET_GROUP_H
#define SAMPAN_NET_GROUP_H

#include "net/ip.h"
#include "wire/igmp.h"

/* Of one link. */
#define SP_GROUPS_MAX 256

/* A group that the link is in, or has left a moment ago. */
struct sp_group {
	struct sp_node node;	/* 0: in its link's list */
	struct sampan_addr addr;
	uint32_t members;	/* 24: 0: it has been left */
	uint8_t changes;	/* 28: reports of joining or leaving that are still to be sent */
	uint8_t pad[3];
	sampan_time change_at;	/* 32: the next of them */
	sampan_time answer_at;	/* 40: a query is to be answered; SAMPAN_NEVER: none */
};
_Static_assert(sizeof(struct sp_group) == 48, "three granules");

void sp_group_init(struct sampan *s);

/* Is the link in this group: all hosts or all nodes, the solicited-node groups of its
 * addresses (R-8200-15, R-4861-7), or one that somebody joined? */
bool sp_group_is_member(const struct sampan *s, unsigned link, const struct sampan_addr *group);

/* One member more, told of at first_at; one less.  False: no memory, or too many. */
bool sp_group_join(struct sampan *s, unsigned link, const struct sampan_addr *group,
    sampan_time first_at);
void sp_group_leave(struct sampan *s, unsigned link, const struct sampan_addr *group);

/* An IPv6 address appears, or goes: its solicited-node group. */
void sp_group_for_addr(struct sampan *s, const struct sp_local_addr *l);
void sp_group_without_addr(struct sampan *s, const struct sp_local_addr *l);

/* Sends what has come due; returns when there is more. */
sampan_time sp_groups_due(struct sampan *s);

/* IGMP, and MLD's messages in ICMPv6; checksums are verified here, and there. */
void sp_igmp_in(struct sampan *s, const struct sp_pkt *pkt);
void sp_mld_in(struct sampan *s, const struct sp_pkt *pkt, const uint8_t *p, size_t len);

/* ---- group_report.c ---- */

/* What is to be reported, as it is gathered. */
#define SP_GROUP_RECORDS 40	/* what the chunks of the smallest stack hold */
struct sp_group_report {
	unsigned link;
	bool v4;
	uint8_t version;	/* of IGMP, of MLD */
	unsigned n;
	struct {
		struct sampan_addr group;
		enum group_record kind;
	} record[SP_GROUP_RECORDS];
};

/* Adds a record; sends those before it if there is no room. */
void sp_group_report_add(struct sampan *s, struct sp_group_report *r,
    const struct sampan_addr *group, enum group_record kind);
void sp_group_report_send(struct sampan *s, struct sp_group_report *r);

#endif
