/*
 * tcp_in_syn_sent.c - a segment for a connection in SYN-SENT.
 * RFC 9293 §3.10.7.3, without the paragraph that erratum 8167 deletes (5-D8).
 */
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_facts.h"
#include "tcp/tcp_ack.h"
#include "tcp/tcp_mtu_probe.h"
#include "tcp/tcp_recovery.h"

/* First (R-9293-4). */
static enum tcp_step
check_ack(struct sampan *s, const struct tcp_tcb *t, const struct tcp_seg *seg)
{
	if ((seg->flags & TCP_ACK) == 0)
		return TCP_PASS;
	if (seq_lt(t->iss, seg->ack) && seq_le(seg->ack, t->snd.nxt))
		return TCP_PASS;
	sp_drop(s, SAMPAN_DROP_TCP_ACK_RANGE, seg->pkt->link);
	if ((seg->flags & TCP_RST) == 0)
		sp_tcp_send_reset(s, seg);
	return TCP_DONE;
}

/* Second (R-9293-5). */
static enum tcp_step
check_rst(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	if ((seg->flags & TCP_RST) == 0)
		return TCP_PASS;
	if ((seg->flags & TCP_ACK) == 0) {
		sp_drop(s, SAMPAN_DROP_TCP_RST_OLD, seg->pkt->link);
		return TCP_DONE;
	}
	sp_count(s, SAMPAN_COUNT_TCP_ATTEMPT_FAILS);
	sp_tcp_fail(s, t, SAMPAN_ECONNREFUSED);
	return TCP_DONE;
}

/* What the peer's SYN says about the connection.  RFC 9293 §3.7.1 (MUST-14,
 * MUST-15); RFC 7323 §2.2 (R-7323-1, R-7323-5), §3.2.  The same options in later
 * segments mean nothing (R-6691-4). */
static void
take_syn(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const bool v4 = sp_addr_is_v4(&t->flow.remote);
	const uint16_t mss_default = v4 ? TCP_MSS_DEFAULT4 : TCP_MSS_DEFAULT6;

	t->irs = seg->seq;
	t->rcv.nxt = seq_add(seg->seq, 1);
	t->rcv.acked = seg->seq;
	t->rcv.edge = seq_add(t->rcv.nxt, seq_diff(t->rcv.edge, seq_of(0)));
	/* Until now the flags said what we offer, from here on what is agreed. */
	if (!seg->opts.has_wscale)
		tcp_clear(t, TCP_F_WSCALE);
	if (!seg->opts.has_ts)
		tcp_clear(t, TCP_F_TS);
	if (!seg->opts.sack_permitted)
		tcp_clear(t, TCP_F_SACK);
	sp_tcp_ecn_take_syn(s, t, seg);
	if (tcp_is(t, TCP_F_WSCALE))
		t->snd_scale = (seg->opts.wscale < TCP_WSCALE_MAX ? seg->opts.wscale :
								    TCP_WSCALE_MAX) & 15u;
	else
		t->rcv_scale = 0;
	if (tcp_is(t, TCP_F_TS))
		sp_tcp_ts_set(s, t, seg->opts.tsval);
	sp_tcp_set_mss(s, t,
	    seg->opts.has_mss && seg->opts.mss != 0 ? seg->opts.mss : mss_default);
	sp_tcp_wnd_open(s, t);
	t->snd.wnd_bytes = seg->wnd;			/* R-7323-3 */
	t->snd_max_wnd_bytes = seg->wnd;
	t->snd.wl1 = seg->seq;
}

/* RFC 5681 §3.1 (R-5681-3, R-5681-4), RFC 6928 §2 (R-6928-3). */
void
sp_tcp_start_sending(struct sampan *s, struct tcp_tcb *t, unsigned syns_lost)
{
	const struct sp_route *route = sp_route_metrics(s, &t->flow.remote);

	sp_tcp_mtup_begin(s, t);
	sp_tcp_cc_init(s, t);
	if (route != NULL && route->initcwnd_segs != 0)
		t->cc.cwnd_bytes = route->initcwnd_segs * (uint32_t)t->mss_bytes;
	if (syns_lost > 1)
		t->cc.cwnd_bytes = t->mss_bytes;
}

static void
handshake_took(const struct sampan *s, struct tcp_tcb *t, sampan_dur rtt)
{
	sp_tcp_rtt_sample(&t->rtt, rtt, 1);
	sp_tcp_note_min_rtt(s, t, rtt);
}

/* The first round trip: of the handshake (R-7323-24) if its SYN left once, or as
 * its echoed timestamp says. */
void
sp_tcp_handshake_sample(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg,
    unsigned syns_lost, sampan_dur took)
{
	const uint32_t ms = sp_tcp_ts_now(s, t->ts_offset) - seg->opts.tsecr;

	if (syns_lost == 0)
		handshake_took(s, t, took);
	else if (tcp_is(t, TCP_F_TS) && seg->opts.has_ts && seg->opts.tsecr != 0 && ms < 60000)
		handshake_took(s, t, SAMPAN_MS(ms > 0 ? ms : 1));
	else
		sp_tcp_rtt_begin_slowly(&t->rtt);
}

static void
established(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const unsigned syns_lost = t->retries;

	t->snd.una = seg->ack;
	t->backoff = 0;
	tcp_clear(t, TCP_F_SYN_DUE);
	sp_tcp_handshake_sample(s, t, seg, syns_lost, sp_tick_since(t->sent_at, s->now));
	sp_tcp_start_sending(s, t, syns_lost);
	sp_tcp_on_progress(s, t);
	sp_tcp_enter(s, t, SAMPAN_TCP_ESTABLISHED);
	tcp_set(t, TCP_F_ACK_NOW);
}

/* Fourth (R-9293-6): text and FIN of the SYN are left to be sent again
 * (R-9293-8). */
void
sp_tcp_arrives_syn_sent(struct sampan *s, struct tcp_tcb *t, struct tcp_seg *seg)
{
	if (check_ack(s, t, seg) == TCP_DONE)
		return;
	if (check_rst(s, t, seg) == TCP_DONE)
		return;
	if ((seg->flags & TCP_SYN) == 0) {		/* fifth: R-9293-7 */
		sp_drop(s, SAMPAN_DROP_TCP_NO_FLAGS, seg->pkt->link);
		return;
	}
	take_syn(s, t, seg);
	if ((seg->flags & TCP_ACK) != 0) {
		established(s, t, seg);
		return;
	}
	sp_tcp_enter(s, t, SAMPAN_TCP_SYN_RECEIVED);	/* simultaneous open: MUST-10 */
	tcp_set(t, TCP_F_SYN_DUE);
	sp_tcp_on_syn_due(s, t);
}
