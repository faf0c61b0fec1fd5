/*
 * tcp_ts.c - timestamps.  RFC 7323 §3 to §5.
 *
 * The clock ticks in milliseconds (§5.4, R-7323-19) from an offset that is a
 * keyed hash of the flow: different for every pair of ends, the same whenever
 * that pair comes again (R-7323-22, RFC 6191), and telling no uptime (R-V-48).
 */
#include "tcp/tcp_int.h"

/* RFC 7323 §5.5 (R-7323-20): 24 days, in hours. */
#define PAWS_IDLE_H (24u * 24)

static uint16_t
hours(const struct sampan *s)
{
	return (uint16_t)(s->now / SAMPAN_SEC(3600));
}

uint32_t
sp_tcp_ts_now(const struct sampan *s, uint32_t offset)
{
	return (uint32_t)(s->now / 1000000u) + offset;
}

/* The quicker hash will do: who guesses it learns how long we have been running. */
uint32_t
sp_tcp_ts_offset(struct sampan *s, const struct sp_flow *flow)
{
	return sp_flow_hash(&sp_tcp(s)->ts_key, flow);
}

void
sp_tcp_ts_set(const struct sampan *s, struct tcp_tcb *t, uint32_t tsval)
{
	t->ts_recent = tsval;
	t->ts_recent_h = hours(s);
}

bool
sp_tcp_ts_is_old(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_seg *seg)
{
	return (int32_t)(seg->opts.tsval - t->ts_recent) < 0 &&
	    (uint16_t)(hours(s) - t->ts_recent_h) < PAWS_IDLE_H;
}

/* R-7323-15, R-V-57: only from what begins at or before Last.ACK.sent, after
 * all checks. */
void
sp_tcp_ts_update(const struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	if (!seg->opts.has_ts || !seq_le(seg->seq, t->rcv.acked))
		return;
	sp_tcp_ts_set(s, t, seg->opts.tsval);
}
