/*
 * net_ll4.c - IPv4 link-local addresses: RFC 3927.
 */
#include "lib/fx_dhcp.h"

#include "net/ll4.h"

/* The link-local address there is; 0: none that is used. */
static uint32_t
chosen(void)
{
	for (unsigned i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++)
		if (sp_ll4_chose(&s->addr[i]) && sp_addr_usable(&s->addr[i]))
			return sp_addr_v4(&s->addr[i].addr);
	return 0;
}

/* The one that is being checked. */
static uint32_t
candidate(void)
{
	for (unsigned i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++)
		if (sp_ll4_chose(&s->addr[i]))
			return sp_addr_v4(&s->addr[i].addr);
	return 0;
}

static void
always(uint64_t seed)
{
	begin_stack(seed);
	EXPECT_EQ(sampan_link_local(s, 1, SAMPAN_LINK_LOCAL_ALWAYS), 0);
	stays_quiet(SAMPAN_MS(100));
}

/* R-3927-1: within 169.254.1.0 and 169.254.254.255, the same each time. */
TEST(address_is_chosen_within_its_range)
{
	COVERS("R-3927-1");
	for (uint64_t seed = 1; seed < 50; seed++) {
		uint32_t first;

		always(seed);
		first = candidate();
		EXPECT(first >= 0xa9fe0100 && first <= 0xa9fefeff);
		always(seed);
		EXPECT_EQ(candidate(), first);
		EXPECT_EQ(chosen(), 0);		/* not before it has been asked for */
	}
	stays_quiet(SAMPAN_SEC(8));
	EXPECT_EQ(chosen(), candidate());
}

/* R-5227-4: another one after each conflict; after ten of them once a minute. */
TEST(conflicts_choose_another_ever_more_slowly)
{
	uint32_t last = 0;

	COVERS("R-3927-1", "R-5227-4");
	always(1);
	for (unsigned i = 0; i < 9; i++) {
		EXPECT(candidate() != 0 && candidate() != last);
		last = candidate();
		somebody_has(last);
		stays_quiet(SAMPAN_MS(100));
	}
	somebody_has(candidate());
	stays_quiet(SAMPAN_SEC(59));
	EXPECT_EQ(candidate(), 0);
	stays_quiet(SAMPAN_SEC(2));
	EXPECT(candidate() != 0);
	stays_quiet(SAMPAN_SEC(8));
	EXPECT(chosen() != 0);
}

/* RFC 3927 §2.5 (b): defended once; whoever insists gets it. */
TEST(address_is_defended_once)
{
	uint32_t had;

	COVERS("R-3927-1", "R-5227-6");
	always(1);
	stays_quiet(SAMPAN_SEC(12));
	had = chosen();
	somebody_has(had);
	EXPECT_EQ(chosen(), had);
	stays_quiet(SAMPAN_SEC(11));
	somebody_has(had);
	EXPECT_EQ(chosen(), had);
	stays_quiet(SAMPAN_SEC(1));
	somebody_has(had);
	EXPECT_EQ(chosen(), 0);
	stays_quiet(SAMPAN_SEC(9));
	EXPECT(chosen() != 0 && chosen() != had);
}

/* R-3927-1: directly, and never through a router. */
TEST(link_local_addresses_meet_no_router)
{
	const struct sampan_addr near = sp_addr_of_v4(0xa9fe0505), far = sp_addr_of_v4(0x08080808),
	    gateway = sp_addr_of_v4(0x0a0000fe), any = sp_addr_of_v4(0),
	    own = sp_addr_of_v4(0x0a000005);
	struct sampan_addr src;
	struct sp_path path;

	COVERS("R-3927-1");
	always(1);
	stays_quiet(SAMPAN_SEC(8));
	EXPECT_EQ(sampan_route_add(s, 1, &any, 0, &gateway), 0);
	EXPECT(!sp_source_find(s, &far, &src));		/* nothing but a link-local one */
	EXPECT(sp_source_find(s, &near, &src));
	EXPECT_EQ(sp_addr_v4(&src), chosen());
	EXPECT_EQ(sampan_addr_add(s, 1, &own, 24), 0);
	EXPECT(sp_source_find(s, &far, &src));
	EXPECT_EQ(sp_addr_v4(&src), 0x0a000005);
	EXPECT_EQ(sampan_link_local(s, 1, SAMPAN_LINK_LOCAL_OFF), 0);
	stays_quiet(SAMPAN_MS(100));
	EXPECT_EQ(candidate(), 0);
	EXPECT(sp_route_find(s, &near, &path));
	EXPECT(sp_addr_equal(&path.next_hop, &near));	/* not the router */
}

/* Only while no DHCP server answers: RFC 3927 §1.9. */
TEST(fall_back_ends_with_a_lease)
{
	COVERS("R-3927-1");
	begin_stack(1);
	EXPECT_EQ(sampan_link_local(s, 1, SAMPAN_LINK_LOCAL_FALLBACK), 0);
	EXPECT_EQ(sampan_dhcp_start(s, 1), 0);
	EXPECT(wait_out(SAMPAN_SEC(2)));
	EXPECT(wait_out(SAMPAN_SEC(10)));
	EXPECT_EQ(candidate(), 0);
	EXPECT(wait_out(SAMPAN_SEC(10)));		/* the third DISCOVER */
	stays_quiet(SAMPAN_SEC(9));
	EXPECT(chosen() != 0);
	EXPECT(wait_out(SAMPAN_SEC(20)));
	server_says(.type = DHCP_OFFER);
	EXPECT(next_out());
	server_says(.type = DHCP_ACK);
	EXPECT(chosen() != 0);
	stays_quiet(SAMPAN_SEC(8));
	EXPECT(has(OFFERED));
	EXPECT_EQ(candidate(), 0);
	EXPECT_EQ(sampan_link_local(s, 2, SAMPAN_LINK_LOCAL_ALWAYS), SAMPAN_EINVAL);
}
