/*
 * tcp_out_fast.c - the twin of tcp_in_fast.c: the segment that most segments
 * are, new text or an acknowledgement with timestamps and nothing unusual.
 *
 * sp_tcp_foresee() says what decide() of tcp_out.c would say, where that can be
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
#include "tcp/tcp_fast.h"
#include "tcp/tcp_int.h"
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

bool
sp_tcp_foresee(const struct sampan *s, const struct tcp_tcb *t, struct tcp_plan *plan)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);
	const uint32_t flight = seq_diff(t->snd.nxt, t->snd.una);
	uint32_t len;

	if (tx == NULL || t->state != SAMPAN_TCP_ESTABLISHED || (t->flags & UNUSUAL) != 0 ||
	    tx->lost.first != 0 || tx->tlp_due || tx->more || tx->paced || tx->sacked_bytes != 0 ||
	    owes_report(s, t) ||
	    s->long_way_only)
		return false;
	len = tx->q.bytes - flight;
	if (len == 0 || len > t->mss_bytes || flight + len > t->snd.wnd_bytes ||
	    flight + len > t->cc.cwnd_bytes)
		return false;
	/* Nagle: a short one while another is outstanding. */
	if (len < t->mss_bytes && !tcp_is(t, TCP_F_NODELAY) && seq_lt(t->snd.una, tx->small_end))
		return false;
	*plan = (struct tcp_plan){ TCP_WHY_DATA, t->snd.nxt, len, TCP_ACK | TCP_PSH };
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
static inline uint64_t
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
static inline uint64_t
put_transport(const struct sampan *s, struct tcp_tcb *t, uint8_t *p, const struct tcp_plan *plan)
{
	const uint32_t middle = (uint32_t)(TCP_PLAIN_HDR_LEN << 10 | plan->flags |
	    tcp_ecn_flags(t, plan)) << 16 |
	    sp_tcp_wnd_advertise(s, t);
	const uint64_t word[4] = {
		be64_word((uint64_t)t->flow.local_port << 48 |
		    (uint64_t)t->flow.remote_port << 32 | plan->seq.raw),
		be64_word((uint64_t)t->rcv.nxt.raw << 32 | middle),
		be64_word(TCP_PLAIN_OPTS),
		be64_word((uint64_t)sp_tcp_ts_now(s, t->ts_offset) << 32 | t->ts_recent),
	};
	uint64_t sum = word[0], carries = 0;

	memcpy(p, word, sizeof(word));
	add(&sum, &carries, word[1]);
	add(&sum, &carries, word[2]);
	add(&sum, &carries, word[3]);
	return (sum >> 32) + (uint32_t)sum + carries;
}

bool
sp_tcp_is_plain(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_plan *plan)
{
	if ((plan->flags & ~TCP_PSH) != TCP_ACK || !tcp_is(t, TCP_F_TS) || t->rare != 0 ||
	    s->long_way_only || sp_addr_is_link_local(&t->flow.remote) ||
	    sp_addr_is_link_local(&t->flow.local))
		return false;
	/* Without text there is room for SACK blocks. */
	return plan->len > 0 || !tcp_is(t, TCP_F_SACK) ||
	    (t->dsack_start == t->dsack_end && t->rx == 0);
}

uint32_t
sp_tcp_build_plain(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan,
    struct sampan_frame *f)
{
	struct tcp_plan real = *plan;
	struct sp_csum sum = { 0, false };
	const bool v4 = sp_addr_is_v4(&t->flow.remote);
	const uint8_t tos = tcp_ecn_tos(t, plan, 0);
	const uint32_t tcp_at = v4 ? TCP_AT : TCP6_AT, text_at = tcp_at + TCP_PLAIN_HDR_LEN;
	uint64_t pseudo;

	f->head_len = (uint16_t)text_at;
	f->slices = 0;
	f->owner = SAMPAN_FRAME_STACK;
	if (plan->len > 0)
		real.len = sp_sendq_show(&tcp_tx_of(s, t)->q, &s->arena,
		    seq_diff(plan->seq, t->snd.una), plan->len, f);
	if (real.len < plan->len)
		real.flags &= (uint8_t)~TCP_PSH;
	f->len = text_at + real.len;
	f->tso = real.len > t->mss_bytes;
	f->gso_bytes = f->tso ? t->mss_bytes : 0;
	pseudo = v4 ? put_network(s, t, f->head, TCP_PLAIN_HDR_LEN + real.len, tos) :
	    sp_tcp_put_network6(s, t, f->head, TCP_PLAIN_HDR_LEN + real.len, tos);
	pseudo += be32_word(IP_PROTO_TCP + TCP_PLAIN_HDR_LEN + real.len);
	sum.sum = put_transport(s, t, f->head + tcp_at, &real) + pseudo;
	if ((s->link[t->link].caps & SAMPAN_LINK_CSUM_OUT) != 0) {
		f->csum = SAMPAN_CSUM_PARTIAL;
		f->csum_start = (uint16_t)tcp_at;
		f->csum_offset = TCP_CSUM_OFF;
		be16_put(f->head + tcp_at + TCP_CSUM_OFF, sp_csum_fold(pseudo));
		return real.len;
	}
	f->csum = SAMPAN_CSUM_COMPLETE;
	sp_span_csum(&sum, (struct sp_span){ f, text_at, real.len }, s->csum_variant);
	be16_put(f->head + tcp_at + TCP_CSUM_OFF, (uint16_t)~sp_csum_fold(sum.sum));
	return real.len;
}
