/*
 * tcp_cc_cubic.c - CUBIC against RFC 9438's formulas in floating point, and
 * HyStart++ step by step, RFC 9406.
 */
#include <math.h>

#include "lib/cc.h"

#define RTT SAMPAN_MS(100)

/* A window of n segments, in slow start or, after a loss there, avoiding. */
static struct cc_fx
with_window(uint32_t segs)
{
	struct cc_fx f = cc_begin(cubic);

	f.kept.cwnd_bytes = segs * CC_MSS;
	return f;
}

static struct cc_fx
after_loss(uint32_t segs)
{
	struct cc_fx f = with_window(segs);

	cc_happens(&f, TCP_CC_RECOVERY_ENTER, segs * CC_MSS);
	cc_happens(&f, TCP_CC_RECOVERY_EXIT, 0);
	return f;
}

static double
segs(const struct cc_fx *f)
{
	return (double)f->kept.cwnd_bytes / CC_MSS;
}

/* §4.6: 0.7 of what was in flight, not less than two segments. */
TEST(loss_takes_three_tenths)
{
	struct cc_fx f = with_window(100);

	COVERS("R-9438-7", "R-9438-8", "5-D17");
	cc_happens(&f, TCP_CC_RECOVERY_ENTER, 80 * CC_MSS);
	EXPECT_EQ(f.kept.ssthresh_bytes, 56 * CC_MSS);
	EXPECT_EQ(f.kept.cwnd_bytes, 56 * CC_MSS);
	f = with_window(2);
	cc_happens(&f, TCP_CC_RECOVERY_ENTER, 2 * CC_MSS);
	EXPECT_EQ(f.kept.ssthresh_bytes, 2 * CC_MSS);
	EXPECT_EQ(f.kept.cwnd_bytes, 2 * CC_MSS);
}

/* §4.2, §4.4, §4.5: the window is never far from C (t - K)^3 + W_max, before the
 * turning point and after it, where no round of growth exceeds half of it. */
TEST(window_follows_the_curve)
{
	struct cc_fx f = after_loss(2000);
	const double k = cbrt((2000 - 1400) / 0.4);
	const sampan_time begin = f.facts.now;

	COVERS("R-9438-1", "R-9438-2", "R-9438-6", "MAY-18");
	for (unsigned round = 0; round < 200; round++) {
		const double t = (double)(f.facts.now - begin) / 1e9 - k;
		const double want = 0.4 * t * t * t + 2000;

		EXPECT(segs(&f) >= want * 0.985 - 2 && segs(&f) <= want * 1.015 + 2);
		cc_round(&f, RTT);
	}
	EXPECT(segs(&f) > 2100);
}

/* §4.2: however far the curve is ahead. */
TEST(round_grows_by_half_at_most)
{
	struct cc_fx f = after_loss(2000);

	COVERS("R-9438-3");
	cc_round(&f, RTT);
	f.facts.srtt = SAMPAN_SEC(600);
	for (unsigned i = 0; i < 3; i++) {
		const uint32_t before = f.kept.cwnd_bytes;

		cc_acked(&f, .acked_bytes = before);
		EXPECT(f.kept.cwnd_bytes <= before + before / 2);
		EXPECT(f.kept.cwnd_bytes >= before + before / 2 - 10);
	}
}

/* §4.3: on a short path Reno is faster: 9/17 of a segment a round trip up to the
 * window before, one after that. */
TEST(short_path_grows_as_reno_does)
{
	struct cc_fx f = after_loss(50);
	unsigned rounds = 0;
	double before;

	COVERS("R-9438-5");
	f.facts.srtt = SAMPAN_MS(1);
	while (segs(&f) < 50 && rounds < 1000) {
		cc_round(&f, SAMPAN_MS(1));
		rounds++;
	}
	EXPECT(rounds >= 15 * 17 / 9 - 2 && rounds <= 15 * 17 / 9 + 3);
	before = segs(&f);
	for (unsigned i = 0; i < 20; i++)
		cc_round(&f, SAMPAN_MS(1));
	EXPECT(segs(&f) >= before + 18 && segs(&f) <= before + 22);
}

/* §4.2, §5.8: the application pauses, and so does the clock of the curve. */
TEST(time_without_need_does_not_count)
{
	struct cc_fx f = after_loss(1000), g = after_loss(1000);

	COVERS("R-9438-4", "R-9438-9");
	for (unsigned i = 0; i < 10; i++) {
		cc_round(&f, RTT);
		cc_round(&g, RTT);
	}
	for (unsigned i = 0; i < 100; i++) {
		const uint32_t before = g.kept.cwnd_bytes;

		g.facts.now += RTT;
		cc_acked(&g, .acked_bytes = CC_MSS, .cwnd_limited = false);
		EXPECT_EQ(g.kept.cwnd_bytes, before);
	}
	g.facts.now += SAMPAN_SEC(30);
	cc_happens(&g, TCP_CC_RESTART, 0);
	for (unsigned i = 0; i < 10; i++) {
		cc_round(&f, RTT);
		cc_round(&g, RTT);
	}
	EXPECT(segs(&g) <= segs(&f) + 3 && segs(&g) >= segs(&f) - 3);
}

/* §4.7: who loses before it is back makes room: W_max = cwnd (1 + beta) / 2. */
TEST(second_loss_converges_fast)
{
	struct cc_fx f = after_loss(1000);
	double k;

	COVERS("R-9438-11");
	cc_happens(&f, TCP_CC_RECOVERY_ENTER, 700 * CC_MSS);
	cc_happens(&f, TCP_CC_RECOVERY_EXIT, 0);
	k = cbrt((700 * 0.85 - 490) / 0.4);
	for (double t = 0; t < k - 0.1; t += 0.1)
		cc_round(&f, RTT);
	EXPECT(segs(&f) >= 595 - 6 && segs(&f) <= 595 + 6);	/* flat there */
}

/* §4.8: one segment, slow start to 0.7 of what it was, and from there a curve that
 * begins at its turning point. */
TEST(timeout_begins_anew)
{
	struct cc_fx f = after_loss(100);
	sampan_time begin;
	double t;

	COVERS("R-9438-12", "R-9438-14");
	cc_happens(&f, TCP_CC_RTO, 70 * CC_MSS);
	EXPECT_EQ(f.kept.cwnd_bytes, CC_MSS);
	EXPECT_EQ(f.kept.ssthresh_bytes, 49 * CC_MSS);
	while (segs(&f) < 49)
		cc_round(&f, RTT);
	EXPECT(segs(&f) < 50);
	begin = f.facts.now;
	while (f.facts.now < begin + SAMPAN_SEC(5))
		cc_round(&f, RTT);
	t = (double)(f.facts.now - begin) / 1e9;
	EXPECT(segs(&f) >= 49 + 0.4 * t * t * t - 3 && segs(&f) <= 49 + 0.4 * t * t * t + 3);
}

/* §4.9.1: as if nothing had been. */
TEST(reduction_for_nothing_is_undone)
{
	struct cc_fx f = after_loss(1000), g;

	COVERS("R-9438-13");
	for (unsigned i = 0; i < 20; i++)
		cc_round(&f, RTT);
	g = f;
	cc_happens(&g, TCP_CC_RTO, 700 * CC_MSS);
	cc_happens(&g, TCP_CC_UNDO, 0);
	EXPECT_EQ(g.kept.cwnd_bytes, f.kept.cwnd_bytes);
	EXPECT_EQ(g.kept.ssthresh_bytes, f.kept.ssthresh_bytes);
	for (unsigned i = 0; i < 20; i++) {
		cc_round(&f, RTT);
		cc_round(&g, RTT);
	}
	EXPECT(segs(&g) <= segs(&f) + 1 && segs(&g) >= segs(&f) - 1);
	f = after_loss(1000);			/* grown beyond: nothing to restore */
	f.kept.cwnd_bytes = 2000 * CC_MSS;
	cc_happens(&f, TCP_CC_UNDO, 0);
	EXPECT_EQ(f.kept.cwnd_bytes, 2000 * CC_MSS);
}

/* ---- HyStart++ ---- */

/* A round of n segments that each took rtt. */
static void
samples(struct cc_fx *f, unsigned n, sampan_dur rtt)
{
	for (unsigned i = 0; i < n; i++)
		cc_acked(f, .acked_bytes = CC_MSS, .rtt = rtt, .round_start = i == 0);
}

static uint32_t
growth(struct cc_fx *f, unsigned n, sampan_dur rtt)
{
	const uint32_t before = f->kept.cwnd_bytes;

	samples(f, n, rtt);
	return f->kept.cwnd_bytes - before;
}

/* §4.2: an eighth of the round trip more, within 4 and 16 ms, after eight samples. */
TEST(growing_delay_slows_slow_start)
{
	static const struct { unsigned rtt_ms, more_ms; bool slow; } rows[] = {
		{ 8, 3, false }, { 8, 4, true }, { 80, 9, false }, { 80, 10, true },
		{ 400, 15, false }, { 400, 16, true },
	};

	COVERS("R-9406-1", "R-9406-2", "R-9406-3", "R-9406-4", "5-D18");
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cc_fx f = cc_begin(cubic);
		const sampan_dur later = SAMPAN_MS(rows[i].rtt_ms + rows[i].more_ms);

		samples(&f, 10, SAMPAN_MS(rows[i].rtt_ms));
		EXPECT_EQ(growth(&f, 7, later), 7 * CC_MSS);
		EXPECT_EQ(growth(&f, 1, later), 8 * CC_MSS / 8);	/* a new round */
		EXPECT_EQ(growth(&f, 6, later) > 0, true);
		f = cc_begin(cubic);
		samples(&f, 10, SAMPAN_MS(rows[i].rtt_ms));
		samples(&f, 10, later);
		EXPECT_EQ(growth(&f, 10, later), rows[i].slow ? 10 * CC_MSS / 4 : 10 * CC_MSS);
	}
}

/* §4.2: it was jitter: back to slow start. */
TEST(less_delay_resumes_slow_start)
{
	struct cc_fx f = cc_begin(cubic);

	COVERS("R-9406-5");
	samples(&f, 10, SAMPAN_MS(80));
	samples(&f, 10, SAMPAN_MS(95));
	EXPECT_EQ(growth(&f, 10, SAMPAN_MS(95)), 10 * CC_MSS / 4);
	samples(&f, 10, SAMPAN_MS(85));
	EXPECT_EQ(growth(&f, 10, SAMPAN_MS(85)), 10 * CC_MSS);
}

/* §4.2: five rounds of it end slow start, and the curve begins there. */
TEST(five_slow_rounds_end_slow_start)
{
	struct cc_fx f = cc_begin(cubic);

	COVERS("R-9406-6", "R-9438-15");
	samples(&f, 10, SAMPAN_MS(80));
	for (unsigned i = 0; i < 5; i++) {
		samples(&f, 10, SAMPAN_MS(95));
		EXPECT_EQ(f.kept.ssthresh_bytes, TCP_SSTHRESH_INFINITE);
	}
	samples(&f, 1, SAMPAN_MS(95));
	EXPECT(f.kept.ssthresh_bytes <= f.kept.cwnd_bytes);
	EXPECT(growth(&f, 10, SAMPAN_MS(95)) < CC_MSS);
}

/* §4.2: a loss ends it as usual; §4.3: later slow starts are plain. */
TEST(only_the_first_slow_start_watches_the_delay)
{
	struct cc_fx f = cc_begin(cubic);

	COVERS("R-9406-7", "R-9406-9", "R-9438-14");
	samples(&f, 10, SAMPAN_MS(80));
	samples(&f, 10, SAMPAN_MS(95));
	cc_happens(&f, TCP_CC_RECOVERY_ENTER, 20 * CC_MSS);
	EXPECT_EQ(f.kept.ssthresh_bytes, 14 * CC_MSS);
	cc_happens(&f, TCP_CC_RTO, 1000 * CC_MSS);
	samples(&f, 10, SAMPAN_MS(80));
	samples(&f, 10, SAMPAN_MS(95));
	EXPECT_EQ(growth(&f, 10, SAMPAN_MS(95)), 10 * CC_MSS);
}

TEST(idle_restart_and_recovery_let_nothing_grow)
{
	struct cc_fx f = with_window(50);

	COVERS("R-5681-18");
	cc_acked(&f, .acked_bytes = 5000, .in_recovery = true);
	EXPECT_EQ(f.kept.cwnd_bytes, 50 * CC_MSS);
	cc_happens(&f, TCP_CC_IDLE_RESTART, 0);
	EXPECT_EQ(f.kept.cwnd_bytes, 10 * CC_MSS);
}

/* Whatever it is told, the window is one that sequence numbers can hold. */
TEST(absurd_facts_stay_bounded)
{
	struct cc_fx f = after_loss(100);

	COVERS("R-V-53");
	for (unsigned i = 0; i < 2000; i++) {
		f.facts.now += SAMPAN_SEC(i * i);
		f.facts.srtt = SAMPAN_SEC(i % 3 == 0 ? 100000 : 0);
		cc_acked(&f, .acked_bytes = i % 2 == 0 ? INT32_MAX : 1, .round_start = i % 5 == 0);
		if (i % 701 == 700)
			cc_happens(&f, TCP_CC_RECOVERY_ENTER, INT32_MAX);
		EXPECT(f.kept.cwnd_bytes >= CC_MSS && f.kept.cwnd_bytes <= INT32_MAX);
	}
}
