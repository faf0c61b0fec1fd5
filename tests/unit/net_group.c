/*
 * net_group.c - groups: who is in them, and when routers hear of it.  IGMP (RFC 3376,
 * RFC 2236) and MLD (RFC 3810, RFC 2710); both families by the same tests.
 */
#include <sampan/address.h>
#include <sampan/datagram.h>

#include "lib/fx.h"
#include "lib/stack_check.h"
#include "net/group.h"
#include "net/stack.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define NEWEST(v4) ((v4) ? 3u : 2u)

static _Alignas(64) uint8_t memory[256 << 10];
static struct sampan *const s = (struct sampan *)(void *)memory;
static sampan_time now;
static uint8_t bytes[FRAME_MAX];

/* The membership message that left last. */
static struct {
	uint8_t type, ttl, tos;
	struct sampan_addr src, dst;
	unsigned records;
	uint8_t kind[SP_GROUP_RECORDS];
	struct sampan_addr group[SP_GROUP_RECORDS];	/* of an old one: [0] */
	sampan_time at;
} seen;

static void
begin(void)
{
	const struct sampan_config config = { .size = sizeof(config), .seed = { 3, 2 } };
	const struct sampan_link_config link = { .size = sizeof(link), .mac = { 2, 0, 0, 0, 0, 1 },
		.mtu_bytes = 1500, .name = "t" };
	const struct sampan_addr addr = sampan_addr_v4(10, 0, 0, 1);

	now = SAMPAN_SEC(1);
	EXPECT_EQ(sampan_init(memory, sizeof(memory), &config, now), 0);
	EXPECT_EQ(sampan_link_add(s, &link), 1);
	EXPECT_EQ(sampan_addr_add(s, 1, &addr, 24), 0);
}

static struct sampan_addr
group_of(bool v4, uint8_t last)
{
	return v4 ? sampan_addr_v4(239, 1, 2, last) :
		    (struct sampan_addr){ { 0xff, 5, [15] = last } };
}

static void
take_records(const uint8_t *p, bool v4)
{
	const uint8_t *r = p + 8;

	seen.records = be16_get(p + 6);
	for (unsigned i = 0; i < seen.records; i++, r += v4 ? 8 : 20) {
		seen.kind[i] = r[0];
		if (v4)
			seen.group[i] = sp_addr_of_v4(be32_get(r + 4));
		else
			memcpy(seen.group[i].b, r + 4, 16);
	}
}

/* 24 octets of header with a router alert: RFC 2113. */
static const uint8_t *
take_ip4(const uint8_t *ip)
{
	EXPECT_EQ(ip[0], 0x46);
	EXPECT_MEM(ip + 20, ((const uint8_t[]){ 0x94, 4, 0, 0 }), 4);
	EXPECT_EQ(frame_sum(ip, 24, 0), 0xffff);
	seen.tos = ip[1];
	seen.ttl = ip[8];
	seen.src = sp_addr_of_v4(be32_get(ip + 12));
	seen.dst = sp_addr_of_v4(be32_get(ip + 16));
	EXPECT_EQ(frame_sum(ip + 24, be16_get(ip + 2) - 24u, 0), 0xffff);
	return ip + 24;
}

static const uint8_t *
take_ip6(const uint8_t *ip)
{
	EXPECT_EQ(ip[6], IP_PROTO_HOPOPTS);
	EXPECT_MEM(ip + 42, ((const uint8_t[]){ 5, 2, 0, 0 }), 4);
	seen.ttl = ip[7];
	memcpy(seen.src.b, ip + 8, 16);
	memcpy(seen.dst.b, ip + 24, 16);
	return ip + 48;
}

/* The next membership message out is in `seen`; everything else passes. */
static bool
next_out(bool v4)
{
	struct sampan_frame f;

	while (sampan_output(s, 1, &f, 1, now) == 1) {
		const uint8_t *ip = bytes + ETH_HDR_LEN, *p;

		(void)frame_flatten(&f, bytes);
		sampan_sent(s, &f, 1);
		if (be16_get(bytes + 12) != (v4 ? ETH_TYPE_IP4 : ETH_TYPE_IP6) ||
		    (v4 ? ip[9] != IP_PROTO_IGMP : ip[6] != IP_PROTO_HOPOPTS))
			continue;
		p = v4 ? take_ip4(ip) : take_ip6(ip);
		seen.type = p[0];
		seen.at = now;
		seen.records = 0;
		if (seen.type == IGMP3_REPORT || seen.type == ICMP6_MLD2_REPORT)
			take_records(p, v4);
		else if (v4)
			seen.group[0] = sp_addr_of_v4(be32_get(p + 4));
		else
			memcpy(seen.group[0].b, p + 8, 16);
		return true;
	}
	return false;
}

static bool
wait_out(bool v4, sampan_dur most)
{
	for (const sampan_time end_at = now + most; now < end_at;) {
		if (next_out(v4))
			return true;
		now += SAMPAN_MS(10);
		sampan_advance(s, now);
	}
	return next_out(v4);
}

/* A message of a router's or another host's. */
struct says {
	bool v4;
	uint8_t type;
	uint16_t code;		/* how long answers may take, as on the wire */
	struct sampan_addr group;
	uint8_t version;	/* of a query: its length */
	uint8_t robustness;
	uint8_t ttl;
	bool no_alert, global_src, bad_csum;
	unsigned sources;
};

static uint32_t
put_message(uint8_t *p, const struct says *q)
{
	const uint32_t old_len = q->v4 ? 8 : 24;
	const uint32_t len = q->version == NEWEST(q->v4) && q->type != IGMP2_REPORT &&
	    q->type != ICMP6_MLD1_REPORT ? old_len + 4 + q->sources * (q->v4 ? 4 : 16) : old_len;

	memset(p, 0, len);
	p[0] = q->type;
	if (q->v4) {
		p[1] = (uint8_t)q->code;
		if (sp_addr_is_v4(&q->group))
			memcpy(p + 4, q->group.b + 12, 4);
	} else {
		be16_put(p + 4, q->code);
		memcpy(p + 8, q->group.b, 16);
	}
	if (len > old_len) {
		p[old_len] = q->robustness;
		be16_put(p + old_len + 2, (uint16_t)q->sources);
	}
	return len;
}

static uint32_t
craft4(uint8_t *ip, const struct says *q)
{
	const uint32_t len = put_message(ip + 20, q);

	ip4_emit(ip, &(struct ip4_hdr){ .total_len = (uint16_t)(20 + len), .ttl = q->ttl,
		.proto = IP_PROTO_IGMP, .src = 0x0a000002, .dst = 0xe0000001 });
	be16_put(ip + 22, (uint16_t)~frame_sum(ip + 20, len, 0));
	ip[22] ^= q->bad_csum;
	return 20 + len;
}

static uint32_t
craft6(uint8_t *ip, const struct says *q)
{
	static const uint8_t alert[8] = { IP_PROTO_ICMP6, 0, 5, 2, 0, 0, 1, 0 };
	const uint32_t at = q->no_alert ? 40 : 48, len = put_message(ip + at, q);
	struct ip6_hdr h = { .payload_len = (uint16_t)len, .hop_limit = q->ttl,
		.next = IP_PROTO_ICMP6, .src = { 0xfe, 0x80, [15] = 2 },
		.dst = { 0xff, 2, [15] = 1 } };

	if (q->global_src)
		h.src[0] = 0x20;
	ip6_emit(ip, &h);
	be16_put(ip + at + 2, (uint16_t)~frame_sum(ip + at, len, frame_pseudo(ip)));
	ip[at + 2] ^= q->bad_csum;
	if (at == 40)
		return at + len;
	h.payload_len = (uint16_t)(len + 8);
	h.next = IP_PROTO_HOPOPTS;
	ip6_emit(ip, &h);
	memcpy(ip + 40, alert, 8);
	return at + len;
}

static void
says(struct says q)
{
	struct eth_hdr eth = { { 1, 0, 0x5e, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 },
		q.v4 ? ETH_TYPE_IP4 : ETH_TYPE_IP6 };
	struct sampan_frame f = { .slices = 1 };
	uint8_t frame[600];

	eth_emit(frame, &eth);
	f.len = ETH_HDR_LEN + (q.v4 ? craft4(frame + ETH_HDR_LEN, &q) :
				      craft6(frame + ETH_HDR_LEN, &q));
	f.slice[0] = (struct sampan_slice){ frame, f.len };
	EXPECT_EQ(sampan_input(s, 1, &f, 1, now), 0);
	stack_expect_sound(s, __FILE__, __LINE__);
}

#define query(is4, ...) \
	says((struct says){ .v4 = is4, .type = (is4) ? IGMP_QUERY : ICMP6_MLD_QUERY, \
	    .code = (is4) ? 100 : 10000, .version = NEWEST(is4), .ttl = 1, __VA_ARGS__ })

static sampan_handle
socket_in(const struct sampan_addr *group)
{
	const struct sampan_sockaddr at = { *group, 0, 1 };
	sampan_handle h;

	EXPECT_EQ(sampan_socket(s, SAMPAN_DGRAM, &h), 0);
	EXPECT_EQ(sampan_join(s, h, &at), 0);
	return h;
}

/* A stack that has joined the group and told of it. */
static sampan_handle
member(const struct sampan_addr *group)
{
	const bool v4 = sp_addr_is_v4(group);
	sampan_handle h;

	begin();
	h = socket_in(group);
	while (wait_out(v4, SAMPAN_SEC(30)))
		;
	return h;
}

static void
expect_record(bool v4, enum group_record kind, const struct sampan_addr *group)
{
	EXPECT_EQ(seen.type, v4 ? IGMP3_REPORT : ICMP6_MLD2_REPORT);
	EXPECT_EQ(seen.records, 1);
	EXPECT_EQ(seen.kind[0], kind);
	EXPECT_MEM(&seen.group[0], group, 16);
}

/* R-MISC-15, R-8200-19: told at once and once more, with a router alert, one hop far. */
TEST(joining_is_told_twice_and_leaving_too)
{
	COVERS("R-MISC-15", "R-8200-19");
	for (int v4 = 0; v4 < 2; v4++) {
		const struct sampan_addr group = group_of(v4, 1);
		sampan_time first_at;
		sampan_handle h;

		begin();
		h = socket_in(&group);
		EXPECT(wait_out(v4, SAMPAN_MS(20)));
		expect_record(v4, GROUP_TO_EXCLUDE, &group);
		EXPECT_EQ(seen.ttl, 1);
		EXPECT_EQ(seen.dst.b[15], 22);
		if (v4) {
			EXPECT_EQ(sp_addr_v4(&seen.src), 0x0a000001);
			EXPECT_EQ(seen.tos, 0xc0);
		} else {
			EXPECT(sp_addr_is_any(&seen.src));
		}
		first_at = seen.at;
		EXPECT(wait_out(v4, SAMPAN_SEC(2)));
		expect_record(v4, GROUP_TO_EXCLUDE, &group);
		EXPECT(seen.at > first_at && seen.at <= first_at + SAMPAN_MS(1020));
		EXPECT(!wait_out(v4, SAMPAN_SEC(60)));
		EXPECT(sp_group_is_member(s, 1, &group));
		EXPECT_EQ(sampan_close(s, h), 0);
		EXPECT(!sp_group_is_member(s, 1, &group));
		for (unsigned i = 0; i < 2; i++) {
			EXPECT(wait_out(v4, SAMPAN_SEC(2)));
			expect_record(v4, GROUP_TO_INCLUDE, &group);
		}
		EXPECT(!wait_out(v4, SAMPAN_SEC(60)));
		EXPECT_EQ(s->arena.pool[SP_KIND_GROUP].objects, 0);
	}
}

/* Two sockets: one join, one leave. */
TEST(group_is_left_with_its_last_member)
{
	const struct sampan_addr group = group_of(true, 1);
	const struct sampan_sockaddr at = { group, 0, 1 };
	const sampan_handle a = member(&group), b = socket_in(&group);

	EXPECT(!wait_out(true, SAMPAN_SEC(20)));
	EXPECT_EQ(sampan_join(s, b, &at), SAMPAN_EADDRINUSE);
	EXPECT_EQ(sampan_leave(s, a, &at), 0);
	EXPECT_EQ(sampan_leave(s, a, &at), SAMPAN_EADDRNOTAVAIL);
	EXPECT(!wait_out(true, SAMPAN_SEC(20)));
	EXPECT_EQ(sampan_leave(s, b, &at), 0);
	EXPECT(wait_out(true, SAMPAN_SEC(1)));
	expect_record(true, GROUP_TO_INCLUDE, &group);
}

/* Left before the join was told for the last time, and joined again while leaving is told. */
TEST(last_word_counts)
{
	const struct sampan_addr group = group_of(false, 1);
	const struct sampan_sockaddr at = { group, 0, 1 };
	sampan_handle h;

	begin();
	h = socket_in(&group);
	EXPECT(wait_out(false, SAMPAN_MS(20)));
	EXPECT_EQ(sampan_leave(s, h, &at), 0);
	EXPECT(wait_out(false, SAMPAN_MS(20)));
	expect_record(false, GROUP_TO_INCLUDE, &group);
	EXPECT_EQ(sampan_join(s, h, &at), 0);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT(wait_out(false, SAMPAN_SEC(2)));
		expect_record(false, GROUP_TO_EXCLUDE, &group);
	}
	EXPECT(!wait_out(false, SAMPAN_SEC(20)));
}

/* R-MISC-15: 224.0.0.1 and its like are never reported; of others a general query asks. */
TEST(general_query_is_answered_in_time)
{
	COVERS("R-MISC-15", "R-8200-19");
	for (int v4 = 0; v4 < 2; v4++) {
		const struct sampan_addr group = group_of(v4, 1), other = group_of(v4, 2);
		struct sampan_addr all = { { 0xff, 2, [15] = 1 } };
		sampan_time asked_at;

		if (v4)
			all = sampan_addr_v4(224, 0, 0, 1);
		(void)member(&group);
		(void)socket_in(&other);
		(void)socket_in(&all);
		while (wait_out(v4, SAMPAN_SEC(20)))
			EXPECT(!sp_addr_equal(&seen.group[0], &all));
		asked_at = now;
		query(v4, .code = v4 ? 20 : 2000);
		query(v4, .code = v4 ? 200 : 20000);	/* the first answer will do for both */
		EXPECT(wait_out(v4, SAMPAN_SEC(3)));
		EXPECT(seen.at <= asked_at + SAMPAN_MS(2020));
		EXPECT_EQ(seen.records, 2);
		EXPECT_EQ(seen.kind[0], GROUP_IS_EXCLUDE);
		EXPECT_EQ(seen.kind[1], GROUP_IS_EXCLUDE);
		EXPECT(!wait_out(v4, SAMPAN_SEC(60)));
	}
}

TEST(query_about_one_group_is_answered_for_that)
{
	COVERS("R-MISC-15");
	for (int v4 = 0; v4 < 2; v4++) {
		const struct sampan_addr group = group_of(v4, 1), other = group_of(v4, 2);

		(void)member(&group);
		query(v4, .group = other);
		EXPECT(!wait_out(v4, SAMPAN_SEC(20)));
		query(v4, .group = group);
		EXPECT(wait_out(v4, SAMPAN_SEC(11)));
		expect_record(v4, GROUP_IS_EXCLUDE, &group);
		query(v4, .group = group, .sources = 20);	/* from some of them: from any */
		EXPECT(wait_out(v4, SAMPAN_SEC(11)));
		expect_record(v4, GROUP_IS_EXCLUDE, &group);
		EXPECT(!wait_out(v4, SAMPAN_SEC(60)));
	}
}

/* R-MISC-15: an old router is spoken to in its version, until it is gone. */
TEST(old_router_hears_the_old_version)
{
	COVERS("R-MISC-15");
	for (int v4 = 0; v4 < 2; v4++) {
		const struct sampan_addr group = group_of(v4, 1), other = group_of(v4, 2);
		const uint8_t report = v4 ? IGMP2_REPORT : ICMP6_MLD1_REPORT;
		sampan_handle h;

		(void)member(&group);
		query(v4, .version = NEWEST(v4) - 1u);
		EXPECT(wait_out(v4, SAMPAN_SEC(11)));
		EXPECT_EQ(seen.type, report);
		EXPECT_MEM(&seen.group[0], &group, 16);
		EXPECT_MEM(&seen.dst, &group, 16);
		h = socket_in(&other);
		EXPECT(wait_out(v4, SAMPAN_SEC(1)));
		EXPECT_EQ(seen.type, report);
		EXPECT_EQ(sampan_close(s, h), 0);
		EXPECT(wait_out(v4, SAMPAN_SEC(1)));
		EXPECT_EQ(seen.type, v4 ? IGMP2_LEAVE : ICMP6_MLD1_DONE);
		EXPECT_EQ(seen.dst.b[15], 2);
		now += SAMPAN_SEC(261);
		sampan_advance(s, now);
		while (next_out(v4))
			;
		query(v4, .group = group);
		EXPECT(wait_out(v4, SAMPAN_SEC(11)));
		expect_record(v4, GROUP_IS_EXCLUDE, &group);
	}
}

/* RFC 2236 §3: somebody else's report will do, for an old router only. */
TEST(report_of_another_spares_ours)
{
	for (int v4 = 0; v4 < 2; v4++) {
		const struct sampan_addr group = group_of(v4, 1);
		const struct says other = { .v4 = v4, .group = group, .ttl = 1,
			.type = v4 ? IGMP2_REPORT : ICMP6_MLD1_REPORT };

		(void)member(&group);
		query(v4, .group = group);
		says(other);
		EXPECT(wait_out(v4, SAMPAN_SEC(11)));
		query(v4, .version = NEWEST(v4) - 1u, .group = group);
		says(other);
		EXPECT(!wait_out(v4, SAMPAN_SEC(11)));
	}
}

/* Version 1 of IGMP knows no leaving; settings force versions. */
TEST(settings_force_a_version)
{
	const struct sampan_addr group = group_of(true, 1), six = group_of(false, 1);
	sampan_handle h;

	begin();
	EXPECT_EQ(sampan_set(s, "net.ipv4.conf.default.force_igmp_version", 1), 0);
	EXPECT_EQ(sampan_set(s, "net.ipv6.conf.default.force_mld_version", 1), 0);
	h = socket_in(&group);
	EXPECT(wait_out(true, SAMPAN_SEC(1)));
	EXPECT_EQ(seen.type, IGMP1_REPORT);
	EXPECT(wait_out(true, SAMPAN_SEC(11)));
	EXPECT_EQ(sampan_close(s, h), 0);
	EXPECT(!wait_out(true, SAMPAN_SEC(30)));
	(void)socket_in(&six);
	EXPECT(wait_out(false, SAMPAN_SEC(1)));
	EXPECT_EQ(seen.type, ICMP6_MLD1_REPORT);
}

/* As often as the router says, or a setting. */
TEST(robustness_is_the_routers_or_a_setting)
{
	const struct sampan_addr group = group_of(true, 1), other = group_of(true, 2);
	unsigned n = 0;

	begin();
	EXPECT_EQ(sampan_set(s, "net.ipv4.igmp_qrv", 4), 0);
	(void)socket_in(&group);
	while (wait_out(true, SAMPAN_SEC(5)))
		n++;
	EXPECT_EQ(n, 4);
	query(true, .robustness = 7, .code = 1);
	while (wait_out(true, SAMPAN_SEC(5)))
		;
	(void)socket_in(&other);
	for (n = 0; wait_out(true, SAMPAN_SEC(5)); n++)
		;
	EXPECT_EQ(n, 7);
}

/* What comes from off the link, or cannot be, is dropped and counted. */
TEST(queries_from_elsewhere_are_dropped)
{
	COVERS("R-MISC-15", "R-V-11");
	for (int v4 = 0; v4 < 2; v4++) {
		const struct sampan_addr group = group_of(v4, 1);

		(void)member(&group);
		query(v4, .ttl = 2);
		query(v4, .ttl = 255);
		query(v4, .bad_csum = true);
		EXPECT_EQ(sampan_counter(s, SAMPAN_DROP_GROUP_MALFORMED) +
		    sampan_counter(s, SAMPAN_DROP_ICMP_CSUM), 3);
		if (!v4) {
			query(v4, .no_alert = true);
			query(v4, .global_src = true);
			EXPECT_EQ(sampan_counter(s, SAMPAN_DROP_GROUP_MALFORMED), 4);
		}
		says((struct says){ .v4 = v4, .ttl = 1, .version = NEWEST(v4),
			.type = v4 ? IGMP3_REPORT : ICMP6_MLD1_DONE });
		EXPECT_EQ(sampan_counter(s, SAMPAN_DROP_GROUP_NOT_OURS), 1);
		EXPECT(!wait_out(v4, SAMPAN_SEC(30)));
	}
}

/* Many groups: a report has room for 40. */
TEST(many_groups_take_several_reports)
{
	unsigned reported = 0;

	begin();
	EXPECT_EQ(sampan_set(s, "net.ipv4.igmp_max_memberships", 256), 0);
	for (unsigned i = 0; i < 150; i++) {
		const struct sampan_addr group = group_of(false, (uint8_t)(i + 1));

		(void)socket_in(&group);
	}
	while (wait_out(false, SAMPAN_SEC(20)))
		;
	query(false, .group = { { 0 } });
	while (wait_out(false, SAMPAN_SEC(20))) {
		EXPECT(seen.records <= SP_GROUP_RECORDS);
		reported += seen.records;
	}
	EXPECT_EQ(reported, 150);
}

TEST(limits_of_membership)
{
	const struct sampan_sockaddr host = { sampan_addr_v4(10, 0, 0, 9), 0, 1 },
	    nowhere = { sampan_addr_v4(239, 9, 9, 9), 0, 7 };
	struct sampan_sockaddr at = { sampan_addr_v4(239, 9, 9, 9), 0, 1 };
	sampan_handle h, tcp;

	begin();
	EXPECT_EQ(sampan_socket(s, SAMPAN_DGRAM, &h), 0);
	EXPECT_EQ(sampan_socket(s, SAMPAN_STREAM, &tcp), 0);
	EXPECT_EQ(sampan_join(s, tcp, &at), SAMPAN_EOPNOTSUPP);
	EXPECT_EQ(sampan_join(s, 77, &at), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_join(s, h, &host), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_join(s, h, &nowhere), SAMPAN_ENETUNREACH);
	EXPECT_EQ(sampan_set(s, "net.ipv4.igmp_max_memberships", 2), 0);
	for (unsigned i = 0; i < 2; i++, at.addr.b[15]++)
		EXPECT_EQ(sampan_join(s, h, &at), 0);
	EXPECT_EQ(sampan_join(s, h, &at), SAMPAN_ENOBUFS);
}

/* R-4862-2, R-4861-7: the solicited-node group before the address is asked for. */
TEST(address_joins_its_group_before_it_is_asked_for)
{
	const struct sampan_addr addr = { { 0xfd, [15] = 0x77 } };
	bool told = false, asked = false;

	COVERS("R-4862-2", "R-4861-7", "R-8200-19");
	begin();
	EXPECT_EQ(sampan_addr_add(s, 1, &addr, 64), 0);
	for (unsigned i = 0; i < 300; i++) {
		struct sampan_frame f;

		while (sampan_output(s, 1, &f, 1, now) == 1) {
			const uint8_t *ip = bytes + ETH_HDR_LEN;

			(void)frame_flatten(&f, bytes);
			sampan_sent(s, &f, 1);
			if (ip[6] == IP_PROTO_HOPOPTS && ip[48] == ICMP6_MLD2_REPORT)
				told |= ip[48 + 8 + 19] == 0x77;
			if (ip[6] == IP_PROTO_ICMP6 && ip[40] == ICMP6_NEIGH_SOLICIT &&
			    ip[63] == 0x77) {
				EXPECT(told);
				asked = true;
			}
		}
		now += SAMPAN_MS(10);
		sampan_advance(s, now);
	}
	EXPECT(told && asked);
	EXPECT_EQ(sampan_addr_remove(s, 1, &addr), 0);
	EXPECT(wait_out(false, SAMPAN_SEC(1)));
	EXPECT_EQ(seen.kind[0], GROUP_TO_INCLUDE);
	EXPECT_EQ(seen.group[0].b[15], 0x77);
	EXPECT(sp_addr_is_link_local(&seen.src));
}
