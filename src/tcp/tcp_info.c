/*
 * tcp_info.c - what TCP knows about a connection: TCP_INFO.  option.h.
 *
 * Every field is what its name says or absent; none is 0 because nobody counted.
 * A walk over what is in flight is the only thing that takes more than a look.
 */
#include "tcp/tcp_facts.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_loss.h"
#include "tcp/tcp_pace.h"
#include "tcp/tcp_recovery.h"
#include "tcp/tcp_tally.h"

/* Of reordering by less nobody takes notice (RFC 8985 §6.2 step 4). */
#define DUP_THRESH 3

#define KNOWN(field, expr) \
	do { \
		info->field = (uint64_t)(expr); \
		info->has |= UINT64_C(1) << SAMPAN_INFO_##field; \
	} while (0)

static uint32_t
segs_of(const struct tcp_tcb *t, uint32_t bytes)
{
	return t->mss_bytes != 0 ? (bytes + t->mss_bytes - 1) / t->mss_bytes : 0;
}

/* What is said of every state. */
static void
info_always(const struct tcp_tcb *t, struct sampan_tcp_info *info)
{
	KNOWN(state, t->state);
	KNOWN(congestion, t->cc_id);
	KNOWN(retransmits, seq_eq(t->snd.una, t->snd.nxt) ? 0 : t->retries);
	KNOWN(probes, seq_eq(t->snd.una, t->snd.nxt) ? t->retries : 0);
	KNOWN(backoff, t->backoff);
	KNOWN(options, (tcp_is(t, TCP_F_TS) ? 1 : 0) | (tcp_is(t, TCP_F_SACK) ? 2 : 0) |
	    (tcp_is(t, TCP_F_WSCALE) ? 4 : 0) | (t->ecn || t->accecn ? 8 : 0));
	KNOWN(snd_wscale, t->snd_scale);
	KNOWN(rcv_wscale, t->rcv_scale);
	KNOWN(total_retrans_segs, t->retrans_segs);
}

struct flight {
	uint32_t all_segs, sacked_segs;
	uint32_t lost_segs;		/* until a repair has arrived */
	uint32_t again_segs;		/* sent again and, as far as is known, still on the way */
};

static struct flight
flight_of(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_tx *tx)
{
	const struct tcp_sent *r = tx != NULL ? sp_tcp_rtx_first(s, tx) : NULL;
	const unsigned gone = TCP_SENT_LOST | TCP_SENT_SACKED;
	struct flight n = { 0 };

	for (; r != NULL; r = tcp_sent_by_seq(s, r->by_seq.next)) {
		n.all_segs += r->segs;
		if ((r->flags & TCP_SENT_SACKED) != 0)
			n.sacked_segs += r->segs;
		else if ((r->flags & (TCP_SENT_LOST | TCP_SENT_REPAIR)) != 0)
			n.lost_segs += r->segs;
		if ((r->flags & (TCP_SENT_REPAIR | gone)) == TCP_SENT_REPAIR)
			n.again_segs += r->segs;
	}
	if (tx != NULL && !tcp_is(t, TCP_F_SACK))	/* as many as duplicates came */
		n.sacked_segs = segs_of(t, tx->sacked_bytes);
	if (tcp_is(t, TCP_F_FIN_SENT) && !seq_eq(t->snd.una, t->snd.nxt))
		n.all_segs += sp_tcp_fin_is_alone(s, t);
	if (seq_eq(t->snd.una, t->iss) && !seq_eq(t->snd.nxt, t->iss))
		n.all_segs++;				/* the SYN */
	return n;
}

static void
info_in_flight(const struct sampan *s, const struct tcp_tcb *t, struct sampan_tcp_info *info)
{
	static const uint8_t ca_state[] = {
		[TCP_PHASE_OPEN] = 0,
		[TCP_PHASE_RECOVERY] = 3,
		[TCP_PHASE_LOSS] = 4,
	};
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);
	const struct flight n = flight_of(s, t, tx);
	const bool disorder = tx != NULL && tx->phase == TCP_PHASE_OPEN && tx->sacked_bytes > 0;

	const bool reduced = tx != NULL && tx->phase == TCP_PHASE_OPEN && tx->cwr;

	KNOWN(ca_state, tx == NULL ? 0 : reduced ? 2 : disorder ? 1 : ca_state[tx->phase]);
	KNOWN(unacked_segs, n.all_segs);
	KNOWN(sacked_segs, n.sacked_segs);
	KNOWN(lost_segs, n.lost_segs);
	KNOWN(retrans_segs, n.again_segs);
	KNOWN(notsent_bytes, sp_tcp_unsent(s, t));
	if (tx != NULL && tx->paced)
		KNOWN(pacing_rate_bytes_per_s, sp_tcp_pace_rate(s, t));
}

static void
info_connection(const struct sampan *s, const struct tcp_tcb *t, struct sampan_tcp_info *info)
{
	const bool opening = seq_eq(t->snd.una, t->iss);
	const bool fin_acked = tcp_is(t, TCP_F_FIN_SENT) && seq_eq(t->snd.una, t->snd.nxt);

	/* What doubles while a window stays shut is the time between probes. */
	KNOWN(rto_us,
	    tcp_rto(s, t, tcp_is(t, TCP_F_PERSIST) ? 0 : t->backoff) / 1000);
	KNOWN(ato_us, 1000u * t->ato_ms);
	KNOWN(snd_mss_bytes, t->mss_bytes);
	KNOWN(advmss_bytes, sp_tcp_own_mss(s, t->link, &t->flow.remote));
	KNOWN(pmtu_bytes, sp_tcp_mtu(s, t));
	KNOWN(last_data_sent_ms, sp_tick_since(t->sent_at, s->now) / SAMPAN_MS(1));
	KNOWN(last_data_recv_ms, sp_tick_since(t->got_at, s->now) / SAMPAN_MS(1));
	KNOWN(snd_wnd_bytes, t->snd.wnd_bytes);
	KNOWN(rcv_wnd_bytes, tcp_rcv_wnd(t));
	KNOWN(rcv_ssthresh_bytes, sp_tcp_wnd_limit(s, t));
	KNOWN(last_ack_recv_ms, sp_tick_since(t->heard_at, s->now) / SAMPAN_MS(1));
	if (t->rtt.srtt_us8 != 0) {
		KNOWN(rtt_us, t->rtt.srtt_us8 / 8);
		KNOWN(rttvar_us, t->rtt.rttvar_us4 / 4);
	}
	if (t->min_rtt_us != 0)
		KNOWN(min_rtt_us, t->min_rtt_us);
	if (t->mss_bytes == 0)
		return;
	KNOWN(snd_cwnd_segs, t->cc.cwnd_bytes / t->mss_bytes);
	KNOWN(snd_ssthresh_segs, t->cc.ssthresh_bytes == TCP_SSTHRESH_INFINITE ?
	    INT32_MAX : t->cc.ssthresh_bytes / t->mss_bytes);
	/* Text only: neither SYN nor FIN. */
	KNOWN(bytes_acked, opening ? 0 : ((uint64_t)t->una_wraps << 32 |
	    seq_diff(t->snd.una, seq_add(t->iss, 1))) - fin_acked);
	KNOWN(bytes_received, t->state == SAMPAN_TCP_SYN_SENT ? 0 : ((uint64_t)t->rcv_wraps << 32 |
	    seq_diff(t->rcv.nxt, seq_add(t->irs, 1))) - tcp_is(t, TCP_F_PEER_FIN));
	info_in_flight(s, t, info);
}

/* What only a tally knows: absent without one. */
static void
info_tally(const struct sampan *s, const struct tcp_tcb *t, struct sampan_tcp_info *info)
{
	const struct tcp_tally *a = tcp_tally_if_any(s, t);
	sampan_dur spent[TCP_LIMIT_COUNT];

	if (a == NULL)
		return;
	memcpy(spent, a->spent_dur, sizeof(spent));
	spent[a->limit] += s->now - a->since;
	KNOWN(busy_us, (spent[TCP_LIMIT_BUSY] + spent[TCP_LIMIT_WINDOW] +
	    spent[TCP_LIMIT_BUFFER]) / 1000);
	KNOWN(rwnd_limited_us, spent[TCP_LIMIT_WINDOW] / 1000);
	KNOWN(sndbuf_limited_us, spent[TCP_LIMIT_BUFFER] / 1000);
	KNOWN(segs_in, a->segs_in);
	KNOWN(segs_out, a->segs_out);
	KNOWN(data_segs_in, a->text_segs_in);
	KNOWN(data_segs_out, a->text_segs_out);
	KNOWN(bytes_sent, a->bytes_sent);
	KNOWN(bytes_retrans, a->bytes_retrans);
	KNOWN(delivered_segs, a->delivered_segs);
	KNOWN(dsack_dups, a->dsacks);
	KNOWN(reord_seen, a->reorders);
	KNOWN(reordering_segs, a->behind_segs > DUP_THRESH ? a->behind_segs : DUP_THRESH);
	KNOWN(rcv_ooopack, a->out_of_order);
	if (a->rcv_mss_bytes != 0)
		KNOWN(rcv_mss_bytes, a->rcv_mss_bytes);
	if (a->rate_us != 0)
		KNOWN(delivery_rate_bytes_per_s, (uint64_t)a->rate_bytes * 1000000 / a->rate_us);
}

void
sp_tcp_info(const struct sampan *s, const struct tcp_tcb *t, struct sampan_tcp_info *info)
{
	*info = (struct sampan_tcp_info){ 0 };
	info_always(t, info);
	info_tally(s, t, info);
	if (t->state == SAMPAN_TCP_LISTEN) {
		KNOWN(unacked_segs, tcp_listen_of(s, t)->ready_count);
		KNOWN(sacked_segs, tcp_listen_of(s, t)->backlog);
	} else if (t->state != SAMPAN_TCP_CLOSED) {
		info_connection(s, t, info);
	}
}
