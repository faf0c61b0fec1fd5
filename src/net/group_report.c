/*
 * group_report.c - telling routers and switches of groups: reports of IGMP version 3 and
 * MLD version 2 with many records each, or a message of an old version for each group.
 *
 * All of them go no farther than the link, with a router alert (RFC 2113, RFC 2711).
 * RFC 3376 §4, RFC 2236 §2, RFC 3810 §5, RFC 2710 §3.
 */
#include <string.h>

#include "net/group.h"
#include "net/reply.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"

#define MESSAGE_MAX (GROUP_REPORT_HDR_LEN + SP_GROUP_RECORDS * MLD_RECORD_LEN)
/* Internetwork control: RFC 3376 §4. */
#define TOS 0xc0
#define IGMP_CSUM_OFF 2

static const struct sampan_addr igmp_routers = { { [10] = 0xff, [11] = 0xff, [12] = 224,
	[15] = 2 } };
static const struct sampan_addr igmp3_routers = { { [10] = 0xff, [11] = 0xff, [12] = 224,
	[15] = 22 } };
static const struct sampan_addr mld_routers = { { 0xff, 2, [15] = 2 } };
static const struct sampan_addr mld2_routers = { { 0xff, 2, [15] = 0x16 } };

/* The address of the link to speak from; while there is none (RFC 3376 §4.2.13, RFC 3810 §5.2.13
 * (R-8200-19)) it is not said. */
static struct sampan_addr
source_of(const struct sampan *s, const struct sp_group_report *r)
{
	const struct sp_local_addr *found = NULL;

	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0 && found == NULL; i++) {
		const struct sp_local_addr *l = &s->addr[i];

		if (l->link == r->link && sp_addr_usable(l) && sp_addr_is_v4(&l->addr) == r->v4 &&
		    (r->v4 || sp_addr_is_link_local(&l->addr)))
			found = l;
	}
	if (found != NULL)
		return found->addr;
	return r->v4 ? sp_addr_of_v4(0) : (struct sampan_addr){ { 0 } };
}

static void
send(struct sampan *s, const struct sp_group_report *r, const struct sampan_addr *dst,
    const uint8_t *message, uint32_t len)
{
	const struct sampan_addr src = source_of(s, r);
	const struct sp_ip_out out = { .src = &src, .dst = dst, .link = (uint8_t)r->link,
		.payload_len = len, .proto = r->v4 ? IP_PROTO_IGMP : IP_PROTO_ICMP6, .ttl = 1,
		.tos = r->v4 ? TOS : 0, .router_alert = true };
	struct sp_reply *reply = sp_ip_take(s, &out);
	uint8_t *p;

	if (reply == NULL)
		return;
	p = sp_ip_l4(reply);
	memcpy(p, message, len);
	if (r->v4)
		be16_put(p + IGMP_CSUM_OFF,
		    (uint16_t)~sp_csum_fold(sp_csum_add(p, len, 0, s->csum_variant)));
	else
		sp_ip_csum_icmp6(s, reply, &out);
	sp_ip_send(s, reply);
	sp_count(s, SAMPAN_COUNT_GROUP_OUT);
}

/* RFC 2236 §3, RFC 2710 §4: to the group itself; leaving, to the routers, which version 1
 * of IGMP does not know. */
static void
send_old(struct sampan *s, const struct sp_group_report *r, const struct sampan_addr *group,
    bool leaving)
{
	uint8_t message[MLD_OLD_LEN];

	if (!r->v4) {
		mld_emit_old(message, leaving ? ICMP6_MLD1_DONE : ICMP6_MLD1_REPORT, group->b);
		send(s, r, leaving ? &mld_routers : group, message, MLD_OLD_LEN);
	} else if (!leaving) {
		igmp_emit_old(message, r->version == 1 ? IGMP1_REPORT : IGMP2_REPORT,
		    sp_addr_v4(group));
		send(s, r, group, message, IGMP_OLD_LEN);
	} else if (r->version != 1) {
		igmp_emit_old(message, IGMP2_LEAVE, sp_addr_v4(group));
		send(s, r, &igmp_routers, message, IGMP_OLD_LEN);
	}
}

static bool
is_old(const struct sp_group_report *r)
{
	return r->version != (r->v4 ? 3 : 2);
}

void
sp_group_report_add(struct sampan *s, struct sp_group_report *r, const struct sampan_addr *group,
    enum group_record kind)
{
	if (is_old(r)) {
		send_old(s, r, group, kind == GROUP_TO_INCLUDE);
		return;
	}
	if (r->n == SP_GROUP_RECORDS)
		sp_group_report_send(s, r);
	r->record[r->n].group = *group;
	r->record[r->n].kind = kind;
	r->n++;
}

void
sp_group_report_send(struct sampan *s, struct sp_group_report *r)
{
	const uint32_t record_len = r->v4 ? IGMP_RECORD_LEN : MLD_RECORD_LEN;
	uint8_t message[MESSAGE_MAX];

	if (r->n == 0)
		return;
	igmp_emit_report(message, r->v4 ? IGMP3_REPORT : ICMP6_MLD2_REPORT, (uint16_t)r->n);
	for (unsigned i = 0; i < r->n; i++) {
		uint8_t *p = message + GROUP_REPORT_HDR_LEN + i * record_len;

		if (r->v4)
			igmp_emit_record(p, r->record[i].kind, sp_addr_v4(&r->record[i].group));
		else
			mld_emit_record(p, r->record[i].kind, r->record[i].group.b);
	}
	send(s, r, r->v4 ? &igmp3_routers : &mld2_routers, message,
	    GROUP_REPORT_HDR_LEN + r->n * record_len);
	r->n = 0;
}
