/*
 * group.c - see group.h.
 *
 * Theory of operation.  A group has two deadlines.  change_at: that it was joined or left
 * is told as often as the robustness variable says, at once and then at random times,
 * since each report may be lost.  answer_at: a query is answered after a random part of
 * the time that it grants, so that not all hosts answer together; a query about all
 * groups is answered by the link (struct sp_querier), in as few reports as they fit.  A
 * group that has been left stays until that has been told.
 *
 * An old router makes the whole link speak its version until it has been silent for
 * long: RFC 3376 §7.2.1, RFC 3810 §8.2.1.
 */
#include "net/group.h"

#include <string.h>

#include "net/due.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"

/* RFC 3376 §8.1 to §8.3, §8.12; RFC 3810 §9.1 to §9.3, §9.12: robustness times the query
 * interval, and the time to answer. */
#define OLD_ROUTER_DUR(robustness) (SAMPAN_SEC(125) * (robustness) + SAMPAN_SEC(10))
/* RFC 2236 §8.10, RFC 2710 §7.10 */
#define OLD_INTERVAL SAMPAN_SEC(10)
#define ALL_HOSTS 0xe0000001u
#define MESSAGE_MAX 1500

void
sp_group_init(struct sampan *s)
{
	sp_pool_init(&s->arena, SP_KIND_GROUP, sizeof(struct sp_group));
}

static struct sp_querier *
querier_of(struct sampan *s, unsigned link, bool v4)
{
	return &s->link[link].querier[v4 ? 0 : 1];
}

/* ---- Who is a member ---- */

static struct sp_group *
group_at(const struct sampan *s, uint32_t ref)
{
	return sp_at(&s->arena, ref);
}

/* The link's groups, one after the other; NULL: no more. */
static struct sp_group *
first_group(const struct sampan *s, unsigned link)
{
	struct sp_node *n = sp_list_first(&s->arena, &s->link[link].groups);

	return n != NULL ? sp_container_of(n, struct sp_group, node) : NULL;
}

static struct sp_group *
next_group(const struct sampan *s, const struct sp_group *g)
{
	return g->node.next != 0 ? group_at(s, g->node.next) : NULL;	/* the node is its start */
}

static struct sp_group *
find(const struct sampan *s, unsigned link, const struct sampan_addr *addr)
{
	struct sp_group *g = first_group(s, link);

	while (g != NULL && !sp_addr_equal(&g->addr, addr))
		g = next_group(s, g);
	return g;
}

/* 224.0.0.1, ff01::1 and ff02::1: every host is in them. */
static bool
is_everybody(const struct sampan_addr *a)
{
	static const uint8_t rest[14] = { [13] = 1 };

	if (sp_addr_is_v4(a))
		return sp_addr_v4(a) == ALL_HOSTS;
	return a->b[0] == 0xff && (a->b[1] == 1 || a->b[1] == 2) && memcmp(a->b + 2, rest, 14) == 0;
}

/* Nobody is told of those: RFC 3376 §5 (R-MISC-15), RFC 3810 §6. */
static bool
is_reported(const struct sampan *s, const struct sampan_addr *a)
{
	if (is_everybody(a))
		return false;
	if (!sp_addr_is_v4(a))
		return ip6_group_scope(a->b) > 1;
	return sp_setting(s, SAMPAN_SET_IGMP_LOCAL_REPORTS) != 0 ||
	    sp_addr_v4(a) >> 8 != ALL_HOSTS >> 8;
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
sp_group_is_member(const struct sampan *s, unsigned link, const struct sampan_addr *group)
{
	const struct sp_group *g;

	if (is_everybody(group) || (!sp_addr_is_v4(group) && is_solicited_node(s, link, group)))
		return true;
	g = find(s, link, group);
	return g != NULL && g->members > 0;
}

/* ---- Versions ---- */

static uint8_t
newest(bool v4)
{
	return v4 ? 3 : 2;
}

/* What is spoken on the link: as the oldest router there, or as a setting says. */
static uint8_t
version_of(struct sampan *s, unsigned link, bool v4)
{
	const struct sp_querier *q = querier_of(s, link, v4);
	const int64_t forced = sp_setting(s, v4 ? SAMPAN_SET_FORCE_IGMP : SAMPAN_SET_FORCE_MLD);

	if (forced != 0)
		return (uint8_t)forced;
	return q->old_until > s->now ? q->old_version : newest(v4);
}

/* RFC 3376 §8.1: as the router says, else as a setting does. */
static uint8_t
robustness_of(struct sampan *s, unsigned link, bool v4)
{
	const uint8_t said = querier_of(s, link, v4)->robustness;

	if (version_of(s, link, v4) != newest(v4))
		return 2;
	return said != 0 ? said :
	    (uint8_t)sp_setting(s, v4 ? SAMPAN_SET_IGMP_QRV : SAMPAN_SET_MLD_QRV);
}

/* Between reports of one change: RFC 3376 §8.11, RFC 3810 §9.11. */
static sampan_dur
interval_of(struct sampan *s, unsigned link, bool v4)
{
	if (version_of(s, link, v4) != newest(v4))
		return OLD_INTERVAL;
	return SAMPAN_MS(sp_setting(s, v4 ? SAMPAN_SET_IGMP3_INTERVAL : SAMPAN_SET_MLD2_INTERVAL));
}

/* Uniform in (0, most]. */
static sampan_dur
random_dur(struct sampan *s, sampan_dur most)
{
	const uint32_t ms = (uint32_t)(most / SAMPAN_MS(1));

	return SAMPAN_MS(1 + (ms > 0 ? sp_rng_below(&s->rng, ms) : 0));
}

/* ---- Joining and leaving ---- */

static struct sp_group *
make(struct sampan *s, unsigned link, const struct sampan_addr *addr)
{
	struct sp_link *l = &s->link[link];
	struct sp_group *g;
	uint32_t ref;

	ref = l->group_count < SP_GROUPS_MAX ? sp_pool_take(&s->arena, SP_KIND_GROUP) : 0;
	if (ref == 0)
		return NULL;
	l->group_count++;
	g = group_at(s, ref);
	*g = (struct sp_group){ .addr = *addr, .change_at = SAMPAN_NEVER,
		.answer_at = SAMPAN_NEVER };
	sp_list_push(&s->arena, &l->groups, &g->node);
	return g;
}

static void
forget(struct sampan *s, unsigned link, struct sp_group *g)
{
	sp_list_remove(&s->arena, &s->link[link].groups, &g->node);
	s->link[link].group_count--;
	sp_pool_give(&s->arena, SP_KIND_GROUP, sp_ref(&s->arena, g));
}

/* RFC 3376 §5.1, RFC 3810 §6.1: told several times, since each may be lost. */
static void
begin_change(struct sampan *s, unsigned link, struct sp_group *g, sampan_time first_at)
{
	g->answer_at = SAMPAN_NEVER;
	if (!is_reported(s, &g->addr)) {
		g->change_at = SAMPAN_NEVER;
		return;
	}
	g->changes = robustness_of(s, link, sp_addr_is_v4(&g->addr));
	g->change_at = first_at;
	sp_due_at(s, first_at);
}

bool
sp_group_join(struct sampan *s, unsigned link, const struct sampan_addr *group,
    sampan_time first_at)
{
	struct sp_group *g = find(s, link, group);

	if (g == NULL)
		g = make(s, link, group);
	if (g == NULL)
		return false;
	if (g->members++ == 0)
		begin_change(s, link, g, first_at);
	return true;
}

void
sp_group_leave(struct sampan *s, unsigned link, const struct sampan_addr *group)
{
	struct sp_group *g = find(s, link, group);

	if (g == NULL || g->members == 0 || --g->members > 0)
		return;
	begin_change(s, link, g, s->now);
	if (g->change_at == SAMPAN_NEVER)
		forget(s, link, g);
}

/* RFC 4862 §5.4.2 (R-4862-2, R-4861-7): as long as the address waits before it asks. */
void
sp_group_for_addr(struct sampan *s, const struct sp_local_addr *l)
{
	struct sampan_addr group;

	if (sp_addr_is_v4(&l->addr))
		return;
	ip6_solicited_node(group.b, l->addr.b);
	(void)sp_group_join(s, l->link, &group, l->next_at != SAMPAN_NEVER ? l->next_at : s->now);
}

void
sp_group_without_addr(struct sampan *s, const struct sp_local_addr *l)
{
	struct sampan_addr group;

	if (sp_addr_is_v4(&l->addr) || l->state == SP_ADDR_DUPLICATE)
		return;
	ip6_solicited_node(group.b, l->addr.b);
	sp_group_leave(s, l->link, &group);
}

/* ---- What has come due ---- */

/* RFC 3376 §5.2, RFC 3810 §6.3. */
static void
answer(struct sampan *s, unsigned link, bool v4)
{
	struct sp_querier *q = querier_of(s, link, v4);
	struct sp_group_report r = { link, v4, version_of(s, link, v4), 0, { { { { 0 } }, 0 } } };
	const bool all = q->general_at <= s->now;

	for (struct sp_group *g = first_group(s, link); g != NULL; g = next_group(s, g)) {
		if (sp_addr_is_v4(&g->addr) != v4 || (!all && g->answer_at > s->now))
			continue;
		g->answer_at = SAMPAN_NEVER;
		if (g->members > 0 && is_reported(s, &g->addr))
			sp_group_report_add(s, &r, &g->addr, GROUP_IS_EXCLUDE);
	}
	if (all)
		q->general_at = SAMPAN_NEVER;
	sp_group_report_send(s, &r);
}

/* Told once more; true: that was the last time of a group that has been left. */
static bool
told(struct sampan *s, unsigned link, struct sp_group *g)
{
	g->changes--;
	g->change_at = g->changes == 0 ? SAMPAN_NEVER :
	    s->now + random_dur(s, interval_of(s, link, sp_addr_is_v4(&g->addr)));
	return g->changes == 0 && g->members == 0;
}

static void
tell_changes(struct sampan *s, unsigned link, bool v4)
{
	struct sp_group_report r = { link, v4, version_of(s, link, v4), 0, { { { { 0 } }, 0 } } };
	struct sp_group *g = first_group(s, link);

	while (g != NULL) {
		struct sp_group *next = next_group(s, g);

		if (sp_addr_is_v4(&g->addr) == v4 && g->change_at <= s->now) {
			sp_group_report_add(s, &r, &g->addr,
			    g->members > 0 ? GROUP_TO_EXCLUDE : GROUP_TO_INCLUDE);
			if (told(s, link, g))
				forget(s, link, g);
		}
		g = next;
	}
	sp_group_report_send(s, &r);
}

static sampan_time
earliest(const struct sampan *s, unsigned link)
{
	const struct sp_link *l = &s->link[link];
	sampan_time at = sp_earlier(l->querier[0].general_at, l->querier[1].general_at);

	for (const struct sp_group *g = first_group(s, link); g != NULL; g = next_group(s, g))
		at = sp_earlier(at, sp_earlier(g->change_at, g->answer_at));
	return at;
}

sampan_time
sp_groups_due(struct sampan *s)
{
	sampan_time next = SAMPAN_NEVER;

	for (unsigned link = 1; link < SP_LINKS_MAX && s->link[link].used; link++) {
		if (earliest(s, link) <= s->now)
			for (unsigned family = 0; family < 2; family++) {
				tell_changes(s, link, family == 0);
				answer(s, link, family == 0);
			}
		next = sp_earlier(next, earliest(s, link));
	}
	return next;
}

/* ---- Queries ---- */

/* RFC 3376 §7.2.1, RFC 3810 §8.2.1: what was to be said in another version is not. */
static void
change_version(struct sampan *s, unsigned link, bool v4)
{
	querier_of(s, link, v4)->general_at = SAMPAN_NEVER;
	for (struct sp_group *g = first_group(s, link); g != NULL; g = next_group(s, g))
		if (sp_addr_is_v4(&g->addr) == v4)
			g->answer_at = SAMPAN_NEVER;
}

static void
note_querier(struct sampan *s, unsigned link, bool v4, const struct group_query *query)
{
	struct sp_querier *q = querier_of(s, link, v4);
	const uint8_t before = version_of(s, link, v4);

	if (query->version == newest(v4)) {
		q->robustness = query->robustness;
		return;
	}
	if (q->old_until <= s->now || query->version <= q->old_version) {
		q->old_version = query->version;
		q->old_until = s->now + OLD_ROUTER_DUR(2);
	}
	if (version_of(s, link, v4) != before)
		change_version(s, link, v4);
}

/* RFC 3376 §5.2, RFC 3810 §6.2 (R-MISC-15, R-8200-19): after a random part of the time that
 * is granted, unless an answer to all is due before. */
static void
queried(struct sampan *s, unsigned link, const struct sampan_addr *group,
    const struct group_query *query)
{
	const bool v4 = sp_addr_is_v4(group);
	struct sp_querier *q = querier_of(s, link, v4);
	const sampan_time at = s->now + random_dur(s, SAMPAN_MS(query->max_resp_ms));
	struct sp_group *g;

	note_querier(s, link, v4, query);
	if (q->general_at <= at)
		return;
	if (query->general) {
		q->general_at = at;
		sp_due_at(s, at);
		return;
	}
	g = find(s, link, group);
	if (g == NULL || g->members == 0 || g->answer_at <= at)
		return;
	g->answer_at = at;
	sp_due_at(s, at);
}

/* RFC 2236 §3, RFC 2710 §4: somebody else has told of the group; that will do for an old
 * router. */
static void
heard(struct sampan *s, unsigned link, const struct sampan_addr *group)
{
	struct sp_group *g = find(s, link, group);

	if (g != NULL && version_of(s, link, sp_addr_is_v4(group)) != newest(sp_addr_is_v4(group)))
		g->answer_at = SAMPAN_NEVER;
}

/* Only from the link itself, since they are never forwarded; RFC 3376 §4 (R-MISC-15). */
static bool
igmp_good(struct sampan *s, const struct sp_pkt *pkt)
{
	struct sp_csum sum = { 0, false };

	sp_span_csum(&sum, pkt->span, s->csum_variant);
	return pkt->hops == 1 && pkt->span.len >= IGMP_OLD_LEN && sp_csum_good(sum.sum);
}

void
sp_igmp_in(struct sampan *s, const struct sp_pkt *pkt)
{
	uint8_t message[MESSAGE_MAX];
	const struct sp_span part = sp_span_part(pkt->span, 0, sizeof(message));
	struct group_query q;
	struct sampan_addr group;

	sp_span_copy(message, part);
	if (!igmp_good(s, pkt) ||
	    (message[0] == IGMP_QUERY && !igmp_parse_query(&q, message, part.len))) {
		sp_drop(s, SAMPAN_DROP_GROUP_MALFORMED, pkt->link);
		return;
	}
	sp_count(s, SAMPAN_COUNT_GROUP_IN);
	group = sp_addr_of_v4(be32_get(message + 4));
	if (message[0] == IGMP_QUERY)
		queried(s, pkt->link, &group, &q);
	else if (message[0] == IGMP1_REPORT || message[0] == IGMP2_REPORT)
		heard(s, pkt->link, &group);
	else
		sp_drop(s, SAMPAN_DROP_GROUP_NOT_OURS, pkt->link);
}

/* RFC 3810 §6.2, RFC 2710 §5: from a link-local address, with a router alert. */
void
sp_mld_in(struct sampan *s, const struct sp_pkt *pkt, const uint8_t *p, size_t len)
{
	struct group_query q;
	struct sampan_addr group;

	if (pkt->hops != 1 || !pkt->router_alert || !sp_addr_is_link_local(&pkt->flow.remote) ||
	    len < MLD_OLD_LEN || (p[0] == ICMP6_MLD_QUERY && !mld_parse_query(&q, p, len))) {
		sp_drop(s, SAMPAN_DROP_GROUP_MALFORMED, pkt->link);
		return;
	}
	sp_count(s, SAMPAN_COUNT_GROUP_IN);
	memcpy(group.b, p + 8, 16);
	if (p[0] == ICMP6_MLD_QUERY)
		queried(s, pkt->link, &group, &q);
	else if (p[0] == ICMP6_MLD1_REPORT)
		heard(s, pkt->link, &group);
	else
		sp_drop(s, SAMPAN_DROP_GROUP_NOT_OURS, pkt->link);
}
