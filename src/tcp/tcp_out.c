/*
 * tcp_out.c - what a connection sends now, and why.  RFC 9293 §3.7.4, §3.8.6.
 *
 * Theory of operation.  Nothing is ever sent when something arrives or is
 * called: the connection only stands in its link's run queue, and when the
 * link has room it is asked, one frame at a time.  decide() looks at the
 * connection and says what the next frame is; it changes nothing.  The frame
 * is built, and commit() books what really went into it.  So one
 * acknowledgement answers all that arrived since the last pull (RFC 9293
 * §3.10.7.4 (MUST-58, MUST-59); R-5681-21), and it rides on data whenever there
 * are any (R-WND-9).
 *
 * The order of the tests in decide() is the priority: open, report a gap, repair,
 * probe a tail, data, FIN, probe a window, acknowledge.
 */
#include "tcp/tcp_accecn.h"
#include "tcp/tcp_delack.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_facts.h"
#include "tcp/tcp_fast.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_loss.h"
#include "tcp/tcp_mtu_probe.h"
#include "tcp/tcp_pace.h"
#include "tcp/tcp_rate.h"
#include "tcp/tcp_recovery.h"
#include "tcp/tcp_tally.h"
#include "tcp/tcp_undo.h"

static uint32_t
smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t
larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* What Linux puts into one big segment at most. */
#define BURST_MAX 65535u

/* The most text in one frame: all of 64 KiB where the link cuts it. */
static uint32_t
frame_text_max(const struct sampan *s, const struct tcp_tcb *t)
{
	const bool v4 = sp_addr_is_v4(&t->flow.remote);
	const uint32_t cap = v4 ? SAMPAN_LINK_TSO4 : SAMPAN_LINK_TSO6;
	uint32_t most;

	/* Whoever cuts clears CWR in all but the first: RFC 3168 has it so, and counters
	 * of accurate ECN would change (RFC 9768 §3.2.2). */
	if ((s->link[t->link].caps & cap) == 0 ||
	    (t->accecn && (sp_tcp_accecn_ace(s, t, false) & 2u) != 0))
		return t->mss_bytes;
	most = 65535 - sp_ip_hdr_len(&t->flow.remote) - TCP_HDR_MAX;
	if (t->tx != 0 && tcp_tx_of(s, t)->paced)
		most = larger(smaller(most, sp_tcp_pace_room(s, t)), t->mss_bytes);
	return most - most % t->mss_bytes;
}

/* Bytes that the congestion window still allows (RFC 5681 §2 (R-5681-1); RFC 6675
 * §5 (R-6675-7, R-6675-10)); always one segment when nothing is in flight. */
static uint32_t
cwnd_room(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t pipe = sp_tcp_pipe(s, t);

	if (pipe == 0)
		return t->cc.cwnd_bytes > t->mss_bytes ? t->cc.cwnd_bytes : t->mss_bytes;
	return t->cc.cwnd_bytes > pipe ? t->cc.cwnd_bytes - pipe : 0;
}

/* Bytes of new text that the peer's window still allows.  It may have shrunk
 * below what is outstanding: RFC 9293 §3.8.6 (MUST-34, SHLD-15). */
static uint32_t
window_room(const struct tcp_tcb *t)
{
	const tcp_seq edge = seq_add(t->snd.una, t->snd.wnd_bytes);

	return seq_lt(t->snd.nxt, edge) ? seq_diff(edge, t->snd.nxt) : 0;
}

/* RFC 9293 §3.7.4 (SHLD-7, MUST-17): a short segment waits while another short
 * one is outstanding (Minshall's variant, as Linux has it; R-WND-6, R-WND-7);
 * before a FIN nothing waits (R-2525-11). */
static bool
held_by_nagle(const struct sampan *s, const struct tcp_tcb *t)
{
	return !tcp_is(t, TCP_F_NODELAY) && !tcp_is(t, TCP_F_FIN_QUEUED) &&
	    seq_lt(t->snd.una, tcp_tx_of(s, t)->small_end);
}

/* What is closed is held back no longer (R-WND-6). */
static bool
corked(const struct sampan *s, const struct tcp_tcb *t)
{
	return (tcp_is(t, TCP_F_CORK) || tcp_tx_of(s, t)->more) && !tcp_is(t, TCP_F_FIN_QUEUED);
}

/* The flags of text that ends at `end`: PSH on the last byte queued (MUST-61), once
 * however many calls it came in (SHLD-27); FIN when nothing will follow. */
static uint8_t
text_flags(const struct sampan *s, const struct tcp_tcb *t, tcp_seq end)
{
	const tcp_seq queue_end = seq_add(t->snd.una, tcp_queued_bytes(s, t));

	if (!seq_eq(end, queue_end))
		return TCP_ACK;
	return tcp_is(t, TCP_F_FIN_QUEUED) ? TCP_ACK | TCP_PSH | TCP_FIN : TCP_ACK | TCP_PSH;
}

static const struct tcp_plan nothing = { .why = TCP_WHY_NOTHING };

/* Sends again what was lost (SHLD-16), with its FIN (R-9293-26), as far as the
 * congestion window allows (RFC 8985 §9.3 (R-8985-18)).  The window may have been
 * shrunk below it: it is sent all the same (RFC 9293 §3.8.6 (MAY-7)).
 *
 * DEVIATES: R-7323-12: not only the first time, since RFC 9293 allows it and the
 * window that is shrunk for good is the peer's mistake. */
static struct tcp_plan
repair(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);
	const struct tcp_sent *r = tx != NULL ? tcp_sent_by_time(s, tx->lost.first) : NULL;
	uint32_t len, room;

	if (r == NULL) {
		if (!tcp_is(t, TCP_F_FIN_DUE))
			return nothing;
		return (struct tcp_plan){ TCP_WHY_FIN, seq_sub(t->snd.nxt, 1), 0,
			TCP_FIN | TCP_ACK };
	}
	room = cwnd_room(s, t);
	len = smaller(tcp_sent_len(r), frame_text_max(s, t));
	if (len > room)
		len = smaller(len, larger(room - room % t->mss_bytes, t->mss_bytes));
	if (room < len)
		return nothing;
	return (struct tcp_plan){ TCP_WHY_REPAIR, r->start, len,
		text_flags(s, t, seq_add(r->start, len)) };
}

/* Is something lost that the congestion window does not let go yet? */
static bool
repair_waits(const struct sampan *s, const struct tcp_tcb *t)
{
	return t->tx != 0 && tcp_tx_of(s, t)->lost.first != 0;
}

/* RFC 8985 §7.3 (R-8985-14): new text if the peer's window takes it, else the
 * last segment once more; the congestion window does not count. */
static struct tcp_plan
tail_probe(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);
	uint32_t len = smaller(sp_tcp_unsent(s, t), smaller(window_room(t), t->mss_bytes));
	tcp_seq end, seq = t->snd.nxt;

	if (tx == NULL || !tx->tlp_due || tx->by_seq.last == 0)
		return nothing;
	if (len == 0) {
		end = tcp_sent_last(s, tx)->end;
		len = smaller(tcp_sent_len(tcp_sent_last(s, tx)), t->mss_bytes);
		seq = seq_sub(end, len);
	}
	return (struct tcp_plan){ TCP_WHY_TAIL, seq, len, text_flags(s, t, seq_add(seq, len)) };
}

/* RFC 9293 §3.8.6.2.1 (MUST-38; R-WND-1 to 4): is `len` of the `unsent` bytes
 * worth a segment? */
static bool
worth_sending(const struct sampan *s, const struct tcp_tcb *t, uint32_t len, uint32_t unsent)
{
	if (len >= t->mss_bytes)
		return true;
	if (tcp_is(t, TCP_F_PROBE_DUE))
		return true;
	if (len == unsent)
		return !corked(s, t) && !held_by_nagle(s, t);
	return len >= t->snd_max_wnd_bytes / 2 && seq_eq(t->snd.una, t->snd.nxt);
}

/* Does new text follow these `len` bytes at once? */
static bool
more_follows(const struct sampan *s, const struct tcp_tcb *t, uint32_t len)
{
	const uint32_t unsent = sp_tcp_unsent(s, t);
	const uint32_t go = smaller(unsent, smaller(window_room(t), cwnd_room(s, t)));

	if (go <= len)
		return false;
	return go - len >= t->mss_bytes ||
	    (go == unsent && !corked(s, t) && !held_by_nagle(s, t));
}

/* Receivers gather a burst before they look at it: its last segment says that it
 * is the last one, as Linux does (RFC 9293 §3.9.1.2 lets a sender push where it
 * likes).  A single segment says nothing. */
static bool
ends_burst(const struct sampan *s, const struct tcp_tcb *t, uint32_t len)
{
	const uint8_t left = tcp_tx_of(s, t)->burst_left;

	if (len > t->mss_bytes)
		return true;		/* a frame of several */
	return left == 1 || (left > 1 && !more_follows(s, t, len));
}

/* Segments of a burst: what goes out in a millisecond at the rate that the
 * window and the round trip make, more on a short way; never below two, nor
 * above half of what the peer's window was.  All of it Linux's. */
uint8_t
sp_tcp_burst_segs(const struct tcp_tcb *t)
{
	const uint32_t srtt_us = t->rtt.srtt_us8 / 8, near = t->min_rtt_us >> 9;
	const uint32_t percent = t->cc.cwnd_bytes < t->cc.ssthresh_bytes / 2 ? 200 : 120;
	uint64_t bytes = BURST_MAX;

	if (srtt_us > 0)
		bytes = (uint64_t)t->cc.cwnd_bytes * percent * 10000 / srtt_us / 1024;
	if (near < 16)
		bytes += BURST_MAX >> near;
	bytes = bytes < BURST_MAX ? bytes : BURST_MAX;
	if (bytes > t->snd_max_wnd_bytes / 2)
		bytes = t->snd_max_wnd_bytes / 2;
	bytes /= t->mss_bytes;
	return bytes < 2 ? 2 : bytes < UINT8_MAX ? (uint8_t)bytes : UINT8_MAX;
}

/* Text that was never sent: at once where nothing forbids it (MUST-60), in whole
 * segments where there is enough (SHLD-28), whichever calls it came in (MAY-16). */
static struct tcp_plan
new_text(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t unsent = sp_tcp_unsent(s, t);
	const uint32_t allowed = smaller(unsent, window_room(t));
	uint32_t len = smaller(allowed, cwnd_room(s, t));
	const uint32_t probe = t->rare != 0 ? sp_tcp_mtup_len(s, t,
	    (struct tcp_mtu_room){ allowed, cwnd_room(s, t) }) : 0;

	if (probe == TCP_MTUP_WAIT)
		return nothing;
	if (probe > 0)
		return (struct tcp_plan){ TCP_WHY_MTU, t->snd.nxt, probe,
			text_flags(s, t, seq_add(t->snd.nxt, probe)) };
	len = smaller(len, frame_text_max(s, t));
	if (len > t->mss_bytes &&
	    (len < unsent || corked(s, t) || held_by_nagle(s, t)))
		len -= len % t->mss_bytes;
	if (len == 0 || !worth_sending(s, t, len, unsent))
		return nothing;
	return (struct tcp_plan){ TCP_WHY_DATA, t->snd.nxt, len,
		text_flags(s, t, seq_add(t->snd.nxt, len)) |
		(ends_burst(s, t, len) ? TCP_PSH : 0) };
}

static struct tcp_plan
open_plan(const struct tcp_tcb *t)
{
	if (!tcp_is(t, TCP_F_SYN_DUE))
		return nothing;
	return (struct tcp_plan){ TCP_WHY_SYN, t->iss, 0,
		t->state == SAMPAN_TCP_SYN_SENT ? TCP_SYN : TCP_SYN | TCP_ACK };
}

/* Does the peer wait for a report that cannot ride on text?  SACK blocks have no
 * room beside it (RFC 2018 §4 (R-2018-4), RFC 2883 §4 (R-2883-1)), and a duplicate
 * with text is none (RFC 5681 §2 (R-5681-12)).  Where text goes both ways the peer
 * would never learn of it else. */
static bool
report_due(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_rx *rx = tcp_rx_if_any(s, t);

	if (!tcp_is(t, TCP_F_ACK_NOW))
		return false;
	if (sp_tcp_accecn_answers(s, t))
		return true;
	if (!tcp_is(t, TCP_F_SACK))
		return t->dup_acks_owed > 0;
	return t->dsack_start != t->dsack_end || (rx != NULL && rx->q.part != 0);
}

/* What the connection sends now, and why.  Reads the connection and the clock,
 * changes neither. */
static struct tcp_plan
decide(const struct sampan *s, const struct tcp_tcb *t)
{
	struct tcp_plan plan = open_plan(t);

	if (plan.why != TCP_WHY_NOTHING || t->state == SAMPAN_TCP_SYN_SENT)
		return plan;
	if (report_due(s, t))
		return (struct tcp_plan){ TCP_WHY_ACK, t->snd.nxt, 0, TCP_ACK };
	if (t->state != SAMPAN_TCP_SYN_RECEIVED && !tcp_pace_holds(s, t)) {
		const bool testing = sp_tcp_undo_tests(s, t);

		plan = testing ? nothing : repair(s, t);
		if (plan.why == TCP_WHY_NOTHING)
			plan = tail_probe(s, t);
		if (plan.why != TCP_WHY_NOTHING)
			return plan;
		if (!testing && repair_waits(s, t))
			plan = nothing;		/* nothing new overtakes it */
		else if (sp_tcp_unsent(s, t) > 0)
			plan = new_text(s, t);
		else if (tcp_is(t, TCP_F_FIN_QUEUED) && !tcp_is(t, TCP_F_FIN_SENT))
			plan = (struct tcp_plan){ TCP_WHY_FIN, t->snd.nxt, 0, TCP_FIN | TCP_ACK };
		if (plan.why != TCP_WHY_NOTHING)
			return plan;
	}
	/* MUST-35, R-WND-10: an old sequence number, so the peer must answer. */
	if (tcp_is(t, TCP_F_PROBE_DUE))
		return (struct tcp_plan){ TCP_WHY_PROBE, seq_sub(t->snd.una, 1), 0, TCP_ACK };
	if (tcp_is(t, TCP_F_ACK_NOW))
		return (struct tcp_plan){ TCP_WHY_ACK, t->snd.nxt, 0, TCP_ACK };
	return nothing;
}

/* Nothing leaves: what does that mean for the timers?  R-WND-14, R-2525-9. */
static void
stay_quiet(struct sampan *s, struct tcp_tcb *t)
{
	if (t->tx != 0)
		tcp_tx_of(s, t)->burst_left = 0;
	if (tcp_is(t, TCP_F_ACK_DUE))
		sp_tcp_on_ack_owed(s, t);
	if (tcp_pace_holds(s, t))
		sp_tcp_pace_wait(s, t);
	else if (sp_tcp_unsent(s, t) > 0 && seq_eq(t->snd.una, t->snd.nxt))
		sp_tcp_on_blocked(s, t);
	t->flags &= ~(uint32_t)(TCP_F_ACK_DUE | TCP_F_PROBE_DUE);
}

/* Books the text of a frame. */
static void
commit_text(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan,
    struct tcp_sent *record)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	if (plan->why == TCP_WHY_TAIL) {
		tx->tlp_due = false;
		tx->tlp_out = true;
		tx->tlp_spent = true;
		tx->tlp_again = record == NULL;
		tx->tlp_end = t->snd.nxt;
		tx->prr_flight_bytes = seq_diff(t->snd.nxt, t->snd.una);
	}
	if (plan->why == TCP_WHY_DATA && (plan->flags & TCP_PSH) == 0)
		tx->burst_left = (tx->burst_left > 0 ? tx->burst_left : sp_tcp_burst_segs(t)) - 1;
	else
		tx->burst_left = 0;
	sp_tcp_rtx_sent(s, t, plan, record);
	if (plan->why == TCP_WHY_MTU)
		sp_tcp_mtup_sent(s, t, plan);
	if (tx->phase == TCP_PHASE_RECOVERY)
		sp_tcp_recovery_sent(tx, plan->len);
	if (tx->paced)
		sp_tcp_pace_sent(s, t, plan->len);
	t->sent_at = sp_tick_of(s->now);
	sp_tcp_delack_sent_text(s, t);
	if (cwnd_room(s, t) < t->mss_bytes)
		tcp_set(t, TCP_F_CWND_LIMITED);
	else if (sp_tcp_unsent(s, t) == 0 && tx->lost.first == 0)
		sp_tcp_rate_app_limited(s, t);
}

/* Books what the frame carries; plan->len is what really went into it. */
static void
commit(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan, struct tcp_sent *record)
{
	const tcp_seq end = seq_add(plan->seq,
	    plan->len + ((plan->flags & (TCP_SYN | TCP_FIN)) != 0 ? 1 : 0));

	const bool again = plan->len == 0 && seq_lt(plan->seq, end) && !seq_lt(t->snd.nxt, end);

	if (t->rare != 0)
		sp_tcp_tally_out(s, t, plan);
	if ((plan->flags & TCP_ACK) != 0)
		tcp_acknowledged(t);
	if ((plan->flags & TCP_FIN) != 0) {
		t->flags &= ~(uint32_t)TCP_F_FIN_DUE;
		tcp_set(t, TCP_F_FIN_SENT);
	}
	tcp_clear(t, TCP_F_PROBE_DUE);
	tcp_ecn_sent(t, plan);
	if ((plan->flags & TCP_SYN) != 0) {
		tcp_clear(t, TCP_F_SYN_DUE);
		t->sent_at = sp_tick_of(s->now);
	}
	if (seq_lt(t->snd.nxt, end))
		t->snd.nxt = end;
	if (!seq_eq(plan->seq, end))
		sp_tcp_on_sent(s, t);
	if (plan->len > 0)
		commit_text(s, t, plan, record);
	if (plan->len > 0 && t->rare != 0)	/* what waits has become less: NOTSENT_LOWAT */
		sp_tcp_tell_room(s, t);
	if (again) {			/* SYN or FIN; text: tcp_rtx.c */
		t->retrans_segs++;
		sp_count(s, SAMPAN_COUNT_TCP_RETRANS_SEGS);
	}
	if (plan->why == TCP_WHY_TAIL)
		sp_tcp_on_probe_sent(s, t);
	else if (plan->len > 0)
		sp_tcp_loss_rearm(s, t);
	sp_count(s, SAMPAN_COUNT_TCP_SEGS_OUT);
}

/* No way to the peer.  A connect fails; a connection only notes it (RFC 9293
 * §3.9.2.2 (MUST-56)) and goes on as if the frame had been sent and lost: behind an
 * acknowledgement there may be text, which has its turn now. */
static enum tcp_output
path_failed(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan, int error)
{
	if (t->state == SAMPAN_TCP_SYN_SENT) {
		sp_count(s, SAMPAN_COUNT_TCP_ATTEMPT_FAILS);
		sp_tcp_fail(s, t, error);
		return TCP_OUTPUT_NONE;
	}
	t->ep.soft_error = (uint8_t)-error;
	t->dup_acks_owed = 0;
	if ((plan->flags & TCP_ACK) != 0)
		tcp_acknowledged(t);
	tcp_clear(t, TCP_F_PROBE_DUE);
	if (plan->len > 0 || (plan->flags & (TCP_SYN | TCP_FIN)) != 0)
		sp_tcp_on_sent(s, t);
	return plan->why == TCP_WHY_ACK ? TCP_OUTPUT_MOVED : TCP_OUTPUT_NONE;
}

/* Does the plan carry text that was never sent? */
static bool
is_new_text(const struct tcp_tcb *t, const struct tcp_plan *plan)
{
	return plan->len > 0 && seq_eq(plan->seq, t->snd.nxt);
}

static enum tcp_output
send_plan(struct sampan *s, struct tcp_tcb *t, struct tcp_plan *plan, struct sampan_frame *f)
{
	struct tcp_sent *record = NULL;
	uint32_t len;

	if (is_new_text(t, plan)) {
		record = sp_tcp_rtx_record(s, tcp_tx_of(s, t));
		if (record == NULL) {	/* no memory: try again when the timer says so */
			sp_tcp_on_sent(s, t);
			if (!tcp_is(t, TCP_F_ACK_NOW)) {
				stay_quiet(s, t);
				return TCP_OUTPUT_NONE;
			}
			*plan = (struct tcp_plan){ TCP_WHY_ACK, t->snd.nxt, 0, TCP_ACK };
		} else if (seq_eq(t->snd.una, t->snd.nxt)) {
			sp_tcp_restart(s, t);
		}
	}
	len = sp_tcp_is_plain(s, t, plan) ? sp_tcp_build_plain(s, t, plan, f) :
	    sp_tcp_build(s, t, plan, f);
	if (len < plan->len)
		plan->flags &= (uint8_t)~(TCP_FIN | TCP_PSH);
	plan->len = len;
	commit(s, t, plan, record);
	sp_count(s, SAMPAN_COUNT_FRAMES_OUT);
	return TCP_OUTPUT_FRAME;
}

enum tcp_output
sp_tcp_output(struct sampan *s, struct tcp_tcb *t, struct sampan_frame *f)
{
	enum tcp_output done;
	struct tcp_plan plan;

	if (sp_tcp_out_fast(s, t, f, &done))
		return done;
	plan = decide(s, t);
	if (plan.why == TCP_WHY_NOTHING) {
		stay_quiet(s, t);
		return TCP_OUTPUT_NONE;
	}
	switch (sp_tcp_path(s, t)) {
	case TCP_PATH_READY:
		return send_plan(s, t, &plan, f);
	case TCP_PATH_WAIT:
		return TCP_OUTPUT_PARK;
	case TCP_PATH_NONE:
		return path_failed(s, t, &plan, SAMPAN_ENETUNREACH);
	case TCP_PATH_MOVED:
		return TCP_OUTPUT_MOVED;
	case TCP_PATH_DEAD:
		break;
	}
	return path_failed(s, t, &plan, SAMPAN_EHOSTUNREACH);
}
