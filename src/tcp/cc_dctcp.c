/*
 * cc_dctcp.c - Data Center TCP, RFC 8257: the window falls by as much as the path is
 * congested, which the share of marked bytes tells.
 *
 * For paths whose queues mark early and are all of our own: beside other controls it
 * takes more than its share (RFC 8257 §1), so that it is never the default.
 *
 * Growth, and what a loss takes (§3.5, §3.6), are NewReno's, whose file does them.  Needs
 * an echo of each mark, not one a round (§3.2): tcp_ecn.c gives it where `marks_each`.
 * words[0]: NewReno's; words[1]: DCTCP.Alpha, which outlives a pause.
 */
#include "tcp/tcp_cc.h"

enum { ALPHA = 1 };

/* §3.3: g = 1/16; of a number between 0 and ALPHA_ONE. */
#define ALPHA_ONE (1u << 20)
#define G_SHIFT 4u

struct dctcp {
	uint64_t of_newreno;		/* its memory begins here */
	uint64_t acked_bytes, marked_bytes;	/* DCTCP.BytesAcked, BytesMarked: of this window */
};

/* §3.3: until a window has told, as if all of it were marked. */
static void
dctcp_init(struct tcp_cc *cc, const struct tcp_cc_facts *facts)
{
	tcp_cc_newreno.init(cc, facts);
	cc->kept->words[ALPHA] = ALPHA_ONE;
}

/* §3.3 steps 5 to 8.  What rounds to nothing is nothing. */
static void
end_window(struct tcp_cc_state *kept, struct dctcp *d)
{
	const uint64_t share = d->marked_bytes * ALPHA_ONE / d->acked_bytes;
	const uint32_t alpha = kept->words[ALPHA], less = alpha >> G_SHIFT;

	kept->words[ALPHA] = alpha - (less != 0 ? less : alpha) + (uint32_t)(share >> G_SHIFT);
	if (kept->words[ALPHA] > ALPHA_ONE)
		kept->words[ALPHA] = ALPHA_ONE;
	d->acked_bytes = 0;
	d->marked_bytes = 0;
}

static void
dctcp_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct dctcp *d = cc->mem;

	d->acked_bytes += ack->acked_bytes;
	d->marked_bytes += ack->ecn_ce_bytes;
	if (ack->round_start && d->acked_bytes > 0)
		end_window(cc->kept, d);
	tcp_cc_newreno.ack(cc, ack);
}

/* §3.3 step 9: cwnd = cwnd * (1 - DCTCP.Alpha / 2), once a window. */
static void
reduce(struct tcp_cc_state *kept, const struct tcp_cc_facts *facts)
{
	const uint64_t half = (uint64_t)kept->cwnd_bytes * kept->words[ALPHA] / ALPHA_ONE / 2;
	const uint32_t left = kept->cwnd_bytes - (uint32_t)half;
	const uint32_t least = 2 * facts->mss_bytes;

	kept->ssthresh_bytes = left > least ? left : least;
	if (kept->cwnd_bytes > kept->ssthresh_bytes)
		kept->cwnd_bytes = kept->ssthresh_bytes;
	kept->words[0] = 0;
}

static void
dctcp_event(struct tcp_cc *cc, enum tcp_cc_event event, const struct tcp_cc_facts *facts)
{
	if (event == TCP_CC_ECN)
		reduce(cc->kept, facts);
	else
		tcp_cc_newreno.event(cc, event, facts);
}

const struct tcp_cc_ops tcp_cc_dctcp = {
	.name = "dctcp",
	.mem_bytes = sizeof(struct dctcp),
	.marks_each = true,
	.init = dctcp_init,
	.ack = dctcp_ack,
	.event = dctcp_event,
};
