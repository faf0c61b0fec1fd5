/*
 * tcp_cc_bbr.c - BBR by itself, over a path that is a pipe with a rate, a round trip and
 * a queue without end: what is in flight beyond the pipe makes round trips longer, and
 * nothing arrives faster than the rate.
 */
#include "lib/cc.h"

#include "tcp/cc_bbr.h"

#define RATE 12500000u			/* 100 Mbit/s */
#define RTT SAMPAN_MS(40)
#define BDP 500000u

struct path {
	struct cc_fx f;
	uint64_t rate;
	sampan_dur rtt;
	bool limited;			/* the application is slow */
};

static const struct bbr *
bbr(const struct path *p)
{
	return (const struct bbr *)(const void *)p->f.mem;
}

static struct path
begin(void)
{
	struct path p = { .f = cc_begin(bbr), .rate = RATE, .rtt = RTT };

	p.f.facts.selective = true;
	p.f.facts.paced = true;
	p.f.facts.srtt = RTT;
	p.f.facts.min_rtt = RTT;
	cc_happens(&p.f, TCP_CC_RESTART, 0);
	return p;
}

/* One round trip: as much as pace and window let out is delivered, at the path's rate,
 * in twenty acknowledgements; lost_ppt of a thousand is found lost. */
static void
round_trip(struct path *p, uint32_t lost_ppt)
{
	struct tcp_cc_facts *at = &p->f.facts;
	const uint64_t pace = p->f.pace.bytes_per_s;
	const uint64_t may = pace * (p->rtt / 1000) / 1000000;
	const uint32_t flight = may < p->f.kept.cwnd_bytes ? (uint32_t)may : p->f.kept.cwnd_bytes;
	const uint64_t least_us = (uint64_t)flight * 1000000 / p->rate;
	const sampan_dur took = SAMPAN_US(least_us) > p->rtt ? SAMPAN_US(least_us) : p->rtt;
	const uint64_t prior = at->delivered_bytes;

	for (unsigned i = 0; i < 20; i++) {
		const uint32_t lost = (uint32_t)((uint64_t)flight * lost_ppt / 1000 / 20);
		struct tcp_cc_lost l = { .bytes = lost, .sent_in_flight_bytes = flight,
			.sent_lost_bytes = (i + 1) * lost, .app_limited = p->limited };
		struct tcp_cc cc = cc_of(&p->f);

		at->now += took / 20;
		at->lost_bytes += lost;
		at->in_flight_bytes = flight;
		l.at = *at;
		if (lost > 0)
			p->f.ops->lost(&cc, &l);
		at->delivered_bytes += flight / 20 - lost;
		cc_acked(&p->f, .acked_bytes = flight / 20 - lost, .lost_bytes = lost,
		    .prior_delivered_bytes = prior + i * (uint64_t)(flight / 20 - lost) / 20,
		    .interval_dur = took, .sent_in_flight_bytes = flight,
		    .sent_lost_bytes = (i + 1) * lost, .app_limited = p->limited,
		    .rtt = took, .cwnd_limited = may > p->f.kept.cwnd_bytes);
	}
}

static bool
reach(struct path *p, enum bbr_state state, unsigned rounds)
{
	while (rounds-- > 0 && bbr(p)->state != state)
		round_trip(p, 0);
	return bbr(p)->state == state;
}

/* §5.6.2: the first window, 2.77 times as fast as one in a round trip. */
TEST(bbr_begins_with_a_pace)
{
	struct path p = begin();

	EXPECT_EQ(p.f.kept.cwnd_bytes, 10 * CC_MSS);
	EXPECT_EQ(p.f.pace.bytes_per_s, 10u * CC_MSS * 277 / 100 * 25);
	EXPECT_EQ(p.f.pace.quantum_bytes, 2 * CC_MSS);
}

/* §5.3.1: doubles each round, until three rounds bring less than a quarter more. */
TEST(bbr_startup_doubles_until_the_pipe_is_full)
{
	struct path p = begin();
	uint64_t before;

	for (unsigned i = 0; i < 4; i++) {
		before = p.f.pace.bytes_per_s;
		round_trip(&p, 0);
	}
	EXPECT(p.f.pace.bytes_per_s > before * 3 / 2);
	EXPECT(reach(&p, BBR_CRUISE, 20));
	EXPECT(bbr(&p)->full_bw_reached);
	EXPECT(bbr(&p)->bw > RATE * 95u / 100 && bbr(&p)->bw <= RATE * 105u / 100);
	EXPECT(p.f.pace.bytes_per_s <= bbr(&p)->bw);
	EXPECT(p.f.kept.ssthresh_bytes != TCP_SSTHRESH_INFINITE);
}

/* What the application did not fill says nothing about the path. */
TEST(bbr_startup_does_not_end_for_a_slow_application)
{
	struct path p = begin();

	p.limited = true;
	for (unsigned i = 0; i < 20; i++)
		round_trip(&p, 0);
	EXPECT_EQ(bbr(&p)->state, BBR_STARTUP);
}

/* §5.3.3: REFILL and UP come every two to three seconds, and find more. */
TEST(bbr_finds_more_bandwidth)
{
	struct path p = begin();

	EXPECT(reach(&p, BBR_CRUISE, 20));
	p.rate = 2 * RATE;
	for (unsigned i = 0; i < 400; i++)
		round_trip(&p, 0);
	EXPECT(bbr(&p)->bw > 2u * RATE * 90 / 100);
}

/* And forgets what is no longer there, after two cycles. */
TEST(bbr_follows_less_bandwidth)
{
	struct path p = begin();

	EXPECT(reach(&p, BBR_CRUISE, 20));
	p.rate = RATE / 2;
	for (unsigned i = 0; i < 400; i++)
		round_trip(&p, 0);
	EXPECT(bbr(&p)->bw < RATE * 60u / 100);
}

/* §5.3.4: within five seconds, half of what the path holds, for 200 ms; then on. */
TEST(bbr_probes_the_round_trip)
{
	struct path p = begin();
	uint32_t least = UINT32_MAX;

	EXPECT(reach(&p, BBR_PROBE_RTT, 200));
	round_trip(&p, 0);
	for (unsigned i = 0; i < 20 && bbr(&p)->state == BBR_PROBE_RTT; i++) {
		round_trip(&p, 0);
		least = p.f.kept.cwnd_bytes < least ? p.f.kept.cwnd_bytes : least;
	}
	EXPECT(least <= BDP * 6 / 10);
	EXPECT_EQ(bbr(&p)->state, BBR_CRUISE);
	round_trip(&p, 0);
	round_trip(&p, 0);
	EXPECT(p.f.kept.cwnd_bytes > BDP);
}

/* §5.5.10.3, beyond what is chance: bw_shortterm, until the next REFILL. */
TEST(bbr_cruise_slows_down_for_loss)
{
	struct path p = begin();
	uint64_t before;

	EXPECT(reach(&p, BBR_CRUISE, 20));
	before = bbr(&p)->bw;
	for (unsigned i = 0; i < 10; i++)
		round_trip(&p, 5);
	EXPECT_EQ(bbr(&p)->bw, before);
	for (unsigned i = 0; i < 10; i++)
		round_trip(&p, 100);
	EXPECT(bbr(&p)->bw < before * 80 / 100);
	EXPECT(reach(&p, BBR_REFILL, 100));
	EXPECT_EQ(bbr(&p)->bw_shortterm, BBR_RATE_INFINITE);
}

/* §5.5.10.2: a probe that loses too much is over, and remembered. */
TEST(bbr_up_ends_with_loss)
{
	struct path p = begin();

	EXPECT(reach(&p, BBR_UP, 200));
	EXPECT_EQ(bbr(&p)->inflight_longterm, BBR_INFINITE);
	round_trip(&p, 200);
	EXPECT(bbr(&p)->state == BBR_DOWN || bbr(&p)->state == BBR_CRUISE);
	EXPECT(bbr(&p)->inflight_longterm < 2 * BDP);
	EXPECT(bbr(&p)->prev_too_high);
}

/* §5.5.11: all of that, taken back. */
TEST(bbr_undo_restores)
{
	struct path p = begin();

	EXPECT(reach(&p, BBR_UP, 200));
	round_trip(&p, 200);
	EXPECT(bbr(&p)->inflight_longterm != BBR_INFINITE);
	cc_happens(&p.f, TCP_CC_UNDO, 0);
	EXPECT_EQ(bbr(&p)->inflight_longterm, BBR_INFINITE);
	EXPECT_EQ(bbr(&p)->state, BBR_REFILL);
}

/* §5.6.4.4. */
TEST(bbr_time_out_and_its_end)
{
	struct path p = begin();
	uint32_t before;

	EXPECT(reach(&p, BBR_CRUISE, 20));
	before = p.f.kept.cwnd_bytes;
	cc_happens(&p.f, TCP_CC_RTO, before);
	EXPECT_EQ(p.f.kept.cwnd_bytes, CC_MSS);
	cc_happens(&p.f, TCP_CC_RTO_EXIT, 0);
	EXPECT_EQ(p.f.kept.cwnd_bytes, before);
}

/* An echo of congestion in a probe ends it, as a loss would: RFC 3168. */
TEST(bbr_answers_ecn)
{
	struct path p = begin();

	EXPECT(reach(&p, BBR_UP, 200));
	round_trip(&p, 0);
	if (bbr(&p)->state == BBR_UP) {
		cc_happens(&p.f, TCP_CC_ECN, BDP);
		EXPECT_EQ(bbr(&p)->state, BBR_DOWN);
		EXPECT(bbr(&p)->inflight_longterm <= BDP);
	}
}

/* Between two sends there is no memory; pace and window are as before. */
TEST(bbr_remembers_over_a_pause)
{
	struct path p = begin();
	struct tcp_cc cc = cc_of(&p.f);
	uint64_t bw;

	EXPECT(reach(&p, BBR_CRUISE, 20));
	bw = bbr(&p)->bw;
	p.f.ops->rest(&cc);
	memset(p.f.mem, 0, sizeof(p.f.mem));
	p.f.pace = (struct tcp_cc_pace){ 0 };
	p.f.facts.now += SAMPAN_SEC(30);
	cc_happens(&p.f, TCP_CC_IDLE_RESTART, 0);
	EXPECT_EQ(bbr(&p)->state, BBR_CRUISE);
	EXPECT(p.f.pace.bytes_per_s > bw * 95 / 100 && p.f.pace.bytes_per_s <= bw * 101 / 100);
	EXPECT(bbr(&p)->min_rtt_us <= 41000);
	round_trip(&p, 0);
	EXPECT(bbr(&p)->state != BBR_PROBE_RTT);	/* the pause was one */
}

/* The window is at least what keeps a pipe going, whatever is reported; nothing overflows
 * at the ends of all ranges. */
TEST(bbr_survives_anything)
{
	static const uint64_t odd[] = { 0, 1, CC_MSS, 65536, INT32_MAX, UINT32_MAX,
		UINT64_C(1) << 40, UINT64_MAX };
	struct path p = begin();

	for (unsigned i = 0; i < 4096; i++) {
		const struct tcp_cc_ack ack = {
			.acked_bytes = (uint32_t)odd[i % 8],
			.lost_bytes = (uint32_t)odd[i / 8 % 8],
			.prior_delivered_bytes = odd[i / 64 % 8],
			.interval_dur = odd[i / 512],
			.sent_in_flight_bytes = (uint32_t)odd[(i + i / 8) % 8],
			.sent_lost_bytes = (uint32_t)odd[(i + i / 64) % 8],
			.rtt = odd[(i + i / 512) % 8],
			.cwnd_limited = i % 3 == 0,
			.app_limited = i % 5 == 0,
		};

		p.f.facts.now += SAMPAN_MS(i % 100);
		p.f.facts.delivered_bytes += i * 1000;
		p.f.facts.in_flight_bytes = (uint32_t)odd[(i / 7) % 8];
		cc_ack(&p.f, ack);
		if (i % 11 == 0)
			cc_happens(&p.f, (enum tcp_cc_event)(i % (TCP_CC_MSS + 1)),
			    (uint32_t)odd[i % 8]);
		EXPECT(p.f.kept.cwnd_bytes >= CC_MSS && p.f.kept.cwnd_bytes <= INT32_MAX);
		EXPECT(p.f.pace.bytes_per_s != 0);
	}
}
