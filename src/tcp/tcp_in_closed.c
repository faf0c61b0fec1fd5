/*
 * tcp_in_closed.c - a segment for no connection and no listener.
 * RFC 9293 §3.10.7.1 (R-9293-1); a reset is not answered (R-9293-28).
 */
#include "tcp/tcp_int.h"

void
sp_tcp_arrives_closed(struct sampan *s, const struct tcp_seg *seg)
{
	sp_drop(s, SAMPAN_DROP_TCP_NO_SOCKET, seg->pkt->link);
	if ((seg->flags & TCP_RST) == 0)
		sp_tcp_send_reset(s, seg);
}
