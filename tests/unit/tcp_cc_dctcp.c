/*
 * tcp_cc_dctcp.c - DCTCP by itself: RFC 8257 §3.3.
 */
#include "lib/cc.h"

#define ALPHA_ONE (1u << 20)

static uint32_t
alpha(const struct cc_fx *f)
{
	return f->kept.words[1];
}

/* A window in twenty acknowledgements, of which so many bring marks. */
static void
window(struct cc_fx *f, unsigned marked)
{
	for (unsigned i = 0; i < 20; i++)
		cc_acked(f, .acked_bytes = CC_MSS, .ecn_ce_bytes = i < marked ? CC_MSS : 0,
		    .round_start = i == 19, .in_recovery = true);
}

TEST(dctcp_begins_with_caution)
{
	struct cc_fx f = cc_begin(dctcp);

	EXPECT_EQ(alpha(&f), ALPHA_ONE);
	EXPECT_EQ(f.kept.cwnd_bytes, 10 * CC_MSS);
}

/* alpha = 15/16 alpha + 1/16 M. */
TEST(dctcp_alpha_follows_the_share_of_marks)
{
	struct cc_fx f = cc_begin(dctcp);

	window(&f, 0);
	EXPECT_EQ(alpha(&f), ALPHA_ONE / 16 * 15);
	for (unsigned i = 0; i < 200; i++)
		window(&f, 5);
	EXPECT(alpha(&f) > ALPHA_ONE * 24 / 100 && alpha(&f) < ALPHA_ONE * 26 / 100);
	for (unsigned i = 0; i < 400; i++)
		window(&f, 0);
	EXPECT_EQ(alpha(&f), 0);
	for (unsigned i = 0; i < 400; i++)
		window(&f, 20);
	EXPECT(alpha(&f) > ALPHA_ONE * 99 / 100 && alpha(&f) <= ALPHA_ONE);
}

/* By half of alpha: all is marked, half is left; little is, little is taken. */
TEST(dctcp_reduces_by_alpha)
{
	struct cc_fx f = cc_begin(dctcp);

	f.kept.cwnd_bytes = 100 * CC_MSS;
	cc_happens(&f, TCP_CC_ECN, 100 * CC_MSS);
	EXPECT_EQ(f.kept.cwnd_bytes, 50 * CC_MSS);
	for (unsigned i = 0; i < 200; i++)
		window(&f, 2);
	f.kept.cwnd_bytes = 100 * CC_MSS;
	cc_happens(&f, TCP_CC_ECN, 100 * CC_MSS);
	EXPECT(f.kept.cwnd_bytes > 94 * CC_MSS && f.kept.cwnd_bytes < 96 * CC_MSS);
	f.kept.words[1] = ALPHA_ONE;
	f.kept.cwnd_bytes = 3 * CC_MSS;
	cc_happens(&f, TCP_CC_ECN, 3 * CC_MSS);
	EXPECT_EQ(f.kept.cwnd_bytes, 2 * CC_MSS);
}

/* §3.5: a loss is answered as ever. */
TEST(dctcp_halves_for_a_loss)
{
	struct cc_fx f = cc_begin(dctcp);

	for (unsigned i = 0; i < 200; i++)
		window(&f, 1);
	f.kept.cwnd_bytes = 100 * CC_MSS;
	cc_happens(&f, TCP_CC_RECOVERY_ENTER, 100 * CC_MSS);
	EXPECT_EQ(f.kept.cwnd_bytes, 50 * CC_MSS);
	cc_happens(&f, TCP_CC_UNDO, 0);
	EXPECT_EQ(f.kept.cwnd_bytes, 100 * CC_MSS);
}
