/*
 * net_dhcp_lease.c - what comes with a lease: routes, an MTU; and who may bring it.
 */
#include <sampan/names.h>

#include "lib/fx_dhcp.h"

/* R-2131-21, R-V-55: routes instead of routers; what is off the link is no gateway; and
 * not at all if they are not wanted. */
TEST(classless_routes_take_the_place_of_routers)
{
	static const uint8_t routes[] = { 121, 32, 0, 10, 0, 0, 253, 16, 192, 168, 10, 0, 0, 252,
		24, 172, 16, 1, 0, 0, 0, 0, 8, 9, 192, 0, 2, 1, 0, 0, 0, 0, 0, 33 };
	const struct sampan_addr far = sp_addr_of_v4(0x08080808),
	    near = sp_addr_of_v4(0xc0a80909), link = sp_addr_of_v4(0xac100105);
	struct sp_path path;

	COVERS("R-2131-21", "R-V-55");
	requesting();
	server_says(.type = DHCP_ACK, .more = routes, .more_len = sizeof(routes));
	EXPECT(sp_route_find(s, &far, &path));
	EXPECT_EQ(sp_addr_v4(&path.next_hop), 0x0a0000fd);
	EXPECT(sp_route_find(s, &near, &path));
	EXPECT_EQ(sp_addr_v4(&path.next_hop), 0x0a0000fc);
	EXPECT(sp_route_find(s, &link, &path));
	EXPECT(sp_addr_equal(&path.next_hop, &link));
	EXPECT_EQ(leased_routes(), 3);
	requesting();
	EXPECT_EQ(sampan_set(s, "net.sampan.dhcp_classless_routes", 0), 0);
	server_says(.type = DHCP_ACK, .more = routes, .more_len = sizeof(routes));
	EXPECT_EQ(leased_routes(), 1);
	EXPECT(sp_route_find(s, &near, &path));
	EXPECT_EQ(sp_addr_v4(&path.next_hop), ROUTER);
}

/* R-2131-19: a router that is not on the link is none; RFC 2132 §5.1: an MTU. */
TEST(routers_and_mtu_must_fit_the_link)
{
	static const struct { uint8_t high, low; unsigned mtu; } mtus[] = { { 2, 63, 1500 },
		{ 2, 64, 576 }, { 5, 220, 1500 }, { 5, 0, 1280 }, { 0x23, 0x28, 1500 } };

	COVERS("R-2131-19");
	requesting();
	server_says(.type = DHCP_ACK, .router = 0x0a000101);
	EXPECT_EQ(leased_routes(), 0);
	requesting();
	server_says(.type = DHCP_ACK, .router = OFFERED);
	EXPECT_EQ(leased_routes(), 0);
	for (unsigned i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		requesting();
		server_says(.type = DHCP_ACK, .more = (const uint8_t[]){ 26, 2, mtus[i].high,
			mtus[i].low }, .more_len = 4);
		EXPECT_EQ(sp_link_mtu(s, 1, true), mtus[i].mtu);
	}
}

/* R-2131-15: an answer of 576 octets, all of them options. */
TEST(long_answers_are_read)
{
	uint8_t more[280];

	COVERS("R-2131-15");
	memset(more, 0, sizeof(more));
	more[0] = 224;
	more[1] = 250;
	requesting();
	server_says(.type = DHCP_ACK, .more = more, .more_len = sizeof(more));
	EXPECT_EQ(state(), SAMPAN_DHCP_CHECKING);
}

/* A datagram to what is not ours yet is for the client alone, and only while it asks. */
TEST(unicast_to_no_address_of_ours_is_dropped_otherwise)
{
	COVERS("R-2131-16");
	begin_stack(1);
	server_says(.type = DHCP_OFFER);
	EXPECT_EQ(sampan_counter(s, SAMPAN_DROP_IP_DESTINATION), 1);
	bound();
	server_says(.type = DHCP_ACK, .dst = OFFERED + 5);
	EXPECT_EQ(sampan_counter(s, SAMPAN_DROP_IP_DESTINATION), 1);
}

TEST(states_have_names)
{
	EXPECT_STR(sampan_dhcp_state_name(SAMPAN_DHCP_BOUND), "bound");
	EXPECT(sampan_dhcp_state_name(SAMPAN_DHCP_STATE_COUNT) == NULL);
}

/* Name servers and domains come with a lease and go with it; R-V-15: names whose pointers
 * lead nowhere are left out. */
TEST(lease_brings_name_servers)
{
	static const uint8_t more[] = { 6, 12, 10, 0, 0, 53, 224, 0, 0, 1, 192, 0, 2, 53, 119, 17,
		3, 'o', 'n', 'e', 1, 'x', 0, 3, 't', 'w', 'o', 0xc0, 4, 1, 'z', 0xc0, 20 };
	struct sampan_sockaddr server;
	char text[SAMPAN_DOMAIN_TEXT];

	COVERS("R-V-15");
	requesting();
	server_says(.type = DHCP_ACK, .more = more, .more_len = sizeof(more));
	EXPECT_EQ(sampan_name_server_get(s, 0, &server), 0);
	EXPECT_EQ(sp_addr_v4(&server.addr), 0x0a000035);
	EXPECT_EQ(sampan_name_server_get(s, 1, &server), 0);
	EXPECT_EQ(sp_addr_v4(&server.addr), 0xc0000235);
	EXPECT_EQ(sampan_name_server_get(s, 2, &server), SAMPAN_ENOENT);
	EXPECT_EQ(sampan_search_domain_get(s, 0, text), 0);
	EXPECT_STR(text, "one.x");
	EXPECT_EQ(sampan_search_domain_get(s, 1, text), 0);
	EXPECT_STR(text, "two.x");
	EXPECT_EQ(sampan_search_domain_get(s, 2, text), SAMPAN_ENOENT);
	EXPECT_EQ(sampan_dhcp_stop(s, 1), 0);
	EXPECT_EQ(sampan_name_server_get(s, 0, &server), SAMPAN_ENOENT);
	EXPECT_EQ(sampan_search_domain_get(s, 0, text), SAMPAN_ENOENT);
	requesting();
	server_says(.type = DHCP_ACK,
	    .more = (const uint8_t[]){ 15, 5, 'a', '.', 'b', '.', 'c' }, .more_len = 7);
	EXPECT_EQ(sampan_search_domain_get(s, 0, text), 0);
	EXPECT_STR(text, "a.b.c");
}
