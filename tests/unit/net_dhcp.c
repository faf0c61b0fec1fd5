/*
 * net_dhcp.c - the DHCP client: RFC 2131, with conflict detection (RFC 5227).
 */
#include "lib/fx_dhcp.h"

/* RFC 2131 §3.1, figure 3. */
TEST(four_messages_make_a_lease)
{
	const struct sampan_addr far = sp_addr_of_v4(0x08080808);
	struct sampan_dhcp_info info;
	struct sp_path path;
	uint32_t xid;

	COVERS("R-2131-3", "R-2131-6", "R-2131-16", "R-2131-9", "R-2131-5");
	selecting();
	EXPECT_EQ(seen.src, 0);
	EXPECT_EQ(seen.dst, UINT32_MAX);
	EXPECT(seen.broadcast);
	EXPECT_EQ(seen.ciaddr | seen.server | seen.requested, 0);
	xid = seen.xid;
	server_says(.type = DHCP_OFFER);
	EXPECT(next_out());
	EXPECT_EQ(seen.type, DHCP_REQUEST);
	EXPECT_EQ(seen.xid, xid);
	EXPECT_EQ(seen.src, 0);
	EXPECT(seen.broadcast);
	EXPECT_EQ(seen.ciaddr, 0);
	EXPECT_EQ(seen.server, SERVER);
	EXPECT_EQ(seen.requested, OFFERED);
	server_says(.type = DHCP_ACK, .broadcast = true);
	EXPECT_EQ(state(), SAMPAN_DHCP_CHECKING);
	EXPECT(!has(OFFERED));
	stays_quiet(SAMPAN_SEC(8));
	EXPECT(has(OFFERED));
	EXPECT_EQ(sampan_dhcp_get(s, 1, &info), 0);
	EXPECT_EQ(info.state, SAMPAN_DHCP_BOUND);
	EXPECT_EQ(info.prefix_bits, 24);
	EXPECT_EQ(info.valid_until, seen.at + SAMPAN_SEC(LEASE_S));
	EXPECT(sp_route_find(s, &far, &path));
	EXPECT_EQ(sp_addr_v4(&path.next_hop), ROUTER);
	EXPECT_EQ(sampan_counter(s, SAMPAN_COUNT_DHCP_LEASES), 1);
}

/* R-2131-1: not all at once; a setting says how long. */
TEST(start_waits_a_random_time)
{
	sampan_time least = SAMPAN_NEVER, most = 0;

	COVERS("R-2131-1");
	for (unsigned seed = 1; seed < 40; seed++) {
		begin_stack(seed);
		EXPECT_EQ(sampan_set(s, "net.sampan.dhcp_delay", 10000), 0);
		EXPECT_EQ(sampan_dhcp_start(s, 1), 0);
		EXPECT(wait_out(SAMPAN_SEC(11)));
		least = seen.at < least ? seen.at : least;
		most = seen.at > most ? seen.at : most;
	}
	EXPECT(least < SAMPAN_SEC(3) && most > SAMPAN_SEC(9) && most <= SAMPAN_SEC(11) + 10000000);
}

/* R-2131-2: 4, 8, 16, 32, 64, 64 seconds, each one more or less; for ever. */
TEST(silence_is_asked_ever_more_slowly)
{
	static const unsigned pauses[] = { 4, 8, 16, 32, 64, 64, 64 };
	uint32_t xid;

	COVERS("R-2131-2");
	selecting();
	xid = seen.xid;
	for (unsigned i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		const sampan_time last_at = seen.at;
		const sampan_time began_at = seen.at - SAMPAN_SEC(seen.secs);

		EXPECT(wait_out(SAMPAN_SEC(66)));
		EXPECT_EQ(seen.type, DHCP_DISCOVER);
		EXPECT_EQ(seen.xid, xid);
		EXPECT(seen.at - last_at >= SAMPAN_SEC(pauses[i] - 1));
		EXPECT(seen.at - last_at <= SAMPAN_SEC(pauses[i] + 1) + SAMPAN_MS(20));
		EXPECT(seen.at - SAMPAN_SEC(seen.secs) < began_at + SAMPAN_SEC(2));
	}
}

/* A server that offers and then is silent: after a minute all begins anew. */
TEST(silence_after_an_offer_begins_anew)
{
	const uint16_t no_secs = 0;
	unsigned requests = 1;
	uint32_t xid;

	COVERS("R-2131-2", "R-2131-6");
	requesting();
	xid = seen.xid;
	EXPECT_EQ(seen.secs, no_secs);
	while (wait_out(SAMPAN_SEC(70)) && seen.type == DHCP_REQUEST) {
		EXPECT_EQ(seen.xid, xid);
		EXPECT_EQ(seen.secs, no_secs);	/* the same as in DISCOVER */
		requests++;
	}
	EXPECT_EQ(requests, 4);
	EXPECT_EQ(seen.type, DHCP_DISCOVER);
	EXPECT(seen.xid != xid);
	EXPECT_EQ(seen.server, 0);
}

/* R-2131-3, R-2131-17, R-2131-20: what answers nothing that was asked. */
TEST(answers_to_others_are_dropped)
{
	COVERS("R-2131-3", "R-2131-17", "R-2131-20");
	selecting();
	server_says(.type = DHCP_OFFER, .xid = seen.xid + 1);
	server_says(.type = DHCP_OFFER, .mac_last = 2);
	server_says(.type = DHCP_ACK);
	server_says(.type = DHCP_NAK);
	server_says(.type = DHCP_DISCOVER);
	EXPECT_EQ(sampan_counter(s, SAMPAN_DROP_DHCP_NOT_OURS), 5);
	server_says(.type = DHCP_OFFER, .bad_csum = true);
	EXPECT_EQ(sampan_counter(s, SAMPAN_DROP_UDP_CSUM), 1);
	EXPECT_EQ(state(), SAMPAN_DHCP_SELECTING);
	server_says(.type = DHCP_OFFER);
	EXPECT(next_out());
	server_says(.type = DHCP_NAK, .server = SERVER + 1);	/* not the one that was asked */
	EXPECT_EQ(state(), SAMPAN_DHCP_REQUESTING);
	server_says(.type = DHCP_ACK);
	stays_quiet(SAMPAN_SEC(8));
	server_says(.type = DHCP_ACK, .yiaddr = OFFERED + 1);	/* forged: nothing was asked */
	server_says(.type = DHCP_NAK);
	EXPECT_EQ(state(), SAMPAN_DHCP_BOUND);
	EXPECT(has(OFFERED) && !has(OFFERED + 1));
}

/* R-2131-19. */
TEST(leases_that_cannot_be_are_refused)
{
	static const struct fx_dhcp_says wrong[] = {
		{ .yiaddr = 0x7f000001 }, { .yiaddr = 0xe0000001 }, { .yiaddr = 0xf0000001 },
		{ .yiaddr = UINT32_MAX }, { .yiaddr = 0x0a0000ff }, { .yiaddr = 0x0a000000 },
		{ .mask = 0xff00ff00 }, { .mask = 1 }, { .server = 0xe0000001 },
		{ .server = UINT32_MAX }, { .server = 0x7f000001 } };

	COVERS("R-2131-19");
	selecting();
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const struct fx_dhcp_says *w = &wrong[i];

		server_says(.type = DHCP_OFFER, .yiaddr = w->yiaddr != 0 ? w->yiaddr : OFFERED,
		    .mask = w->mask != 0 ? w->mask : 0xffffff00,
		    .server = w->server != 0 ? w->server : SERVER);
		EXPECT_EQ(sampan_counter(s, SAMPAN_DROP_DHCP_REFUSED), i + 1);
		EXPECT_EQ(state(), SAMPAN_DHCP_SELECTING);
	}
	server_says(.type = DHCP_OFFER, .yiaddr = 0);
	server_says(.type = DHCP_OFFER, .lease_s = 0);
	server_says(.type = DHCP_OFFER, .server = 0);
	EXPECT_EQ(sampan_counter(s, SAMPAN_DROP_DHCP_REFUSED),
	    sizeof(wrong) / sizeof(wrong[0]) + 3);
	server_says(.type = DHCP_OFFER, .more = (const uint8_t[]){ 12, 200, 1 }, .more_len = 3);
	EXPECT_EQ(sampan_counter(s, SAMPAN_DROP_DHCP_MALFORMED), 1);
	EXPECT(!next_out());
}

/* R-2131-10, R-2131-8: half-way the server itself is asked, at seven eighths anybody. */
TEST(lease_is_renewed_then_rebound)
{
	sampan_time leased_at;
	uint32_t xid;
	unsigned asked = 0;

	COVERS("R-2131-8", "R-2131-10");
	bound();
	leased_at = seen.at;
	xid = seen.xid;
	EXPECT(wait_out(SAMPAN_SEC(LEASE_S)));
	EXPECT_EQ(seen.type, DHCP_REQUEST);
	EXPECT_EQ(state(), SAMPAN_DHCP_RENEWING);
	EXPECT(seen.at > leased_at + SAMPAN_SEC(1600) && seen.at <= leased_at + SAMPAN_SEC(1801));
	EXPECT(seen.xid != xid);
	EXPECT_EQ(seen.src, OFFERED);
	EXPECT_EQ(seen.ciaddr, OFFERED);
	EXPECT_EQ(seen.dst, SERVER);
	EXPECT(!seen.broadcast);
	EXPECT_EQ(seen.server | seen.requested, 0);
	while (state() == SAMPAN_DHCP_RENEWING) {
		const sampan_time last_at = seen.at;

		EXPECT(wait_out(SAMPAN_SEC(LEASE_S)));
		EXPECT(seen.at - last_at >= SAMPAN_SEC(60) || state() != SAMPAN_DHCP_RENEWING);
		asked++;
	}
	EXPECT(asked >= 3 && asked <= 7);
	EXPECT_EQ(state(), SAMPAN_DHCP_REBINDING);
	EXPECT(seen.at > leased_at + SAMPAN_SEC(2900) && seen.at <= leased_at + SAMPAN_SEC(3151));
	EXPECT_EQ(seen.ciaddr, OFFERED);
	EXPECT_EQ(seen.dst, UINT32_MAX);
	EXPECT(seen.broadcast);
	EXPECT_EQ(seen.server | seen.requested, 0);
	server_says(.type = DHCP_ACK, .server = SERVER + 1);
	EXPECT_EQ(state(), SAMPAN_DHCP_BOUND);
	EXPECT(has(OFFERED));
	EXPECT(!wait_out(SAMPAN_SEC(1500)));
}

/* R-2131-11: at its end the address is not used one moment longer. */
TEST(lease_ends_without_an_answer)
{
	sampan_time end_at;
	unsigned requests = 0;

	COVERS("R-2131-11");
	bound();
	end_at = seen.at + SAMPAN_SEC(LEASE_S);
	do {
		EXPECT(has(OFFERED) && now < end_at);
		EXPECT(wait_out(SAMPAN_SEC(LEASE_S)));
		requests += seen.type == DHCP_REQUEST;
	} while (seen.type == DHCP_REQUEST);
	EXPECT(requests > 6);
	EXPECT(seen.at >= end_at && seen.at < end_at + SAMPAN_MS(30));
	EXPECT_EQ(seen.type, DHCP_DISCOVER);
	EXPECT_EQ(seen.requested, OFFERED);	/* it would like to have that again */
	EXPECT_EQ(seen.src, 0);
	EXPECT(!has(OFFERED));
	EXPECT_EQ(leased_routes(), 0);
}

/* R-2131-12; and a server that refuses for ever is not asked ever more often. */
TEST(refusal_takes_the_address_away)
{
	sampan_time last_at = 0;

	COVERS("R-2131-12");
	bound();
	EXPECT(wait_out(SAMPAN_SEC(LEASE_S)));
	server_says(.type = DHCP_NAK);
	EXPECT(!has(OFFERED));
	EXPECT_EQ(leased_routes(), 0);
	for (unsigned i = 0; i < 8; i++) {
		EXPECT(wait_out(SAMPAN_SEC(100)));
		EXPECT_EQ(seen.type, DHCP_DISCOVER);
		EXPECT_EQ(seen.requested, 0);
		EXPECT(seen.at - last_at >= SAMPAN_SEC(i < 6 ? 1u << i : 64u) || i == 0);
		last_at = seen.at;
		server_says(.type = DHCP_OFFER);
		EXPECT(next_out());
		server_says(.type = DHCP_NAK);
	}
	EXPECT_EQ(sampan_counter(s, SAMPAN_COUNT_DHCP_NAKS), 9);
}

/* R-2131-9, R-5227-4: the server hears of it, and is left alone for ten seconds; after
 * ten conflicts for a minute. */
TEST(address_of_somebody_else_is_declined)
{
	COVERS("R-2131-9", "R-5227-4");
	requesting();
	for (unsigned i = 1; i <= 11; i++) {
		sampan_time declined_at;

		server_says(.type = DHCP_ACK);
		EXPECT(!wait_out(SAMPAN_MS(1500)));
		somebody_has(OFFERED);
		EXPECT(next_out());
		EXPECT_EQ(seen.type, DHCP_DECLINE);
		EXPECT_EQ(seen.requested, OFFERED);
		EXPECT_EQ(seen.server, SERVER);
		EXPECT_EQ(seen.ciaddr, 0);
		EXPECT(seen.broadcast);
		EXPECT(!has(OFFERED));
		declined_at = now;
		EXPECT(wait_out(SAMPAN_SEC(61)));
		EXPECT_EQ(seen.type, DHCP_DISCOVER);
		EXPECT_EQ(seen.requested, 0);
		EXPECT(seen.at - declined_at >= SAMPAN_SEC(i < 10 ? 10 : 60));
		server_says(.type = DHCP_OFFER);
		EXPECT(next_out());
	}
	EXPECT_EQ(sampan_counter(s, SAMPAN_COUNT_DHCP_DECLINES), 11);
}

/* R-2131-13. */
TEST(stop_gives_the_lease_back)
{
	COVERS("R-2131-13", "R-2131-14");
	bound();
	EXPECT_EQ(sampan_dhcp_stop(s, 1), 0);
	EXPECT(next_out());
	EXPECT_EQ(seen.type, DHCP_RELEASE);
	EXPECT_EQ(seen.ciaddr, OFFERED);
	EXPECT_EQ(seen.server, SERVER);
	EXPECT_EQ(seen.requested, 0);
	EXPECT_EQ(seen.dst, SERVER);
	EXPECT_EQ(seen.src, OFFERED);
	stays_quiet(SAMPAN_SEC(1));
	EXPECT_EQ(state(), SAMPAN_DHCP_STOPPED);
	EXPECT(!has(OFFERED));
	EXPECT_EQ(leased_routes(), 0);
	stays_quiet(SAMPAN_SEC(7200));
	EXPECT_EQ(sampan_dhcp_stop(s, 1), 0);
	EXPECT_EQ(sampan_dhcp_stop(s, 2), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_dhcp_start(s, 2), SAMPAN_EINVAL);
}

/* A client that is stopped and started meanwhile holds one address, not two. */
TEST(start_while_it_stops_begins_anew)
{
	bound();
	EXPECT_EQ(sampan_dhcp_stop(s, 1), 0);
	EXPECT(next_out());
	EXPECT_EQ(sampan_dhcp_start(s, 1), 0);
	EXPECT(!has(OFFERED));
	EXPECT(wait_out(SAMPAN_SEC(2)));
	EXPECT_EQ(seen.type, DHCP_DISCOVER);
}

/* R-2131-7, R-2131-18: after the link was down the lease is asked for again, and kept if
 * nobody answers. */
TEST(lease_is_verified_when_asked_to)
{
	unsigned requests = 0;

	COVERS("R-2131-7", "R-2131-18");
	bound();
	EXPECT_EQ(sampan_dhcp_start(s, 1), 0);
	while (wait_out(SAMPAN_SEC(70))) {
		EXPECT_EQ(seen.type, DHCP_REQUEST);
		EXPECT_EQ(seen.requested, OFFERED);
		EXPECT_EQ(seen.server | seen.ciaddr, 0);
		EXPECT(seen.broadcast);
		requests++;
	}
	EXPECT_EQ(requests, 4);
	EXPECT_EQ(state(), SAMPAN_DHCP_BOUND);
	EXPECT_EQ(sampan_dhcp_start(s, 1), 0);
	EXPECT(wait_out(SAMPAN_SEC(1)));
	server_says(.type = DHCP_ACK);
	EXPECT_EQ(state(), SAMPAN_DHCP_BOUND);
	EXPECT(has(OFFERED));
	EXPECT_EQ(sampan_dhcp_start(s, 1), 0);
	EXPECT(wait_out(SAMPAN_SEC(1)));
	server_says(.type = DHCP_NAK);
	EXPECT(!has(OFFERED));
}

/* A renewal with another address: the old one ends, the new one is checked. */
TEST(renewal_may_bring_another_address)
{
	bound();
	EXPECT(wait_out(SAMPAN_SEC(LEASE_S)));
	server_says(.type = DHCP_ACK, .yiaddr = OFFERED + 1);
	EXPECT(!has(OFFERED));
	EXPECT_EQ(state(), SAMPAN_DHCP_CHECKING);
	stays_quiet(SAMPAN_SEC(8));
	EXPECT(has(OFFERED + 1));
}

/* R-2131-10, R-2131-19: for ever, and the greatest numbers: nothing overflows. */
TEST(times_at_their_limits)
{
	struct sampan_dhcp_info info;

	COVERS("R-2131-10", "R-2131-19");
	requesting();
	server_says(.type = DHCP_ACK, .lease_s = UINT32_MAX);
	stays_quiet(SAMPAN_SEC(8));
	EXPECT_EQ(sampan_dhcp_get(s, 1, &info), 0);
	EXPECT_EQ(info.valid_until, SAMPAN_NEVER);
	EXPECT_EQ(info.renew_at, SAMPAN_NEVER);
	now += SAMPAN_SEC(UINT32_MAX);
	sampan_advance(s, now);
	EXPECT(!next_out());
	requesting();
	server_says(.type = DHCP_ACK, .lease_s = UINT32_MAX - 1);
	stays_quiet(SAMPAN_SEC(8));
	EXPECT_EQ(sampan_dhcp_get(s, 1, &info), 0);
	EXPECT(info.renew_at < info.rebind_at && info.rebind_at < info.valid_until);
	EXPECT(info.renew_at > now + SAMPAN_SEC(UINT32_MAX / 2 - 1000));
	requesting();
	/* No such order. */
	server_says(.type = DHCP_ACK, .lease_s = 1000, .t1_s = 900, .t2_s = 800);
	stays_quiet(SAMPAN_SEC(8));
	EXPECT_EQ(sampan_dhcp_get(s, 1, &info), 0);
	EXPECT(info.renew_at <= now + SAMPAN_SEC(500) && info.renew_at < info.rebind_at);
}

/* A server that leases for a second is not asked more often than that. */
TEST(short_leases_make_no_storm)
{
	unsigned messages = 0;

	begin_stack(3);
	EXPECT_EQ(sampan_set(s, "net.sampan.dhcp_probes", 0), 0);
	EXPECT_EQ(sampan_dhcp_start(s, 1), 0);
	for (const sampan_time end_at = now + SAMPAN_SEC(60); now < end_at;) {
		if (!wait_out(SAMPAN_SEC(1)))
			continue;
		messages++;
		server_says(.type = seen.type == DHCP_DISCOVER ? DHCP_OFFER : DHCP_ACK,
		    .lease_s = 1);
	}
	EXPECT(messages > 20 && messages < 200);
}
