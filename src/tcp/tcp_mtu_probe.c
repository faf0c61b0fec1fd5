/*
 * tcp_mtu_probe.c - see tcp_mtu_probe.h.
 *
 * Theory of operation.  Between `low_bytes`, which gets through, and `high_bytes`,
 * which the link and the peer would take, the largest packet is searched for.  A probe
 * is one segment of new text of the size in question, among others of the known size:
 * if it is acknowledged the known size grows, if it alone is lost the search goes on
 * below it and the loss counts for nothing else (R-4821-4).  The first probe is as large
 * as can be, because most paths carry what their ends do; then the middle is taken.
 * When the two are close the search rests, and begins anew after a while
 * (R-4821-5).
 *
 * A path on which large packets vanish and nobody says so (R-2923-1) shows as time-out
 * after time-out of a segment that is large.  Then what gets through is assumed to be
 * small, and the search begins from there (R-4821-6).
 *
 * What is found is not shared: that a probe was lost proves less than a router's word.
 *
 * DEVIATES: R-4821-8: a size that got through once is not doubted when losses grow
 * later, only when time-outs follow each other.
 */
#include "tcp/tcp_mtu_probe.h"

#include "net/pmtu.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_pmtu.h"

#define PROBING_ALWAYS 2
/* RFC 4821 §7.4 (R-4821-3): segments behind a probe, so that its loss shows at once. */
#define BEHIND 3u
/* Below this window too much would be risked; Linux has the same. */
#define CWND_SEGS 11u

static struct tcp_mtu_probe *
probe_of(const struct sampan *s, const struct tcp_tcb *t)
{
	return &tcp_rare_of(s, t)->mtup;
}

/* Octets of a packet around text. */
static uint32_t
hdrs_of(const struct tcp_tcb *t)
{
	return sp_ip_hdr_len(&t->flow.remote) + TCP_HDR_LEN +
	    (tcp_is(t, TCP_F_TS) ? TCP_TS_BYTES : 0);
}

/* As large as the path is said to be and the peer takes (R-4821-1). */
static uint16_t
highest(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t peer = t->peer_mss_bytes + sp_ip_hdr_len(&t->flow.remote) + TCP_HDR_LEN;
	const uint16_t path = sp_path_mtu(s, &t->flow.remote, t->link);

	return peer < path ? (uint16_t)peer : path;
}

/* The smallest packet that is tried (R-4821-6). */
static uint16_t
lowest(const struct sampan *s, const struct tcp_tcb *t)
{
	if (!sp_addr_is_v4(&t->flow.remote))
		return SP_PMTU_FLOOR6;
	return (uint16_t)(sp_setting(s, SAMPAN_SET_TCP_MTU_PROBE_FLOOR) +
	    sp_ip_hdr_len(&t->flow.remote) + TCP_HDR_LEN);
}

static uint16_t
base(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t mtu = (uint32_t)sp_setting(s, SAMPAN_SET_TCP_BASE_MSS) +
	    sp_ip_hdr_len(&t->flow.remote) + TCP_HDR_LEN;
	const uint16_t least = lowest(s, t), most = highest(s, t);

	return mtu >= most ? most : mtu < least ? least : (uint16_t)mtu;
}

static void
begin(struct sampan *s, struct tcp_tcb *t, uint16_t low_bytes)
{
	struct tcp_mtu_probe *p = probe_of(s, t);

	*p = (struct tcp_mtu_probe){ .low_bytes = low_bytes, .high_bytes = highest(s, t),
		.next_at = sp_tick_of(s->now) };
	sp_tcp_pmtu_sync(s, t);
}

void
sp_tcp_mtup_begin(struct sampan *s, struct tcp_tcb *t)
{
	if (sp_setting(s, SAMPAN_SET_TCP_MTU_PROBING) == PROBING_ALWAYS &&
	    sp_tcp_rare_need(s, t) != NULL)
		begin(s, t, base(s, t));
}

static bool
search_done(const struct sampan *s, const struct tcp_mtu_probe *p)
{
	return p->high_bytes < p->low_bytes +
	    (uint32_t)sp_setting(s, SAMPAN_SET_TCP_PROBE_THRESHOLD);
}

/* R-4821-2; the size of the packet, 0: nothing to try. */
static uint32_t
next_size(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_mtu_probe *p)
{
	const uint32_t most = highest(s, t);
	const uint32_t high = p->high_bytes < most ? p->high_bytes : most;

	if (p->size_bytes != 0 || high <= p->low_bytes || search_done(s, p))
		return 0;
	return p->halving ? p->low_bytes + (high - p->low_bytes + 1u) / 2 : high;
}

/* R-4821-3: nothing is lost or reordered, and more text than the probe may leave.
 * Acknowledgements let segments go one by one, so room for a larger one must be waited
 * for. */
uint32_t
sp_tcp_mtup_len(const struct sampan *s, const struct tcp_tcb *t, struct tcp_mtu_room room)
{
	const struct tcp_mtu_probe *p = probe_of(s, t);
	const struct tcp_tx *tx = tcp_tx_of(s, t);
	uint32_t size;

	if (p->low_bytes == 0 || !tcp_is(t, TCP_F_SACK) || tx->phase != TCP_PHASE_OPEN ||
	    tx->sacked_bytes != 0 || t->cc.cwnd_bytes < CWND_SEGS * t->mss_bytes ||
	    sp_tick_before(sp_tick_of(s->now), p->next_at))
		return 0;
	size = next_size(s, t, p);
	if (size <= hdrs_of(t) + t->mss_bytes ||
	    room.text < size - hdrs_of(t) + BEHIND * t->mss_bytes)
		return 0;
	return room.cwnd >= size - hdrs_of(t) ? size - hdrs_of(t) : TCP_MTUP_WAIT;
}

void
sp_tcp_mtup_sent(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan)
{
	struct tcp_mtu_probe *p = probe_of(s, t);

	if (plan->len <= t->mss_bytes)
		return;		/* the queue showed less: no probe */
	p->size_bytes = (uint16_t)(plan->len + hdrs_of(t));
	p->lost = false;
	p->start = plan->seq;
	p->end = seq_add(plan->seq, plan->len);
	sp_count(s, SAMPAN_COUNT_TCP_MTU_PROBES);
}

/* The search rests, and everything is open when it begins again: RFC 4821 §7.3. */
static void
rest_if_done(struct sampan *s, struct tcp_tcb *t, struct tcp_mtu_probe *p)
{
	if (!search_done(s, p))
		return;
	p->next_at = sp_tick_after(s->now,
	    SAMPAN_SEC(sp_setting(s, SAMPAN_SET_TCP_PROBE_INTERVAL)));
	p->high_bytes = highest(s, t);
	p->halving = false;
}

void
sp_tcp_mtup_acked(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_mtu_probe *p = probe_of(s, t);

	if (p->size_bytes == 0 || seq_lt(t->snd.una, p->end))
		return;
	if (!p->lost) {
		p->low_bytes = p->size_bytes;
		p->next_at = sp_tick_of(s->now);
		sp_count(s, SAMPAN_COUNT_TCP_MTU_PROBES_OK);
	}
	p->size_bytes = 0;
	rest_if_done(s, t, p);
	sp_tcp_pmtu_sync(s, t);
}

/* RFC 4821 §7.6.2: the next one waits for as many round trips as there are segments
 * in the window, so that a path that loses at random is not made worse (R-4821-4). */
static void
note_loss(struct sampan *s, struct tcp_tcb *t, struct tcp_mtu_probe *p)
{
	p->lost = true;
	p->halving = true;
	p->high_bytes = (uint16_t)(p->size_bytes - 1);
	p->next_at = sp_tick_after(s->now,
	    sp_tcp_rtt_srtt(&t->rtt) * (t->cc.cwnd_bytes / t->mss_bytes));
}

/* Is it lost, and nothing else? */
static bool
alone_lost(const struct sampan *s, const struct tcp_tx *tx, const struct tcp_mtu_probe *p)
{
	const struct tcp_sent *r = tcp_sent_by_time(s, tx->lost.first);

	return r != NULL && seq_le(p->start, r->start) && seq_le(r->end, p->end) &&
	    tx->lost_bytes <= seq_diff(p->end, p->start);
}

uint32_t
sp_tcp_mtup_excused(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_mtu_probe *p = probe_of(s, t);
	const struct tcp_tx *tx = tcp_tx_of(s, t);

	if (p->size_bytes == 0 || tx->phase != TCP_PHASE_OPEN || !alone_lost(s, tx, p))
		return 0;
	if (!p->lost)
		note_loss(s, t, p);
	return tx->lost_bytes;
}

/* Does the time-out say something about large segments: was one sent? */
static bool
large_is_late(const struct sampan *s, const struct tcp_tcb *t, uint16_t low_bytes)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);
	const struct tcp_sent *first = tx != NULL ? sp_tcp_rtx_first(s, tx) : NULL;

	return first != NULL && !tcp_is(t, TCP_F_PERSIST) &&
	    tcp_sent_len(first) + hdrs_of(t) > low_bytes;
}

void
sp_tcp_mtup_black_hole(struct sampan *s, struct tcp_tcb *t)
{
	const uint16_t known = t->rare != 0 ? probe_of(s, t)->low_bytes : 0;
	const uint16_t least = lowest(s, t), before = t->mss_bytes != 0 ? sp_tcp_mtu(s, t) : 0;
	uint16_t low = base(s, t);

	if (sp_setting(s, SAMPAN_SET_TCP_MTU_PROBING) == 0)
		return;
	if (known != 0 && known / 2 < low)
		low = known / 2 < least ? least : known / 2;
	if (low >= before || !large_is_late(s, t, low) ||
	    sp_tcp_rare_need(s, t) == NULL)
		return;
	begin(s, t, low);
	probe_of(s, t)->high_bytes = (uint16_t)(before - 1);
	probe_of(s, t)->halving = true;
	sp_count(s, SAMPAN_COUNT_TCP_MTU_BLACK_HOLES);
}
