/*
 * tcp_check.c - every invariant of a connection; for tests and fuzzers.
 *
 * To be asked between public calls, when everything that changed has settled.
 * Each rule is a sentence, which is also what is returned when it is broken.
 * Does not: look into the bytes of the queues (tests/lib/stack_check.c).
 */
#include "tcp/tcp_int.h"

#define IN(state) (1u << SAMPAN_TCP_##state)

/* Our FIN may be on its way; the peer's has come; both sides know each other. */
#define FIN_STATES \
	(IN(FIN_WAIT_1) | IN(FIN_WAIT_2) | IN(CLOSING) | IN(LAST_ACK) | IN(TIME_WAIT))
#define PEER_FIN_STATES (IN(CLOSE_WAIT) | IN(CLOSING) | IN(LAST_ACK) | IN(TIME_WAIT))
#define SYNCHRONIZED (FIN_STATES | PEER_FIN_STATES | IN(ESTABLISHED))
#define OPENING (IN(SYN_SENT) | IN(SYN_RECEIVED))

struct rule {
	bool holds;
	const char *text;
};

/* The first rule that does not hold, NULL if all do. */
static const char *
first_broken(const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!rules[i].holds)
			return rules[i].text;
	return NULL;
}

#define FIRST_BROKEN(rules) first_broken(rules, sizeof(rules) / sizeof((rules)[0]))

static bool
is_in(const struct tcp_tcb *t, unsigned states)
{
	return (1u << t->state & states) != 0;
}

/* a is false, or b is true. */
static bool
implies(bool a, bool b)
{
	return !a || b;
}

static bool
waits_to_send(const struct tcp_tcb *t)
{
	return sp_node_linked(&t->run);
}

static bool
held(const struct tcp_tcb *t)
{
	return sp_endpoint_attached(&t->ep) || tcp_is(t, TCP_F_QUEUED);
}

static const char *
check_sequence(const struct tcp_tcb *t)
{
	const uint32_t wnd = tcp_rcv_wnd(t);
	const struct rule rules[] = {
		{ seq_le(t->snd.una, t->snd.nxt), "SND.UNA <= SND.NXT" },
		{ implies(is_in(t, OPENING), seq_eq(t->snd.una, t->iss)),
		    "SND.UNA is the ISS until our SYN is acknowledged" },
		{ implies(is_in(t, OPENING), seq_diff(t->snd.nxt, t->iss) <= 1),
		    "nothing but SYN is sent before the handshake is complete" },
		{ implies(!is_in(t, IN(SYN_SENT)), seq_le(t->rcv.nxt, t->rcv.edge)),
		    "RCV.NXT <= right edge of the receive window" },
		{ implies(!is_in(t, IN(SYN_SENT)), seq_le(t->rcv.acked, t->rcv.nxt)),
		    "Last.ACK.sent <= RCV.NXT" },
		{ wnd >> t->rcv_scale <= 65535, "the receive window fits its field" },
		{ t->snd.wnd_bytes <= t->snd_max_wnd_bytes, "MAX.SND.WND is the largest window" },
		{ t->snd_scale <= TCP_WSCALE_MAX && t->rcv_scale <= TCP_WSCALE_MAX,
		    "window shifts are at most 14" },
		{ implies(!tcp_is(t, TCP_F_WSCALE), t->snd_scale == 0 && t->rcv_scale == 0),
		    "no window shift without window scaling" },
	};

	return FIRST_BROKEN(rules);
}

/* Bytes of text outstanding. */
static uint32_t
outstanding_text(const struct tcp_tcb *t)
{
	const uint32_t n = seq_diff(t->snd.nxt, t->snd.una);

	return n > 0 && (tcp_is(t, TCP_F_FIN_SENT) || is_in(t, OPENING)) ? n - 1 : n;
}

static const char *
check_send_queue(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);
	const uint32_t queued = tcp_queued_bytes(s, t), sent = outstanding_text(t);
	const struct rule rules[] = {
		{ implies(tx != NULL && queued == 0, tcp_armed(t, TCP_AT_LOSS)),
		    "a send queue is held only while it has bytes, or rests" },
		{ sent <= queued, "what is outstanding is still queued" },
		{ implies(tcp_is(t, TCP_F_FIN_SENT), sent == queued),
		    "our FIN follows the last byte queued" },
		{ implies(tx != NULL, tx == NULL || seq_le(tx->small_end, t->snd.nxt)),
		    "the last short segment was sent" },
	};

	return FIRST_BROKEN(rules);
}

/* What the records of text in flight add up to. */
struct scoreboard {
	uint32_t sacked_bytes, lost_bytes;
	uint32_t waiting, lost;		/* records that should stand in by_time, and in lost */
	bool gapless;
};

static struct scoreboard
add_up(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_tx *tx)
{
	struct scoreboard b = { .gapless = true };
	tcp_seq at = t->snd.una;

	for (const struct tcp_sent *r = sp_tcp_rtx_first(s, tx); r != NULL;
	     r = tcp_sent_by_seq(s, r->by_seq.next)) {
		if (!seq_eq(r->start, at) || !seq_lt(r->start, r->end))
			b.gapless = false;
		at = r->end;
		if ((r->flags & TCP_SENT_SACKED) != 0)
			b.sacked_bytes += tcp_sent_len(r);
		else if ((r->flags & TCP_SENT_LOST) != 0)
			b.lost_bytes += tcp_sent_len(r);
		b.lost += (r->flags & TCP_SENT_LOST) != 0;
		b.waiting += (r->flags & (TCP_SENT_LOST | TCP_SENT_SACKED)) == 0;
	}
	if (!seq_eq(at, sp_tcp_sent_end(t)))
		b.gapless = false;
	return b;
}

static uint32_t
list_len(const struct sampan *s, const struct sp_list *l)
{
	uint32_t n = 0;

	for (uint32_t ref = l->first; ref != 0;
	     ref = ((const struct sp_node *)sp_at(&s->arena, ref))->next)
		n++;
	return n;
}

/* A probe of tcp_mtu_probe.c was lost, which says nothing about congestion. */
static bool
is_excused(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_mtu_probe *p = t->rare != 0 ? &tcp_rare_of(s, t)->mtup : NULL;

	return p != NULL && p->size_bytes != 0 && p->lost;
}

static const char *
check_in_flight(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);
	struct scoreboard b;

	if (tx == NULL || !is_in(t, SYNCHRONIZED))
		return NULL;
	b = add_up(s, t, tx);
	const struct rule rules[] = {
		{ b.gapless, "the records in flight cover what is outstanding, without gaps" },
		{ implies(tcp_is(t, TCP_F_SACK), b.sacked_bytes == tx->sacked_bytes),
		    "sacked_bytes is what the records say" },
		{ b.lost_bytes == tx->lost_bytes, "lost_bytes is what the records say" },
		{ b.lost == list_len(s, &tx->lost), "what is lost stands in the lost list" },
		{ b.waiting == list_len(s, &tx->by_time), "what may arrive stands in by_time" },
		{ implies(tx->phase == TCP_PHASE_OPEN,
		      tx->lost_bytes == 0 || is_excused(s, t)),
		    "loss means recovery, but that of a probe" },
	};

	return FIRST_BROKEN(rules);
}

static bool
held_parts_wait(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_rx *rx = tcp_rx_if_any(s, t);

	return rx == NULL || rx->q.part == 0 ||
	    seq_lt(
		t->rcv.nxt, seq_of(((const struct sp_part *)sp_at(&s->arena, rx->q.part))->start));
}

static const char *
check_receive_queue(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t unread = tcp_readable_bytes(s, t);
	const uint32_t unit = 1u << t->rcv_scale;
	const struct rule rules[] = {
		{ implies(t->rx != 0 && t->tx == 0, !tcp_rx_is_empty(s, t)),
		    "a receive queue is held only while it has bytes" },
		{ held_parts_wait(s, t), "text behind a gap begins beyond RCV.NXT" },
		{ implies(is_in(t, SYNCHRONIZED) && !tcp_is(t, TCP_F_RCVBUF_SET),
		      (uint64_t)unread + tcp_rcv_wnd(t) < (uint64_t)t->rcvbuf_bytes / 2 + unit),
		    "no more is promised than the receive buffer holds, up to the scale's "
		    "rounding, unless the application has made it smaller since" },
	};

	return FIRST_BROKEN(rules);
}

static const char *
check_flags(const struct tcp_tcb *t)
{
	const bool fin_sent = tcp_is(t, TCP_F_FIN_SENT);
	const struct rule rules[] = {
		{ implies(fin_sent, is_in(t, FIN_STATES | IN(CLOSED))),
		    "FIN_SENT only after CLOSE" },
		{ implies(tcp_is(t, TCP_F_FIN_QUEUED), is_in(t, FIN_STATES | IN(SYN_RECEIVED))),
		    "FIN_QUEUED only after CLOSE" },
		{ implies(is_in(t, FIN_STATES), tcp_is(t, TCP_F_FIN_QUEUED)),
		    "after CLOSE a FIN is queued" },
		{ implies(tcp_is(t, TCP_F_FIN_DUE), fin_sent), "FIN_DUE is a FIN sent before" },
		{ implies(is_in(t, IN(FIN_WAIT_2) | IN(TIME_WAIT)),
		      fin_sent && seq_eq(t->snd.una, t->snd.nxt)),
		    "past FIN-WAIT-1 our FIN is acknowledged" },
		{ implies(is_in(t, IN(FIN_WAIT_1) | IN(CLOSING) | IN(LAST_ACK)) && fin_sent,
		      !seq_eq(t->snd.una, t->snd.nxt)),
		    "until its acknowledgement our FIN is outstanding" },
		{ implies(tcp_is(t, TCP_F_PEER_FIN), is_in(t, PEER_FIN_STATES | IN(CLOSED))),
		    "PEER_FIN only in states that have it" },
		{ implies(is_in(t, PEER_FIN_STATES), tcp_is(t, TCP_F_PEER_FIN)),
		    "PEER_FIN in states that need it" },
		{ implies(tcp_is(t, TCP_F_SYN_DUE), is_in(t, OPENING)),
		    "SYN_DUE only while opening" },
		{ implies(tcp_is(t, TCP_F_QUEUED),
		      !sp_endpoint_attached(&t->ep) && sp_node_linked(&t->ep.ready)),
		    "what waits to be accepted has no handle yet" },
		{ implies(tcp_is(t, TCP_F_PARKED), waits_to_send(t)),
		    "what is parked is in a list" },
		{ implies(t->ece_owed || t->cwr_due, t->ecn), "ECN is agreed where it is spoken" },
		{ implies(tcp_is(t, TCP_F_DIRTY), is_in(t, IN(CLOSED))), "deadlines have settled" },
	};

	return FIRST_BROKEN(rules);
}

/* The node is armed, and not after any armed deadline. */
static bool
node_in_time(const struct tcp_tcb *t)
{
	for (unsigned i = 0; i < TCP_AT_COUNT; i++) {
		if (!tcp_armed(t, (enum tcp_deadline)i))
			continue;
		if (!sp_timer_armed(&t->timer) || sp_tick_before(t->at[i], t->timer.at))
			return false;
	}
	return true;
}

static const char *
check_timers(const struct sampan *s, const struct tcp_tcb *t)
{
	const bool outstanding = !seq_eq(t->snd.una, t->snd.nxt);
	const bool rtx = tcp_armed(t, TCP_AT_RTX), persist = tcp_is(t, TCP_F_PERSIST);
	const struct rule rules[] = {
		{ node_in_time(t), "the timer node is not after the earliest deadline" },
		{ implies(outstanding, rtx && !persist),
		    "outstanding data, SYN or FIN implies the retransmission timer" },
		{ implies(is_in(t, OPENING), rtx), "an opening can time out" },
		{ implies(persist, rtx && (sp_tcp_unsent(s, t) > 0 || tcp_is(t, TCP_F_WANT_ROOM))),
		    "the persist timer runs, and for something unsent" },
		{ implies(is_in(t, IN(TIME_WAIT)), tcp_armed(t, TCP_AT_LIFE)), "TIME-WAIT ends" },
		{ implies(is_in(t, IN(FIN_WAIT_2)) && !held(t), tcp_armed(t, TCP_AT_LIFE)),
		    "FIN-WAIT-2 without a socket ends" },
	};

	return FIRST_BROKEN(rules);
}

/* The deadlock detector: whatever is still to be done has its turn at the link
 * or a deadline. */
static const char *
check_progress(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t answers = TCP_F_ACK_NOW | TCP_F_ACK_DUE | TCP_F_PROBE_DUE;
	const uint32_t again = TCP_F_SYN_DUE | TCP_F_FIN_DUE;
	const bool fin_waits = tcp_is(t, TCP_F_FIN_QUEUED) && !tcp_is(t, TCP_F_FIN_SENT);
	const bool turn = waits_to_send(t);
	const bool rtx = tcp_armed(t, TCP_AT_RTX);
	const struct rule rules[] = {
		{ implies((t->flags & answers) != 0, turn), "an answer that is due has its turn" },
		{ implies((t->flags & again) != 0, turn || rtx),
		    "a SYN or FIN that is due has its turn or a deadline" },
		{ implies(sp_tcp_unsent(s, t) > 0, turn || rtx || tcp_armed(t, TCP_AT_PACE)),
		    "unsent data have their turn or a deadline" },
		{ implies(fin_waits && is_in(t, SYNCHRONIZED),
		    turn || rtx || tcp_armed(t, TCP_AT_PACE)),
		    "an unsent FIN has its turn or a deadline" },
		{ implies(is_in(t, SYNCHRONIZED) && !seq_eq(t->rcv.acked, t->rcv.nxt),
		    turn || t->armed != 0), "an acknowledgement owed has its turn or a deadline" },
		{ implies(is_in(t, IN(TIME_WAIT)) && !held(t), turn),
		    "TIME-WAIT that nobody holds is a record" },
	};

	return FIRST_BROKEN(rules);
}

static const char *
check_bounds(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t own = (uint32_t)sp_link_mtu(s, t->link, sp_addr_is_v4(&t->flow.remote)) -
	    sp_ip_hdr_len(&t->flow.remote) - TCP_HDR_LEN;
	const struct rule rules[] = {
		{ t->mss_bytes >= TCP_MSS_FLOOR - TCP_TS_BYTES, "the MSS is not below its floor" },
		{ t->mss_bytes <= own, "the MSS is not above what the link carries" },
		{ t->cc.cwnd_bytes >= t->mss_bytes, "cwnd is at least one MSS" },
		{ t->cc_id < TCP_CC_COUNT, "there is such a congestion control" },
	};

	return is_in(t, SYNCHRONIZED) ? FIRST_BROKEN(rules) : NULL;
}

static bool
is_found_bound(const struct sampan *s, const struct tcp_tcb *t)
{
	struct sp_cursor c = sp_tcp_find_bound(s, &t->flow);
	const struct tcp_tcb *other;

	while ((other = sp_tcp_next_bound(s, &c, &t->flow)) != NULL && other != t)
		continue;
	return other == t;
}

static const char *
check_table(const struct sampan *s, const struct tcp_tcb *t)
{
	const bool in_table = tcp_is(t, TCP_F_IN_TABLE), bound = tcp_is(t, TCP_F_BOUND);
	const uint32_t ref = sp_ref(&s->arena, t);
	const uint32_t found = sp_tcp_find(s, &t->flow, sp_flow_hash(&s->flow_key, &t->flow)).ref;
	const struct rule rules[] = {
		{ implies(bound, in_table), "what is bound is in the table" },
		{ implies(bound, is_in(t, IN(CLOSED) | IN(LISTEN))),
		    "only without a peer is it bound" },
		{ implies(is_in(t, IN(LISTEN)), bound && t->rare != 0), "a listener is bound" },
		{ implies(!is_in(t, IN(CLOSED) | IN(LISTEN)), in_table && found == ref),
		    "a connection is found by its flow" },
		{ implies(bound, is_found_bound(s, t)),
		    "what is bound is found by its local end" },
	};

	return FIRST_BROKEN(rules);
}

static const char *
check_closed(const struct tcp_tcb *t)
{
	const struct rule rules[] = {
		{ t->armed == 0 && !sp_timer_armed(&t->timer),
		    "CLOSED and LISTEN have no deadlines" },
		{ !waits_to_send(t), "CLOSED and LISTEN have nothing to send" },
		{ t->tx == 0, "CLOSED and LISTEN have no send queue" },
		{ t->neigh == 0, "CLOSED and LISTEN hold no neighbour" },
		{ held(t), "CLOSED and LISTEN exist for a socket only" },
	};

	return FIRST_BROKEN(rules);
}

const char *
sp_tcp_check(const struct sampan *s, const struct tcp_tcb *t)
{
	const char *broken = check_flags(t);

	if (broken == NULL)
		broken = check_table(s, t);
	if (broken == NULL && is_in(t, IN(CLOSED) | IN(LISTEN)))
		return check_closed(t);
	if (broken == NULL)
		broken = check_sequence(t);
	if (broken == NULL)
		broken = check_send_queue(s, t);
	if (broken == NULL)
		broken = check_in_flight(s, t);
	if (broken == NULL)
		broken = check_receive_queue(s, t);
	if (broken == NULL)
		broken = check_timers(s, t);
	if (broken == NULL)
		broken = check_progress(s, t);
	return broken != NULL ? broken : check_bounds(s, t);
}
