/*
 * net_ip6.c - IPv6 below the transports: what is answered, what is dropped and
 * under which name; neighbours, addresses, routers.
 */
#include <stdlib.h>

#include <sampan/address.h>

#include "lib/fx.h"
#include "lib/stack_check.h"
#include "net/neigh.h"
#include "net/stack.h"
#include "wire/eth.h"
#include "wire/icmp6.h"
#include "wire/ndp.h"

#define L4 (ETH_HDR_LEN + IP6_HDR_LEN)

static uint8_t frame[2000];
static uint8_t out[FRAME_MAX];

__attribute__((constructor)) static void
over_ip6(void)
{
	(void)setenv("SAMPAN_FAMILY", "6", 1);
}

static const struct sampan_addr router = { { 0xfe, 0x80, [15] = 0xaa } };

/* A packet of len octets behind the IPv6 header; payload may be NULL: zeros. */
static uint32_t
make(struct sampan_addr src, struct sampan_addr dst, uint8_t next, const void *payload, uint32_t len)
{
	const struct eth_hdr eth = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 }, ETH_TYPE_IP6 };
	struct ip6_hdr ip = { .payload_len = (uint16_t)len, .next = next, .hop_limit = 255 };

	memset(frame, 0, sizeof(frame));
	memcpy(ip.src, src.b, 16);
	memcpy(ip.dst, dst.b, 16);
	eth_emit(frame, &eth);
	ip6_emit(frame + ETH_HDR_LEN, &ip);
	if (payload != NULL)
		memcpy(frame + L4, payload, len);
	return L4 + len;
}

/* The ICMPv6 message `at` octets behind the header gets its checksum. */
static void
seal(uint32_t at, uint32_t len)
{
	uint8_t *ip = frame + ETH_HDR_LEN, *p = frame + L4 + at;
	uint8_t rest[4] = { 0, IP_PROTO_ICMP6, (uint8_t)(len >> 8), (uint8_t)len };

	be16_put(p + 2, 0);
	be16_put(p + 2, (uint16_t)~frame_sum(p, len,
	    frame_sum(rest, 4, frame_sum(ip + 8, 32, 0))));
}

static uint32_t
make_icmp(struct sampan_addr src, struct sampan_addr dst, const void *message, uint32_t len)
{
	const uint32_t total = make(src, dst, IP_PROTO_ICMP6, message, len);

	seal(0, len);
	return total;
}

static uint32_t
make_echo(struct sampan_addr dst)
{
	const uint8_t echo[16] = { ICMP6_ECHO, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

	return make_icmp(fx_peer(), dst, echo, sizeof(echo));
}

/* The next frame out, flat; its length, 0: none. */
static uint32_t
next_frame(struct fx *f)
{
	struct sampan_frame fr;
	uint32_t len;

	if (sampan_output(f->s, f->link, &fr, 1, f->now) != 1)
		return 0;
	len = frame_flatten(&fr, out);
	EXPECT(frame_flaw(&fr, out) == NULL);
	sampan_sent(f->s, &fr, 1);
	return len;
}

static void
pass(struct fx *f, sampan_dur dur)
{
	f->now += dur;
	sampan_advance(f->s, f->now);
}

/* Exactly this counter of all drops has grown, by one. */
static void
expect_dropped(struct fx *f, uint32_t len, unsigned reason)
{
	uint64_t before[SAMPAN_DROP_COUNT];

	for (unsigned i = 0; i < SAMPAN_DROP_COUNT; i++)
		before[i] = sampan_counter(f->s, i);
	fx_input(f, frame, len);
	for (unsigned i = 0; i < SAMPAN_DROP_COUNT; i++)
		EXPECT_EQ(sampan_counter(f->s, i), before[i] + (i == reason));
}

/* A stack whose peer has been resolved. */
static struct fx
ready(void)
{
	struct fx f = fx_listen(.arena_bytes = (size_t)4 << 20);	/* room for long answers */
	const uint32_t len = make_echo(fx_local());

	fx_input(&f, frame, len);
	fx_drop(&f);
	return f;
}

static struct sampan_addr
group(uint8_t scope, uint8_t last)
{
	return (struct sampan_addr){ { 0xff, scope, [15] = last } };
}

/* ---- Packets ---- */

/* R-4443-13, R-4443-2. */
TEST(echo_is_answered)
{
	struct fx f = ready();

	COVERS("R-4443-13", "R-4443-2", "R-4443-1", "R-8200-15");
	fx_input(&f, frame, make_echo(fx_local()));
	EXPECT_EQ(next_frame(&f), L4 + 16);
	EXPECT_EQ(out[L4], ICMP6_ECHO_REPLY);
	EXPECT_MEM(out + L4 + 4, frame + L4 + 4, 12);
	EXPECT_MEM(out + 22, fx_local().b, 16);
	fx_input(&f, frame, make_echo(group(2, 1)));
	EXPECT_EQ(next_frame(&f), L4 + 16);
	EXPECT_MEM(out + 22, fx_local().b, 16);
	make_echo(fx_local());
	frame[L4 + 9] ^= 1;
	expect_dropped(&f, L4 + 16, SAMPAN_DROP_ICMP_CSUM);
}

/* R-8200-14, R-8200-16, R-V-9. */
TEST(impossible_addresses_are_dropped)
{
	static const struct sampan_addr bad[] = { { { 0xff, 2, [15] = 1 } }, { { [15] = 1 } },
		{ { [10] = 0xff, [11] = 0xff, 10, 0, 0, 2 } } };
	const uint8_t echo[8] = { ICMP6_ECHO };
	struct fx f = ready();

	COVERS("R-8200-14", "R-8200-16", "R-V-9");
	for (unsigned i = 0; i < 3; i++)
		expect_dropped(&f, make_icmp(bad[i], fx_local(), echo, 8), SAMPAN_DROP_IP_SOURCE);
	expect_dropped(&f, make_icmp(fx_local(), fx_local(), echo, 8), SAMPAN_DROP_IP_SOURCE);
	expect_dropped(&f, make_icmp((struct sampan_addr){ { 0 } }, fx_local(), echo, 8),
	    SAMPAN_DROP_IP_SOURCE);
	for (unsigned i = 1; i < 3; i++)
		expect_dropped(&f, make_icmp(fx_peer(), bad[i], echo, 8),
		    SAMPAN_DROP_IP_DESTINATION);
	expect_dropped(&f, make_icmp(fx_peer(), group(2, 99), echo, 8), SAMPAN_DROP_IP_BROADCAST);
	EXPECT_EQ(next_frame(&f), 0);
}

/* The echo behind extension headers is answered, however the frame is cut. */
TEST(extension_headers_are_stepped_over)
{
	uint8_t rest[8 * 20 + 16] = { 0 };

	COVERS("R-8200-2", "R-8200-10", "R-8200-12", "R-4443-6");
	for (unsigned units = 1; units <= 20; units++) {
		struct fx f = ready();

		memset(rest, 0, sizeof(rest));
		rest[0] = IP_PROTO_ICMP6;
		rest[1] = (uint8_t)(units - 1);
		for (unsigned at = 2; at < units * 8; at += rest[at + 1] + 2u) {
			rest[at] = 0x1e;
			rest[at + 1] = (uint8_t)(units * 8 - at - 2);
		}
		rest[units * 8] = ICMP6_ECHO;
		for (unsigned cloth = 0; cloth < 3; cloth++) {
			make(fx_peer(), fx_local(), IP_PROTO_DSTOPTS, rest, units * 8 + 16);
			seal(units * 8, 16);
			fx_input(&f, frame, L4 + units * 8 + 16);
			EXPECT_EQ(next_frame(&f), L4 + 16);
			EXPECT_EQ(out[L4], ICMP6_ECHO_REPLY);
		}
	}
}

/* R-8200-3, R-8200-4, R-4443-12: code and pointer. */
TEST(problems_are_reported_where_they_are)
{
	const uint8_t option[8] = { IP_PROTO_ICMP6, 0, 0x9e, 4 };
	struct fx f = ready();

	COVERS("R-8200-3", "R-8200-4", "R-4443-12", "R-4443-7", "R-4443-5");
	expect_dropped(&f, make(fx_peer(), fx_local(), 253, NULL, 1200), SAMPAN_DROP_IP_PROTOCOL);
	EXPECT_EQ(next_frame(&f), ETH_HDR_LEN + 1280);
	EXPECT_EQ(out[L4], ICMP6_PARAM_PROBLEM);
	EXPECT_EQ(out[L4 + 1], 1);
	EXPECT_EQ(be32_get(out + L4 + 4), 6);
	EXPECT_MEM(out + L4 + 8, frame + ETH_HDR_LEN, 1232 - 8);
	expect_dropped(&f, make(fx_peer(), fx_local(), 60, option, 8), SAMPAN_DROP_IP6_PROBLEM);
	EXPECT(next_frame(&f) > 0);
	EXPECT_EQ(out[L4 + 1], 2);
	EXPECT_EQ(be32_get(out + L4 + 4), 42);
	/* To a group: only what has the bits 10. */
	expect_dropped(&f, make(fx_peer(), group(2, 1), 60, option, 8), SAMPAN_DROP_IP6_PROBLEM);
	EXPECT(next_frame(&f) > 0);
	expect_dropped(&f, make(fx_peer(), group(2, 1), 253, NULL, 8), SAMPAN_DROP_IP_PROTOCOL);
	EXPECT_EQ(next_frame(&f), 0);
}

/* R-4443-8, R-ICMP-4: a burst, then one in a while; three of a traceroute always. */
TEST(errors_are_limited)
{
	struct fx f = ready();
	unsigned sent = 0;

	COVERS("R-4443-8", "R-ICMP-4", "R-V-28");
	for (unsigned i = 0; i < 1000; i++) {
		fx_input(&f, frame, make(fx_peer(), fx_local(), 253, NULL, 8));
		sent += next_frame(&f) > 0;
	}
	EXPECT(sent >= 3 && sent <= 20);
	EXPECT_EQ(sampan_counter(f.s, SAMPAN_COUNT_ICMP_LIMITED), 1000 - sent);
	pass(&f, SAMPAN_SEC(1));
	fx_input(&f, frame, make(fx_peer(), fx_local(), 253, NULL, 8));
	EXPECT(next_frame(&f) > 0);
}

/* R-4443-4 */
TEST(unknown_messages_are_dropped)
{
	struct fx f = ready();

	COVERS("R-4443-4");
	for (unsigned type = 138; type < 256; type++) {
		const uint8_t message[8] = { (uint8_t)type };

		expect_dropped(&f, make_icmp(fx_peer(), fx_local(), message, 8),
		    SAMPAN_DROP_ICMP_TYPE);
	}
}

/* ---- Neighbours ---- */

static uint32_t
make_ndp(struct sampan_addr src, struct sampan_addr dst, struct ndp_msg m)
{
	uint8_t message[NDP_MAX];
	const uint32_t len = (uint32_t)ndp_emit(message, &m);

	return make_icmp(src, dst, message, len);
}

static struct ndp_msg
solicit(struct sampan_addr target)
{
	struct ndp_msg m = { .type = ICMP6_NEIGH_SOLICIT, .has_mac = true,
		.mac = { 2, 0, 0, 0, 0, 2 } };

	memcpy(m.target, target.b, 16);
	return m;
}

/* R-4861-11, R-4861-12. */
TEST(solicitation_is_answered)
{
	struct fx f = fx_listen();
	struct ndp_msg m;

	COVERS("R-4861-11", "R-4861-12", "R-4861-7");
	fx_input(&f, frame, make_ndp(fx_peer(), fx_local(), solicit(fx_local())));
	EXPECT_EQ(next_frame(&f), L4 + 32);
	EXPECT(ndp_parse(&m, out + L4, 32));
	EXPECT(m.type == ICMP6_NEIGH_ADVERT && m.solicited && m.override && !m.router && m.has_mac);
	EXPECT_MEM(out + 38, fx_peer().b, 16);
	EXPECT_EQ(out[21], 255);
	expect_dropped(&f, make_ndp(fx_peer(), fx_local(), solicit(fx_addr(0, 9))),
	    SAMPAN_DROP_ND_NOT_OURS);
	EXPECT_EQ(next_frame(&f), 0);
}

/* R-4861-1: from off the link, or otherwise not to be believed. */
TEST(discovery_from_elsewhere_is_dropped)
{
	struct fx f = ready();
	uint32_t len = make_ndp(fx_peer(), fx_local(), solicit(fx_local()));
	struct ndp_msg na = solicit(fx_peer());

	COVERS("R-4861-1", "R-4861-2", "R-4861-3", "R-V-45");
	frame[21] = 254;
	expect_dropped(&f, len, SAMPAN_DROP_ND_MALFORMED);
	len = make_ndp((struct sampan_addr){ { 0 } }, group(2, 1), solicit(fx_local()));
	expect_dropped(&f, len, SAMPAN_DROP_ND_MALFORMED);
	na.type = ICMP6_NEIGH_ADVERT;
	na.solicited = true;
	expect_dropped(&f, make_ndp(fx_peer(), group(2, 1), na), SAMPAN_DROP_ND_MALFORMED);
	na.mac[0] = 3;
	na.solicited = false;
	expect_dropped(&f, make_ndp(fx_peer(), fx_local(), na), SAMPAN_DROP_ND_MALFORMED);
}

static struct sp_neigh *
peer_entry(struct fx *f)
{
	const struct sampan_addr peer = fx_peer();
	const uint32_t ref = sp_neigh_find(f->s, (unsigned)f->link, &peer);

	EXPECT(ref != 0);
	return sp_neigh_at(f->s, ref);
}

/* R-4861-15: REACHABLE, and an advertisement of each kind. */
TEST(advertisements_change_what_they_may)
{
	COVERS("R-4861-14", "R-4861-15", "R-4861-17");
	for (unsigned kind = 0; kind < 16; kind++) {
		const bool other = (kind & 1) != 0, override = (kind & 2) != 0;
		const bool solicited = (kind & 4) != 0, has_mac = (kind & 8) != 0;
		const bool changed = has_mac && other && override;
		struct fx f = ready();
		struct sp_neigh *n = peer_entry(&f);
		struct ndp_msg m = solicit(fx_peer());

		EXPECT_EQ(n->state, SP_NEIGH_REACHABLE);
		m.type = ICMP6_NEIGH_ADVERT;
		m.override = override;
		m.solicited = solicited;
		m.has_mac = has_mac;
		m.mac[5] = other ? 7 : 2;
		fx_input(&f, frame, make_ndp(fx_peer(), fx_local(), m));
		EXPECT_EQ(n->mac[5], changed ? 7 : 2);
		if (has_mac && other && !override)
			EXPECT_EQ(n->state, SP_NEIGH_STALE);
		else
			EXPECT_EQ(n->state, changed && !solicited ? SP_NEIGH_STALE :
								     SP_NEIGH_REACHABLE);
	}
}

/* R-4861-13, R-4861-28: nothing that nobody asked for makes an entry. */
TEST(unsolicited_advertisements_make_no_entries)
{
	struct fx f = ready();
	const uint32_t before = f.s->neighs.entries;

	COVERS("R-4861-13", "R-4861-28", "R-V-44");
	for (unsigned i = 10; i < 250; i++) {
		struct ndp_msg m = solicit(fx_addr(0, (uint8_t)i));

		m.type = ICMP6_NEIGH_ADVERT;
		expect_dropped(&f, make_ndp(fx_peer(), fx_local(), m), SAMPAN_DROP_ND_NOT_OURS);
	}
	EXPECT_EQ(f.s->neighs.entries, before);
}

/* R-4861-28: a scan through us, or spoofed sources, push nobody out. */
TEST(flood_of_unknown_neighbours_keeps_those_known)
{
	struct fx f = ready();
	struct sampan_addr src = fx_peer();

	COVERS("R-4861-28", "R-V-44", "R-4861-9");
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.neigh.default.gc_thresh3", 32), 0);
	for (unsigned i = 0; i < 2000; i++) {
		const uint8_t echo[8] = { ICMP6_ECHO };

		src.b[12] = 1;
		be16_put(src.b + 13, (uint16_t)i);
		fx_input(&f, frame, make_icmp(src, fx_local(), echo, 8));
		if (i % 100 == 0)
			while (next_frame(&f) > 0)
				continue;
	}
	EXPECT(f.s->neighs.entries <= 32);
	EXPECT_EQ(peer_entry(&f)->state, SP_NEIGH_REACHABLE);
}

/* R-4861-9, R-4861-10, R-4861-19: three questions a second apart. */
TEST(neighbour_that_is_silent_is_given_up)
{
	struct fx f = fx_listen(.no_arp = true);

	COVERS("R-4861-8", "R-4861-9", "R-4861-10", "R-4861-19");
	fx_input(&f, frame, make_echo(fx_local()));
	for (unsigned i = 0; i < 3; i++) {
		EXPECT_EQ(next_frame(&f), L4 + 32);
		EXPECT_EQ(out[L4], ICMP6_NEIGH_SOLICIT);
		EXPECT_EQ(out[0], 0x33);
		EXPECT_EQ(next_frame(&f), 0);
		pass(&f, SAMPAN_MS(1010));
	}
	EXPECT_EQ(next_frame(&f), 0);
	expect_count(&f, COUNT_NEIGH_FAILED, 1);
}

/* ---- Addresses ---- */

static struct sampan_addr_info
info_of(struct fx *f, unsigned i)
{
	struct sampan_addr_info info;

	EXPECT_EQ(sampan_addr_get(f->s, i, &info), 0);
	return info;
}

/* A stack that checks a new address; its index is in *i. */
static struct fx
tentative(struct sampan_addr addr, unsigned *i)
{
	struct fx f = fx_listen();
	struct sampan_addr_info info;

	EXPECT_EQ(sampan_set(f.s, "net.ipv6.conf.default.dad_transmits", 1), 0);
	EXPECT_EQ(sampan_addr_add(f.s, f.link, &addr, 64), 0);
	for (*i = 0; sampan_addr_get(f.s, *i, &info) == 0; (*i)++)
		if (info.state == SAMPAN_ADDR_TENTATIVE)
			return f;
	fx_fail("a tentative address");
}

/* R-4862-1, R-4862-2, R-4862-6: a probe from ::, a second of silence, then it is used. */
TEST(address_is_probed_before_it_is_used)
{
	unsigned i;
	struct fx f = tentative(fx_addr(0, 7), &i);
	struct ndp_msg m;

	COVERS("R-4862-1", "R-4862-2", "R-4862-6");
	expect_dropped(&f, make_echo(fx_addr(0, 7)), SAMPAN_DROP_IP_DESTINATION);
	pass(&f, SAMPAN_MS(1010));
	EXPECT_EQ(next_frame(&f), L4 + 32);
	EXPECT(ndp_parse(&m, out + L4, 32) && m.type == ICMP6_NEIGH_SOLICIT && !m.has_mac);
	EXPECT_EQ(out[22] | out[37], 0);
	EXPECT_EQ(info_of(&f, i).state, SAMPAN_ADDR_TENTATIVE);
	pass(&f, SAMPAN_MS(1010));
	EXPECT_EQ(info_of(&f, i).state, SAMPAN_ADDR_PREFERRED);
	EXPECT_EQ(sampan_deadline(f.s), SAMPAN_NEVER);
}

/* R-4862-3 to R-4862-5: another's probe or advertisement; not a question, not our own
 * probe that comes back (R-4862-11). */
TEST(address_of_another_is_not_assigned)
{
	COVERS("R-4862-3", "R-4862-4", "R-4862-5", "R-4862-11");
	for (unsigned kind = 0; kind < 4; kind++) {
		const struct sampan_addr mine = fx_addr(0, 7), none = { { 0 } };
		const bool conflict = kind < 2;
		struct sampan_addr node;
		struct ndp_msg m = solicit(mine);
		unsigned i;
		struct fx f = tentative(mine, &i);

		ip6_solicited_node(node.b, mine.b);
		pass(&f, SAMPAN_MS(1010));
		EXPECT_EQ(next_frame(&f), L4 + 32);
		if (kind == 0)
			m.has_mac = false;
		if (kind == 1)
			m.type = ICMP6_NEIGH_ADVERT;
		if (kind == 3)
			memcpy(frame, out, L4 + 32);
		else
			make_ndp(kind == 0 ? none : fx_peer(), kind == 0 ? node : fx_local(), m);
		fx_input(&f, frame, L4 + (kind == 0 ? 24u : 32u));
		pass(&f, SAMPAN_SEC(3));
		EXPECT_EQ(info_of(&f, i).state,
		    conflict ? SAMPAN_ADDR_DUPLICATE : SAMPAN_ADDR_PREFERRED);
		EXPECT_EQ(sampan_counter(f.s, SAMPAN_COUNT_ADDR_CONFLICTS), conflict);
	}
}

/* ---- Routers ---- */

struct ra {
	uint16_t lifetime_s;
	uint8_t flags;		/* of the prefix: 0xc0 */
	uint32_t valid_s, preferred_s;
	uint8_t net;
	uint8_t bits;
	struct sampan_addr src;
};

static void
router_says(struct fx *f, struct ra ra)
{
	uint8_t p[NDP_RA_LEN + 32] = { ICMP6_ROUTER_ADVERT, 0, 0, 0, 33, 0 };
	uint8_t *o = p + NDP_RA_LEN;

	be16_put(p + 6, ra.lifetime_s);
	o[0] = NDP_OPT_PREFIX;
	o[1] = 4;
	o[2] = ra.bits;
	o[3] = ra.flags;
	be32_put(o + 4, ra.valid_s);
	be32_put(o + 8, ra.preferred_s);
	o[16] = 0x20;
	o[17] = 0x01;
	o[23] = ra.net;
	fx_input(f, frame, make_icmp(ra.src, group(2, 1), p, sizeof(p)));
}

#define router_says(f, ...) \
	router_says(f, (struct ra){ .lifetime_s = 1800, .flags = 0xc0, .valid_s = 7200 * 10, \
	    .preferred_s = 7200, .bits = 64, .src = router, __VA_ARGS__ })

static struct fx
autoconf(void)
{
	struct fx f = fx_listen();

	EXPECT_EQ(sampan_autoconf(f.s, f.link), 0);
	return f;
}

/* How many addresses there are of that network of the routers', and the first. */
static unsigned
addresses_of(struct fx *f, uint8_t net, struct sampan_addr_info *first)
{
	struct sampan_addr_info info;
	unsigned n = 0;

	for (unsigned i = 0; sampan_addr_get(f->s, i, &info) == 0; i++)
		if (info.addr.b[0] == 0x20 && info.addr.b[7] == net && n++ == 0)
			*first = info;
	return n;
}

/* R-4862-7, R-7217-1, R-7217-4, R-4861-21, R-4861-22. */
TEST(router_brings_an_address_and_a_way_out)
{
	const struct sampan_addr far = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	struct fx f = autoconf(), g;
	struct sampan_addr_info a, b, c;
	struct sp_path path;

	COVERS("R-4862-7", "R-7217-1", "R-7217-4", "R-4861-21", "R-4861-22", "R-4861-4");
	router_says(&f, .net = 1);
	router_says(&f, .net = 2);
	EXPECT_EQ(addresses_of(&f, 1, &a), 1);
	EXPECT_EQ(addresses_of(&f, 2, &b), 1);
	EXPECT(memcmp(a.addr.b + 8, b.addr.b + 8, 8) != 0);
	EXPECT(sp_route_find(f.s, &far, &path));
	EXPECT_EQ(path.next_hop.b[15], 0xaa);
	EXPECT_EQ(f.s->link[f.link].hops, 33);
	g = autoconf();
	router_says(&g, .net = 1);
	EXPECT_EQ(addresses_of(&g, 1, &c), 1);
	EXPECT_MEM(&c.addr, &a.addr, 16);
	router_says(&g, .net = 3, .src = fx_peer());	/* not link-local */
	EXPECT_EQ(addresses_of(&g, 3, &c), 0);
	EXPECT_EQ(sampan_counter(g.s, SAMPAN_DROP_ND_MALFORMED), 1);
}

/* What makes no sense makes no address. */
TEST(prefixes_without_sense_make_no_address)
{
	struct fx f = autoconf();
	struct sampan_addr_info a;

	COVERS("R-4862-7", "R-4861-22", "R-4862-10");
	router_says(&f, .net = 1, .valid_s = 100, .preferred_s = 101);
	router_says(&f, .net = 1, .valid_s = 0, .preferred_s = 0);
	router_says(&f, .net = 1, .bits = 63);
	router_says(&f, .net = 1, .bits = 65);
	router_says(&f, .net = 1, .bits = 200);
	router_says(&f, .net = 1, .flags = 0x80);
	EXPECT_EQ(addresses_of(&f, 1, &a), 0);
	EXPECT_EQ(sampan_set(f.s, "net.ipv6.conf.default.autoconf", 0), 0);
	router_says(&f, .net = 1);
	EXPECT_EQ(addresses_of(&f, 1, &a), 0);
}

/* R-4862-8: one forged packet does not end an address; R-4862-9: time does. */
TEST(lifetimes_end_and_are_not_cut_short)
{
	struct fx f = autoconf();
	struct sampan_addr_info a;
	struct sampan_addr src;
	const struct sampan_addr far = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };

	COVERS("R-4862-8", "R-4862-9", "R-4862-12");
	router_says(&f, .net = 1);
	router_says(&f, .net = 1, .valid_s = 0, .preferred_s = 0);
	EXPECT_EQ(addresses_of(&f, 1, &a), 1);
	EXPECT_EQ(a.valid_until, f.now + SAMPAN_SEC(7200));
	fx_pass_time(&f, SAMPAN_SEC(1));
	EXPECT_EQ(addresses_of(&f, 1, &a), 1);
	EXPECT_EQ(a.state, SAMPAN_ADDR_DEPRECATED);
	EXPECT(sp_source_find(f.s, &far, &src));
	EXPECT(memcmp(&src, &a.addr, 16) != 0);
	router_says(&f, .net = 1, .valid_s = 60, .preferred_s = 60);
	EXPECT_EQ(addresses_of(&f, 1, &a), 1);
	EXPECT(a.valid_until > f.now + SAMPAN_SEC(7000));
	fx_pass_time(&f, SAMPAN_SEC(7300));
	EXPECT_EQ(addresses_of(&f, 1, &a), 0);
}

/* R-4861-23: a router that says so, or falls silent, is none any more. */
TEST(router_lifetime_ends)
{
	const struct sampan_addr far = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	struct fx f = autoconf();
	struct sp_path path;

	COVERS("R-4861-23", "R-4861-21");
	router_says(&f, .net = 1);
	EXPECT(sp_route_find(f.s, &far, &path));
	router_says(&f, .net = 1, .lifetime_s = 0);
	EXPECT(!sp_route_find(f.s, &far, &path));
	router_says(&f, .net = 1, .lifetime_s = 10);
	EXPECT(sp_route_find(f.s, &far, &path));
	fx_pass_time(&f, SAMPAN_SEC(11));
	EXPECT(!sp_route_find(f.s, &far, &path));
}

/* R-4861-29, R-V-44: a thousand routers with a prefix each. */
TEST(router_flood_is_bounded)
{
	struct fx f = autoconf();
	struct sampan_addr_info info;
	struct sampan_addr src = router;
	unsigned addrs = 0, routes = 0;

	COVERS("R-4861-29", "R-V-44");
	for (unsigned i = 0; i < 1000; i++) {
		be16_put(src.b + 10, (uint16_t)i);
		router_says(&f, .net = (uint8_t)i, .src = src);
	}
	while (sampan_addr_get(f.s, addrs, &info) == 0)
		addrs++;
	while (routes < SP_ROUTES_MAX && f.s->route[routes].link != 0)
		routes++;
	EXPECT(addrs <= 2 + SP_AUTO_ADDRS_MAX);
	EXPECT_EQ(routes, SP_AUTO_ROUTES_MAX);
}

/* R-4861-24, R-4861-25: asked within a second, then ever more seldom, until one
 * answers. */
TEST(routers_are_asked_for)
{
	struct fx f = autoconf();
	unsigned asked = 0;

	COVERS("R-4861-24", "R-4861-25");
	EXPECT_EQ(sampan_addr_remove(f.s, f.link,
	    &(struct sampan_addr[]){ info_of(&f, 1).addr }[0]), 0);
	EXPECT_EQ(sampan_autoconf(f.s, f.link), 0);
	for (unsigned s = 0; s < 60; s++) {
		pass(&f, SAMPAN_SEC(1));
		while (next_frame(&f) > 0)
			asked += out[L4] == ICMP6_ROUTER_SOLICIT;
	}
	EXPECT(asked >= 3 && asked <= 6);
	router_says(&f, .net = 1);
	pass(&f, SAMPAN_SEC(4000));
	while (next_frame(&f) > 0)
		EXPECT(out[L4] != ICMP6_ROUTER_SOLICIT);
}

/* R-8981-1 to R-8981-5: off by default; different each time; renewed in time. */
TEST(temporary_addresses_come_and_go)
{
	struct fx f = autoconf();
	struct sampan_addr_info a;

	COVERS("R-8981-1", "R-8981-2", "R-8981-3", "R-8981-5");
	router_says(&f, .net = 1, .valid_s = UINT32_MAX, .preferred_s = UINT32_MAX);
	EXPECT_EQ(addresses_of(&f, 1, &a), 1);
	EXPECT_EQ(sampan_set(f.s, "net.ipv6.conf.default.use_tempaddr", 2), 0);
	router_says(&f, .net = 2, .valid_s = UINT32_MAX, .preferred_s = UINT32_MAX);
	EXPECT_EQ(addresses_of(&f, 2, &a), 2);
	fx_pass_time(&f, SAMPAN_SEC(86400 - 1));
	EXPECT_EQ(addresses_of(&f, 2, &a), 3);
	fx_pass_time(&f, SAMPAN_SEC(3 * 86400));
	EXPECT(addresses_of(&f, 2, &a) >= 2 && addresses_of(&f, 2, &a) <= 5);
}

/* R-4861-26, R-4861-5: redirects are not heard by default. */
TEST(redirects_are_off_by_default)
{
	const struct sampan_addr far = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	uint8_t p[40] = { ICMP6_REDIRECT, [8] = 0xfe, [9] = 0x80, [23] = 0xbb };
	struct fx f = autoconf();
	struct sp_path path;

	COVERS("R-4861-26", "R-4861-5");
	router_says(&f, .net = 1);
	memcpy(p + 24, far.b, 16);
	expect_dropped(&f, make_icmp(router, fx_local(), p, 40), SAMPAN_DROP_ICMP_REDIRECT);
	EXPECT_EQ(sampan_set(f.s, "net.ipv6.conf.default.accept_redirects", 1), 0);
	expect_dropped(&f, make_icmp(fx_peer(), fx_local(), p, 40), SAMPAN_DROP_ICMP_REDIRECT);
	fx_input(&f, frame, make_icmp(router, fx_local(), p, 40));
	EXPECT(sp_route_find(f.s, &far, &path));
	EXPECT_EQ(path.next_hop.b[15], 0xbb);
}
