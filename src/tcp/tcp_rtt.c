/*
 * tcp_rtt.c - see tcp_rtt.h.
 */
#include "tcp/tcp_rtt.h"

void
sp_tcp_rtt_begin_slowly(struct tcp_rtt *rtt)
{
	if (rtt->srtt_us8 == 0)
		rtt->rttvar_us4 = (uint32_t)(TCP_RTO_AFTER_SYN_LOSS / 1000);
}
