/*
 * tcp_pmtu.c - see tcp_pmtu.h.
 *
 * What is learned goes into the cache of net/pmtu.h, never below its floor and never
 * above what is known (R-1191-2, R-1191-3, R-1191-7, 5-D10), on-link peers too
 * (R-8201-5); not above the peer's MSS (R-8201-4); as PAWS asks for (R-7323-23).  A
 * change of the cache is a change of the routes: every connection there looks at its
 * way again before it sends more (RFC 1191 §6.2 (R-1191-6)).
 *
 * An error is forged easily by who can guess a sequence number.  So it is believed at
 * once only while nothing as large has got through (RFC 5927 §7.2 (R-5927-5)); later
 * it waits until the segment that it quotes is late, and is forgotten when that is
 * acknowledged.
 *
 * DEVIATES: R-1191-8: what was too big is sent again at once, as the congestion
 * window allows and not one segment at first: the path has shown no congestion.
 */
#include "tcp/tcp_pmtu.h"

#include "net/pmtu.h"
#include "tcp/tcp_facts.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_recovery.h"

uint16_t
sp_tcp_mtu(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint16_t path = sp_path_mtu(s, &t->flow.remote, t->link);
	const uint16_t probed = t->rare != 0 ? tcp_rare_of(s, t)->mtup.low_bytes : 0;

	return probed != 0 && probed < path ? probed : path;
}

/* RFC 5681 §4.1 (R-5681-11): as many segments as before if they are smaller, not as
 * many bytes; as many bytes if they are larger (RFC 4821 §4 (R-4821-7)). */
void
sp_tcp_pmtu_sync(struct sampan *s, struct tcp_tcb *t)
{
	const uint32_t before = t->mss_bytes;

	sp_tcp_set_mss(s, t, t->peer_mss_bytes);
	if (t->mss_bytes == before || t->cc.cwnd_bytes == 0)
		return;
	if (t->mss_bytes < before)
		t->cc.cwnd_bytes = (uint32_t)((uint64_t)t->cc.cwnd_bytes * t->mss_bytes / before);
	if (t->cc.cwnd_bytes < t->mss_bytes)
		t->cc.cwnd_bytes = t->mss_bytes;
	sp_tcp_cc_tell(s, t, TCP_CC_MSS, sp_tcp_pipe(s, t));
}

/* What is in flight was too big: not congestion, so no reduction. */
static bool
believe(struct sampan *s, struct tcp_tcb *t, uint16_t mtu_bytes)
{
	if (!sp_pmtu_learn(s, &t->flow.remote, mtu_bytes))
		return false;
	sp_tcp_pmtu_sync(s, t);
	return true;
}

/* No packet larger than this has got through for sure. */
static uint32_t
largest_through(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t mtu = sp_tcp_mtu(s, t);
	const uint32_t acked = t->una_wraps != 0 ? mtu : seq_diff(t->snd.una, t->iss) - 1;

	return acked < mtu ? acked + sp_ip_hdr_len(&t->flow.remote) + TCP_HDR_LEN : mtu;
}

static void
hold(struct sampan *s, struct tcp_tcb *t, tcp_seq seq, uint16_t mtu_bytes)
{
	struct tcp_rare *r = sp_tcp_rare_need(s, t);

	if (r == NULL || (r->held_mtu_bytes != 0 && r->held_mtu_bytes <= mtu_bytes))
		return;
	r->held_mtu_bytes = mtu_bytes;
	r->held_seq = seq;
	sp_count(s, SAMPAN_COUNT_PMTU_HELD);
}

void
sp_tcp_pmtu_report(struct sampan *s, struct tcp_tcb *t, tcp_seq seq, uint16_t mtu_bytes)
{
	const uint16_t least = sp_pmtu_floor(s, sp_addr_is_v4(&t->flow.remote));
	const uint16_t mtu = mtu_bytes < least ? least : mtu_bytes;

	if (mtu >= sp_path_mtu(s, &t->flow.remote, t->link))	/* says nothing new */
		return;
	if (mtu <= largest_through(s, t))
		hold(s, t, seq, mtu);
	else if (believe(s, t, mtu))
		sp_tcp_recovery_resend(s, t);
}

void
sp_tcp_pmtu_timeout(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_rare *r = tcp_rare_of(s, t);
	const uint16_t mtu = r->held_mtu_bytes;

	if (mtu == 0 || seq_lt(r->held_seq, t->snd.una))
		return;
	r->held_mtu_bytes = 0;
	(void)believe(s, t, mtu);
}
