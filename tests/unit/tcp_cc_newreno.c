/*
 * tcp_cc_newreno.c - the control by itself: facts in, window out.  RFC 5681
 * §3.1, RFC 6928 §2.
 */
#include "lib/test.h"
#include "tcp/tcp_cc.h"

#define MSS 1000u

static const struct tcp_cc_facts facts = { .mss_bytes = MSS, .restart_bytes = 10 * MSS };

/* What a control works on. */
static struct tcp_cc *
on(struct tcp_cc_state *kept)
{
	static uint64_t mem[TCP_CC_MEM_MAX / sizeof(uint64_t)];
	static struct tcp_cc_pace pace;
	static struct tcp_cc cc = { .pace = &pace, .mem = mem };

	cc.kept = kept;
	return &cc;
}

static struct tcp_cc_state
begin(void)
{
	struct tcp_cc_state cc = { 0 };

	tcp_cc_newreno.init(on(&cc), &facts);
	return cc;
}

static void
acked(struct tcp_cc_state *cc, uint32_t bytes, bool limited)
{
	const struct tcp_cc_ack ack = { .at = facts, .acked_bytes = bytes,
		.cwnd_limited = limited };

	tcp_cc_newreno.ack(on(cc), &ack);
}

static void
happens(struct tcp_cc_state *cc, enum tcp_cc_event event, uint32_t flight)
{
	const struct tcp_cc_facts f = { .mss_bytes = MSS, .in_flight_bytes = flight,
		.restart_bytes = 10 * MSS };

	tcp_cc_newreno.event(on(cc), event, &f);
}

TEST(initial_window_follows_rfc_6928)
{
	COVERS("R-6928-1");
	EXPECT_EQ(tcp_cc_initial_window(1460), 14600);
	EXPECT_EQ(tcp_cc_initial_window(536), 5360);
	EXPECT_EQ(tcp_cc_initial_window(1461), 14600);
	EXPECT_EQ(tcp_cc_initial_window(7300), 14600);
	EXPECT_EQ(tcp_cc_initial_window(7301), 14602);
	EXPECT_EQ(tcp_cc_initial_window(65535), 131070);
}

TEST(slow_start_grows_by_what_was_acknowledged)
{
	struct tcp_cc_state cc = begin();

	COVERS("R-5681-6", "R-5681-5");
	acked(&cc, 1000, true);
	EXPECT_EQ(cc.cwnd_bytes, 11000);
	acked(&cc, 1, true);
	EXPECT_EQ(cc.cwnd_bytes, 11001);
	acked(&cc, 1000, false);		/* it was not the limit */
	EXPECT_EQ(cc.cwnd_bytes, 11001);
}

TEST(avoidance_adds_a_segment_for_each_window)
{
	struct tcp_cc_state cc = begin();

	COVERS("R-5681-7");
	happens(&cc, TCP_CC_RECOVERY_ENTER, 20000);
	happens(&cc, TCP_CC_RECOVERY_EXIT, 10000);
	EXPECT_EQ(cc.cwnd_bytes, 10000);
	for (unsigned i = 0; i < 9; i++)
		acked(&cc, 1000, true);
	EXPECT_EQ(cc.cwnd_bytes, 10000);
	acked(&cc, 1000, true);
	EXPECT_EQ(cc.cwnd_bytes, 11000);
	for (unsigned i = 0; i < 11000; i++)	/* byte by byte gains nothing */
		acked(&cc, 1, true);
	EXPECT_EQ(cc.cwnd_bytes, 12000);
}

TEST(loss_halves_the_flight_but_leaves_two_segments)
{
	struct tcp_cc_state cc = begin();

	COVERS("R-5681-8", "R-5681-17");
	happens(&cc, TCP_CC_RECOVERY_ENTER, 30000);
	EXPECT_EQ(cc.ssthresh_bytes, 15000);
	happens(&cc, TCP_CC_RECOVERY_ENTER, 1000);
	EXPECT_EQ(cc.ssthresh_bytes, 2000);
	happens(&cc, TCP_CC_RECOVERY_ENTER, 0);
	EXPECT_EQ(cc.ssthresh_bytes, 2000);
}

TEST(timeout_leaves_one_segment)
{
	struct tcp_cc_state cc = begin();

	COVERS("R-5681-8", "R-5681-10");
	happens(&cc, TCP_CC_RTO, 30000);
	EXPECT_EQ(cc.ssthresh_bytes, 15000);
	EXPECT_EQ(cc.cwnd_bytes, 1000);
	for (unsigned i = 0; i < 14; i++)
		acked(&cc, 1000, true);
	EXPECT_EQ(cc.cwnd_bytes, 15000);
	acked(&cc, 1000, true);			/* slow start has ended */
	EXPECT_EQ(cc.cwnd_bytes, 15000);
}

TEST(idle_restart_never_raises)
{
	struct tcp_cc_state cc = begin();

	COVERS("R-5681-18", "R-6928-2");
	cc.cwnd_bytes = 50000;
	happens(&cc, TCP_CC_IDLE_RESTART, 0);
	EXPECT_EQ(cc.cwnd_bytes, 10000);
	cc.cwnd_bytes = 3000;
	happens(&cc, TCP_CC_IDLE_RESTART, 0);
	EXPECT_EQ(cc.cwnd_bytes, 3000);
}

/* In 31 bits for ever. */
TEST(growth_does_not_wrap)
{
	struct tcp_cc_state cc = begin();

	COVERS("R-V-53");
	for (unsigned i = 0; i < 10; i++)
		acked(&cc, 0x7fffffff, true);
	EXPECT_EQ(cc.cwnd_bytes, INT32_MAX);
}

TEST(recovery_lets_nothing_grow)
{
	struct tcp_cc_state cc = begin();
	const struct tcp_cc_ack ack = { .at = facts, .acked_bytes = 5000, .cwnd_limited = true,
		.in_recovery = true };

	tcp_cc_newreno.ack(on(&cc), &ack);
	EXPECT_EQ(cc.cwnd_bytes, 10000);
}
