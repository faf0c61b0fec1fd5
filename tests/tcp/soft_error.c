/*
 * soft_error.c - what the application hears of errors that end nothing, and whom
 * an error reaches.  RFC 9293 §3.9.1.8, §3.9.2.2; RFC 5461.
 */
#include "lib/fx_icmp.h"

/* An unreachable of this code; it quotes so many octets of a segment from `port`
 * that begins at SND.UNA. */
static void
unreachable(struct fx *f, uint8_t code, uint16_t port, unsigned octets)
{
	error_sends(f, .type = 3, .code = code, .port = port, .quoted = octets);
}

/* MUST-47: the application can ask, once for each; and is not told otherwise
 * (SHLD-20). */
TEST_TWICE(established_soft_error_is_reported_to_who_asks)
{
	struct fx f = fx_outstanding();

	COVERS("MUST-47", "SHLD-20", "SHLD-25");
	EXPECT_EQ(fx_error_of(&f), 0);
	unreachable(&f, 1, FX_LOCAL_PORT, 8);
	expect_event(&f, 0);
	expect_state(&f, TCP_ESTABLISHED);
	EXPECT_EQ(fx_error_of(&f), SAMPAN_EHOSTUNREACH);
	EXPECT_EQ(fx_error_of(&f), 0);
	unreachable(&f, 0, FX_LOCAL_PORT, 8);
	EXPECT_EQ(fx_error_of(&f), SAMPAN_ENETUNREACH);
}

/* SHLD-9: after three time-outs who asks learns that the peer does not answer,
 * long before the connection is given up. */
TEST_TWICE(established_silence_is_reported_at_r1)
{
	struct fx f = fx_outstanding();

	COVERS("SHLD-9");
	for (unsigned i = 0; i < 2; i++) {
		fx_wait(&f, SAMPAN_SEC(10));
		fx_drop(&f);
	}
	EXPECT_EQ(fx_error_of(&f), 0);
	fx_wait(&f, SAMPAN_SEC(10));
	fx_drop(&f);
	fx_wait(&f, SAMPAN_SEC(10));
	fx_drop(&f);
	EXPECT_EQ(fx_error_of(&f), SAMPAN_ETIMEDOUT);
	expect_state(&f, TCP_ESTABLISHED);
}

/* What was wrong is over when the peer acknowledges. */
TEST_TWICE(established_soft_error_is_forgotten_with_progress)
{
	struct fx f = fx_outstanding();

	COVERS("MUST-47");
	unreachable(&f, 1, FX_LOCAL_PORT, 8);
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_error_of(&f), 0);
}

/* MUST-54: only the connection that is quoted hears of it, and it does. */
TEST_TWICE(syn_sent_error_for_a_neighbour_changes_nothing)
{
	struct fx f = fx_syn_sent();

	COVERS("MUST-54", "R-5927-8");
	unreachable(&f, 3, FX_LOCAL_PORT + 1, 8);
	expect_state(&f, TCP_SYN_SENT);
	EXPECT_EQ(fx_error_of(&f), 0);
	unreachable(&f, 3, FX_LOCAL_PORT, 8);
	expect_state(&f, TCP_CLOSED);
	EXPECT_EQ(fx_read(&f, 1), SAMPAN_ECONNREFUSED);
}

/* R-5927-6: eight octets of TCP are the least. */
TEST_TWICE(syn_sent_error_with_short_quote_is_dropped)
{
	struct fx f = fx_syn_sent();

	COVERS("R-5927-6", "R-ICMP-18");
	unreachable(&f, 3, FX_LOCAL_PORT, 7);
	expect_state(&f, TCP_SYN_SENT);
	expect_count(&f, DROP_ICMP_MALFORMED, 1);
}
