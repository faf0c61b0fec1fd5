/*
 * tcp_in_listen.c - a segment for a listener.  RFC 9293 §3.10.7.2 (R-9293-2).
 */
#include "tcp/tcp_int.h"
#include "tcp/tcp_source.h"

void
sp_tcp_arrives_listen(struct sampan *s, struct tcp_tcb *listener, struct tcp_seg *seg)
{
	if ((seg->flags & TCP_RST) != 0) {		/* first */
		sp_drop(s, SAMPAN_DROP_TCP_RST_OLD, seg->pkt->link);
		return;
	}
	if ((seg->flags & TCP_ACK) != 0) {		/* second, and R-4987-6 */
		if (sp_tcp_arrives_cookie(s, listener, seg) == TCP_DONE)
			return;
		sp_drop(s, SAMPAN_DROP_TCP_NO_SOCKET, seg->pkt->link);
		sp_tcp_send_reset(s, seg);
		return;
	}
	/* Third.  A SYN that ends at once is nobody's opening (R-V-51, R-9293-8). */
	if ((seg->flags & TCP_SYN) == 0 || (seg->flags & TCP_FIN) != 0) {
		sp_drop(s, SAMPAN_DROP_TCP_NO_FLAGS, seg->pkt->link);
		return;
	}
	if (tcp_listen_of(s, listener)->ready_count > tcp_listen_of(s, listener)->backlog) {
		sp_drop(s, SAMPAN_DROP_TCP_BACKLOG, seg->pkt->link);
		return;
	}
	if (sp_tcp_source_full(s, &seg->pkt->flow, TCP_SOURCE_CONNECTION)) {
		sp_drop(s, SAMPAN_DROP_TCP_SOURCE, seg->pkt->link);
		return;
	}
	/* Text that came with it is left to be sent again (R-9293-3, 5-D20). */
	sp_tcp_half_open_new(s, listener, seg, NULL);
}
