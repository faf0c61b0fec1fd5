/*
 * cc_newreno.c - slow start and congestion avoidance by bytes, RFC 5681 §3.1
 * (MUST-19; R-2525-1).
 *
 * Does not: find losses or decide what to send again (RFC 6582's part of
 * NewReno), nor inflate the window while recovering; the caller does both.
 * words[0]: bytes acknowledged towards the next increase.
 */
#include "tcp/tcp_cc.h"

static void
newreno_init(struct tcp_cc_state *cc, const struct tcp_cc_facts *facts)
{
	*cc = (struct tcp_cc_state){
		.cwnd_bytes = tcp_cc_initial_window(facts->mss_bytes),
		.ssthresh_bytes = TCP_SSTHRESH_INFINITE,	/* RFC 5681 §3.1; R-5681-5 */
	};
}

static void
grow(struct tcp_cc_state *cc, uint32_t bytes)
{
	const uint32_t room = INT32_MAX - cc->cwnd_bytes;

	cc->cwnd_bytes += bytes < room ? bytes : room;
}

/* RFC 5681 §3.1 (R-5681-7): one mss for every window of bytes acknowledged, and
 * nothing more (R-2525-4). */
static void
avoid_congestion(struct tcp_cc_state *cc, const struct tcp_cc_ack *ack)
{
	cc->words[0] += ack->acked_bytes;
	if (cc->words[0] < cc->cwnd_bytes)
		return;
	cc->words[0] -= cc->cwnd_bytes;
	grow(cc, ack->at.mss_bytes);
}

/* R-7661-11: only where the window was the limit; by bytes (R-V-20). */
static void
newreno_ack(struct tcp_cc_state *cc, const struct tcp_cc_ack *ack)
{
	if (ack->in_recovery || !ack->cwnd_limited)
		return;
	/* DEVIATES: R-5681-6, R-3465-1: an acknowledgement stands for up to 64 KiB where
	 * links put segments together; growth stays bound to bytes delivered,
	 * so splitting acknowledgements gains nothing. */
	if (cc->cwnd_bytes < cc->ssthresh_bytes)
		grow(cc, ack->acked_bytes);
	else
		avoid_congestion(cc, ack);
}

/* RFC 5681 §3.1 equation 4 (R-5681-8): half of what is in flight. */
static uint32_t
half_of_flight(const struct tcp_cc_facts *facts)
{
	const uint32_t least = 2 * facts->mss_bytes;
	const uint32_t half = facts->in_flight_bytes / 2;

	return half > least ? half : least;
}

static void
newreno_event(struct tcp_cc_state *cc, enum tcp_cc_event event, const struct tcp_cc_facts *facts)
{
	switch (event) {
	case TCP_CC_RECOVERY_ENTER:
	case TCP_CC_ECN:
		cc->ssthresh_bytes = half_of_flight(facts);
		cc->cwnd_bytes = cc->ssthresh_bytes;
		cc->words[0] = 0;
		break;
	case TCP_CC_RECOVERY_EXIT:
		cc->cwnd_bytes = cc->ssthresh_bytes;	/* RFC 5681 §3.2 (R-5681-17) */
		break;
	case TCP_CC_RTO:
		cc->ssthresh_bytes = half_of_flight(facts);
		cc->cwnd_bytes = facts->mss_bytes;	/* RFC 5681 §3.1 (R-5681-10) */
		cc->words[0] = 0;
		break;
	case TCP_CC_IDLE_RESTART:	/* RFC 6928 §2 (R-6928-2) */
		if (cc->cwnd_bytes > facts->restart_bytes)
			cc->cwnd_bytes = facts->restart_bytes;
		break;
	case TCP_CC_MSS:
		if (cc->cwnd_bytes < facts->mss_bytes)
			cc->cwnd_bytes = facts->mss_bytes;
		break;
	case TCP_CC_UNDO:
		break;
	}
}

const struct tcp_cc_ops tcp_cc_newreno = {
	.name = "newreno",
	.init = newreno_init,
	.ack = newreno_ack,
	.event = newreno_event,
};
