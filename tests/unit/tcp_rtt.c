/*
 * tcp_rtt.c - the estimate against the arithmetic of RFC 6298 §2, in floating
 * point.
 */
#include "lib/fx.h"
#include "tcp/tcp_rtt.h"
#include "unit/base_util.h"

/* A stack, for its settings. */
static const struct sampan *
stack(void)
{
	const struct fx f = fx_listen();

	return f.s;
}

struct model {
	double srtt, rttvar;
	bool any;
};

/* §2.2, §2.3: RTTVAR first, with the old SRTT. */
static void
model_sample(struct model *m, double r)
{
	if (m->any) {
		m->rttvar = 0.75 * m->rttvar + 0.25 * (m->srtt > r ? m->srtt - r : r - m->srtt);
		m->srtt = 0.875 * m->srtt + 0.125 * r;
	} else {
		m->srtt = r;
		m->rttvar = r / 2;
	}
	m->any = true;
}

static double
model_rto(const struct model *m)
{
	/* 5-D3: the floor of 200 ms is the variance's, as in Linux. */
	const double rto = m->srtt + (4 * m->rttvar > 200e3 ? 4 * m->rttvar : 200e3);

	return rto > 120e6 ? 120e6 : rto;
}

static bool
close_to(double got, double want)
{
	return got >= want * 0.999 - 20 && got <= want * 1.001 + 20;
}

TEST(rtt_follows_the_arithmetic)
{
	const struct sampan *s = stack();

	COVERS("R-6298-2", "R-6298-3", "MUST-18");
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct sp_rng rng = base_rng(seed);
		const uint32_t scale = 1u << sp_rng_below(&rng, 24);
		struct model m = { 0 };
		struct tcp_rtt rtt = { 0 };

		for (unsigned i = 0; i < 500; i++) {
			const uint32_t us = 1 + sp_rng_below(&rng, scale);

			sp_tcp_rtt_sample(&rtt, SAMPAN_US(us));
			model_sample(&m, us);
			EXPECT(close_to((double)sp_tcp_rtt_srtt(&rtt) / 1e3, m.srtt));
			EXPECT(close_to((double)sp_tcp_rtt_rto(s, &rtt, 0) / 1e3, model_rto(&m)));
		}
	}
}

/* §2.1. */
TEST(rtt_without_a_sample_is_one_second)
{
	const struct tcp_rtt rtt = { 0 };

	COVERS("R-6298-1");
	EXPECT_EQ(sp_tcp_rtt_rto(stack(), &rtt, 0), SAMPAN_SEC(1));
	EXPECT_EQ(sp_tcp_rtt_srtt(&rtt), 0);
}

/* §5.7: three seconds, until there is one. */
TEST(rtt_after_a_lost_syn_is_three_seconds)
{
	struct tcp_rtt rtt = { 0 };

	COVERS("R-6298-12");
	sp_tcp_rtt_begin_slowly(&rtt);
	EXPECT_EQ(sp_tcp_rtt_rto(stack(), &rtt, 0), SAMPAN_SEC(3));
	sp_tcp_rtt_sample(&rtt, SAMPAN_MS(100));
	EXPECT_EQ(sp_tcp_rtt_rto(stack(), &rtt, 0), SAMPAN_MS(300));
	sp_tcp_rtt_begin_slowly(&rtt);		/* a sample says better */
	EXPECT_EQ(sp_tcp_rtt_rto(stack(), &rtt, 0), SAMPAN_MS(300));
}

/* §5.5, §2.4, §2.5. */
TEST(rtt_backoff_doubles_within_bounds)
{
	const struct sampan *s = stack();
	struct tcp_rtt rtt = { 0 };

	COVERS("R-6298-4", "R-6298-5", "R-6298-11");
	sp_tcp_rtt_sample(&rtt, SAMPAN_MS(100));
	EXPECT_EQ(sp_tcp_rtt_rto(s, &rtt, 1), SAMPAN_MS(600));
	EXPECT_EQ(sp_tcp_rtt_rto(s, &rtt, 5), SAMPAN_MS(9600));
	EXPECT_EQ(sp_tcp_rtt_rto(s, &rtt, 9), SAMPAN_SEC(120));
	EXPECT_EQ(sp_tcp_rtt_rto(s, &rtt, 255), SAMPAN_SEC(120));
	rtt = (struct tcp_rtt){ 0 };
	sp_tcp_rtt_sample(&rtt, 0);
	EXPECT_EQ(sp_tcp_rtt_rto(s, &rtt, 0), SAMPAN_MS(200) + SAMPAN_US(1));
	EXPECT_EQ(sp_tcp_rtt_rto(s, &rtt, 1), SAMPAN_MS(400) + SAMPAN_US(2));
}

/* §2.3: a constant round trip leaves G, which the floor covers (5-D3). */
TEST(rtt_constant_leaves_the_granularity)
{
	struct tcp_rtt rtt = { 0 };

	COVERS("R-6298-8");
	for (unsigned i = 0; i < 200; i++)
		sp_tcp_rtt_sample(&rtt, SAMPAN_SEC(2));
	EXPECT(sp_tcp_rtt_rto(stack(), &rtt, 0) >= SAMPAN_SEC(2) + 1);
	EXPECT(sp_tcp_rtt_rto(stack(), &rtt, 0) <= SAMPAN_SEC(2) + SAMPAN_MS(200));
}

TEST(rtt_absurd_samples_stay_bounded)
{
	struct tcp_rtt rtt = { 0 };

	for (unsigned i = 0; i < 100; i++) {
		sp_tcp_rtt_sample(&rtt, i % 2 == 0 ? UINT64_MAX : 0);
		EXPECT(sp_tcp_rtt_srtt(&rtt) <= SAMPAN_SEC(60));
		EXPECT(sp_tcp_rtt_rto(stack(), &rtt, 0) <= SAMPAN_SEC(120));
	}
}
