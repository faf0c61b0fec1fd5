/*
 * net_acd.c - IPv4 addresses and who else has them: RFC 5227.
 */
#include <sampan/address.h>

#include "lib/fx.h"
#include "wire/arp.h"
#include "wire/bytes.h"
#include "wire/eth.h"

#define NEW_V4 0x0a000007u

static struct arp_pkt seen;

/* The next frame out is ARP, in `seen`; false: nothing leaves. */
static bool
next_arp(struct fx *f)
{
	static uint8_t out[FRAME_MAX];
	struct sampan_frame fr;

	if (sampan_output(f->s, f->link, &fr, 1, f->now) != 1)
		return false;
	(void)frame_flatten(&fr, out);
	sampan_sent(f->s, &fr, 1);
	EXPECT(arp_parse(&seen, out + ETH_HDR_LEN, ARP_LEN));
	EXPECT(eth_is_broadcast(out));
	return true;
}

static void
pass(struct fx *f, sampan_dur dur)
{
	f->now += dur;
	sampan_advance(f->s, f->now);
}

static enum sampan_addr_state
state_of_new(struct fx *f)
{
	struct sampan_addr_info info;

	EXPECT_EQ(sampan_addr_get(f->s, 1, &info), 0);
	return info.state;
}

static struct fx
probing(void)
{
	const struct sampan_addr addr = sampan_addr_v4(10, 0, 0, 7);
	struct fx f = fx_listen();

	EXPECT_EQ(sampan_set(f.s, "net.ipv4.acd_probes", 3), 0);
	EXPECT_EQ(sampan_addr_add(f.s, f.link, &addr, 24), 0);
	return f;
}

static void
other_sends(struct fx *f, uint16_t op, uint32_t spa, uint32_t tpa)
{
	const struct arp_pkt arp = { .op = op, .sha = { 2, 0, 0, 0, 0, 9 }, .spa = spa,
		.tpa = tpa };
	const struct eth_hdr eth = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, { 2, 0, 0, 0, 0, 9 },
		ETH_TYPE_ARP };
	uint8_t p[ETH_HDR_LEN + ARP_LEN];

	eth_emit(p, &eth);
	arp_emit(p + ETH_HDR_LEN, &arp);
	fx_input(f, p, sizeof(p));
}

/* R-5227-1, R-5227-2, R-5227-5: three probes, silence, two announcements, no more. */
TEST(address_is_probed_and_announced)
{
	struct fx f = probing();
	unsigned probes = 0, announcements = 0;

	COVERS("R-5227-1", "R-5227-2", "R-5227-5", "R-5227-9", "R-5227-10");
	for (unsigned ms = 0; ms < 20000; ms += 100) {
		pass(&f, SAMPAN_MS(100));
		while (next_arp(&f)) {
			EXPECT_EQ(seen.tpa, NEW_V4);
			EXPECT_EQ(seen.tha[0] | seen.tha[5], 0);
			probes += seen.spa == 0;
			announcements += seen.spa == NEW_V4;
			EXPECT_EQ(state_of_new(&f), seen.spa == 0 ? SAMPAN_ADDR_TENTATIVE :
								    SAMPAN_ADDR_PREFERRED);
		}
	}
	EXPECT_EQ(probes, 3);
	EXPECT_EQ(announcements, 2);
	pass(&f, SAMPAN_SEC(3600));
	EXPECT(!next_arp(&f));
}

/* R-5227-3: who has it, answers for it, or probes for it too. */
TEST(address_of_another_is_not_taken)
{
	static const struct { uint16_t op; uint32_t spa, tpa; } says[] = {
		{ ARP_REPLY, NEW_V4, 0 }, { ARP_REQUEST, NEW_V4, FX_PEER_V4 },
		{ ARP_REQUEST, 0, NEW_V4 } };

	COVERS("R-5227-3");
	for (unsigned i = 0; i < 3; i++) {
		struct fx f = probing();

		pass(&f, SAMPAN_MS(1100));
		other_sends(&f, says[i].op, says[i].spa, says[i].tpa);
		pass(&f, SAMPAN_SEC(10));
		EXPECT_EQ(state_of_new(&f), SAMPAN_ADDR_DUPLICATE);
	}
}

/* R-5227-6, R-5227-8: in use it is defended, once in ten seconds, and answered for. */
TEST(address_in_use_is_defended)
{
	struct fx f = fx_listen();
	unsigned defences = 0;

	COVERS("R-5227-6", "R-5227-7", "R-5227-8");
	for (unsigned i = 0; i < 25; i++) {
		other_sends(&f, ARP_REPLY, FX_LOCAL_V4, FX_PEER_V4);
		while (next_arp(&f))
			defences += seen.spa == FX_LOCAL_V4 && seen.tpa == FX_LOCAL_V4;
		pass(&f, SAMPAN_SEC(1));
	}
	EXPECT_EQ(defences, 3);
}
