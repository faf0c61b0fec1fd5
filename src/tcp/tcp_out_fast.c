/*
 * tcp_out_fast.c - the twin of tcp_in_fast.c: the segment that most segments
 * are, new text or an acknowledgement with timestamps and nothing unusual.
 *
 * foresee() says what decide() of tcp_out.c would say, where that can be
 * seen at once.  sp_tcp_build_plain() writes what sp_tcp_build() would write,
 * headers word by word in registers, whose sums are taken before they are
 * stored.  Both leave everything unusual to the long way; that the frames are
 * the same, octet for octet, is shown by tests/sim/fast_path.c.
 *
 * What changes the frames of a connection must be excluded here, or done here
 * as well: whatever it is, it has a flag, a plan or a struct tcp_rare.
 */
#include "net/neigh.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_facts.h"
#include "tcp/tcp_fast.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_loss.h"
#include "tcp/tcp_rate.h"
#include "wire/eth.h"
#include "wire/ip4.h"

#define IP_AT ETH_HDR_LEN
#define TCP_AT (IP_AT + IP4_HDR_LEN)
#define TCP6_AT (IP_AT + IP6_HDR_LEN)
#define IP4_DF 0x4000

/* ---- What to send ---- */

/* Any of these makes decide() think. */
#define UNUSUAL (TCP_F_SYN_DUE | TCP_F_FIN_DUE | TCP_F_FIN_QUEUED | TCP_F_PROBE_DUE | TCP_F_CORK)

/* Does the peer wait for something that text cannot carry?  report_due() asks
 * more precisely. */
static inline bool
owes_report(const struct sampan *s, const struct tcp_tcb *t)
{
	return t->dsack_start != t->dsack_end || t->dup_acks_owed != 0 ||
	    (t->rx != 0 && tcp_rx_of(s, t)->q.part != 0);
}

/* Nothing is lost, judged, probed for or paced. */
static inline bool
sends_smoothly(const struct tcp_tx *tx)
{
	return tx->unusual == 0 && tx->lost.first == 0 && tx->sacked_bytes == 0 && !tx->paced;
}

/* What the next frame carries, if that is new text and needs no thought: all that there
 * is, if it fits into a segment; or a whole one, if more than another one follows it. */
static inline bool
foresee(const struct sampan *s, const struct tcp_tcb *t, struct tcp_plan *plan)
{
	const struct tcp_tx *tx = tcp_tx_of(s, t);
	const uint32_t flight = seq_diff(t->snd.nxt, t->snd.una), mss = t->mss_bytes;
	const uint32_t unsent = tx->q.bytes - flight;
	uint32_t len = unsent;
	uint8_t flags = TCP_ACK | TCP_PSH;

	if (unsent > mss) {
		if (unsent < 2 * mss || (s->link[t->link].caps & SAMPAN_LINK_TSO4) != 0)
			return false;
		len = 2 * mss;
	}
	if (flight + len > t->snd.wnd_bytes || flight + len > t->cc.cwnd_bytes)
		return false;
	/* Nagle: a short one while another is outstanding. */
	if (len < mss && !tcp_is(t, TCP_F_NODELAY) && seq_lt(t->snd.una, tx->small_end))
		return false;
	if (len > mss) {
		len = mss;
		flags = tx->burst_left == 1 ? TCP_ACK | TCP_PSH : TCP_ACK;
	}
	*plan = (struct tcp_plan){ TCP_WHY_DATA, t->snd.nxt, len, flags };
	return true;
}

/* ---- Building it ---- */

/* Adds a word to a sum whose carries are counted apart (csum.h). */
static inline void
add(uint64_t *sum, uint64_t *carries, uint64_t word)
{
	*sum += word;
	*carries += *sum < word;
}

/* Ethernet and IPv4; returns the addresses' part of the pseudo-header. */
__attribute__((always_inline)) static inline uint64_t
put_network(const struct sampan *s, const struct tcp_tcb *t, uint8_t *p, uint32_t l4_len,
    uint8_t tos)
{
	const uint64_t first = be64_word((uint64_t)(0x4500u | tos) << 48 |
	    (uint64_t)(IP4_HDR_LEN + l4_len) << 32 | IP4_DF);
	const uint32_t second = be32_word((uint32_t)sp_setting(s, SAMPAN_SET_IP_TTL) << 24 |
	    IP_PROTO_TCP << 16);
	uint32_t src, dst;
	uint64_t ends;

	memcpy(&src, t->flow.local.b + 12, sizeof(src));
	memcpy(&dst, t->flow.remote.b + 12, sizeof(dst));
	memcpy(p, sp_neigh_at(s, t->neigh)->mac, ETH_ADDR_LEN);
	memcpy(p + 6, s->link[t->link].mac, ETH_ADDR_LEN);
	be16_put(p + 12, ETH_TYPE_IP4);
	memcpy(p + IP_AT, &first, sizeof(first));
	memcpy(p + IP_AT + 8, &second, sizeof(second));
	memcpy(p + IP_AT + 12, &src, sizeof(src));
	memcpy(p + IP_AT + 16, &dst, sizeof(dst));
	ends = (uint64_t)src + dst;
	be16_put(p + IP_AT + 10, (uint16_t)~sp_csum_fold((first >> 32) + (uint32_t)first + second +
	    ends));
	return ends;
}

/* The TCP header with a checksum field of 0; returns its sum. */
__attribute__((always_inline)) static inline uint64_t
put_transport(const struct sampan *s, struct tcp_tcb *t, uint8_t *p, const struct tcp_plan *plan)
{
	const uint32_t middle = (uint32_t)(TCP_PLAIN_HDR_LEN << 10 | plan->flags |
	    tcp_ecn_flags(t, plan)) << 16 |
	    tcp_wnd_advertise(s, t);
	const uint64_t first = be64_word((uint64_t)t->flow.local_port << 48 |
	    (uint64_t)t->flow.remote_port << 32 | plan->seq.raw);
	const uint64_t second = be64_word((uint64_t)t->rcv.nxt.raw << 32 | middle);
	const uint64_t third = be64_word(TCP_PLAIN_OPTS);
	const uint64_t fourth =
	    be64_word((uint64_t)sp_tcp_ts_now(s, t->ts_offset) << 32 | t->ts_recent);
	uint64_t sum = first, carries = 0;

	memcpy(p, &first, sizeof(first));
	memcpy(p + 8, &second, sizeof(second));
	memcpy(p + 16, &third, sizeof(third));
	memcpy(p + 24, &fourth, sizeof(fourth));
	add(&sum, &carries, second);
	add(&sum, &carries, third);
	add(&sum, &carries, fourth);
	return (sum >> 32) + (uint32_t)sum + carries;
}

/* Has it a flow that is written as it stands: no link-local address, whose link's number
 * is not for the wire? */
static inline bool
is_plain_flow(const struct tcp_tcb *t, bool v4)
{
	return v4 || !(sp_addr_is_link_local(&t->flow.remote) ||
	    sp_addr_is_link_local(&t->flow.local));
}

bool
sp_tcp_is_plain(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_plan *plan)
{
	if ((plan->flags & ~TCP_PSH) != TCP_ACK || !tcp_is(t, TCP_F_TS) || t->rare != 0 ||
	    s->long_way_only || !is_plain_flow(t, sp_addr_is_v4(&t->flow.remote)))
		return false;
	/* Without text there is room for SACK blocks. */
	return plan->len > 0 || !tcp_is(t, TCP_F_SACK) ||
	    (t->dsack_start == t->dsack_end && tcp_rx_is_empty(s, t));
}

/* Puts the checksum in, or what a link wants to find that does it. */
__attribute__((always_inline)) static inline void
put_checksum(const struct sampan *s, const struct tcp_tcb *t, struct sampan_frame *f,
    struct sp_csum *sum, uint64_t pseudo)
{
	const uint32_t len = f->len, tcp_at = f->csum_start, at = tcp_at + TCP_PLAIN_HDR_LEN;

	if ((s->link[t->link].caps & SAMPAN_LINK_CSUM_OUT) != 0) {
		f->csum = SAMPAN_CSUM_PARTIAL;
		be16_put(f->head + tcp_at + TCP_CSUM_OFF, sp_csum_fold(pseudo));
		return;
	}
	f->csum = SAMPAN_CSUM_COMPLETE;
	if (f->slices == 0)
		sp_csum_feed(sum, f->head + at, len - at, s->csum_variant);
	else
		sp_sendq_csum(sum, &s->arena, f, s->csum_variant);
	be16_put(f->head + tcp_at + TCP_CSUM_OFF, (uint16_t)~sp_csum_fold(sum->sum));
}

/* Writes the frame; plan->len and PSH become what went in. */
__attribute__((always_inline)) static inline void
build(struct sampan *s, struct tcp_tcb *t, struct tcp_plan *plan, struct sampan_frame *f, bool v4)
{
	const uint8_t tos = tcp_ecn_tos(t, plan, 0);
	const uint32_t tcp_at = v4 ? TCP_AT : TCP6_AT, text_at = tcp_at + TCP_PLAIN_HDR_LEN;
	struct sp_csum sum = { 0, false };
	uint64_t pseudo;
	uint32_t len;

	f->head_len = (uint16_t)text_at;
	f->slices = 0;
	f->owner = SAMPAN_FRAME_STACK;
	len = plan->len > 0 ? tcp_put_text(s, t, plan, f) : 0;
	if (len < plan->len)
		plan->flags &= (uint8_t)~TCP_PSH;
	plan->len = len;
	f->len = text_at + len;
	f->tso = len > t->mss_bytes;
	f->gso_bytes = f->tso ? t->mss_bytes : 0;
	f->csum_start = (uint16_t)tcp_at;
	f->csum_offset = TCP_CSUM_OFF;
	pseudo = v4 ? put_network(s, t, f->head, TCP_PLAIN_HDR_LEN + len, tos) :
	    sp_tcp_put_network6(s, t, f->head, TCP_PLAIN_HDR_LEN + len, tos);
	pseudo += be32_word(IP_PROTO_TCP + TCP_PLAIN_HDR_LEN + len);
	sum.sum = put_transport(s, t, f->head + tcp_at, plan) + pseudo;
	put_checksum(s, t, f, &sum, pseudo);
}

__attribute__((noinline)) static void
build6(struct sampan *s, struct tcp_tcb *t, struct tcp_plan *plan, struct sampan_frame *f)
{
	build(s, t, plan, f, false);
}

uint32_t
sp_tcp_build_plain(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan,
    struct sampan_frame *f)
{
	struct tcp_plan real = *plan;

	if (sp_addr_is_v4(&t->flow.remote))
		build(s, t, &real, f, true);
	else
		build6(s, t, &real, f);
	return real.len;
}

/* ---- All of it ---- */

/* Is the way to the neighbour open, with nothing to be asked or renewed? */
static inline bool
has_way(const struct sampan *s, const struct tcp_tcb *t)
{
	return t->neigh != 0 && t->route_gen == s->route_gen && sp_neigh_is_fresh(s, t->neigh);
}

/* sp_tcp_loss_rearm() where what has just left is all that is in flight: nothing was
 * overtaken, so the probe's time-out is the only one. */
static inline void
arm_probe(struct sampan *s, struct tcp_tcb *t, struct tcp_tx *tx)
{
	tx->tlp_timer = false;
	sp_tcp_disarm(t, TCP_AT_LOSS);
	if (!tcp_is(t, TCP_F_SACK) || tx->tlp_spent ||
	    sp_setting(s, SAMPAN_SET_TCP_EARLY_RETRANS) == 0)
		return;
	tx->tlp_timer = true;
	sp_tcp_arm_tlp(s, t, tx, seq_diff(t->snd.nxt, t->snd.una));
}

/* Books what commit() of tcp_out.c would, for new text where sends_smoothly(). */
static inline void
book(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan, struct tcp_sent *r)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);
	uint32_t flight;

	tcp_acknowledged(t);
	t->cwr_due = 0;
	t->snd.nxt = seq_add(plan->seq, plan->len);
	flight = seq_diff(t->snd.nxt, t->snd.una);
	sp_tcp_on_sent(s, t);
	tx->burst_left = (plan->flags & TCP_PSH) != 0 ? 0 :
	    (tx->burst_left > 0 ? tx->burst_left : sp_tcp_burst_segs(t)) - 1;
	sp_tcp_rtx_sent_new(s, t, plan, r);
	t->sent_at = sp_tick_of(s->now);
	sp_tcp_delack_sent_text(s, t);
	if (t->cc.cwnd_bytes < flight + t->mss_bytes)
		tcp_set(t, TCP_F_CWND_LIMITED);
	else if (tx->q.bytes == flight)
		sp_tcp_rate_app_limited(s, t);
	if (tx->by_time.first == tx->by_time.last)
		arm_probe(s, t, tx);
	else
		sp_tcp_loss_rearm(s, t);
	sp_count(s, SAMPAN_COUNT_TCP_SEGS_OUT);
	sp_count(s, SAMPAN_COUNT_FRAMES_OUT);
}

__attribute__((always_inline)) static inline bool
send_text(struct sampan *s, struct tcp_tcb *t, struct sampan_frame *f)
{
	const bool v4 = sp_addr_is_v4(&t->flow.remote);
	struct tcp_plan plan;
	struct tcp_sent *r;

	if (!foresee(s, t, &plan) || owes_report(s, t) || !tcp_is(t, TCP_F_TS) || t->rare != 0 ||
	    !is_plain_flow(t, v4) || !has_way(s, t))
		return false;
	r = sp_tcp_rtx_record(s, tcp_tx_of(s, t));
	if (r == NULL)
		return false;
	if (seq_eq(t->snd.una, t->snd.nxt))
		sp_tcp_restart(s, t);
	if (v4)
		build(s, t, &plan, f, true);
	else
		build6(s, t, &plan, f);
	book(s, t, &plan, r);
	return true;
}

/* Nothing is to be sent, but an acknowledgement may be owed: what stay_quiet() of
 * tcp_out.c would do. */
static void
keep_quiet(struct sampan *s, struct tcp_tcb *t)
{
	if (t->tx != 0)
		tcp_tx_of(s, t)->burst_left = 0;
	if (tcp_is(t, TCP_F_ACK_DUE))
		sp_tcp_on_ack_owed(s, t);
	tcp_clear(t, TCP_F_ACK_DUE);
}

bool
sp_tcp_out_fast(struct sampan *s, struct tcp_tcb *t, struct sampan_frame *f,
    enum tcp_output *done)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);

	if (t->state != SAMPAN_TCP_ESTABLISHED || (t->flags & UNUSUAL) != 0 || s->long_way_only ||
	    (tx != NULL && !sends_smoothly(tx)))
		return false;
	if (tx != NULL && tx->q.bytes != seq_diff(t->snd.nxt, t->snd.una)) {
		*done = TCP_OUTPUT_FRAME;
		return send_text(s, t, f);
	}
	if (tcp_is(t, TCP_F_ACK_NOW))
		return false;
	keep_quiet(s, t);
	*done = TCP_OUTPUT_NONE;
	return true;
}
