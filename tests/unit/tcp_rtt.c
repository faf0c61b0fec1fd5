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

			sp_tcp_rtt_sample(&rtt, SAMPAN_US(us), 1);
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
	sp_tcp_rtt_sample(&rtt, SAMPAN_MS(100), 1);
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
	sp_tcp_rtt_sample(&rtt, SAMPAN_MS(100), 1);
	EXPECT_EQ(sp_tcp_rtt_rto(s, &rtt, 1), SAMPAN_MS(600));
	EXPECT_EQ(sp_tcp_rtt_rto(s, &rtt, 5), SAMPAN_MS(9600));
	EXPECT_EQ(sp_tcp_rtt_rto(s, &rtt, 9), SAMPAN_SEC(120));
	EXPECT_EQ(sp_tcp_rtt_rto(s, &rtt, 255), SAMPAN_SEC(120));
	rtt = (struct tcp_rtt){ 0 };
	sp_tcp_rtt_sample(&rtt, 0, 1);
	EXPECT_EQ(sp_tcp_rtt_rto(s, &rtt, 0), SAMPAN_MS(200) + SAMPAN_US(1));
	EXPECT_EQ(sp_tcp_rtt_rto(s, &rtt, 1), SAMPAN_MS(400) + SAMPAN_US(2));
}

/* §2.3: a constant round trip leaves G, which the floor covers (5-D3). */
TEST(rtt_constant_leaves_the_granularity)
{
	struct tcp_rtt rtt = { 0 };

	COVERS("R-6298-8");
	for (unsigned i = 0; i < 200; i++)
		sp_tcp_rtt_sample(&rtt, SAMPAN_SEC(2), 1);
	EXPECT(sp_tcp_rtt_rto(stack(), &rtt, 0) >= SAMPAN_SEC(2) + 1);
	EXPECT(sp_tcp_rtt_rto(stack(), &rtt, 0) <= SAMPAN_SEC(2) + SAMPAN_MS(200));
}

TEST(rtt_absurd_samples_stay_bounded)
{
	struct tcp_rtt rtt = { 0 };

	for (unsigned i = 0; i < 100; i++) {
		sp_tcp_rtt_sample(&rtt, i % 2 == 0 ? UINT64_MAX : 0, 1);
		EXPECT(sp_tcp_rtt_srtt(&rtt) <= SAMPAN_SEC(60));
		EXPECT(sp_tcp_rtt_rto(stack(), &rtt, 0) <= SAMPAN_SEC(120));
	}
}

/* RFC 7323 §4.2: however many samples a round trip gives, after a few round trips
 * the estimate is about the same. */
TEST(rtt_many_samples_a_round_trip_remember_as_much)
{
	struct tcp_rtt one = { 0 }, many = { 0 };

	COVERS("R-7323-14");
	sp_tcp_rtt_sample(&one, SAMPAN_MS(100), 1);
	sp_tcp_rtt_sample(&many, SAMPAN_MS(100), 1);
	for (unsigned round = 0; round < 4; round++) {
		sp_tcp_rtt_sample(&one, SAMPAN_MS(200), 1);
		for (unsigned i = 0; i < 32; i++)
			sp_tcp_rtt_sample(&many, SAMPAN_MS(200), 32);
		EXPECT(sp_tcp_rtt_srtt(&many) <= sp_tcp_rtt_srtt(&one) + SAMPAN_MS(3));
		EXPECT(sp_tcp_rtt_srtt(&many) + SAMPAN_MS(3) >= sp_tcp_rtt_srtt(&one));
		EXPECT(many.rttvar_us4 <= one.rttvar_us4 + one.rttvar_us4 / 10);
		EXPECT(many.rttvar_us4 + one.rttvar_us4 / 10 >= one.rttvar_us4);
	}
	EXPECT_EQ(tcp_rtt_samples(20000, 1000), 10);
	EXPECT_EQ(tcp_rtt_samples(20001, 1000), 11);
	EXPECT_EQ(tcp_rtt_samples(0, 1000), 0);
}

/* RFC 8985 §6.2: the least of the window.  Ours is never above it; and never below
 * the least of the window and as much again before it. */
TEST(min_rtt_is_that_of_the_window)
{
	struct sp_rng rng = base_rng(1);
	struct tcp_min_rtt m = { 0 };
	static uint32_t us[4000];

	COVERS("R-8985-3");
	for (unsigned s = 0; s < 4000; s++) {
		uint32_t of_window = UINT32_MAX, of_double = UINT32_MAX;

		us[s] = 1000 * (1 + s / 1000) + sp_rng_below(&rng, 50000);
		sp_tcp_min_rtt(&m, us[s], (uint16_t)(65000 + s), 100);
		for (unsigned i = s > 200 ? s - 200 : 0; i <= s; i++) {
			of_double = us[i] < of_double ? us[i] : of_double;
			if (i + 50 >= s)
				of_window = us[i] < of_window ? us[i] : of_window;
		}
		EXPECT(m.least_us <= of_window && m.least_us >= of_double);
	}
}
