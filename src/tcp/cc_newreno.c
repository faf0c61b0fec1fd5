/*
 * cc_newreno.c - slow start and congestion avoidance by bytes, RFC 5681 §3.1
 * (MUST-19; R-2525-1).
 *
 * Does not: find losses or decide what to send again (RFC 6582's part of
 * NewReno), nor inflate the window while recovering; the caller does both.
 * words[0]: bytes acknowledged towards the next increase.  In memory: what a
 * reduction took away, should it have been for nothing.
 */
#include "tcp/tcp_cc.h"

struct newreno {
	uint32_t cwnd_bytes, ssthresh_bytes;	/* before the last reduction; 0: none */
};

static void
newreno_init(struct tcp_cc *cc, const struct tcp_cc_facts *facts)
{
	if (cc->kept->cwnd_bytes == 0)
		*cc->kept = (struct tcp_cc_state){
			.cwnd_bytes = tcp_cc_initial_window(facts->mss_bytes),
			.ssthresh_bytes = TCP_SSTHRESH_INFINITE, /* RFC 5681 §3.1; R-5681-5 */
		};
}

/* RFC 5681 §3.1 (R-5681-7): one mss for every window of bytes acknowledged, and
 * nothing more (R-2525-4). */
static void
avoid_congestion(struct tcp_cc_state *kept, const struct tcp_cc_ack *ack)
{
	kept->words[0] += ack->acked_bytes;
	if (kept->words[0] < kept->cwnd_bytes)
		return;
	kept->words[0] -= kept->cwnd_bytes;
	tcp_cc_grow(kept, ack->at.mss_bytes);
}

/* R-7661-11: only where the window was the limit; by bytes (R-V-20). */
static void
newreno_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct tcp_cc_state *kept = cc->kept;

	if (ack->in_recovery || !ack->cwnd_limited)
		return;
	/* DEVIATES: R-5681-6, R-3465-1: an acknowledgement stands for up to 64 KiB where
	 * links put segments together; growth stays bound to bytes delivered,
	 * so splitting acknowledgements gains nothing. */
	if (kept->cwnd_bytes < kept->ssthresh_bytes)
		tcp_cc_grow(kept, ack->acked_bytes);
	else
		avoid_congestion(kept, ack);
}

/* RFC 5681 §3.1 equation 4 (R-5681-8): half of what is in flight; RFC 8511 §3 (R-8511-1):
 * more of it after an ECN echo, since routers that mark have short queues. */
#define BETA_PERCENT 50u
#define BETA_ECN_PERCENT 80u

static uint32_t
share_of_flight(const struct tcp_cc_facts *facts, uint32_t percent)
{
	const uint32_t least = 2 * facts->mss_bytes;
	const uint32_t share = (uint32_t)((uint64_t)facts->in_flight_bytes * percent / 100);

	return share > least ? share : least;
}

static void
reduce(struct tcp_cc *cc, const struct tcp_cc_facts *facts, uint32_t percent)
{
	struct newreno *mem = cc->mem;

	mem->cwnd_bytes = cc->kept->cwnd_bytes;
	mem->ssthresh_bytes = cc->kept->ssthresh_bytes;
	cc->kept->ssthresh_bytes = share_of_flight(facts, percent);
	cc->kept->words[0] = 0;
}

/* RFC 4015 §3.2. */
static void
undo(struct tcp_cc *cc)
{
	struct newreno *mem = cc->mem;

	if (mem->cwnd_bytes > cc->kept->cwnd_bytes)
		cc->kept->cwnd_bytes = mem->cwnd_bytes;
	if (mem->ssthresh_bytes > cc->kept->ssthresh_bytes)
		cc->kept->ssthresh_bytes = mem->ssthresh_bytes;
}

static void
newreno_event(struct tcp_cc *cc, enum tcp_cc_event event, const struct tcp_cc_facts *facts)
{
	struct tcp_cc_state *kept = cc->kept;

	switch (event) {
	case TCP_CC_RECOVERY_ENTER:
		reduce(cc, facts, BETA_PERCENT);
		kept->cwnd_bytes = kept->ssthresh_bytes;
		break;
	case TCP_CC_ECN:
		reduce(cc, facts, BETA_ECN_PERCENT);
		if (kept->cwnd_bytes > kept->ssthresh_bytes)
			kept->cwnd_bytes = kept->ssthresh_bytes;
		break;
	case TCP_CC_RECOVERY_EXIT:
		kept->cwnd_bytes = kept->ssthresh_bytes;	/* RFC 5681 §3.2 (R-5681-17) */
		break;
	case TCP_CC_RTO:
		reduce(cc, facts, BETA_PERCENT);
		kept->cwnd_bytes = facts->mss_bytes;	/* RFC 5681 §3.1 (R-5681-10) */
		break;
	case TCP_CC_IDLE_RESTART:	/* RFC 6928 §2 (R-6928-2) */
		if (kept->cwnd_bytes > facts->restart_bytes)
			kept->cwnd_bytes = facts->restart_bytes;
		break;
	case TCP_CC_MSS:
		if (kept->cwnd_bytes < facts->mss_bytes)
			kept->cwnd_bytes = facts->mss_bytes;
		break;
	case TCP_CC_UNDO:
		undo(cc);
		break;
	case TCP_CC_RESTART:
	case TCP_CC_RTO_EXIT:
		break;
	}
}

const struct tcp_cc_ops tcp_cc_newreno = {
	.name = "newreno",
	.brief = true,
	.mem_bytes = sizeof(struct newreno),
	.init = newreno_init,
	.ack = newreno_ack,
	.event = newreno_event,
};
