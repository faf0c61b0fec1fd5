/*
 * cc.h - a congestion control by itself: facts in, window out.
 */
#ifndef SAMPAN_TESTS_LIB_CC_H
#define SAMPAN_TESTS_LIB_CC_H

#include "lib/test.h"
#include "tcp/tcp_cc.h"

/* Defaults come first and what a test names overrides them: on purpose. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif

#define CC_MSS 1000u

struct cc_fx {
	const struct tcp_cc_ops *ops;
	struct tcp_cc_facts facts;	/* what every report tells; the test moves `now` */
	struct tcp_cc_state kept;
	struct tcp_cc_pace pace;
	uint64_t mem[TCP_CC_MEM_MAX / sizeof(uint64_t)];
};

#define cc_begin(name) cc_begin_with(&tcp_cc_##name)

static inline struct tcp_cc
cc_of(struct cc_fx *f)
{
	return (struct tcp_cc){ &f->kept, &f->pace, f->mem };
}

static inline struct cc_fx
cc_begin_with(const struct tcp_cc_ops *ops)
{
	struct cc_fx f = { .ops = ops, .facts = { .now = SAMPAN_SEC(1000), .mss_bytes = CC_MSS,
		.srtt = SAMPAN_MS(100), .min_rtt = SAMPAN_MS(100),
		.restart_bytes = 10 * CC_MSS } };
	struct tcp_cc cc = cc_of(&f);

	ops->init(&cc, &f.facts);
	if (ops->wake != NULL)
		ops->wake(&cc, &f.facts);
	return f;
}

#define cc_acked(f, ...) \
	cc_ack(f, (struct tcp_cc_ack){ .cwnd_limited = true, .rtt = SAMPAN_MS(100), __VA_ARGS__ })

static inline void
cc_ack(struct cc_fx *f, struct tcp_cc_ack ack)
{
	struct tcp_cc cc = cc_of(f);

	ack.at = f->facts;
	f->ops->ack(&cc, &ack);
}

static inline void
cc_happens(struct cc_fx *f, enum tcp_cc_event event, uint32_t flight_bytes)
{
	struct tcp_cc cc = cc_of(f);
	struct tcp_cc_facts facts = f->facts;

	facts.in_flight_bytes = flight_bytes;
	f->ops->event(&cc, event, &facts);
}

/* A round trip of a full window, segment by segment. */
static inline void
cc_round(struct cc_fx *f, sampan_dur rtt)
{
	const unsigned n = f->kept.cwnd_bytes / CC_MSS;

	for (unsigned i = 0; i < n; i++) {
		f->facts.now += rtt / n;
		cc_acked(f, .acked_bytes = CC_MSS, .rtt = rtt, .round_start = i == 0);
	}
}

#endif
