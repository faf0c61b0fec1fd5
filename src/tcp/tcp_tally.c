/*
 * tcp_tally.c - see tcp_tally.h.
 */
#include "tcp/tcp_tally.h"

int
sp_tcp_tally_set(struct sampan *s, struct tcp_tcb *t, bool on)
{
	struct tcp_rare *r = sp_tcp_rare_need(s, t);

	if (r == NULL)
		return SAMPAN_ENOBUFS;
	if (!on) {
		if (r->tally != 0)
			sp_pool_give(&s->arena, SP_KIND_TCP_TALLY, r->tally);
		r->tally = 0;
		return 0;
	}
	if (r->tally != 0)
		return 0;
	r->tally = sp_pool_take(&s->arena, SP_KIND_TCP_TALLY);
	if (r->tally == 0)
		return SAMPAN_ENOBUFS;
	*(struct tcp_tally *)sp_at(&s->arena, r->tally) = (struct tcp_tally){ .since = s->now };
	return 0;
}

void
sp_tcp_tally_begin(struct sampan *s, struct tcp_tcb *t)
{
	if (sp_setting(s, SAMPAN_SET_TCP_TALLY) != 0)
		(void)sp_tcp_tally_set(s, t, true);	/* without memory it is not counted */
}

/* Segments on the wire of so many bytes of text: a big frame is several. */
static uint32_t
segments(uint32_t text_bytes, uint32_t each_bytes)
{
	return each_bytes != 0 && text_bytes > each_bytes ?
	    (text_bytes + each_bytes - 1) / each_bytes : 1;
}

void
sp_tcp_tally_in(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	struct tcp_tally *a = tcp_tally_if_any(s, t);
	const uint32_t each = seg->pkt->frame->gso_bytes;
	const uint32_t n = segments(seg->text.len, each);
	const uint32_t largest = n > 1 ? each : seg->text.len;

	if (a == NULL)
		return;
	a->segs_in += n;
	if (seg->text.len == 0)
		return;
	a->text_segs_in += n;
	if (largest > a->rcv_mss_bytes)
		a->rcv_mss_bytes = largest;
	if (seq_lt(t->rcv.nxt, seg->seq))
		a->out_of_order += n;
}

void
sp_tcp_tally_out(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan)
{
	struct tcp_tally *a = tcp_tally_if_any(s, t);
	const uint32_t n = segments(plan->len, t->mss_bytes);

	if (a == NULL)
		return;
	a->segs_out += n;
	if (plan->len == 0)
		return;
	a->text_segs_out += n;
	a->bytes_sent += plan->len;
	if (seq_lt(plan->seq, t->snd.nxt))
		a->bytes_retrans += plan->len;
}

void
sp_tcp_tally_delivery(struct sampan *s, struct tcp_tcb *t, const struct tcp_delivery *d)
{
	struct tcp_tally *a = tcp_tally_if_any(s, t);

	if (a == NULL)
		return;
	a->delivered_segs += d->fresh_segs;
	a->dsacks += d->dsack;
	a->reorders += d->reordered;
	if (segments(d->behind_bytes, t->mss_bytes) > a->behind_segs)
		a->behind_segs = segments(d->behind_bytes, t->mss_bytes);
}

void
sp_tcp_tally_rate(struct sampan *s, struct tcp_tcb *t, uint32_t bytes, sampan_dur dur)
{
	struct tcp_tally *a = tcp_tally_if_any(s, t);

	if (a == NULL || bytes == 0 || dur < SAMPAN_US(1) || dur > SAMPAN_SEC(1000))
		return;
	a->rate_bytes = bytes;
	a->rate_us = (uint32_t)(dur / 1000);
}

static enum tcp_limit
limit_of(const struct sampan *s, const struct tcp_tcb *t)
{
	const tcp_seq edge = seq_add(t->snd.una, t->snd.wnd_bytes);

	if (t->state == SAMPAN_TCP_CLOSED || tcp_queued_bytes(s, t) == 0)
		return TCP_LIMIT_NONE;
	if (sp_tcp_unsent(s, t) > 0 && seq_le(edge, t->snd.nxt))
		return TCP_LIMIT_WINDOW;
	if (sp_tcp_unsent(s, t) == 0 && tcp_is(t, TCP_F_WANT_ROOM))
		return TCP_LIMIT_BUFFER;
	return TCP_LIMIT_BUSY;
}

void
sp_tcp_tally_limit(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tally *a = tcp_tally_if_any(s, t);
	enum tcp_limit now;

	if (a == NULL)
		return;
	now = limit_of(s, t);
	if (a->limit == now)
		return;
	a->spent_dur[a->limit] += s->now - a->since;
	a->since = s->now;
	a->limit = (uint8_t)now;
}
