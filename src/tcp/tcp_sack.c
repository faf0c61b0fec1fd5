/*
 * tcp_sack.c - selective acknowledgement, both ways.  RFC 2018, RFC 2883.
 *
 * Receiving side: blocks name what is held behind gaps, the most recent
 * arrival first (§4), and a duplicate before all others (RFC 2883 §4).
 * Sending side: blocks are checked and told to tcp_rtx.c.
 */
#include "tcp/tcp_sack.h"

#include "tcp/tcp_int.h"

/* RFC 2018 §4 (R-2018-6, R-2018-7).
 *
 * DEVIATES: R-2018-11: a segment that found no memory is not reported, so that the
 * peer knows it is not held. */
void
sp_tcp_sack_arrived(struct tcp_rx *rx, tcp_seq at)
{
	unsigned n = rx->recent_count < TCP_SACK_RECENT ? rx->recent_count : TCP_SACK_RECENT - 1;

	rx->recent_count = (uint8_t)(n + 1);
	for (; n > 0; n--)
		rx->recent[n] = rx->recent[n - 1];
	rx->recent[0] = at.raw;
}

void
sp_tcp_sack_duplicate(const struct sampan *s, struct tcp_tcb *t, tcp_seq start, tcp_seq end)
{
	(void)s;
	if (!tcp_is(t, TCP_F_SACK))
		return;
	t->dsack_start = start.raw;
	t->dsack_end = end.raw;
}

static bool
listed(const struct tcp_opts *o, unsigned from, uint32_t left)
{
	for (unsigned i = from; i < o->sack_count; i++)
		if (o->sack[i].left == left)
			return true;
	return false;
}

/* Behind the last octet of a stretch; our peer's FIN is one too, and its sender would
 * not know the segment for delivered without. */
static uint32_t
end_of(const struct tcp_rx *rx, const struct sp_part *p)
{
	const uint32_t end = p->start + p->bytes;

	return rx->fin_held && rx->fin_at.raw == end ? end + 1 : end;
}

static void
add_block(struct tcp_opts *o, uint32_t left, uint32_t right)
{
	o->sack[o->sack_count].left = left;
	o->sack[o->sack_count].right = right;
	o->sack_count++;
}

/* RFC 2018 §3 (R-2018-2, R-2018-3), §4 (R-2018-4); RFC 2883 §4 (R-2883-1,
 * R-2883-2). */
void
sp_tcp_sack_blocks(const struct sampan *s, const struct tcp_tcb *t, struct tcp_opts *o)
{
	const unsigned most = o->has_ts ? TCP_SACK_MAX - 1 : TCP_SACK_MAX;
	const struct tcp_rx *rx = tcp_rx_if_any(s, t);
	unsigned first;

	o->sack_count = 0;
	if (!tcp_is(t, TCP_F_SACK))
		return;
	if (t->dsack_start != t->dsack_end)
		add_block(o, t->dsack_start, t->dsack_end);
	first = o->sack_count;
	for (unsigned i = 0; rx != NULL && i < rx->recent_count && o->sack_count < most; i++) {
		const struct sp_part *p = sp_recvq_find(&rx->q, &s->arena, rx->recent[i]);

		if (p != NULL && !listed(o, first, p->start))
			add_block(o, p->start, end_of(rx, p));
	}
}

/* RFC 2883 §4: the first block is a duplicate if it lies below the cumulative
 * acknowledgement or inside the second block of the same segment (R-2883-5). */
static bool
is_dsack(const struct tcp_seg *seg)
{
	const tcp_seq left = seq_of(seg->opts.sack[0].left);
	const tcp_seq right = seq_of(seg->opts.sack[0].right);

	if (seq_lt(left, seg->ack))
		return true;
	return seg->opts.sack_count > 1 && seq_le(seq_of(seg->opts.sack[1].left), left) &&
	    seq_le(right, seq_of(seg->opts.sack[1].right));
}

/* Inside what is outstanding, above the cumulative acknowledgement, not empty
 * (R-2018-12, R-V-23). */
static bool
plausible(const struct tcp_tcb *t, tcp_seq left, tcp_seq right)
{
	return seq_lt(left, right) && seq_le(t->snd.una, left) && seq_le(right, t->snd.nxt);
}

/* The first in the stream of the blocks not yet done; -1: none is left.  The
 * peer names the newest first, but what one acknowledgement reports must not
 * look reordered for that (RFC 8985 §6.2 step 3). */
static int
next_block(const struct tcp_tcb *t, const struct tcp_opts *o, int from, uint32_t done)
{
	int best = -1;

	for (int i = from; i < o->sack_count; i++)
		if ((done & 1u << i) == 0 && (best < 0 ||
		    o->sack[i].left - t->snd.una.raw < o->sack[best].left - t->snd.una.raw))
			best = i;
	return best;
}

void
sp_tcp_sack_in(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg,
    struct tcp_delivery *d)
{
	const struct tcp_opts *o = &seg->opts;
	uint32_t done = 0;
	int i, first;

	if (!tcp_is(t, TCP_F_SACK) || o->sack_count == 0)
		return;
	d->dsack = is_dsack(seg);
	d->dsack_start = seq_of(o->sack[0].left);
	d->dsack_end = seq_of(o->sack[0].right);
	first = d->dsack ? 1 : 0;
	while (t->tx != 0 && (i = next_block(t, o, first, done)) >= 0) {
		const tcp_seq left = seq_of(o->sack[i].left), right = seq_of(o->sack[i].right);
		const tcp_seq end = sp_tcp_sent_end(t);	/* our FIN, which it may hold, apart */
		const struct sp_range block = { left.raw,
			seq_lt(end, right) ? end.raw : right.raw };

		done |= 1u << i;
		if (plausible(t, left, right) && seq_lt(left, end))
			sp_tcp_rtx_sacked(s, t, block, i == first, d);
	}
}
