/*
 * tcp_pmtu.c - the path MTU of a connection.  RFC 1191, RFC 5927 §7.
 *
 * Learned from ICMP per connection, never below the floor (R-1191-2, 5-D10) and
 * never above what is known (R-1191-3, R-1191-7, R-8201-3), on-link peers too (R-8201-5);
 * not above the peer's MSS (R-8201-4); as PAWS asks for (R-7323-23).
 * Does not: probe (RFC 4821) or raise it again.
 *
 * DEVIATES: R-1191-6: other connections on the path are not told: each believes
 * only what quotes its own outstanding text (R-5927-8).
 *
 * DEVIATES: R-1191-8: what was too big is sent again at once, as the congestion
 * window allows and not one segment at first: the path has shown no congestion.
 */
#include "tcp/tcp_pmtu.h"

#include "tcp/tcp_facts.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_recovery.h"

#define PMTU_FLOOR4 552
#define PMTU_FLOOR6 1280

uint16_t
sp_tcp_mtu(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint16_t link = sp_link_mtu(s, t->link, sp_addr_is_v4(&t->flow.remote));
	const uint16_t learned = t->rare != 0 ? tcp_rare_of(s, t)->pmtu_bytes : 0;

	return learned != 0 && learned < link ? learned : link;
}

void
sp_tcp_pmtu_learn(struct sampan *s, struct tcp_tcb *t, uint16_t mtu_bytes)
{
	const uint16_t least = sp_addr_is_v4(&t->flow.remote) ? PMTU_FLOOR4 : PMTU_FLOOR6;
	const uint16_t mtu = mtu_bytes < least ? least : mtu_bytes;
	const uint16_t before = t->mss_bytes;
	struct tcp_rare *r;

	if (mtu >= sp_tcp_mtu(s, t))	/* says nothing new */
		return;
	r = sp_tcp_rare_need(s, t);
	if (r == NULL)
		return;
	r->pmtu_bytes = mtu;
	sp_tcp_set_mss(s, t, t->peer_mss_bytes);
	/* RFC 5681 §4.1 (R-5681-11): as many segments as before, not as many bytes. */
	t->cc.cwnd_bytes = (uint32_t)((uint64_t)t->cc.cwnd_bytes * t->mss_bytes / before);
	sp_tcp_cc_tell(s, t, TCP_CC_MSS, sp_tcp_pipe(s, t));
	/* What is in flight was too big: not congestion, so no reduction. */
	sp_tcp_recovery_resend(s, t);
}
