/*
 * net_ip6.c - IPv6 below the transports: what is answered, what is dropped and
 * under which name; neighbours, addresses.
 */
#include <stdlib.h>

#include "lib/fx_ip6.h"
#include "net/neigh.h"
#include "net/stack.h"

__attribute__((constructor)) static void
over_ip6(void)
{
	(void)setenv("SAMPAN_FAMILY", "6", 1);
}

/* ---- Packets ---- */

/* R-4443-13, R-4443-2. */
TEST(echo_is_answered)
{
	struct fx f = ready();

	COVERS("R-4443-13", "R-4443-2", "R-4443-1", "R-8200-15", "R-4861-33", "5-D22");
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
		    type == ICMP6_MLD2_REPORT ? SAMPAN_DROP_GROUP_NOT_OURS :
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
